import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether the GNU assembler and linker are installed. */
export const hasGnu = ["as", "ld"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

/** The flat program the GNU tools make of a source, its first byte at `origin`. */
export function gnu(source: string, origin: number): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "ringside-as-"));
  const [text, object, program] = ["a.s", "a.o", "a.bin"].map((name) => join(folder, name)) as [string, string, string];
  const start = `0x${origin.toString(16)}`;
  try {
    writeFileSync(text, source);
    execFileSync("as", ["--32", "-o", object, text], { stdio: "pipe" });
    execFileSync("ld", ["-melf_i386", `-Ttext=${start}`, "-e", start, "--oformat=binary", "-o", program, object]);
    return new Uint8Array(readFileSync(program));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

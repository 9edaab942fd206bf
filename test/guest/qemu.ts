import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** abi/guest.h, PORT_END: where a machine writes its exit code. */
export const PORT_END = 0xf4;

/** Whether this computer has QEMU's PC. */
export function hasQemu(): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, "qemu-system-i386")));
}

export interface QemuRun {
  /** What it wrote to COM1, without carriage returns. */
  readonly text: string;
  /** What the machine wrote to PORT_END; undefined when it ended otherwise (a triple fault of the machine itself). */
  readonly code: number | undefined;
}

/**
 * Boots a multiboot ELF in QEMU by interpretation (TCG), as a Pentium III without anything on its ports but a UART.
 *
 * @param memory MiB
 * @throws Error when QEMU fails or does not end within a minute
 */
export async function runQemu(elf: Uint8Array, commandLine: string, memory: number): Promise<QemuRun> {
  const folder = await mkdtemp(join(tmpdir(), "qemu-"));
  try {
    const file = join(folder, "kernel.elf");
    await writeFile(file, elf);
    const machine = ["-accel", "tcg", "-cpu", "pentium3", "-m", String(memory), "-no-reboot"];
    const consoles = ["-display", "none", "-monitor", "none", "-serial", "stdio", "-nodefaults"];
    const end = ["-device", `isa-debug-exit,iobase=${PORT_END},iosize=1`];
    const boot = ["-kernel", file, ...(commandLine === "" ? [] : ["-append", commandLine])];
    return await new Promise((resolve, reject) => {
      execFile(
        "qemu-system-i386",
        [...machine, ...consoles, ...end, ...boot],
        { timeout: 60_000 },
        (error, stdout, stderr) => {
          const status = error ? error.code : 0; // isa-debug-exit ends with 2 * code + 1, -no-reboot with 0
          if (typeof status === "number" && (status === 0 || status & 1)) {
            resolve({ text: stdout.replaceAll("\r", ""), code: status === 0 ? undefined : status >> 1 });
          } else reject(new Error(`QEMU failed (${status ?? error?.signal}): ${stderr}\n${stdout}`));
        },
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

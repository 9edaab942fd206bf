import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { DESIGNS } from "../../src/cli/bench/hypervisor.ts";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";
import { loadPart } from "../../src/machine/image/load.ts";
import { parseManifest } from "../../src/machine/index.ts";
import { hasQemu, runQemu } from "./qemu.ts";

/** The same kernel on another PC: the hypervisor of the image, with records, which find nobody to read them. */

const MEMORY = 32;

async function loadHypervisor(): Promise<Uint8Array> {
  const manifest = parseManifest(JSON.parse(await readFile(join(BUILT_IMAGES, "manifest.json"), "utf8")));
  const open = async (file: string) =>
    Readable.toWeb(createReadStream(join(BUILT_IMAGES, file))) as ReadableStream<Uint8Array>;
  return loadPart({ open }, "traced", manifest.images.hypervisor!.parts.traced!);
}

const elf = loadHypervisor();

const boot = async (options: readonly string[], guest: string) =>
  runQemu(await elf, `${options.join(" ")} -- ${guest}`, MEMORY);

const linesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));
const CLEAN = "(hv) entries that were wrong: 00000000";
const others = DESIGNS.slice(1);

/** The code a machine ends with is that of domain 0's last command. */
describe.skipIf(!hasQemu())("the hypervisor in QEMU", () => {
  it.each(others)("$name: does what the guest does natively, and says how it ended", async ({ options }) => {
    const work = "stress 7 1500; soak 3 7";
    const native = await boot(["mode=native"], `run="${work}"`);
    const { text, code } = await boot([...options, "verify=1"], `run="${work}; fuzz 7 200; fuzz 7 800 128; hostile"`);
    expect(code).toBe(0);
    for (const program of ["stress:", "soak:"]) {
      expect(linesOf(text, program)).toEqual(linesOf(native.text, program));
      expect(linesOf(text, program)).toHaveLength(1);
    }
    expect(linesOf(text, "fuzz:").map((line) => / bad=\d+/.exec(line)?.[0])).toEqual([" bad=0", " bad=0"]);
    expect(text).toContain("went through: 0\n");
    expect(text).toContain(CLEAN);
  });

  it.each(DESIGNS)("$name: hands on the status of what it ran", async ({ options }) => {
    expect((await boot(options, `run="sh -c false"`)).code).toBe(1);
    expect((await boot(options, `run="no-such-program"`)).code).toBe(127);
  });

  it.each(others)("$name: lets a domain go mad alone", async ({ options }) => {
    for (const seed of [31, 32, 33, 34, 35, 36, 37, 38]) {
      const two = `run0="soak 6 ${seed}" run1="fuzz ${seed} 300 wild"`;
      const { text, code } = await boot([...options, "dom1=shell", "verify=1"], two);
      expect({ seed, code, text }).toMatchObject({ seed, code: 0, text: expect.stringContaining(CLEAN) });
    }
  });

  /** pushf; orl $0x20000, (%esp); push %cs; push $0; iret: VM counts in ring 0 alone, except in QEMU. */
  it.each(others)("$name: ends a guest that comes from virtual-8086 mode, and no other", async ({ options }) => {
    const bomb = "write bomb 83ec289c810c24000002000e6a00cf; run bomb";
    const { text, code } = await boot([...options, "dom1=shell", "verify=1"], `run0="sleep 1; soak 1" run1="${bomb}"`);
    expect(text).toContain("(hv) domain 1: an instruction that cannot be emulated");
    expect(text).toContain(CLEAN);
    expect(code).toBe(0);
  });
});

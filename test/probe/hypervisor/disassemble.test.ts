import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { disassemble } from "../../../src/probe/hypervisor/disassembly/disassemble.ts";
import { hasCompiler } from "./layout.ts";

const bytes = (text: string) => text.split(" ").map((byte) => Number.parseInt(byte, 16));
const text = (digits: string, eip = 0xc0100000) => disassemble(bytes(digits), eip).text;

/** Instruction by instruction, what objdump says of the code of an object or program. */
function objdump(file: string): { address: number; digits: string; text: string }[] {
  const lines = execFileSync("objdump", ["-d", "-w", "--no-show-raw-insn", file], { encoding: "utf8" });
  const raw = execFileSync("objdump", ["-d", "-w", file], { encoding: "utf8" });
  const texts = new Map(
    [...lines.matchAll(/^\s*([0-9a-f]+):\s+(.+?)\s*$/gm)].map(([, address, instruction]) => [address, instruction!]),
  );
  return [...raw.matchAll(/^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)/gm)].map(([, address, digits]) => ({
    address: Number.parseInt(address!, 16),
    digits: digits!.trim(),
    text: texts.get(address) ?? "",
  }));
}

/** What differs by version or taste: symbols, comments, alignment, 0x before targets, hints. */
function plain(instruction: string): string {
  return instruction
    .replace(/<.*>/, "")
    .replace(/#.*/, "")
    .replace(/\s+/g, " ")
    .replace(/^((?:j\w+|call|lcall) )0x/, "$1")
    .replace(/^(ret|leave|nop|iret|lret|pushf|popf|pusha|popa|call|push|pop)[lw]\b/, "$1")
    .replace(/^(sh[lr]|sar|ro[lr]|rc[lr])([bwl]?) \$(?:0x)?1,/, "$1$2 ")
    .replace(/^xchg %ax,%ax$/, "nop")
    .trim();
}

describe("the disassembler", () => {
  it.each([
    ["f4", "hlt"],
    ["fa", "cli"],
    ["cf", "iret"],
    ["0f 22 d8", "mov %eax,%cr3"],
    ["0f 20 d0", "mov %cr2,%eax"],
    ["0f 01 38", "invlpg (%eax)"],
    ["0f 01 15 00 10 80 00", "lgdtl 0x801000"],
    ["0f 00 d8", "ltr %ax"],
    ["ee", "out %al,(%dx)"],
    ["e6 20", "out %al,$0x20"],
    ["f3 6e", "rep outsb %ds:(%esi),(%dx)"],
    ["f3 ab", "rep stos %eax,%es:(%edi)"],
    ["c7 04 b5 00 00 40 c0 00 00 00 00", "movl $0x0,-0x3fc00000(,%esi,4)"],
    ["66 89 08", "mov %cx,(%eax)"],
    ["83 48 04 20", "orl $0x20,0x4(%eax)"],
    ["83 c8 ff", "or $0xffffffff,%eax"],
    ["f0 0f b1 0b", "lock cmpxchg %ecx,(%ebx)"],
    ["65 89 03", "mov %eax,%gs:(%ebx)"],
    ["cd 80", "int $0x80"],
    ["ea 00 10 10 c0 08 00", "ljmp $0x8,$0xc0101000"],
    ["8e d8", "mov %eax,%ds"],
    ["75 fe", "jne 0xc0100000"],
    ["0f 06", "clts"],
  ])("reads %s as %s", (digits, expected) => {
    expect(text(digits)).toBe(expected);
  });

  it.each(["0f ff", "d9 c0", "67 8b 00", "c7", "0f", "8e f8", "f3 90 90", "c6 08 00"])(
    "leaves %s as bytes",
    (digits) => {
      expect(text(digits)).toMatch(/^\.byte 0x/);
    },
  );

  it("takes no more bytes than the instruction has", () => {
    expect(disassemble(bytes("c7 45 fc 01 00 00 00 90 90"), 0).length).toBe(7);
  });

  it.skipIf(!hasCompiler).each([
    ["every row of its table", "./fixtures/instructions.S", 1],
    ["the hypervisor's own decoder", "../../../images/hypervisor/hv/decode.c", 0.99],
    ["the hypervisor's own page-table walk", "../../../images/hypervisor/hv/walk.c", 0.99],
  ])("says what objdump says of %s", (_what, source, known) => {
    const folder = mkdtempSync(join(tmpdir(), "ringside-objdump-"));
    const object = join(folder, "code.o");
    try {
      const file = fileURLToPath(new URL(source, import.meta.url));
      execFileSync("gcc", ["-m32", "-march=i686", "-ffreestanding", "-fno-pic", "-O2", "-w", "-c", "-o", object, file]);
      const all = objdump(object).map(({ address, digits, text: theirs }) => {
        const ours = disassemble(bytes(digits), address);
        return { digits, ours: plain(ours.text), theirs: plain(theirs) };
      });
      const read = all.filter(({ ours }) => !ours.startsWith(".byte"));
      expect(read.filter(({ ours, theirs }) => ours !== theirs)).toEqual([]);
      expect(read.length).toBeGreaterThan(150);
      expect(read.length / all.length).toBeGreaterThanOrEqual(known);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

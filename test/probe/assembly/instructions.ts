import * as fc from "fast-check";
import { assemble } from "../../../src/probe/hypervisor/assembly/assemble.ts";
import { lookUp, MNEMONICS } from "../../../src/probe/hypervisor/assembly/forms.ts";

const R32 = ["%eax", "%ecx", "%edx", "%ebx", "%esp", "%ebp", "%esi", "%edi"];
const R16 = ["%ax", "%cx", "%dx", "%bx", "%sp", "%bp", "%si", "%di"];
const R8 = ["%al", "%cl", "%dl", "%bl", "%ah", "%ch", "%dh", "%bh"];

export const ORIGIN = 0x00400000;

/** Every way there is to write every instruction, jumps apart. */
const WAYS = MNEMONICS.flatMap((name) =>
  lookUp(name)!.forms.flatMap((form) =>
    (form.sizes.length > 0 ? form.sizes : [4 as const]).map((size) => ({ name, form, size })),
  ),
).filter(({ form }) => !form.operands.some((operand) => operand.startsWith("J")));

type Draw = fc.GeneratorValue;

const widthOf = (pattern: string, size: number) =>
  pattern.endsWith("b") ? 1 : pattern.endsWith("w") ? 2 : pattern.endsWith("v") || pattern.endsWith("s") ? size : 4;

const general = (width: number) => (width === 1 ? R8 : width === 2 ? R16 : R32);

function number(draw: Draw, width: number): string {
  const near = draw(fc.integer, { min: -129, max: 129 });
  const any = draw(fc.integer, { min: -(2 ** (8 * width - 1)), max: 2 ** (8 * width) - 1 });
  const value = draw(fc.boolean) ? near : any;
  return String(width === 1 ? Math.max(-128, value) : value);
}

function memory(draw: Draw): string {
  const base = draw(fc.option, fc.constantFrom(...R32), { nil: "" });
  const indexes = fc.constantFrom(...R32.filter((name) => name !== "%esp"));
  const index = draw(fc.option, indexes, { nil: undefined });
  const scale = draw(fc.constantFrom, 1, 2, 4, 8);
  const segment = draw(fc.option, fc.constantFrom("%gs:", "%fs:"), { nil: "" });
  const displacement = base || index ? draw(fc.option, fc.constant(0), { nil: undefined }) : undefined;
  const before = displacement === 0 ? "" : number(draw, 4);
  if (!base && !index) return `${segment}${before}`;
  return `${segment}${before}(${base}${index ? `,${index},${scale}` : ""})`;
}

/** One operand as a form's table names it (see disassembly/opcodes.ts). */
function operand(draw: Draw, pattern: string, size: number, opcode: number): string {
  const register = (width: number) => draw(fc.constantFrom, ...general(width));
  switch (pattern[0]) {
    case "*":
      return `*${operand(draw, pattern.slice(1), size, opcode)}`;
    case "E":
      return draw(fc.boolean) ? memory(draw) : register(widthOf(pattern, size));
    case "M":
      return memory(draw);
    case "G":
      return register(widthOf(pattern, size));
    case "R":
      return general(widthOf(pattern, size))[opcode & 7]!;
    case "T":
      return register(4);
    case "S":
      return draw(fc.constantFrom, "%es", "%ss", "%ds", "%fs", "%gs");
    case "C":
      return draw(fc.constantFrom, "%cr0", "%cr2", "%cr3", "%cr4");
    case "D":
      return draw(fc.constantFrom, "%db0", "%db3", "%db6", "%db7");
    case "I":
      return `$${number(draw, widthOf(pattern, size))}`;
    case "O":
      return number(draw, 4);
    case "1":
    case "3":
      return `$${pattern}`;
    default:
      return pattern === "%ev" ? general(size)[0]! : pattern;
  }
}

/** Whether an operand tells the size is the assembler's to say: the letter is there when it asks for it. */
function withLetter(name: string, operands: string, size: number): string {
  const plain = `${name} ${operands}`.trim();
  const result = assemble(plain, { origin: ORIGIN });
  const asks = !result.ok && result.faults[0]!.expected.kind === "size";
  return asks ? `${name}${{ 1: "b", 2: "w", 4: "l" }[size]} ${operands}` : plain;
}

/** Instructions with all kinds of operand, jumps apart. */
export const instructions = fc.gen().map((draw) => {
  const { name, form, size } = WAYS[draw(fc.nat, WAYS.length - 1)]!;
  const operands = form.operands.map((pattern) => operand(draw, pattern, size, form.opcode.at(-1)!));
  return withLetter(name, operands.reverse().join(","), size);
});

import { type Expression, inRange, known, littleEndian, range } from "./expression.ts";
import { Refusal, type Span } from "./fault.ts";
import type { Form, Meaning } from "./forms.ts";
import type { Memory, Operand, OperandList, Register, Size } from "./operand.ts";

/** Bytes whose value is not known before every name has its address. */
export interface Hole {
  readonly at: number;
  readonly width: Size;
  readonly value: Expression;
}

/** Bytes of one line, with holes. */
export interface Code {
  readonly kind: "code";
  readonly bytes: readonly number[];
  readonly holes: readonly Hole[];
}

/** A jump to a target relative to its own end: opcodes for a distance of one byte, and of four. */
export interface Branch {
  readonly kind: "branch";
  readonly short: readonly number[] | undefined;
  readonly near: readonly number[] | undefined;
  readonly target: Expression;
}

/** Collects the bytes of one instruction. */
class Writer {
  readonly bytes: number[] = [];
  readonly holes: Hole[] = [];

  number(value: number, width: number): void {
    this.bytes.push(...littleEndian(value, width));
  }

  /** Names make a hole as wide as it may have to be. */
  expression(value: Expression, width: Size): void {
    if (known(value) === undefined) this.holes.push({ at: this.bytes.length, width, value });
    this.number(known(value) ?? 0, width);
  }
}

const SEGMENT_PREFIX = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
const ESP = 4;
const EBP = 5;
/** In ModRM's rm: a SIB byte follows. In SIB's index: no index. */
const SIB = 4;
/** In ModRM's rm or SIB's base, with mod 0: four bytes of address instead of a register. */
const ABSOLUTE = 5;

/** A number as its low 32 bits mean it when they are signed. */
const signed32 = (value: number) => value | 0;
const isByte = (value: number) => value >= -128 && value <= 127;

/** Bytes of an operand named `pattern` where size v is `size`. */
function widthOf(pattern: string, size: Size): Size {
  if (pattern.endsWith("b") || pattern.endsWith("s") || pattern === "%al") return 1;
  if (pattern.endsWith("w")) return 2;
  return pattern.endsWith("v") ? size : 4;
}

function isGeneral(operand: Operand, size: Size, number?: number): boolean {
  const { place } = operand;
  return place.kind === "general" && place.size === size && (number === undefined || place.number === number);
}

/** Operands the table names as they are written. */
function isLiteral(pattern: string, { place }: Operand, size: Size): boolean {
  if (pattern === "(%dx)")
    return place.kind === "port" || (place.kind === "general" && place.number === 2 && place.size === 2);
  if (pattern === "%al" || pattern === "%ev")
    return place.kind === "general" && place.number === 0 && place.size === size;
  if (pattern === "%cl") return place.kind === "general" && place.number === 1 && place.size === 1;
  if (/^\d$/.test(pattern)) return place.kind === "immediate" && known(place.value) === Number(pattern);
  return place.kind === "segment" && pattern === `%${["es", "cs", "ss", "ds", "fs", "gs"][place.number]}`;
}

/** Whether an operand is of the kind a form wants there; its value is looked at later. */
function fits(pattern: string, operand: Operand, form: Form, size: Size): boolean {
  const { place, indirect } = operand;
  if (indirect !== pattern.startsWith("*")) return false;
  const bare = indirect ? pattern.slice(1) : pattern;
  const isPlain = place.kind === "memory" && place.base === undefined && place.index === undefined;
  switch (bare[0]) {
    case "E":
      return place.kind === "memory" || isGeneral(operand, widthOf(bare, size));
    case "M":
      return place.kind === "memory";
    case "O":
      return isPlain;
    case "J":
      return isPlain && place.segment === undefined;
    case "G":
      return isGeneral(operand, widthOf(bare, size));
    case "R":
      return isGeneral(operand, widthOf(bare, size), form.opcode.at(-1)! & 7);
    case "T":
      return isGeneral(operand, 4);
    case "S":
      return place.kind === "segment";
    case "C":
      return place.kind === "control";
    case "D":
      return place.kind === "debug";
    case "I":
      return place.kind === "immediate";
    default:
      return isLiteral(bare, operand, size);
  }
}

/** Whether an immediate can be written in this form. A sign-extended byte stands for a few large numbers too. */
function holds(pattern: string, { place }: Operand, size: Size): boolean {
  if (place.kind !== "immediate" || !pattern.startsWith("I")) return true;
  const value = known(place.value);
  if (!pattern.endsWith("s")) return value === undefined || inRange(value, widthOf(pattern, size));
  if (value === undefined || !inRange(value, size)) return false;
  return isByte(size === 2 ? (value << 16) >> 16 : signed32(value));
}

function writeAddress(memory: Memory, writer: Writer, reg: number): void {
  const { base, index, scale, displacement } = memory;
  const value = displacement ? known(displacement) : 0;
  if (value !== undefined && displacement && !inRange(value, 4))
    throw new Refusal(displacement, { kind: "range", ...range(4) });
  const needsSib = index !== undefined || base === ESP;
  const width = base === undefined ? 4 : displacementBytes(value, base);
  const mod = base === undefined || width === 0 ? 0 : width === 1 ? 1 : 2;
  writer.bytes.push((mod << 6) | (reg << 3) | (needsSib ? SIB : (base ?? ABSOLUTE)));
  if (needsSib) writer.bytes.push((Math.log2(scale) << 6) | ((index ?? SIB) << 3) | (base ?? ABSOLUTE));
  if (width === 1) writer.number(value!, 1);
  if (width === 4 && displacement) writer.expression(displacement, 4);
  else if (width === 4) writer.number(0, 4);
}

/** EBP as a base always has a displacement: without one its place in the table means something else. */
function displacementBytes(value: number | undefined, base: number): 0 | 1 | 4 {
  if (value === undefined) return 4;
  if (value === 0 && base !== EBP) return 0;
  return isByte(signed32(value)) ? 1 : 4;
}

/** What one form makes of the operands, which it takes (Intel SDM vol. 2, 2.1 "Instruction format"). */
function write(form: Form, operands: readonly Operand[], size: Size): Code {
  const writer = new Writer();
  const at = (pattern: RegExp) => operands[form.operands.findIndex((name) => pattern.test(name))]?.place;
  const memory = operands.map(({ place }) => place).find((place): place is Memory => place.kind === "memory");
  if (memory?.segment !== undefined) writer.bytes.push(SEGMENT_PREFIX[memory.segment]!);
  if (form.prefixed && size === 2) writer.bytes.push(0x66);
  writer.bytes.push(...form.opcode);
  const rm = at(/^\*?[EMT]/) as Register | Memory | undefined;
  const reg = form.group ?? (at(/^[GSCD]/) as Register | undefined)?.number ?? 0;
  if (rm?.kind === "memory") writeAddress(rm, writer, reg);
  else if (rm) writer.bytes.push(0xc0 | (reg << 3) | rm.number);
  form.operands.forEach((pattern, index) => {
    const { place } = operands[index]!;
    if (pattern[0] === "I" && place.kind === "immediate") writer.expression(place.value, widthOf(pattern, size));
    if (pattern[0] === "O" && place.kind === "memory") writer.expression(place.displacement!, 4);
  });
  return { kind: "code", bytes: writer.bytes, holes: writer.holes };
}

interface Candidate {
  readonly form: Form;
  readonly size: Size;
}

/** Forms whose kinds of operand are these, each with the sizes it can have here. */
function candidates({ forms, size }: Meaning, operands: readonly Operand[]): Candidate[] {
  return forms
    .filter((form) => form.operands.length === operands.length)
    .flatMap((form) => {
      const sizes: readonly Size[] = size ? [size] : form.sizes.length > 0 ? form.sizes : [4];
      return sizes.map((one) => ({ form, size: one }));
    })
    .filter(({ form, size: one }) =>
      form.operands.every((pattern, index) => fits(pattern, operands[index]!, form, one)),
    );
}

const SPELLED: Readonly<Record<string, string>> = {
  E: "%reg|mem",
  M: "mem",
  O: "mem",
  J: "label",
  G: "%reg",
  R: "%reg",
  T: "%reg",
  S: "%seg",
  C: "%cr",
  D: "%db",
  I: "$n",
  "1": "$1",
  "3": "$3",
};

/** How a student writes a form: the source first. */
function spell(name: string, form: Form): string {
  const words = form.operands.map((pattern) => {
    const star = pattern.startsWith("*") ? "*" : "";
    if (pattern === "%ev") return "%eax";
    return star + (SPELLED[pattern[star.length]!] ?? pattern);
  });
  return `${name} ${words.reverse().join(",")}`.trim();
}

function refuseOperands(name: Span, { forms }: Meaning, { operands, span }: OperandList): never {
  const spelled = [...new Set(forms.map((form) => spell(name.text, form)))];
  throw new Refusal(operands.length > 0 ? span : name, { kind: "forms", forms: spelled });
}

function refuseRange(operands: readonly Operand[], possible: readonly Candidate[]): never {
  const index = operands.findIndex(
    (operand, place) => !possible.some(({ form, size }) => holds(form.operands[place]!, operand, size)),
  );
  const { place } = operands[index]!;
  const width = Math.max(
    ...possible.map(({ form, size }) =>
      /s$/.test(form.operands[index]!) ? size : widthOf(form.operands[index]!, size),
    ),
  );
  if (place.kind !== "immediate") throw new Error(`operand ${index} has no range`);
  throw new Refusal(place.value, { kind: "range", ...range(width) });
}

/**
 * Chooses how to write an instruction: the shortest way; of two as short the one with a sign-extended byte, then the
 * one with the lower opcode, as the GNU assembler does. Names count as four bytes wide until they are in a jump.
 *
 * @param name as it was written
 * @param written operands in the order they were written, the source first
 * @throws {Refusal} when no form takes these operands, or none can hold their values
 */
export function encode(name: Span, meaning: Meaning, written: OperandList): Code | Branch {
  const operands = [...written.operands].reverse();
  const possible = candidates(meaning, operands);
  if (possible.length === 0) refuseOperands(name, meaning, written);
  const sizes = new Set(possible.filter(({ form }) => form.sizes.length > 0).map(({ size }) => size));
  if (sizes.has(1) && sizes.size > 1) {
    throw new Refusal(name, { kind: "size", names: ["b", "w", "l"].map((letter) => name.text + letter) });
  }
  const target = operands[0]?.place;
  if (possible[0]!.form.operands[0]?.startsWith("J") && target?.kind === "memory") return branch(possible, target);
  const usual = possible.filter(({ size }) => size === Math.max(...sizes, 0) || sizes.size === 0);
  const able = usual.filter(({ form, size }) =>
    form.operands.every((pattern, index) => holds(pattern, operands[index]!, size)),
  );
  if (able.length === 0) refuseRange(operands, usual);
  const extended = (one: Candidate) => Number(one.form.operands.includes("Is"));
  able.sort((a, b) => extended(b) - extended(a));
  const codes = able.map(({ form, size }) => write(form, operands, size));
  return codes.reduce((best, code) => (code.bytes.length < best.bytes.length ? code : best));
}

function branch(possible: readonly Candidate[], { displacement }: Memory): Branch {
  const opcode = (pattern: string) => possible.find(({ form }) => form.operands[0] === pattern)?.form.opcode;
  return { kind: "branch", short: opcode("Jb"), near: opcode("Jv"), target: displacement! };
}

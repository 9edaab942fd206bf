/**
 * Instructions for the bodies of hooks, written as expressions: `when(eq(get(0), i32(3)), leave())`. Each function
 * gives the bytes of its operands followed by its own (WebAssembly 2.0, 5.4); nothing is checked but indices, for the
 * engine validates the module that comes out.
 */
import type { HookContext } from "./hooks.ts";

/** Bytes of instructions that leave one value, or none. */
export type Code = readonly number[];

export const I32 = 0x7f;
export const I64 = 0x7e;

/** LEB128 of an unsigned number of up to 32 bits. @throws RangeError */
export function unsigned(value: number): number[] {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError(`${value} is not an index.`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** LEB128 of a signed number of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const byte = rest & 0x7f;
    const sign = byte & 0x40 ? -1 : 0;
    if (rest >> 7 === sign) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

/** A constant; numbers from 2^31 on are the negative ones of the same bits. */
export const i32 = (value: number): Code => [0x41, ...signed(value)];

/** A local: parameters come first, then the hook's own. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
/** Sets a local and leaves the value. */
export const tee = (local: number, value: Code): Code => [...value, 0x22, ...unsigned(local)];

export const call = (index: number, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(index),
];

/** Calls what an `around` hook is around, with the parameters as they are now. */
export const callOriginal = ({ original, parameters }: HookContext): Code =>
  call(original, ...parameters.map((_, index) => get(index)));

/** Returns from the function. */
export const leave = (...values: readonly Code[]): Code => [...values.flat(), 0x0f];
export const drop = (value: Code): Code => [...value, 0x1a];

/** One after the other. */
export const sequence = (...code: readonly Code[]): Code => code.flat();

/** Does `then` when the condition is not zero, else `otherwise`; neither leaves a value. */
export const when = (condition: Code, then: Code, otherwise: Code = []): Code =>
  branch(0x40, condition, then, otherwise);

/** The value of `then` when the condition is not zero, else that of `otherwise`. */
export const choose = (type: number, condition: Code, then: Code, otherwise: Code): Code =>
  branch(type, condition, then, otherwise);

const branch = (type: number, condition: Code, then: Code, otherwise: Code): Code => [
  ...condition,
  0x04,
  type,
  ...then,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];

/** Loads and stores: `offset` in bytes is added to the address, alignment is not asked for. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, 0, ...unsigned(offset)];

export const load8 = load(0x2d);
export const load16 = load(0x2f);
export const load32 = load(0x28);
export const store8 = store(0x3a);
export const store16 = store(0x3b);
export const store32 = store(0x36);

const unary =
  (opcode: number) =>
  (value: Code): Code => [...value, opcode];
const binary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [...left, ...right, opcode];

export const isZero = unary(0x45);
/** The low 32 bits of an i64. */
export const wrap = unary(0xa7);

export const eq = binary(0x46);
export const ne = binary(0x47);
/** Comparisons, as signed numbers and as unsigned ones. */
export const lessSigned = binary(0x48);
export const less = binary(0x49);
export const greaterSigned = binary(0x4a);
export const greater = binary(0x4b);

export const add = binary(0x6a);
export const sub = binary(0x6b);
export const and = binary(0x71);
export const or = binary(0x72);
export const xor = binary(0x73);
export const shiftLeft = binary(0x74);
export const shiftRightSigned = binary(0x75);
export const shiftRight = binary(0x76);

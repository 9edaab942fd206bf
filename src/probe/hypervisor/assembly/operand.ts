import { type Constants, type Expression, readExpression, startsExpression } from "./expression.ts";
import { Refusal, type Span } from "./fault.ts";
import type { Token, Tokens } from "./tokens.ts";

/** Bytes. */
export type Size = 1 | 2 | 4;

export interface Register {
  readonly kind: "general" | "segment" | "control" | "debug";
  readonly number: number;
  /** Of a general register, in bytes; the others are 4. */
  readonly size: Size;
}

/** displacement(base,index,scale); with neither base nor index it may also be where a jump goes. */
export interface Memory {
  readonly kind: "memory";
  readonly segment: number | undefined;
  readonly displacement: Expression | undefined;
  readonly base: number | undefined;
  readonly index: number | undefined;
  readonly scale: 1 | 2 | 4 | 8;
}

export type Place =
  | Register
  | Memory
  | { readonly kind: "immediate"; readonly value: Expression }
  | { readonly kind: "port" };

/** An operand as it is written; `indirect` is the star of `jmp *…`. */
export interface Operand {
  readonly place: Place;
  readonly indirect: boolean;
}

const GENERAL = {
  4: ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"],
  2: ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"],
  1: ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"],
} as const;
const OTHERS = {
  segment: ["es", "cs", "ss", "ds", "fs", "gs"],
  control: ["cr0", "", "cr2", "cr3", "cr4"],
  debug: ["db0", "db1", "db2", "db3", "", "", "db6", "db7"],
} as const;
const ESP = 4;

/** Numbers as ModRM has them (Intel SDM vol. 2, table 2-2). */
const REGISTERS: ReadonlyMap<string, Register> = new Map([
  ...([4, 2, 1] as const).flatMap((size) =>
    GENERAL[size].map((name, number) => [name as string, { kind: "general", number, size } as Register] as const),
  ),
  ...(["segment", "control", "debug"] as const).flatMap((kind) =>
    OTHERS[kind].map((name, number) => [name as string, { kind, number, size: 4 } as Register] as const),
  ),
]);

function register(token: Token): Register {
  const found = REGISTERS.get(token.text.slice(1).toLowerCase());
  if (!found || token.text === "%") throw new Refusal(token, { kind: "register" });
  return found;
}

/** A register an address can be made of. */
function addressRegister(tokens: Tokens): { readonly number: number; readonly token: Token } {
  const token = tokens.expect("register", { kind: "address-register" });
  const { kind, number, size } = register(token);
  if (kind !== "general" || size !== 4) throw new Refusal(token, { kind: "address-register" });
  return { number, token };
}

function indexRegister(tokens: Tokens): number {
  const { number, token } = addressRegister(tokens);
  if (number === ESP) throw new Refusal(token, { kind: "index-register" });
  return number;
}

function scale(tokens: Tokens): Memory["scale"] {
  const token = tokens.next();
  if (!/^[1248]$/.test(token.text)) throw new Refusal(token, { kind: "scale" });
  return Number(token.text) as Memory["scale"];
}

/** What stands in the parentheses of an address. */
function readParts(tokens: Tokens): Pick<Memory, "base" | "index" | "scale"> {
  const base = tokens.is(",") ? undefined : addressRegister(tokens).number;
  const index = tokens.skip(",") ? indexRegister(tokens) : undefined;
  const by = index !== undefined && tokens.skip(",") ? scale(tokens) : 1;
  tokens.take(")");
  return { base, index, scale: by };
}

function readMemory(tokens: Tokens, constants: Constants, segment: number | undefined): Place {
  if (tokens.is("(") && tokens.peek(1).text.toLowerCase() === "%dx" && tokens.is(")", 2)) {
    for (let taken = 0; taken < 3; taken++) tokens.next();
    return { kind: "port" };
  }
  const displacement = startsExpression(tokens) ? readExpression(tokens, constants) : undefined;
  if (tokens.skip("(")) return { kind: "memory", segment, displacement, ...readParts(tokens) };
  if (!displacement) throw new Refusal(tokens.peek(), { kind: "operand" });
  return { kind: "memory", segment, displacement, base: undefined, index: undefined, scale: 1 };
}

function readPlace(tokens: Tokens, constants: Constants): Place {
  if (tokens.skip("$")) return { kind: "immediate", value: readExpression(tokens, constants) };
  if (tokens.peek().kind !== "register") return readMemory(tokens, constants, undefined);
  const token = tokens.next();
  const found = register(token);
  if (found.kind !== "segment" || !tokens.skip(":")) return found;
  return readMemory(tokens, constants, found.number);
}

/** Operands in the order they are written: the source first, as AT&T has it. */
export interface OperandList {
  readonly operands: readonly Operand[];
  readonly span: Span;
}

/** Reads operands up to the end of the line. @throws {Refusal} */
export function readOperands(tokens: Tokens, constants: Constants): OperandList {
  const first = tokens.peek();
  const operands: Operand[] = [];
  if (first.kind === "end") return { operands, span: first };
  do {
    const indirect = tokens.skip("*");
    operands.push({ place: readPlace(tokens, constants), indirect });
  } while (tokens.skip(","));
  return { operands, span: tokens.since(first) };
}

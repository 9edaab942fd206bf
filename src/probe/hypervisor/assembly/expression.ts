import { Refusal, type Span } from "./fault.ts";
import { character } from "./strings.ts";
import type { Token, Tokens } from "./tokens.ts";

interface Name extends Span {
  readonly sign: 1 | -1;
}

/** A sum: what is known of it while its line is read, and the names that get their values later. */
export interface Expression extends Span {
  readonly constant: number;
  readonly names: readonly Name[];
}

/** Names with a value known above the line that is read. */
export type Constants = ReadonlyMap<string, number>;

/** The value of a name, `.` being the address of the line; undefined when there is none. */
export type Values = (name: string) => number | undefined;

const NUMBER = /^(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+)$/;

/** Decimal, 0x…, 0b…; a zero in front of digits, octal elsewhere, is refused rather than guessed. */
function number(token: Token): number {
  if (!NUMBER.test(token.text)) throw new Refusal(token, { kind: "number" });
  return Number(token.text);
}

/** Whether an expression can start here. */
export function startsExpression(tokens: Tokens): boolean {
  const { kind } = tokens.peek();
  return kind === "number" || kind === "character" || kind === "word" || tokens.is("-") || tokens.is("+");
}

/**
 * Reads terms joined by + and -: numbers, characters, names, `.`.
 *
 * @throws {Refusal}
 */
export function readExpression(tokens: Tokens, constants: Constants): Expression {
  const first = tokens.peek();
  const names: Name[] = [];
  let constant = 0;
  do {
    let sign: 1 | -1 = 1;
    while (tokens.is("-") || tokens.is("+")) if (tokens.next().text === "-") sign = -sign as 1 | -1;
    const term = tokens.next();
    const value = term.kind === "word" ? constants.get(term.text) : undefined;
    if (value !== undefined) constant += sign * value;
    else if (term.kind === "word") names.push({ text: term.text, column: term.column, sign });
    else if (term.kind === "character") constant += sign * character(term);
    else if (term.kind === "number") constant += sign * number(term);
    else throw new Refusal(term, { kind: "number" });
  } while (tokens.is("-") || tokens.is("+"));
  return { ...tokens.since(first), constant, names };
}

/** The value of an expression that needs no names; undefined of any other. */
export function known(expression: Expression): number | undefined {
  return expression.names.length === 0 ? expression.constant : undefined;
}

/** @throws {Refusal} at a name without a value */
export function evaluate(expression: Expression, values: Values, kind: "defined" | "defined-above"): number {
  return expression.names.reduce((sum, name) => {
    const value = values(name.text);
    if (value === undefined) throw new Refusal(name, { kind });
    return sum + name.sign * value;
  }, expression.constant);
}

/** The least and the most that can be written into so many bytes, signed or not. */
export function range(bytes: number): { readonly least: number; readonly most: number } {
  return { least: -(2 ** (8 * bytes - 1)), most: 2 ** (8 * bytes) - 1 };
}

export function inRange(value: number, bytes: number): boolean {
  const { least, most } = range(bytes);
  return value >= least && value <= most;
}

/** Little-endian bytes of a number, or of its two's complement. */
export function littleEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff);
}

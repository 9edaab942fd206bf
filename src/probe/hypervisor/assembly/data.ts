import type { Code, Hole } from "./encode.ts";
import { type Constants, inRange, known, littleEndian, range, readExpression } from "./expression.ts";
import { Refusal, type Span } from "./fault.ts";
import type { Size } from "./operand.ts";
import { string } from "./strings.ts";
import type { Tokens } from "./tokens.ts";

const WIDTHS: Readonly<Record<string, Size>> = { ".byte": 1, ".word": 2, ".long": 4 };
const DIRECTIVES = [...Object.keys(WIDTHS), ".ascii", ".asciz", ".skip"];

function numbers(tokens: Tokens, width: Size, constants: Constants): Code {
  const bytes: number[] = [];
  const holes: Hole[] = [];
  do {
    const value = readExpression(tokens, constants);
    const constant = known(value);
    if (constant === undefined) holes.push({ at: bytes.length, width, value });
    else if (!inRange(constant, width)) throw new Refusal(value, { kind: "range", ...range(width) });
    bytes.push(...littleEndian(constant ?? 0, width));
  } while (tokens.skip(","));
  return { kind: "code", bytes, holes };
}

function text(tokens: Tokens, ending: readonly number[]): Code {
  const bytes: number[] = [];
  do bytes.push(...string(tokens.expect("string", { kind: "string" })), ...ending);
  while (tokens.skip(","));
  return { kind: "code", bytes, holes: [] };
}

function space(tokens: Tokens, constants: Constants, room: number): Code {
  const count = readExpression(tokens, constants);
  const bytes = known(count);
  if (bytes === undefined) throw new Refusal(count, { kind: "constant" });
  if (bytes < 0 || bytes > room) throw new Refusal(count, { kind: "range", least: 0, most: room });
  return { kind: "code", bytes: Array<number>(bytes).fill(0), holes: [] };
}

/**
 * Reads what follows a directive.
 *
 * @param room the most bytes that may be skipped
 * @throws {Refusal}
 */
export function readData(name: Span, tokens: Tokens, constants: Constants, room: number): Code {
  const directive = name.text.toLowerCase();
  const width = WIDTHS[directive];
  if (width !== undefined) return numbers(tokens, width, constants);
  if (directive === ".ascii") return text(tokens, []);
  if (directive === ".asciz") return text(tokens, [0]);
  if (directive === ".skip") return space(tokens, constants, room);
  throw new Refusal(name, { kind: "directive", known: DIRECTIVES });
}

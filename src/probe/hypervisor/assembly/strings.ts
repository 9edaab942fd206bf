import { Refusal, type Span } from "./fault.ts";

const ESCAPES: Readonly<Record<string, number>> = {
  "\\n": 10,
  "\\r": 13,
  "\\t": 9,
  "\\0": 0,
  "\\\\": 92,
  '\\"': 34,
  "\\'": 39,
};

/** UTF-8, after RFC 3629; half a surrogate pair becomes the replacement character. */
function utf8(codePoint: number): number[] {
  const point = codePoint >= 0xd800 && codePoint < 0xe000 ? 0xfffd : codePoint;
  if (point < 0x80) return [point];
  const rest = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  const lead = (0xff00 >> (rest + 1)) & 0xff;
  const bits = (index: number) => point >> (6 * index);
  const tail = Array.from({ length: rest }, (_, index) => 0x80 | (bits(rest - 1 - index) & 0x3f));
  return [lead | bits(rest), ...tail];
}

/** The bytes between quotes, escapes replaced. */
function contents(token: Span): number[] {
  const bytes: number[] = [];
  const inside = token.text.slice(1, -1);
  for (const found of inside.matchAll(/\\0\d|\\.|./gu)) {
    const part = found[0];
    const escaped = ESCAPES[part];
    if (escaped !== undefined) bytes.push(escaped);
    else if (part.startsWith("\\")) {
      const at = { text: part, column: token.column + 1 + found.index };
      throw new Refusal(at, { kind: "escape", known: Object.keys(ESCAPES) });
    } else bytes.push(...utf8(part.codePointAt(0)!));
  }
  return bytes;
}

/**
 * The bytes of a quoted string, characters beyond ASCII as UTF-8.
 *
 * @throws {Refusal} when it is not closed, or has an escape that means nothing
 */
export function string(token: Span): number[] {
  if (!/^"(?:\\.|[^"\\])*"$/u.test(token.text)) throw new Refusal(token, { kind: "string" });
  return contents(token);
}

/**
 * The value of a quoted character that takes one byte.
 *
 * @throws {Refusal}
 */
export function character(token: Span): number {
  if (!/^'(?:\\.|[^\\'])'$/u.test(token.text)) throw new Refusal(token, { kind: "number" });
  const bytes = contents(token);
  if (bytes.length !== 1) throw new Refusal(token, { kind: "range", least: 0, most: 127 });
  return bytes[0]!;
}

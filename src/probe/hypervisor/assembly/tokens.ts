import { type Expected, Refusal, type Span } from "./fault.ts";

export type TokenKind = "string" | "character" | "register" | "number" | "word" | "sign" | "end";

export interface Token extends Span {
  readonly kind: TokenKind;
}

/**
 * One line's words. A comment starts with `#` or `//`. Strings and characters are taken up to the line's end when
 * nothing closes them: who reads them says so.
 */
const PATTERN = new RegExp(
  [
    /(?<space>\s+|(?:#|\/\/).*)/,
    /(?<string>"(?:\\.|[^"\\])*"?)/,
    /(?<character>'(?:\\.|[^\\])?'?)/,
    /(?<register>%\w*)/,
    /(?<number>\d\w*)/,
    /(?<word>[A-Za-z_.][\w.]*)/,
    /(?<sign>[-+$,():*=])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "uy",
);

/** @throws {Refusal} at a character the language has no use for */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const found = PATTERN.exec(text);
    if (!found)
      throw new Refusal({ text: String.fromCodePoint(text.codePointAt(at)!), column: at + 1 }, { kind: "character" });
    const [kind, part] = Object.entries(found.groups!).find(([, value]) => value !== undefined) as [string, string];
    if (kind !== "space") tokens.push({ kind: kind as TokenKind, text: part, column: at + 1 });
    at += part.length;
  }
  return tokens;
}

/** Reads one line's words from left to right. */
export class Tokens {
  private readonly tokens: readonly Token[];
  private readonly line: string;
  private at = 0;

  /** @throws {Refusal} */
  constructor(line: string) {
    this.line = line;
    this.tokens = tokenize(line);
  }

  /** The word `ahead` places on, without taking it. */
  peek(ahead = 0): Token {
    const last = this.tokens.at(-1);
    const end = last ? last.column + last.text.length : 1;
    return this.tokens[this.at + ahead] ?? { kind: "end", text: "", column: end };
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  /** Takes the next word if it is this sign. */
  skip(sign: string): boolean {
    if (!this.is(sign)) return false;
    this.at++;
    return true;
  }

  is(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "sign" && token.text === sign;
  }

  /** @throws {Refusal} when something else comes next */
  take(sign: string): void {
    if (!this.skip(sign)) throw new Refusal(this.peek(), { kind: "sign", sign });
  }

  /** @throws {Refusal} when the next word is of another kind */
  expect(kind: TokenKind, expected: Expected): Token {
    const token = this.next();
    if (token.kind !== kind) throw new Refusal(token, expected);
    return token;
  }

  /** @throws {Refusal} unless the line has been read to its end */
  finish(): void {
    if (this.peek().kind !== "end") throw new Refusal(this.peek(), { kind: "end" });
  }

  /** Everything from one word up to where reading has come. */
  since(first: Token): Span {
    const last = this.tokens[this.at - 1] ?? first;
    const end = last.column + last.text.length;
    return { text: this.line.slice(first.column - 1, Math.max(end, first.column) - 1), column: first.column };
  }
}

import { readData } from "./data.ts";
import { type Branch, type Code, encode } from "./encode.ts";
import { type Constants, type Expression, readExpression } from "./expression.ts";
import { Refusal, type Span } from "./fault.ts";
import { lookUp } from "./forms.ts";
import { readOperands } from "./operand.ts";
import { Tokens } from "./tokens.ts";

/** `name = expression` */
export interface Definition {
  readonly kind: "definition";
  readonly name: Span;
  readonly value: Expression;
}

/** One line: names for its address, and what it has to say. */
export interface Statement {
  /** From 1. */
  readonly line: number;
  readonly labels: readonly Span[];
  readonly body: Code | Branch | Definition | undefined;
}

function readLabels(tokens: Tokens): Span[] {
  const labels: Span[] = [];
  while (tokens.peek().kind === "word" && tokens.is(":", 1)) {
    labels.push(tokens.next());
    tokens.take(":");
  }
  return labels;
}

function readBody(tokens: Tokens, constants: Constants, room: number): Statement["body"] {
  if (tokens.peek().kind === "end") return undefined;
  const name = tokens.expect("word", { kind: "instruction" });
  if (tokens.skip("=")) return { kind: "definition", name, value: readExpression(tokens, constants) };
  if (name.text.startsWith(".")) return readData(name, tokens, constants, room);
  const meaning = lookUp(name.text.toLowerCase());
  if (!meaning) throw new Refusal(name, { kind: "instruction" });
  const operands = readOperands(tokens, constants);
  tokens.finish();
  return encode(name, meaning, operands);
}

/**
 * Reads one line.
 *
 * @param constants names that have a value already
 * @param room the most bytes a line may make
 * @throws {Refusal}
 */
export function readStatement(text: string, line: number, constants: Constants, room: number): Statement {
  const tokens = new Tokens(text);
  const labels = readLabels(tokens);
  const body = readBody(tokens, constants, room);
  tokens.finish();
  return { line, labels, body };
}

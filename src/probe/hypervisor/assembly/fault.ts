/** What would have been right where something is wrong; the views have the sentence for each. */
export type Expected =
  | { readonly kind: "instruction" }
  | { readonly kind: "directive"; readonly known: readonly string[] }
  /** The instruction does not take these operands: those it takes, as one writes them. */
  | { readonly kind: "forms"; readonly forms: readonly string[] }
  /** No operand tells the size: the names that do. */
  | { readonly kind: "size"; readonly names: readonly string[] }
  | { readonly kind: "register" }
  | { readonly kind: "address-register" }
  | { readonly kind: "index-register" }
  | { readonly kind: "scale" }
  | { readonly kind: "operand" }
  | { readonly kind: "number" }
  | { readonly kind: "constant" }
  | { readonly kind: "string" }
  | { readonly kind: "escape"; readonly known: readonly string[] }
  | { readonly kind: "sign"; readonly sign: string }
  | { readonly kind: "end" }
  | { readonly kind: "character" }
  | { readonly kind: "range"; readonly least: number; readonly most: number }
  /** A short jump reaches -128 to 127 bytes from its own end. */
  | { readonly kind: "near"; readonly distance: number }
  | { readonly kind: "defined" }
  | { readonly kind: "defined-above" }
  | { readonly kind: "once"; readonly line: number }
  | { readonly kind: "room"; readonly bytes: number };

/** Where a program cannot be assembled, and why. */
export interface Fault {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units as an editor counts. */
  readonly column: number;
  /** How much of the line it is about; 0 at its end. */
  readonly length: number;
  /** That part of the line. */
  readonly found: string;
  readonly expected: Expected;
}

/** A part of a line: its text, and the column where it starts, from 1. */
export interface Span {
  readonly text: string;
  readonly column: number;
}

/** Ends the work on one line; the next lines are read all the same. */
export class Refusal extends Error {
  readonly at: Span;
  readonly expected: Expected;

  constructor(at: Span, expected: Expected) {
    super(expected.kind);
    this.at = at;
    this.expected = expected;
  }

  /** @param line from 1 */
  fault(line: number): Fault {
    const { text, column } = this.at;
    return { line, column, length: text.length, found: text, expected: this.expected };
  }
}

/** The prose of a lab in one language: its sections by step id, and `intro` and `finish`. */
export type Prose = Readonly<Record<string, Section>>;

export interface Section {
  /** The section's first `###` heading; empty when it has none. */
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "markdown"; readonly text: string }
  /** A command: `run` says that a button may type it into the machine's terminal; it may always be copied. */
  | { readonly kind: "command"; readonly machine: string; readonly text: string; readonly run: boolean }
  | { readonly kind: "task"; readonly task: string };

/** One thing wrong in one of a lab's files, for its author. */
export interface Fault {
  /** File name in the lab's folder. */
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Where in the data, for example `tasks.bridge-up.check`; empty for prose and for the file as a whole. */
  readonly path: string;
  /** A sentence: what is wrong and what was expected. */
  readonly message: string;
}

/** @returns `lab.yaml:12:5 tasks.up.check: …`, the form editors and terminals make a link of */
export function formatFault(fault: Fault): string {
  const place = `${fault.file}:${fault.line}:${fault.column}`;
  return fault.path ? `${place} ${fault.path}: ${fault.message}` : `${place}: ${fault.message}`;
}

/** Thrown when a lab's files have faults; holds at least one. */
export class LabFaults extends Error {
  override name = "LabFaults";
  readonly faults: readonly Fault[];
  readonly address: string;

  constructor(address: string, faults: readonly Fault[]) {
    super(`${address} has faults:\n${faults.map(formatFault).join("\n")}`);
    this.address = address;
    this.faults = faults;
  }
}

/**
 * The known word a mistyped one was probably meant to be.
 *
 * @returns undefined when none is near: more than a third of the letters (at least two) would have to change
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(Math.min(word.length, 64) / 3)) + 1;
  for (const candidate of known) {
    const far = distance(word.slice(0, 64).toLowerCase(), candidate.toLowerCase());
    if (far < least) [best, least] = [candidate, far];
  }
  return best;
}

/** @returns ` Did you mean …?`, or nothing; to stand at the end of a message */
export function suggestion(word: string, known: readonly string[]): string {
  const near = closest(word, known);
  return near === undefined ? "" : ` Did you mean \`${near}\`?`;
}

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}

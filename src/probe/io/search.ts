import type { GuestWords } from "./guest-words.ts";

/**
 * Finds a run of 32-bit words in memory, at addresses divisible by 4.
 *
 * @returns the addresses of the first word, ascending; bounded
 */
export function findWords(words: GuestWords, pattern: readonly number[]): number[] {
  // the last word is a pointer, and rarer than the count that a pattern begins with
  const last = pattern.length - 1;
  const before = pattern.slice(0, last);
  const fits = (at: number) => before.every((word, index) => words.u32(at + 4 * (index - last)) === word >>> 0);
  return words.addressesOf(pattern[last]!, fits).map((at) => at - 4 * last);
}

/** Readings that pass before a search that found nothing is tried again: a search reads all of memory. */
const PATIENCE = 20;

/** Where something was found in memory, kept from one reading to the next. */
export class SoughtPlace {
  #at: number | undefined;
  #patience = 0;

  /**
   * @param find looks for its address
   * @param read gives what stands there, or undefined when it is not (or no longer) what was looked for
   */
  read<T>(find: () => number | undefined, read: (at: number) => T | undefined): T | undefined {
    const there = this.#at === undefined ? undefined : read(this.#at);
    if (there !== undefined) return there;
    if (this.#patience-- > 0) return undefined;
    this.#at = find();
    if (this.#at === undefined) this.#patience = PATIENCE;
    return this.#at === undefined ? undefined : read(this.#at);
  }
}

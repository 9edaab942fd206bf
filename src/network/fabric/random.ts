/** Numbers drawn from a seed: the same seed, the same losses. xorshift32 (Marsaglia, "Xorshift RNGs", 2003). */
export class Random {
  #state: number;

  /** @param name whose numbers these are: others of the same seed draw others */
  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5 ^ seed; // FNV-1a, 32 bits
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b); // names that differ in the last letter only are near otherwise
    this.#state = (hash ^ (hash >>> 13)) >>> 0 || 1;
  }

  /** From 0 up to 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }
}

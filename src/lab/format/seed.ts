import type { LabFileContent } from "../schema.ts";

/** Seeds are 32-bit unsigned numbers, so that one fits an address and a person can read it out. */
export const MOST_SEED = 0xffffffff;

/** @returns the seed a text names, or undefined when it is not a whole number from 0 to 2^32 − 1 */
export function readSeed(text: string): number | undefined {
  const seed = Number(text);
  return /^\d{1,10}$/.test(text) && seed <= MOST_SEED ? seed : undefined;
}

/**
 * The values of one instance of a lab. The same seed gives the same values, today and in a later version; a name's
 * value depends on the seed and the name alone, so a name added to a lab leaves the others as they are.
 */
export function seedValues(written: LabFileContent["seed"], seed: number): Record<string, string | number> {
  const values: Record<string, string | number> = {};
  for (const [name, choice] of Object.entries(written ?? {})) {
    const random = splitmix32(hash(name) ^ seed);
    if (choice.choose) values[name] = choice.choose[Math.floor(random() * choice.choose.length)]!;
    else values[name] = choice.from! + Math.floor(random() * (choice.to! - choice.from! + 1));
  }
  return values;
}

/** FNV-1a, 32 bits, over UTF-16 code units (draft-eastlake-fnv). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/**
 * SplitMix (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014) with 32 bits of state
 * and the finaliser constants of MurmurHash3. Enough to deal out instances; not for secrets.
 *
 * @returns a function that gives numbers from 0 up to, not including, 1
 */
function splitmix32(state: number): () => number {
  let counter = state >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let mixed = counter ^ (counter >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

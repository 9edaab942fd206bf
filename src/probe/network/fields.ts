import type { Place } from "../json.ts";

/** Fields that occur in more than one part of what `netview` prints. */

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const ADDRESS = /^(default|[0-9a-f.:]{2,45}(\/\d{1,3})?)$/;

export const index = (place: Place) => place.whole(1, 0x7fffffff);
/** A namespace's number on nsfs. */
export const inode = (place: Place) => place.whole(1);
export const word = (place: Place) => place.text(64);
export const yes = (place: Place) => place.yes();
/** What the kernel counts in 64 bits, which JSON's numbers hold up to 2^53. */
export const counter = (place: Place) => place.whole(0, Number.MAX_SAFE_INTEGER);

export function mac(place: Place): string {
  const text = place.text(17);
  if (!MAC.test(text)) throw place.wrong("a MAC address");
  return text;
}

/** An IPv4 or IPv6 address, with or without the length of its prefix, or `default`. */
export function address(place: Place): string {
  const text = place.text(64);
  if (!ADDRESS.test(text)) throw place.wrong("an address");
  return text;
}

/** One of a few words. */
export function oneOf<const T extends string>(place: Place, words: readonly T[]): T {
  const found = words.find((one) => one === place.value);
  if (found === undefined) throw place.wrong(`one of ${words.join(", ")}`);
  return found;
}

/** A number that need not be whole, from 0. */
export function amount(place: Place): number {
  const { value } = place;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw place.wrong("a number from 0");
  return value;
}

/** `{ name: value }` where the document has it, otherwise nothing. */
export function given<K extends string, T>(place: Place, name: K, read: (place: Place) => T): { [key in K]?: T } {
  const value = place.at(name).optional(read);
  return value === undefined ? {} : ({ [name]: value } as { [key in K]?: T });
}

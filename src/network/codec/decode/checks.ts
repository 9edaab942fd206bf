import { checksumOf, onesSum } from "../../checksum.ts";
import { word } from "../../headers.ts";
import { hex } from "../numbers.ts";
import type { Check } from "../packet.ts";
import type { Place } from "./reading.ts";

/**
 * Verifies an Internet checksum (RFC 1071): all it covers adds up to 0xffff.
 *
 * @param at offset of the field, which lies in `[from, to)`
 * @param initial a pseudo-header's sum; 0 of a checksum without one
 */
export function checked(bytes: Uint8Array, at: number, from: number, to: number, initial = 0): Check {
  if (onesSum(bytes, from, to, initial) === 0xffff) return { state: "correct" };
  if (isPartial(bytes, at, initial)) return { state: "partial" };
  const rest = onesSum(bytes, at + 2, to, onesSum(bytes, from, at, initial));
  return { state: "incorrect", expected: hex(initial === 0 ? ~rest & 0xffff : checksumOf(rest)) };
}

const isPartial = (bytes: Uint8Array, at: number, initial: number): boolean =>
  initial !== 0 && word(bytes, at) === initial;

/** As {@link checked}, of what covers all of a place; a sum left to the card shows in a frame that was cut, too. */
export function checkedPlace(
  bytes: Uint8Array,
  at: number,
  { at: from, end, here, partial }: Place,
  initial = 0,
): Check {
  if (!partial && end <= here) return checked(bytes, at, from, end, initial);
  return { state: !partial && isPartial(bytes, at, initial) ? "partial" : "unverified" };
}

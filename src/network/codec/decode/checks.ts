import { checksumOf, onesSum } from "../../checksum.ts";
import { word } from "../../headers.ts";
import { hex } from "../numbers.ts";
import type { Check } from "../packet.ts";
import type { Place } from "./reading.ts";

/**
 * Verifies an Internet checksum (RFC 1071): all it covers adds up to 0xffff.
 *
 * @param at offset of the field, which lies in `[from, to)`
 * @param initial a pseudo-header's sum
 */
export function checked(bytes: Uint8Array, at: number, from: number, to: number, initial = 0): Check {
  if (onesSum(bytes, from, to, initial) === 0xffff) return { state: "correct" };
  const rest = onesSum(bytes, at + 2, to, onesSum(bytes, from, at, initial));
  const expected = ~rest & 0xffff;
  return { state: "incorrect", expected: hex(expected === word(bytes, at) ? checksumOf(rest) : expected) };
}

/** Verifies what covers all of a place, where all of it is here. */
export function checkedPlace(
  bytes: Uint8Array,
  at: number,
  { at: from, end, here, partial }: Place,
  initial = 0,
): Check {
  return partial || end > here ? { state: "unverified" } : checked(bytes, at, from, end, initial);
}

/** `correct`, `incorrect, should be 0x1c46` …, as Wireshark says it. */
export function checkNote(check: Check): string {
  switch (check.state) {
    case "incorrect":
      return `incorrect, should be ${check.expected}`;
    case "none":
      return "not used";
    default:
      return check.state;
  }
}

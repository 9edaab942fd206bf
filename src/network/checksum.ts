/** The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words. */

/**
 * Adds the big-endian 16-bit words of `bytes[from, to)`; an odd last byte counts as the high half of a word.
 *
 * @param initial a sum to go on from
 * @returns the sum folded to 16 bits, not complemented
 */
export function onesSum(bytes: Uint8Array, from: number, to: number, initial = 0): number {
  let sum = initial;
  const even = from + ((to - from) & ~1);
  for (let at = from; at < even; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  if (even < to) sum += bytes[even]! << 8;
  return fold(sum);
}

/** The checksum field's value for a sum: where that is 0, the other zero, which UDP does not read as "none" (RFC 768). */
export const checksumOf = (sum: number): number => ~sum & 0xffff || 0xffff;

/**
 * Sum of a pseudo-header: addresses, protocol and length (RFC 793, 3.1; RFC 8200, 8.1; the order of words is free).
 *
 * @param addresses offset of the source address, which the destination follows
 * @param addressBytes of each address: 4 or 16
 * @param length bytes of transport header and payload
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  addresses: number,
  addressBytes: number,
  protocol: number,
  length: number,
): number {
  return fold(onesSum(bytes, addresses, addresses + 2 * addressBytes) + protocol + (length >>> 16) + (length & 0xffff));
}

/** Carries added back in until 16 bits hold the sum; exact for sums below 2⁵³. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

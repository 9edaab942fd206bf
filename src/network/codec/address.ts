/** IP addresses and prefixes, between text, bytes and, of IPv4, 32-bit numbers. */

/** IPv4 as four bytes, IPv6 as sixteen. */
export type AddressBytes = Uint8Array;

/** An address and how many of its leading bits are the network's: `10.0.0.254/24`. */
export interface Prefix {
  readonly address: AddressBytes;
  /** 0 to 32, or to 128. */
  readonly length: number;
}

/** Dotted decimal as inet_pton(3) takes it: four numbers without leading zeros. @returns 32 bits, unsigned */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

/** @param address 32 bits, unsigned or not */
export const formatIpv4 = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;

/** The 32 bits at `at`, unsigned. */
export const ipv4At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

export const ipv4Bytes = (address: number): AddressBytes =>
  Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);

/** The text forms of RFC 4291, 2.2: groups, one `::`, and an IPv4 address in place of the last two groups; no zone. */
export function parseIpv6(text: string): AddressBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const bytes = new Uint8Array(16);
  [...head, ...new Array<number>(missing).fill(0), ...tail].forEach((group, index) => {
    bytes[2 * index] = group >>> 8;
    bytes[2 * index + 1] = group;
  });
  return bytes;
}

/** @param last these groups are the address's last, where an IPv4 address may stand */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  if (parts.length > 8) return undefined;
  const found: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      found.push(Number.parseInt(part, 16));
      continue;
    }
    const four = last && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (four === undefined) return undefined;
    found.push(four >>> 16, four & 0xffff);
  }
  return found;
}

/**
 * The one text form of RFC 5952: lower case, no leading zeros, `::` for the longest run of two or more zero groups (the
 * first of equals), and IPv4-mapped addresses mixed.
 *
 * @param at offset of the first of sixteen bytes
 */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const words = Array.from({ length: 8 }, (_, index) => (bytes[at + 2 * index]! << 8) | bytes[at + 2 * index + 1]!);
  if (words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0))
    return `::ffff:${formatIpv4(ipv4At(bytes, at + 12))}`;
  const { start, length } = longestZeros(words);
  const hex = (from: number, to: number) =>
    words
      .slice(from, to)
      .map((word) => word.toString(16))
      .join(":");
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let end = start;
    while (words[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
    start = Math.max(start, end);
  }
  return best;
}

/** Of either family. */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.includes(":")) return parseIpv6(text);
  const address = parseIpv4(text);
  return address === undefined ? undefined : ipv4Bytes(address);
}

/** @param bytes four or sixteen */
export const formatAddress = (bytes: AddressBytes): string =>
  bytes.length === 4 ? formatIpv4(ipv4At(bytes, 0)) : formatIpv6(bytes);

/** `address/length` of either family; the bits behind the length may be anything. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, head, digits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = head === undefined ? undefined : parseAddress(head);
  const length = Number(digits);
  return address && length <= 8 * address.length ? { address, length } : undefined;
}

export const formatPrefix = ({ address, length }: Prefix): string => `${formatAddress(address)}/${length}`;

/** Bits 0 to `length` − 1 set: `255.255.255.0`. */
export function maskOf({ address, length }: Prefix): AddressBytes {
  return address.map((_, index) => 0xff00 >> Math.min(8, Math.max(0, length - 8 * index)));
}

/** First and last address of a prefix: of IPv4 the network's own and its broadcast. */
export function prefixBounds(prefix: Prefix): { readonly first: AddressBytes; readonly last: AddressBytes } {
  const mask = maskOf(prefix);
  const { address } = prefix;
  return {
    first: address.map((byte, index) => byte & mask[index]!),
    last: address.map((byte, index) => byte | (~mask[index]! & 0xff)),
  };
}

export function inPrefix(prefix: Prefix, address: AddressBytes): boolean {
  const mask = maskOf(prefix);
  return (
    address.length === prefix.address.length &&
    mask.every((bits, index) => (address[index]! & bits) === (prefix.address[index]! & bits))
  );
}

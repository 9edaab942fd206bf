/** MAC addresses (IEEE 802-2014, clause 8): six bytes, written as pairs of hexadecimal digits with colons. */

/** @returns the six bytes of `aa:bb:cc:dd:ee:ff`, or undefined when the text is not an address */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (digits) => Number.parseInt(digits, 16));
}

/** @param bytes six bytes */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * The address of one card of one machine in one instance of a lab: the same three always give the same address,
 * so a lab reopened from its address has the same wires.
 *
 * The first byte is 0x02: unicast, locally administered (IEEE 802-2014, 8.4), so it can be no vendor's.
 */
export function stableMac(seed: number, machine: string, card: number): string {
  let hash = 0x811c9dc5; // FNV-1a, 32 bits; folded to one byte a round
  const bytes = new Uint8Array(6);
  const text = `${seed}/${machine}/${card}`;
  for (let index = 1; index < 6; index++) {
    for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
    hash = Math.imul(hash ^ index, 0x01000193);
    bytes[index] = (hash >>> 24) ^ (hash & 0xff);
  }
  bytes[0] = 0x02;
  return formatMac(bytes);
}

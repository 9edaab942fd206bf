/** Where the headers of an Ethernet frame lie: as much as offloads need, and right for any bytes. */

export const ETHERNET_BYTES = 14;
/** A tag: its type and what it controls (IEEE 802.1Q, 9.3). */
export const VLAN_BYTES = 4;
/** Tags that are skipped: a customer's inside a provider's (IEEE 802.1Q, 9.6). */
const MOST_TAGS = 2;

export const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, provider: 0x88a8 } as const;
export const PROTOCOL = { tcp: 6, udp: 17 } as const;
/** IPv6 extension headers that name what follows and their own length (RFC 8200, 4). */
const EXTENSIONS = new Set([0, 43, 60]);
const FRAGMENT = 44;
/** Far more than any real packet has. */
const MOST_EXTENSIONS = 8;

/** A packet in a frame; all offsets from the frame's start. */
export interface PacketHeaders {
  readonly version: 4 | 6;
  /** Offset of the IP header. */
  readonly network: number;
  /** Offset behind the IP header, its options and extension headers. */
  readonly transport: number;
  readonly protocol: number;
  /** Offset behind the packet's last byte by its own length; padding of a short frame lies behind it. */
  readonly end: number;
  /** One fragment of a larger packet: its transport header, if it has any, does not describe it. */
  readonly fragment: boolean;
}

/** @returns undefined when the frame holds no IP packet, or one whose lengths do not fit the frame */
export function packetHeaders(bytes: Uint8Array): PacketHeaders | undefined {
  let at = ETHERNET_BYTES;
  if (bytes.length < at) return undefined;
  let type = word(bytes, at - 2);
  for (let tags = 0; (type === ETHERTYPE.vlan || type === ETHERTYPE.provider) && tags < MOST_TAGS; tags++) {
    at += VLAN_BYTES;
    if (bytes.length < at) return undefined;
    type = word(bytes, at - 2);
  }
  if (type === ETHERTYPE.ipv4) return ipv4(bytes, at);
  return type === ETHERTYPE.ipv6 ? ipv6(bytes, at) : undefined;
}

function ipv4(bytes: Uint8Array, network: number): PacketHeaders | undefined {
  if (bytes.length < network + 20 || bytes[network]! >> 4 !== 4) return undefined;
  const headerBytes = (bytes[network]! & 15) * 4;
  const length = word(bytes, network + 2);
  if (headerBytes < 20 || length < headerBytes || network + length > bytes.length) return undefined;
  // More fragments, or an offset other than 0 (RFC 791, 3.1).
  const fragment = (word(bytes, network + 6) & 0x3fff) !== 0;
  const protocol = bytes[network + 9]!;
  return { version: 4, network, transport: network + headerBytes, protocol, end: network + length, fragment };
}

function ipv6(bytes: Uint8Array, network: number): PacketHeaders | undefined {
  if (bytes.length < network + 40 || bytes[network]! >> 4 !== 6) return undefined;
  const end = network + 40 + word(bytes, network + 4);
  if (end > bytes.length) return undefined;
  let protocol = bytes[network + 6]!;
  let transport = network + 40;
  for (let count = 0; EXTENSIONS.has(protocol) && count < MOST_EXTENSIONS; count++) {
    if (transport + 8 > end) return undefined;
    const length = 8 * (bytes[transport + 1]! + 1);
    protocol = bytes[transport]!;
    transport += length;
    if (transport > end) return undefined;
  }
  return { version: 6, network, transport, protocol, end, fragment: protocol === FRAGMENT };
}

/** The 16 bits at `at`, big-endian. */
export const word = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

export function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

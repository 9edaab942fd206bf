/** IPv4 packets changed in place on their way through a router, their checksums kept right (RFC 1624, equation 3). */
import { onesSum, pseudoHeaderSum } from "../../checksum.ts";
import { type PacketHeaders, PROTOCOL, setWord, word } from "../../headers.ts";

/** Offsets in an IPv4 header (RFC 791, 3.1). */
const IP = { ttl: 8, protocol: 9, checksum: 10, source: 12, destination: 16 } as const;
export const ICMP_PROTOCOL = 1;
/** Offsets of the checksum in a TCP and a UDP header. */
const CHECKSUM = { [PROTOCOL.tcp]: 16, [PROTOCOL.udp]: 6 } as const;

export type Side = "source" | "destination";

const long = (bytes: Uint8Array, at: number) => ((word(bytes, at) << 16) | word(bytes, at + 2)) >>> 0;

export const addressOf = (bytes: Uint8Array, { network }: PacketHeaders, side: Side): number =>
  long(bytes, network + IP[side]);

/** Of TCP and UDP. */
export const portOf = (bytes: Uint8Array, { transport }: PacketHeaders, side: Side): number =>
  word(bytes, transport + (side === "source" ? 0 : 2));

/** The identifier of an ICMP echo, which stands for a port (RFC 5508, 3.1). */
export const icmpIdOf = (bytes: Uint8Array, { transport }: PacketHeaders): number => word(bytes, transport + 4);

export function setAddress(bytes: Uint8Array, headers: PacketHeaders, side: Side, address: number): void {
  const at = headers.network + IP[side];
  const transport = transportChecksum(bytes, headers);
  for (const [offset, value] of [
    [0, address >>> 16],
    [2, address & 0xffff],
  ] as const) {
    const old = word(bytes, at + offset);
    setWord(bytes, at + offset, value);
    adjust(bytes, headers.network + IP.checksum, old, value);
    if (transport !== undefined) adjustTransport(bytes, headers, transport, old, value);
  }
}

/** Of TCP and UDP. */
export function setPort(bytes: Uint8Array, headers: PacketHeaders, side: Side, port: number): void {
  const at = headers.transport + (side === "source" ? 0 : 2);
  const old = word(bytes, at);
  setWord(bytes, at, port);
  const checksum = transportChecksum(bytes, headers);
  if (checksum !== undefined) adjustTransport(bytes, headers, checksum, old, port);
}

/** Of an ICMP echo. */
export function setIcmpId(bytes: Uint8Array, headers: PacketHeaders, id: number): void {
  const at = headers.transport + 4;
  const old = word(bytes, at);
  setWord(bytes, at, id);
  adjust(bytes, headers.transport + 2, old, id);
}

export const ttlOf = (bytes: Uint8Array, { network }: PacketHeaders): number => bytes[network + IP.ttl]!;

export function decrementTtl(bytes: Uint8Array, { network }: PacketHeaders): void {
  const at = network + IP.ttl;
  const old = word(bytes, at);
  bytes[at] = (bytes[at]! - 1) & 0xff;
  adjust(bytes, network + IP.checksum, old, word(bytes, at));
}

/** An ICMP message whose contents changed in many places is summed anew. */
export function resumIcmp(bytes: Uint8Array, { transport, end }: PacketHeaders): void {
  setWord(bytes, transport + 2, 0);
  setWord(bytes, transport + 2, ~onesSum(bytes, transport, end) & 0xffff);
}

/** @returns whether an IPv4 header's own checksum is right; a router drops a packet whose is not (RFC 1812, 5.2.2) */
export const headerSound = (bytes: Uint8Array, { network, transport }: PacketHeaders): boolean =>
  onesSum(bytes, network, transport) === 0xffff;

/** @returns whether what an endpoint is to take has the checksum it should have (RFC 1122, 3.2.2, 4.1.3.4, 4.2.2.7) */
export function transportSound(bytes: Uint8Array, headers: PacketHeaders): boolean {
  const { network, transport, protocol, end } = headers;
  if (protocol === ICMP_PROTOCOL) return onesSum(bytes, transport, end) === 0xffff;
  if (transportChecksum(bytes, headers) === undefined) return true;
  const pseudo = pseudoHeaderSum(bytes, network + IP.source, 4, protocol, end - transport);
  return onesSum(bytes, transport, end, pseudo) === 0xffff;
}

/** Where the checksum is that covers the addresses too; undefined where there is none. */
function transportChecksum(
  bytes: Uint8Array,
  { protocol, transport, end, fragment }: PacketHeaders,
): number | undefined {
  if (fragment || (protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.udp)) return undefined;
  const at = transport + CHECKSUM[protocol];
  if (at + 2 > end) return undefined;
  return protocol === PROTOCOL.udp && word(bytes, at) === 0 ? undefined : at; // 0: the sender made none (RFC 768)
}

function adjustTransport(bytes: Uint8Array, { protocol }: PacketHeaders, at: number, old: number, value: number): void {
  adjust(bytes, at, old, value);
  if (protocol === PROTOCOL.udp && word(bytes, at) === 0) setWord(bytes, at, 0xffff);
}

function adjust(bytes: Uint8Array, at: number, old: number, value: number): void {
  let sum = (~word(bytes, at) & 0xffff) + (~old & 0xffff) + value;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  setWord(bytes, at, ~sum & 0xffff);
}

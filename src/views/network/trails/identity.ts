import { encapsulated, type Headers, headersOf, PROTOCOL } from "../../../network/codec/index.ts";
import type { Colour } from "../picture.ts";

/**
 * What stays the same of a packet wherever it is seen: addresses, ports, TTL and checksums are rewritten on its way, its
 * number and its content are not. Read from the first bytes alone, so that a capture may have cut the rest. Of a packet
 * in a tunnel it is what the inner one has.
 */
export interface Identity {
  /** Equal for two sightings of one packet, and hardly ever for those of two. */
  readonly key: string;
  readonly colour: Colour;
  /** TTL or hop limit; 0 of what has none. */
  readonly ttl: number;
  /** Tunnels it is in. */
  readonly depth: number;
  /** TCP with data: which, for a large segment travels as one here and in pieces there. */
  readonly range?: ByteRange;
}

/** Data of a TCP stream. */
export interface ByteRange {
  /** Sequence number of its first byte, and how many there are. */
  readonly from: number;
  readonly length: number;
  /** The packet's number (IPv4 identification); its pieces count on from it. -1 where there is none. */
  readonly id: number;
  /** What pieces of one segment have in common besides. */
  readonly key: string;
}

/** Bytes of a packet's content that are compared: every capture keeps as many. */
const COMPARED = 64;
/** Tunnels in tunnels; more are content. */
const MOST_DEPTH = 3;

/**
 * @param bytes the frame, as much of it as was kept
 * @param length bytes it has
 */
export function identityOf(bytes: Uint8Array, length: number): Identity {
  const { headers, depth } = innermost(bytes);
  if (!headers) return { key: `short ${digest(bytes, 0, length)}`, colour: "other", ttl: 0, depth };
  const { arp, etherType, payload, protocol, ttl = 0 } = headers;
  if (arp) {
    const { operation, senderMac, sender, targetMac, target } = arp;
    return { key: `arp ${operation} ${senderMac} ${sender} ${targetMac} ${target}`, colour: "arp", ttl, depth };
  }
  if (protocol === undefined) {
    return { key: `${etherType} ${digest(bytes, payload.from, payload.to)}`, colour: "other", ttl, depth };
  }
  const colour = colourOf(protocol);
  // what a short frame is filled up with is no content
  const rest = Math.min(Math.max(0, length - bytes.length), SEGMENT) + payload.to - payload.from;
  const of = `${protocol} ${headers.identification ?? "-"} ${headers.fragmentOffset}`;
  if (headers.tcp) return { colour, ttl, depth, ...tcp(headers.tcp, of, headers.identification ?? -1, rest) };
  return { key: `${of} ${content(bytes, headers, rest)}`, colour, ttl, depth };
}

/** No packet carries more (RFC 791, 3.1). */
const SEGMENT = 0xffff;

/** The headers of the innermost frame: tunnels are taken off. */
export function innermost(bytes: Uint8Array): { headers: Headers | undefined; depth: number } {
  let headers = headersOf(bytes);
  let depth = 0;
  for (let at = headers && encapsulated(bytes, headers); at !== undefined && depth < MOST_DEPTH; depth++) {
    const inner = headersOf(bytes, at);
    if (!inner) break;
    headers = inner;
    at = encapsulated(bytes, inner);
  }
  return { headers, depth };
}

/** What a packet that is not TCP carries. NAT rewrites an echo's identifier, and the packet that an error quotes. */
function content(bytes: Uint8Array, { icmp, protocol, payload }: Headers, rest: number): string {
  const data = digest(bytes, payload.from, payload.to);
  if (!icmp) return `${rest} ${data}`;
  const of = `${icmp.type}.${icmp.code}`;
  if (icmp.seq !== undefined) return `${of} ${icmp.seq} ${data}`;
  return protocol === PROTOCOL.icmp ? `${of} ${rest}` : `${of} ${data}`;
}

const FIN = 1;
const PSH = 8;

function tcp(tcp: NonNullable<Headers["tcp"]>, of: string, id: number, data: number): Pick<Identity, "key" | "range"> {
  const { sequence, acknowledgement, flags, window } = tcp;
  const key = `${of} ${sequence} ${acknowledgement} ${flags} ${window} ${data}`;
  if (data === 0) return { key };
  // pieces but the last have neither FIN nor PSH
  const common = `tcp ${acknowledgement} ${flags & ~(FIN | PSH)} ${window}`;
  return { key, range: { from: sequence, length: data, id, key: common } };
}

function colourOf(protocol: number): Colour {
  if (protocol === PROTOCOL.tcp) return "tcp";
  if (protocol === PROTOCOL.udp) return "udp";
  return protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6 ? "icmp" : "other";
}

/** FNV-1a over the first bytes of a range. */
function digest(bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, from + COMPARED, bytes.length);
  let hash = 0x811c9dc5;
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Two ranges of one stream that have a byte in common, and whose packets' numbers say that one is a piece of the other. */
export function overlap(one: ByteRange, other: ByteRange): boolean {
  const [first, second] = distance(one.from, other.from) >= 0 ? [one, other] : [other, one];
  const between = distance(first.from, second.from);
  if (between >= first.length) return false;
  if (first.id < 0 || second.id < 0) return true;
  const later = (second.id - first.id) & 0xffff;
  // the same first byte with another number is the data sent again; a piece has a number a little higher
  return between === 0 ? later === 0 : later > 0 && later <= MOST_PIECES;
}

/** 64 KiB in segments of 536 bytes, the least MSS (RFC 9293, 3.7.1), are this many. */
const MOST_PIECES = 123;

/** Bytes from one sequence number to another, forwards or back, modulo 2³². */
export const distance = (from: number, to: number): number => (to - from) | 0;

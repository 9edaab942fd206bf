/** What is asked of every frame, read without the rest: who it is from and for, and what may change on its way. */

import { word } from "../headers.ts";
import { formatIpv4, formatIpv6, ipv4At } from "./address.ts";
import { ETHERTYPE, hex, PORT, PROTOCOL } from "./numbers.ts";
import type { FieldKey } from "./packet.ts";

/** Fields of the outermost packet; what a frame has no field for, or what is not here, is absent. */
export interface Headers {
  readonly macSource: string;
  readonly macDestination: string;
  /** VIDs, outermost first, at most two. */
  readonly vlans: readonly number[];
  /** Behind the tags; of an IEEE 802.3 frame that has none its length. */
  readonly etherType: number;
  readonly arp?: {
    /** 1 request, 2 reply. */
    readonly operation: number;
    readonly senderMac: string;
    readonly sender: string;
    readonly targetMac: string;
    readonly target: string;
  };
  /** IP addresses as text (IPv6: RFC 5952). */
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: number;
  /** TTL or hop limit. */
  readonly ttl?: number;
  /** Of IPv4, or of an IPv6 fragment. */
  readonly identification?: number;
  /** In bytes; 0 of a whole packet. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly tcp?: {
    readonly sequence: number;
    readonly acknowledgement: number;
    readonly flags: number;
    readonly window: number;
  };
  readonly icmp?: {
    readonly type: number;
    readonly code: number;
    /** Of an echo. */
    readonly id?: number;
    readonly seq?: number;
  };
  readonly checksumIp?: number;
  readonly checksumTransport?: number;
  /** Offsets of the IP header and of what it carries, in the frame's bytes. */
  readonly network?: number;
  readonly transport?: number;
  /** What the last header read here carries, as far as it is here, without a short frame's padding. */
  readonly payload: { readonly from: number; readonly to: number };
}

type Draft = { -readonly [Name in keyof Headers]: Headers[Name] };

const MOST_TAGS = 2;
const MOST_EXTENSIONS = 8;
/** Up to here an EtherType is a length (IEEE 802.3, 3.2.6). */
const LONGEST_LENGTH = 1500;

/**
 * Reads the headers of a frame, its first bytes or all of it.
 *
 * @param at where the Ethernet frame begins, for one inside another
 * @returns undefined when there is no whole Ethernet header
 */
export function headersOf(bytes: Uint8Array, at = 0): Headers | undefined {
  if (bytes.length - at < 14) return undefined;
  let type = word(bytes, at + 12);
  let behind = at + 14;
  const vlans: number[] = [];
  while ((type === ETHERTYPE.vlan || type === ETHERTYPE.provider) && vlans.length < MOST_TAGS) {
    if (bytes.length < behind + 4) break;
    vlans.push(word(bytes, behind) & 0xfff);
    type = word(bytes, behind + 2);
    behind += 4;
  }
  let end = bytes.length;
  if (type <= LONGEST_LENGTH && isSnap(bytes, behind)) {
    end = Math.min(end, behind + type);
    type = word(bytes, behind + 6);
    behind += 8;
  }
  const headers: Draft = {
    macSource: mac(bytes, at + 6),
    macDestination: mac(bytes, at),
    vlans,
    etherType: type,
    payload: { from: Math.min(behind, end), to: end },
  };
  if (type === ETHERTYPE.ipv4) ipv4(headers, bytes, behind, end);
  else if (type === ETHERTYPE.ipv6) ipv6(headers, bytes, behind, end);
  else if (type === ETHERTYPE.arp) arp(headers, bytes, behind, end);
  return headers;
}

/** An EtherType in an IEEE 802.3 frame (RFC 1042): LLC's AA AA 03, and no organisation. */
const isSnap = (bytes: Uint8Array, at: number): boolean =>
  bytes.length >= at + 8 && ipv4At(bytes, at) === 0xaaaa0300 && word(bytes, at + 4) === 0;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** As formatMac, without an array for each. */
const mac = (bytes: Uint8Array, at: number): string =>
  `${DIGITS[bytes[at]!]}:${DIGITS[bytes[at + 1]!]}:${DIGITS[bytes[at + 2]!]}:${DIGITS[bytes[at + 3]!]}:${DIGITS[bytes[at + 4]!]}:${DIGITS[bytes[at + 5]!]}`;

function arp(headers: Draft, bytes: Uint8Array, at: number, limit: number): void {
  // Ethernet and IPv4, and the lengths of their addresses.
  if (limit < at + 28 || ipv4At(bytes, at) !== 0x00010800 || word(bytes, at + 4) !== 0x0604) return;
  headers.arp = {
    operation: word(bytes, at + 6),
    senderMac: mac(bytes, at + 8),
    sender: formatIpv4(ipv4At(bytes, at + 14)),
    targetMac: mac(bytes, at + 18),
    target: formatIpv4(ipv4At(bytes, at + 24)),
  };
}

function ipv4(headers: Draft, bytes: Uint8Array, at: number, limit: number): void {
  if (limit < at + 20 || bytes[at]! >> 4 !== 4) return;
  const headerBytes = (bytes[at]! & 15) * 4;
  const total = word(bytes, at + 2);
  if (headerBytes < 20 || total < headerBytes) return;
  const fragment = word(bytes, at + 6);
  headers.network = at;
  headers.source = formatIpv4(ipv4At(bytes, at + 12));
  headers.destination = formatIpv4(ipv4At(bytes, at + 16));
  headers.protocol = bytes[at + 9]!;
  headers.ttl = bytes[at + 8]!;
  headers.identification = word(bytes, at + 4);
  headers.fragmentOffset = (fragment & 0x1fff) * 8;
  headers.moreFragments = (fragment & 0x2000) !== 0;
  headers.checksumIp = word(bytes, at + 10);
  transport(headers, bytes, at + headerBytes, Math.min(limit, at + total));
}

function ipv6(headers: Draft, bytes: Uint8Array, at: number, limit: number): void {
  if (limit < at + 40 || bytes[at]! >> 4 !== 6) return;
  const end = Math.min(limit, at + 40 + word(bytes, at + 4));
  headers.network = at;
  headers.source = formatIpv6(bytes, at + 8);
  headers.destination = formatIpv6(bytes, at + 24);
  headers.ttl = bytes[at + 7]!;
  headers.fragmentOffset = 0;
  headers.moreFragments = false;
  let protocol = bytes[at + 6]!;
  let behind = at + 40;
  for (let count = 0; isExtension(protocol) && behind + 8 <= end && count < MOST_EXTENSIONS; count++) {
    const fragment = protocol === 44;
    if (fragment) {
      headers.fragmentOffset = word(bytes, behind + 2) & 0xfff8;
      headers.moreFragments = (bytes[behind + 3]! & 1) !== 0;
      headers.identification = ipv4At(bytes, behind + 4);
    }
    protocol = bytes[behind]!;
    behind += fragment ? 8 : 8 * (bytes[behind + 1]! + 1);
    if (headers.fragmentOffset > 0) break;
  }
  headers.protocol = protocol;
  transport(headers, bytes, behind, end);
}

/** Hop-by-hop options, routing, fragment, destination options (RFC 8200, 4). */
const isExtension = (protocol: number): boolean =>
  protocol === 0 || protocol === 43 || protocol === 44 || protocol === 60;

function transport(headers: Draft, bytes: Uint8Array, at: number, end: number): void {
  const from = Math.min(at, end);
  headers.payload = { from, to: end };
  if (headers.fragmentOffset !== 0) return;
  headers.transport = from;
  const { protocol } = headers;
  if (protocol === PROTOCOL.tcp) tcp(headers, bytes, at, end);
  else if (protocol === PROTOCOL.udp) udp(headers, bytes, at, end);
  else if (protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6) icmp(headers, bytes, at, end);
}

function tcp(headers: Draft, bytes: Uint8Array, at: number, end: number): void {
  if (end >= at + 4) ports(headers, bytes, at);
  if (end < at + 20) return;
  headers.tcp = {
    sequence: ipv4At(bytes, at + 4),
    acknowledgement: ipv4At(bytes, at + 8),
    flags: bytes[at + 13]!,
    window: word(bytes, at + 14),
  };
  headers.checksumTransport = word(bytes, at + 16);
  headers.payload = { from: Math.min(end, at + Math.max(20, (bytes[at + 12]! >> 4) * 4)), to: end };
}

function udp(headers: Draft, bytes: Uint8Array, at: number, end: number): void {
  if (end >= at + 4) ports(headers, bytes, at);
  if (end < at + 8) return;
  headers.checksumTransport = word(bytes, at + 6);
  const length = word(bytes, at + 4);
  headers.payload = { from: at + 8, to: length < 8 ? end : Math.min(end, at + length) };
}

function ports(headers: Draft, bytes: Uint8Array, at: number): void {
  headers.sourcePort = word(bytes, at);
  headers.destinationPort = word(bytes, at + 2);
}

function icmp(headers: Draft, bytes: Uint8Array, at: number, end: number): void {
  if (end < at + 8) return;
  const type = bytes[at]!;
  const echo = headers.protocol === PROTOCOL.icmp ? type === 0 || type === 8 : type === 128 || type === 129;
  headers.icmp = {
    type,
    code: bytes[at + 1]!,
    ...(echo && { id: word(bytes, at + 4), seq: word(bytes, at + 6) }),
  };
  headers.checksumTransport = word(bytes, at + 2);
  headers.payload = { from: at + 8, to: end };
}

/** Where the Ethernet frame begins that a frame carries in VXLAN or GRE; undefined where it carries none. */
export function encapsulated(bytes: Uint8Array, { protocol, destinationPort, payload }: Headers): number | undefined {
  const { from, to } = payload;
  let at: number | undefined;
  if (protocol === PROTOCOL.udp && (destinationPort === PORT.vxlan || destinationPort === PORT.vxlanLinux))
    at = from + 8;
  if (protocol === PROTOCOL.gre && to - from >= 4 && word(bytes, from + 2) === ETHERTYPE.bridging) {
    const flags = word(bytes, from);
    if ((flags & 0x4007) === 0) at = from + 4 + [0x8000, 0x2000, 0x1000].filter((bit) => flags & bit).length * 4;
  }
  return at !== undefined && at + 14 <= to ? at : undefined;
}

/**
 * What a frame belongs to: the same text for both directions of one conversation, other texts for others. Of ARP the two
 * addresses, of IP the endpoints and the protocol, of anything else the MAC addresses and the type; with the VLAN.
 */
export function flowKey(headers: Headers): string {
  const { vlans, arp, source, destination, protocol, icmp, etherType } = headers;
  const vlan = vlans.length > 0 ? `vlan ${vlans.join(".")} ` : "";
  if (arp) return `${vlan}arp ${pair(arp.sender, arp.target)}`;
  if (source === undefined || destination === undefined) {
    return `${vlan}${hex(etherType)} ${pair(headers.macSource, headers.macDestination)}`;
  }
  if (headers.sourcePort !== undefined) {
    return `${vlan}${protocol} ${pair(`${source} ${headers.sourcePort}`, `${destination} ${headers.destinationPort}`)}`;
  }
  return `${vlan}${protocol} ${pair(source, destination)}${icmp?.id === undefined ? "" : ` id ${icmp.id}`}`;
}

const pair = (one: string, other: string): string => (one < other ? `${one} ${other}` : `${other} ${one}`);

/** A field that differs between two sightings of a packet. */
export interface HeaderChange {
  readonly field: FieldKey;
  readonly before: string;
  readonly after: string;
}

const FIELDS: readonly (readonly [FieldKey, (headers: Headers) => string | undefined])[] = [
  ["mac-source", ({ macSource }) => macSource],
  ["mac-destination", ({ macDestination }) => macDestination],
  ["vlan", ({ vlans }) => (vlans.length > 0 ? vlans.join(".") : "none")],
  ["ttl", ({ ttl }) => numberText(ttl)],
  ["address-source", ({ source }) => source],
  ["address-destination", ({ destination }) => destination],
  ["port-source", ({ sourcePort }) => numberText(sourcePort)],
  ["port-destination", ({ destinationPort }) => numberText(destinationPort)],
  ["icmp-id", ({ icmp }) => numberText(icmp?.id)],
  ["checksum-ip", ({ checksumIp }) => checksumText(checksumIp)],
  ["checksum-transport", ({ checksumTransport }) => checksumText(checksumTransport)],
];

const numberText = (value: number | undefined) => (value === undefined ? undefined : String(value));
const checksumText = (value: number | undefined) => (value === undefined ? undefined : hex(value));

/** What is different in `after`, of the fields both have; a frame without a tag is in VLAN `none`. */
export function headerChanges(before: Headers, after: Headers): readonly HeaderChange[] {
  const changes: HeaderChange[] = [];
  for (const [field, read] of FIELDS) {
    const [one, other] = [read(before), read(after)];
    if (one !== undefined && other !== undefined && one !== other) changes.push({ field, before: one, after: other });
  }
  return changes;
}

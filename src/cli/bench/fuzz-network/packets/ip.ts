import {
  type Endpoints,
  formatIpv6,
  icmpEcho,
  icmpError,
  icmpv6Echo,
  ipv4,
  ipv6,
  PROTOCOL,
} from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { discovery } from "./discovery.ts";
import { hex, ipv4Address, ipv6Bytes, type Made, someBytes, word } from "./made.ts";
import { tcpSegment, udpDatagram } from "./transport.ts";
import { grePacket } from "./tunnels.ts";

/** Router alert (RFC 2113), a record route with room for two, and no operations. */
const OPTIONS = [
  Uint8Array.of(),
  Uint8Array.of(148, 4, 0, 0),
  Uint8Array.of(1, 7, 11, 8, 10, 0, 0, 1, 0, 0, 0, 0),
  Uint8Array.of(1, 1, 1),
];

export function ipv4Packet(random: Random, depth: number): Made {
  const endpoints = { source: ipv4Address(random), destination: ipv4Address(random) };
  const { protocol, made } = carried4(random, depth, endpoints);
  const [ttl, identification] = [1 + random.below(255), word(random)];
  const dontFragment = random.chance(2);
  const fragment = fragmentOf(random, made.bytes.length);
  const bytes = ipv4({
    ...endpoints,
    protocol,
    ttl,
    identification,
    dontFragment,
    tos: random.below(256),
    options: random.chance(4) ? random.pick(OPTIONS) : undefined,
    moreFragments: fragment.more,
    fragmentOffset: fragment.from,
    payload: made.bytes.subarray(fragment.from, fragment.to),
  });
  const fields = {
    TTL: String(ttl),
    Identification: hex(identification),
    Source: endpoints.source,
    Destination: endpoints.destination,
    Flags: [dontFragment && "DF", fragment.more && "MF"].filter(Boolean).join(", ") || "none",
    "Fragment offset": String(fragment.from),
  };
  const behind = fragment.whole ? made.expected : [];
  return { bytes, expected: [{ layer: "ipv4", fields }, ...behind], whole: fragment.whole && made.whole };
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly more: boolean;
  readonly whole: boolean;
}

/** Mostly all of it, now and then one fragment. */
function fragmentOf(random: Random, length: number): Part {
  if (length < 17 || !random.chance(10)) return { from: 0, to: length, more: false, whole: true };
  const middle = 8 * (1 + random.below(Math.floor((length - 1) / 8)));
  const first = random.chance(2);
  return { from: first ? 0 : middle, to: first ? middle : length, more: first, whole: false };
}

function carried4(random: Random, depth: number, endpoints: Endpoints): { protocol: number; made: Made } {
  const kind = random.below(depth < 3 ? 12 : 8);
  if (kind < 2) return { protocol: PROTOCOL.icmp, made: echo(random) };
  if (kind === 2) return { protocol: PROTOCOL.icmp, made: error(random, depth) };
  if (kind < 6) return { protocol: PROTOCOL.tcp, made: tcpSegment(random, endpoints) };
  if (kind === 11) return { protocol: PROTOCOL.gre, made: grePacket(random, depth) };
  return { protocol: PROTOCOL.udp, made: udpDatagram(random, depth, endpoints) };
}

function echo(random: Random): Made {
  const message = { reply: random.chance(2), id: word(random), seq: word(random), data: someBytes(random) };
  return { bytes: icmpEcho(message), expected: [{ layer: "icmp", fields: echoFields(message) }], whole: true };
}

const echoFields = ({ id, seq }: { readonly id: number; readonly seq: number }) => ({
  Identifier: String(id),
  "Sequence number": String(seq),
});

/** Quotes a packet, or only its first bytes. */
function error(random: Random, depth: number): Made {
  const about = ipv4Packet(random, Math.max(depth, 3));
  const [type, code, words] = random.pick([
    [3, 1, "host unreachable (1)"],
    [3, 3, "port unreachable (3)"],
    [11, 0, "TTL exceeded in transit (0)"],
    [5, 1, "for the host (1)"],
  ] as const);
  const header = (about.bytes[0]! & 15) * 4;
  const bytes = icmpError(type, code, random.chance(2) ? about.bytes.subarray(0, header + 8) : about.bytes);
  const quotation = about.expected.slice(0, 1);
  return { bytes, expected: [{ layer: "icmp", fields: { Code: words } }, ...quotation], whole: true };
}

export function ipv6Packet(random: Random, depth: number): Made {
  const [source, destination] = [formatIpv6(ipv6Bytes(random)), formatIpv6(ipv6Bytes(random))];
  const { protocol, made } = carried6(random, depth, { source, destination });
  const hopLimit = 1 + random.below(255);
  const extensions = random.chance(4) ? [{ protocol: random.pick([0, 60] as const), body: new Uint8Array(6) }] : [];
  const part = fragmentOf(random, made.bytes.length);
  const fragment = part.whole ? undefined : { offset: part.from, more: part.more, identification: random.word() };
  const bytes = ipv6({
    source,
    destination,
    protocol,
    hopLimit,
    trafficClass: random.below(256),
    flowLabel: random.below(1 << 20),
    extensions,
    fragment,
    payload: made.bytes.subarray(part.from, part.to),
  });
  const fields = { Source: source, Destination: destination, "Hop limit": String(hopLimit) };
  const behind = part.whole ? made.expected : [];
  return { bytes, expected: [{ layer: "ipv6", fields }, ...behind], whole: part.whole && made.whole };
}

function carried6(random: Random, depth: number, endpoints: Endpoints): { protocol: number; made: Made } {
  const kind = random.below(8);
  if (kind === 0) {
    const message = { reply: random.chance(2), id: word(random), seq: word(random), data: someBytes(random) };
    const expected = [{ layer: "icmpv6", fields: echoFields(message) } as const];
    return { protocol: PROTOCOL.icmpv6, made: { bytes: icmpv6Echo(message, endpoints), expected, whole: true } };
  }
  if (kind < 3) return { protocol: PROTOCOL.icmpv6, made: discovery(random, endpoints) };
  if (kind < 5) return { protocol: PROTOCOL.tcp, made: tcpSegment(random, endpoints) };
  return { protocol: PROTOCOL.udp, made: udpDatagram(random, depth, endpoints) };
}

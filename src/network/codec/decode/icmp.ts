import { hex, named } from "../numbers.ts";
import { checkedPlace } from "./checks.ts";
import { ipv4 } from "./ipv4.ts";
import { type LayerReader, MOST_DEPTH, type Place, type Reading } from "./reading.ts";
import { hexText, ipv4Text } from "./texts.ts";

/** Farther than any quoted packet reaches: its own lengths say where it ended, the quotation does not. */
const UNKNOWN_END = 65_535;

const TYPES = {
  0: "echo reply",
  3: "destination unreachable",
  4: "source quench",
  5: "redirect",
  8: "echo request",
  9: "router advertisement",
  10: "router solicitation",
  11: "time exceeded",
  12: "parameter problem",
  13: "timestamp request",
  14: "timestamp reply",
  17: "address mask request",
  18: "address mask reply",
};

const FRAGMENTATION_NEEDED = 4;

/** RFC 792; of unreachable also RFC 1122, 3.2.2.1 and RFC 1812, 5.2.7.1. */
const CODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  3: {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    5: "source route failed",
    6: "network unknown",
    7: "host unknown",
    8: "source host isolated",
    9: "network prohibited",
    10: "host prohibited",
    11: "network unreachable for this service",
    12: "host unreachable for this service",
    13: "communication prohibited",
    14: "host precedence violation",
    15: "precedence cutoff",
  },
  5: { 0: "for the network", 1: "for the host", 2: "for the service and network", 3: "for the service and host" },
  11: { 0: "TTL exceeded in transit", 1: "fragment reassembly time exceeded" },
  12: { 0: "pointer indicates the error", 1: "required option missing", 2: "bad length" },
};

/** Those that have an identifier and a sequence number. */
const QUERIES: ReadonlySet<number> = new Set([0, 8, 13, 14, 17, 18]);
const QUOTING: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

/** RFC 792. */
export function icmp(reading: Reading, place: Place): void {
  const layer = reading.open("icmp", place);
  const type = layer.byte("Type", (value) => named(TYPES, value));
  const code = layer.byte("Code", (value) => named(CODES[type] ?? {}, value));
  const check = checkedPlace(layer.bytes, layer.at, place);
  layer.word("Checksum", (value) => hex(value), { key: "checksum-transport", check });
  rest(layer, type, code);
  const inner = layer.carries();
  if (layer.whole && QUOTING.has(type)) quoted(reading, inner, (packet) => ipv4(reading, packet));
  else reading.payload(inner);
}

/** The four bytes behind the checksum, which each type has its own use for, and what else is fixed. */
function rest(layer: LayerReader, type: number, code: number): void {
  if (QUERIES.has(type)) {
    layer.word("Identifier", String, { key: "icmp-id" });
    layer.word("Sequence number");
  } else if (type === 5) layer.take("Gateway", 4, ipv4Text);
  else if (type === 3 && code === FRAGMENTATION_NEEDED) {
    layer.word("Unused", (value) => hex(value));
    layer.word("MTU of next hop");
  } else if (type === 12) {
    layer.byte("Pointer");
    layer.take("Unused", 3, hexText(3));
  } else layer.long("Unused", (value) => hex(value, 8));
  if (type === 13 || type === 14) {
    for (const name of ["Originate timestamp", "Receive timestamp", "Transmit timestamp"]) layer.long(name);
  }
}

/** The packet an error is about: its header, and of what it carried often only 8 bytes (RFC 792). */
export function quoted(reading: Reading, place: Place, read: (packet: Place) => void): void {
  const here = Math.min(place.here, place.end);
  if (here <= place.at) return;
  if (place.depth >= MOST_DEPTH) {
    reading.payload(place);
    return;
  }
  read({ at: place.at, end: place.at + UNKNOWN_END, here, depth: place.depth + 1, quoted: true, partial: true });
}

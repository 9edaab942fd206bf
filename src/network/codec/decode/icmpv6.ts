import { formatIpv6 } from "../address.ts";
import { hex, named, PROTOCOL } from "../numbers.ts";
import { discoveryOptions } from "./discovery.ts";
import { quoted } from "./icmp.ts";
import { ipv6 } from "./ipv6.ts";
import type { LayerReader, Place, Reading } from "./reading.ts";
import { type IpContext, transportCheck } from "./transport.ts";

const TYPES = {
  1: "destination unreachable",
  2: "packet too big",
  3: "time exceeded",
  4: "parameter problem",
  128: "echo request",
  129: "echo reply",
  130: "multicast listener query",
  131: "multicast listener report",
  132: "multicast listener done",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbour solicitation",
  136: "neighbour advertisement",
  137: "redirect",
  143: "multicast listener report v2",
};

/** RFC 4443, 3. */
const CODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: {
    0: "no route to destination",
    1: "communication prohibited",
    2: "beyond scope of source address",
    3: "address unreachable",
    4: "port unreachable",
    5: "source address failed policy",
    6: "reject route to destination",
  },
  3: { 0: "hop limit exceeded in transit", 1: "fragment reassembly time exceeded" },
  4: { 0: "erroneous header field", 1: "unrecognised next header", 2: "unrecognised IPv6 option" },
};

/** Types below are errors, and quote (RFC 4443, 2.1). */
const FIRST_QUERY = 128;
const MOST_RECORDS = 64;

/** RFC 4443; neighbour discovery: RFC 4861; multicast listeners: RFC 2710, RFC 3810. */
export function icmpv6(reading: Reading, place: Place, ip: IpContext): void {
  const layer = reading.open("icmpv6", place);
  const type = layer.byte("Type", (value) => named(TYPES, value));
  layer.byte("Code", (value) => named(CODES[type] ?? {}, value));
  const check = transportCheck(layer.bytes, layer.at, place, ip, PROTOCOL.icmpv6);
  layer.word("Checksum", (value) => hex(value), { key: "checksum-transport", check });
  message(layer, type);
  const inner = layer.carries();
  if (layer.whole && type < FIRST_QUERY) quoted(reading, inner, (packet) => ipv6(reading, packet));
  else reading.payload(inner);
}

/** What each type has behind the checksum. */
function message(layer: LayerReader, type: number): void {
  if (type === 2) layer.long("MTU");
  else if (type === 4) layer.long("Pointer");
  else if (type === 128 || type === 129) {
    layer.word("Identifier", String, { key: "icmp-id" });
    layer.word("Sequence number");
  } else if (type >= 130 && type <= 132) {
    layer.word("Maximum response delay", (value) => `${value} ms`);
    layer.word("Reserved", (value) => hex(value));
    layer.take("Multicast address", 16, formatIpv6);
  } else if (type >= 133 && type <= 137) {
    discovery(layer, type);
    discoveryOptions(layer);
  } else if (type === 143) listenerReport(layer);
  else layer.long("Unused", (value) => hex(value, 8));
}

/** What messages of neighbour discovery have before their options (RFC 4861, 4). */
function discovery(layer: LayerReader, type: number): void {
  if (type === 134) routerAdvertisement(layer);
  else if (type === 136) layer.long("Flags", (value) => flags(value >>> 29, ["override", "solicited", "router"]));
  else layer.long("Reserved", (value) => hex(value, 8));
  if (type >= 135) layer.take("Target", 16, formatIpv6);
  if (type === 137) layer.take("Destination", 16, formatIpv6);
}

/** RFC 4861, 4.2. */
function routerAdvertisement(layer: LayerReader): void {
  layer.byte("Hop limit");
  layer.byte("Flags", (value) => flags(value >>> 6, ["other", "managed"]));
  layer.word("Router lifetime", (value) => `${value} s`);
  layer.long("Reachable time", (value) => `${value} ms`);
  layer.long("Retransmission timer", (value) => `${value} ms`);
}

/** RFC 3810, 5.2. */
function listenerReport(layer: LayerReader): void {
  layer.word("Reserved", (value) => hex(value));
  const records = layer.word("Records");
  for (let index = 0; index < Math.min(records, MOST_RECORDS) && layer.whole; index++) {
    const { at } = layer;
    const type = layer.read(1);
    const auxiliary = layer.read(1);
    const sources = layer.read(2);
    layer.take("Multicast address", 16, formatIpv6);
    layer.field("Record type", at, at + 1, named(RECORDS, type));
    if (layer.has(16 * sources + 4 * auxiliary)) layer.at += 16 * sources + 4 * auxiliary;
  }
  if (records > MOST_RECORDS) layer.stop("more than is read here");
}

const RECORDS = {
  1: "is include",
  2: "is exclude",
  3: "change to include",
  4: "change to exclude",
  5: "allow new sources",
  6: "block old sources",
};

/** Names of the bits that are set, the highest first. @param names from bit 0 on */
const flags = (bits: number, names: readonly string[]): string =>
  names
    .filter((_, bit) => bits & (1 << bit))
    .reverse()
    .join(", ") || "none";

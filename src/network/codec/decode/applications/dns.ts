import { word } from "../../../headers.ts";
import { formatIpv6, ipv4At } from "../../address.ts";
import { readName } from "../../messages/dns.ts";
import { hex, named } from "../../numbers.ts";
import type { LayerReader, Place, Reading } from "../reading.ts";
import { hexText, ipv4Text } from "../texts.ts";

/** Far more than a message on these wires has. */
const MOST_RECORDS = 128;
const MOST_TEXT = 256;

const OPCODES = { 0: "query", 1: "inverse query", 2: "status", 4: "notify", 5: "update" };
const RCODES = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
};
const TYPES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  13: "HINFO",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  41: "OPT",
  64: "SVCB",
  65: "HTTPS",
  252: "AXFR",
  255: "ANY",
};
const CLASSES: Readonly<Record<number, string>> = { 1: "IN", 3: "CH", 255: "ANY" };
/** Of RFC 1035, 4.1.1 and RFC 4035, 3.2 (AD, CD), from bit 4 on. */
const FLAGS = ["CD", "AD", "Z", "RA", "RD", "TC", "AA"];
const SECTIONS = ["Question", "Answer", "Authority", "Additional"];
const OPT = 41;

/** A message in a UDP datagram (RFC 1035, 4). */
export function dns(reading: Reading, place: Place): void {
  message(reading, reading.open("dns", place), place);
}

/** A message in one TCP segment, its length before it (RFC 1035, 4.2.2); parts of messages are left as bytes. */
export function dnsOverTcp(reading: Reading, place: Place): void {
  const here = Math.min(place.here, place.end);
  const length = here - place.at >= 2 ? word(reading.bytes, place.at) : 0;
  const end = place.at + 2 + length;
  if (length < 12 || end > place.end) {
    reading.payload(place);
    return;
  }
  const layer = reading.open("dns", { ...place, end });
  layer.word("Length");
  message(reading, layer, place);
}

/** @param outer what the message may be followed by more of */
function message(reading: Reading, layer: LayerReader, outer: Place): void {
  const base = layer.at;
  layer.word("Transaction ID", (value) => hex(value));
  const { at } = layer;
  const flags = layer.read(2);
  layer.field("Kind", at, at + 1, flags & 0x8000 ? "response" : "query");
  layer.field("Opcode", at, at + 1, named(OPCODES, (flags >> 11) & 15));
  const set = FLAGS.filter((_, bit) => flags & (0x10 << bit)).reverse();
  layer.field("Flags", at, at + 2, set.join(", ") || "none");
  if (flags & 0x8000) layer.field("Response code", at + 1, at + 2, named(RCODES, flags & 15));
  const counts = ["Questions", "Answers", "Authorities", "Additionals"].map((name) => layer.word(name));
  let left = MOST_RECORDS;
  for (const [section, count] of counts.entries()) {
    for (let index = 0; index < count && layer.whole; index++) {
      if (left-- === 0) layer.stop("more than is read here");
      else if (section === 0) question(layer, base);
      else record(layer, base, SECTIONS[section]!);
    }
  }
  const { at: end } = layer;
  reading.payload(layer.carries(), layer.whole ? "Surplus" : "Data");
  if (layer.place.end < outer.end && layer.place.end >= end) reading.rest(layer.place.end, outer, "Data");
}

/** Reads a name. @returns undefined, and reading stops, when it is none */
function name(layer: LayerReader, base: number): string | undefined {
  const { place } = layer;
  const found = readName(layer.bytes, base, layer.at, layer.at + layer.left);
  if (!layer.whole || !found) {
    if (layer.whole && place.end > place.here) layer.stopShort();
    else if (layer.whole) layer.stop("a name that cannot be");
    return undefined;
  }
  layer.at = found.end;
  return found.text;
}

/** `example.org A`. */
function question(layer: LayerReader, base: number): void {
  const { at } = layer;
  const asked = name(layer, base);
  const type = layer.read(2);
  const dnsClass = layer.read(2);
  if (layer.whole) layer.field("Question", at, layer.at, `${asked} ${typeText(type)}${classText(dnsClass)}`);
}

const typeText = (type: number): string => TYPES[type] ?? `TYPE${type}`;
/** The Internet's class is not said. */
const classText = (value: number): string => (value === 1 ? "" : ` ${CLASSES[value] ?? `CLASS${value}`}`);

/** `example.org A 10.0.0.1`, with its TTL beside it. */
function record(layer: LayerReader, base: number, section: string): void {
  const { at } = layer;
  const owner = name(layer, base);
  const type = layer.read(2);
  const dnsClass = layer.read(2);
  const ttl = layer.read(4);
  const length = layer.read(2);
  if (!layer.has(length)) return;
  const from = layer.at;
  layer.at += length;
  const data =
    type === OPT ? hexText(length)(layer.bytes, from) : dataText(layer.bytes, base, type, from, from + length);
  if (data === undefined) layer.mark("a length that does not fit");
  const said = data ?? hexText(length)(layer.bytes, from);
  if (type === OPT)
    layer.field(section, at, layer.at, `${owner} OPT${said && ` ${said}`}`, { note: `UDP payload ${dnsClass}` });
  else
    layer.field(section, at, layer.at, `${owner} ${typeText(type)}${classText(dnsClass)} ${said}`, {
      note: `TTL ${ttl} s`,
    });
}

/** What a record says (RFC 1035, 3.3; RFC 3596; RFC 2782). @returns undefined when the bytes cannot be that */
function dataText(bytes: Uint8Array, base: number, type: number, from: number, to: number): string | undefined {
  const named = (at: number) => readName(bytes, base, at, to);
  const last = (at: number) => {
    const found = named(at);
    return found?.end === to ? found.text : undefined;
  };
  switch (TYPES[type]) {
    case "A":
      return to - from === 4 ? ipv4Text(bytes, from) : undefined;
    case "AAAA":
      return to - from === 16 ? formatIpv6(bytes, from) : undefined;
    case "NS":
    case "CNAME":
    case "PTR":
      return last(from);
    case "MX":
      return prefixed(bytes, from, to, 1, last);
    case "SRV":
      return prefixed(bytes, from, to, 3, last);
    case "TXT":
      return texts(bytes, from, to);
    case "SOA": {
      const primary = named(from);
      const mailbox = primary && named(primary.end);
      if (!mailbox || mailbox.end + 20 !== to) return undefined;
      const numbers = [0, 4, 8, 12, 16].map((offset) => ipv4At(bytes, mailbox.end + offset));
      return [primary.text, mailbox.text, ...numbers].join(" ");
    }
    default:
      return hexText(to - from)(bytes, from);
  }
}

/** Numbers of 16 bits, then a name. */
function prefixed(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
  last: (at: number) => string | undefined,
): string | undefined {
  const target = from + 2 * count < to ? last(from + 2 * count) : undefined;
  const numbers = Array.from({ length: count }, (_, index) => word(bytes, from + 2 * index));
  return target === undefined ? undefined : [...numbers, target].join(" ");
}

/** Character strings in quotation marks, as zone files have them (RFC 1035, 5.1). */
function texts(bytes: Uint8Array, from: number, to: number): string | undefined {
  const found: string[] = [];
  for (let at = from; at < to; ) {
    const next = at + 1 + bytes[at]!;
    if (next > to) return undefined;
    found.push(`"${Array.from(bytes.subarray(at + 1, next), quotedByte).join("")}"`);
    at = next;
  }
  const text = found.join(" ");
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

function quotedByte(byte: number): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
}

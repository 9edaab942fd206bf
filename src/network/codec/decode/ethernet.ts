import { ETHERTYPE, etherTypeText, hex, named } from "../numbers.ts";
import { arp } from "./arp.ts";
import { ipv4 } from "./ipv4.ts";
import { ipv6 } from "./ipv6.ts";
import type { LayerReader, Place, Reading } from "./reading.ts";
import { macText } from "./texts.ts";

/** Tags that are read: a customer's inside a provider's (IEEE 802.1Q, 9.6). */
const MOST_TAGS = 2;
/** Up to here the field is a length, from 0x0600 on a type (IEEE 802.3, 3.2.6). */
const LONGEST_LENGTH = 1500;
const LEAST_TYPE = 0x0600;
/** A service access point of SNAP (IEEE 802, 9.4.2). */
const SNAP = 0xaa;

const SAP_NAMES = { 66: "Spanning tree", 170: "SNAP", 224: "IPX", 254: "ISO network layer" };

/** Ethernet II, IEEE 802.3 with LLC, and what is in them. */
export function ethernet(reading: Reading, place: Place): void {
  const layer = reading.open("ethernet", place);
  layer.take("Destination", 6, macText, { key: "mac-destination" });
  layer.take("Source", 6, macText, { key: "mac-source" });
  typed(reading, layer, 0);
}

/** The two bytes that are a type or a length, at the end of an Ethernet header or of a tag. */
function typed(reading: Reading, layer: LayerReader, tags: number): void {
  const { at } = layer;
  const type = layer.read(2);
  if (!layer.whole) {
    reading.payload(layer.carries());
    return;
  }
  if (type <= LONGEST_LENGTH) {
    layer.field("Length", at, at + 2, String(type));
    lengthed(reading, layer, type);
    return;
  }
  layer.field(
    "Type",
    at,
    at + 2,
    etherTypeText(type),
    type < LEAST_TYPE ? { note: "neither a length nor a type" } : {},
  );
  const inner = layer.carries();
  if ((type === ETHERTYPE.vlan || type === ETHERTYPE.provider) && tags < MOST_TAGS) tag(reading, inner, tags + 1);
  else network(reading, inner, type);
}

/** A tag's control information, and the type behind it (IEEE 802.1Q, 9.6). */
function tag(reading: Reading, place: Place, tags: number): void {
  const layer = reading.open("vlan", place);
  const { at } = layer;
  const control = layer.read(2);
  layer.field("PCP", at, at + 1, String(control >> 13));
  layer.field("DEI", at, at + 1, String((control >> 12) & 1));
  layer.field("VID", at, at + 2, String(control & 0xfff), { key: "vlan" });
  typed(reading, layer, tags);
}

/** IEEE 802.2: the length is the payload's, LLC included; a short frame is padded behind it. */
function lengthed(reading: Reading, layer: LayerReader, length: number): void {
  const { place } = layer;
  const end = layer.at + length;
  if (end > place.end) layer.mark("a length that does not fit");
  const logical = Math.min(end, place.end);
  const sap = (value: number) => named(SAP_NAMES, value, hex(value, 2));
  const type = logical - layer.at >= 3 ? llc(layer, sap, logical) : undefined;
  const inner = layer.carries(logical);
  if (type === undefined) reading.payload(inner);
  else network(reading, inner, type);
  reading.rest(logical, place, "Padding");
}

/** @param end of what the length covers  @returns the EtherType that SNAP names, if it does (IEEE 802, 9.5) */
function llc(layer: LayerReader, sap: (value: number) => string, end: number): number | undefined {
  const destination = layer.byte("DSAP", sap);
  const source = layer.byte("SSAP", sap);
  const control = layer.byte("Control", (value) => hex(value, 2));
  if (destination !== SNAP || source !== SNAP || control !== 3 || end - layer.at < 5 || layer.left < 5)
    return undefined;
  const { at } = layer;
  layer.at += 3;
  const organisation = [0, 1, 2].map((index) => hex(layer.bytes[at + index]!, 2).slice(2)).join(":");
  layer.field("Organisation", at, at + 3, organisation);
  const type = layer.word("Type", etherTypeText);
  return organisation === "00:00:00" ? type : undefined;
}

/** What has an EtherType. */
export function network(reading: Reading, place: Place, type: number): void {
  if (type === ETHERTYPE.ipv4) ipv4(reading, place);
  else if (type === ETHERTYPE.ipv6) ipv6(reading, place);
  else if (type === ETHERTYPE.arp) arp(reading, place);
  else reading.payload(place);
}

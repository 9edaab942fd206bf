/** Whether a frame can enter a link: what it says of itself is true, and its pieces fit. Nothing is cut or summed here. */
import { ETHERNET_BYTES, ETHERTYPE, VLAN_BYTES, word } from "../headers.ts";
import type { Frame } from "../link.ts";
import { checksumPlace, segmentParts } from "../offload.ts";

/** The largest IPv6 packet without jumbograms (RFC 8200, 3), in an Ethernet frame with two tags. */
const LARGEST_SEGMENT = ETHERNET_BYTES + 2 * VLAN_BYTES + 40 + 65_535;

/** @param mtu bytes of the largest IP packet: Ethernet header and up to two tags come on top (802.1Q, G.2.2) */
export function refusal(frame: Frame, mtu: number): "malformed" | "mtu" | undefined {
  const { bytes, checksum, segmentation } = frame;
  const { length } = bytes;
  if (length < ETHERNET_BYTES || (checksum === "partial" && !checksumHasPlace(frame))) return "malformed";
  if (segmentation) return segmentRefusal(frame, mtu);
  const most = mtu + ETHERNET_BYTES;
  return length > most && length > most + tagBytes(bytes) ? "mtu" : undefined;
}

function segmentRefusal(frame: Frame, mtu: number): "malformed" | "mtu" | undefined {
  if (frame.bytes.length > LARGEST_SEGMENT || !Number.isInteger(frame.segmentation!.size)) return "malformed";
  const parts = segmentParts(frame);
  if (typeof parts === "string") return "malformed";
  const { packet, payload } = parts;
  const longest = Math.min(payload + frame.segmentation!.size, packet.end);
  return longest - packet.network > mtu ? "mtu" : undefined;
}

function checksumHasPlace(frame: Frame): boolean {
  const { bytes, checksumFrom: from, checksumAt: at } = frame;
  if (from === undefined || at === undefined) return checksumPlace(bytes) !== undefined;
  return from >= 0 && from <= at && at + 2 <= bytes.length;
}

function tagBytes(bytes: Uint8Array): number {
  let tags = 0;
  while (tags < 2 && isTag(word(bytes, 12 + VLAN_BYTES * tags))) tags++;
  return VLAN_BYTES * tags;
}

const isTag = (type: number) => type === ETHERTYPE.vlan || type === ETHERTYPE.provider;

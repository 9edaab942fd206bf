import { ETHERTYPE, etherTypeText, hex } from "../numbers.ts";
import { checkedPlace } from "./checks.ts";
import { ethernet, network } from "./ethernet.ts";
import { MOST_DEPTH, type Place, type Reading } from "./reading.ts";
import { hexText } from "./texts.ts";

/** RFC 7348, 5. */
export function vxlan(reading: Reading, place: Place): void {
  const layer = reading.open("vxlan", place);
  const { at } = layer;
  const flags = layer.read(1);
  layer.field("Flags", at, at + 1, flags & 0x08 ? "I" : "none", { note: hex(flags, 2) });
  layer.take("Reserved", 3, hexText(3));
  const vni = layer.read(4);
  layer.field("VNI", at + 4, at + 7, String(vni >>> 8));
  layer.field("Reserved", at + 7, at + 8, hex(vni & 0xff, 2));
  const inner = layer.carries();
  if (layer.whole && place.depth < MOST_DEPTH && !place.quoted) ethernet(reading, { ...inner, depth: place.depth + 1 });
  else reading.payload(inner);
}

/** RFC 2784, 2.1; key and sequence number: RFC 2890, 2. */
export function gre(reading: Reading, place: Place): void {
  const layer = reading.open("gre", place);
  const { at, bytes } = layer;
  const flags = layer.read(2);
  const [checksum, key, sequence] = [0x8000, 0x2000, 0x1000].map((bit) => (flags & bit) !== 0);
  const names = [checksum && "checksum", key && "key", sequence && "sequence"].filter(Boolean);
  layer.field("Flags", at, at + 2, names.join(", ") || "none", { note: hex(flags) });
  const type = layer.word("Protocol type", etherTypeText);
  // Routing (RFC 1701) and PPTP's version 1 lay the rest out in other ways.
  if (layer.whole && (flags & 0x4007) !== 0) layer.stop("another version");
  if (checksum) {
    const check = checkedPlace(bytes, layer.at, place);
    layer.word("Checksum", (value) => hex(value), { check });
    layer.word("Reserved", (value) => hex(value));
  }
  if (key) layer.long("Key");
  if (sequence) layer.long("Sequence number");
  const inner = { ...layer.carries(), depth: place.depth + 1 };
  if (!layer.whole || place.depth >= MOST_DEPTH || place.quoted) reading.payload({ ...inner, depth: place.depth });
  else if (type === ETHERTYPE.bridging) ethernet(reading, inner);
  else network(reading, inner, type);
}

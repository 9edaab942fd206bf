import { word } from "../../headers.ts";
import { formatIpv6 } from "../address.ts";
import { hex, protocolText } from "../numbers.ts";
import type { LayerReader, Place, Reading } from "./reading.ts";
import { transport } from "./transport.ts";

const HEADER = 40;
/** Bytes of the longest payload without a jumbogram option. */
const LONGEST = 65_535;
/** Far more than any real packet has. */
const MOST_EXTENSIONS = 8;
const NAMES: Readonly<Record<number, string>> = {
  0: "Hop-by-hop options",
  43: "Routing header",
  60: "Destination options",
};
const EXTENSION = { hopByHop: 0, routing: 43, fragment: 44, destination: 60 } as const;

/** RFC 8200, 3, with the extension headers of 4. */
export function ipv6(reading: Reading, place: Place): void {
  const layer = reading.open("ipv6", place);
  const { at } = layer;
  const { payload, next } = fixedHeader(layer);
  const readHeader = layer.whole;
  const end = at + HEADER + payload;
  if (readHeader && end > place.end) layer.mark("a length that does not fit");
  const logical = readHeader ? Math.min(end, place.end) : place.end;
  const chain = extensions(layer, next, logical);
  if (!layer.whole) {
    reading.payload(layer.carries(logical));
    if (readHeader) reading.rest(logical, place, "Padding");
    return;
  }
  const inner = layer.carries(logical);
  if (chain.offset > 0) reading.payload(inner, "Fragment");
  else {
    const fragment = chain.more ? { end: at + HEADER + LONGEST, partial: true } : {};
    const ip = { addresses: at + 8, addressBytes: 16, routed: chain.routed } as const;
    transport(reading, { ...inner, ...fragment }, chain.protocol, ip);
  }
  reading.rest(logical, place, "Padding");
}

function fixedHeader(layer: LayerReader): { readonly payload: number; readonly next: number } {
  const { at } = layer;
  const first = layer.read(4);
  layer.field("Version", at, at + 1, String(first >>> 28));
  if (layer.whole && first >>> 28 !== 6) layer.stop("another version");
  layer.field("Traffic class", at, at + 2, hex((first >>> 20) & 0xff, 2));
  layer.field("Flow label", at + 1, at + 4, hex(first & 0xfffff, 5));
  const payload = layer.word("Payload length");
  const next = layer.byte("Next header", protocolText);
  layer.byte("Hop limit", String, { key: "ttl" });
  layer.take("Source", 16, formatIpv6, { key: "address-source" });
  layer.take("Destination", 16, formatIpv6, { key: "address-destination" });
  return { payload, next };
}

interface Chain {
  readonly protocol: number;
  readonly offset: number;
  readonly more: boolean;
  /** A routing header has segments left: the destination is not the last one, which checksums cover. */
  readonly routed: boolean;
}

function extensions(layer: LayerReader, first: number, end: number): Chain {
  let chain: Chain = { protocol: first, offset: 0, more: false, routed: false };
  for (let count = 0; layer.whole && isExtension(chain.protocol) && chain.offset === 0; count++) {
    if (count === MOST_EXTENSIONS) layer.stop("more than is read here");
    else if (layer.at + 8 > end) layer.stop("shorter than its header");
    else if (layer.has(8)) chain = extension(layer, chain, end);
  }
  return chain;
}

const isExtension = (protocol: number): boolean => Object.values<number>(EXTENSION).includes(protocol);

/** One extension header, whose first 8 bytes are here. */
function extension(layer: LayerReader, chain: Chain, end: number): Chain {
  const { at, bytes } = layer;
  const protocol = bytes[at]!;
  const next = `next header ${protocolText(protocol)}`;
  if (chain.protocol === EXTENSION.fragment) {
    const control = word(bytes, at + 2);
    const [offset, more] = [control & 0xfff8, (control & 1) !== 0];
    layer.at += 8;
    layer.field("Fragment offset", at + 2, at + 4, String(offset), { note: next });
    layer.field("More fragments", at + 3, at + 4, more ? "yes" : "no");
    layer.field("Identification", at + 4, at + 8, hex(((word(bytes, at + 4) << 16) | word(bytes, at + 6)) >>> 0, 8));
    return { ...chain, protocol, offset, more };
  }
  const length = 8 * (bytes[at + 1]! + 1);
  if (at + length > end) {
    layer.stop("shorter than its header");
    return chain;
  }
  const routing = chain.protocol === EXTENSION.routing;
  const said = routing ? `type ${bytes[at + 2]}, ${bytes[at + 3]} segments left` : `${length} bytes`;
  layer.take(NAMES[chain.protocol]!, length, () => said, { note: next });
  return { ...chain, protocol, routed: chain.routed || (routing && bytes[at + 3]! > 0) };
}

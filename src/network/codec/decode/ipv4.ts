import { hex, protocolText } from "../numbers.ts";
import { checked } from "./checks.ts";
import { kindLengthOptions } from "./options.ts";
import type { LayerReader, Place, Reading } from "./reading.ts";
import { hexText, ipv4Text } from "./texts.ts";
import { transport } from "./transport.ts";

const LEAST_HEADER = 20;
/** Bytes of the longest packet (RFC 791, 3.1). */
const LONGEST = 65_535;

const OPTIONS = {
  7: "record route",
  68: "timestamp",
  130: "security",
  131: "loose source route",
  136: "stream identifier",
  137: "strict source route",
  148: "router alert",
};
/** A pointer, then addresses. */
const ROUTES: ReadonlySet<number> = new Set([7, 131, 137]);
const ECN = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];

/** RFC 791, 3.1. */
export function ipv4(reading: Reading, place: Place): void {
  const layer = reading.open("ipv4", place);
  const { at } = layer;
  const first = layer.read(1);
  const headerBytes = (first & 15) * 4;
  layer.field("Version", at, at + 1, String(first >> 4));
  layer.field("Header length", at, at + 1, `${headerBytes} bytes`);
  if (layer.whole && first >> 4 !== 4) layer.stop("another version");
  if (layer.whole && headerBytes < LEAST_HEADER) layer.stop("a header length below the least");
  const total = fixedHeader(layer, at, headerBytes);
  const end = at + Math.max(total.length, headerBytes);
  const readHeader = layer.whole;
  if (readHeader && (total.length < headerBytes || end > place.end)) layer.mark("a length that does not fit");
  const beyond = total.offset + total.length - headerBytes > LONGEST;
  if (readHeader && beyond) layer.mark("a fragment beyond the longest packet");
  if (readHeader && layer.has(headerBytes - LEAST_HEADER)) options(layer, at + headerBytes);
  if (!layer.whole) {
    reading.payload(layer.carries());
    return;
  }
  const logical = Math.min(end, place.end);
  const inner = layer.carries(logical);
  if (total.offset > 0) reading.payload(inner, "Fragment");
  else {
    const partial = place.partial || total.more;
    transport(reading, total.more ? { ...inner, end: at + LONGEST, partial } : inner, total.protocol, {
      addresses: at + 12,
      addressBytes: 4,
    });
  }
  reading.rest(logical, place, "Padding");
}

interface Fixed {
  readonly length: number;
  readonly protocol: number;
  /** In bytes. */
  readonly offset: number;
  readonly more: boolean;
}

/** The 19 bytes behind the first. */
function fixedHeader(layer: LayerReader, start: number, headerBytes: number): Fixed {
  const tos = layer.read(1);
  layer.field("DSCP", start + 1, start + 2, String(tos >> 2));
  layer.field("ECN", start + 1, start + 2, ECN[tos & 3]!);
  const length = layer.word("Total length");
  layer.word("Identification", (value) => hex(value));
  const { at } = layer;
  const fragment = layer.read(2);
  const more = (fragment & 0x2000) !== 0;
  const offset = (fragment & 0x1fff) * 8;
  const flags = [fragment & 0x8000 && "reserved", fragment & 0x4000 && "DF", more && "MF"].filter(Boolean);
  layer.field("Flags", at, at + 1, flags.join(", ") || "none");
  layer.field("Fragment offset", at, at + 2, String(offset));
  layer.byte("TTL", String, { key: "ttl" });
  const protocol = layer.byte("Protocol", protocolText);
  headerChecksum(layer, start, headerBytes);
  layer.take("Source", 4, ipv4Text, { key: "address-source" });
  layer.take("Destination", 4, ipv4Text, { key: "address-destination" });
  return { length, protocol, offset, more };
}

function headerChecksum(layer: LayerReader, start: number, headerBytes: number): void {
  const { at, bytes, place } = layer;
  const here = start + headerBytes <= Math.min(place.here, place.end);
  const check = here ? checked(bytes, at, start, start + headerBytes) : ({ state: "unverified" } as const);
  layer.word("Header checksum", (value) => hex(value), { key: "checksum-ip", check });
}

function options(layer: LayerReader, end: number): void {
  kindLengthOptions(layer, end, {
    name: (kind) => OPTIONS[kind as keyof typeof OPTIONS] ?? String(kind),
    value: (kind, at, length) => {
      const { bytes } = layer;
      if (!ROUTES.has(kind) || length < 3) return { value: hexText(length - 2)(bytes, at + 2) };
      const addresses: string[] = [];
      for (let place = at + 3; place + 4 <= at + length; place += 4) addresses.push(ipv4Text(bytes, place));
      return { value: addresses.join(" "), note: `pointer ${bytes[at + 2]}` };
    },
  });
}

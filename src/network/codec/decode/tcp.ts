import { word } from "../../headers.ts";
import { ipv4At } from "../address.ts";
import { hex } from "../numbers.ts";
import type { Check } from "../packet.ts";
import { kindLengthOptions } from "./options.ts";
import type { LayerReader } from "./reading.ts";
import { hexText } from "./texts.ts";

const LEAST_HEADER = 20;
/** From bit 0 on (RFC 9293, 3.1; ECE, CWR: RFC 3168; AE: RFC 7560). */
const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
const OPTIONS = { 2: "MSS", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps" };
/** Bytes of options that have one length (RFC 9293, 3.2; RFC 7323, 2.2 and 3.2; RFC 2018, 2). */
const LENGTHS: Readonly<Record<number, number>> = { 2: 4, 3: 3, 4: 2, 8: 10 };

/** RFC 9293, 3.1, up to the last option. */
export function tcpHeader(layer: LayerReader, check: Check): { readonly source: number; readonly destination: number } {
  const start = layer.at;
  const source = layer.word("Source port", String, { key: "port-source" });
  const destination = layer.word("Destination port", String, { key: "port-destination" });
  layer.long("Sequence number");
  layer.long("Acknowledgement number");
  const { at } = layer;
  const control = layer.read(2);
  const headerBytes = (control >> 12) * 4;
  layer.field("Header length", at, at + 1, `${headerBytes} bytes`);
  layer.field("Flags", at, at + 2, flagsText(control & 0x1ff), { note: hex(control & 0x1ff, 3) });
  layer.word("Window");
  layer.word("Checksum", (value) => hex(value), { key: "checksum-transport", check });
  layer.word("Urgent pointer");
  if (layer.whole && headerBytes < LEAST_HEADER) layer.stop("a header length below the least");
  if (layer.has(headerBytes - LEAST_HEADER)) options(layer, start + headerBytes);
  return { source, destination };
}

/** `SYN, ACK`. */
const flagsText = (bits: number): string => FLAGS.filter((_, bit) => bits & (1 << bit)).join(", ") || "none";

function options(layer: LayerReader, end: number): void {
  const { bytes } = layer;
  kindLengthOptions(layer, end, {
    name: (kind) => OPTIONS[kind as keyof typeof OPTIONS] ?? String(kind),
    value: (kind, at, length) => {
      const wanted = LENGTHS[kind];
      if (wanted !== undefined && wanted !== length) layer.mark("an option that does not fit");
      else if (kind === 2) return { value: String(word(bytes, at + 2)) };
      else if (kind === 3) return { value: String(bytes[at + 2]), note: `× ${2 ** Math.min(14, bytes[at + 2]!)}` };
      else if (kind === 4) return { value: "" };
      else if (kind === 8) return { value: `${ipv4At(bytes, at + 2)} echo ${ipv4At(bytes, at + 6)}` };
      else if (kind === 5 && length % 8 === 2) return { value: blocks(bytes, at + 2, at + length) };
      return { value: hexText(length - 2)(bytes, at + 2) };
    },
  });
}

/** `1000-2448 3896-5344`: left and right edges (RFC 2018, 3). */
function blocks(bytes: Uint8Array, from: number, to: number): string {
  const edges: string[] = [];
  for (let at = from; at < to; at += 8) edges.push(`${ipv4At(bytes, at)}-${ipv4At(bytes, at + 4)}`);
  return edges.join(" ");
}

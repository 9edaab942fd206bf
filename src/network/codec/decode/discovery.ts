import { formatIpv6, ipv4At } from "../address.ts";
import { named } from "../numbers.ts";
import type { LayerReader } from "./reading.ts";
import { hexText, macText } from "./texts.ts";

const OPTIONS = {
  1: "source link-layer address",
  2: "target link-layer address",
  3: "prefix information",
  4: "redirected header",
  5: "MTU",
  14: "nonce",
  24: "route information",
  25: "recursive DNS servers",
  31: "DNS search list",
};
/** Bytes an option has at least, where it is read further. */
const LEAST: Readonly<Record<number, number>> = { 1: 8, 2: 8, 3: 32, 5: 8, 25: 24 };

/** The options at the end of a message of neighbour discovery (RFC 4861, 4.6): lengths count 8 bytes. */
export function discoveryOptions(layer: LayerReader): void {
  while (layer.whole && (layer.left > 0 || layer.place.end > layer.place.here)) {
    if (!layer.has(2)) return;
    const { at, bytes } = layer;
    const [kind, length] = [bytes[at]!, 8 * bytes[at + 1]!];
    if (length === 0 || at + length > layer.place.end) {
      layer.stop("an option that does not fit");
      return;
    }
    if (!layer.has(length)) return;
    if (length < (LEAST[kind] ?? 8)) layer.mark("an option that is too short");
    option(layer, kind, length);
    layer.at = at + length;
  }
}

function option(layer: LayerReader, kind: number, length: number): void {
  const { at } = layer;
  const { value, note } = optionValue(layer.bytes, at, kind, length);
  layer.field(`Option: ${named(OPTIONS, kind)}`, at, at + length, value, note === undefined ? {} : { note });
}

interface OptionValue {
  readonly value: string;
  readonly note?: string;
}

function optionValue(bytes: Uint8Array, at: number, kind: number, length: number): OptionValue {
  const seconds = (offset: number) => secondsText(ipv4At(bytes, at + offset));
  if (length >= (LEAST[kind] ?? Number.POSITIVE_INFINITY)) {
    if (kind === 1 || kind === 2) return { value: macText(bytes, at + 2) };
    if (kind === 3) {
      const set = [bytes[at + 3]! & 0x80 && "on-link", bytes[at + 3]! & 0x40 && "autonomous"].filter(Boolean);
      const lifetimes = `valid ${seconds(4)}, preferred ${seconds(8)}`;
      return { value: `${formatIpv6(bytes, at + 16)}/${bytes[at + 2]}`, note: [...set, lifetimes].join(", ") };
    }
    if (kind === 5) return { value: String(ipv4At(bytes, at + 4)) };
    const servers = Array.from({ length: Math.floor((length - 8) / 16) }, (_, index) =>
      formatIpv6(bytes, at + 8 + 16 * index),
    );
    return { value: servers.join(" "), note: seconds(4) };
  }
  return { value: hexText(length - 2)(bytes, at + 2) };
}

/** All ones stand for ever (RFC 4861, 4.6.2). */
const secondsText = (seconds: number): string => (seconds === 0xffffffff ? "for ever" : `${seconds} s`);

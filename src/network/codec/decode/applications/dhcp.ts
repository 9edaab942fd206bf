import { DHCP_COOKIE, DHCP_END, DHCP_PAD } from "../../messages/dhcp.ts";
import { hex, named } from "../../numbers.ts";
import type { LayerReader, Place, Reading } from "../reading.ts";
import { bytesText, hexText, ipv4Text, macText } from "../texts.ts";
import { dhcpOptionName, dhcpOptionText } from "./dhcp-options.ts";

const OPERATIONS = { 1: "boot request", 2: "boot reply" };
const HARDWARE = { 1: "Ethernet" };

/** RFC 2131, 2. */
export function dhcp(reading: Reading, place: Place): void {
  const layer = reading.open("dhcp", place);
  layer.byte("Operation", (value) => named(OPERATIONS, value));
  const hardware = layer.byte("Hardware type", (value) => named(HARDWARE, value));
  const hardwareBytes = layer.byte("Hardware address length");
  layer.byte("Hops");
  layer.long("Transaction ID", (value) => hex(value, 8));
  layer.word("Seconds");
  layer.word("Flags", (value) => (value & 0x8000 ? "broadcast" : "none"));
  for (const name of ["Client IP", "Your IP", "Server IP", "Relay IP"]) layer.take(name, 4, ipv4Text);
  const { at } = layer;
  layer.take("Client MAC", 16, hardware === 1 && hardwareBytes === 6 ? macText : hexText(Math.min(16, hardwareBytes)));
  if (layer.whole && hardwareBytes > 16) layer.mark("a length that does not fit");
  layer.take("Server name", 64, cString(64));
  layer.take("Boot file", 128, cString(128));
  if (layer.whole && layer.at > at && layer.place.end - layer.at < 4) layer.stop("no DHCP magic cookie");
  const cookie = layer.long("Magic cookie", (value) => hex(value, 8));
  if (layer.whole && cookie !== DHCP_COOKIE) layer.stop("no DHCP magic cookie");
  options(layer);
  reading.payload(layer.carries(), layer.whole ? "Padding" : "Data");
}

/** Up to the end option; a message without one is not whole (RFC 2131, 4.1). */
function options(layer: LayerReader): void {
  const { bytes } = layer;
  while (layer.has(1)) {
    const { at } = layer;
    const code = bytes[at]!;
    if (code === DHCP_END) {
      layer.at += 1;
      layer.field("Option: End", at, at + 1, "");
      return;
    }
    if (code === DHCP_PAD) {
      pads(layer);
      continue;
    }
    if (!layer.has(2)) return;
    const end = at + 2 + bytes[at + 1]!;
    if (end > layer.place.end) {
      layer.stop("an option that does not fit");
      return;
    }
    if (!layer.has(end - at)) return;
    layer.at = end;
    const name = dhcpOptionName(code);
    layer.field(
      `Option: ${name === String(code) ? name : `${name} (${code})`}`,
      at,
      end,
      dhcpOptionText(code, bytes, at + 2, end),
    );
  }
}

/** Pads are many where they are: they are one field. */
function pads(layer: LayerReader): void {
  const { at, bytes } = layer;
  while (layer.left > 0 && bytes[layer.at] === DHCP_PAD) layer.at += 1;
  layer.field("Option: Pad", at, layer.at, bytesText(layer.at - at));
}

/** Text up to the first NUL, of so many bytes. */
const cString =
  (count: number) =>
  (bytes: Uint8Array, at: number): string => {
    const end = bytes.subarray(at, at + count).indexOf(0);
    const codes = [...bytes.subarray(at, at + (end < 0 ? count : end))];
    return codes.every((code) => code >= 0x20 && code < 0x7f)
      ? String.fromCharCode(...codes)
      : hexText(codes.length)(bytes, at);
  };

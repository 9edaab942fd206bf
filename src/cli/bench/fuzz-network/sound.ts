import { decode, headersOf, type Layer, type Packet, summarise } from "../../../network/codec/index.ts";
import type { Made } from "./packets/made.ts";

/** Bounds on what is said of one frame. */
const MOST_LAYERS = 64;
const MOST_FIELDS = 512;
const LONGEST_VALUE = 4096;
const LONGEST_SUMMARY = 8192;
const DEEPEST = 4;

/**
 * What holds for any bytes: layers lie in the frame one behind the other and leave nothing out, fields lie in their
 * layers, and everything is bounded.
 *
 * @returns what does not hold
 */
export function soundPacket(bytes: Uint8Array, packet: Packet): string | undefined {
  const { layers } = packet;
  if (packet.captured !== bytes.length || packet.length < bytes.length) return "the frame has another length";
  if (layers.length > MOST_LAYERS) return `${layers.length} layers`;
  let at = 0;
  for (const layer of layers) {
    if (layer.from !== at) return `${said(layer)} begins at ${layer.from}, what is before it ended at ${at}`;
    if (layer.to < layer.from || layer.to > bytes.length)
      return `${said(layer)} ends at ${layer.to} of ${bytes.length}`;
    if (layer.depth > DEEPEST) return `${said(layer)} is in ${layer.depth} packets`;
    const wrong = soundFields(layer);
    if (wrong) return wrong;
    at = layer.to;
  }
  if (at !== bytes.length) return `bytes from ${at} to ${bytes.length} are in no layer`;
  const { text } = summarise(packet);
  return text.length === 0 || text.length > LONGEST_SUMMARY ? `a summary of ${text.length} characters` : undefined;
}

const said = ({ name, from }: Layer): string => `layer ${name} at ${from}`;

function soundFields(layer: Layer): string | undefined {
  if (layer.fields.length > MOST_FIELDS) return `${said(layer)} has ${layer.fields.length} fields`;
  for (const { name, value, from, to } of layer.fields) {
    if (from < layer.from || to > layer.to || from > to) return `${said(layer)} has ${name} at ${from} to ${to}`;
    if (value.length > LONGEST_VALUE) return `${name} is ${value.length} characters long`;
  }
  return undefined;
}

/** What the quick reader says is what the thorough one says, where that found nothing wrong. */
export function soundHeaders(bytes: Uint8Array, packet: Packet): string | undefined {
  const headers = headersOf(bytes);
  const own = packet.layers.filter(({ depth, quoted }) => depth === 0 && !quoted);
  const field = (layer: Layer | undefined, name: string) => layer?.fields.find((one) => one.name === name)?.value;
  const find = (...names: string[]) => own.find(({ name, malformed }) => names.includes(name) && !malformed);
  const [ip, transport, icmp] = [find("ipv4", "ipv6"), find("udp", "tcp"), find("icmp", "icmpv6")];
  // One fragment may hold only the first bytes of its header.
  const segment = transport?.name === "tcp" && field(transport, "Urgent pointer") ? transport : undefined;
  const pairs: readonly (readonly [string, string | undefined, string | number | undefined])[] = [
    ["source MAC", field(find("ethernet"), "Source"), headers?.macSource],
    ["source", field(ip, "Source"), headers?.source],
    ["destination", field(ip, "Destination"), headers?.destination],
    ["TTL", field(ip, "TTL") ?? field(ip, "Hop limit"), headers?.ttl],
    ["source port", ip && field(transport, "Source port"), headers?.sourcePort],
    ["destination port", ip && field(transport, "Destination port"), headers?.destinationPort],
    ["sequence number", ip && field(segment, "Sequence number"), headers?.tcp?.sequence],
    ["identifier", ip && field(icmp, "Identifier"), headers?.icmp?.id],
  ];
  for (const [name, thorough, quick] of pairs) {
    const isQuery = name !== "identifier" || headers?.icmp?.id !== undefined;
    if (thorough !== undefined && isQuery && String(quick) !== thorough)
      return `${name} is ${thorough}, and quickly ${quick}`;
  }
  return undefined;
}

/** A packet that was built is read as what it was built from, nothing in it is malformed, and all its checksums are right. */
export function readsAs({ bytes, expected, whole }: Made): string | undefined {
  const packet = decode(bytes);
  let at = 0;
  for (const { layer, fields } of expected) {
    const found = packet.layers.findIndex(({ name }, index) => index >= at && name === layer);
    if (found < 0) return `there is no ${layer}`;
    at = found + 1;
    for (const [name, value] of Object.entries(fields)) {
      const values = packet.layers[found]!.fields.filter((field) => field.name === name).map((field) => field.value);
      if (!values.includes(value))
        return `${layer} should say ${name} ${value}, and says ${values.join(", ") || "nothing"}`;
    }
  }
  for (const { name, malformed, fields, quoted } of packet.layers) {
    if (malformed) return `${name} is malformed: ${malformed}`;
    const bad = fields.find(
      ({ check }) => check?.state === "incorrect" || (whole && !quoted && check?.state === "unverified"),
    );
    if (bad) return `${bad.name} of ${name} is ${bad.check!.state}`;
  }
  return soundPacket(bytes, packet) ?? soundHeaders(bytes, packet);
}

/** Of a sound packet that was cut short, what is left is read as before, and nothing is called malformed but the cut. */
export function readsCut(bytes: Uint8Array, length: number): string | undefined {
  const cut = bytes.subarray(0, length);
  const packet = decode(cut, bytes.length);
  const whole = decode(bytes);
  for (const [index, { name, malformed, fields }] of packet.layers.entries()) {
    if (malformed && malformed !== "not captured whole") return `cut at ${length}, ${name} is malformed: ${malformed}`;
    const before = whole.layers[index];
    if (name === "payload") continue;
    if (before?.name !== name) return `cut at ${length}, ${before?.name} is read as ${name}`;
    const other = fields.find((field, place) => field.value !== before.fields[place]?.value);
    if (other) return `cut at ${length}, ${other.name} of ${name} is ${other.value}`;
    if (fields.some(({ check }) => check?.state === "incorrect"))
      return `cut at ${length}, ${name} has a wrong checksum`;
  }
  return soundPacket(cut, packet);
}

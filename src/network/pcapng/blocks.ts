/** Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, one by one as a capture grows. */
import { macBytes } from "../codec/build/writer.ts";
import {
  BLOCK,
  BYTE_ORDER_MAGIC,
  type CaptureFrame,
  type CaptureInterface,
  DIRECTION,
  ETHERNET,
  OPTION,
} from "./capture.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Units of a second are nanoseconds: 10⁻⁹. */
const RESOLUTION = 9;
const NANOSECONDS = 1_000_000;
/** Bytes of text an option takes; what is longer is cut. */
const LONGEST_TEXT = 0xffff;

type Option = readonly [code: number, value: Uint8Array];

/** A section header: what a file begins with. @param application the program's name, as Wireshark shows it */
export function sectionBlock(application: string): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true); // version 1.0
  view.setBigInt64(8, -1n, true); // as long as the file goes on
  return block(BLOCK.section, body, [text(OPTION.section.application, application)]);
}

/** Interfaces are numbered from 0 in the order of their blocks, which come before those of their frames. */
export function interfaceBlock({
  name,
  description,
  mac,
  linkType = ETHERNET,
  snaplen = 0,
}: CaptureInterface): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, linkType, true);
  view.setUint32(4, snaplen, true);
  const options: Option[] = [];
  if (name !== undefined) options.push(text(OPTION.interface.name, name));
  if (description !== undefined) options.push(text(OPTION.interface.description, description));
  if (mac !== undefined) options.push([OPTION.interface.mac, macBytes(mac)]);
  options.push([OPTION.interface.resolution, Uint8Array.of(RESOLUTION)]);
  return block(BLOCK.interface, body, options);
}

/** A frame, as an enhanced packet block. One without a time is written at 1970. */
export function frameBlock({ interface: number, at = 0, length, bytes, direction, comment }: CaptureFrame): Uint8Array {
  const body = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(body.buffer);
  view.setUint32(0, number, true);
  time(view, 4, at);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, Math.max(length, bytes.length), true);
  body.set(bytes, 20);
  const options: Option[] = [];
  if (comment !== undefined) options.push(text(OPTION.comment, comment));
  if (direction) options.push([OPTION.packet.flags, Uint8Array.of(DIRECTION[direction], 0, 0, 0)]);
  return block(BLOCK.enhancedPacket, body, options);
}

/** What an interface counted, at a time. */
export function statisticsBlock(
  number: number,
  at: number,
  { received, dropped }: Pick<CaptureInterface, "received" | "dropped">,
): Uint8Array {
  const body = new Uint8Array(12);
  const view = new DataView(body.buffer);
  view.setUint32(0, number, true);
  time(view, 4, at);
  const options: Option[] = [];
  if (received !== undefined) options.push([OPTION.statistics.received, count(received)]);
  if (dropped !== undefined) options.push([OPTION.statistics.dropped, count(dropped)]);
  return block(BLOCK.statistics, body, options);
}

/** Type, length, body, options and the length again; everything begins at a multiple of four bytes. */
function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  const optionBytes = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0);
  const length = 12 + body.length + (options.length > 0 ? optionBytes + 4 : 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

const padded = (length: number): number => (length + 3) & ~3;

function text(code: number, value: string): Option {
  const bytes = encodeUtf8(value);
  let end = Math.min(bytes.length, LONGEST_TEXT);
  while (end < bytes.length && end > 0 && bytes[end]! >> 6 === 2) end--; // no character in two
  return [code, bytes.subarray(0, end)];
}

/** 64 bits. */
function count(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.max(0, Math.floor(value))), true);
  return bytes;
}

/** Milliseconds since 1970 as 64 bits of nanoseconds, the high half first (4.3). */
function time(view: DataView, at: number, milliseconds: number): void {
  const whole = Math.max(0, Math.floor(Number.isFinite(milliseconds) ? milliseconds : 0));
  const rest = Math.max(0, Math.round((milliseconds - whole) * NANOSECONDS)) || 0;
  const units = BigInt(whole) * BigInt(NANOSECONDS) + BigInt(rest);
  view.setUint32(at, Number((units >> 32n) & 0xffffffffn), true);
  view.setUint32(at + 4, Number(units & 0xffffffffn), true);
}

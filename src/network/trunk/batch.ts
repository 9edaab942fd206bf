/**
 * What crosses a cable at once: one buffer with, all little-endian,
 *
 * - a header of 8 bytes: how many returns (u32), how many frames (u32);
 * - the returns, 16 bytes each: end, frames and bytes taken from it since the last return, frames for it that were dropped
 *   on this side (u32 each);
 * - the frames' records, 16 bytes each: end (u32), length (u32), flags (u16), `checksumFrom`, `checksumAt` and the segment
 *   size (u16 each);
 * - the frames' bytes, one behind the other.
 */
import type { Frame } from "../link.ts";

const HEADER = 8;
const RECORD = 16;

const FLAG = { partial: 1, placed: 2, tcp4: 4, tcp6: 8 } as const;
const MOST_U16 = 0xffff;

/** Bytes of the largest frame: 64 KiB of IP packet, an Ethernet header, two VLAN tags, and room to spare. */
export const LARGEST_FRAME = 66_000;

/** Bytes of the largest batch: many times what is ever sent, and no more than can be looked at in a moment. */
const LARGEST_BATCH = 1 << 20;

/** A frame that is at least one part in so many of its batch is not copied out of it. */
const GOOD_PART = 4;

/** A frame and the end it is from, or for. */
export interface Addressed {
  readonly end: number;
  readonly frame: Frame;
}

/** What was taken from an end, for whoever sends to have room again; and what this side had to drop for it. */
export interface Return {
  readonly end: number;
  readonly frames: number;
  readonly bytes: number;
  readonly dropped: number;
}

export interface Batch {
  readonly returns: readonly Return[];
  readonly frames: readonly Addressed[];
}

/** @param frames of at most {@link LARGEST_FRAME} bytes each */
export function encodeBatch({ returns, frames }: Batch): ArrayBuffer {
  const records = HEADER + returns.length * RECORD;
  let at = records + frames.length * RECORD;
  const buffer = new ArrayBuffer(frames.reduce((sum, { frame }) => sum + frame.bytes.length, at));
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  view.setUint32(0, returns.length, true);
  view.setUint32(4, frames.length, true);
  for (const [index, one] of returns.entries()) {
    const record = HEADER + index * RECORD;
    view.setUint32(record, one.end, true);
    view.setUint32(record + 4, one.frames, true);
    view.setUint32(record + 8, one.bytes, true);
    view.setUint32(record + 12, one.dropped, true);
  }
  for (const [index, addressed] of frames.entries()) {
    encodeRecord(view, records + index * RECORD, addressed);
    bytes.set(addressed.frame.bytes, at);
    at += addressed.frame.bytes.length;
  }
  return buffer;
}

function encodeRecord(view: DataView, at: number, { end, frame }: Addressed): void {
  const { bytes, checksum, checksumFrom: from, checksumAt: place, segmentation } = frame;
  const placed = isU16(from) && isU16(place);
  const flags =
    (checksum === "partial" ? FLAG.partial : 0) |
    (placed ? FLAG.placed : 0) |
    (segmentation ? FLAG[segmentation.kind] : 0);
  view.setUint32(at, end, true);
  view.setUint32(at + 4, bytes.length, true);
  view.setUint16(at + 8, flags, true);
  view.setUint16(at + 10, placed ? from : 0, true);
  view.setUint16(at + 12, placed ? place : 0, true);
  view.setUint16(at + 14, segmentation?.size ?? 0, true);
}

const isU16 = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= MOST_U16;

/**
 * Reads a batch from the other side. A frame that is a good part of it stays where it is; others get memory of their own,
 * so that keeping one small frame does not keep the whole batch.
 *
 * @returns undefined when it is none: too short, longer than what it says, or with a frame that cannot be
 */
export function decodeBatch(buffer: ArrayBuffer): Batch | undefined {
  if (buffer.byteLength < HEADER || buffer.byteLength > LARGEST_BATCH) return undefined;
  const view = new DataView(buffer);
  const returns = view.getUint32(0, true);
  const frames = view.getUint32(4, true);
  const records = HEADER + returns * RECORD;
  const payload = records + frames * RECORD;
  if (payload > buffer.byteLength) return undefined;
  const decoded = { returns: Array.from({ length: returns }, (_, index) => decodeReturn(view, index)), frames: [] };
  return decodeFrames(view, records, frames, decoded.frames) ? decoded : undefined;
}

function decodeReturn(view: DataView, index: number): Return {
  const at = HEADER + index * RECORD;
  const field = (offset: number) => view.getUint32(at + offset, true);
  return { end: field(0), frames: field(4), bytes: field(8), dropped: field(12) };
}

/** @returns whether the frames fill the buffer exactly, and each can be */
function decodeFrames(view: DataView, records: number, count: number, into: Addressed[]): boolean {
  let at = records + count * RECORD;
  for (let index = 0; index < count; index++) {
    const record = records + index * RECORD;
    const length = view.getUint32(record + 4, true);
    const flags = view.getUint16(record + 8, true);
    if (length > LARGEST_FRAME || at + length > view.byteLength) return false;
    if (flags > 15 || (flags & FLAG.tcp4 && flags & FLAG.tcp6)) return false;
    into.push({ end: view.getUint32(record, true), frame: decodeFrame(view, record, at, length) });
    at += length;
  }
  return at === view.byteLength;
}

function decodeFrame(view: DataView, record: number, at: number, length: number): Frame {
  const flags = view.getUint16(record + 8, true);
  const size = view.getUint16(record + 14, true);
  const segmented = flags & (FLAG.tcp4 | FLAG.tcp6);
  const bytes = new Uint8Array(view.buffer as ArrayBuffer, at, length);
  return {
    bytes: length * GOOD_PART < view.byteLength ? bytes.slice() : bytes,
    checksum: flags & FLAG.partial ? "partial" : "whole",
    ...(flags & FLAG.placed && {
      checksumFrom: view.getUint16(record + 10, true),
      checksumAt: view.getUint16(record + 12, true),
    }),
    ...(segmented && { segmentation: { kind: segmented === FLAG.tcp4 ? "tcp4" : "tcp6", size } }),
  };
}

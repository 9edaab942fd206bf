/** What a chain asks a virtio device for, in words and numbers for a view: pure, and safe on any bytes. */
import type { GuestWords } from "../io/guest-words.ts";
import type { RingEntry } from "../io/types.ts";
import { type Chain, chainBytes, chainLength, chainPages } from "./chain.ts";
import { DESC_F } from "./queue.ts";

/** Kinds of device whose requests are understood, by the queue they come through. */
export type RequestKind = "block" | "net-receive" | "net-transmit" | "net-control" | "console" | "other";

/** `VIRTIO_BLK_T_*` (5.2.6). */
export const BLOCK_TYPE = { read: 0, write: 1, flush: 4, identify: 8, discard: 11, writeZeroes: 13 } as const;
/** `struct virtio_blk_req` before its data: type, a reserved word, sector. */
export const BLOCK_HEADER = 16;
/** `VIRTIO_BLK_S_*`. */
export const BLOCK_STATUS = { ok: 0, error: 1, unsupported: 2 } as const;
/** `struct virtio_blk_discard_write_zeroes`: sector, number of sectors, flags. */
export const BLOCK_RANGE = 16;

const BLOCK_NAMES: Readonly<Record<number, string>> = {
  [BLOCK_TYPE.read]: "read",
  [BLOCK_TYPE.write]: "write",
  [BLOCK_TYPE.flush]: "flush",
  [BLOCK_TYPE.identify]: "identify",
  [BLOCK_TYPE.discard]: "discard",
  [BLOCK_TYPE.writeZeroes]: "write zeroes",
};
const BLOCK_RESULTS = ["VIRTIO_BLK_S_OK", "VIRTIO_BLK_S_IOERR", "VIRTIO_BLK_S_UNSUPP"];

/** `struct virtio_net_hdr` with num_buffers (5.1.6). */
const NET_HEADER = 12;
const NET_FLAGS = { needs_csum: 1, data_valid: 2, rsc_info: 4 } as const;
const GSO_NAMES: Readonly<Record<number, string>> = { 0: "none", 1: "TCPv4", 3: "UDP", 4: "TCPv6", 5: "UDP_L4" };

/** @param type `VIRTIO_BLK_T_*` */
export const blockOperation = (type: number): string => BLOCK_NAMES[type] ?? `type ${type}`;

export function requestEntry(words: GuestWords, kind: RequestKind, chain: Chain): RingEntry {
  const pages = chainPages(words, chain);
  const fault = chain.fault ? [{ name: "fault", value: chain.fault }] : [];
  const entry = (operation: string, fields: RingEntry["fields"]): RingEntry => ({
    operation,
    fields: [...fields, ...fault],
    pages,
  });
  switch (kind) {
    case "block":
      return blockRequest(words, chain, entry);
    case "net-transmit":
      return entry("send", netHeader(chainBytes(words, chain, false, NET_HEADER)));
    case "net-receive":
      return entry("receive", [{ name: "room", value: chainLength(chain, true) }]);
    case "net-control":
      return entry("control", bytesField("command", chainBytes(words, chain, false, 16)));
    default:
      return chain.buffers.some(({ flags }) => flags & DESC_F.write)
        ? entry("receive", [{ name: "room", value: chainLength(chain, true) }])
        : entry("send", [{ name: "bytes", value: chainLength(chain, false) }]);
  }
}

function blockRequest(
  words: GuestWords,
  chain: Chain,
  entry: (operation: string, fields: RingEntry["fields"]) => RingEntry,
): RingEntry {
  const header = viewOf(
    padded(chainBytes(words, chain, false, BLOCK_HEADER + BLOCK_RANGE), BLOCK_HEADER + BLOCK_RANGE),
  );
  const type = header.getUint32(0, true);
  const ranged = type === BLOCK_TYPE.discard || type === BLOCK_TYPE.writeZeroes;
  const at = ranged ? BLOCK_HEADER : 8;
  const sector = header.getUint32(at, true) + header.getUint32(at + 4, true) * 2 ** 32;
  const data = type === BLOCK_TYPE.write ? chainLength(chain, false) - BLOCK_HEADER : chainLength(chain, true) - 1;
  return entry(blockOperation(type), [
    { name: "type", value: type },
    { name: "sector", value: sector },
    ranged
      ? { name: "num_sectors", value: header.getUint32(BLOCK_HEADER + 8, true) }
      : { name: "data bytes", value: Math.max(0, data) },
  ]);
}

/** @param written bytes the device says it wrote (`len` of the used element) */
export function responseEntry(words: GuestWords, kind: RequestKind, chain: Chain, written: number): RingEntry {
  const len = { name: "len", value: written };
  const { operation } = requestEntry(words, kind, chain);
  if (kind === "block") {
    const status = statusByte(words, chain);
    const meaning = BLOCK_RESULTS[status] ?? "unknown";
    return {
      operation,
      fields: [{ name: "status", value: status }, { name: "meaning", value: meaning }, len],
      pages: [],
    };
  }
  const header = kind === "net-receive" ? netHeader(chainBytes(words, chain, true, NET_HEADER)) : [];
  return { operation, fields: [...header, len], pages: [] };
}

/** The last byte that the device may write (5.2.6). */
function statusByte(words: GuestWords, chain: Chain): number {
  const last = chain.buffers.filter(({ flags, bytes }) => flags & DESC_F.write && bytes > 0).at(-1);
  return last ? words.u8(last.address + last.bytes - 1) : 0xff;
}

function netHeader(bytes: Uint8Array): RingEntry["fields"] {
  const header = viewOf(padded(bytes, NET_HEADER));
  const flags = header.getUint8(0);
  const set = Object.entries(NET_FLAGS).flatMap(([name, bit]) => (flags & bit ? [name] : []));
  const gso = header.getUint8(1) & 0x7f; // bit 7 is VIRTIO_NET_HDR_GSO_ECN
  const number = (name: string, at: number) => ({ name, value: header.getUint16(at, true) });
  return [
    { name: "flags", value: set.join(" ") || "none" },
    { name: "gso_type", value: GSO_NAMES[gso] ?? gso },
    number("hdr_len", 2),
    number("gso_size", 4),
    number("csum_start", 6),
    number("csum_offset", 8),
    number("num_buffers", 10),
  ];
}

const bytesField = (name: string, bytes: Uint8Array): RingEntry["fields"] => [
  { name, value: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") },
];

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  all.set(bytes.subarray(0, length));
  return all;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

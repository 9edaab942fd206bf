/** What stands in a slot, in words and numbers for a view: pure, and safe on any bytes. */
import type { RingEntry, SharedPage } from "../../io/types.ts";
import * as block from "./blkif.ts";
import * as net from "./netif.ts";
import { PAGE } from "./ring.ts";

/** How a reader finds out what is behind a grant reference, without changing anything. */
export interface GrantReader {
  /** @param offset in the page; `bytes` from there on are what the entry names */
  page(reference: number, offset: number, bytes: number, writable: boolean): SharedPage;
  /** The page's 4096 bytes, or undefined where the reference gives none. */
  content(reference: number): Uint8Array | undefined;
}

/** Pages listed of one entry; an indirect request may name 4096. */
const MOST_PAGES = 64;

const BLOCK_NAMES: Readonly<Record<number, string>> = {
  [block.OPERATION.read]: "read",
  [block.OPERATION.write]: "write",
  [block.OPERATION.barrier]: "write barrier",
  [block.OPERATION.flush]: "flush",
  [block.OPERATION.discard]: "discard",
};
const BLOCK_RESULTS: Readonly<Record<number, string>> = {
  [block.STATUS.okay]: "BLKIF_RSP_OKAY",
  [block.STATUS.error]: "BLKIF_RSP_ERROR",
  [block.STATUS.unsupported]: "BLKIF_RSP_EOPNOTSUPP",
};
const NET_RESULTS: Readonly<Record<number, string>> = {
  [net.NET_STATUS.okay]: "XEN_NETIF_RSP_OKAY",
  [net.NET_STATUS.null]: "XEN_NETIF_RSP_NULL",
  [net.NET_STATUS.error]: "XEN_NETIF_RSP_ERROR",
  [net.NET_STATUS.dropped]: "XEN_NETIF_RSP_DROPPED",
};
const GSO_NAMES: Readonly<Record<number, string>> = { [net.GSO.tcpv4]: "TCPv4", [net.GSO.tcpv6]: "TCPv6" };

/** @param operation `BLKIF_OP_*` */
export const blockOperation = (operation: number): string => BLOCK_NAMES[operation] ?? `operation ${operation}`;

/** @param bytes a slot of a block ring */
export function blockRequestEntry(bytes: Uint8Array, grants: GrantReader): RingEntry {
  const request = block.decodeRequest(bytes);
  const { operation, effective, handle, sector, segmentCount, sectorCount } = request;
  const indirect = operation === block.OPERATION.indirect;
  const fields = [
    { name: "id", value: identity(request.id) },
    { name: "handle", value: handle },
    { name: "sector_number", value: sector },
    operation === block.OPERATION.discard
      ? { name: "nr_sectors", value: sectorCount }
      : { name: "nr_segments", value: segmentCount },
  ];
  const segments = indirect ? indirectSegments(request, grants) : request.segments;
  const writable = effective === block.OPERATION.read;
  const directory = request.indirectPages.map((reference) => grants.page(reference, 0, PAGE, false));
  const data = segments.slice(0, MOST_PAGES - directory.length).map(({ reference, first, last }) => {
    const sectors = Math.max(0, Math.min(last, block.blkif.PAGE_SECTORS - 1) - first + 1);
    return grants.page(reference, (first * 512) % PAGE, sectors * 512, writable);
  });
  const name = blockOperation(effective);
  return { operation: indirect ? `indirect ${name}` : name, fields, pages: [...directory, ...data] };
}

function indirectSegments(request: block.BlockRequest, grants: GrantReader): block.Segment[] {
  const { SEGMENTS_PER_PAGE } = block.blkif;
  return request.indirectPages.slice(0, 1).flatMap((reference) => {
    const content = grants.content(reference);
    const count = Math.min(request.segmentCount, SEGMENTS_PER_PAGE, MOST_PAGES);
    return content ? block.decodeSegments(viewOf(content), 0, count) : [];
  });
}

/** @param bytes a slot of a block ring, of which the response takes the first 12 */
export function blockResponseEntry(bytes: Uint8Array): RingEntry {
  const { id, operation, status } = block.decodeResponse(bytes);
  const fields = [{ name: "id", value: identity(id) }, ...resultFields(status, BLOCK_RESULTS)];
  return { operation: blockOperation(operation), fields, pages: [] };
}

/** What a slot of a network ring is: that depends on the slot before it. */
export type NetRole = "first" | "fragment" | "extra";

/** A packet's state while its slots are walked in order: what comes next, and whether fragments follow the extras. */
export interface NetWalk {
  readonly role: NetRole;
  readonly more: boolean;
}

/** The state at a packet's first slot. */
export const PACKET_START: NetWalk = { role: "first", more: false };

/** @returns what the slot behind `bytes` is; requests of `tx` and responses of `rx` go by the same flags */
export function nextInPacket(walk: NetWalk, flags: number): NetWalk {
  if (walk.role === "extra")
    return flags & net.EXTRA_MORE ? walk : { role: walk.more ? "fragment" : "first", more: false };
  const more = (flags & net.TX_FLAG.more_data) !== 0;
  if (walk.role === "first" && flags & net.TX_FLAG.extra_info) return { role: "extra", more };
  return { role: more ? "fragment" : "first", more: false };
}

/** Flags of a slot that {@link nextInPacket} goes by. */
export function walkFlags(kind: "tx" | "rx", role: NetRole, bytes: Uint8Array): number {
  if (role === "extra") return bytes[1]!;
  return kind === "tx" ? net.decodeTxRequest(viewOf(bytes), 0).flags : net.decodeRxResponse(viewOf(bytes), 0).flags;
}

export function txRequestEntry(bytes: Uint8Array, role: NetRole, grants: GrantReader): RingEntry {
  if (role === "extra") return extraEntry(bytes);
  const { reference, offset, flags, id, size } = net.decodeTxRequest(viewOf(bytes), 0);
  const fields = [
    { name: "id", value: id },
    { name: "gref", value: reference },
    { name: "offset", value: offset },
    { name: "size", value: size },
    { name: "flags", value: flagNames(flags, net.TX_FLAG) },
  ];
  const within = Math.min(offset, PAGE);
  const page = grants.page(reference, within, Math.min(size, PAGE - within), false);
  return { operation: role === "first" ? "send" : "fragment", fields, pages: [page] };
}

export function txResponseEntry(bytes: Uint8Array): RingEntry {
  const { id, status } = net.decodeTxResponse(viewOf(bytes), 0);
  return { operation: "send", fields: [{ name: "id", value: id }, ...resultFields(status, NET_RESULTS)], pages: [] };
}

export function rxRequestEntry(bytes: Uint8Array, grants: GrantReader): RingEntry {
  const { id, reference } = net.decodeRxRequest(viewOf(bytes), 0);
  const fields = [
    { name: "id", value: id },
    { name: "gref", value: reference },
  ];
  return { operation: "receive", fields, pages: [grants.page(reference, 0, PAGE, true)] };
}

export function rxResponseEntry(bytes: Uint8Array, role: NetRole): RingEntry {
  if (role === "extra") return extraEntry(bytes);
  const { id, offset, flags, status } = net.decodeRxResponse(viewOf(bytes), 0);
  const fields = [
    { name: "id", value: id },
    { name: "offset", value: offset },
    { name: "flags", value: flagNames(flags, net.RX_FLAG) },
    ...(status >= 0 ? [{ name: "size", value: status }] : resultFields(status, NET_RESULTS)),
  ];
  return { operation: role === "first" ? "receive" : "fragment", fields, pages: [] };
}

function extraEntry(bytes: Uint8Array): RingEntry {
  const { type, size, gso } = net.decodeExtra(viewOf(bytes), 0);
  if (type !== net.EXTRA.gso) return { operation: "extra", fields: [{ name: "type", value: type }], pages: [] };
  const fields = [
    { name: "size", value: size },
    { name: "type", value: GSO_NAMES[gso] ?? gso },
  ];
  return { operation: "gso", fields, pages: [] };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const identity = ([low, high]: readonly [number, number]) =>
  high === 0 ? low : `0x${((BigInt(high) << 32n) | BigInt(low)).toString(16)}`;

const resultFields = (status: number, names: Readonly<Record<number, string>>) => [
  { name: "status", value: status },
  { name: "meaning", value: names[status] ?? "unknown" },
];

function flagNames(flags: number, names: Readonly<Record<string, number>>): string {
  const set = Object.keys(names).filter((name) => flags & names[name]!);
  return set.length > 0 ? set.join(" ") : "none";
}

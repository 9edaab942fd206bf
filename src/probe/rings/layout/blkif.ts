/**
 * The block ring's entries as a 32-bit x86 guest lays them out (public/io/blkif.h; protocol `x86_32-abi`, where a
 * 64-bit field is aligned to 4 bytes only). A request is 108 bytes here and 112 in a 64-bit guest.
 */

/** `BLKIF_OP_*`. */
export const OPERATION = { read: 0, write: 1, barrier: 2, flush: 3, discard: 5, indirect: 6 } as const;

/** `BLKIF_RSP_*`. */
export const STATUS = { okay: 0, error: -1, unsupported: -2 } as const;

/** BLKIF_MAX_SEGMENTS_PER_REQUEST, BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST, and segments a page of them holds. */
const SEGMENTS = 11;
const INDIRECT_PAGES = 8;
const SEGMENT_BYTES = 8;
const SEGMENTS_PER_PAGE = 4096 / SEGMENT_BYTES;

export const blkif = {
  REQUEST_BYTES: 20 + SEGMENTS * SEGMENT_BYTES,
  RESPONSE_BYTES: 12,
  SEGMENTS,
  SEGMENT_BYTES,
  INDIRECT_PAGES,
  SEGMENTS_PER_PAGE,
  /** Sectors of a page, the unit of `first_sect` and `last_sect`. */
  PAGE_SECTORS: 8,
} as const;

/** `struct blkif_request_segment`: sectors `first` to `last` of the granted page, both included. */
export interface Segment {
  readonly reference: number;
  readonly first: number;
  readonly last: number;
}

/** Any of the three request structures. 64-bit fields are numbers, exact to 2⁵³; `id` is kept as its two halves. */
export interface BlockRequest {
  readonly operation: number;
  /** The operation proper: of an indirect request the inner one. */
  readonly effective: number;
  readonly handle: number;
  readonly id: readonly [low: number, high: number];
  readonly sector: number;
  /** As the guest wrote it, for indirect requests of 16 bits: not yet held against any bound. */
  readonly segmentCount: number;
  /** The segments in the request itself: none of a discard or an indirect request. */
  readonly segments: readonly Segment[];
  /** Indirect: the pages with the segments. */
  readonly indirectPages: readonly number[];
  /** Discard: sectors to forget. */
  readonly sectorCount: number;
}

/** @param bytes a copy of the slot, so that what is decoded cannot change any more */
export function decodeRequest(bytes: Uint8Array): BlockRequest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, blkif.REQUEST_BYTES);
  const operation = view.getUint8(0);
  const common = {
    operation,
    id: [view.getUint32(4, true), view.getUint32(8, true)] as const,
    sector: wide(view, 12),
    segments: [],
    indirectPages: [],
    sectorCount: 0,
  };
  if (operation === OPERATION.indirect) {
    const segmentCount = view.getUint16(2, true);
    const pages = Math.min(Math.ceil(segmentCount / SEGMENTS_PER_PAGE), INDIRECT_PAGES);
    const indirectPages = Array.from({ length: pages }, (_, page) => view.getUint32(24 + 4 * page, true));
    return { ...common, effective: view.getUint8(1), handle: view.getUint16(20, true), segmentCount, indirectPages };
  }
  const plain = { ...common, effective: operation, handle: view.getUint16(2, true) };
  if (operation === OPERATION.discard) return { ...plain, segmentCount: 0, sectorCount: wide(view, 20) };
  const segmentCount = view.getUint8(1);
  return { ...plain, segmentCount, segments: decodeSegments(view, 20, Math.min(segmentCount, SEGMENTS)) };
}

/** @param view a request from byte 20 on, or a page of an indirect request */
export function decodeSegments(view: DataView, offset: number, count: number): Segment[] {
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * SEGMENT_BYTES;
    return { reference: view.getUint32(at, true), first: view.getUint8(at + 4), last: view.getUint8(at + 5) };
  });
}

/** `struct blkif_response`. Of an indirect request Linux wants the inner operation back (blkfront, blkif_interrupt). */
export function encodeResponse(request: BlockRequest, status: number): Uint8Array {
  const bytes = new Uint8Array(blkif.RESPONSE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, request.id[0], true);
  view.setUint32(4, request.id[1], true);
  view.setUint8(8, request.effective);
  view.setInt16(10, status, true);
  return bytes;
}

export interface BlockResponse {
  readonly id: readonly [low: number, high: number];
  readonly operation: number;
  readonly status: number;
}

export function decodeResponse(bytes: Uint8Array): BlockResponse {
  const view = new DataView(bytes.buffer, bytes.byteOffset, blkif.RESPONSE_BYTES);
  return {
    id: [view.getUint32(0, true), view.getUint32(4, true)],
    operation: view.getUint8(8),
    status: view.getInt16(10, true),
  };
}

const wide = (view: DataView, at: number) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

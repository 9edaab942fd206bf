/**
 * The shared part of every Xen I/O ring (public/io/ring.h): a header of four counters, then a power of two of slots
 * in which a response takes the room of a request.
 */
import { blkif } from "./blkif.ts";
import { netif } from "./netif.ts";

export const PAGE = 4096;

/** `struct <name>_sring`: byte offsets of the four counters, each 32 bits and free-running, and of slot 0. */
export const SRING = { req_prod: 0, req_event: 4, rsp_prod: 8, rsp_event: 12, ring: 64 } as const;

/** What a ring carries: block requests, frames from the guest (`tx`), buffers for frames to it (`rx`). */
export type RingKind = "block" | "tx" | "rx";

/** Bytes of a slot (the larger of its request and response), and of each. */
export const ENTRY: Readonly<Record<RingKind, { slot: number; request: number; response: number }>> = {
  block: { slot: blkif.REQUEST_BYTES, request: blkif.REQUEST_BYTES, response: blkif.RESPONSE_BYTES },
  tx: { slot: netif.TX_REQUEST_BYTES, request: netif.TX_REQUEST_BYTES, response: netif.TX_RESPONSE_BYTES },
  rx: { slot: netif.RX_RESPONSE_BYTES, request: netif.RX_REQUEST_BYTES, response: netif.RX_RESPONSE_BYTES },
};

/** Slots of a ring over `pages` pages: what fits behind the header, rounded down to a power of two (__RING_SIZE). */
export const ringSlots = (kind: RingKind, pages = 1): number =>
  2 ** Math.floor(Math.log2((pages * PAGE - SRING.ring) / ENTRY[kind].slot));

/** Byte offset of the slot a free-running index names, from the start of the ring's first page. */
export const slotOffset = (kind: RingKind, capacity: number, index: number): number =>
  SRING.ring + (index & (capacity - 1)) * ENTRY[kind].slot;

/**
 * RING_PUSH_REQUESTS_AND_CHECK_NOTIFY and its twin for responses: the threshold lies among what was pushed now.
 *
 * @param next  producer's index after the push
 * @param event threshold the other side asked to be woken at
 * @param old   producer's index before the push
 */
export const needsNotify = (next: number, event: number, old: number): boolean =>
  (next - event) >>> 0 < (next - old) >>> 0;

/** Distance from one free-running index to a later one, modulo 2³². */
export const distance = (from: number, to: number): number => (to - from) >>> 0;

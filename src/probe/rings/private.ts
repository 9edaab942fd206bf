/**
 * The halves of a shared ring that are not in the shared page: `struct …_front_ring` and `struct …_back_ring` (Xen
 * public/io/ring.h) in the memory of the Linux that drives the ring, found by what they must hold.
 */
import type { GuestWords } from "../io/guest-words.ts";
import { findWords } from "../io/search.ts";
import type { RingIndex } from "../io/types.ts";
import type { SharedIndices } from "./layout/index.ts";
import { distance } from "./layout/index.ts";

/** Where a 32-bit Linux maps all memory it uses itself, with the 3G/1G split of our kernels (PAGE_OFFSET). */
const PAGE_OFFSET = 0xc0000000;

/** Pointers followed in one search: a kernel has a few hundred that could be meant, a hostile one millions. */
const MOST_TRANSLATIONS = 20_000;

/** Both structures: two indices, `nr_ents` and `sring`, 32 bits each. */
const NR_ENTS = 8;
const SRING = 12;

/** `struct …_front_ring`, with where it stands in its guest's memory. */
export interface FrontRing {
  readonly req_prod_pvt: number;
  readonly rsp_cons: number;
  readonly at: number;
}

/** `struct …_back_ring`. */
export interface BackRing {
  readonly rsp_prod_pvt: number;
  readonly req_cons: number;
  readonly at: number;
}

/** A ring as one of its ends has it in its own memory. */
export interface RingEnd {
  /** That guest's memory. */
  readonly words: GuestWords;
  /** Slots of the ring. */
  readonly capacity: number;
  /** Guest-physical address, in that memory, of the ring's first page. */
  readonly page: number;
  /** Guest-virtual to guest-physical in that guest, -1 where nothing is mapped; needed of a back alone. */
  readonly translate?: (gva: number) => number;
  /** The shared counters now. */
  readonly shared: SharedIndices;
}

/**
 * Looks for a frontend's structure: the ring is memory of its own, so `sring` is its linear address. Milliseconds for
 * 64 MiB: keep what it finds and {@link readFrontRing} it.
 *
 * @returns guest-physical address of the structure; undefined where none fits, or more than one
 */
export function findFrontRing(end: RingEnd): number | undefined {
  const pattern = [end.capacity, (PAGE_OFFSET + end.page) >>> 0];
  return only(
    findWords(end.words, pattern).map((at) => at - NR_ENTS),
    (at) => readFrontRing(end, at),
  );
}

/** Looks for a backend's structure: `sring` is wherever it mapped the granted page. As {@link findFrontRing}. */
export function findBackRing(end: RingEnd): number | undefined {
  const { words, capacity } = end;
  let asked = 0;
  const sizes = words.addressesOf(capacity, (at) => {
    const pointer = words.u32(at + 4);
    return isPagePointer(pointer) && asked++ < MOST_TRANSLATIONS && pointsToRing(end, pointer);
  });
  return only(
    sizes.map((at) => at - NR_ENTS),
    (at) => readBackRing(end, at),
  );
}

/** @returns what stands there, or undefined when that is not (or no longer) this ring's structure */
export function readFrontRing(end: RingEnd, at: number): FrontRing | undefined {
  const { words, capacity, shared } = end;
  const pvt = words.u32(at);
  const cons = words.u32(at + 4);
  const holds = words.u32(at + NR_ENTS) === capacity && words.u32(at + SRING) === (PAGE_OFFSET + end.page) >>> 0;
  const sound =
    distance(cons, pvt) <= capacity &&
    distance(shared.req_prod, pvt) <= capacity &&
    distance(cons, shared.rsp_prod) <= capacity;
  return holds && sound ? { req_prod_pvt: pvt, rsp_cons: cons, at } : undefined;
}

/** As {@link readFrontRing}. */
export function readBackRing(end: RingEnd, at: number): BackRing | undefined {
  const { words, capacity, shared } = end;
  const pvt = words.u32(at);
  const cons = words.u32(at + 4);
  const holds = words.u32(at + NR_ENTS) === capacity && pointsToRing(end, words.u32(at + SRING));
  const sound =
    distance(pvt, cons) <= capacity &&
    distance(cons, shared.req_prod) <= capacity &&
    distance(shared.rsp_prod, pvt) <= capacity;
  return holds && sound ? { rsp_prod_pvt: pvt, req_cons: cons, at } : undefined;
}

/** A kernel's pointer to the start of a page. */
const isPagePointer = (pointer: number) => pointer >= PAGE_OFFSET && pointer % 4096 === 0;

const pointsToRing = ({ page, translate }: RingEnd, pointer: number): boolean =>
  isPagePointer(pointer) && translate?.(pointer) === page;

function only(candidates: readonly number[], read: (at: number) => unknown): number | undefined {
  const fitting = candidates.filter((at) => at >= 0 && read(at) !== undefined);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** A frontend's private indices as a view lists them. @param name of the structure, `struct blkif_front_ring` */
export const frontIndices = (front: FrontRing, name: string, capacity: number): RingIndex[] =>
  privateIndices("front", { req_prod_pvt: front.req_prod_pvt, rsp_cons: front.rsp_cons }, name, front.at, capacity);

/** A backend's. */
export const backIndices = (back: BackRing, name: string, capacity: number): RingIndex[] =>
  privateIndices("back", { req_cons: back.req_cons, rsp_prod_pvt: back.rsp_prod_pvt }, name, back.at, capacity);

function privateIndices(
  side: RingIndex["side"],
  values: Readonly<Record<string, number>>,
  name: string,
  at: number,
  capacity: number,
): RingIndex[] {
  return Object.entries(values).map(([index, value]) => ({
    name: index,
    side,
    shared: false,
    value,
    slot: value % capacity,
    from: `${name} at pa:0x${at.toString(16)}`,
  }));
}

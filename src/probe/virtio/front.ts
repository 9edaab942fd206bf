/**
 * The driver's private half of a virtqueue, found in the memory of the guest's own Linux: which entry of the used ring
 * it has taken up to, and how many it has added since it last considered a notification.
 */
import type { GuestWords } from "../io/guest-words.ts";
import { findWords } from "../io/search.ts";
import type { QueuePlace, QueueWords } from "./queue.ts";

/** Where a 32-bit Linux maps all memory it uses itself, with the 3G/1G split of our kernels (PAGE_OFFSET). */
const PAGE_OFFSET = 0xc0000000;

/**
 * `struct vring_virtqueue` of Linux 6.1 (drivers/virtio/virtio_ring.c), as offsets from its `split.vring`, which holds
 * num, desc, avail and used and is what is searched for. It begins a union of 4 bytes' alignment in every 32-bit build.
 */
const VRING = {
  packedRing: -20,
  event: -15,
  freeHead: -12,
  numAdded: -8,
  lastUsedIdx: -4,
  availIdxShadow: 18,
} as const;

export interface VirtioFront {
  /** Free-running, 16 bits. */
  readonly lastUsedIdx: number;
  readonly numAdded: number;
  /** Guest-physical address of `split.vring`. */
  readonly at: number;
}

/**
 * Looks for the structure of one queue. Milliseconds for 64 MiB: keep what it finds and {@link readFront} it.
 *
 * @returns guest-physical address of its `split.vring`; undefined where there is none, or more than one that fits
 */
export function findFront(words: GuestWords, place: QueuePlace, now: QueueWords): number | undefined {
  const pattern = [place.size, linear(place.desc), linear(place.avail), linear(place.used)];
  const fitting = findWords(words, pattern).filter((at) => readFront(words, place, now, at) !== undefined);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** @returns what stands there, or undefined when that is not (or no longer) this queue's structure */
export function readFront(words: GuestWords, place: QueuePlace, now: QueueWords, at: number): VirtioFront | undefined {
  const { size } = place;
  const still = words.u32(at) === size && words.u32(at + 4) === linear(place.desc);
  const flags = Array.from({ length: VRING.event - VRING.packedRing + 1 }, (_, flag) =>
    words.u8(at + VRING.packedRing + flag),
  );
  const booleans = flags[0] === 0 && flags.every((flag) => flag <= 1);
  const lastUsedIdx = words.u16(at + VRING.lastUsedIdx);
  const numAdded = words.u32(at + VRING.numAdded);
  const near = (from: number, to: number) => ((to - from) & 0xffff) <= size;
  const sound =
    words.u32(at + VRING.freeHead) <= size &&
    numAdded <= 0xffff &&
    near(lastUsedIdx, now.usedIdx) &&
    near(now.availIdx, words.u16(at + VRING.availIdxShadow));
  return still && booleans && sound ? { lastUsedIdx, numAdded, at } : undefined;
}

const linear = (address: number) => (PAGE_OFFSET + address) >>> 0;

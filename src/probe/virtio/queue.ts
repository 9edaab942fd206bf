/** A split virtqueue in the memory of its guest (virtio 1.2, 2.7): where everything is, read and never changed. */
import { type GuestWords, pa } from "../io/guest-words.ts";
import type { Virtqueue } from "../io/types.ts";

/** Where a driver put a queue's three areas: guest-physical addresses, as it told the device. */
export interface QueuePlace {
  readonly queue: number;
  /** Entries of each area; a power of two up to 32768 where the driver is sound. */
  readonly size: number;
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
}

/** `struct virtq_desc` (2.7.5): 64-bit address, length, flags, next. */
export const DESCRIPTOR_BYTES = 16;
export const DESC_F = { next: 1, write: 2, indirect: 4 } as const;
/** Both rings begin with flags and idx, 16 bits each (2.7.6, 2.7.8). */
export const RING_HEADER = 4;
export const AVAIL_ENTRY = 2;
/** `struct virtq_used_elem`: id and len, 32 bits each. */
export const USED_ENTRY = 8;
/** VIRTQ_AVAIL_F_NO_INTERRUPT and VIRTQ_USED_F_NO_NOTIFY. */
export const SUPPRESS = 1;

/** Where the driver names the used index it wants an interrupt after; behind the last entry (2.7.6). */
export const usedEventAt = ({ avail, size }: QueuePlace) => avail + RING_HEADER + AVAIL_ENTRY * size;
/** Where the device names the available index it wants a notification after (2.7.8). */
export const availEventAt = ({ used, size }: QueuePlace) => used + RING_HEADER + USED_ENTRY * size;

/** The words outside the entries, each read once. Indices and events are free-running and 16 bits wide. */
export interface QueueWords {
  readonly availFlags: number;
  readonly availIdx: number;
  readonly usedEvent: number;
  readonly usedFlags: number;
  readonly usedIdx: number;
  readonly availEvent: number;
}

export function readQueueWords(words: GuestWords, place: QueuePlace): QueueWords {
  return {
    availFlags: words.u16(place.avail),
    availIdx: words.u16(place.avail + 2),
    usedEvent: words.u16(usedEventAt(place)),
    usedFlags: words.u16(place.used),
    usedIdx: words.u16(place.used + 2),
    availEvent: words.u16(availEventAt(place)),
  };
}

/** @returns what is wrong with where a queue lies, as a sentence, or undefined */
export function misplaced(words: GuestWords, place: QueuePlace): string | undefined {
  const { size, desc, avail, used } = place;
  if (size < 1 || size > 32768 || (size & (size - 1)) !== 0) return `A queue of ${size} entries cannot be.`;
  const areas = [
    ["descriptor table", desc, DESCRIPTOR_BYTES * size],
    ["available ring", avail, RING_HEADER + AVAIL_ENTRY * size + 2],
    ["used ring", used, RING_HEADER + USED_ENTRY * size + 2],
  ] as const;
  const outside = areas.find(([, address, bytes]) => !words.holds(address, bytes));
  return outside && `The ${outside[0]} at ${pa(outside[1])} does not lie in the guest's memory.`;
}

/**
 * The device's, or the driver's, decision to tell the other side (2.7.10, `vring_need_event`): the threshold lies among
 * the entries added now. 16 bits.
 *
 * @param next  index after the additions
 * @param event threshold the other side asked for: tell me when you go past it
 * @param old   index before them
 */
export const needsEvent = (next: number, event: number, old: number): boolean =>
  ((next - event - 1) & 0xffff) < ((next - old) & 0xffff);

/** One descriptor. */
export interface Descriptor {
  /** In its table. */
  readonly index: number;
  /** Of the descriptor itself. */
  readonly at: number;
  /** Guest-physical address of the buffer; beyond 2^32 where the driver wrote one. */
  readonly address: number;
  readonly bytes: number;
  readonly flags: number;
  readonly next: number;
}

/** @param table guest-physical address of the table */
export function readDescriptor(words: GuestWords, table: number, index: number): Descriptor {
  const at = table + DESCRIPTOR_BYTES * index;
  return {
    index,
    at,
    address: words.u32(at) + words.u32(at + 4) * 2 ** 32,
    bytes: words.u32(at + 8),
    flags: words.u16(at + 12),
    next: words.u16(at + 14),
  };
}

/** Entry of the available ring that a free-running index names: the head of a chain. */
export const availHead = (words: GuestWords, { avail, size }: QueuePlace, index: number): number =>
  words.u16(avail + RING_HEADER + AVAIL_ENTRY * (index & (size - 1)));

/** Entry of the used ring that a free-running index names. */
export function usedElement(words: GuestWords, { used, size }: QueuePlace, index: number) {
  const at = used + RING_HEADER + USED_ENTRY * (index & (size - 1));
  return { id: words.u32(at), bytes: words.u32(at + 4) };
}

/** Descriptors listed of a queue; larger ones list those of the chains alone that are under way. */
const MOST_DESCRIPTORS = 256;

/**
 * The three areas as they are.
 *
 * @param place one that is not {@link misplaced}
 * @param inChains indices of the descriptors under way, for queues larger than are listed whole
 */
export function readAreas(
  words: GuestWords,
  place: QueuePlace,
  eventIdx: boolean,
  inChains: readonly number[],
): Virtqueue {
  const every = Array.from({ length: place.size }, (_, index) => index);
  const listed =
    place.size <= MOST_DESCRIPTORS ? every : [...new Set(inChains)].sort((a, b) => a - b).slice(0, MOST_DESCRIPTORS);
  return {
    queue: place.queue,
    eventIdx,
    descriptors: listed.map((index) => describe(readDescriptor(words, place.desc, index))),
    avail: every.map((index) => availHead(words, place, index)),
    used: every.map((index) => usedElement(words, place, index)),
  };
}

function describe({ index, address, bytes, flags, next }: Descriptor): Virtqueue["descriptors"][number] {
  return {
    index,
    address: pa(address),
    bytes,
    writable: (flags & DESC_F.write) !== 0,
    ...(flags & DESC_F.next && { next }),
    indirect: (flags & DESC_F.indirect) !== 0,
  };
}

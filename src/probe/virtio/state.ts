/** `ring.state` of a split virtqueue (virtio 1.2, 2.7): read from the guest's memory and what its device has counted. */
import { GuestWords, pa } from "../io/guest-words.ts";
import type { SoughtPlace } from "../io/search.ts";
import type {
  Batch,
  NotifyCondition,
  Pace,
  RingCounters,
  RingIndex,
  RingSlot,
  RingState,
  RingSummary,
} from "../io/types.ts";
import { type Chain, followChain } from "./chain.ts";
import { type RequestKind, requestEntry, responseEntry } from "./entries.ts";
import { findFront, readFront, type VirtioFront } from "./front.ts";
import {
  availEventAt,
  availHead,
  DESCRIPTOR_BYTES,
  misplaced,
  type QueuePlace,
  type QueueWords,
  readAreas,
  readQueueWords,
  usedElement,
  usedEventAt,
} from "./queue.ts";

/** Chains listed: of a receive queue with a thousand buffers the oldest are enough. */
const MOST_SLOTS = 128;

/** A queue as its device knows it. */
export interface VirtioRing {
  readonly summary: RingSummary;
  readonly kind: RequestKind;
  readonly place: QueuePlace;
  /** VIRTIO_F_EVENT_IDX and VIRTIO_F_INDIRECT_DESC, as negotiated. */
  readonly eventIdx: boolean;
  readonly indirect: boolean;
  /** The device's private index into the available ring: what it will take next. */
  readonly lastAvailIdx: number;
  /** Heads of the chains it has taken and not answered. */
  readonly serving: readonly number[];
  /** Where the driver's structure is: kept from one reading of this queue to the next. */
  readonly front: SoughtPlace;
  /** The numbers of the last decision each side made, where it was seen. */
  readonly decided: { readonly frontToBack?: NotifyCondition; readonly backToFront?: NotifyCondition };
  readonly counters: RingCounters;
  readonly batches: readonly Batch[];
  readonly pace: Pace;
  readonly fault?: string;
}

/** Reads a queue. Safe on any content of the memory. */
export function virtioRingState(memory: Uint8Array, ring: VirtioRing): RingState {
  const words = new GuestWords(memory);
  const { place, summary, counters, batches, pace } = ring;
  const common = { ...summary, capacity: place.size, entryBytes: DESCRIPTOR_BYTES, counters, batches, pace };
  const fault = ring.fault ?? (summary.connected ? misplaced(words, place) : undefined);
  if (!summary.connected || misplaced(words, place)) {
    return { ...common, pages: [], indices: [], notify: [], slots: [], ...(fault && { fault }) };
  }
  const now = readQueueWords(words, place);
  const front = ring.front.read(
    () => findFront(words, place, now),
    (at) => readFront(words, place, now, at),
  );
  const { slots, inChains } = readSlots(words, ring, now, front);
  return {
    ...common,
    pages: pagesOf(place),
    indices: indicesOf(ring, now, front),
    notify: conditions(ring, now),
    slots,
    virtqueue: readAreas(words, place, ring.eventIdx, inChains),
    ...(fault && { fault }),
  };
}

/** Guest-physical pages that the three areas lie in, ascending. */
function pagesOf(place: QueuePlace): string[] {
  const areas = [
    [place.desc, place.desc + DESCRIPTOR_BYTES * place.size],
    [place.avail, usedEventAt(place) + 2],
    [place.used, availEventAt(place) + 2],
  ] as const;
  const pages = areas.flatMap(([from, to]) => {
    const first = Math.floor(from / 4096);
    return Array.from({ length: Math.ceil(to / 4096) - first }, (_, page) => (first + page) * 4096);
  });
  return [...new Set(pages)].sort((a, b) => a - b).map(pa);
}

function indicesOf(ring: VirtioRing, now: QueueWords, front: VirtioFront | undefined): RingIndex[] {
  const { place } = ring;
  const index = (name: string, side: "front" | "back", shared: boolean, value: number, from: string): RingIndex => ({
    name,
    side,
    shared,
    value,
    slot: value & (place.size - 1),
    from,
  });
  const events = [
    index("avail_event", "back", true, now.availEvent, `used ring, ${pa(availEventAt(place))}`),
    index("used_event", "front", true, now.usedEvent, `available ring, ${pa(usedEventAt(place))}`),
  ];
  return [
    index("avail.idx", "front", true, now.availIdx, `available ring, ${pa(place.avail + 2)}`),
    index("last_avail_idx", "back", false, ring.lastAvailIdx, "the device"),
    index("used.idx", "back", true, now.usedIdx, `used ring, ${pa(place.used + 2)}`),
    ...(front ? [index("last_used_idx", "front", false, front.lastUsedIdx, frontSource(front))] : []),
    ...(ring.eventIdx ? events : []),
  ];
}

const frontSource = ({ at }: VirtioFront) => `struct vring_virtqueue, split.vring at ${pa(at)}`;

/** The last decisions that were seen; before the first, what would be decided now. */
function conditions(ring: VirtioRing, now: QueueWords): NotifyCondition[] {
  const { decided, eventIdx } = ring;
  const idle = (direction: NotifyCondition["direction"], index: number, event: number, flags: number) => ({
    direction,
    rule: eventIdx ? ("event-idx" as const) : ("flags" as const),
    new: index,
    old: index,
    event: eventIdx ? event : flags,
    holds: false,
  });
  return [
    decided.frontToBack ?? idle("front-to-back", now.availIdx, now.availEvent, now.usedFlags),
    decided.backToFront ?? idle("back-to-front", now.usedIdx, now.usedEvent, now.availFlags),
  ];
}

/** A chain under way, with where it stands. */
interface UnderWay {
  readonly head: number;
  readonly state: "requested" | "serving" | "answered";
  /** Answered: bytes the device says it wrote. */
  readonly written: number;
}

function readSlots(words: GuestWords, ring: VirtioRing, now: QueueWords, front: VirtioFront | undefined) {
  const chains = underWay(words, ring, now, front).map((entry) => ({
    ...entry,
    chain: followChain(words, ring.place, entry.head, ring.indirect),
  }));
  return {
    slots: chains.map(({ chain, ...entry }) => slotOf(words, ring, entry, chain)),
    inChains: chains.flatMap(({ chain }) => chain.own),
  };
}

/** Oldest first: answered and not taken by the driver, being served, waiting. No head twice, whatever the rings say. */
function underWay(words: GuestWords, ring: VirtioRing, now: QueueWords, front: VirtioFront | undefined): UnderWay[] {
  const { place } = ring;
  const seen = new Set<number>();
  const fresh = ({ head }: UnderWay) => head < place.size && !seen.has(head) && seen.add(head);
  const run = (from: number, to: number) => {
    const count = (to - from) & 0xffff;
    return Array.from({ length: count <= place.size ? count : 0 }, (_, step) => (from + step) & 0xffff);
  };
  const answered = front ? run(front.lastUsedIdx, now.usedIdx) : [];
  return [
    ...answered.map((index) => {
      const { id, bytes } = usedElement(words, place, index);
      return { head: id, state: "answered" as const, written: bytes };
    }),
    ...ring.serving.map((head) => ({ head, state: "serving" as const, written: 0 })),
    ...run(ring.lastAvailIdx, now.availIdx).map((index) => {
      return { head: availHead(words, place, index), state: "requested" as const, written: 0 };
    }),
  ]
    .filter(fresh)
    .slice(0, MOST_SLOTS);
}

function slotOf(words: GuestWords, ring: VirtioRing, { head, state, written }: UnderWay, chain: Chain): RingSlot {
  const at = ring.place.desc + DESCRIPTOR_BYTES * head;
  return {
    slot: head,
    state,
    address: pa(at),
    bytes: words.hex(at, DESCRIPTOR_BYTES),
    request: requestEntry(words, ring.kind, chain),
    ...(state === "answered" && { response: responseEntry(words, ring.kind, chain, written) }),
  };
}

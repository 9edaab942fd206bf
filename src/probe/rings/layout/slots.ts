/** A shared ring read slot by slot from its pages: pure, bounded by the ring's size, right for any content. */
import type { RingEntry, RingIndex, RingSlot } from "../../io/types.ts";
import * as entries from "./entries.ts";
import { distance, ENTRY, PAGE, type RingKind, ringSlots, SRING, slotOffset } from "./ring.ts";

/** A ring's pages in order, and the indices that are not in them, as far as they are known. */
export interface RingPages {
  readonly kind: RingKind;
  readonly pages: readonly Uint8Array[];
  /** Guest-physical address of each page in the front's memory. */
  readonly addresses: readonly number[];
  readonly back?: { readonly req_cons: number; readonly rsp_prod_pvt: number };
  readonly front?: { readonly req_prod_pvt: number; readonly rsp_cons: number };
}

/** The four counters of the ring page, each read once. */
export interface SharedIndices {
  readonly req_prod: number;
  readonly req_event: number;
  readonly rsp_prod: number;
  readonly rsp_event: number;
}

export function readSharedIndices(page: Uint8Array): SharedIndices {
  const view = new DataView(page.buffer, page.byteOffset, SRING.ring);
  return {
    req_prod: view.getUint32(SRING.req_prod, true),
    req_event: view.getUint32(SRING.req_event, true),
    rsp_prod: view.getUint32(SRING.rsp_prod, true),
    rsp_event: view.getUint32(SRING.rsp_event, true),
  };
}

/** The shared counters as a view lists them; whose each is follows from who writes it. */
export function sharedIndexList(shared: SharedIndices, capacity: number): RingIndex[] {
  const index = (name: keyof SharedIndices, side: "front" | "back"): RingIndex => ({
    name,
    side,
    shared: true,
    value: shared[name],
    slot: shared[name] % capacity,
    from: `ring page + 0x${SRING[name].toString(16)}`,
  });
  return [
    index("req_prod", "front"),
    index("req_event", "back"),
    index("rsp_prod", "back"),
    index("rsp_event", "front"),
  ];
}

/** Bytes of a ring from `offset` on, copied; an entry may lie across two pages. */
export function copyFromRing(pages: readonly Uint8Array[], offset: number, bytes: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let done = 0; done < bytes; ) {
    const at = (offset + done) % PAGE;
    const count = Math.min(bytes - done, PAGE - at);
    copy.set(pages[Math.floor((offset + done) / PAGE)]!.subarray(at, at + count), done);
    done += count;
  }
  return copy;
}

/** What the indices say of each slot: runs of free-running indices, never longer than the ring. */
interface Runs {
  readonly answered: Run;
  readonly serving: Run;
  readonly requested: Run;
}
type Run = readonly [from: number, count: number];

/**
 * Whose each slot is. Where the front's own `rsp_cons` is not known, its `rsp_event` stands in: a frontend that has
 * taken every response asks to be woken at the next one, `rsp_cons + 1` (RING_FINAL_CHECK_FOR_RESPONSES).
 */
function runs({ back, front }: RingPages, shared: SharedIndices, capacity: number): Runs {
  const run = (from: number, to: number): Run => {
    const count = distance(from, to);
    return [from, count <= capacity ? count : 0];
  };
  const consumed = front?.rsp_cons ?? (shared.rsp_event - 1) >>> 0;
  const taken = back?.req_cons ?? shared.rsp_prod;
  return {
    answered: run(consumed, shared.rsp_prod),
    serving: run(back?.rsp_prod_pvt ?? shared.rsp_prod, taken),
    requested: run(taken, shared.req_prod),
  };
}

/** Every slot of a ring, slot 0 first, each with its entry where the indices say that one stands there. */
export function readSlots(ring: RingPages, grants: entries.GrantReader): RingSlot[] {
  const { kind, pages, addresses } = ring;
  const capacity = ringSlots(kind, pages.length);
  const { slot: bytes } = ENTRY[kind];
  const slots: RingSlot[] = Array.from({ length: capacity }, (_, slot) => {
    const offset = slotOffset(kind, capacity, slot);
    const address = addresses[Math.floor(offset / PAGE)]! + (offset % PAGE);
    return {
      slot,
      state: "free",
      address: `pa:0x${address.toString(16)}`,
      bytes: hex(copyFromRing(pages, offset, bytes)),
    };
  });
  const { answered, serving, requested } = runs(ring, readSharedIndices(pages[0]!), capacity);
  const entryAt = (index: number) => copyFromRing(pages, slotOffset(kind, capacity, index), bytes);

  let walk = entries.PACKET_START;
  for (const [state, [from, count]] of [
    ["serving", serving],
    ["requested", requested],
  ] as const) {
    for (let index = from; index !== (from + count) >>> 0; index = (index + 1) >>> 0) {
      const slot = index & (capacity - 1);
      const entry = entryAt(index);
      slots[slot] = { ...slots[slot]!, state, request: requestEntry(kind, entry, walk.role, grants) };
      if (kind === "tx") walk = entries.nextInPacket(walk, entries.walkFlags("tx", walk.role, entry));
    }
  }
  walk = entries.PACKET_START;
  for (let index = answered[0]; index !== (answered[0] + answered[1]) >>> 0; index = (index + 1) >>> 0) {
    const slot = index & (capacity - 1);
    const entry = entryAt(index);
    slots[slot] = { ...slots[slot]!, state: "answered", response: responseEntry(kind, entry, walk.role) };
    if (kind === "rx") walk = entries.nextInPacket(walk, entries.walkFlags("rx", walk.role, entry));
  }
  return slots;
}

function requestEntry(
  kind: RingKind,
  bytes: Uint8Array,
  role: entries.NetRole,
  grants: entries.GrantReader,
): RingEntry {
  if (kind === "block") return entries.blockRequestEntry(bytes, grants);
  return kind === "tx" ? entries.txRequestEntry(bytes, role, grants) : entries.rxRequestEntry(bytes, grants);
}

function responseEntry(kind: RingKind, bytes: Uint8Array, role: entries.NetRole): RingEntry {
  if (kind === "block") return entries.blockResponseEntry(bytes);
  return kind === "tx" ? entries.txResponseEntry(bytes) : entries.rxResponseEntry(bytes, role);
}

/** Lower-case pairs of digits. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

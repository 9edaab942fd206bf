/** `ring.state` of a Xen ring whose backend is a guest's: all of it read from the memories of the two guests. */
import { GuestWords, pa } from "../io/guest-words.ts";
import { SoughtPlace } from "../io/search.ts";
import type { NotifyCondition, RingIndex, RingState } from "../io/types.ts";
import {
  ENTRY,
  type GrantReader,
  needsNotify,
  PAGE,
  type RingKind,
  readSharedIndices,
  readSlots,
  ringSlots,
  type SharedIndices,
  sharedIndexList,
} from "./layout/index.ts";
import {
  backIndices,
  findBackRing,
  findFrontRing,
  frontIndices,
  type RingEnd,
  readBackRing,
  readFrontRing,
} from "./private.ts";

/** A ring as the domain's device directory and the grant table describe it. */
export interface SharedRing {
  readonly kind: RingKind;
  /**
   * The ring's pages in order: guest-physical addresses in the front's memory, and their bytes as they are now. Shared
   * pages travel between memories, so the bytes are from wherever the page is.
   */
  readonly pages: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** The front's memory. */
  readonly front: Uint8Array;
  /** The back's memory where it is a guest: where the first page is mapped, and how its kernel's addresses translate. */
  readonly back?: {
    readonly memory: Uint8Array;
    readonly page: number;
    readonly translate: (gva: number) => number;
  };
  readonly grants: GrantReader;
}

/** Where the private structures were found: made by the caller for a ring, and handed in with each reading of it. */
export class PrivatePlaces {
  readonly front = new SoughtPlace();
  readonly back = new SoughtPlace();
}

/** The part of `ring.state` that memory tells. */
export type RingReading = Pick<RingState, "capacity" | "entryBytes" | "pages" | "indices" | "notify" | "slots">;

/** Names of the structures in Linux (DEFINE_RING_TYPES). */
const STRUCTURES: Readonly<Record<RingKind, string>> = {
  block: "blkif",
  tx: "xen_netif_tx",
  rx: "xen_netif_rx",
};

/**
 * Reads a ring. Safe on any content of both memories.
 *
 * @param places kept from one reading of this ring to the next
 * @returns undefined when a page is missing
 */
export function readRing(ring: SharedRing, places: PrivatePlaces): RingReading | undefined {
  const { kind } = ring;
  const pages = ring.pages.map(({ bytes }) => bytes);
  const addresses = ring.pages.map(({ address }) => address);
  if (pages.length === 0 || pages.some((page) => page.byteLength < PAGE)) return undefined;
  const capacity = ringSlots(kind, pages.length);
  const shared = readSharedIndices(pages[0]!);
  const own = privateHalves(ring, capacity, shared, places);
  const described = {
    kind,
    pages,
    addresses,
    ...(own.back && { back: own.back }),
    ...(own.front && { front: own.front }),
  };
  return {
    capacity,
    entryBytes: ENTRY[kind].slot,
    pages: addresses.map(pa),
    indices: [...sharedIndexList(shared, capacity), ...own.indices],
    notify: conditionsNow(shared, own),
    slots: readSlots(described, ring.grants),
  };
}

function privateHalves(
  { kind, pages, front, back }: SharedRing,
  capacity: number,
  shared: SharedIndices,
  places: PrivatePlaces,
) {
  const frontEnd: RingEnd = { words: new GuestWords(front), capacity, page: pages[0]!.address, shared };
  const frontRing = places.front.read(
    () => findFrontRing(frontEnd),
    (at) => readFrontRing(frontEnd, at),
  );
  const backEnd = back && { ...back, words: new GuestWords(back.memory), capacity, shared };
  const backRing =
    backEnd &&
    places.back.read(
      () => findBackRing(backEnd),
      (at) => readBackRing(backEnd, at),
    );
  const name = `struct ${STRUCTURES[kind]}`;
  const indices: RingIndex[] = [
    ...(frontRing ? frontIndices(frontRing, `${name}_front_ring`, capacity) : []),
    ...(backRing ? backIndices(backRing, `${name}_back_ring`, capacity) : []),
  ];
  return { front: frontRing, back: backRing, indices };
}

/**
 * What each side would decide about everything it has put in and not yet been answered: its last decision is seen by
 * nobody but itself. The old index is what the other side has taken up to.
 */
function conditionsNow(
  shared: SharedIndices,
  own: { readonly front?: { rsp_cons: number } | undefined; readonly back?: { req_cons: number } | undefined },
): NotifyCondition[] {
  const condition = (
    direction: NotifyCondition["direction"],
    next: number,
    event: number,
    old: number,
  ): NotifyCondition => ({
    direction,
    rule: "xen",
    new: next,
    old,
    event,
    holds: needsNotify(next, event, old),
  });
  return [
    condition("front-to-back", shared.req_prod, shared.req_event, own.back?.req_cons ?? shared.rsp_prod),
    condition("back-to-front", shared.rsp_prod, shared.rsp_event, own.front?.rsp_cons ?? (shared.rsp_event - 1) >>> 0),
  ];
}

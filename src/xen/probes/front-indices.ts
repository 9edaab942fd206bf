import { GuestWords } from "../../probe/io/guest-words.ts";
import type { RingState } from "../../probe/io/types.ts";
import { findFrontRing, frontIndices, PrivatePlaces, readFrontRing } from "../../probe/rings/index.ts";
import { readSharedIndices } from "../../probe/rings/layout/index.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import type { Guest } from "../hypervisor/guest.ts";
import type { XenPlatform } from "../platform.ts";

/** Names of Linux's structures (DEFINE_RING_TYPES), by the end of the ring's name. */
function structureOf({ device, ring }: RingState): string {
  if (device === "block") return "struct blkif_front_ring";
  return ring.endsWith("/tx") ? "struct xen_netif_tx_front_ring" : "struct xen_netif_rx_front_ring";
}

/** Adds the frontend's private indices, found in its kernel's memory, to a ring that this program serves. */
export function withFrontIndices(platform: XenPlatform, front: Guest, state: RingState): RingState {
  const known = state.indices.some(({ name }) => name === "req_prod_pvt");
  const [first] = state.pages;
  if (known || first === undefined) return state;
  const page = Number.parseInt(first.slice(first.indexOf("0x")), 16);
  if (!front.frames.isMemory(page / PAGE_SIZE)) return state;
  const shared = readSharedIndices(front.frames.page(page / PAGE_SIZE));
  const words = new GuestWords(front.access.memory());
  const end = { words, capacity: state.capacity, page, shared };
  const places = platform.placesOf(state.ring, () => new PrivatePlaces());
  const found = places.front.read(
    () => findFrontRing(end),
    (at) => readFrontRing(end, at),
  );
  if (!found) return state;
  return { ...state, indices: [...state.indices, ...frontIndices(found, structureOf(state), state.capacity)] };
}

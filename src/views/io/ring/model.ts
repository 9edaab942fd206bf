import type { RingIndex, RingSlot, RingState, Virtqueue } from "../../../probe/io/types.ts";

/**
 * A ring as it is drawn: tracks of cells and pointers that stand between cells. A Xen ring has one track, in which a
 * response takes the place of a request; a virtqueue has two, `avail` which the front writes and `used` which the back
 * writes, and beside them the descriptors. Both designs are drawn by the same rules.
 */

export type TrackName = "ring" | "avail" | "used";

/** How much of a cell is filled: what the front put there is at its outer side, what the back put there at its inner. */
export type Fill = "outer" | "whole" | "inner";

export interface Cell {
  readonly position: number;
  readonly slot: RingSlot;
  readonly fill: Fill;
}

export interface Track {
  readonly name: TrackName;
  /** Only what is not free, by position. */
  readonly cells: ReadonlyMap<number, Cell>;
}

export interface Pointer {
  readonly index: RingIndex;
  readonly track: TrackName;
  /** A threshold: the producer that passes it notifies the other side. */
  readonly threshold: boolean;
  /** It stands before the cell of this position: the next one it will use, or whose filling notifies no more. */
  readonly position: number;
}

export interface RingModel {
  readonly capacity: number;
  readonly tracks: readonly Track[];
  readonly pointers: readonly Pointer[];
}

type Filled = Exclude<RingSlot["state"], "free">;

const FILLS: Readonly<Record<Filled, Fill>> = { requested: "outer", serving: "whole", answered: "inner" };

/** Works out where everything stands. Any state is drawn: what contradicts itself is left out of the picture. */
export function ringModel(state: RingState): RingModel {
  const { capacity, virtqueue } = state;
  const tracks = virtqueue ? queueTracks(state, virtqueue) : [ringTrack(state)];
  return { capacity, tracks, pointers: state.indices.map((index) => pointerOf(index, capacity, virtqueue)) };
}

const trackOf = (cells: readonly Cell[], name: TrackName): Track => ({
  name,
  cells: new Map(cells.map((cell) => [cell.position, cell])),
});

function ringTrack({ slots, capacity }: RingState): Track {
  const cells = slots.flatMap((slot) =>
    slot.state === "free" ? [] : [{ position: modulo(slot.slot, capacity), slot, fill: FILLS[slot.state] }],
  );
  return trackOf(cells, "ring");
}

/** A chain stands in `avail` until it is answered, and in `used` until the front has taken it back. */
function queueTracks({ slots, capacity, indices }: RingState, { avail, used }: Virtqueue): readonly Track[] {
  const chains = new Map(slots.map((slot) => [slot.slot, slot]));
  const producerOf = (name: string) => indices.find((index) => index.name === name)?.value ?? 0;
  const waiting = new Set(slots.filter(({ state }) => state === "requested" || state === "serving"));
  const answered = new Set(slots.filter(({ state }) => state === "answered"));
  const heads = (position: number) => chains.get(avail[position] ?? -1);
  const ids = (position: number) => chains.get(used[position]?.id ?? -1);
  return [
    trackOf(newestCells(producerOf("avail.idx"), capacity, heads, waiting), "avail"),
    trackOf(newestCells(producerOf("used.idx"), capacity, ids, answered), "used"),
  ];
}

/** The newest entry of each of the chains, from the producer's index back once around. */
function newestCells(
  producer: number,
  capacity: number,
  chainAt: (position: number) => RingSlot | undefined,
  chains: ReadonlySet<RingSlot>,
): readonly Cell[] {
  const missing = new Set(chains);
  const cells: Cell[] = [];
  for (let back = 1; back <= capacity && missing.size > 0; back++) {
    const position = modulo(producer - back, capacity);
    const slot = chainAt(position);
    if (slot && slot.state !== "free" && missing.delete(slot)) cells.push({ position, slot, fill: FILLS[slot.state] });
  }
  return cells;
}

/**
 * Xen notifies when the producer reaches the threshold, virtio when the entry the threshold names was written
 * (virtio 1.2, 2.7.10): there the mark stands one further.
 */
function pointerOf(index: RingIndex, capacity: number, virtqueue: Virtqueue | undefined): Pointer {
  const threshold = index.name.endsWith("event");
  const position = modulo(index.value + (virtqueue && threshold ? 1 : 0), capacity);
  const track = virtqueue ? (index.name.includes("used") ? "used" : "avail") : "ring";
  return { index, track, threshold, position };
}

/** The remainder that is never negative. */
export const modulo = (value: number, by: number) => ((value % by) + by) % by;

/** The cell in which a slot stands, in whichever track. */
export function placeOf(
  { tracks }: RingModel,
  slot: number,
): { readonly track: Track; readonly cell: Cell } | undefined {
  for (const track of tracks)
    for (const cell of track.cells.values()) if (cell.slot.slot === slot) return { track, cell };
  return undefined;
}

/** The descriptors of a chain in their order; a chain that bites its tail ends there. */
export function chainOf({ descriptors }: Virtqueue, head: number): readonly number[] {
  const byIndex = new Map(descriptors.map((descriptor) => [descriptor.index, descriptor]));
  const chain: number[] = [];
  const seen = new Set<number>();
  for (let at: number | undefined = head; at !== undefined && !seen.has(at); at = byIndex.get(at)?.next) {
    if (!byIndex.has(at)) break;
    seen.add(at);
    chain.push(at);
  }
  return chain;
}

export type Tally = Readonly<Record<RingSlot["state"], number>>;

/** How many slots are in which state; of a virtqueue, chains, and free are the entries left over. */
export function tally({ slots, capacity }: RingState): Tally {
  const count = (state: RingSlot["state"]) => slots.filter((slot) => slot.state === state).length;
  const [requested, serving, answered] = [count("requested"), count("serving"), count("answered")];
  return { free: Math.max(0, capacity - requested - serving - answered), requested, serving, answered };
}

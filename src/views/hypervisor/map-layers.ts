import type { PageTableMap, Slot } from "../../probe/hypervisor/paging/table-map.ts";
import { fillPath, type Grid, type Part, strikePath, WHOLE } from "./cells.ts";

/** What the page-table map draws, layer by layer: each layer is one path over all cells it concerns. */

export const TABLE_GRID: Grid = { columns: 32, count: 1024, side: 12 };

export type LayerName =
  | "present"
  | "accessed"
  | "dirty"
  | "shadow-read"
  | "shadow-write"
  | "lazy"
  | "large"
  | "protected"
  | "watched"
  | "unsync"
  | "hypervisor"
  | "stale"
  | "disagrees";

export interface Layer {
  readonly name: LayerName;
  readonly path: string;
}

const LEFT: Part = { x: 0, y: 0, width: 0.46, height: 1 };
const RIGHT: Part = { x: 0.54, y: 0, width: 0.46, height: 1 };
/** Read-only: the lower half of the shadow's side. */
const LOWER: Part = { x: 0.54, y: 0.5, width: 0.46, height: 0.5 };
const TOP: Part = { x: 0, y: 0, width: 1, height: 0.16 };
const CORNER: Part = { x: 0.66, y: 0, width: 0.34, height: 0.34 };
const DOT: Part = { x: 0.66, y: 0.1, width: 0.22, height: 0.22 };

const has = (slot: Slot, flag: "P" | "W" | "A" | "D") => slot.guest.flags.includes(flag);
const shadowHas = (slot: Slot, flag: "P" | "W") => slot.shadow?.flags.includes(flag) ?? false;

/** The flags of a large page's entries stand in the directory: an entry of its table is mapped when its verdict says. */
const guestMaps = (slot: Slot) => has(slot, "P") || (slot.marks.includes("large") && slot.verdict.kind !== "absent");

/** Which layers a slot is in. */
export function layersOf(slot: Slot): readonly LayerName[] {
  const guest = guestMaps(slot);
  const kind = slot.verdict.kind;
  const level = has(slot, "D") ? "dirty" : has(slot, "A") || slot.marks.includes("large") ? "accessed" : "present";
  return [
    ...(guest ? [level as LayerName] : []),
    ...(shadowHas(slot, "P") ? [shadowHas(slot, "W") ? ("shadow-write" as const) : ("shadow-read" as const)] : []),
    ...(guest && slot.shadow && !shadowHas(slot, "P") && kind === "lazy" ? (["lazy"] as const) : []),
    ...(slot.marks.includes("large") ? (["large"] as const) : []),
    ...(slot.marks.includes("write-protected") ? (["protected"] as const) : []),
    ...(slot.marks.includes("watched") ? (["watched"] as const) : []),
    ...(slot.marks.includes("unsync") ? (["unsync"] as const) : []),
    ...(kind === "hypervisor" || kind === "stale" || kind === "disagrees" ? [kind] : []),
  ];
}

const PARTS: Readonly<Partial<Record<LayerName, Part>>> = {
  present: LEFT,
  accessed: LEFT,
  dirty: LEFT,
  "shadow-read": LOWER,
  "shadow-write": RIGHT,
  lazy: RIGHT,
  large: TOP,
  protected: CORNER,
  watched: DOT,
  unsync: TOP,
};

/** The layers in the order they are painted; what matters most last. */
const ORDER: readonly LayerName[] = [
  "present",
  "accessed",
  "dirty",
  "lazy",
  "shadow-read",
  "shadow-write",
  "large",
  "unsync",
  "protected",
  "watched",
  "hypervisor",
  "stale",
  "disagrees",
];

/**
 * Draws slots as a few paths.
 *
 * @param direct there is no shadow: the guest's entries fill their cells
 */
export function mapLayers(slots: readonly Slot[], direct = false): readonly Layer[] {
  const cells = new Map<LayerName, number[]>(ORDER.map((name) => [name, []]));
  for (const slot of slots) for (const name of layersOf(slot)) cells.get(name)!.push(slot.index);
  return ORDER.filter((name) => cells.get(name)!.length > 0).map((name) => {
    const part = direct && PARTS[name] === LEFT ? WHOLE : PARTS[name];
    const indices = cells.get(name)!;
    const path = part ? fillPath(TABLE_GRID, indices, part) : strikePath(TABLE_GRID, indices, name !== "stale");
    return { name, path };
  });
}

/** The slot with this number; empty ones are not listed. */
export const slotAt = (slots: readonly Slot[], index: number) => slots.find((slot) => slot.index === index);

/** The entries of a slot, where a reading has them. */
export function entriesOf(map: PageTableMap | undefined, slot: number | undefined): readonly Slot[] | undefined {
  return map?.tables.find((table) => table.slot === slot)?.entries;
}

import type { Edge, Id, InterfaceBox } from "../picture.ts";
import { MOST_DEPTH } from "./geometry.ts";

/** An interface in the list of its namespace, which goes from the stack outwards. */
export interface Row {
  readonly box: InterfaceBox;
  /** How many interfaces are between it and the stack. */
  readonly depth: number;
  /** Its bridge, or the VLANs above it. */
  readonly inner: readonly Id[];
}

/** Interfaces by what they stand on: a bridge on its ports, a VLAN on the device below it. */
interface Order {
  readonly boxes: ReadonlyMap<Id, InterfaceBox>;
  readonly outer: ReadonlyMap<Id, readonly Id[]>;
  readonly inner: ReadonlyMap<Id, readonly Id[]>;
}

/**
 * The interfaces of a namespace in the order they are drawn in: those next to the stack by their index, each followed
 * by what lies between it and the wire. A new interface moves others down, never past each other.
 */
export function rowsOf(interfaces: readonly InterfaceBox[], edges: readonly Edge[]): readonly Row[] {
  const order = orderOf(interfaces, edges);
  const placed = new Map<Id, Row>();
  const place = (id: Id) => {
    if (placed.has(id)) return;
    const inner = order.inner.get(id)!;
    const depths = inner.map((one) => (placed.get(one)?.depth ?? -1) + 1);
    placed.set(id, { box: order.boxes.get(id)!, depth: Math.min(MOST_DEPTH, Math.max(0, ...depths)), inner });
    for (const next of order.outer.get(id)!) {
      // a device below several VLANs comes after all of them
      for (const other of order.inner.get(next)!) if (!placed.has(other)) place(outermost(other, order, placed));
      if (order.inner.get(next)!.every((other) => placed.has(other))) place(next);
    }
  };
  for (const id of order.boxes.keys()) if (order.inner.get(id)!.length === 0) place(id);
  // what a hostile guest says may go round in a circle
  for (const id of order.boxes.keys()) place(id);
  return [...placed.values()];
}

function orderOf(interfaces: readonly InterfaceBox[], edges: readonly Edge[]): Order {
  const sorted = [...interfaces].sort((one, other) => one.link.index - other.link.index);
  const boxes = new Map(sorted.map((box) => [box.id, box]));
  const outer = new Map<Id, Id[]>(sorted.map(({ id }) => [id, []]));
  const inner = new Map<Id, Id[]>(sorted.map(({ id }) => [id, []]));
  for (const edge of edges) {
    if (edge.kind !== "port" && edge.kind !== "upper") continue;
    const [above, below] = edge.kind === "port" ? [edge.ends[1], edge.ends[0]] : edge.ends;
    if (above === below || !boxes.has(above) || !boxes.has(below)) continue;
    outer.get(above)!.push(below);
    inner.get(below)!.push(above);
  }
  const index = (id: Id) => boxes.get(id)!.link.index;
  for (const list of [...outer.values(), ...inner.values()]) list.sort((one, other) => index(one) - index(other));
  return { boxes, outer, inner };
}

/** The interface next to the stack that one belongs to, among those that have no place yet. */
function outermost(id: Id, { inner }: Order, placed: ReadonlyMap<Id, unknown>): Id {
  const seen = new Set([id]);
  let at = id;
  for (;;) {
    const next = inner.get(at)!.find((other) => !placed.has(other) && !seen.has(other));
    if (next === undefined) return at;
    seen.add(next);
    at = next;
  }
}

import type { Id } from "../picture.ts";
import type { MapNode } from "./geometry.ts";
import type { Graph } from "./paths.ts";

export type Direction = "up" | "down" | "inward" | "outward";

const NEXT_KINDS: ReadonlySet<MapNode["kind"]> = new Set(["interface", "loopback", "stack", "link", "gateway"]);

/**
 * Where an arrow key leads on the map. Up and down go through everything in its order; inward goes along a line to what
 * is nearer to the stack, and from a stack to its machine; outward to what is nearer to the wire, and over the wire.
 *
 * @returns undefined where there is nothing that way
 */
export function walk(graph: Graph, from: Id, direction: Direction): Id | undefined {
  const { nodes } = graph.layout;
  const at = nodes.findIndex(({ id }) => id === from);
  const node = nodes[at];
  if (!node) return nodes[0]?.id;
  if (direction === "up" || direction === "down") return nodes[at + (direction === "up" ? -1 : 1)]?.id;
  return direction === "inward" ? inward(graph, node) : outward(graph, node);
}

function inward(graph: Graph, { id, kind, inside }: MapNode): Id | undefined {
  if (kind === "stack" || kind === "gateway") return inside;
  if (kind === "link") return neighbours(graph, id).at(-1);
  const lines = graph.lines.get(id) ?? [];
  const line =
    lines.find((one) => (one.kind === "port" || one.kind === "upper") && one.ends[0] === id) ??
    lines.find((one) => one.kind === "stack" && one.ends[0] === id);
  return line?.ends[1];
}

function outward(graph: Graph, { id, kind }: MapNode): Id | undefined {
  const { nodes } = graph.layout;
  if (kind === "machine") return nodes.find(({ inside, kind: other }) => inside === id && other === "stack")?.id;
  if (kind === "link") return neighbours(graph, id)[0];
  const lines = graph.lines.get(id) ?? [];
  if (kind === "gateway") {
    const nat = lines.find((line) => line.kind === "nat");
    return nat ? nat.ends.find((end) => end !== id) : neighbours(graph, id)[0];
  }
  if (kind === "stack") {
    const next = lines.filter((line) => line.kind === "stack").map(({ ends }) => ends[0]);
    const loopback = nodes.find((one) => one.kind === "loopback" && next.includes(one.id))?.id;
    return (
      first(
        graph,
        next.filter((one) => one !== loopback),
      ) ?? loopback
    );
  }
  const hanging = lines.filter((line) => (line.kind === "port" || line.kind === "upper") && line.ends[1] === id);
  if (hanging.length > 0)
    return first(
      graph,
      hanging.map(({ ends }) => ends[0]),
    );
  return neighbours(graph, id).find((other) => !lines.some((line) => line.kind === "stack" && line.ends[1] === other));
}

/** The uppermost of some. */
const first = ({ layout }: Graph, ids: readonly Id[]): Id | undefined =>
  layout.nodes.find(({ id }) => ids.includes(id))?.id;

/** What wires lead to, from top to bottom; over a port to its link, and from a link over its ports to cards. */
function neighbours({ layout, lines }: Graph, from: Id): readonly Id[] {
  const found = new Set<Id>();
  for (const line of lines.get(from) ?? []) {
    if (line.kind === "stack" || line.kind === "port" || (line.kind === "upper" && line.ends[0] === from)) continue;
    const other = line.ends[0] === from ? line.ends[1] : line.ends[0];
    const beyond = other.startsWith("port:") ? (lines.get(other) ?? []).flatMap(({ ends }) => ends) : [];
    for (const id of [other, ...beyond]) if (id !== from) found.add(id);
  }
  return layout.nodes.filter(({ id, kind }) => found.has(id) && NEXT_KINDS.has(kind)).map(({ id }) => id);
}

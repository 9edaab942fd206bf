import type { Hop, Id, Trail } from "../picture.ts";
import { type MapLayout, type MapLine, middle, type Point } from "./geometry.ts";

/** Ways over the map's lines, from one thing to another. */
export interface Graph {
  readonly layout: MapLayout;
  readonly lines: ReadonlyMap<Id, readonly MapLine[]>;
}

export function graphOf(layout: MapLayout): Graph {
  const lines = new Map<Id, MapLine[]>();
  for (const line of layout.lines)
    for (const end of new Set(line.ends)) {
      const list = lines.get(end);
      if (list) list.push(line);
      else lines.set(end, [line]);
    }
  return { layout, lines };
}

/** A way over lines: where it goes, and over which. */
export interface Way {
  readonly points: readonly Point[];
  readonly lines: readonly Id[];
  /** Where a packet's way ends: what its last hop there is at. */
  readonly end?: Id;
}

const otherEnd = ({ ends }: MapLine, end: Id): Id => (ends[0] === end ? ends[1] : ends[0]);

/** Between two hops there is at most a port, a link, a port and a wire, or a bridge or stack. */
const MOST_LINES = 8;

/**
 * The shortest way from one thing to another; undefined without one.
 *
 * @param over an edge it must begin with, where that is known
 */
export function wayBetween({ lines, layout }: Graph, from: Id, to: Id, over?: Id): Way | undefined {
  const came = new Map<Id, MapLine | undefined>([[from, undefined]]);
  let reached = [from];
  for (let step = 0; step < MOST_LINES && !came.has(to); step++) {
    const next: Id[] = [];
    for (const at of reached)
      for (const line of lines.get(at) ?? []) {
        const other = otherEnd(line, at);
        if (came.has(other) || (at === from && over !== undefined && line.id !== over && hasLine(lines, from, over)))
          continue;
        came.set(other, line);
        next.push(other);
      }
    reached = next;
  }
  if (!came.has(to)) return undefined;
  const back: MapLine[] = [];
  for (let at = to; at !== from; ) {
    const line = came.get(at)!;
    back.push(line);
    at = otherEnd(line, at);
  }
  const points: Point[] = [];
  let at = from;
  for (const line of back.reverse()) {
    points.push(...(line.ends[0] === at ? line.points : [...line.points].reverse()));
    at = otherEnd(line, at);
  }
  // a link's ports lie on its bar, which has no line of its own
  if (back.length === 0 || back.at(-1)!.kind === "inner") points.push(...anchor(layout, to, points.at(-1)));
  return { points: straightened(points), lines: back.map(({ id }) => id) };
}

const hasLine = (lines: Graph["lines"], from: Id, over: Id) => lines.get(from)?.some(({ id }) => id === over) ?? false;

/** Where something is that no line need be followed to: a port on its link's bar, a link where its bar has its chip. */
function anchor({ nodes, bars }: MapLayout, id: Id, last?: Point): readonly Point[] {
  const node = nodes.find((one) => one.id === id);
  const bar = bars.find((one) => one.id === id);
  if (node && bar) return [{ x: bar.x, y: middle(node) }];
  if (node) return last ? [] : [{ x: node.x + node.width, y: middle(node) }];
  const own = bars.flatMap(({ x, joints }) => joints.filter(({ port }) => port === id).map(({ y }) => ({ x, y })));
  return own.slice(0, 1);
}

/** Without points that are there twice, or lie on the way between their neighbours. */
function straightened(points: readonly Point[]): readonly Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const [before, last] = [kept.at(-2), kept.at(-1)];
    if (last && last.x === point.x && last.y === point.y) continue;
    if (before && last && between(before, last, point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

const between = (one: Point, middle: Point, other: Point): boolean =>
  (one.x === middle.x && middle.x === other.x && (middle.y - one.y) * (other.y - middle.y) > 0) ||
  (one.y === middle.y && middle.y === other.y && (middle.x - one.x) * (other.x - middle.x) > 0);

/**
 * The ways of a packet from where it was seen first to everywhere it was seen last: one, or more where it was flooded.
 * Where it is not known how it came to a place, another way begins.
 */
export function trailWays(graph: Graph, { hops, lost }: Trail): readonly Way[] {
  const from = hops.map((hop, at) => (hop.from !== undefined && hop.from < at ? hop.from : undefined));
  const ends = hops.map((_, at) => at).filter((at) => !from.includes(at));
  return ends.flatMap((end) => {
    const indices: number[] = [];
    for (let at: number | undefined = end; at !== undefined; at = from[at]) indices.unshift(at);
    const pieces: (Way | undefined)[] = [origin(graph, hops[indices[0]!]!)];
    for (const at of indices.slice(1)) {
      const hop = hops[at]!;
      const way = wayBetween(graph, hops[from[at]!]!.at, hop.at, hop.over);
      pieces.push(way, ...(way ? [] : [standing(graph, hop.at)]));
    }
    const { at, direction } = hops[end]!;
    if (direction === "in" && lost?.at !== at) pieces.push(stackWay(graph, at, false));
    const ways = joined(pieces);
    return ways.map((way, index) => (index === ways.length - 1 ? { ...way, end: at } : way));
  });
}

/** A packet that is first seen leaving an interface comes from the stack behind it. */
const origin = (graph: Graph, hop: Hop): Way =>
  hop.direction === "out" ? stackWay(graph, hop.at, true) : standing(graph, hop.at);

function stackWay(graph: Graph, id: Id, from: boolean): Way {
  const line = graph.lines.get(id)?.find(({ kind, ends }) => kind === "stack" && ends[0] === id);
  if (!line) return standing(graph, id);
  return { points: from ? [...line.points].reverse() : line.points, lines: [line.id] };
}

const standing = ({ layout }: Graph, id: Id): Way => ({ points: anchor(layout, id), lines: [] });

/** Pieces that follow each other as one way, cut where one is missing. */
function joined(pieces: readonly (Way | undefined)[]): Way[] {
  const ways: { points: Point[]; lines: Id[] }[] = [{ points: [], lines: [] }];
  for (const piece of pieces) {
    if (!piece) ways.push({ points: [], lines: [] });
    else {
      ways.at(-1)!.points.push(...piece.points);
      ways.at(-1)!.lines.push(...piece.lines);
    }
  }
  return ways
    .map(({ points, lines }) => ({ points: straightened(points), lines }))
    .filter(({ points }) => points.length > 0);
}

/** Length of a way in pixels. */
export function lengthOf(points: readonly Point[]): number {
  return points
    .slice(1)
    .reduce((sum, { x, y }, at) => sum + Math.abs(x - points[at]!.x) + Math.abs(y - points[at]!.y), 0);
}

/** A way as the data of an SVG path. */
export function pathData(points: readonly Point[]): string {
  return points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
}

import type { Id } from "../picture.ts";
import type { Sighting } from "./sighting.ts";
import type { Surroundings } from "./surroundings.ts";
import { Topology } from "./topology.ts";

/** A sighting on its packet's way. */
export interface Stop {
  readonly sighting: Sighting;
  /** Index in the way of the stop before; undefined where it is not known. */
  readonly from: number | undefined;
  /** The edge it came over. */
  readonly over: Id | undefined;
  /** By the fabric's clock, and never before the stop it came from. */
  readonly time: number;
}

/** How a frame may have come from one sighting to another; the surest has the most weight. */
interface Step {
  readonly weight: number;
  readonly over: Id | undefined;
}

/**
 * Orders the sightings of one packet into its way. Each comes from the one that was before it and from where a frame can
 * get here: over an edge, through a link, or through a namespace. Where several could be, it is the last of them.
 */
export function wayOf(sightings: readonly Sighting[], surroundings: Surroundings): readonly Stop[] {
  const byTime = [...sightings].sort((a, b) => surroundings.timeOf(a) - surroundings.timeOf(b) || a.order - b.order);
  const before = new Map<Sighting, { from: Sighting; over: Id | undefined }>();
  const leadsTo = (from: Sighting, to: Sighting): boolean => {
    for (let at: Sighting | undefined = to; at; at = before.get(at)?.from) if (at === from) return true;
    return false;
  };
  for (const sighting of byTime) {
    let best: { from: Sighting; step: Step } | undefined;
    for (const other of byTime) {
      if (other === sighting || other.identity.ttl < sighting.identity.ttl) continue;
      if (!surroundings.mayPrecede(other, sighting)) continue;
      const step = stepBetween(other, sighting, surroundings.topology);
      if (!step || (best && step.weight < best.step.weight) || leadsTo(sighting, other)) continue;
      best = { from: other, step };
    }
    if (best) before.set(sighting, { from: best.from, over: best.step.over });
  }
  return inOrder(byTime, before, surroundings);
}

/** Every stop behind the one it comes from, and else by time. */
function inOrder(
  byTime: readonly Sighting[],
  before: ReadonlyMap<Sighting, { from: Sighting; over: Id | undefined }>,
  surroundings: Surroundings,
): readonly Stop[] {
  const times = new Map<Sighting, number>();
  const timeOf = (sighting: Sighting): number => {
    const known = times.get(sighting);
    if (known !== undefined) return known;
    const earlier = before.get(sighting);
    const time = Math.max(surroundings.timeOf(sighting), earlier ? timeOf(earlier.from) : Number.NEGATIVE_INFINITY);
    times.set(sighting, time);
    return time;
  };
  const depthOf = (sighting: Sighting): number => {
    const earlier = before.get(sighting);
    return earlier ? depthOf(earlier.from) + 1 : 0;
  };
  const order = [...byTime].sort((a, b) => timeOf(a) - timeOf(b) || depthOf(a) - depthOf(b) || a.order - b.order);
  return order.map((sighting) => {
    const earlier = before.get(sighting);
    const from = earlier && order.indexOf(earlier.from);
    return { sighting, from, over: earlier?.over, time: timeOf(sighting) };
  });
}

function stepBetween(from: Sighting, to: Sighting, topology: Topology): Step | undefined {
  const [a, b] = [from.source, to.source];
  if ("fabric" in a && "fabric" in b) return throughFabric(from, to, topology);
  if ("guest" in a && "guest" in b && a.machine === b.machine) {
    return overEdge(from, to, topology) ?? throughNamespace(from, to, topology);
  }
  return overEdge(from, to, topology);
}

/** Through a link, by what the link wrote down; through a gateway; or through a machine nobody looks into. */
function throughFabric(from: Sighting, to: Sighting, { picture }: Topology): Step | undefined {
  if (!("fabric" in from.source) || !("fabric" in to.source)) return undefined;
  const [entered, left] = [from.source.fabric, to.source.fabric];
  if (entered.link === left.link && entered.seq === left.seq) {
    return from.direction === "in" && to.direction === "out" ? { weight: 4, over: undefined } : undefined;
  }
  if (from.direction !== "out" || to.direction !== "in") return undefined;
  const [one, other] = [Topology.machineOfPort(from.at), Topology.machineOfPort(to.at)];
  const isGateway = one?.startsWith("gateway:") && other?.startsWith("gateway:");
  const unread = one === other && picture.machines.every(({ name, namespaces }) => name !== one || !namespaces);
  return isGateway || unread ? { weight: 1, over: undefined } : undefined;
}

function overEdge(from: Sighting, to: Sighting, topology: Topology): Step | undefined {
  const edge = topology.edgeBetween(from.at, to.at);
  if (!edge) return undefined;
  const step: Step = { weight: 3, over: edge.id };
  if (edge.kind === "veth" || edge.kind === "ring" || edge.kind === "cable") {
    return from.direction === "out" && to.direction === "in" ? step : undefined;
  }
  // a port and a device below hand up what came in, and are handed down what goes out
  const [first, second] = edge.ends;
  const [upper, lower] = edge.kind === "port" ? [second, first] : [first, second];
  const up = from.at === lower && to.at === upper && from.direction === "in" && to.direction === "in";
  const down = from.at === upper && to.at === lower && from.direction === "out" && to.direction === "out";
  return up || down ? step : undefined;
}

/** In by one interface and out by another: forwarded by a bridge between two of its ports, else routed. */
function throughNamespace(from: Sighting, to: Sighting, topology: Topology): Step | undefined {
  const [entered, left] = [topology.interface(from.at), topology.interface(to.at)];
  if (!entered || !left || entered.namespace !== left.namespace) return undefined;
  // into a tunnel, or out of one
  const deeper = to.identity.depth - from.identity.depth;
  if (deeper !== 0) {
    const fits = from.direction === to.direction && from.direction === (deeper > 0 ? "out" : "in");
    return fits ? { weight: 2, over: undefined } : undefined;
  }
  if (from.direction !== "in" || to.direction !== "out") return undefined;
  const [one, other] = [entered.box.link, left.box.link];
  if (other.master !== undefined) return one.master === other.master ? { weight: 2, over: undefined } : undefined;
  // what a port of a bridge takes in reaches the routes by way of the bridge, unless that was not seen
  return { weight: one.master === undefined ? 2 : 1, over: undefined };
}

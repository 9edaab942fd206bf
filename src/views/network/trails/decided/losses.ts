import type { Neighbour, NetLink, NetNamespace } from "../../../../probe/network/types.ts";
import { portOf } from "../../picture/ids.ts";
import type { Id, Loss, Trail } from "../../picture.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Placed, Topology } from "../topology.ts";
import type { Stop } from "../way.ts";
import { asksFor, flowOf, framing, isForAll } from "./flow.ts";
import { ruleFor } from "./rules.ts";
import { conntrackFor, type Flow, fdbFor, isLocal, neighbourFor, routeFor, sameAddress } from "./tables.ts";

/** After a frame was seen, its next sighting has come by then, in milliseconds, if there is one. */
const NEXT_BY = 500;

/** What became of a packet where it was seen last on one of its ways. */
type End =
  | { readonly kind: "arrived" | "unknown" }
  | { readonly kind: "lost"; readonly lost: NonNullable<Trail["lost"]> };

const ARRIVED: End = { kind: "arrived" };
const UNKNOWN: End = { kind: "unknown" };

/** @returns where and why a packet is lost: on none of its ways did it arrive, and on none can it still */
export function lossOf(way: readonly Stop[], surroundings: Surroundings): Trail["lost"] {
  const led = new Set(way.map(({ from }) => from));
  const ends = way.filter((_, at) => !led.has(at)).map((stop) => endOf(stop, surroundings));
  if (ends.some(({ kind }) => kind !== "lost")) return undefined;
  const losses = ends.flatMap((end) => (end.kind === "lost" ? [end.lost] : []));
  // of several ways, the one whose end is explained best says what became of it
  return losses.find(({ how }) => how === "recorded") ?? losses.sort((a, b) => rank(a.why) - rank(b.why))[0];
}

/** What a frame meets on a way it was only flooded to says little of why it was lost. */
const LAST: readonly Loss["kind"][] = ["nobody-has", "other-mac", "unseen"];
const rank = ({ kind }: Loss): number => LAST.indexOf(kind);

function endOf(stop: Stop, surroundings: Surroundings): End {
  const { sighting } = stop;
  if ("fabric" in sighting.source) {
    return sighting.direction === "in" ? endInLink(stop) : endAtPort(stop, surroundings);
  }
  const placed = surroundings.topology.interface(sighting.at);
  if (!placed) return UNKNOWN;
  if (sighting.direction === "out") return endOutside(stop, placed, surroundings);
  return endInside(stop, placed, surroundings);
}

const lost = (at: Id, why: Loss, how: "recorded" | "computed" = "computed"): End => ({
  kind: "lost",
  lost: { at, why, how },
});

/** It entered a link and left it nowhere. */
function endInLink({ sighting }: Stop): End {
  if (!("fabric" in sighting.source)) return UNKNOWN;
  const { decision, to } = sighting.source.fabric;
  if (decision.kind === "drop") return lost(sighting.at, { kind: "dropped", reason: decision.why }, "recorded");
  if (decision.kind === "filtered") return lost(sighting.at, { kind: "filtered" }, "recorded");
  const dropped = to.find((delivery) => delivery.dropped !== undefined)?.dropped;
  const all = dropped !== undefined && to.every((delivery) => delivery.dropped !== undefined);
  return all ? lost(sighting.at, { kind: "dropped", reason: dropped }, "recorded") : UNKNOWN;
}

/** It left a link for a machine and was not seen there. */
function endAtPort(stop: Stop, { topology }: Surroundings): End {
  const machine = Topology.machineOfPort(stop.sighting.at);
  // a gateway takes what is for it, and of a machine nobody looks into no more is known
  const report = topology.picture.fabric.find(({ report }) => report.link === portOf(stop.sighting.at)?.link)?.report;
  const port = report?.ports.find((one) => one.machine === machine);
  const { macDestination } = framing(stop.sighting.bytes);
  return port && (port.mac === macDestination || isForAll(macDestination)) ? ARRIVED : UNKNOWN;
}

/** It was sent out by an interface of a guest, and whoever is at the other end did not see it. */
function endOutside(stop: Stop, { box }: Placed, { topology }: Surroundings): End {
  if (box.link.up && box.link.carrier) return UNKNOWN;
  const edges = topology.edgesOf(stop.sighting.at).filter(({ kind }) => kind !== "port" && kind !== "upper");
  if (edges.length > 0 && edges.every(({ carrier }) => carrier)) return UNKNOWN;
  return lost(stop.sighting.at, { kind: "down", device: box.link.name });
}

/** It came into a namespace. */
function endInside(stop: Stop, placed: Placed, surroundings: Surroundings): End {
  const { sighting, time } = stop;
  const { machine, namespace, box } = placed;
  const at = sighting.at;
  const watched = surroundings.watched(machine);
  if (!watched || time < watched.from || watched.to < time + NEXT_BY) return UNKNOWN;
  const tables = surroundings.tablesAt(machine, namespace.namespace.id, time)[0] ?? namespace.namespace;
  const { macDestination, vlan } = framing(sighting.bytes);
  const { link } = box;
  if (link.master !== undefined) {
    const { portState } = link;
    const stands = portState !== undefined && portState !== "forwarding" && portState !== "learning";
    if (stands) return lost(at, { kind: "port-state", device: link.name, state: portState });
    const entry = tables.fdb[fdbFor(tables, link.master, macDestination, vlan) ?? -1];
    return entry?.port === link.index ? lost(at, { kind: "filtered" }) : UNKNOWN;
  }
  if (!isForAll(macDestination) && macDestination !== link.mac) {
    return lost(at, { kind: "other-mac", mac: macDestination });
  }
  const asked = asksFor(sighting.bytes);
  if (asked !== undefined)
    return answers(tables, asked, link) ? ARRIVED : lost(at, { kind: "nobody-has", address: asked });
  const flow = flowOf(sighting.bytes);
  if (!flow) return ARRIVED;
  const why = refusal(tables, flow, link.name, sighting.identity.ttl);
  if (why === "arrived") return ARRIVED;
  const isSure = why.kind !== "unseen" || (watched.lost ?? Number.NEGATIVE_INFINITY) < time - NEXT_BY;
  return isSure ? lost(at, why) : UNKNOWN;
}

/** An address of the namespace's own, or one it answers for: proxy_arp does where the route leads elsewhere (arp(7)). */
function answers(tables: NetNamespace, address: string, link: NetLink): boolean {
  if (isLocal(tables, address)) return true;
  const entry = (one: Neighbour) => one.proxy === true && one.link === link.index && sameAddress(one.address, address);
  if (tables.neighbours.some(entry)) return true;
  const route = tables.routes[routeFor(tables, address) ?? -1];
  return link.proxyArp === true && route?.link !== undefined && route.link !== link.index;
}

/** Why a namespace did not pass a packet on: the first thing on its way through the kernel that would stop it. */
function refusal(tables: NetNamespace, flow: Flow, device: string, ttl: number): Loss | "arrived" {
  const passage = { flow, in: device, established: isEstablished(tables, flow) };
  const destination = translated(tables, flow);
  if (isLocal(tables, destination)) {
    const filtered = ruleLoss(tables, "INPUT", passage);
    return filtered ?? "arrived";
  }
  const family = destination.includes(":") ? 6 : 4;
  const isForwarding = family === 4 ? tables.forwarding.ipv4 : tables.forwarding.ipv6;
  if (!isForwarding) return { kind: "forwarding-off", family, address: destination };
  if (ttl <= 1) return { kind: "ttl" };
  const route = tables.routes[routeFor(tables, destination) ?? -1];
  if (!route || ["blackhole", "unreachable", "prohibit", "throw"].includes(route.type)) {
    return { kind: "no-route", address: destination };
  }
  const out = tables.links.find(({ index }) => index === route.link);
  const filtered = ruleLoss(tables, "FORWARD", { ...passage, ...(out && { out: out.name }) });
  if (filtered) return filtered;
  if (out && !(out.up && out.carrier)) return { kind: "down", device: out.name };
  const next = route.via ?? destination;
  const neighbour = out && tables.neighbours[neighbourFor(tables, next, out.index) ?? -1];
  if (neighbour && ["failed", "incomplete"].includes(neighbour.state)) {
    return { kind: "no-neighbour", address: next, device: out.name };
  }
  return { kind: "unseen" };
}

function ruleLoss(tables: NetNamespace, chain: string, passage: Parameters<typeof ruleFor>[3]): Loss | undefined {
  for (const table of ["raw", "mangle", "filter"]) {
    const outcome = ruleFor(tables, table, chain, passage);
    if (outcome?.verdict !== "drop") continue;
    const { chain: of, rule } = tables.rules[outcome.rule]!;
    return { kind: "rule", table, chain: of, rule };
  }
  return undefined;
}

/** Where NAT sends it, by its connection's entry. */
function translated(tables: NetNamespace, flow: Flow): string {
  const entry = tables.conntrack[conntrackFor(tables, flow) ?? -1];
  if (!entry) return flow.destination;
  const { original, reply } = entry;
  const isOriginal = sameAddress(original.source, flow.source) && sameAddress(original.destination, flow.destination);
  return isOriginal ? reply.source : original.source;
}

function isEstablished(tables: NetNamespace, flow: Flow): boolean {
  const entry = tables.conntrack[conntrackFor(tables, flow) ?? -1];
  return entry !== undefined && !entry.unreplied;
}

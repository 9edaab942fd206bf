import type { NetLink, NetNamespace } from "../../../../probe/network/types.ts";
import { linkId } from "../../picture/ids.ts";
import type { DecidedBy, Id, NamespaceBox } from "../../picture.ts";
import type { Surroundings } from "../surroundings.ts";
import { Topology } from "../topology.ts";
import type { Stop } from "../way.ts";
import { flowOf, framing } from "./flow.ts";
import { ruleFor } from "./rules.ts";
import {
  conntrackFor,
  conntrackText,
  type Flow,
  fdbFor,
  fdbText,
  fits,
  neighbourFor,
  neighbourText,
  routeFor,
  routeText,
  sameAddress,
} from "./tables.ts";

/**
 * Which rows of which tables brought a frame from the stop before to this one. What a link of the fabric did it wrote
 * down; what a guest did is worked out from its tables as they were read nearest to that moment.
 */
export function decisionsOf(before: Stop | undefined, stop: Stop, surroundings: Surroundings): readonly DecidedBy[] {
  if (stop.sighting.direction !== "out") return before ? byGateway(before, stop, surroundings.topology) : [];
  return "fabric" in stop.sighting.source ? byFabric(stop, surroundings.topology) : byGuest(before, stop, surroundings);
}

function byFabric({ sighting }: Stop, { picture }: Topology): readonly DecidedBy[] {
  if (!("fabric" in sighting.source)) return [];
  const { decision, link } = sighting.source.fabric;
  if (decision.kind !== "fdb") return [];
  const { mac, vlan, port } = decision;
  const row = picture.fdb.findIndex((one) => one.link === link && one.mac === mac && one.vlan === vlan);
  return [{ table: "fdb", at: linkId(link), row, text: `${mac} vlan ${vlan} port ${port}`, how: "recorded" }];
}

/** A gateway translated it on the way from one of its ends to another. */
function byGateway(before: Stop, stop: Stop, { picture }: Topology): readonly DecidedBy[] {
  const machine = Topology.machineOfPort(stop.sighting.at);
  if (!machine?.startsWith("gateway:") || !("fabric" in before.sighting.source)) return [];
  const [one, other] = [flowOf(before.sighting.bytes), flowOf(stop.sighting.bytes)];
  if (!one || !other) return [];
  const row = picture.nat.findIndex(({ protocol, inner, outer }) => {
    if (protocol !== one.protocol) return false;
    const out = isEnd(inner, one.source, one.sourcePort) && isEnd(outer, other.source, other.sourcePort);
    return (
      out ||
      (isEnd(outer, one.destination, one.destinationPort) && isEnd(inner, other.destination, other.destinationPort))
    );
  });
  if (row < 0) return [];
  const { link, protocol, inner, outer } = picture.nat[row]!;
  return [{ table: "nat", at: linkId(link), row, text: `${protocol} ${inner} ↔ ${outer}`, how: "computed" }];
}

/** @param end `address:port` */
const isEnd = (end: string, address: string, port: number | undefined): boolean => {
  const at = end.lastIndexOf(":");
  return Number(end.slice(at + 1)) === port && sameAddress(end.slice(0, at).replace(/^\[|\]$/g, ""), address);
};

function byGuest(before: Stop | undefined, stop: Stop, surroundings: Surroundings): readonly DecidedBy[] {
  const placed = surroundings.topology.interface(stop.sighting.at);
  if (!placed) return [];
  const { machine, namespace, box } = placed;
  const tables = surroundings.tablesAt(machine, namespace.namespace.id, stop.time);
  const here = new Tables(namespace, tables);
  const from = before && surroundings.topology.interface(before.sighting.at);
  const sameNamespace = from?.namespace === namespace;
  // handed down by a VLAN or a bridge: the way was chosen above, but a bridge chooses its port
  const { master } = box.link;
  if (master !== undefined && (!before || sameNamespace)) return here.bridging(stop, master);
  if (before && before.over !== stop.over && stop.over !== undefined) return [];
  if (before && !sameNamespace) return [];
  return here.routing(before, stop, from?.box.link, box.link);
}

/** The tables of one namespace around a moment. */
class Tables {
  readonly #at: Id;
  readonly #now: NetNamespace;
  readonly #then: readonly NetNamespace[];

  /** @param then as they were read around the moment, the nearest first; without any, as they are now */
  constructor(box: NamespaceBox, then: readonly NetNamespace[]) {
    this.#at = box.id;
    this.#now = box.namespace;
    this.#then = then.length > 0 ? then : [box.namespace];
  }

  bridging(stop: Stop, bridge: number): readonly DecidedBy[] {
    const { macDestination, vlan } = framing(stop.sighting.bytes);
    return this.#row("fdb", (tables) => fdbFor(tables, bridge, macDestination, vlan));
  }

  routing(before: Stop | undefined, stop: Stop, from: NetLink | undefined, to: NetLink): readonly DecidedBy[] {
    const after = flowOf(stop.sighting.bytes);
    const flow = before ? flowOf(before.sighting.bytes) : after;
    if (!flow || !after) return [];
    const route = this.#row("route", (tables) => routeFor(tables, after.destination));
    return [
      ...this.#row("conntrack", (tables) => conntrackFor(tables, flow)),
      ...this.#rewriting(flow, after, from, to),
      ...route,
      ...this.#neighbour(after, to),
    ];
  }

  #rewriting(flow: Flow, after: Flow, from: NetLink | undefined, to: NetLink): readonly DecidedBy[] {
    // only what begins a connection meets the nat table; what follows, and every answer, goes by the connection's entry
    if (!this.#begins(flow)) return [];
    const passage = { flow, ...(from && { in: from.name }), out: to.name, established: false };
    const rule = (chain: string, one = passage) =>
      this.#row("rule", (tables) => {
        const outcome = ruleFor(tables, "nat", chain, one);
        return outcome?.verdict === "rewrite" ? outcome.rule : undefined;
      });
    const destination =
      sameAddress(flow.destination, after.destination) && flow.destinationPort === after.destinationPort;
    const source = sameAddress(flow.source, after.source) && flow.sourcePort === after.sourcePort;
    const translated = { ...flow, destination: after.destination, destinationPort: after.destinationPort };
    return [
      ...(destination ? [] : rule(from ? "PREROUTING" : "OUTPUT")),
      ...(source ? [] : rule("POSTROUTING", { ...passage, flow: translated as Flow })),
    ];
  }

  /** Of TCP the SYN; of others any packet in the direction of the first, for which is the first cannot be told. */
  #begins(flow: Flow): boolean {
    if (flow.protocol === "tcp" && !flow.begins) return false;
    const entries = this.#then.flatMap((tables) => tables.conntrack[conntrackFor(tables, flow) ?? -1] ?? []);
    return entries.length === 0 || entries.some(({ original }) => fits(original, flow));
  }

  #neighbour({ destination }: Flow, to: NetLink): readonly DecidedBy[] {
    return this.#row("neighbour", (tables) => {
      const route = routeFor(tables, destination);
      const via = (route === undefined ? undefined : tables.routes[route]!.via) ?? destination;
      return neighbourFor(tables, via, to.index);
    });
  }

  /** The row of the first reading that has one, and where it is now. */
  #row(table: DecidedBy["table"], find: (tables: NetNamespace) => number | undefined): readonly DecidedBy[] {
    for (const tables of this.#then) {
      const at = find(tables);
      if (at === undefined) continue;
      const text = rowTexts(tables, table)[at]!;
      return [{ table, at: this.#at, row: rowOf(this.#now, table, text), text, how: "computed" }];
    }
    return [];
  }
}

const TEXTS = new WeakMap<NetNamespace, Map<DecidedBy["table"], readonly string[]>>();

/** The rows of a table in the words of its own tool, without counters and times. */
function rowTexts(namespace: NetNamespace, table: DecidedBy["table"]): readonly string[] {
  const known = TEXTS.get(namespace) ?? new Map<DecidedBy["table"], readonly string[]>();
  TEXTS.set(namespace, known);
  const texts = known.get(table) ?? makeTexts(namespace, table);
  known.set(table, texts);
  return texts;
}

function makeTexts(namespace: NetNamespace, table: DecidedBy["table"]): readonly string[] {
  const { links } = namespace;
  if (table === "fdb") return namespace.fdb.map((entry) => fdbText(entry, links));
  if (table === "route") return namespace.routes.map((route) => routeText(route, links));
  if (table === "neighbour") return namespace.neighbours.map((entry) => neighbourText(entry, links));
  if (table === "conntrack") return namespace.conntrack.map(conntrackText);
  if (table === "rule") return namespace.rules.map(({ table: of, chain, rule }) => `-t ${of} -A ${chain} ${rule}`);
  return [];
}

/** @returns where a row that decided is in its table now, -1 where it is not there any more */
export function rowNow(decided: DecidedBy, topology: Topology): number {
  const { picture } = topology;
  if (decided.at.startsWith("link:")) {
    const link = decided.at.slice("link:".length);
    if (decided.table === "nat") {
      return picture.nat.findIndex(
        ({ link: of, protocol, inner, outer }) => of === link && `${protocol} ${inner} ↔ ${outer}` === decided.text,
      );
    }
    return picture.fdb.findIndex(
      ({ link: of, mac, vlan, port }) => of === link && `${mac} vlan ${vlan} port ${port}` === decided.text,
    );
  }
  const namespace = topology.namespace(decided.at)?.namespace;
  return namespace ? rowOf(namespace, decided.table, decided.text) : -1;
}

/** Where a row stands, whatever the state of its neighbour or connection is by now. */
function rowOf(namespace: NetNamespace, table: DecidedBy["table"], text: string): number {
  const wanted = stable(table, text);
  return rowTexts(namespace, table).findIndex((one) => stable(table, one) === wanted);
}

/** States are words of capitals, in brackets or not: `DELAY`, `TIME_WAIT`, `[UNREPLIED]`. */
const stable = (table: DecidedBy["table"], text: string): string =>
  table === "neighbour" || table === "conntrack" ? text.replace(/ \[?[A-Z_]+\d?\]?(?= |$)/g, "") : text;

import type { NatReport, NetworkCounters } from "../../../network/reports.ts";
import type { GuestNetwork, NetLink, NetNamespace } from "../../../probe/network/types.ts";
import type { FabricBox, MachineBox, NamespaceBox, NetworkPicture } from "../picture.ts";
import { machineEdges } from "./edges.ts";
import { interfaceId, linkId, machineId, namespaceId } from "./ids.ts";
import { isRewriting } from "./rules.ts";
import { type DomainIds, wireEdges } from "./wires.ts";

/** A card as the lab asks for it (NicSpec). */
export interface PictureCard {
  readonly mac: string;
  readonly model: string;
  /** The link it is plugged into. */
  readonly link?: string;
  /** Xen: the machine whose netback serves it. */
  readonly backend?: string;
}

/** A machine of the lab. */
export interface PictureMachine {
  readonly name: string;
  readonly host: string;
  readonly running: boolean;
  readonly nics: readonly PictureCard[];
}

/** Everything a picture is made of, as it was read last. */
export interface PictureReadings {
  readonly machines: readonly PictureMachine[];
  readonly guests: ReadonlyMap<string, GuestNetwork>;
  readonly counters: NetworkCounters;
  readonly fdb?: NetworkPicture["fdb"];
  readonly nat?: NatReport;
  /** Domain ids of the machines that are Xen guests now, by name. */
  readonly domains?: DomainIds;
}

/**
 * Puts together what the guests say, what the fabric counts and what the lab asks for. Total over any readings: what
 * cannot be placed is drawn in its namespace with no edge.
 */
export function makePicture(readings: PictureReadings): NetworkPicture {
  const machines = readings.machines.map((machine) => machineBox(machine, readings.guests.get(machine.name)));
  const fabric = Object.values(readings.counters).map((report): FabricBox => ({ id: linkId(report.link), report }));
  return {
    machines,
    fabric,
    edges: [...machines.flatMap(machineEdges), ...wireEdges(readings, machines, fabric)],
    fdb: readings.fdb ?? [],
    nat: readings.nat?.entries ?? [],
  };
}

function machineBox({ name, host, running }: PictureMachine, guest: GuestNetwork | undefined): MachineBox {
  const namespaces = guest && inOrder(guest.namespaces).map((namespace) => namespaceBox(name, namespace));
  return { id: machineId(name), name, host, running, namespaces };
}

/** The initial namespace first, the others by their inodes: older ones mostly first, and the same order every time. */
const inOrder = (namespaces: readonly NetNamespace[]): readonly NetNamespace[] =>
  [...distinct(namespaces, ({ id }) => id)].sort((a, b) => Number(b.initial) - Number(a.initial) || a.id - b.id);

function namespaceBox(machine: string, namespace: NetNamespace): NamespaceBox {
  const { id, links, rules, forwarding } = namespace;
  return {
    id: namespaceId(machine, id),
    label: labelOf(namespace),
    namespace,
    interfaces: distinct(links, ({ index }) => index).map((link: NetLink) => ({
      id: interfaceId(machine, id, link.index),
      link,
    })),
    routes: forwarding.ipv4 || forwarding.ipv6,
    translates: rules.some(isRewriting),
  };
}

/** Most processes a label names. */
const NAMED = 2;

function labelOf({ id, names, initial, processes }: NetNamespace): string {
  if (names.length > 0) return names.join(", ");
  if (initial) return "initial";
  const running = processes.slice(0, NAMED).map(({ name, pid }) => `${name} (${pid})`);
  return running.length > 0 ? running.join(", ") : `net:[${id}]`;
}

/** The first of each key: a tool that was tampered with may say things twice. */
function distinct<Item>(items: readonly Item[], key: (item: Item) => unknown): Item[] {
  const seen = new Set<unknown>();
  return items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
}

import type { Edge, Id, InterfaceBox, MachineBox } from "../picture.ts";
import { edgeId, interfaceId } from "./ids.ts";

/** Devices whose IFLA_LINK names the device below them, rather than their peer. */
const UPPERS = new Set(["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "vxlan", "gre", "gretap", "macsec"]);

/** The edges between interfaces of one machine, of all its namespaces. */
export function machineEdges(machine: MachineBox): Edge[] {
  const boxes = new Map<Id, InterfaceBox>();
  for (const { interfaces } of machine.namespaces ?? []) for (const box of interfaces) boxes.set(box.id, box);
  const edges = new Map<Id, Edge>();
  for (const { namespace, interfaces } of machine.namespaces ?? []) {
    for (const box of interfaces) {
      for (const edge of edgesFrom(machine.name, namespace.id, box, boxes)) edges.set(edge.id, edge);
    }
  }
  return [...edges.values()];
}

function edgesFrom(machine: string, namespace: number, box: InterfaceBox, boxes: ReadonlyMap<Id, InterfaceBox>) {
  const { master, peer, peerNamespace = namespace, kind } = box.link;
  const edges: Edge[] = [];
  const bridge = master === undefined ? undefined : boxes.get(interfaceId(machine, namespace, master));
  if (bridge) edges.push(edge("port", box, bridge));
  const other = peer === undefined ? undefined : boxes.get(interfaceId(machine, peerNamespace, peer));
  if (!other || other === box) return edges;
  if (kind === "veth" && other.link.kind === "veth") edges.push(between(box, other));
  if (UPPERS.has(kind)) edges.push(edge("upper", box, other));
  return edges;
}

/** A veth pair is one edge, whichever end speaks of it. */
const between = (one: InterfaceBox, other: InterfaceBox): Edge =>
  one.id < other.id ? edge("veth", one, other) : edge("veth", other, one);

function edge(kind: Edge["kind"], from: InterfaceBox, to: InterfaceBox): Edge {
  return { id: edgeId(kind, from.id, to.id), kind, ends: [from.id, to.id], carrier: works(from) && works(to) };
}

/** An interface that is up and has a carrier. */
export const works = ({ link }: InterfaceBox): boolean => link.up && link.carrier;

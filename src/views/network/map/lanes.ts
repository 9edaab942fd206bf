import { portOf } from "../picture/ids.ts";
import type { Id, NetworkPicture } from "../picture.ts";
import type { Flow, HostFlow, LinkFlow, MachineFlow } from "./flow.ts";
import { BAR_LANE, LANE, type LineKind } from "./geometry.ts";

/**
 * Wires between lines of the map run down beside them, each in a lane of its own: those inside a machine within its
 * frame, rings within the host's, and cables through the bar of their link.
 */

/** What runs in a lane: an edge of the picture, or a gateway's way from one of its links to the other. */
export interface Wire {
  readonly id: Id;
  readonly kind: LineKind;
  readonly ends: readonly [Id, Id];
  readonly carrier: boolean;
}

/** A wire from one height to another. */
export interface WireLane {
  readonly edge: Wire;
  /** Middle of the lane, from the left of its channel. */
  readonly at: number;
}

export interface BarLane {
  readonly link: LinkFlow;
  readonly at: number;
}

export interface Channel {
  readonly width: number;
  readonly wires: readonly WireLane[];
  readonly bars: readonly BarLane[];
}

export interface Channels {
  readonly machines: ReadonlyMap<Id, Channel>;
  readonly hosts: ReadonlyMap<string, Channel>;
  readonly world: Channel;
  /** Heights of interfaces, and of machines that were not read. */
  readonly heights: ReadonlyMap<Id, number>;
  /** Wires that end in the list of one namespace, where they are drawn as its order. */
  readonly inner: ReadonlySet<Id>;
}

export function channelsOf(flow: Flow, { edges }: NetworkPicture): Channels {
  const heights = new Map<Id, number>();
  const owner = new Map<Id, { host: HostFlow; machine: MachineFlow; namespace?: Id }>();
  for (const host of flow.hosts)
    for (const machine of host.machines) {
      owner.set(machine.box.id, { host, machine });
      if (machine.unread !== undefined) heights.set(machine.box.id, machine.unread);
      for (const { box, rows, loopback, stack } of machine.namespaces) {
        for (const { row, y } of rows) heights.set(row.box.id, y);
        if (loopback) heights.set(loopback.id, stack);
        for (const { id } of box.interfaces) owner.set(id, { host, machine, namespace: box.id });
      }
    }
  const inner = new Set<Id>();
  const inMachine = new Map<Id, Wire[]>();
  const inHost = new Map<string, Wire[]>();
  const between: Wire[] = [];
  for (const edge of edges) {
    const [one, other] = edge.ends.map((end) => owner.get(end));
    if (edge.kind === "cable" || !one || !other) continue;
    const together = one.namespace !== undefined && one.namespace === other.namespace;
    if (together && (edge.kind === "port" || edge.kind === "upper")) inner.add(edge.id);
    else if (one.machine === other.machine) push(inMachine, one.machine.box.id, edge);
    else if (one.host === other.host) push(inHost, one.host.name, edge);
    else between.push(edge);
  }
  for (const { wire, host } of gatewayWires(flow, heights)) {
    if (host === undefined) between.push(wire);
    else push(inHost, host, wire);
  }
  const machines = [...flow.hosts].flatMap((host) => host.machines.map(({ box }) => box.id));
  return {
    machines: new Map(machines.map((id) => [id, channelOf(inMachine.get(id) ?? [], [], heights)])),
    hosts: new Map(flow.hosts.map(({ name, links }) => [name, channelOf(inHost.get(name) ?? [], links, heights)])),
    world: channelOf(between, flow.links, heights),
    heights,
    inner,
  };
}

/** The two ends of each gateway that is on two links, and the host that has both of them. */
function gatewayWires(flow: Flow, heights: Map<Id, number>) {
  const places = [
    ...flow.hosts.flatMap(({ name, links }) => links.map((link) => ({ link, host: name as string | undefined }))),
    ...flow.links.map((link) => ({ link, host: undefined })),
  ];
  const gateways = new Map<string, { port: Id; host: string | undefined }[]>();
  for (const { link, host } of places)
    for (const { port, y } of link.gateways) {
      heights.set(port, y);
      push(gateways, portOf(port)!.port.replace(/\/\d+$/, ""), { port, host });
    }
  return [...gateways].flatMap(([name, [one, other]]) => {
    if (!one || !other) return [];
    const wire: Wire = { id: `nat:${name}`, kind: "nat", ends: [one.port, other.port], carrier: true };
    return [{ wire, host: one.host === other.host ? one.host : undefined }];
  });
}

function push<Key, Item>(lists: Map<Key, Item[]>, key: Key, edge: Item) {
  const list = lists.get(key);
  if (list) list.push(edge);
  else lists.set(key, [edge]);
}

/** Wires from the left in the order their upper ends come, then the bars. */
function channelOf(edges: readonly Wire[], links: readonly LinkFlow[], heights: ReadonlyMap<Id, number>): Channel {
  const span = ({ ends }: Wire) => ends.map((end) => heights.get(end)!).sort((one, other) => one - other);
  const wires = edges
    .map((edge) => ({ edge, span: span(edge) }))
    .sort((one, other) => one.span[0]! - other.span[0]! || one.span[1]! - other.span[1]!)
    .map(({ edge }, at) => ({ edge, at: (at + 0.5) * LANE + 2 }));
  const from = wires.length > 0 ? wires.length * LANE + 2 : 0;
  const bars = links.map((link, at) => ({ link, at: from + (at + 0.5) * BAR_LANE + 2 }));
  const width = from + (bars.length > 0 ? bars.length * BAR_LANE + 4 : 0);
  return { width, wires, bars };
}

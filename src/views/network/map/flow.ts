import type { FabricBox, Id, InterfaceBox, MachineBox, NamespaceBox, NetworkPicture } from "../picture.ts";
import { GAP, LABEL, PAD, ROW } from "./geometry.ts";
import { type Row, rowsOf } from "./rows.ts";

/** From top to bottom: hosts, their machines, those machines' namespaces and interfaces, then links. Heights only. */

interface Extent {
  readonly top: number;
  readonly bottom: number;
}

export interface NamespaceFlow extends Extent {
  readonly box: NamespaceBox;
  /** The initial namespace stands in the machine's own frame. */
  readonly framed: boolean;
  /** Middle of the line of its stack. */
  readonly stack: number;
  readonly loopback: InterfaceBox | undefined;
  readonly rows: readonly { readonly row: Row; readonly y: number }[];
}

export interface MachineFlow extends Extent {
  readonly box: MachineBox;
  readonly namespaces: readonly NamespaceFlow[];
  /** Middle of the line that says it was not read; undefined when it was. */
  readonly unread: number | undefined;
}

export interface LinkFlow {
  readonly box: FabricBox;
  readonly y: number;
  readonly gateways: readonly { readonly port: Id; readonly y: number }[];
}

export interface HostFlow extends Extent {
  readonly name: string;
  /** False: its one machine's frame is the host's. */
  readonly framed: boolean;
  readonly machines: readonly MachineFlow[];
  /** Links that nobody outside this host is on. */
  readonly links: readonly LinkFlow[];
}

export interface Flow {
  readonly height: number;
  readonly hosts: readonly HostFlow[];
  /** Links between hosts. */
  readonly links: readonly LinkFlow[];
}

export function flowOf({ machines, fabric, edges }: NetworkPicture): Flow {
  const local = new Map(fabric.map((link) => [link.id, homeOf(link, machines)]));
  let y = 1;
  const hosts = [...new Set(machines.map(({ host }) => host))].map((name): HostFlow => {
    const own = machines.filter(({ host }) => host === name);
    const inside = fabric.filter(({ id }) => local.get(id) === name);
    const framed = own.length > 1 || inside.length > 0;
    const top = y + LABEL;
    if (framed) y = top + 2;
    const boxes = own.map((machine) => {
      const flow = machineFlow(machine, edges, y);
      y = flow.bottom + GAP;
      return flow;
    });
    const links = linkFlows(inside, y);
    y = links.at(-1)?.bottom ?? y;
    const bottom = framed ? y - GAP + PAD : y - GAP;
    y = bottom + GAP;
    return { name, framed, machines: boxes, links: links.map(({ flow }) => flow), top, bottom };
  });
  const between = linkFlows(
    fabric.filter(({ id }) => local.get(id) === undefined),
    y + 2,
  );
  return { height: between.at(-1)?.bottom ?? y, hosts, links: between.map(({ flow }) => flow) };
}

/** The host whose machines alone are on a link, when the link is in its thread. */
function homeOf({ report }: FabricBox, machines: readonly MachineBox[]): string | undefined {
  const host = report.place;
  if (!machines.some((machine) => machine.host === host)) return undefined;
  const hosts = report.ports.map(({ machine }) => machines.find(({ name }) => name === machine)?.host);
  return hosts.every((one) => one === undefined || one === host) ? host : undefined;
}

function machineFlow(box: MachineBox, edges: NetworkPicture["edges"], from: number): MachineFlow {
  const top = from + LABEL;
  let y = top + LABEL;
  if (!box.namespaces) return { box, namespaces: [], unread: y + ROW / 2, top, bottom: y + ROW + 2 };
  const sorted = [...box.namespaces].sort(
    (one, other) =>
      Number(other.namespace.initial) - Number(one.namespace.initial) || one.namespace.id - other.namespace.id,
  );
  const namespaces = sorted.map((namespace, at) => {
    const flow = namespaceFlow(namespace, edges, y, at > 0 || !namespace.namespace.initial);
    y = flow.bottom + GAP;
    return flow;
  });
  return { box, namespaces, unread: undefined, top, bottom: y - GAP + PAD - 2 };
}

function namespaceFlow(
  box: NamespaceBox,
  edges: NetworkPicture["edges"],
  from: number,
  framed: boolean,
): NamespaceFlow {
  const top = framed ? from + LABEL : from;
  let y = framed ? top + LABEL : top;
  const stack = y + ROW / 2;
  const loopback = box.interfaces.find(({ link }) => link.kind === "loopback");
  const rows = rowsOf(
    box.interfaces.filter((one) => one !== loopback),
    edges,
  ).map((row) => {
    y += ROW;
    return { row, y: y + ROW / 2 };
  });
  return { box, framed, stack, loopback, rows, top, bottom: y + ROW + (framed ? 5 : 0) };
}

function linkFlows(links: readonly FabricBox[], from: number) {
  let y = from;
  return links.map((box) => {
    const middle = y + ROW / 2;
    y += ROW;
    const gateways = box.report.ports
      .filter(({ name }) => name.startsWith("gateway:"))
      .map(({ name }) => {
        const flow = { port: `port:${box.report.link}:${name}`, y: y + ROW / 2 };
        y += ROW;
        return flow;
      });
    y += GAP;
    return { flow: { box, y: middle, gateways }, bottom: y };
  });
}

import type { Id, InterfaceBox, NetworkPicture } from "../picture.ts";
import { flowOf, type HostFlow, type LinkFlow, type MachineFlow, type NamespaceFlow } from "./flow.ts";
import {
  type Box,
  CHIP,
  INDENT,
  LABEL,
  LEAST_CHIP,
  type MapBar,
  type MapFrame,
  type MapLayout,
  type MapLine,
  type MapNode,
  MOST_WIDTH,
  PAD,
  type Point,
  TRUNK,
  UPPER_TRUNK,
} from "./geometry.ts";
import { type Channel, type Channels, channelsOf } from "./lanes.ts";

/** How wide the texts of the map are, in pixels, with what is around them. */
export interface Widths {
  stack(namespace: Id): number;
  interface(box: InterfaceBox): number;
  title(machine: Id, framed: boolean): number;
  link(link: Id): number;
  gateway(port: Id): number;
}

interface Plan {
  readonly picture: NetworkPicture;
  readonly channels: Channels;
  readonly widths: Widths;
  /** The right edges, from which everything is laid out. */
  readonly width: number;
  readonly frames: MapFrame[];
  readonly nodes: MapNode[];
  readonly lines: MapLine[];
  /** Where wires leave interfaces, to the right. */
  readonly pins: Map<Id, Point>;
}

/**
 * Lays the map out: every interface has a line of its own, its way to the stack on the left, its wire on the right.
 * The same picture gives the same map; what is added moves what is below it down.
 *
 * @param width there is for it, in CSS pixels; it is wider where that is not enough for its texts
 */
export function layoutMap(picture: NetworkPicture, width: number, widths: Widths): MapLayout {
  const flow = flowOf(picture);
  const channels = channelsOf(flow, picture);
  const least = leastWidth(flow.hosts, channels);
  const whole = Math.max(least, Math.min(width, MOST_WIDTH));
  const plan: Plan = {
    picture,
    channels,
    widths,
    width: whole - 1,
    frames: [],
    nodes: [],
    lines: [],
    pins: new Map(),
  };
  const right = plan.width - channels.world.width;
  for (const host of flow.hosts) placeHost(plan, host, right);
  const bars = flow.hosts.flatMap((host) => {
    const { right: to } = hostEdges(host, right, channels);
    return placeLinks(plan, host.links, channels.hosts.get(host.name)!, to, PAD);
  });
  bars.push(...placeLinks(plan, flow.links, channels.world, right, 1));
  placeWires(plan, flow.hosts, right);
  const nodes = [...plan.nodes].sort((one, other) => one.y - other.y || one.x - other.x);
  return { width: whole, height: Math.ceil(flow.height), frames: plan.frames, nodes, lines: plan.lines, bars };
}

/** The right edge of a host's machines, where its channel begins, and its frame's own edges. */
function hostEdges({ name, framed }: HostFlow, right: number, channels: Channels) {
  const channel = channels.hosts.get(name)!.width;
  const inside = framed ? right - PAD : right;
  return { left: framed ? PAD : 1, right: inside - channel };
}

function placeHost(plan: Plan, host: HostFlow, right: number) {
  const { framed, name, top, bottom } = host;
  if (framed) plan.frames.push({ id: `host:${name}`, kind: "host", ...box(1, top, right, bottom) });
  const edges = hostEdges(host, right, plan.channels);
  for (const machine of host.machines) placeMachine(plan, machine, framed, edges.left, edges.right);
}

function placeMachine(plan: Plan, machine: MachineFlow, framed: boolean, left: number, right: number) {
  const { id } = machine.box;
  const { top, bottom } = machine;
  plan.frames.push({ id, kind: "machine", ...box(left, top, right, bottom) });
  const title = Math.min(plan.widths.title(id, framed), right - left - 20);
  plan.nodes.push({
    id,
    kind: "machine",
    inside: undefined,
    ...box(left + 8, top - LABEL, left + 8 + title, top + LABEL),
  });
  if (machine.unread !== undefined) plan.pins.set(id, { x: right, y: machine.unread });
  const inner = right - PAD - plan.channels.machines.get(id)!.width;
  for (const namespace of machine.namespaces) placeNamespace(plan, namespace, id, left + PAD, inner);
}

function placeNamespace(plan: Plan, flow: NamespaceFlow, machine: Id, from: number, to: number) {
  const { id } = flow.box;
  const [left, right] = flow.framed ? [from + PAD, to - PAD] : [from, to];
  if (flow.framed) plan.frames.push({ id, kind: "namespace", ...box(from, flow.top, to, flow.bottom) });
  const stack = chip(left, flow.stack, Math.min(plan.widths.stack(id), right - left));
  plan.nodes.push({ id, kind: "stack", inside: machine, ...stack });
  const trunk = left + TRUNK;
  if (flow.loopback) {
    const { id: own } = flow.loopback;
    const x = left + stack.width + 12;
    const width = Math.min(plan.widths.interface(flow.loopback), right - x);
    plan.nodes.push({ id: own, kind: "loopback", inside: id, ...chip(x, flow.stack, width) });
    const points = [
      { x, y: flow.stack },
      { x: x - 12, y: flow.stack },
    ];
    plan.lines.push({ id: `stack:${own}`, kind: "stack", ends: [own, id], points, carrier: flow.loopback.link.up });
  }
  const lefts = new Map<Id, Point>();
  for (const { row, y } of flow.rows) {
    const x = left + INDENT + row.depth * INDENT;
    const width = Math.min(plan.widths.interface(row.box), right - x);
    plan.nodes.push({ id: row.box.id, kind: "interface", inside: id, ...chip(x, y, width) });
    plan.pins.set(row.box.id, { x: x + width, y });
    lefts.set(row.box.id, { x, y });
    for (const inner of row.inner) placeInner(plan, row.box, lefts.get(row.box.id)!, inner, lefts.get(inner));
    if (row.depth > 0 && !speaks(row.box)) continue;
    const points = [
      { x, y },
      { x: trunk, y },
      { x: trunk, y: flow.stack },
    ];
    plan.lines.push({
      id: `stack:${row.box.id}`,
      kind: "stack",
      ends: [row.box.id, id],
      points,
      carrier: row.box.link.up,
    });
  }
}

/** It has addresses of its own and is no port of a bridge, whose packets the bridge takes. */
const speaks = ({ link }: InterfaceBox): boolean => link.addresses.length > 0 && link.master === undefined;

/** A port of a bridge, or the device below a VLAN: both hang on the line that goes down from the other. */
function placeInner(plan: Plan, box: InterfaceBox, at: Point, inner: Id, above: Point | undefined) {
  const edge = plan.picture.edges.find(({ kind, ends }) =>
    kind === "port"
      ? ends[0] === box.id && ends[1] === inner
      : kind === "upper" && ends[0] === inner && ends[1] === box.id,
  );
  if (!edge || !above) return;
  const x = above.x + (edge.kind === "upper" ? UPPER_TRUNK : TRUNK);
  const points = [at, { x, y: at.y }, { x, y: above.y }];
  plan.lines.push({
    id: edge.id,
    kind: edge.kind,
    ends: [box.id, inner],
    points,
    carrier: edge.carrier,
  });
}

/** Links of one channel: their chips to its left, their bars in it. */
function placeLinks(plan: Plan, links: readonly LinkFlow[], channel: Channel, from: number, left: number): MapBar[] {
  return links.map((link) => {
    const x = from + channel.bars.find((bar) => bar.link === link)!.at;
    const { id } = link.box;
    const width = Math.min(plan.widths.link(id), from - left - 12);
    plan.nodes.push({ id, kind: "link", inside: undefined, ...chip(left, link.y, width) });
    const joints = link.gateways.map(({ port, y }) => {
      const wide = Math.min(plan.widths.gateway(port), from - left - INDENT - 12);
      const own = chip(left + INDENT, y, wide);
      plan.nodes.push({ id: port, kind: "gateway", inside: id, ...own });
      // below its cable
      plan.pins.set(port, { x: own.x + wide, y: y + 6 });
      const points = [
        { x: own.x + wide, y },
        { x, y },
      ];
      plan.lines.push({ id: `inner:${port}`, kind: "inner", ends: [port, id], points, carrier: true });
      return { port, y };
    });
    for (const { id: cable, kind, ends, carrier } of plan.picture.edges) {
      const [near, port] = ends;
      if (kind !== "cable" || !port.startsWith(`port:${link.box.report.link}:`)) continue;
      const pin = plan.pins.get(near);
      if (!pin) continue;
      joints.push({ port, y: pin.y });
      plan.lines.push({ id: cable, kind: "cable", ends: [near, port], points: [pin, { x, y: pin.y }], carrier });
      plan.lines.push({
        id: `inner:${port}`,
        kind: "inner",
        ends: [port, id],
        points: [{ x, y: pin.y }],
        carrier: true,
      });
    }
    const ys = [link.y, ...joints.map(({ y }) => y)];
    return { id, x, top: Math.min(...ys), bottom: Math.max(...ys), joints };
  });
}

/** Wires that run in lanes: from the right of one chip to the right of another. */
function placeWires(plan: Plan, hosts: readonly HostFlow[], right: number) {
  const { channels, pins } = plan;
  const run = ({ wires }: Channel, from: number) => {
    for (const { edge, at } of wires) {
      const [one, other] = edge.ends.map((end) => pins.get(end));
      if (!one || !other) continue;
      const x = from + at;
      const points = [one, { x, y: one.y }, { x, y: other.y }, other];
      plan.lines.push({ id: edge.id, kind: edge.kind, ends: edge.ends, points, carrier: edge.carrier });
    }
  };
  for (const host of hosts) {
    const edges = hostEdges(host, right, channels);
    for (const { box: machine } of host.machines) {
      const channel = channels.machines.get(machine.id)!;
      run(channel, edges.right - PAD - channel.width);
    }
    run(channels.hosts.get(host.name)!, edges.right);
  }
  run(channels.world, right);
}

/** What the widest namespace needs with its texts cut short. */
function leastWidth(hosts: readonly HostFlow[], channels: Channels): number {
  const needs = hosts.flatMap((host) =>
    host.machines.map(({ box: machine, namespaces }) => {
      const depth = Math.max(0, ...namespaces.flatMap(({ rows }) => rows.map(({ row }) => row.depth)));
      const framed = namespaces.some((namespace) => namespace.framed) ? 2 * PAD : 0;
      const host0 = host.framed ? 2 * PAD : 2;
      const wires = channels.machines.get(machine.id)!.width + channels.hosts.get(host.name)!.width;
      return host0 + 2 * PAD + framed + INDENT * (depth + 1) + LEAST_CHIP + wires;
    }),
  );
  return Math.max(LEAST_CHIP, ...needs) + channels.world.width + 1;
}

const box = (left: number, top: number, right: number, bottom: number): Box => ({
  x: left,
  y: top,
  width: right - left,
  height: bottom - top,
});

const chip = (x: number, y: number, width: number): Box => ({ x, y: y - CHIP / 2, width, height: CHIP });

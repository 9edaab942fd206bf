import { portName } from "../../../network/link-spec.ts";
import type { Edge, FabricBox, Id, InterfaceBox, MachineBox } from "../picture.ts";
import { cardInterfaces } from "./cards.ts";
import { works } from "./edges.ts";
import { edgeId, portId } from "./ids.ts";
import type { PictureReadings } from "./make.ts";

/** Domain ids by the names of machines. */
export type DomainIds = ReadonlyMap<string, number>;

/** A netfront whose other end is in another machine. */
interface Front {
  readonly machine: string;
  readonly backend: string;
  /** The card's number: the handle in its xenstore path, and in the name of netback's interface. */
  readonly handle: number;
  readonly box: InterfaceBox;
}

/** The edges that leave machines: cables into the fabric, and rings between a netfront and its netback. */
export function wireEdges(
  readings: PictureReadings,
  boxes: readonly MachineBox[],
  fabric: readonly FabricBox[],
): Edge[] {
  const fronts: Front[] = [];
  const cables: Edge[] = [];
  for (const [at, { name, nics }] of readings.machines.entries()) {
    const interfaces = cardInterfaces(nics, boxes[at]!);
    for (const [nic, { link, backend }] of nics.entries()) {
      const box = interfaces[nic];
      if (backend !== undefined) {
        if (box) fronts.push({ machine: name, backend, handle: nic, box });
      } else if (link !== undefined)
        cables.push(...cable(boxes[at]!, box, fabric, link, portName({ machine: name, nic })));
    }
  }
  return [...cables, ...rings(fronts, boxes, readings.domains)];
}

function cable(
  machine: MachineBox,
  box: InterfaceBox | undefined,
  fabric: readonly FabricBox[],
  link: string,
  end: string,
) {
  const report = fabric.find((other) => other.report.link === link)?.report;
  const port = report?.ports.find(({ name }) => name === end);
  if (!report || !port) return [];
  const ends: readonly [Id, Id] = [box?.id ?? machine.id, portId(link, end)];
  const carrier = port.carrier && !report.cut && (box === undefined || works(box));
  return [{ id: edgeId("cable", ...ends), kind: "cable" as const, ends, carrier }];
}

/**
 * Netback calls its interface `vif<domain>.<handle>` (drivers/net/xen-netback/interface.c, xenvif_alloc). Those that were
 * renamed, and guests whose domain is not known, are put together in the order they were made in.
 */
function rings(fronts: readonly Front[], boxes: readonly MachineBox[], domains: DomainIds = new Map()): Edge[] {
  const edges: Edge[] = [];
  for (const backend of new Set(fronts.map((front) => front.backend))) {
    const left = new Set(vifsOf(boxes.find(({ name }) => name === backend)));
    const waiting = fronts.filter((front) => front.backend === backend);
    const unmatched: Front[] = [];
    for (const front of waiting) {
      const domain = domains.get(front.machine);
      const vif = [...left].find(({ link }) => domain !== undefined && link.name === `vif${domain}.${front.handle}`);
      if (!vif) unmatched.push(front);
      else {
        left.delete(vif);
        edges.push(ring(front, vif));
      }
    }
    const known = new Set(waiting.flatMap(({ machine }) => domains.get(machine) ?? []));
    const others = [...left].filter(({ link }) => !namesAnother(link.name, known)).sort(byDomain);
    for (const [at, front] of unmatched.entries()) if (others[at]) edges.push(ring(front, others[at]));
  }
  return edges;
}

function ring(front: Front, vif: InterfaceBox): Edge {
  const ends: readonly [Id, Id] = [front.box.id, vif.id];
  return { id: edgeId("ring", ...ends), kind: "ring", ends, carrier: works(front.box) && works(vif) };
}

/** Interfaces of netback, in whatever namespace they were moved to. */
const vifsOf = (machine: MachineBox | undefined): InterfaceBox[] =>
  (machine?.namespaces ?? []).flatMap(({ interfaces }) => interfaces.filter(({ link }) => link.kind === "vif"));

const vifName = (name: string) => /^vif(\d+)\.(\d+)$/.exec(name);

/** The interface's name says whose it is, and that is no machine whose domain is known: one that is gone. */
const namesAnother = (name: string, known: ReadonlySet<number>): boolean => {
  const found = vifName(name);
  return found !== null && known.size > 0 && !known.has(Number(found[1]));
};

const byDomain = (a: InterfaceBox, b: InterfaceBox): number => {
  const [first, second] = [vifName(a.link.name), vifName(b.link.name)];
  if (first && second) return Number(first[1]) - Number(second[1]) || Number(first[2]) - Number(second[2]);
  return a.link.index - b.link.index;
};

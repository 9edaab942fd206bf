import type { LinkReport, PortReport } from "../../network/reports.ts";
import { interfaceOf, portOf } from "./picture/ids.ts";
import type { Edge, FabricBox, Id, InterfaceBox, MachineBox, NamespaceBox, NetworkPicture } from "./picture.ts";

/** What an id stands for. */
export type Thing =
  | { readonly kind: "machine"; readonly machine: MachineBox }
  | { readonly kind: "namespace"; readonly machine: MachineBox; readonly namespace: NamespaceBox }
  | {
      readonly kind: "interface";
      readonly machine: MachineBox;
      readonly namespace: NamespaceBox;
      readonly box: InterfaceBox;
    }
  | { readonly kind: "link"; readonly link: FabricBox }
  | { readonly kind: "port"; readonly report: LinkReport; readonly port: PortReport }
  | { readonly kind: "edge"; readonly edge: Edge };

/** Finds what an id stands for; undefined when it is there no longer. */
export function thingOf(picture: NetworkPicture, id: Id): Thing | undefined {
  for (const machine of picture.machines) {
    if (machine.id === id) return { kind: "machine", machine };
    for (const namespace of machine.namespaces ?? []) {
      if (namespace.id === id) return { kind: "namespace", machine, namespace };
      const box = namespace.interfaces.find((one) => one.id === id);
      if (box) return { kind: "interface", machine, namespace, box };
    }
  }
  const link = picture.fabric.find((one) => one.id === id);
  if (link) return { kind: "link", link };
  const end = portOf(id);
  const report = end && picture.fabric.find((one) => one.report.link === end.link)?.report;
  const port = report?.ports.find(({ name }) => name === end!.port);
  if (report && port) return { kind: "port", report, port };
  const edge = picture.edges.find((one) => one.id === id);
  return edge && { kind: "edge", edge };
}

/** A thing's name in a few characters: `dom0 vif1.0`, `physical dom0/0`; the id of what is gone says what it can. */
export function placeName(picture: NetworkPicture, id: Id): string {
  const thing = thingOf(picture, id);
  switch (thing?.kind) {
    case "machine":
      return thing.machine.name;
    case "namespace":
      return namespaceName(thing.machine, thing.namespace);
    case "interface":
      return `${namespaceName(thing.machine, thing.namespace)} ${thing.box.link.name}`;
    case "link":
      return thing.link.report.link;
    case "port":
      return `${thing.report.link} ${thing.port.name}`;
    default: {
      const gone = interfaceOf(id);
      return gone ? `${gone.machine} ${gone.index}` : id.slice(id.indexOf(":") + 1);
    }
  }
}

/** A namespace by its machine, and its own name where it is not the initial one. */
export const namespaceName = (machine: MachineBox, { namespace, label }: NamespaceBox): string =>
  namespace.initial ? machine.name : `${machine.name} ${label}`;

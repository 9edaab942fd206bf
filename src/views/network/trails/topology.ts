import type { PortReport } from "../../../network/reports.ts";
import { portOf } from "../picture/ids.ts";
import type { Edge, Id, InterfaceBox, NamespaceBox, NetworkPicture } from "../picture.ts";

/** An interface and where it is. */
export interface Placed {
  readonly machine: string;
  readonly namespace: NamespaceBox;
  readonly box: InterfaceBox;
}

/** A picture, ready to be asked which edges meet at a place. */
export class Topology {
  readonly picture: NetworkPicture;
  readonly #edges = new Map<Id, Edge[]>();
  readonly #interfaces = new Map<Id, Placed>();
  readonly #namespaces = new Map<Id, NamespaceBox>();

  constructor(picture: NetworkPicture) {
    this.picture = picture;
    for (const edge of picture.edges) {
      for (const end of edge.ends) this.#edges.set(end, [...(this.#edges.get(end) ?? []), edge]);
    }
    for (const { name, namespaces } of picture.machines) {
      for (const namespace of namespaces ?? []) {
        this.#namespaces.set(namespace.id, namespace);
        for (const box of namespace.interfaces) this.#interfaces.set(box.id, { machine: name, namespace, box });
      }
    }
  }

  edgesOf(id: Id): readonly Edge[] {
    return this.#edges.get(id) ?? [];
  }

  edgeBetween(one: Id, other: Id): Edge | undefined {
    return this.edgesOf(one).find(({ ends }) => ends.includes(other));
  }

  namespace(id: Id): NamespaceBox | undefined {
    return this.#namespaces.get(id);
  }

  portsOf(link: string): readonly PortReport[] {
    return this.picture.fabric.find(({ report }) => report.link === link)?.report.ports ?? [];
  }

  interface(id: Id): Placed | undefined {
    return this.#interfaces.get(id);
  }

  /** The machine a port of the fabric belongs to: a lab's, or a gateway as `gateway:<link>`. */
  static machineOfPort(id: Id): string | undefined {
    return portOf(id)?.port.replace(/\/\d+$/, "");
  }
}

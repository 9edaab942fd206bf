import type { MessageEnd } from "../../network/api.ts";
import { Fabric } from "../../network/fabric/index.ts";
import type { LinkPort } from "../../network/link.ts";
import type { LinkSpec, PortSpec } from "../../network/link-spec.ts";
import { USUAL_MTU } from "../../network/trunk/messages.ts";
import { Trunk } from "../../network/trunk/trunk.ts";
import { realFabric } from "../clock.ts";
import type { MachineSpec } from "../spec.ts";

/** The end of a link that a machine's card is plugged into. @param nic counted from 0 */
export function portOf({ name, nics }: MachineSpec, nic: number): PortSpec {
  const { mac, vlan, vlans } = nics[nic]!;
  return { machine: name, nic, mac, ...(vlan !== undefined && { vlan }), ...(vlans !== undefined && { vlans }) };
}

type Arguments = Readonly<Record<string, unknown>>;

/** The links inside a host, and its cable to those between hosts. */
export class HostLinks {
  #fabric = new Fabric(realFabric);
  readonly #trunk = new Trunk();

  /**
   * Makes links that are not there yet; one that is stays what it is.
   *
   * @returns when their gateways are there too
   */
  async declare(links: Readonly<Record<string, LinkSpec>>): Promise<void> {
    await this.#fabric.declare(links);
  }

  /** Plugs in the cable to the network's thread. @returns when that has answered */
  join(end: MessageEnd): Promise<void> {
    return this.#trunk.join(end);
  }

  /**
   * A new end of a link: of this host, or else of the network; of a link that is in neither this host makes a switch.
   *
   * @param spec whose it is
   */
  port(link: string, spec: PortSpec): LinkPort {
    if (!this.#fabric.has(link) && this.#trunk.has(link)) return this.#trunk.port(link, spec);
    void this.#fabric.declare({ [link]: { kind: "switch" } });
    return this.#fabric.port(link, spec);
  }

  /** Bytes of the largest IP packet the link carries. */
  mtu(link: string): number {
    return this.#fabric.mtu(link) ?? this.#trunk.mtu(link) ?? USUAL_MTU;
  }

  probe(name: string, args: Arguments): unknown {
    return this.#fabric.probe(name, args);
  }

  control(name: string, args: Arguments): unknown {
    return this.#fabric.control(name, args);
  }

  /** Unplugs everything; links are made anew. */
  clear(): void {
    this.#fabric.close();
    this.#fabric = new Fabric(realFabric);
    this.#trunk.close();
  }
}

import type { MessageEnd } from "../../network/api.ts";
import type { LinkPort } from "../../network/link.ts";
import type { LinkSpec, PortSpec } from "../../network/link-spec.ts";
import { portName } from "../../network/link-spec.ts";
import { Segment } from "../../network/segment.ts";
import type { MachineSpec } from "../spec.ts";

/** The end of a link that a machine's card is plugged into. @param nic counted from 0 */
export function portOf({ name, nics }: MachineSpec, nic: number): PortSpec {
  const { mac, vlan, vlans } = nics[nic]!;
  return { machine: name, nic, mac, ...(vlan !== undefined && { vlan }), ...(vlans !== undefined && { vlans }) };
}

/** The links inside a host, by name. */
export class HostLinks {
  readonly #segments = new Map<string, Segment>();

  /** Makes links that are not there yet; one that is stays what it is. */
  declare(links: Readonly<Record<string, LinkSpec>>): void {
    for (const [link, { kind }] of Object.entries(links)) {
      if (!this.#segments.has(link)) this.#segments.set(link, new Segment(kind === "switch" ? kind : "hub"));
    }
  }

  /** A new end of a link. @param spec whose it is */
  port(link: string, spec: PortSpec): LinkPort {
    this.declare({ [link]: { kind: "switch" } });
    return this.#segments.get(link)!.port(portName(spec));
  }

  async join(end: MessageEnd): Promise<void> {
    end.close();
    throw new Error("This host has no links to other hosts.");
  }

  probe(name: string, _args: Readonly<Record<string, unknown>>): unknown {
    throw new Error(`There is no probe \`${name}\` of this host's links.`);
  }

  control(name: string, _args: Readonly<Record<string, unknown>>): unknown {
    throw new Error(`There is no setting \`${name}\` of this host's links.`);
  }

  clear(): void {
    this.#segments.clear();
  }
}

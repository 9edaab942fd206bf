import { DOM0_IMAGE, platformOf } from "../../machine/platforms.ts";
import type { LabFileContent, WrittenDisk, WrittenMachine, WrittenNic } from "../schema.ts";
import { suggestion } from "./fault.ts";
import type { Path } from "./yaml.ts";

/** What the whole lab's machines are checked against; faults go where the author wrote the name. */
export class MachineCheck {
  readonly #content: LabFileContent;
  readonly #fault: (path: Path, message: string) => void;
  readonly #names: readonly string[];

  constructor(content: LabFileContent, fault: (path: Path, message: string) => void) {
    this.#content = content;
    this.#fault = fault;
    this.#names = Object.keys(content.machines);
  }

  /** Hosts, links, models and backends of every machine. */
  all(): void {
    const hosts = Object.keys(this.#content.hosts ?? {});
    for (const [name, machine] of Object.entries(this.#content.machines)) {
      const path = ["machines", name];
      if (machine.host !== undefined) this.#known("host", machine.host, hosts, [...path, "host"]);
      for (const key of ["nics", "disks"] as const) {
        for (const [index, device] of (machine[key] ?? []).entries()) {
          this.#device(name, machine, device, [...path, key, index]);
        }
      }
      for (const [index, nic] of (machine.nics ?? []).entries()) this.#nic(nic, [...path, "nics", index]);
    }
    this.#domain0();
  }

  #device(name: string, machine: WrittenMachine, device: WrittenNic | WrittenDisk, path: Path): void {
    const onXen = platformOf(machine.image) === "xen";
    if (device.model === "xen" && !onXen) {
      this.#fault(
        [...path, "model"],
        `a Xen device needs an image that runs on Xen, which \`${machine.image}\` is not.`,
      );
    }
    if ("source" in device && device.source !== undefined && device.backend === undefined) {
      this.#fault([...path, "source"], "`source` is a path in the machine of the `backend`, and there is none.");
    }
    if (device.backend === undefined) return;
    if (device.model === undefined ? !onXen : device.model !== "xen") {
      this.#fault([...path, "backend"], "only a Xen device has a backend in another machine.");
    }
    this.#backend(name, device.backend, [...path, "backend"]);
  }

  #backend(name: string, backend: string, path: Path): void {
    if (!this.#known("machine", backend, this.#names, path)) return;
    const { image } = this.#content.machines[backend]!;
    if (image !== DOM0_IMAGE) {
      this.#fault(path, `\`${backend}\` cannot serve devices: it has the image \`${image}\`, not \`${DOM0_IMAGE}\`.`);
    } else if (this.#hostOf(backend) !== this.#hostOf(name)) {
      this.#fault(path, `\`${backend}\` is on the host \`${this.#hostOf(backend)}\`, ${sameHost(name)}`);
    } else if (this.#names.indexOf(backend) > this.#names.indexOf(name)) {
      this.#fault(path, `\`${backend}\` serves \`${name}\`: it has to be listed before it.`);
    }
  }

  #nic({ link, backend, vlan, vlans }: WrittenNic, path: Path): void {
    if (link !== undefined) this.#known("link", link, Object.keys(this.#content.links ?? {}), [...path, "link"]);
    const key = vlan !== undefined ? "vlan" : "vlans";
    if (vlan === undefined && vlans === undefined) return;
    if (vlan !== undefined && vlans !== undefined) {
      this.#fault([...path, "vlans"], "an end is an access port (`vlan`) or a trunk (`vlans`), not both.");
    } else if (link === undefined) this.#fault([...path, key], "the card is plugged into nothing: it needs a `link`.");
    else if (backend !== undefined) {
      this.#fault([...path, key], `the card is plugged into \`${backend}\`, whose kernel decides about its VLANs.`);
    }
  }

  /** The driver domain is domain 0, which is the first. */
  #domain0(): void {
    const first = new Map<string, string>();
    for (const [name, { image }] of Object.entries(this.#content.machines)) {
      if (platformOf(image) !== "xen") continue;
      const host = this.#hostOf(name);
      const before = first.get(host);
      if (before === undefined) first.set(host, name);
      else if (image === DOM0_IMAGE) {
        const why = `the host \`${host}\` has \`${before}\` before it, and a \`${DOM0_IMAGE}\` is its first: domain 0.`;
        this.#fault(["machines", name, "image"], why);
      }
    }
  }

  #hostOf(name: string): string {
    return this.#content.machines[name]!.host ?? name;
  }

  #known(what: string, name: string, names: readonly string[], path: Path): boolean {
    if (names.includes(name)) return true;
    this.#fault(path, `there is no ${what} \`${name}\`.${suggestion(name, names)}`);
    return false;
  }
}

const sameHost = (name: string) => `\`${name}\` on another: put them on one host.`;

import type { PlatformSurroundings } from "../../machine/platform.ts";
import type { DiskSpec, MachineSpec, NicSpec } from "../../machine/spec.ts";
import { BlockBackend } from "../backends/block.ts";
import { NetworkBackend } from "../backends/network.ts";
import { blockFeatures, networkFeatures } from "../backends/offers.ts";
import type { Front } from "../hypervisor/front.ts";
import type { Store } from "../store/index.ts";
import type { DevicePlan } from "./device.ts";
import { backPath, frontPath, virtualDevice } from "./paths.ts";

/** The bridge a vif is put on in its driver domain when the lab names none. */
const USUAL_BRIDGE = "xenbr0";

/** Where a device is made, and for whom. */
export interface PlanSite {
  readonly store: Store;
  readonly front: Front;
  readonly spec: MachineSpec;
  readonly surroundings: PlatformSurroundings;
  /** Id of the domain of this program, and of the guest that serves devices. */
  readonly host: number;
  readonly driver: number;
}

/** The file or device in the driver domain that holds a disk. */
export const sourceOf = (machine: string, disk: DiskSpec): string => disk.source ?? `/srv/${machine}-${disk.name}.img`;

/** Makes the file that holds a disk in a driver domain, unless it or a device is there. */
export const sourceScript = (machine: string, disk: DiskSpec): string =>
  disk.source !== undefined
    ? `[ -e ${disk.source} ]`
    : `mkdir -p /srv && { [ -e ${sourceOf(machine, disk)} ] || truncate -s ${disk.size}M ${sourceOf(machine, disk)}; }`;

export function blockPlan(site: PlanSite, disk: DiskSpec): DevicePlan {
  const { store, front, spec, surroundings, host, driver } = site;
  const back = disk.backend === undefined ? host : driver;
  const number = virtualDevice(disk.name);
  const paths = { frontPath: frontPath(front.id, "vbd", number), backPath: backPath(back, "vbd", front.id, number) };
  const content = surroundings.disks.get(disk.name);
  if (!content && disk.backend === undefined) throw new Error(`Machine \`${spec.name}\` has no disk \`${disk.name}\`.`);
  const params = disk.backend === undefined ? disk.name : sourceOf(spec.name, disk);
  return {
    kind: "vbd",
    number,
    name: disk.name,
    front: front.id,
    back,
    frontKeys: {},
    backKeys: {
      removable: 0,
      bootable: 1,
      dev: disk.name,
      type: "phy",
      mode: "w",
      "device-type": "disk",
      "discard-enable": 1,
      params,
      ...(disk.backend !== undefined && { script: "/etc/xen/scripts/block" }),
    },
    make:
      content && disk.backend === undefined
        ? () => {
            const description = { name: disk.name, virtualDevice: number, disk: content, ...paths };
            const features = blockFeatures(spec, disk.name);
            return { backend: new BlockBackend(front, store, description, features), release: () => {} };
          }
        : undefined,
  };
}

export function networkPlan(site: PlanSite, nic: NicSpec, handle: number): DevicePlan {
  const { store, front, spec, surroundings, host, driver } = site;
  const back = nic.backend === undefined ? host : driver;
  const name = `eth${handle}`;
  const paths = { frontPath: frontPath(front.id, "vif", handle), backPath: backPath(back, "vif", front.id, handle) };
  const hotplug = { script: "/etc/xen/scripts/vif-bridge", bridge: nic.link ?? USUAL_BRIDGE };
  return {
    kind: "vif",
    number: handle,
    name,
    front: front.id,
    back,
    frontKeys: { mac: nic.mac, mtu: 1500 },
    backKeys: { mac: nic.mac, handle, type: "vif", ...(nic.backend !== undefined && hotplug) },
    make:
      nic.backend === undefined
        ? () => {
            const port = nic.link === undefined ? undefined : surroundings.port(nic.link, handle);
            const description = { name, handle, mac: nic.mac, port, ...paths };
            const backend = new NetworkBackend(front, store, description, networkFeatures(spec, name));
            return { backend, release: () => port?.close() };
          }
        : undefined,
  };
}

/**
 * What a lab may take from its Xen devices, in words among a machine's options. Each is `on` (which is what holds when
 * it is left out), `off`, or the devices that offer it, joined by `-`: `persistent=xvdb`, `offloads=off`.
 *
 * - `persistent`: grants that stay mapped (vbd)
 * - `xenindirect`: requests with their segments in pages of their own (vbd)
 * - `discard`: sectors that are no longer needed (vbd)
 * - `offloads`: scatter-gather, large segments and partial checksums (vif)
 * - `split`: an event channel for each of the two rings (vif)
 */
import { type MachineSpec, SpecError } from "../../machine/spec.ts";
import type { BlockFeatures } from "./block.ts";
import type { NetworkFeatures } from "./network.ts";

const OF_DISKS = ["persistent", "xenindirect", "discard"] as const;
const OF_NICS = ["offloads", "split"] as const;
type Offer = (typeof OF_DISKS | typeof OF_NICS)[number];

/** @throws SpecError when a word names what is no Xen device of the machine */
export function checkOffers(spec: MachineSpec): void {
  const disks = spec.disks.filter(({ model }) => model === "xen").map(({ name }) => name);
  const nics = spec.nics.flatMap(({ model }, handle) => (model === "xen" ? [`eth${handle}`] : []));
  for (const [offers, names] of [[OF_DISKS, disks] as const, [OF_NICS, nics] as const]) {
    for (const offer of offers) {
      const value = worth(spec, offer);
      if (value === "on" || value === "off" || value.split("-").every((name) => names.includes(name))) continue;
      throw new SpecError(`Machine \`${spec.name}\`: option \`${offer}=${value}\` names what is no Xen device of it.`);
    }
  }
}

/** @param disk name of one of the machine's disks */
export function blockFeatures(spec: MachineSpec, disk: string): Partial<BlockFeatures> {
  return {
    persistent: offers(spec, "persistent", disk),
    discard: offers(spec, "discard", disk),
    ...(!offers(spec, "xenindirect", disk) && { indirectSegments: 0 }),
  };
}

/** @param nic name of one of the machine's cards, `eth0` */
export function networkFeatures(spec: MachineSpec, nic: string): NetworkFeatures {
  return { offloads: offers(spec, "offloads", nic), splitChannels: offers(spec, "split", nic) };
}

function offers(spec: MachineSpec, offer: Offer, device: string): boolean {
  const value = worth(spec, offer);
  return value === "on" || (value !== "off" && value.split("-").includes(device));
}

const worth = ({ options }: MachineSpec, offer: Offer): string =>
  options.find((word) => word.startsWith(`${offer}=`))?.slice(offer.length + 1) ?? "on";

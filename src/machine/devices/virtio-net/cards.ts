import type { LinkPort } from "../../../network/link.ts";
import { type MachineSpec, SpecError } from "../../spec.ts";
import type { Internals } from "../../v86-internals.ts";
import { VirtioNet } from "../virtio-net.ts";

/**
 * Makes a machine's virtio network cards, in the order of its spec. One word among the spec's options says how they are:
 * `offloads=`, whether checksums and segmentation may be left to the other side; `on` unless given, `off`, or the cards
 * of which it is true, joined by `-`: `offloads=eth0`.
 *
 * @param cables where cards are plugged in, by their number in the spec
 * @param now milliseconds of the machine's clock
 * @throws SpecError when the option names no card of the machine
 */
export function virtioCards(
  internals: Internals,
  spec: MachineSpec,
  cables: ReadonlyMap<number, LinkPort>,
  now: () => number,
): VirtioNet[] {
  const offloads = offloading(spec);
  return spec.nics
    .map(({ model, mac }, nic) => ({ model, mac, name: `eth${nic}`, port: cables.get(nic), now }))
    .filter(({ model }) => model === "virtio")
    .map((card, index) => new VirtioNet(internals, index, { ...card, offloads: offloads(card.name) }));
}

const OPTION = "offloads=";

function offloading({ name: machine, options, nics }: MachineSpec): (card: string) => boolean {
  const value = options.find((word) => word.startsWith(OPTION))?.slice(OPTION.length) ?? "on";
  if (value === "on" || value === "off") return () => value === "on";
  const names = value.split("-");
  const unknown = names.find((name) => !nics.some(({ model }, nic) => name === `eth${nic}` && model === "virtio"));
  if (unknown === undefined) return (card) => names.includes(card);
  throw new SpecError(`Machine \`${machine}\`: option \`${OPTION}${value}\` names no virtio card of it.`);
}

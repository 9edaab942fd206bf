import { DOM0_IMAGE, platformOf } from "../../machine/platforms.ts";
import type { LabMachine } from "../lab.ts";

/** What machines of one host have to do with each other: who has to be there first, who is saved with whom. */

/**
 * @param machines of the lab, in its order
 * @returns machines that have to run before this one starts: those that serve its devices, and the driver domain of its
 * Xen host, which is the host's first
 */
export function startsAfter(machines: readonly LabMachine[], machine: LabMachine): readonly LabMachine[] {
  const { spec } = machine;
  const backends = [...spec.nics, ...spec.disks].map(({ backend }) => backend);
  const isDom0 = (other: LabMachine) => other.spec.image === DOM0_IMAGE && isTogether(machine, other);
  return machines.filter((other) => other !== machine && (backends.includes(other.spec.name) || isDom0(other)));
}

/**
 * Guests of one Xen host share pages, so that none can be saved or put back without the others.
 *
 * @returns the names of this machine and of those that share its save point, in the lab's order
 */
export function savedWith(machines: readonly LabMachine[], name: string): readonly string[] {
  const machine = machines.find(({ spec }) => spec.name === name);
  const together = machines.filter((other) => machine && (other === machine || isTogether(machine, other)));
  return together.map(({ spec }) => spec.name);
}

/** @returns of machines that share a save point, the first: saving it saves all, and putting it back puts all back */
export function apart(machines: readonly LabMachine[], names: readonly string[]): readonly string[] {
  return names.filter((name, index) => {
    const together = savedWith(machines, name);
    return !names.slice(0, index).some((before) => together.includes(before));
  });
}

function isTogether(one: LabMachine, other: LabMachine): boolean {
  const platform = platformOf(one.spec.image);
  return platform !== undefined && platform === platformOf(other.spec.image) && one.host === other.host;
}

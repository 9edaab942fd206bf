import type { Device } from "../toolstack/device.ts";
import type { Toolstack } from "../toolstack/toolstack.ts";

/** A device's rings, as probes name them: the transmit and receive rings of a vif, the one of a vbd. */
export function ringNames(machine: string, { plan }: Device): readonly string[] {
  if (plan.kind === "vbd") return [`vbd:${machine}/${plan.name}`];
  return ["tx", "rx"].map((direction) => `vif:${machine}/${plan.number}/${direction}`);
}

/**
 * The ring a channel is for.
 *
 * @param use as backends name their channels: `vbd/51712`, `vif/0 tx`, `vif/0`
 */
export function ringOfUse(toolstack: Toolstack, machine: string, use: string): string | undefined {
  const match = /^(vbd|vif)\/(\d+)(?: (tx|rx))?$/.exec(use);
  const device = toolstack
    .find(machine)
    ?.devices.find(({ plan }) => plan.kind === match?.[1] && plan.number === Number(match[2]));
  if (!device || !match) return undefined;
  const [first, second] = ringNames(machine, device);
  return match[3] === "rx" ? second : first;
}

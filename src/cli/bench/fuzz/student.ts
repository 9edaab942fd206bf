/** What a page does meanwhile: it reads every probe, and its student turns settings of the attackers' devices. */
import type { RingList } from "../../../probe/io/types.ts";
import type { Attacker, Neighbours } from "./neighbours.ts";
import type { Random } from "./random.ts";

/** Characters of the largest answer that is sound: the trees and rings of three guests. */
const MOST_ANSWERED = 4_000_000;

/**
 * Asks every probe about a machine.
 *
 * @throws Error when one of them fails, or has no end
 */
export function readProbes({ platform }: Neighbours, machine: string): void {
  const ask = (name: string, args: Readonly<Record<string, unknown>> = {}): unknown => {
    const answer = platform.probe(machine, name, args);
    const { length } = JSON.stringify(answer) ?? "";
    if (length === 0 || length > MOST_ANSWERED) throw new Error(`The probe ${name} answered ${length} characters.`);
    return answer;
  };
  for (const name of ["xen.domains", "xen.store", "io.costs", "io.trace"]) ask(name);
  const { rings } = ask("ring.list") as RingList;
  for (const { ring } of rings) ask("ring.state", { ring });
}

/** Turns a setting. @returns when it is turned; what is refused with a sentence is as good */
export async function turnSetting({ platform }: Neighbours, { name }: Attacker, random: Random): Promise<void> {
  const rings = (platform.probe(name, "ring.list", {}) as RingList).rings.map(({ ring }) => ring);
  const ring = random.pick(rings);
  const [control, args] = random.pick([
    [
      "io.pace",
      { ring, latency: random.pick([0, 0, 1, 5]), batch: random.pick([0, 0, 1, 4]), stepping: random.chance(4) },
    ],
    ["io.pace", { ring, latency: 0, batch: 0, stepping: false }],
    ["io.step", { ring, by: "slot" }],
    ["io.step", { ring, by: "notification" }],
    ["io.reset", {}],
    ["xen.detach", { disk: "xvda" }],
    ["xen.attach", { disk: "xvda" }],
    ["xen.detach", { nic: "eth0" }],
    ["xen.attach", { nic: "eth0" }],
    ["xen.shutdown", { reason: random.pick(["suspend", "poweroff", "halt"]) }],
    ["xen.memory", { kib: random.pick([24 << 10, 1 << 10]) }],
  ] as const);
  try {
    await platform.control(name, control, args);
  } catch (error) {
    const isSentence = error instanceof Error && error.constructor === Error && error.message.endsWith(".");
    if (!isSentence) throw error;
  }
}

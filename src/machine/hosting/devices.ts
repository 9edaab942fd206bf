import type { IoCosts, RingList } from "../../probe/io/types.ts";
import type { GuestMachine } from "../guest-machine.ts";
import type { Platform } from "../platform.ts";

/**
 * Devices of a guest on a platform are of two kinds, the platform's and the emulator's own: one probe reads both, and a
 * setting goes to whose device it is for.
 */

type Arguments = Readonly<Record<string, unknown>>;

/** Rings of the emulator's devices, by the beginning of their names. */
const OWN_RING = /^virtio:/;

/** Lists of both are put together; anything else is the platform's where it has an answer. */
export async function probeDevices(
  platform: Platform,
  machine: GuestMachine,
  name: string,
  args: Arguments,
): Promise<unknown> {
  const answer = await platform.probe(machine.spec.name, name, args);
  if (answer === undefined) return machine.probe(name, args);
  if (name === "ring.list") {
    const own = (await machine.probe(name, args)) as RingList;
    return { rings: [...(answer as RingList).rings, ...own.rings] } satisfies RingList;
  }
  if (name === "io.costs") {
    const own = (await machine.probe(name, args)) as IoCosts;
    return { devices: [...(answer as IoCosts).devices, ...own.devices] } satisfies IoCosts;
  }
  return answer;
}

/** Counters are reset on both sides; a ring is paced and stepped where it is served. */
export async function controlDevices(
  platform: Platform,
  machine: GuestMachine,
  name: string,
  args: Arguments,
): Promise<unknown> {
  if (typeof args.ring === "string" && OWN_RING.test(args.ring)) return machine.control(name, args);
  if (name === "io.reset") await machine.control(name, args);
  return platform.control(machine.spec.name, name, args);
}

import type { Backend, PaceSetting } from "../backends/front-domain.ts";
import type { XenPlatform } from "../platform.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** Slowest a request may be made, milliseconds. */
const MOST_LATENCY = 10_000;
const MOST_BATCH = 1024;

/** What {@link XenPlatform.control} does. @throws Error with a sentence for a wrong one */
export async function control(platform: XenPlatform, machine: string, name: string, args: Arguments): Promise<unknown> {
  const { toolstack } = platform;
  switch (name) {
    case "io.pace":
      return pace(platform, args);
    case "io.step":
      return step(platform, args);
    case "io.reset":
      return reset(platform, machine);
    case "xen.attach":
      return toolstack.plug(machine, deviceName(args), true);
    case "xen.detach":
      return toolstack.plug(machine, deviceName(args), false);
    case "xen.shutdown":
      return toolstack.get(machine).requestShutdown(String(args.reason));
    case "xen.memory":
      return toolstack.get(machine).setMemory(args.kib);
    default:
      throw new Error(`Machine \`${machine}\` has no setting \`${name}\`.`);
  }
}

/** `{disk: "xvda"}`, `{nic: "eth0"}` or `{nic: 0}`. */
function deviceName({ disk, nic }: Arguments): string {
  if (typeof disk === "string") return disk;
  if (typeof nic === "number") return `eth${nic}`;
  if (typeof nic === "string") return nic;
  throw new Error("A device is named by `disk` or `nic`.");
}

function ringBackend(platform: XenPlatform, ring: unknown): Pick<Backend, "pace" | "step"> {
  for (const { device, rings } of platform.devices) {
    if (!rings.rings().some((one) => one.ring === ring)) continue;
    if (device.backend) return device.backend;
    throw new Error(`Ring \`${String(ring)}\` is served by a guest's kernel, which has no slow motion.`);
  }
  const served = platform.toolstack.guests.find(({ console }) => console.rings().some((one) => one.ring === ring));
  if (served) return served.console;
  throw new Error(`There is no ring \`${String(ring)}\`.`);
}

function pace(platform: XenPlatform, { ring, latency, batch, stepping }: Arguments): void {
  const setting: PaceSetting = {
    ...(latency !== undefined && { latency: within("latency", latency, MOST_LATENCY) }),
    ...(batch !== undefined && { batch: Math.trunc(within("batch", batch, MOST_BATCH)) }),
    ...(stepping !== undefined && { stepping: stepping === true }),
  };
  ringBackend(platform, ring).pace(String(ring), setting);
}

function step(platform: XenPlatform, { ring, by }: Arguments): void {
  if (by !== "slot" && by !== "notification")
    throw new Error(`A step is by slot or notification, not \`${String(by)}\`.`);
  ringBackend(platform, ring).step(String(ring), by);
}

function reset(platform: XenPlatform, machine: string): void {
  for (const { rings, managed } of platform.devices) if (managed.spec.name === machine) rings.reset();
  platform.toolstack.get(machine).console.reset();
  platform.xen.resetCounts(platform.toolstack.get(machine).guest.id);
}

function within(what: string, value: unknown, most: number): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new Error(`${what} is a number from 0 to ${most}, not \`${String(value)}\`.`);
}

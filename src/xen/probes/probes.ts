import type { IoCosts, RingList, RingState } from "../../probe/io/types.ts";
import { ReadingError } from "../../probe/json.ts";
import type { XenPlatform } from "../platform.ts";
import { xenDomains } from "./domains.ts";
import { withFrontIndices } from "./front-indices.ts";

/** Events in an answer when none are asked for. */
const USUAL_EVENTS = 256;

type Arguments = Readonly<Record<string, unknown>>;

/** What {@link XenPlatform.probe} answers. @throws Error with a sentence for a wrong argument */
export function probe(platform: XenPlatform, machine: string, name: string, args: Arguments): unknown {
  switch (name) {
    case "xen.domains":
      return xenDomains(platform);
    case "xen.store":
      return platform.store.probe(typeof args.path === "string" ? args.path : "/");
    case "ring.list":
      return ringList(platform, machine);
    case "ring.state":
      return ringState(platform, String(args.ring ?? ""));
    case "io.costs":
      return costs(platform, machine);
    case "io.trace":
      return platform.xen.tracer.read(whole(args.from), whole(args.count) ?? USUAL_EVENTS, machine);
    default:
      return undefined;
  }
}

/** The rings a machine has an end of. */
function ringList(platform: XenPlatform, machine: string): RingList {
  const consoles = platform.toolstack.guests.map(({ console }) => console);
  const all = [...platform.devices.map(({ rings }) => rings), ...consoles].flatMap((each) => each.rings());
  return { rings: all.filter(({ front, back }) => front === machine || back === machine) };
}

function ringState(platform: XenPlatform, ring: string): RingState | undefined {
  for (const { rings, managed } of platform.devices) {
    const state = rings.state(ring);
    if (state) return withFrontIndices(platform, managed.guest, state);
  }
  for (const { console } of platform.toolstack.guests) {
    const state = console.state(ring);
    if (state) return state;
  }
  return undefined;
}

function costs(platform: XenPlatform, machine: string): IoCosts {
  const own = platform.devices.filter(({ managed }) => managed.spec.name === machine);
  return { devices: own.map(({ rings }) => rings.costs()) };
}

function whole(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw new ReadingError(`An argument that should be a whole number is \`${String(value)}\`.`);
  }
  return value;
}

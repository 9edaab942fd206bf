import { readFileSync } from "node:fs";
import type { CaptureReport, FdbReport, NetworkCounters } from "../../../src/network/reports.ts";
import type { GuestFrames, GuestNetwork } from "../../../src/probe/network/types.ts";
import type { PictureMachine } from "../../../src/views/network/picture/make.ts";

/**
 * What real guests and a real fabric answered, once: `xen-bridge` is dom0 with its card renamed and given another MAC,
 * two guests behind its bridge (one vif renamed), and a machine outside; one ping, from domU1 to outside. `docker-nat` is
 * a guest with a container behind docker0, MASQUERADE and a published port; one page fetched, one ping from inside.
 */
export interface Recorded {
  readonly machines: readonly Omit<PictureMachine, "running">[];
  readonly counters: NetworkCounters;
  readonly fdb: FdbReport;
  readonly domains: readonly (readonly [string, number])[];
  readonly links: Readonly<Record<string, CaptureReport>>;
  readonly guests: Readonly<Record<string, RecordedGuest>>;
}

export interface RecordedGuest {
  /** Milliseconds since 1970 by the page's clock around the reading of its network. */
  readonly asked: number;
  readonly answered: number;
  readonly network: GuestNetwork;
  readonly frames: GuestFrames;
}

export const recorded = (name: "xen-bridge" | "docker-nat"): Recorded =>
  JSON.parse(readFileSync(new URL(`./recorded/${name}.json`, import.meta.url), "utf8")) as Recorded;

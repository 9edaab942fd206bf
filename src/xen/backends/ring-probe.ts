/** What the probes of both kinds of backend have in common. */
import type { DeviceCost, Pace, RingState, RingSummary } from "../../probe/io/types.ts";
import { ENTRY, type RingKind, ringSlots } from "../../probe/rings/layout/index.ts";
import type { FrontDomain } from "./front-domain.ts";
import { grantReader } from "./grant-reader.ts";
import type { RingAccount } from "./ring-account.ts";
import type { SharedRing } from "./shared-ring.ts";

/** A ring's state; without a connection there are only its accounts and its pace. */
export function ringState(
  domain: FrontDomain,
  summary: RingSummary,
  kind: RingKind,
  ring: SharedRing | undefined,
  account: RingAccount,
  pace: Pace,
): RingState {
  const common = { ...summary, entryBytes: ENTRY[kind].slot, pace };
  if (!ring) return { ...common, capacity: ringSlots(kind), pages: [], indices: [], slots: [], ...account.probe() };
  const { capacity, fault } = ring;
  return { ...common, capacity, ...ring.probe(grantReader(domain)), ...(fault !== undefined && { fault }) };
}

/** Exits of a device whose whole traffic is in shared memory: a hypercall for each event sent, an upcall for each back. */
export function eventExits(
  accounts: readonly RingAccount[],
): Pick<DeviceCost, "exits" | "exitsTotal" | "notifications" | "interrupts"> {
  const sum = (name: "notifications" | "interrupts") =>
    accounts.reduce((total, { counters }) => total + counters[name], 0);
  const notifications = sum("notifications");
  const interrupts = sum("interrupts");
  return {
    exits: { ...(notifications > 0 && { hypercall: notifications }), ...(interrupts > 0 && { interrupt: interrupts }) },
    exitsTotal: notifications + interrupts,
    notifications,
    interrupts,
  };
}

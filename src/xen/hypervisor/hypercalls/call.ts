import type { Guest } from "../guest.ts";
import type { Xen } from "../xen.ts";

/** One hypercall on its way: who makes it, and its arguments as the registers hold them (unsigned 32 bits each). */
export interface Call {
  readonly xen: Xen;
  readonly guest: Guest;
  readonly args: readonly number[];
}

/** A family of hypercalls. @returns what goes into EAX; errors negative @throws GuestFault */
export type Family = (call: Call) => number;

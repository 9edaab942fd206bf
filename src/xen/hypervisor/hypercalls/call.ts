import type { Guest } from "../guest.ts";
import type { Xen } from "../xen.ts";

/** One hypercall on its way: who makes it, and its arguments as the registers hold them (unsigned 32 bits each). */
export interface Call {
  readonly xen: Xen;
  readonly guest: Guest;
  readonly args: readonly number[];
  readonly work: Work;
}

/**
 * What one trap may take of the time that all guests share: elements of lists, frames. Xen interrupts a long hypercall
 * and goes on with it later; here what is too long is refused, or done in part where a caller expects that. Linux's
 * lists are far shorter.
 */
export class Work {
  #left = 4096;

  /** @returns true when so much may still be done; it counts as done then */
  take(count: number): boolean {
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}

/** A family of hypercalls. @returns what goes into EAX; errors negative @throws GuestFault */
export type Family = (call: Call) => number;

import type { GuestAccess } from "../machine/platform.ts";

/**
 * One clock for what happens between guests, each of which has its own: it began with the guest and stands still while
 * the guest is paused. This one goes on with whichever of them went furthest since it was last read, and never back.
 */
export class HostClock {
  #at: number;
  #read = new WeakMap<GuestAccess, number>();

  /** @param at milliseconds to begin with, of a save point */
  constructor(at = 0) {
    this.#at = at;
  }

  /** Milliseconds. A guest counts from the first reading that it is there for. */
  now(guests: Iterable<GuestAccess>): number {
    let furthest = 0;
    for (const guest of guests) {
      const now = guest.now();
      furthest = Math.max(furthest, now - (this.#read.get(guest) ?? now));
      this.#read.set(guest, now);
    }
    this.#at += furthest;
    return this.#at;
  }
}

import { portOf } from "../picture/ids.ts";
import type { Trail } from "../picture.ts";

/**
 * By how much a guest's clock is ahead of the page's, from readings that carry the guest's time. Between asking and
 * answering the guest looked at its clock once: each round trip bounds the offset from both sides, and what all of them
 * allow is what is known (the intersection of NTP's clock selection, RFC 5905, 11.2.1).
 */

/** Milliseconds the two clocks may drift apart in a millisecond: a guest in slow motion or paused is found out below. */
const DRIFT = 2e-3;
/** A guest's clock goes on in steps as its processor is emulated, in milliseconds. */
const SLACK = 1;

export class ClockOffset {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #at = 0;

  /**
   * A reading that carries the guest's time.
   *
   * @param asked, answered milliseconds of the page's clock around the reading
   * @param guest the guest's clock at some moment between
   */
  add(asked: number, answered: number, guest: number): void {
    if (asked <= answered) this.#allow(guest - answered, guest - asked, answered);
  }

  /**
   * A frame went over a cable: it left before it was seen at the other end. That bounds the offset from one side, and
   * far closer than a reading, which has to start a program in the guest.
   *
   * @param guest, fabric when it was seen at either end, by the clock of each
   * @param direction of the frame, from the guest or to it
   */
  addFrame(guest: number, fabric: number, direction: "out" | "in"): void {
    const apart = guest - fabric;
    if (direction === "out") this.#allow(apart - SLACK, this.#high, fabric);
    else this.#allow(this.#low, apart + SLACK, fabric);
  }

  #allow(low: number, high: number, at: number): void {
    if (Number.isNaN(low) || Number.isNaN(high)) return;
    const drift = Math.max(0, at - this.#at) * DRIFT;
    const [wasLow, wasHigh] = [this.#low - drift, this.#high + drift];
    // the clock was set, or stood while the machine was paused: what was known is of no use any more
    const apart = low > wasHigh || high < wasLow;
    this.#low = apart ? low : Math.max(low, wasLow);
    this.#high = apart ? high : Math.min(high, wasHigh);
    this.#at = Math.max(at, this.#at);
  }

  /** Milliseconds to take from the guest's time; 0 while nothing is known. */
  get offset(): number {
    return Number.isFinite(this.#low) ? (this.#low + this.#high) / 2 : 0;
  }

  /** How far off that may be, in milliseconds. */
  get uncertainty(): number {
    return Number.isFinite(this.#low) ? (this.#high - this.#low) / 2 : Number.POSITIVE_INFINITY;
  }
}

/** A frame seen by a guest and by the fabric at the two ends of one cable. */
export interface CableCrossing {
  readonly machine: string;
  readonly guest: number;
  readonly fabric: number;
  readonly direction: "out" | "in";
}

/** Where a packet went from a guest's card into the fabric, or from there to a card. */
export function crossingsOf({ hops }: Trail): readonly CableCrossing[] {
  return hops.flatMap((hop): CableCrossing[] => {
    const before = hop.from === undefined || hop.over === undefined ? undefined : hops[hop.from];
    if (!before) return [];
    const [one, other] = [before.source, hop.source];
    if ("guest" in one && "fabric" in other) {
      return [{ machine: one.machine, guest: one.guest.at, fabric: other.fabric.at, direction: "out" }];
    }
    if ("fabric" in one && "guest" in other) {
      const at = one.fabric.to.find(({ port }) => portOf(before.at)?.port === port)?.at;
      return at ? [{ machine: other.machine, guest: other.guest.at, fabric: at, direction: "in" }] : [];
    }
    return [];
  });
}

import { portOf } from "../picture/ids.ts";
import type { Hop, Trail } from "../picture.ts";

/**
 * By how much a guest's clock is ahead of the page's, from readings that carry the guest's time. Between asking and
 * answering the guest looked at its clock once: each round trip bounds the offset from both sides, and what all of them
 * allow is what is known (the intersection of NTP's clock selection, RFC 5905, 11.2.1).
 */

/** Milliseconds the two clocks may drift apart in a millisecond: a guest in slow motion or paused is found out below. */
const DRIFT = 2e-3;
/** A guest's clock goes on in steps as its processor is emulated, in milliseconds. */
const SLACK = 1;

interface Bounds {
  readonly low: number;
  readonly high: number;
}

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
    if (asked <= answered) this.narrow({ low: guest - answered, high: guest - asked }, answered);
  }

  /** Milliseconds the offset is between, as far as is known. */
  get bounds(): Bounds {
    return { low: this.#low, high: this.#high };
  }

  /** Something else says between which milliseconds the offset is. @param at by the page's clock */
  narrow({ low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY }: Partial<Bounds>, at: number): void {
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
    return this.#isKnown ? (this.#low + this.#high) / 2 : 0;
  }

  /** How far off that may be, in milliseconds. */
  get uncertainty(): number {
    return this.#isKnown ? (this.#high - this.#low) / 2 : Number.POSITIVE_INFINITY;
  }

  get #isKnown(): boolean {
    return Number.isFinite(this.#low) && Number.isFinite(this.#high);
  }
}

/** A frame seen at the two ends of one edge, by the clock of each: of a machine, or of the fabric. */
export interface Crossing {
  readonly from: { readonly machine?: string; readonly at: number };
  readonly to: { readonly machine?: string; readonly at: number };
}

/** Where a packet went from one clock to another: over a cable, or through a ring between two guests. */
export function crossingsOf({ hops }: Trail): readonly Crossing[] {
  return hops.flatMap((hop): Crossing[] => {
    const before = hop.from === undefined || hop.over === undefined ? undefined : hops[hop.from];
    const [from, to] = [before && momentOf(before), momentOf(hop)];
    return from && to && from.machine !== to.machine ? [{ from, to }] : [];
  });
}

function momentOf({ at, direction, source }: Hop): Crossing["from"] | undefined {
  if ("guest" in source) return { machine: source.machine, at: source.guest.at };
  if (direction === "in") return { at: source.fabric.at };
  const left = source.fabric.to.find(({ port }) => portOf(at)?.port === port)?.at;
  return left ? { at: left } : undefined;
}

/**
 * A frame leaves before it is seen at the other end. That bounds the clocks from one side each, and far closer than a
 * reading, which has to start a program in the guest.
 *
 * @param clockOf a machine's clock
 */
export function learnFrom({ from, to }: Crossing, clockOf: (machine: string) => ClockOffset | undefined): void {
  const [one, other] = [from, to].map(({ machine }) => (machine === undefined ? undefined : clockOf(machine)));
  const later = to.at - from.at;
  const now = from.machine === undefined ? from.at : to.at;
  const [least, most] = [other ? other.bounds.low : 0, one ? one.bounds.high : 0];
  one?.narrow({ low: least - later - SLACK }, now);
  other?.narrow({ high: most + later + SLACK }, now);
}

/**
 * By how much a guest's clock is ahead of the page's, from readings that carry the guest's time. Between asking and
 * answering the guest looked at its clock once: each round trip bounds the offset from both sides, and what all of them
 * allow is what is known (the intersection of NTP's clock selection, RFC 5905, 11.2.1).
 */

/** Milliseconds the two clocks may drift apart in a millisecond: a guest in slow motion or paused is found out below. */
const DRIFT = 2e-3;

export class ClockOffset {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #at = 0;

  /**
   * @param asked, answered milliseconds of the page's clock around the reading
   * @param guest the guest's clock at some moment between
   */
  add(asked: number, answered: number, guest: number): void {
    if (!(asked <= answered) || !Number.isFinite(guest)) return;
    const drift = Math.max(0, answered - this.#at) * DRIFT;
    const [low, high] = [guest - answered, guest - asked];
    const [wasLow, wasHigh] = [this.#low - drift, this.#high + drift];
    // the clock was set, or stood while the machine was paused: what was known is of no use any more
    const apart = low > wasHigh || high < wasLow;
    this.#low = apart ? low : Math.max(low, wasLow);
    this.#high = apart ? high : Math.min(high, wasHigh);
    this.#at = answered;
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

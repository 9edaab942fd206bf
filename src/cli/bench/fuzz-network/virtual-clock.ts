import type { Clock } from "../../../network/fabric/index.ts";

/** A clock that goes on when it is told to: what is due happens in its order, at its moment. */
export class VirtualClock implements Clock {
  /** Timers fire at multiples of so many milliseconds: later than asked for, as a browser's do. */
  grain = 0;
  #now = 0;
  #order = 0;
  readonly #due = new Map<number, { readonly at: number; readonly run: () => void }>();

  now = (): number => this.#now;

  later = (milliseconds: number, run: () => void): (() => void) => {
    const order = this.#order++;
    const at = this.#now + milliseconds;
    this.#due.set(order, { at: this.grain > 0 ? Math.ceil(at / this.grain) * this.grain : at, run });
    return () => this.#due.delete(order);
  };

  /** Timers that are set. */
  get timers(): number {
    return this.#due.size;
  }

  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next.order);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  #next(end: number) {
    let first: { order: number; at: number; run: () => void } | undefined;
    for (const [order, { at, run }] of this.#due)
      if (at <= end && (!first || at < first.at)) first = { order, at, run };
    return first;
  }
}

/** What a ring's service has come to, as probes read it. It outlives the connection: a frontend may come back. */
import { NO_COUNTS } from "../../probe/io/counters.ts";
import type { Batch, NotifyCondition, RingCounters } from "../../probe/io/types.ts";
import { distance, needsNotify } from "../../probe/rings/layout/index.ts";

const MOST_BATCHES = 256;

/** JSON data of {@link RingAccount.save}. */
export interface SavedAccount {
  readonly counters: RingCounters;
  readonly notify: readonly NotifyCondition[];
  readonly batches: readonly Batch[];
}

export class RingAccount {
  counters: { -readonly [name in keyof RingCounters]: RingCounters[name] } = { ...NO_COUNTS };
  readonly #now: () => number;
  readonly #notify = new Map<NotifyCondition["direction"], NotifyCondition>();
  #batches: Batch[] = [];
  /** An event arrived and the ring has not been looked at since. */
  #woken = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The front sent an event. */
  notified(): void {
    this.counters.notifications++;
    this.#woken = true;
  }

  /**
   * A look found requests. The condition is the front's of its last push, as far as the back can know: it may have
   * pushed what is new in several steps, each with a condition of its own.
   */
  looked(reqProd: number, old: number, reqEvent: number): void {
    this.#condition("front-to-back", reqProd, old, reqEvent, needsNotify(reqProd, reqEvent, old));
    this.found(distance(old, reqProd));
  }

  /** Responses were shown to the front, which is notified when `holds`. */
  pushed(rspProd: number, old: number, rspEvent: number, holds: boolean): void {
    this.#condition("back-to-front", rspProd, old, rspEvent, holds);
    this.shown(distance(old, rspProd), holds);
  }

  /** A look found so many entries. */
  found(entries: number): void {
    this.counters.requests += entries;
    this.#batch("front-to-back", entries, this.#woken);
    this.#woken = false;
  }

  /** So many entries were shown to the front. */
  shown(entries: number, notified: boolean): void {
    this.counters.responses += entries;
    if (notified) this.counters.interrupts++;
    this.#batch("back-to-front", entries, notified);
  }

  reset(): void {
    this.counters = { ...NO_COUNTS };
    this.#batches = [];
  }

  probe(): { notify: NotifyCondition[]; counters: RingCounters; batches: readonly Batch[] } {
    return { notify: [...this.#notify.values()], counters: { ...this.counters }, batches: [...this.#batches] };
  }

  save(): SavedAccount {
    return this.probe();
  }

  restore({ counters, notify, batches }: SavedAccount): void {
    this.counters = { ...NO_COUNTS, ...counters };
    for (const condition of notify) this.#notify.set(condition.direction, condition);
    this.#batches = [...batches];
  }

  #condition(direction: NotifyCondition["direction"], next: number, old: number, event: number, holds: boolean): void {
    this.#notify.set(direction, { direction, rule: "xen", new: next, old, event, holds });
  }

  #batch(direction: Batch["direction"], entries: number, notified: boolean): void {
    if (this.#batches.length === MOST_BATCHES) this.#batches.shift();
    this.#batches.push({ direction, at: this.#now(), entries, notified });
  }
}

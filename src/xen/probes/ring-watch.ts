import type { Batch } from "../../probe/io/types.ts";

/** Batches kept of a ring (RingState). */
const MOST_BATCHES = 256;

/** A counter that is further on is not: the ring was made anew, from 0. */
const MOST_ENTRIES = 1 << 16;

/** Free-running counters of a ring's two sides. */
interface Produced {
  readonly req_prod: number;
  readonly rsp_prod: number;
}

/**
 * How a ring between two guests is filled, seen at the events its ends send: how many entries each side had put in
 * since the event before. What a side puts in without an event counts with its next.
 */
export class RingWatch {
  readonly #batches: Batch[] = [];
  #seen: Produced | undefined;

  /** @param produced when the watch begins; undefined for a ring that has nothing yet */
  constructor(produced: Produced | undefined) {
    this.#seen = produced;
  }

  get batches(): readonly Batch[] {
    return this.#batches;
  }

  /** One end sends an event. @param at milliseconds of the front's clock */
  sending(direction: Batch["direction"], produced: Produced, at: number): void {
    const before = this.#seen ?? { req_prod: 0, rsp_prod: 0 };
    const index = direction === "front-to-back" ? "req_prod" : "rsp_prod";
    const entries = (produced[index] - before[index]) >>> 0;
    this.#seen = { ...before, [index]: produced[index] };
    if (entries === 0 || entries > MOST_ENTRIES) return;
    if (this.#batches.length === MOST_BATCHES) this.#batches.shift();
    this.#batches.push({ direction, at, entries, notified: true });
  }

  reset(): void {
    this.#batches.length = 0;
  }
}

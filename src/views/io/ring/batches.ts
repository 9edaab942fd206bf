import type { Batch, RingCounters } from "../../../probe/io/types.ts";

/** The last looks at the ring that found work, as bars: the back's above the line, the front's below it. */
export interface Bar {
  readonly batch: Batch;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Bars {
  readonly bars: readonly Bar[];
  /** Entries that a bar of full height stands for. */
  readonly most: number;
  readonly middle: number;
}

/** Pixels from one bar to the next. */
const PITCH = 7;

/** The newest batches that have room, oldest first. Heights are in proportion; the largest fills its half. */
export function barsOf(batches: readonly Batch[], width: number, height: number): Bars {
  const shown = batches.slice(-Math.max(1, Math.floor(width / PITCH)));
  const most = Math.max(1, ...shown.map(({ entries }) => entries));
  const middle = height / 2;
  // room for the sign of a notification beyond each end
  const full = middle - 8;
  const bars = shown.map((batch, at): Bar => {
    const tall = Math.max(2, (full * batch.entries) / most);
    const y = batch.direction === "front-to-back" ? middle - tall : middle;
    return { batch, x: at * PITCH + 1, y, width: PITCH - 2, height: tall };
  });
  return { bars, most, middle };
}

export interface Ratios {
  readonly requestsPerNotification: number | undefined;
  readonly responsesPerInterrupt: number | undefined;
  /** Copies of each byte moved. */
  readonly copiesPerByte: number | undefined;
}

/** What the counters come to; undefined while there is nothing to divide by. */
export function ratiosOf({ requests, responses, notifications, interrupts, bytes, copied }: RingCounters): Ratios {
  const per = (of: number, by: number) => (by > 0 ? of / by : undefined);
  return {
    requestsPerNotification: per(requests, notifications),
    responsesPerInterrupt: per(responses, interrupts),
    copiesPerByte: per(copied, bytes),
  };
}

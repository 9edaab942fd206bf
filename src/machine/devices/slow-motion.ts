import type { Pace } from "../../probe/io/types.ts";

/** Most milliseconds a request may be made to take: longer, and a guest takes its disk for dead (30 s in Linux). */
const MOST_LATENCY = 10_000;
const MOST_BATCH = 1024;

/** A device that serves as fast as it can. */
export const FULL_SPEED: Pace = { latency: 0, batch: 0, stepping: false, available: true };

/**
 * Changes a device's pace; what a setting leaves out stays.
 *
 * @param setting came from outside: `latency` in milliseconds a request, `batch` requests a look (0: no limit), `stepping`
 * @throws Error with a sentence when a value cannot be
 */
export function changePace(pace: Pace, setting: Readonly<Record<string, unknown>>): Pace {
  const { latency = pace.latency, batch = pace.batch, stepping = pace.stepping } = setting;
  if (typeof latency !== "number" || !(latency >= 0 && latency <= MOST_LATENCY)) {
    throw new Error(`A latency is 0 to ${MOST_LATENCY} milliseconds a request, not ${JSON.stringify(latency)}.`);
  }
  if (typeof batch !== "number" || !Number.isInteger(batch) || batch < 0 || batch > MOST_BATCH) {
    throw new Error(`A batch is 1 to ${MOST_BATCH} requests, or 0 for no limit, not ${JSON.stringify(batch)}.`);
  }
  if (typeof stepping !== "boolean") throw new Error("Stepping is true or false.");
  return { latency, batch, stepping, available: true };
}

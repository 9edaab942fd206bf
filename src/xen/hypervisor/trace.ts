import type { IoEvent, IoTrace } from "../../probe/io/types.ts";

/** Events kept for who asks next. */
const KEPT = 4096;
/** Events in one answer. */
const MOST_ANSWERED = 1024;
/** Milliseconds after the last question until nobody counts as listening. */
const LISTENING = 10_000;

/**
 * What happens on the rings and between domains, in order. Texts are made only while somebody listens: from the first
 * question on, and for {@link LISTENING} after each.
 */
export class Trace {
  readonly #events: IoEvent[] = [];
  /** Number of the next event; numbers have no gaps. */
  #next = 0;
  #asked = 0;
  /** True while somebody reads what happens: texts need not be made otherwise. */
  listening = false;

  /** Nobody may have asked for long: to be called now and then. */
  look(): void {
    if (this.listening && performance.now() - this.#asked > LISTENING) this.listening = false;
  }

  add(event: Omit<IoEvent, "number">): void {
    this.#events.push({ number: this.#next++, ...event });
    if (this.#events.length > 2 * KEPT) this.#events.splice(0, this.#events.length - KEPT);
  }

  /**
   * @param from number of the first event wanted; undefined for the newest ones
   * @param count at most so many
   * @param machine events of this machine only
   */
  read(from: number | undefined, count: number, machine: string): IoTrace {
    this.#asked = performance.now();
    this.listening = true;
    const least = Math.max(0, this.#next - KEPT);
    const most = Math.min(count, MOST_ANSWERED);
    const kept = this.#events.filter(({ number }) => number >= Math.max(least, from ?? 0));
    const own = kept.filter((event) => event.machine === machine);
    const events = from === undefined ? own.slice(-most) : own.slice(0, most);
    const cut = from !== undefined && own.length > events.length;
    return {
      events,
      next: cut ? events.at(-1)!.number + 1 : this.#next,
      dropped: from === undefined ? 0 : Math.max(0, least - from),
    };
  }

  clear(): void {
    this.#events.length = 0;
  }
}

import type { IoEvent, IoTrace } from "../../probe/io/types.ts";

/** Events kept. */
const KEPT = 4096;
/** Events given in one reading at most. */
const MOST_READ = 1024;
/** Port accesses are kept for this long after somebody last read the trace, in milliseconds of the machine's clock. */
const LISTENING = 10_000;

/** Accesses to one port one after the other: an emulated card's driver reads a packet by hundreds of them. */
interface Run {
  /** The port, the direction and the width, in words. */
  readonly what: string;
  count: number;
}

/** What happened on a machine's devices, in order: bounded, and cheap while nobody reads it. */
export class EventTrace {
  readonly #machine: string;
  readonly #now: () => number;
  #events: IoEvent[] = [];
  #next = 0;
  #run: Run | undefined;
  #listening = false;
  #lastRead = 0;

  constructor(machine: string, now: () => number) {
    this.#machine = machine;
    this.#now = now;
  }

  add(kind: IoEvent["kind"], ring: string | undefined, detail: string): void {
    this.#run = undefined;
    this.#put(kind, ring, detail);
  }

  /** True while somebody wants to know of every access to a port: for a while after a reading. */
  get listening(): boolean {
    return this.#listening;
  }

  /**
   * One access of many, while somebody listens. Those to one port that follow each other are one event that counts them.
   *
   * @param what the port, the direction and the width, in words
   */
  access(kind: "port-read" | "port-write", what: string, value: number): void {
    if (!this.#listening) return;
    this.#listening = this.#now() - this.#lastRead < LISTENING;
    if (this.#run?.what === what) {
      const detail = `${what}, ${++this.#run.count} times`;
      this.#events[this.#events.length - 1] = { ...this.#events.at(-1)!, detail };
      return;
    }
    this.#run = { what, count: 1 };
    this.#put(kind, undefined, `${what}: 0x${(value >>> 0).toString(16)}`);
  }

  /**
   * `io.trace`.
   *
   * @param from number of the first event wanted, of which those that are gone are counted; undefined for the newest
   * @param count at most so many
   */
  read(from: number | undefined, count: number): IoTrace {
    this.#listening = true;
    this.#lastRead = this.#now();
    this.#run = undefined; // what was given once does not change any more
    const oldest = this.#next - this.#events.length;
    const most = Math.min(count, MOST_READ);
    const first = from ?? this.#next - most;
    const start = Math.min(Math.max(first, oldest), this.#next);
    const events = this.#events.slice(start - oldest, start - oldest + most);
    const dropped = from === undefined ? 0 : Math.max(0, Math.min(oldest, this.#next) - from);
    return { events, next: start + events.length, dropped };
  }

  #put(kind: IoEvent["kind"], ring: string | undefined, detail: string): void {
    const event = { number: this.#next++, at: this.#now(), machine: this.#machine, kind, detail };
    this.#events.push(ring === undefined ? event : { ...event, ring });
    // in pieces: an array gives up its first element at the cost of moving all others
    if (this.#events.length >= 2 * KEPT) this.#events = this.#events.slice(-KEPT);
  }
}

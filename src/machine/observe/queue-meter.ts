import { NO_COUNTS } from "../../probe/io/counters.ts";
import type { Batch, IoEvent, NotifyCondition, RingCounters } from "../../probe/io/types.ts";

/** Batches kept of a ring. */
const MOST_BATCHES = 256;

/** Where what happens on a queue is also told. */
export type Tell = (kind: IoEvent["kind"], detail: string) => void;

/** What a queue has carried and what its two ends decided, counted from the machine's start or the last reset. */
export class QueueMeter {
  /** True while somebody reads what is told: nothing is put into words for nobody. */
  heard: () => boolean = () => false;
  #counters = { ...NO_COUNTS };
  #batches: Batch[] = [];
  #decided: { frontToBack?: NotifyCondition; backToFront?: NotifyCondition } = {};
  readonly #now: () => number;
  tell: Tell = () => {};
  /** The driver notified since the device last looked. */
  #notified = false;

  /** @param now milliseconds of the machine's clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  get counters(): RingCounters {
    return { ...this.#counters };
  }

  get batches(): readonly Batch[] {
    return [...this.#batches];
  }

  get decided(): { readonly frontToBack?: NotifyCondition; readonly backToFront?: NotifyCondition } {
    return this.#decided;
  }

  /** Counts anew; what was decided last stays known. */
  reset(): void {
    this.#counters = { ...NO_COUNTS };
    this.#batches = [];
  }

  /** The driver notified the device. */
  notified(): void {
    this.#counters.notifications++;
    this.#notified = true;
    this.tell("notify", "queue notification");
  }

  /**
   * The device looked and found chains waiting.
   *
   * @param condition the driver's, of everything it added since the last look
   */
  looked(entries: number, condition: NotifyCondition): void {
    this.#decided = { ...this.#decided, frontToBack: condition };
    this.#keep({ direction: "front-to-back", at: this.#now(), entries, notified: this.#notified });
    this.#notified = false;
  }

  /** The driver has used all room there is. */
  filled(): void {
    this.#counters.full++;
  }

  taken(what: string): void {
    this.#counters.requests++;
    this.tell("request", what);
  }

  /** The same of several at once, told one by one by whoever carries them. */
  tookMany(count: number): void {
    this.#counters.requests += count;
  }

  answeredMany(count: number, moved: number, copied: number): void {
    this.#counters.responses += count;
    this.#counters.bytes += moved;
    this.#counters.copied += copied;
  }

  /** @param moved bytes between guest and device, @param copied bytes copied for them, every copy counted */
  answered(what: string, moved: number, copied: number): void {
    this.#counters.responses++;
    this.#counters.bytes += moved;
    this.#counters.copied += copied;
    this.tell("response", what);
  }

  /** The device made answers visible. @param condition its own: holds when it asked for an interrupt */
  published(entries: number, condition: NotifyCondition): void {
    this.#decided = { ...this.#decided, backToFront: condition };
    this.#keep({ direction: "back-to-front", at: this.#now(), entries, notified: condition.holds });
    if (!condition.holds) return;
    this.#counters.interrupts++;
    this.tell("interrupt", "used buffer notification");
  }

  #keep(batch: Batch): void {
    this.#batches.push(batch);
    if (this.#batches.length > MOST_BATCHES) this.#batches.shift();
  }
}

/**
 * When a backend does its work: at the end of the guest's turn, so that what the guest asks for meanwhile forms a
 * batch; or slowly, or step by step, for somebody who watches.
 */
import type { Pace } from "../../probe/io/types.ts";
import type { FrontDomain, PaceSetting } from "./front-domain.ts";

/** One ring's work, in units that belong together: a block request, a packet with all its slots. */
export interface Work {
  /** Takes the next unit into service. False when there is none, or none that could be served now. */
  take(): boolean;
  /** Serves the oldest unit in service and writes its responses, not yet to be seen by the front. */
  serve(): void;
  /** Units taken and not served. */
  readonly inService: number;
  /** Shows the responses to the front. @returns true when that notified it */
  push(): boolean;
  /** Nothing is left to take: asks to be woken. @returns true when work has arrived after all */
  rest(): boolean;
}

/** Looks in a row before others get their turn; a second one is rare, as no guest runs while this does. */
const MOST_LOOKS = 4;
/** Milliseconds a request may be told to take: longer than anybody watches. */
const MOST_LATENCY = 60_000;
/** Larger than any ring. */
const MOST_BATCH = 65_536;

/**
 * With a latency requests are served one after the other, as by a disk with one arm: a look takes up to `batch` of
 * them, each is answered when its time has passed, and the next look comes when all are.
 */
export class Pacer {
  readonly #domain: FrontDomain;
  #work: Work | undefined;
  #latency = 0;
  #batch = 0;
  #stepping = false;
  #looking = false;
  #cancel: (() => void) | undefined;

  constructor(domain: FrontDomain) {
    this.#domain = domain;
  }

  /** The pace without what is no setting. */
  get setting(): Required<PaceSetting> {
    return { latency: this.#latency, batch: this.#batch, stepping: this.#stepping };
  }

  /** The work to do from now on; undefined for none: what was in service is no business of this any more. */
  attach(work: Work | undefined): void {
    this.#work = work;
    this.#cancelTimer();
    if (work) this.kick();
  }

  get pace(): Pace {
    return { ...this.setting, available: true };
  }

  /** There may be work: looks at it once the running turn is over. Called as often as one likes. */
  kick(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#domain.later(() => {
      this.#looking = false;
      if (this.#work && !this.#stepping && !this.#cancel) this.#look(this.#work);
    });
  }

  /** @throws RangeError with a sentence for a setting out of bounds; nothing is changed then */
  set(setting: PaceSetting): void {
    checkPace(setting);
    this.#apply(setting);
    this.#cancelTimer();
    this.kick();
  }

  /**
   * One stage of one unit (taking it, or serving what is taken), or as many as it takes until the front is notified or
   * nothing is left. Nothing happens unless stepping is on.
   */
  step(by: "slot" | "notification"): void {
    const work = this.#work;
    if (!this.#stepping || !work) return;
    if (by === "slot") stage(work);
    else while (stage(work) === "went on");
    if (work.inService === 0) work.rest();
  }

  #apply({ latency = this.#latency, batch = this.#batch, stepping = this.#stepping }: PaceSetting): void {
    this.#latency = latency;
    this.#batch = batch;
    this.#stepping = stepping;
  }

  #look(work: Work): void {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      while ((this.#batch === 0 || work.inService < this.#batch) && work.take());
      if (work.inService === 0) {
        if (work.rest()) continue;
        return;
      }
      if (this.#latency > 0) {
        this.#wait(work);
        return;
      }
      while (work.inService > 0) work.serve();
      work.push();
      // A look that may serve no more leaves the rest for after the guest's next turn.
      if (this.#batch > 0) {
        this.#cancel = this.#domain.after(0, () => this.#again(work));
        return;
      }
    }
    this.kick();
  }

  #again(work: Work): void {
    this.#cancel = undefined;
    this.#look(work);
  }

  #wait(work: Work): void {
    this.#cancel = this.#domain.after(this.#latency, () => {
      work.serve();
      work.push();
      if (work.inService > 0 && this.#latency > 0) this.#wait(work);
      else this.#again(work);
    });
  }

  #cancelTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** Takes a unit where none is in service, else serves the oldest. */
function stage(work: Work): "went on" | "notified" | "nothing left" {
  if (work.inService === 0) return work.take() ? "went on" : "nothing left";
  work.serve();
  return work.push() ? "notified" : "went on";
}

/** @throws RangeError with a sentence for a setting out of bounds */
export function checkPace({ latency = 0, batch = 0 }: PaceSetting): void {
  if (!(latency >= 0 && latency <= MOST_LATENCY)) {
    throw new RangeError(`A request can take 0 to ${MOST_LATENCY} milliseconds, not ${latency}.`);
  }
  if (!(Number.isInteger(batch) && batch >= 0 && batch <= MOST_BATCH)) {
    throw new RangeError(`A look can serve 0 (no limit) to ${MOST_BATCH} requests, not ${batch}.`);
  }
}

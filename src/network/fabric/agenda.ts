/** What is to happen at moments of the fabric's clock, in their order, with one timer for all of it. */

/** Calls off what was asked for; later than that it means nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls back in so many milliseconds. */
  later(milliseconds: number, run: () => void): Cancel;
}

/** Milliseconds: what is due within a microsecond is due, or rounding could ask for a timer of no time for ever. */
const SLACK = 0.001;

export interface Appointment {
  readonly due: number;
  readonly run: () => void;
}

export class Agenda {
  readonly #clock: Clock;
  /** The next one last. There are two for each end at most, so that the list is short. */
  readonly #list: Appointment[] = [];
  #timer: { readonly due: number; readonly cancel: Cancel } | undefined;
  #firing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of several at one moment, the first asked for is the first to happen. */
  at(due: number, run: () => void): Appointment {
    const appointment = { due, run };
    let index = this.#list.length;
    while (index > 0 && this.#list[index - 1]!.due <= due) index--;
    this.#list.splice(index, 0, appointment);
    if (!this.#firing) this.#arm();
    return appointment;
  }

  /** Its timer, if it has one, finds nothing to do. */
  cancel(appointment: Appointment): void {
    const index = this.#list.indexOf(appointment);
    if (index >= 0) this.#list.splice(index, 1);
  }

  clear(): void {
    this.#list.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A timer for the next appointment, unless there is one for then or before. */
  #arm(): void {
    const next = this.#list.at(-1);
    if (!next || (this.#timer && this.#timer.due <= next.due)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.later(Math.max(0, next.due - this.#clock.now()), () => this.#fire());
    this.#timer = { due: next.due, cancel };
  }

  #fire(): void {
    this.#timer = undefined;
    this.#firing = true;
    try {
      const now = this.#clock.now() + SLACK;
      while (this.#list.length > 0 && this.#list.at(-1)!.due <= now) {
        this.#list.pop()!.run();
      }
    } finally {
      this.#firing = false;
      this.#arm();
    }
  }
}

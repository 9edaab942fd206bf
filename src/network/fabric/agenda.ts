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

export class Appointment {
  readonly due: number;
  readonly order: number;
  #run: ((due: number) => void) | undefined;

  constructor(due: number, order: number, run: (due: number) => void) {
    this.due = due;
    this.order = order;
    this.#run = run;
  }

  cancel(): void {
    this.#run = undefined;
  }

  keep(): void {
    this.#run?.(this.due);
  }
}

export class Agenda {
  readonly #clock: Clock;
  /** A binary heap: none is due before its parent, at `(index − 1) / 2`. */
  readonly #heap: Appointment[] = [];
  #order = 0;
  #timer: { readonly due: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param run given the moment it was due, which a late timer leaves as it was */
  at(due: number, run: (due: number) => void): Appointment {
    const entry = new Appointment(due, this.#order++, run);
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    this.#arm();
    return entry;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A timer for the first entry; a later one's is called off. */
  #arm(): void {
    const first = this.#heap[0];
    if (!first || (this.#timer && this.#timer.due <= first.due)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.later(Math.max(0, first.due - this.#clock.now()), () => this.#fire());
    this.#timer = { due: first.due, cancel };
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.now() + SLACK;
    try {
      for (let first = this.#heap[0]; first && first.due <= now; first = this.#heap[0]) {
        this.#removeFirst();
        first.keep();
      }
    } finally {
      this.#arm();
    }
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

const before = (one: Appointment, other: Appointment): boolean =>
  one.due < other.due || (one.due === other.due && one.order < other.order);

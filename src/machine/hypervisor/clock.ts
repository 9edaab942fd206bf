import type { Internals } from "../v86-internals.ts";

/**
 * Instructions to a millisecond of the machine's clock. Specified, not measured: the machine is a 50 MIPS one, about
 * what the interpreter does on a plain laptop, so that a second in it is about a second.
 */
export const INSTRUCTIONS_PER_MILLISECOND = 50_000;

/** Of a clock, for a snapshot. Counts are whole, `idle` is in milliseconds. */
export interface ClockState {
  readonly high: number;
  readonly low: number;
  readonly idle: number;
  /** Instructions that took none of the machine's time. */
  readonly beside: number;
}

/** The machine's time in a saved state, milliseconds since the machine was made. */
export const timeOf = ({ high, low, idle, beside }: ClockState): number =>
  (high * 2 ** 32 + low - beside) / INSTRUCTIONS_PER_MILLISECOND + idle;

/**
 * The machine's time: what it has executed, and how long it had nothing to do. It owes nothing to the wall clock, so the
 * same machine with the same input meets the same timer interrupts at the same instructions, run after run.
 */
export class InstructionClock {
  readonly #internals: Internals;
  /** v86 counts modulo 2^32; the wraps are counted here. */
  #high = 0;
  #low = 0;
  #idle = 0;
  #beside = 0;
  #stoppedAt: number | undefined;

  constructor(internals: Internals) {
    this.#internals = internals;
  }

  /** Instructions executed since the machine was made. */
  instructions(): number {
    const low = this.#internals.instructions();
    if (low < this.#low) this.#high += 1;
    this.#low = low;
    return this.#high * 2 ** 32 + low;
  }

  /** Milliseconds since the machine was made. */
  readonly now = (): number =>
    ((this.#stoppedAt ?? this.instructions()) - this.#beside) / INSTRUCTIONS_PER_MILLISECOND + this.#idle;

  /** From here to {@link go} instructions take no time: the hypervisor checks itself. */
  stop(): void {
    this.#stoppedAt ??= this.instructions();
  }

  go(): void {
    if (this.#stoppedAt !== undefined) this.#beside += this.instructions() - this.#stoppedAt;
    this.#stoppedAt = undefined;
  }

  /** The machine halted until its next timer: so much time passes at once. */
  idle(milliseconds: number): void {
    this.#idle += milliseconds;
  }

  save(): ClockState {
    const instructions = this.instructions();
    return {
      high: Math.floor(instructions / 2 ** 32),
      low: instructions % 2 ** 32,
      idle: this.#idle,
      beside: this.#beside,
    };
  }

  restore({ high, low, idle, beside }: ClockState): void {
    this.#internals.setInstructions(low);
    this.#high = high;
    this.#low = low;
    this.#idle = idle;
    this.#beside = beside;
    this.#stoppedAt = undefined;
  }
}

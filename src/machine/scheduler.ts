import { soon } from "./soon.ts";
import type { Internals } from "./v86-internals.ts";

/**
 * When a guest runs: turns of about a millisecond, a rest while it halts, none while it is paused; and whether hot
 * code is compiled.
 *
 * v86's own scheduling burns a third of a core for an idle 250 Hz guest; this one rests until the next timer is due,
 * never less than {@link LEAST_REST}, and an arriving interrupt ends the rest (v86 asks for a turn itself).
 */

/** Milliseconds. Measured: below this the worker's own timer costs more than it saves (`bench idle`). */
const LEAST_REST = 1;

/**
 * Instructions after which compiling pays, where there is no rest between them ({@link CALM}). Booting and shell
 * commands are faster without, their code is cold; a boot has 25 million. Counted, not timed: on a slow computer a boot
 * is still a boot.
 */
const BUSY_BEFORE_JIT = 100e6;
/**
 * Instructions that a millisecond of rest takes away from them. Only a rest that lasted until the guest's own timer is
 * idleness: one that halts until the next packet or sector is busy, and so is one that gets no processor time.
 */
const CALM = 10e3;
/** Milliseconds of an idle guest after which compiling is switched off again. */
const IDLE_BEFORE_INTERPRETER = 3000;

export type PauseReason = "user" | "console" | "snapshot" | "held" | "slow" | "stopped";

export class Scheduler {
  readonly #internals: Internals;
  readonly #onFault: (error: unknown) => void;
  readonly #paused = new Set<PauseReason>();
  #wanted: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tscAtPause: bigint | undefined;
  /** Milliseconds of {@link now} up to the last pause, and when the machine went on after it. */
  #elapsed = 0;
  #wentOn = performance.now();

  /** Of full speed, above 0 to 1. */
  #speed = 1;
  #slow: ReturnType<typeof setTimeout> | undefined;

  #busy = 0;
  #metered = performance.now();
  #jit = false;
  /** The instruction counter at the end of the last turn. */
  #counted = 0;
  /** Milliseconds of idleness since then. */
  #idle = 0;
  /** Instructions beyond what a calm guest executes. */
  #work = 0;

  /** @param onFault called once when executing the guest threw: it can run no more */
  constructor(internals: Internals, onFault: (error: unknown) => void) {
    this.#internals = internals;
    this.#onFault = onFault;
    internals.schedule((delay, turn) => this.#later(delay, turn));
    internals.meter((milliseconds) => this.#onTurn(milliseconds));
  }

  /** True while turns are taken, be it slowly. */
  get running(): boolean {
    return [...this.#paused].every((reason) => reason === "slow");
  }

  /**
   * Slow motion: after each turn the guest stands still for as long as it takes to make that share of full speed. Its
   * time-stamp counter stands still with it, so to the guest nothing but the outside world became faster.
   *
   * @param speed above 0 to 1, which is full speed
   */
  setSpeed(speed: number): void {
    this.#speed = speed;
    clearTimeout(this.#slow);
    this.resume("slow");
  }

  get jit(): boolean {
    return this.#jit;
  }

  /** Stops turns. Reasons add up, and the guest's time-stamp counter stands still until the last is gone. */
  pause(reason: PauseReason): void {
    if (this.#paused.size === 0) {
      this.#tscAtPause = this.#internals.tsc();
      this.#elapsed = this.now();
    }
    this.#paused.add(reason);
    clearTimeout(this.#timer);
  }

  resume(reason: PauseReason): void {
    if (!this.#paused.delete(reason) || this.#paused.size > 0) return;
    if (this.#tscAtPause !== undefined) this.#internals.setTsc(this.#tscAtPause);
    this.#tscAtPause = undefined;
    this.#wentOn = performance.now();
    const turn = this.#wanted;
    if (turn) this.#later(0, turn);
  }

  /** Milliseconds of the machine's clock: it counts from when the machine was made and stands still in every pause. */
  now(): number {
    return this.#paused.size > 0 ? this.#elapsed : this.#elapsed + performance.now() - this.#wentOn;
  }

  /**
   * The machine was put back to a snapshot, which has its own counter: the one kept for the end of the pause is
   * forgotten, and {@link now} goes on from `now`. While it stands still.
   */
  setClock(now: number): void {
    this.#tscAtPause = this.#internals.tsc();
    this.#elapsed = now;
  }

  /** Share of time since the last call that went into executing the guest, 0 to 1. */
  takeBusy(): number {
    const now = performance.now();
    const share = this.#busy / Math.max(1, now - this.#metered);
    this.#busy = 0;
    this.#metered = now;
    return Math.min(1, share);
  }

  /** v86 numbers its requests, so an older one that still fires does nothing. */
  #later(delay: number, turn: () => void): void {
    this.#wanted = turn;
    if (this.#paused.size > 0) return;
    clearTimeout(this.#timer);
    if (delay > 0 && this.#internals.halted()) {
      const since = performance.now();
      const rested = () => {
        this.#idle += performance.now() - since;
        this.#take(turn);
      };
      this.#timer = setTimeout(rested, Math.max(LEAST_REST, delay));
    } else {
      soon(() => this.#take(turn));
    }
  }

  #take(turn: () => void): void {
    if (this.#paused.size > 0) return;
    try {
      turn();
    } catch (error) {
      this.pause("stopped");
      this.#onFault(error);
    }
  }

  #onTurn(milliseconds: number): void {
    this.#busy += milliseconds;
    if (this.#speed < 1) this.#standStill(milliseconds * (1 / this.#speed - 1));
    const instructions = this.#internals.instructions();
    const done = (instructions - this.#counted) >>> 0; // the counter wraps at 2^32
    const most = this.#jit ? CALM * IDLE_BEFORE_INTERPRETER : BUSY_BEFORE_JIT;
    this.#work = Math.min(most, Math.max(0, this.#work + done - CALM * this.#idle));
    this.#counted = instructions;
    this.#idle = 0;
    if (!this.#jit && this.#work === most) this.#setJit(true);
    else if (this.#jit && this.#work === 0) this.#setJit(false);
  }

  #standStill(milliseconds: number): void {
    this.pause("slow");
    this.#slow = setTimeout(() => this.resume("slow"), milliseconds);
  }

  #setJit(on: boolean): void {
    this.#jit = on;
    this.#internals.setJit(on);
  }
}

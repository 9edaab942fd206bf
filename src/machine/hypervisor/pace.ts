import { soon } from "../soon.ts";
import type { Internals } from "../v86-internals.ts";
import type { InstructionClock } from "./clock.ts";

/**
 * When a machine with a bell runs. The hypervisor halts with interrupts off at every bell and waits to be let go, so
 * that standing, stepping, slow motion and full speed all execute the same instructions; what differs is only how long
 * the world outside waits.
 */

/** Milliseconds of real time after which a running machine lets messages through. */
const TURN = 4;

/** Milliseconds of the machine's time. v86's timer can say "now" a rounding error before it is due. */
const LEAST_IDLE = 0.01;

export type PauseReason = "user" | "console" | "held" | "slow" | "travel" | "stopped";

/** Where between two turns a machine is, for a snapshot. */
export interface PaceState {
  readonly due: number;
  readonly atBell: boolean;
}

export interface PaceHooks {
  /** The machine rang and stands. What it does next is asked after this. */
  readonly onBell: (bell: number) => void;
  /** Executing it threw: it can run no more. */
  readonly onFault: (error: unknown) => void;
}

export class Pace {
  readonly #internals: Internals;
  readonly #clock: InstructionClock;
  readonly #hooks: PaceHooks;
  readonly #paused = new Set<PauseReason>();
  #wanted: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #bell = 0;
  /** True while the machine stands at a bell that has been heard. */
  #atBell = false;
  /** Milliseconds until the next timer of a machine that has nothing to do; they pass when its turn comes. */
  #due = 0;
  #speed = 1;
  #slow: ReturnType<typeof setTimeout> | undefined;
  #busy = 0;
  #metered = performance.now();

  /** True: idle time passes at once. For going over what has been before. */
  hurry = false;

  constructor(internals: Internals, clock: InstructionClock, hooks: PaceHooks) {
    this.#internals = internals;
    this.#clock = clock;
    this.#hooks = hooks;
    internals.schedule((delay, turn) => this.#later(delay, turn));
    internals.turns(clock.now, (turn) => this.#run(turn));
  }

  /** The machine writes to its doorbell. It halts right behind, be it in its next turn. */
  ring(bell: number): void {
    this.#bell = bell;
  }

  get running(): boolean {
    return [...this.#paused].every((reason) => reason === "slow");
  }

  pause(reason: PauseReason): void {
    this.#paused.add(reason);
    clearTimeout(this.#timer);
  }

  resume(reason: PauseReason): void {
    if (!this.#paused.delete(reason) || this.#paused.size > 0) return;
    const turn = this.#wanted;
    if (turn) soon(() => this.#take(turn));
  }

  /** @param speed above 0 to 1, which is full speed; below, an exit takes 1/speed milliseconds */
  setSpeed(speed: number): void {
    this.#speed = speed;
    clearTimeout(this.#slow);
    this.resume("slow");
  }

  /** Share of time since the last call that went into executing the guest, 0 to 1. */
  takeBusy(): number {
    const now = performance.now();
    const share = this.#busy / Math.max(1, now - this.#metered);
    this.#busy = 0;
    this.#metered = now;
    return Math.min(1, share);
  }

  save(): PaceState {
    return { due: this.#due, atBell: this.#atBell };
  }

  /** Another state is in the machine, and its first turn has been asked for. */
  restore({ due, atBell }: PaceState): void {
    this.#bell = 0;
    this.#due = due;
    this.#atBell = atBell;
  }

  /** v86 numbers its requests, so an older one that still fires does nothing. */
  #later(delay: number, turn: () => void): void {
    this.#wanted = turn;
    this.#due = delay;
    if (this.#paused.size > 0) return;
    clearTimeout(this.#timer);
    if (delay > 0) this.#timer = setTimeout(() => this.#take(turn), delay);
    else soon(() => this.#take(turn));
  }

  #take(turn: () => void): void {
    if (this.#paused.size > 0) return;
    this.#clock.idle(this.#due);
    this.#due = 0;
    try {
      turn();
    } catch (error) {
      this.pause("stopped");
      this.#hooks.onFault(error);
    }
  }

  /** @returns milliseconds until the machine wants its next turn, as v86's main loop does */
  #run(turn: () => number): number {
    const began = performance.now();
    let delay = 0;
    for (;;) {
      // a bell may have been left standing: whoever resumed the machine lets it go
      if (this.#atBell) this.#letGo();
      const due = Math.max(turn(), LEAST_IDLE);
      if (this.#internals.halted()) {
        if (this.#bell !== 0) this.#rung();
        else if (!this.hurry) delay = due;
        else this.#clock.idle(due);
      }
      if (delay > 0 || this.#paused.size > 0 || performance.now() - began >= TURN) break;
    }
    this.#busy += performance.now() - began;
    return delay;
  }

  #rung(): void {
    const bell = this.#bell;
    this.#bell = 0;
    this.#atBell = true;
    this.#hooks.onBell(bell);
    if (this.#speed < 1 && !this.hurry) this.#standStill(1 / this.#speed);
  }

  #letGo(): void {
    this.#atBell = false;
    this.#internals.letGo();
  }

  #standStill(milliseconds: number): void {
    this.pause("slow");
    this.#slow = setTimeout(() => this.resume("slow"), milliseconds);
  }
}

import type { GuestAccess } from "../../machine/platform.ts";
import { ERRNO } from "../abi/errors.ts";
import type { Timers } from "./timers.ts";

const NANOSECONDS = 1e6;

/**
 * A VCPU's timers (VCPUOP_set_*_timer) and a domain's watchdogs, in system time: nanoseconds of the machine's clock,
 * which stands still while the machine is paused.
 */
export class VcpuClock {
  readonly #access: GuestAccess;
  readonly #timers: Timers;
  readonly #due: { tick(): void; bite(): void };
  #singleshot: { readonly at: bigint; readonly cancel: () => void } | undefined;
  #period: { readonly nanoseconds: bigint; cancel: () => void } | undefined;
  readonly #watchdogs = new Map<number, { readonly at: number; readonly cancel: () => void }>();

  /** @param due `tick` when a timer runs out, `bite` when a watchdog was not renewed */
  constructor(access: GuestAccess, timers: Timers, due: { tick(): void; bite(): void }) {
    this.#access = access;
    this.#timers = timers;
    this.#due = due;
  }

  nanoseconds(): bigint {
    return BigInt(Math.round(this.#access.now() * NANOSECONDS));
  }

  /** @param at absolute; one in the past runs out at once. Undefined stops it */
  setSingleshot(at: bigint | undefined): void {
    this.#singleshot?.cancel();
    this.#singleshot = undefined;
    if (at === undefined) return;
    const cancel = this.#timers.at(Number(at) / NANOSECONDS, () => {
      this.#singleshot = undefined;
      this.#due.tick();
    });
    this.#singleshot = { at, cancel };
  }

  setPeriod(nanoseconds: bigint | undefined): void {
    this.#period?.cancel();
    this.#period = undefined;
    if (nanoseconds === undefined) return;
    const period = { nanoseconds, cancel: () => {} };
    this.#period = period;
    const again = (last: number) => {
      const next = last + Number(nanoseconds) / NANOSECONDS;
      period.cancel = this.#timers.at(next, () => {
        // Periods missed while the machine did not run are one tick, not many.
        again(Math.max(next, this.#access.now()));
        this.#due.tick();
      });
    };
    again(this.#access.now());
  }

  /**
   * @param id 0 for a new watchdog
   * @param seconds 0 stops it
   * @returns the id of a new one; 0; or -EEXIST when there are enough
   */
  setWatchdog(id: number, seconds: number): number {
    const slot = id === 0 ? [1, 2].find((free) => !this.#watchdogs.has(free)) : id;
    if (slot === undefined) return -ERRNO.EEXIST;
    this.#watchdogs.get(slot)?.cancel();
    this.#watchdogs.delete(slot);
    if (seconds > 0) this.#watch(slot, this.#access.now() + seconds * 1000);
    return id === 0 ? slot : 0;
  }

  stop(): void {
    this.setSingleshot(undefined);
    this.setPeriod(undefined);
    for (const { cancel } of this.#watchdogs.values()) cancel();
    this.#watchdogs.clear();
  }

  save(): unknown {
    const singleshot = this.#singleshot && String(this.#singleshot.at);
    const period = this.#period && String(this.#period.nanoseconds);
    return { singleshot, period, watchdogs: [...this.#watchdogs].map(([id, { at }]) => [id, at]) };
  }

  restore(state: unknown): void {
    const saved = state as { singleshot?: string; period?: string; watchdogs: [number, number][] };
    this.stop();
    if (saved.singleshot !== undefined) this.setSingleshot(BigInt(saved.singleshot));
    if (saved.period !== undefined) this.setPeriod(BigInt(saved.period));
    for (const [id, at] of saved.watchdogs) this.#watch(id, at);
  }

  #watch(id: number, at: number): void {
    const cancel = this.#timers.at(at, () => {
      this.#watchdogs.delete(id);
      this.#due.bite();
    });
    this.#watchdogs.set(id, { at, cancel });
  }
}

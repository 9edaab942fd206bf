import type { GuestAccess } from "../../machine/platform.ts";

/** Work due at times of one machine's clock, over the one timer its emulator offers. */
export class Timers {
  readonly #access: GuestAccess;
  readonly #due = new Map<object, { readonly at: number; readonly work: () => void }>();
  #armed: number | undefined;

  constructor(access: GuestAccess) {
    this.#access = access;
  }

  /** Calls `work` when the clock is at or past `at` milliseconds. Returns what cancels it. */
  at(at: number, work: () => void): () => void {
    const key = {};
    this.#due.set(key, { at, work });
    this.#arm();
    return () => {
      if (this.#due.delete(key)) this.#arm();
    };
  }

  clear(): void {
    this.#due.clear();
    this.#arm();
  }

  #arm(): void {
    let next: number | undefined;
    for (const { at } of this.#due.values()) if (next === undefined || at < next) next = at;
    if (next === this.#armed) return;
    this.#armed = next;
    this.#access.setTimer(next, () => this.#expire());
  }

  #expire(): void {
    this.#armed = undefined;
    const now = this.#access.now();
    const expired = [...this.#due].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    for (const [key] of expired) this.#due.delete(key);
    this.#arm();
    for (const [, { work }] of expired) work();
  }
}

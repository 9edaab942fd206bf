import { concat } from "./bytes.ts";

/**
 * The way of a console's bytes from the guest to whoever shows them.
 *
 * The receiver acknowledges what it has dealt with. When too much is under way the guest pauses: Linux's console
 * driver spins with interrupts off while the host keeps its buffers (`__send_to_port`), so holding buffers back would
 * burn a core; a pause costs nothing and loses nothing.
 */

/** Bytes sent and not acknowledged at which the guest pauses, and at which it goes on. */
const HIGH_WATER = 512 << 10;
const LOW_WATER = 128 << 10;

/** Milliseconds bytes wait for company: a keystroke's echo is not noticed later, a flood goes in large pieces. */
const GATHER = 4;
/** Bytes that do not wait. */
const ENOUGH = 32 << 10;

export interface ConsoleHooks {
  readonly deliver: (bytes: Uint8Array) => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

export class ConsoleStream {
  readonly #hooks: ConsoleHooks;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #underWay = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: ConsoleHooks) {
    this.#hooks = hooks;
  }

  /** Bytes the guest wrote. */
  push(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    this.#underWay += bytes.length;
    if (this.#underWay >= HIGH_WATER) this.#hooks.pause();
    if (this.#gatheredBytes >= ENOUGH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  /** Delivers what has gathered, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gatheredBytes === 0) return;
    const bytes = concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#hooks.deliver(bytes);
  }

  /** @param bytes how many the receiver has dealt with; more than were sent counts as all */
  acknowledge(bytes: number): void {
    this.#underWay = Math.max(0, this.#underWay - Math.max(0, bytes));
    if (this.#underWay <= LOW_WATER) this.#hooks.resume();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

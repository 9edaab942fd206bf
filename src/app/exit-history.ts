import type { Exit, ExitTrace } from "../probe/hypervisor/exits.ts";
import { idleExits } from "../probe/hypervisor/idle.ts";

/** Exits of any kind that are kept: what came last. */
const KEPT = 512;
/** Exits kept altogether. Before the last ones, those of an idle guest are forgotten first: it has hundreds a second. */
const KEPT_BUSY = 2048;

/**
 * Exits the page has read. The hypervisor's own ring of records forgets everything within seconds, and an idle guest
 * fills it as well as a busy one.
 */
export class ExitHistory {
  #exits: readonly Exit[] = [];

  /** Number of the first exit that is not known yet. */
  get next(): number {
    return (this.#exits.at(-1)?.exit ?? -1) + 1;
  }

  /** @param total exits the machine stands after: in its past, later ones are not known to come again */
  rewind(total: number): void {
    if (total < this.next) this.#exits = this.#exits.filter(({ exit }) => exit < total);
  }

  /** @param read exits from {@link next} on @returns the same with everything that is kept before them */
  add(read: ExitTrace): ExitTrace {
    this.rewind(read.total);
    const { next } = this;
    const exits = [...this.#exits, ...read.exits.filter(({ exit }) => exit >= next)];
    this.#exits = forget(exits);
    return { ...read, exits: this.#exits };
  }
}

function forget(exits: readonly Exit[]): readonly Exit[] {
  const older = exits.slice(0, -KEPT);
  if (older.length === 0) return exits;
  const idle = idleExits(exits);
  const busy = older.filter(({ exit }) => !idle.has(exit));
  return [...busy.slice(KEPT - KEPT_BUSY), ...exits.slice(-KEPT)];
}

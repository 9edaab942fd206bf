/**
 * What a guest's work costs, measured between its own marks (PORT_MARK, images/hypervisor/abi/guest.h): mark 2k begins
 * phase k and mark 2k+1 ends it. Above its lowest byte the first carries how often the work is done between the two
 * (images/hypervisor/guest/syscalls.h).
 */

/** What was counted up to a mark. */
export interface Counts {
  /** Instructions executed, guest and hypervisor. */
  readonly instructions: number;
  /** Exits by reason, by their names in the headers; empty without a hypervisor. */
  readonly exits: Readonly<Record<string, number>>;
  /** Instructions the hypervisor executed for each reason. */
  readonly hypervisor: Readonly<Record<string, number>>;
}

/** One phase: the difference between its two marks, the marks' own exit left out. */
export interface Phase {
  /** The benchmark's name (images/hypervisor/guest/syscalls.h), or the number of a phase that has none. */
  readonly phase: string;
  /** How often the work was done between the marks; 0 when the guest did not say. */
  readonly times: number;
  readonly instructions: number;
  readonly hypervisorInstructions: number;
  /** All exits. */
  readonly total: number;
  /** By reason; those that did not happen are left out. */
  readonly exits: Readonly<Record<string, number>>;
}

interface Begun {
  readonly times: number;
  readonly counts: Counts;
}

/** The newest measurement of each phase. */
export class Phases {
  readonly #open = new Map<number, Begun>();
  readonly #done = new Map<number, Phase>();

  /**
   * @param mark 32 bits, as the guest gave them
   * @param nameOf the name of a phase by its number
   */
  mark(mark: number, counts: Counts, nameOf: (phase: number) => string): void {
    const phase = (mark & 0xff) >>> 1;
    if ((mark & 1) === 0) {
      this.#open.set(phase, { times: mark >>> 8, counts });
      return;
    }
    const begun = this.#open.get(phase);
    this.#open.delete(phase);
    if (begun) this.#done.set(phase, difference(nameOf(phase), begun, counts));
  }

  all(): readonly Phase[] {
    return [...this.#done.entries()].sort(([a], [b]) => a - b).map(([, phase]) => phase);
  }
}

function difference(phase: string, { times, counts: begun }: Begun, ended: Counts): Phase {
  const exits = grown(begun.exits, ended.exits);
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
  return {
    phase,
    times,
    instructions: ended.instructions - begun.instructions,
    hypervisorInstructions: sum(grown(begun.hypervisor, ended.hypervisor)),
    total: sum(exits),
    exits,
  };
}

/** Counters are 32 bits wide and wrap. */
const grown = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(after)
      .map(([name, count]): [string, number] => [name, (count - (before[name] ?? 0)) >>> 0])
      .filter(([, count]) => count > 0),
  );

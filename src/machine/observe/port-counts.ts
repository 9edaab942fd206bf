import type { DeviceCost } from "../../probe/io/types.ts";
import type { HearAccess } from "../v86-observation.ts";
import type { RegisterName } from "./registers.ts";

/** Ports of the widest range, and pages of registers behind them. */
const SPAN = 64;
const PAGES = 4;

export type PortCost = NonNullable<DeviceCost["ports"]>[number];

/** Counts of the accesses to a range of ports: one for each IN and OUT, and for each element of a REP INS or OUTS. */
export class PortCounts {
  readonly #reads = new Uint32Array(SPAN * PAGES);
  readonly #writes = new Uint32Array(SPAN * PAGES);
  readonly #name: RegisterName;
  readonly #label: (offset: number) => string;
  readonly #page: () => number;

  /**
   * @param label what a port is called from outside, by its offset: its number, or one from the device's base
   * @param page registers that are switched in, 0 to 3
   */
  constructor(name: RegisterName, label: (offset: number) => string, page: () => number = () => 0) {
    this.#name = name;
    this.#label = label;
    this.#page = page;
  }

  /** To be called at each access. */
  readonly count: HearAccess = (offset, _bytes, write) => {
    const counts = write ? this.#writes : this.#reads;
    counts[this.#page() * SPAN + (offset % SPAN)]!++;
  };

  get reads(): number {
    return sum(this.#reads);
  }

  get writes(): number {
    return sum(this.#writes);
  }

  reset(): void {
    this.#reads.fill(0);
    this.#writes.fill(0);
  }

  describe(offset: number, write: boolean): string {
    return `${this.#name(offset, this.#page(), write)}, port ${this.#label(offset)}`;
  }

  /** Those that were accessed, one entry for each register: a port may show several. */
  list(): PortCost[] {
    const found = new Map<string, { port: string; name: string; reads: number; writes: number }>();
    for (let place = 0; place < SPAN * PAGES; place++) {
      const page = Math.floor(place / SPAN);
      for (const write of [false, true]) {
        const count = (write ? this.#writes : this.#reads)[place]!;
        if (count === 0) continue;
        const port = this.#label(place % SPAN);
        const name = this.#name(place % SPAN, page, write);
        const entry = found.get(`${port} ${name}`) ?? { port, name, reads: 0, writes: 0 };
        entry[write ? "writes" : "reads"] += count;
        found.set(`${port} ${name}`, entry);
      }
    }
    return [...found.values()];
  }
}

const sum = (counts: Uint32Array) => counts.reduce((total, count) => total + count, 0);

import type { IoTrace, RingList, RingState, RingSummary } from "../../probe/io/types.ts";
import { Reading } from "./reading.ts";

type Probe = (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Events that are read for the view, the newest. */
const EVENTS = 256;

/** One machine's rings: which there are, the one the student looks at, and what happened on them. */
export class RingWatch {
  readonly #list = new Reading<RingList>();
  readonly #state = new Reading<RingState>();
  #trace: IoTrace | undefined;
  #chosen: string | undefined;
  /** Rings that have worked: one in sight stays there when its other end goes. */
  readonly #worked = new Set<string>();

  /** @param chosen the ring that was looked at last, from an earlier visit */
  constructor(chosen: string | undefined) {
    this.#chosen = chosen;
  }

  get rings(): readonly RingSummary[] {
    return this.#list.value?.rings ?? [];
  }

  get state(): RingState | undefined {
    return this.#state.value;
  }

  get previous(): RingState | undefined {
    return this.#state.previous;
  }

  get trace(): IoTrace | undefined {
    return this.#trace;
  }

  get problem(): string | undefined {
    return this.#list.problem ?? this.#state.problem;
  }

  /** The ring that is looked at: the one chosen while it is there, else the first that is worth it. */
  get ring(): string | undefined {
    const { rings } = this;
    const chosen = rings.find(({ ring }) => ring === this.#chosen);
    return (chosen ?? this.#firstChoice(rings))?.ring;
  }

  /** A disk's ring that works or did, else any such, else any. */
  #firstChoice(rings: readonly RingSummary[]): RingSummary | undefined {
    const worked = rings.filter(({ ring }) => this.#worked.has(ring));
    return worked.find(({ device }) => device === "block") ?? worked[0] ?? rings[0];
  }

  choose(ring: string): void {
    if (ring === this.ring) return;
    this.#chosen = ring;
    this.#state.forget();
  }

  hurry(): void {
    this.#list.hurry();
    this.#state.hurry();
  }

  forget(): void {
    this.#list.forget();
    this.#state.forget();
    this.#trace = undefined;
  }

  /** @returns whether there is something new to show */
  async look(probe: Probe, now: number, early: boolean): Promise<boolean> {
    const before = this.ring;
    const listed = this.#list.isDue(now)
      ? await this.#list.look(() => probe("ring.list", {}) as Promise<RingList>, now, early)
      : false;
    for (const { ring, connected } of this.rings) if (connected) this.#worked.add(ring);
    const { ring } = this;
    if (ring !== before) this.#state.forget();
    if (ring === undefined || !this.#state.isDue(now)) return listed;
    const stated = await this.#state.look(() => probe("ring.state", { ring }) as Promise<RingState>, now, early);
    return (stated && (await this.#readTrace(probe))) || stated || listed;
  }

  /** Reads what happened last. A trace that cannot be read takes nothing from the ring's picture. */
  async #readTrace(probe: Probe): Promise<boolean> {
    const read = (await probe("io.trace", { count: EVENTS }).catch(() => undefined)) as IoTrace | undefined;
    if (!read || read.next === this.#trace?.next) return false;
    this.#trace = read;
    return true;
  }
}

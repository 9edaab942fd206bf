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
  /** A disk's ring that worked while it was looked at: it stays in sight when its other end goes. */
  #kept: string | undefined;

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
    return this.#summary?.ring;
  }

  get #summary(): RingSummary | undefined {
    const { rings } = this;
    const named = (name: string | undefined) => rings.find(({ ring }) => ring === name);
    return named(this.#chosen) ?? named(this.#kept) ?? firstChoice(rings);
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
    const { ring, device, connected } = this.#summary ?? {};
    if (device === "block" && connected) this.#kept = ring;
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

/** A disk's ring that works, else any that works, else any. */
function firstChoice(rings: readonly RingSummary[]): RingSummary | undefined {
  const connected = rings.filter((ring) => ring.connected);
  return connected.find(({ device }) => device === "block") ?? connected[0] ?? rings[0];
}

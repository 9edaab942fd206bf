import type { GuestFrame, GuestFrames, GuestNetwork } from "../../probe/network/types.ts";
import { ClockOffset } from "../../views/network/trails/clock.ts";
import type { PastReading, Watched } from "../../views/network/trails/surroundings.ts";

export type Probe = (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Readings of a guest's tables that are kept: what decided about a frame is looked up in the one of its time. */
const KEPT_READINGS = 8;

/** What one machine says of its network, read again and again. A machine that stands keeps what was read last. */
export class GuestWatch {
  readonly machine: string;
  readonly clock = new ClockOffset();
  readings: readonly PastReading[] = [];
  watched: Watched | undefined;
  /** Why the last attempt failed, in the probe's words. */
  problem: string | undefined;
  #from = 1;
  #busy = false;
  #due = 0;
  #life = 0;

  constructor(machine: string) {
    this.machine = machine;
  }

  get network(): GuestNetwork | undefined {
    return this.readings.at(-1)?.network;
  }

  /** Never before its last answer is back. @param now milliseconds on a steady clock */
  isDue(now: number): boolean {
    return !this.#busy && now >= this.#due;
  }

  /** Something probably changed: it is read with the next look. */
  hurry(): void {
    this.#due = 0;
  }

  /** The machine lives anew, or an earlier life again. */
  forget(): void {
    this.#life += 1;
    this.#from = 1;
    this.readings = [];
    this.watched = undefined;
    this.problem = undefined;
    this.#due = 0;
  }

  /** The machine was stopped or paused: its clock stands, and what it saw before says nothing of what it sees later. */
  stand(): void {
    this.watched = undefined;
  }

  /**
   * Reads the guest's tables and the frames it saw since the last time.
   *
   * @param again milliseconds until it is due again
   * @returns the frames and how many are lost; undefined when nothing could be read or it is not the same life any more
   */
  async look(
    probe: Probe,
    now: number,
    again: number,
  ): Promise<{ frames: readonly GuestFrame[]; lost: number } | undefined> {
    const life = this.#life;
    this.#busy = true;
    this.#due = now + again;
    try {
      const network = (await this.#timed(
        () => probe("guest.network", { machine: this.machine }),
        life,
      )) as GuestNetwork;
      if (life !== this.#life) return undefined;
      this.readings = [...this.readings, { at: network.at - this.clock.offset, network }].slice(-KEPT_READINGS);
      const args = { machine: this.machine, from: this.#from };
      const seen = (await this.#timed(() => probe("guest.frames", args), life)) as GuestFrames;
      if (life !== this.#life) return undefined;
      this.problem = undefined;
      return this.#take(seen);
    } catch (error) {
      if (life === this.#life) this.problem = plain(error);
      return undefined;
    } finally {
      this.#busy = false;
    }
  }

  /** Reads something that carries the guest's time. */
  async #timed(read: () => Promise<unknown>, life: number): Promise<unknown> {
    const asked = pageTime();
    const found = await read();
    if (life === this.#life) this.clock.add(asked, pageTime(), (found as { readonly at: number }).at);
    return found;
  }

  #take({ frames, next, lost, at }: GuestFrames): { frames: readonly GuestFrame[]; lost: number } {
    // a reader that was started anew counts from 1 again
    const first = this.watched === undefined || next < this.#from;
    this.#from = next;
    const to = at - this.clock.offset;
    const lostAt = lost > 0 && !first ? to : this.watched?.lost;
    this.watched = {
      from: first ? to : this.watched!.from,
      to,
      ...(lostAt !== undefined && { lost: lostAt }),
    };
    return { frames, lost: first ? 0 : lost };
  }
}

/** Milliseconds since 1970 by the clock workers have, too: not set while the page lives. */
export const pageTime = (): number => performance.timeOrigin + performance.now();

/** @returns an error's words without the marks of code, which a view would show as they are */
export const plain = (error: unknown) => (error instanceof Error ? error.message : String(error)).replaceAll("`", "");

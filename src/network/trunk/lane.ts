/** One end's share of a cable in one direction: what may be under way, what waits for that, and what is dropped. */
import type { Frame } from "../link.ts";

/** Frames, and their bytes, that may be under way for one end: sent and not yet taken on the other side. */
export const WINDOW = { frames: 256, bytes: 512 * 1024 } as const;
/** Frames, and their bytes, that wait for that; more are dropped. */
const QUEUE = { frames: 256, bytes: 512 * 1024 } as const;

interface Amount {
  frames: number;
  bytes: number;
}

const nothing = (): Amount => ({ frames: 0, bytes: 0 });

function add(amount: Amount, frame: Frame): void {
  amount.frames += 1;
  amount.bytes += frame.bytes.length;
}

const fits = (amount: Amount, frame: Frame, limit: Readonly<Amount>): boolean =>
  amount.frames < limit.frames && amount.bytes + frame.bytes.length <= limit.bytes;

/** Of the side that sends. */
export class SendingLane {
  readonly #underWay = nothing();
  readonly #waiting: Frame[] = [];
  readonly #waits = nothing();

  /** @returns `now` when it may go, `later` when it waits for room, `dropped` when there is no more of that either */
  take(frame: Frame): "now" | "later" | "dropped" {
    if (this.#waiting.length === 0 && fits(this.#underWay, frame, WINDOW)) {
      add(this.#underWay, frame);
      return "now";
    }
    if (!fits(this.#waits, frame, QUEUE)) return "dropped";
    this.#waiting.push(frame);
    add(this.#waits, frame);
    return "later";
  }

  /**
   * The other side took frames.
   *
   * @returns the frames that waited and may go now, or undefined when it took more than there were
   */
  taken({ frames, bytes }: Readonly<Amount>): readonly Frame[] | undefined {
    if (frames > this.#underWay.frames || bytes > this.#underWay.bytes) return undefined;
    this.#underWay.frames -= frames;
    this.#underWay.bytes -= bytes;
    let count = 0;
    for (const frame of this.#waiting) {
      if (!fits(this.#underWay, frame, WINDOW)) break;
      add(this.#underWay, frame);
      this.#waits.frames -= 1;
      this.#waits.bytes -= frame.bytes.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Of the side that receives. */
export class ReceivingLane {
  /** Taken and not returned yet. */
  readonly #taken = nothing();
  #dropped = 0;

  /** @returns false for a frame beyond what may be under way: the other side does not keep to the window */
  take(frame: Frame): boolean {
    if (!fits(this.#taken, frame, WINDOW)) return false;
    add(this.#taken, frame);
    return true;
  }

  /** Frames were dropped on this side: some that came, or some that were to go. */
  drop(frames: number): void {
    this.#dropped += frames;
  }

  /** True when the other side should hear of it without waiting for frames to go with: half the window is used up. */
  get isDue(): boolean {
    const { frames, bytes } = this.#taken;
    return frames >= WINDOW.frames / 2 || bytes >= WINDOW.bytes / 2 || this.#dropped > 0;
  }

  /** @returns what to tell the other side, once; undefined for nothing */
  settle(): { readonly frames: number; readonly bytes: number; readonly dropped: number } | undefined {
    if (this.#taken.frames === 0 && this.#dropped === 0) return undefined;
    const told = { ...this.#taken, dropped: this.#dropped };
    Object.assign(this.#taken, nothing());
    this.#dropped = 0;
    return told;
  }
}

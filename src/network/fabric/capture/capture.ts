import { toBase64 } from "../../base64.ts";
import type { Frame } from "../../link.ts";
import { makeGood } from "../../offload.ts";
import type { CapturedFrame, CaptureReport } from "../../reports.ts";
import { Passage } from "../passage.ts";

/** Frames kept, a power of two, and their bytes. */
const MOST_FRAMES = 4096;
const MOST_BYTES = 4 << 20;

export interface CaptureQuery {
  /** Of one link only. */
  readonly link?: string;
  /** Number of the first frame wanted. */
  readonly from: number;
  /** Frames at most; the pieces of one that is cut count as one. */
  readonly count: number;
  /** Bytes of each at most. */
  readonly bytes: number;
}

/**
 * The frames that entered the fabric last. They are kept as they are, by reference: cut, completed and put into words
 * when they are read.
 */
export class Capture {
  readonly #epoch: number;
  readonly #ring: (Passage | undefined)[] = new Array(MOST_FRAMES).fill(undefined);
  /** Numbers of the oldest kept and of the next. */
  #oldest = 1;
  #next = 1;
  #bytes = 0;

  /** @param epoch milliseconds since 1970 at 0 of the fabric's clock */
  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  record(link: string, at: number, from: string, frame: Frame): Passage {
    const seq = this.#next++;
    const passage = new Passage(seq, link, at, from, frame);
    if (seq - this.#oldest === MOST_FRAMES) this.#dropOldest();
    this.#ring[seq % MOST_FRAMES] = passage;
    this.#bytes += frame.bytes.length;
    while (this.#bytes > MOST_BYTES) this.#dropOldest();
    return passage;
  }

  read({ link, from, count, bytes }: CaptureQuery): CaptureReport {
    const frames: CapturedFrame[] = [];
    const first = Math.max(from, this.#oldest);
    let settled: number | undefined;
    let seq = first;
    for (let left = count; seq < this.#next && left > 0; seq++) {
      const passage = this.#ring[seq % MOST_FRAMES]!;
      if (link !== undefined && passage.link !== link) continue;
      if (!passage.settled) settled ??= seq;
      frames.push(...this.#put(passage, bytes));
      left--;
    }
    const lost = Math.max(0, Math.min(first, this.#next) - from);
    return { frames, next: seq, settled: settled ?? seq, newest: this.#next, lost };
  }

  #dropOldest(): void {
    const slot = this.#oldest++ % MOST_FRAMES;
    this.#bytes -= this.#ring[slot]!.frame.bytes.length;
    this.#ring[slot] = undefined;
  }

  #put(passage: Passage, most: number): CapturedFrame[] {
    const { seq, link, at, from, frame, decision } = passage;
    const to = passage.copies.map((copy) => copy.report(this.#epoch));
    const good = makeGood(frame);
    // What is not what it says of itself is shown as it came.
    const pieces = good.length > 0 ? good : [frame];
    return pieces.map(({ bytes }, index) => ({
      seq,
      link,
      at: this.#epoch + at,
      from,
      to,
      decision,
      ...(pieces.length > 1 && { piece: { index, count: pieces.length } }),
      length: bytes.length,
      bytes: toBase64(bytes.subarray(0, most)),
    }));
  }
}

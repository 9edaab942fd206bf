import type { Frame } from "../link.ts";
import { makeGood } from "../offload.ts";
import type { End } from "./end.ts";
import { Fifo } from "./fifo.ts";
import type { Copy } from "./passage.ts";

/** Frames an end gets before the next one has its turn. */
const TURN = 32;
/** Frames an end gets in one run of the loop. More are of ends that answer each other at once, for ever. */
const MOST_IN_A_RUN = 16_384;

/**
 * Hands frames over to the ends they are for, in turns. An end that sends while it receives only adds to what waits, so
 * that a frame answered at once never calls deeper; and what one end is flooded with delays the others by a turn.
 */
export class Delivery {
  readonly #now: () => number;
  readonly #ready = new Fifo<End>();
  #running = false;
  #run = 0;
  /** What was cut last: a segment flooded to several ends is cut once. */
  #cut: { readonly frame: Frame; readonly pieces: readonly Frame[] } | undefined;

  /** @param now milliseconds, of the moment a frame is handed over */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The frame is handed over in the next run. */
  add(end: End, copy: Copy): void {
    end.inbox.push(copy);
    this.#enlist(end);
  }

  /** Hands over all there is, and what is sent meanwhile. Does nothing while it is at it. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    this.#run++;
    try {
      for (let end = this.#ready.shift(); end; end = this.#ready.shift()) this.#turn(end);
    } finally {
      this.#running = false;
      this.#cut = undefined;
    }
  }

  #enlist(end: End): void {
    if (end.ready) return;
    end.ready = true;
    this.#ready.push(end);
  }

  #turn(end: End): void {
    end.ready = false;
    if (end.run !== this.#run) {
      end.run = this.#run;
      end.handed = 0;
    }
    try {
      for (let left = TURN; left > 0 && end.inbox.length > 0; left--) this.#handOver(end, end.inbox.shift()!);
    } finally {
      if (end.inbox.length > 0) this.#enlist(end);
    }
  }

  #handOver(end: End, copy: Copy): void {
    const frame = copy.frame!;
    const { length } = frame.bytes;
    end.waitingBytes -= length;
    const why = !end.carrier ? "cut" : !end.receive ? "nobody" : ++end.handed > MOST_IN_A_RUN ? "loop" : undefined;
    if (why) {
      end.lose(copy, why);
      return;
    }
    copy.arrived(this.#now());
    end.received.add(copy.cast, length);
    if (end.offloads || (frame.checksum === "whole" && !frame.segmentation)) end.receive!(frame);
    else for (const piece of this.#pieces(frame)) end.receive?.(piece);
  }

  #pieces(frame: Frame): readonly Frame[] {
    if (this.#cut?.frame !== frame) this.#cut = { frame, pieces: makeGood(frame) };
    return this.#cut.pieces;
  }
}

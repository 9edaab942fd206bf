/**
 * A pair of message ports as a cable for the ends of many links: frames go in batches, bounded for each end by itself, so
 * that who floods one can neither fill the other thread's memory nor take another end's room.
 */
import type { MessageEnd } from "../api.ts";
import type { Frame } from "../link.ts";
import { type Addressed, decodeBatch, encodeBatch, LARGEST_FRAME, type Return } from "./batch.ts";
import { ReceivingLane, SendingLane } from "./lane.ts";

/** Frames, and their bytes, that go in one batch; they are fewer when nothing more comes in the same turn. */
const BATCH = { frames: 64, bytes: 128 * 1024 } as const;

/** What a side of a cable does with what comes over it. */
export interface CableHooks {
  /** A frame for an end of this side. */
  frame(end: number, frame: Frame): void;
  /** A frame from an end of this side found no room. */
  full(end: number): void;
  /** The other side dropped frames of an end. */
  dropped(end: number, frames: number): void;
  /** Anything that is no batch. @returns false when it is not to be understood */
  message(message: unknown): boolean;
}

interface Lanes {
  readonly sending: SendingLane;
  readonly receiving: ReceivingLane;
}

export class Cable {
  readonly #end: MessageEnd;
  readonly #hooks: CableHooks;
  readonly #lanes = new Map<number, Lanes>();
  #pending: Addressed[] = [];
  #pendingBytes = 0;
  #flushing = false;
  #closed = false;
  /** What came and was not to be understood: it is passed over. */
  faults = 0;

  constructor(end: MessageEnd, hooks: CableHooks) {
    this.#end = end;
    this.#hooks = hooks;
    end.onmessage = ({ data }) => this.#receive(data);
  }

  /** Makes room for an end's frames, both ways. */
  add(end: number): void {
    this.#lanes.set(end, { sending: new SendingLane(), receiving: new ReceivingLane() });
  }

  /** The end is gone, and what waits for room with it. */
  remove(end: number): void {
    this.#flush();
    this.#lanes.delete(end);
  }

  /** Sends a frame for an end. It goes when this turn is over, or when there are enough for a batch. */
  send(end: number, frame: Frame): void {
    const lanes = this.#lanes.get(end);
    if (!lanes || this.#closed) return;
    const { length } = frame.bytes;
    const taken = length > LARGEST_FRAME ? "dropped" : lanes.sending.take(frame);
    if (taken === "now") this.#put(end, frame);
    if (taken === "dropped") this.#hooks.full(end);
  }

  /** Lets the other side know, with what goes next, that frames of an end were dropped on this one. */
  tellDropped(end: number, frames: number): void {
    this.#lanes.get(end)?.receiving.drop(frames);
  }

  /** Sends a message behind all frames before it. */
  say(message: unknown): void {
    if (this.#closed) return;
    this.#flush();
    this.#end.postMessage(message, []);
  }

  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#lanes.clear();
    this.#end.onmessage = null;
    this.#end.close();
  }

  #put(end: number, frame: Frame): void {
    this.#pending.push({ end, frame });
    this.#pendingBytes += frame.bytes.length;
    if (this.#pending.length >= BATCH.frames || this.#pendingBytes >= BATCH.bytes) this.#flush();
    else this.#flushSoon();
  }

  /** What a machine sends in its turn, or a link delivers in one go, is together when that is over. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    void Promise.resolve().then(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const returns = this.#settle();
    const frames = this.#pending;
    if (this.#closed || (frames.length === 0 && returns.length === 0)) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    const buffer = encodeBatch({ returns, frames });
    this.#end.postMessage(buffer, [buffer]);
  }

  /** Of every end from which something was taken: with a batch it costs nothing more to tell. */
  #settle(): Return[] {
    const returns: Return[] = [];
    for (const [end, { receiving }] of this.#lanes) {
      const told = receiving.settle();
      if (told) returns.push({ end, ...told });
    }
    return returns;
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    if (!(data instanceof ArrayBuffer)) {
      if (!this.#hooks.message(data)) this.faults += 1;
      return;
    }
    const batch = decodeBatch(data);
    if (!batch) {
      this.faults += 1;
      return;
    }
    for (const one of batch.returns) this.#onReturn(one);
    for (const { end, frame } of batch.frames) this.#onFrame(end, frame);
    if ([...this.#lanes.values()].some(({ receiving }) => receiving.isDue)) this.#flushSoon();
  }

  #onReturn({ end, dropped, ...taken }: Return): void {
    const lanes = this.#lanes.get(end);
    // an end that was closed here a moment ago may still be spoken of
    if (!lanes) return;
    const released = lanes.sending.taken(taken);
    if (!released) this.faults += 1;
    for (const frame of released ?? []) this.#put(end, frame);
    if (dropped > 0) this.#hooks.dropped(end, dropped);
  }

  #onFrame(end: number, frame: Frame): void {
    const lanes = this.#lanes.get(end);
    if (!lanes) return;
    if (lanes.receiving.take(frame)) this.#hooks.frame(end, frame);
    else this.faults += 1;
  }
}

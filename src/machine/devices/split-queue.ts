/**
 * A split virtqueue as its device serves it (virtio 1.2, 2.7), on the memory of a guest that may have written anything
 * into it. v86 sets queues up; it walks chains without bounds and decides every notification the same way, so that
 * devices of ours serve their queues here.
 */
import { GuestWords } from "../../probe/io/guest-words.ts";
import type { NotifyCondition } from "../../probe/io/types.ts";
import {
  availEventAt,
  availHead,
  DESC_F,
  followChain,
  misplaced,
  needsEvent,
  type QueuePlace,
  RING_HEADER,
  readQueueWords,
  SUPPRESS,
  USED_ENTRY,
} from "../../probe/virtio/index.ts";
import type { QueueRegisters } from "../v86-observation.ts";

/** A piece of guest-physical memory; always within it. */
export interface Buffer {
  readonly address: number;
  readonly bytes: number;
}

/** What a driver made available in one piece. */
export interface RequestChain {
  /** Names it in the used ring. */
  readonly head: number;
  /** For the device to read, and to write. */
  readonly readable: readonly Buffer[];
  readonly writable: readonly Buffer[];
}

/** The driver broke a rule of the standard: the device serves no more until it is reset. */
export class QueueFault {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Where a queue is, and what it may do to its guest. */
export interface QueueParts {
  memory(): Uint8Array;
  registers(): QueueRegisters;
  setLastAvailIdx(index: number): void;
  /** VIRTIO_F_EVENT_IDX and VIRTIO_F_INDIRECT_DESC were negotiated. */
  eventIdx(): boolean;
  indirect(): boolean;
  /** The device wrote there. */
  written(address: number, bytes: number): void;
}

export class SplitQueue {
  readonly #parts: QueueParts;
  /** Answers put into the used ring and not made visible yet. */
  #staged = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Chains that wait to be taken. */
  waiting(): number | QueueFault {
    const { words, place, last } = this.#open();
    const fault = misplaced(words, place);
    if (fault) return new QueueFault(fault);
    const count = (words.u16(place.avail + 2) - last) & 0xffff;
    return count > place.size ? new QueueFault(`${count} chains wait in a queue of ${place.size}.`) : count;
  }

  /** Takes the chain that waits longest. To be called when {@link waiting} says that there is one. */
  take(): RequestChain | QueueFault {
    const { words, place, last } = this.#open();
    const chain = followChain(words, place, availHead(words, place, last), this.#parts.indirect());
    if (chain.fault) return new QueueFault(chain.fault);
    const readable: Buffer[] = [];
    const writable: Buffer[] = [];
    for (const { address, bytes, flags } of chain.buffers) {
      if (!words.holds(address, bytes)) return new QueueFault("A buffer does not lie in the guest's memory.");
      if (flags & DESC_F.write) writable.push({ address, bytes });
      else if (writable.length > 0) return new QueueFault("A buffer to read comes after one to write.");
      else readable.push({ address, bytes });
    }
    this.#parts.setLastAvailIdx(last + 1);
    return { head: chain.head, readable, writable };
  }

  /** Puts an answer into the used ring; {@link publish} makes it visible. @param written bytes the device wrote */
  answer(head: number, written: number): void {
    const { words, place, view } = this.#open();
    if (misplaced(words, place)) return;
    const at = place.used + RING_HEADER + USED_ENTRY * ((words.u16(place.used + 2) + this.#staged) & (place.size - 1));
    view.setUint32(at, head, true);
    view.setUint32(at + 4, written, true);
    this.#parts.written(at, USED_ENTRY);
    this.#staged++;
  }

  /** Makes the answers visible. @returns how many, and whether the driver wants to be told (2.7.7.2, 2.7.10.2) */
  publish(): { readonly count: number; readonly condition: NotifyCondition } {
    const { words, place, view } = this.#open();
    const { usedIdx: old, availFlags, usedEvent } = readQueueWords(words, place);
    const count = this.#staged;
    const next = (old + count) & 0xffff;
    this.#staged = 0;
    const eventIdx = this.#parts.eventIdx();
    const asked = eventIdx ? needsEvent(next, usedEvent, old) : (availFlags & SUPPRESS) === 0;
    const condition: NotifyCondition = {
      direction: "back-to-front",
      rule: eventIdx ? "event-idx" : "flags",
      new: next,
      old,
      event: eventIdx ? usedEvent : availFlags,
      holds: count > 0 && asked,
    };
    if (count === 0 || misplaced(words, place)) return { count: 0, condition: { ...condition, holds: false } };
    view.setUint16(place.used + 2, next, true);
    this.#parts.written(place.used, RING_HEADER);
    return { count, condition };
  }

  /**
   * The driver need not say that it added something: the device looks by itself. With event indices there is nothing
   * to do, as the one asked for is passed already.
   */
  quiet(): void {
    if (!this.#parts.eventIdx()) this.#setUsedFlags(SUPPRESS);
  }

  /** The driver has to say when it adds something behind what was taken. @returns true when it has meanwhile */
  listen(): boolean {
    const { words, place, last, view } = this.#open();
    if (misplaced(words, place)) return false;
    if (this.#parts.eventIdx()) {
      view.setUint16(availEventAt(place), last, true);
      this.#parts.written(availEventAt(place), 2);
    } else this.#setUsedFlags(0);
    return words.u16(place.avail + 2) !== last;
  }

  /** What the driver goes by when it decides about a notification: the event index it reads, or the flags. */
  threshold(): number {
    const { words, place } = this.#open();
    const { availEvent, usedFlags } = readQueueWords(words, place);
    return this.#parts.eventIdx() ? availEvent : usedFlags;
  }

  #setUsedFlags(flags: number): void {
    const { words, place, view } = this.#open();
    if (misplaced(words, place)) return;
    view.setUint16(place.used, flags, true);
    this.#parts.written(place.used, 2);
  }

  /** The queue as it is now: memory grows and moves, and the driver may set it up anew. */
  #open() {
    const memory = this.#parts.memory();
    const { lastAvailIdx: last, ...areas } = this.#parts.registers();
    const place: QueuePlace = { queue: 0, ...areas };
    const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    return { words: new GuestWords(memory), place, last, view };
  }
}

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
  misplaced,
  needsEvent,
  type QueuePlace,
  RING_HEADER,
  readQueueWords,
  SUPPRESS,
  USED_ENTRY,
} from "../../probe/virtio/index.ts";
import type { QueueRegisters } from "../v86-observation.ts";
import { ChainBuffers, QueueFault } from "./chain-buffers.ts";

export { QueueFault } from "./chain-buffers.ts";

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

/** A queue as it is now. */
interface Opened {
  readonly memory: Uint8Array;
  readonly words: GuestWords;
  readonly view: DataView;
  readonly place: QueuePlace;
  /** Why nothing can be served where it lies. */
  readonly fault: string | undefined;
}

export class SplitQueue {
  readonly #parts: QueueParts;
  /** Answers put into the used ring and not made visible yet. */
  #staged = 0;
  #opened: Opened | undefined;
  readonly #chain = new ChainBuffers();

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Chains that wait to be taken. */
  waiting(): number | QueueFault {
    const { words, place, fault } = this.#open();
    if (fault) return new QueueFault(fault);
    const count = (words.u16(place.avail + 2) - this.position) & 0xffff;
    return count > place.size ? new QueueFault(`${count} chains wait in a queue of ${place.size}.`) : count;
  }

  /** Takes the chain that waits longest. To be called when {@link waiting} says that there is one. */
  take(): RequestChain | QueueFault {
    const chain = this.#chain;
    chain.clear();
    const head = this.takeInto(chain);
    if (head instanceof QueueFault) return head;
    const buffers = Array.from({ length: chain.count }, (_, index) => ({
      address: chain.addresses[index]!,
      bytes: chain.lengths[index]!,
    }));
    return { head, readable: buffers.slice(0, chain.readables), writable: buffers.slice(chain.readables) };
  }

  /**
   * The same for a device that serves many: the chain's buffers are appended to those that are there.
   *
   * @returns its head
   */
  takeInto(buffers: ChainBuffers): number | QueueFault {
    const { words, place } = this.#open();
    const last = this.position;
    const head = availHead(words, place, last);
    const fault = buffers.follow(words, place, head, this.#parts.indirect());
    if (fault) return fault;
    this.#parts.setLastAvailIdx(last + 1);
    return head;
  }

  /** Entries it has. */
  get size(): number {
    return this.#parts.registers().size;
  }

  /** What will be taken next, as a free-running index. */
  get position(): number {
    return this.#parts.registers().lastAvailIdx;
  }

  /** Chains taken since then, and not answered, wait again. @param position an earlier one */
  putBack(position: number): void {
    this.#parts.setLastAvailIdx(position);
  }

  /** Puts an answer into the used ring; {@link publish} makes it visible. @param written bytes the device wrote */
  answer(head: number, written: number): void {
    const { words, place, view, fault } = this.#open();
    if (fault) return;
    const at = place.used + RING_HEADER + USED_ENTRY * ((words.u16(place.used + 2) + this.#staged) & (place.size - 1));
    view.setUint32(at, head, true);
    view.setUint32(at + 4, written, true);
    this.#parts.written(at, USED_ENTRY);
    this.#staged++;
  }

  /** Makes the answers visible. @returns how many, and whether the driver wants to be told (2.7.7.2, 2.7.10.2) */
  publish(): { readonly count: number; readonly condition: NotifyCondition } {
    const { words, place, view, fault } = this.#open();
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
    if (count === 0 || fault) return { count: 0, condition: { ...condition, holds: false } };
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

  /**
   * The driver has to say when it adds something behind what is there.
   *
   * @param from what the device has seen, as a free-running index; what it has taken unless given
   * @returns true when the driver has meanwhile
   */
  listen(from: number = this.position): boolean {
    const { words, place, view, fault } = this.#open();
    if (fault) return false;
    if (this.#parts.eventIdx()) {
      view.setUint16(availEventAt(place), from, true);
      this.#parts.written(availEventAt(place), 2);
    } else this.#setUsedFlags(0);
    return words.u16(place.avail + 2) !== (from & 0xffff);
  }

  /** What the driver goes by when it decides about a notification: the event index it reads, or the flags. */
  threshold(): number {
    const { words, place } = this.#open();
    const { availEvent, usedFlags } = readQueueWords(words, place);
    return this.#parts.eventIdx() ? availEvent : usedFlags;
  }

  /** The guest's memory, for the bytes of a chain that was taken. */
  get memory(): Uint8Array {
    return this.#open().memory;
  }

  #setUsedFlags(flags: number): void {
    const { words, place, view, fault } = this.#open();
    if (fault || words.u16(place.used) === flags) return;
    view.setUint16(place.used, flags, true);
    this.#parts.written(place.used, 2);
  }

  /** Kept until memory moves, as it does when it grows, or the driver sets the queue up anew. */
  #open(): Opened {
    const memory = this.#parts.memory();
    const { size, desc, avail, used } = this.#parts.registers();
    const opened = this.#opened;
    const same = opened && opened.memory.buffer === memory.buffer && opened.memory.length === memory.length;
    if (same) {
      const { place } = opened;
      if (place.size === size && place.desc === desc && place.avail === avail && place.used === used) return opened;
    }
    const words = same ? opened.words : new GuestWords(memory);
    const view = same ? opened.view : new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    const place: QueuePlace = { queue: 0, size, desc, avail, used };
    this.#opened = { memory, words, view, place, fault: misplaced(words, place) };
    return this.#opened;
  }
}

/** The receive queue of a network device (virtio 1.2, 5.1.6.3): frames of its link go into buffers of the driver. */
import type { Frame } from "../../../network/link.ts";
import { makeGood } from "../../../network/offload.ts";
import type { NotifyCondition } from "../../../probe/io/types.ts";
import type { QueueMeter } from "../../observe/queue-meter.ts";
import { ChainBuffers, QueueFault } from "../chain-buffers.ts";
import type { SplitQueue } from "../split-queue.ts";
import type { Takes } from "./features.ts";
import { acceptable, NET_HEADER, writeHeader } from "./header.ts";

/** Frames, and their bytes, that wait for the machine's next turn or for buffers; what comes then is lost. */
const MOST_WAITING = 1024;
const MOST_WAITING_BYTES = 4 << 20;

/** Frames given to the guest that are held on to for a while. */
const KEPT = 64;

/** Bytes given to the guest in one look before it has its turn; a frame lost for its size counts as a large one. */
const BYTES_A_LOOK = 4 << 20;
const LOST = 64 << 10;

/** Chains one frame may take: Linux's are of 1536 bytes at least, of which the largest frame takes 43. */
const MOST_CHAINS = 64;

export interface ReceiveParts {
  readonly queue: SplitQueue;
  readonly meter: QueueMeter;
  takes(): Takes;
  /** VIRTIO_NET_F_MRG_RXBUF was negotiated: a frame may lie in several chains. */
  mergeable(): boolean;
  eventIdx(): boolean;
  /** The device wrote there. */
  written(address: number, bytes: number): void;
  delivered(frames: number): void;
  /** Frames were lost for want of room. */
  dropped(frames: number): void;
  /** Tells the driver that there are answers. */
  interrupt(): void;
}

/** What became of a frame: given to the guest in so many chains, lost, or kept until there are more buffers. */
type Outcome = number | "lost" | "starved";

export class ReceiveQueue {
  readonly #parts: ReceiveParts;
  /** Frames from {@link #first} on, oldest first. */
  #waiting: Frame[] = [];
  #first = 0;
  #bytes = 0;
  /** The oldest frame found too few buffers: the driver has been asked to say when there are more. */
  #starved = false;
  #kicked = false;
  /** The buffers of the chains a frame goes into, the chains' heads, and the room in each. */
  readonly #buffers = new ChainBuffers();
  readonly #heads: number[] = [];
  readonly #rooms: number[] = [];
  readonly #headerBytes = new Uint8Array(NET_HEADER);
  readonly #header = new DataView(this.#headerBytes.buffer);

  constructor(parts: ReceiveParts) {
    this.#parts = parts;
  }

  /** True when there is something to do: frames wait, and not for buffers. */
  get busy(): boolean {
    return this.#first < this.#waiting.length && !this.#starved;
  }

  /** A frame of the link. @returns true when it is the first there is to do */
  arrive(frame: Frame): boolean {
    const idle = !this.busy;
    const whole = frame.checksum === "whole" && !frame.segmentation;
    if (whole || acceptable(frame, this.#parts.takes())) this.#enqueue(frame);
    else for (const piece of makeGood(frame)) this.#enqueue(piece);
    return idle && this.busy;
  }

  /** The driver may have added buffers. */
  notified(): void {
    this.#kicked = true;
    this.#starved = false;
  }

  /** Looks at the queue again whether or not the driver notifies. */
  lookAgain(): void {
    this.#starved = false;
  }

  /** Frames that wait are lost. */
  reset(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#starved = false;
    this.#kicked = false;
  }

  /** Gives the guest the frames that wait, all together. @returns what the driver did wrong */
  serve(): QueueFault | undefined {
    const { queue, meter } = this.#parts;
    const found = queue.waiting();
    if (found instanceof QueueFault) return found;
    const condition = this.#driversCondition(found);
    let chains = found;
    let [moved, frames, spent] = [0, 0, 0];
    let fault: QueueFault | undefined;
    while (this.busy && spent < BYTES_A_LOOK) {
      const { length } = this.#waiting[this.#first]!.bytes;
      const outcome = this.#deliver(this.#waiting[this.#first]!, chains);
      if (outcome instanceof QueueFault) {
        fault = outcome;
        break;
      }
      if (outcome === "starved") {
        this.#starved = !queue.listen(queue.position + chains);
        if (!this.#starved) break; // there is more now: the next look finds it
      } else if (outcome === "lost") {
        this.#forgetFirst();
        this.#parts.dropped(1);
        spent += LOST;
      } else {
        this.#forgetFirst();
        chains -= outcome;
        moved += length;
        spent += length;
        frames++;
      }
    }
    if (!this.#starved) queue.quiet();
    if (found > chains) {
      meter.looked(found - chains, condition);
      meter.tookMany(found - chains);
      meter.answeredMany(found - chains, moved, moved);
      this.#kicked = false;
    }
    this.#parts.delivered(frames);
    const published = queue.publish();
    if (published.count > 0) {
      meter.published(published.count, published.condition);
      if (published.condition.holds) this.#parts.interrupt();
    }
    return fault;
  }

  #enqueue(frame: Frame): void {
    const { length } = frame.bytes;
    if (this.#waiting.length - this.#first >= MOST_WAITING || this.#bytes + length > MOST_WAITING_BYTES) {
      this.#parts.dropped(1);
      return;
    }
    this.#waiting.push(frame);
    this.#bytes += length;
  }

  #forgetFirst(): void {
    this.#bytes -= this.#waiting[this.#first]!.bytes.length;
    this.#first++;
    // in pieces: an array gives up its first element at the cost of moving all others
    if (this.#first < this.#waiting.length && this.#first < KEPT) return;
    this.#waiting.splice(0, this.#first);
    this.#first = 0;
  }

  /** @param chains that wait in the queue */
  #deliver(frame: Frame, chains: number): Outcome | QueueFault {
    const { queue, mergeable, meter } = this.#parts;
    const total = NET_HEADER + frame.bytes.length;
    const start = queue.position;
    const count = this.#take(total, Math.min(chains, mergeable() ? MOST_CHAINS : 1));
    if (count instanceof QueueFault) return count;
    if (this.#buffers.writableBytes < total) {
      queue.putBack(start);
      // with all the buffers it may have, or the driver can add, it will never fit
      const all = count === (mergeable() ? MOST_CHAINS : 1) || this.#buffers.descriptors === queue.size;
      return all ? "lost" : "starved";
    }
    writeHeader(this.#header, frame, count);
    this.#copy(frame.bytes);
    let left = total;
    for (let chain = 0; chain < count; chain++) {
      const bytes = Math.min(left, this.#rooms[chain]!);
      queue.answer(this.#heads[chain]!, bytes);
      left -= bytes;
    }
    if (meter.heard()) meter.tell("response", `received ${frame.bytes.length} bytes in ${count} chains`);
    return count;
  }

  /** Takes chains until there is room for so many bytes. @returns how many were taken, and at most `most` */
  #take(total: number, most: number): number | QueueFault {
    const { queue } = this.#parts;
    const buffers = this.#buffers;
    buffers.clear();
    let count = 0;
    while (buffers.writableBytes < total && count < most) {
      const before = buffers.writableBytes;
      const head = queue.takeInto(buffers);
      if (head instanceof QueueFault) return head;
      const room = buffers.writableBytes - before;
      if (buffers.readables > 0) return new QueueFault("A buffer to receive into is one to read.");
      if (room < (count === 0 ? NET_HEADER : 1)) return new QueueFault("A buffer to receive into has no room.");
      this.#heads[count] = head;
      this.#rooms[count] = room;
      count++;
    }
    return count;
  }

  /** Copies the header and the frame into the buffers taken, wherever those are cut. */
  #copy(bytes: Uint8Array): void {
    const { written, queue } = this.#parts;
    const { addresses, lengths } = this.#buffers;
    const { memory } = queue;
    let at = -NET_HEADER;
    for (let index = 0; at < bytes.length; index++) {
      const address = addresses[index]!;
      const length = Math.min(lengths[index]!, bytes.length - at);
      const inHeader = Math.min(Math.max(0, -at), length);
      if (inHeader > 0) memory.set(this.#headerBytes.subarray(NET_HEADER + at, NET_HEADER + at + inHeader), address);
      if (inHeader < length) memory.set(bytes.subarray(at + inHeader, at + length), address + inHeader);
      written(address, length);
      at += length;
    }
  }

  /** What the driver decided about the buffers that wait, by the words it went by. */
  #driversCondition(waiting: number): NotifyCondition {
    const { queue, eventIdx } = this.#parts;
    const { position } = queue;
    return {
      direction: "front-to-back",
      rule: eventIdx() ? "event-idx" : "flags",
      new: (position + waiting) & 0xffff,
      old: position,
      event: queue.threshold(),
      holds: this.#kicked,
    };
  }
}

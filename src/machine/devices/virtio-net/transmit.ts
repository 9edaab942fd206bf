/** The transmit queue of a network device (virtio 1.2, 5.1.6.2): chains of the driver become frames on its link. */
import type { Frame } from "../../../network/link.ts";
import type { NotifyCondition } from "../../../probe/io/types.ts";
import type { QueueMeter } from "../../observe/queue-meter.ts";
import { ChainBuffers, QueueFault } from "../chain-buffers.ts";
import type { SplitQueue } from "../split-queue.ts";
import { type Leaves, NET_HEADER, sentFrame } from "./header.ts";

/** The largest packet of IP with its Ethernet header (5.1.6.1); no chain may hold more. */
const MOST_BYTES = NET_HEADER + 14 + 65_535 + 4;

export interface TransmitParts {
  readonly queue: SplitQueue;
  readonly meter: QueueMeter;
  /** What the driver may leave to the device, as negotiated. */
  leaves(): Leaves;
  eventIdx(): boolean;
  send(frame: Frame): void;
  /** A chain was no frame, or not the one its header says it is. */
  malformed(): void;
  /** Tells the driver that there are answers. */
  interrupt(): void;
}

export class TransmitQueue {
  readonly #parts: TransmitParts;
  readonly #chain = new ChainBuffers();
  readonly #headerBytes = new Uint8Array(NET_HEADER);
  readonly #header = new DataView(this.#headerBytes.buffer);
  /** The driver notified, or there is more than one look took. */
  #look = false;
  /** Notified since the last look. */
  #kicked = false;

  constructor(parts: TransmitParts) {
    this.#parts = parts;
  }

  get busy(): boolean {
    return this.#look;
  }

  notified(): void {
    this.#look = true;
    this.#kicked = true;
  }

  /** Looks at the queue again, whether or not the driver notifies. */
  lookAgain(): void {
    this.#look = true;
  }

  reset(): void {
    this.#look = false;
    this.#kicked = false;
  }

  /**
   * Sends all that waits, and looks once: a driver whose rings lie in each other has more in them after every look.
   *
   * @returns what the driver did wrong; nothing is served after that
   */
  serve(): QueueFault | undefined {
    const { queue } = this.#parts;
    const waiting = queue.waiting();
    if (waiting instanceof QueueFault) return waiting;
    const fault = waiting > 0 ? this.#sendAll(waiting) : undefined;
    // from here on the driver has to say when it adds something
    this.#look = fault === undefined && queue.listen();
    return fault;
  }

  #sendAll(waiting: number): QueueFault | undefined {
    const { queue, meter } = this.#parts;
    meter.looked(waiting, this.#driversCondition(waiting));
    this.#kicked = false;
    let bytes = 0;
    let count = 0;
    let fault: QueueFault | undefined;
    for (; count < waiting && !fault; count++) {
      const sent = this.#sendNext();
      if (sent instanceof QueueFault) fault = sent;
      else bytes += sent;
    }
    const answered = fault ? count - 1 : count;
    meter.tookMany(answered);
    meter.answeredMany(answered, bytes, bytes);
    const published = queue.publish();
    if (published.count > 0) {
      meter.published(published.count, published.condition);
      if (published.condition.holds) this.#parts.interrupt();
    }
    return fault;
  }

  /** Takes a chain and answers it. @returns bytes of its frame */
  #sendNext(): number | QueueFault {
    const { queue, meter, send, malformed, leaves } = this.#parts;
    const chain = this.#chain;
    chain.clear();
    const head = queue.takeInto(chain);
    if (head instanceof QueueFault) return head;
    const bytes = chain.readableBytes - NET_HEADER;
    const sound = bytes > 0 && chain.readableBytes <= MOST_BYTES;
    const frame = sound ? sentFrame(this.#header, this.#copy(queue.memory, bytes), leaves()) : undefined;
    queue.answer(head, 0);
    if (meter.heard()) this.#tell(frame, bytes);
    if (!frame) {
      malformed();
      return 0;
    }
    send(frame);
    return bytes;
  }

  #tell(frame: Frame | undefined, bytes: number): void {
    const { tell } = this.#parts.meter;
    const cut = frame?.segmentation ? `, segments of ${frame.segmentation.size}` : "";
    tell("request", `send ${bytes} bytes${cut}`);
    tell("response", frame ? `sent ${bytes} bytes` : "no frame: dropped");
  }

  /** Takes the header out of the chain. @returns a copy of the frame behind it, wherever the two are cut */
  #copy(memory: Uint8Array, bytes: number): Uint8Array {
    const { addresses, lengths, readables } = this.#chain;
    const first = addresses[0]!;
    if (readables === 1) {
      this.#headerBytes.set(memory.subarray(first, first + NET_HEADER));
      return memory.slice(first + NET_HEADER, first + NET_HEADER + bytes);
    }
    const frame = new Uint8Array(bytes);
    let at = -NET_HEADER;
    for (let index = 0; index < readables; index++) {
      const address = addresses[index]!;
      const length = lengths[index]!;
      const inHeader = Math.min(Math.max(0, -at), length);
      if (inHeader > 0) this.#headerBytes.set(memory.subarray(address, address + inHeader), NET_HEADER + at);
      if (inHeader < length) frame.set(memory.subarray(address + inHeader, address + length), at + inHeader);
      at += length;
    }
    return frame;
  }

  /** What the driver decided about the `waiting` chains it added since the last look, by the words it went by. */
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

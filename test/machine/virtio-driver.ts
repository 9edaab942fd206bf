import type { VirtioOptions } from "../../src/machine/devices/virtio.ts";
import { VirtioBlock } from "../../src/machine/devices/virtio-block.ts";
import type { Disk } from "../../src/machine/disk/disk.ts";
import type { Internals } from "../../src/machine/v86-internals.ts";
import type { QueuePlace } from "../../src/probe/virtio/index.ts";

/** Where the driver of these tests puts its queue, in a memory of 1 MiB. Buffers come from {@link BUFFERS} on. */
export const PLACE: QueuePlace = { queue: 0, size: 16, desc: 0x1000, avail: 0x2000, used: 0x3000 };
export const MEMORY = 1 << 20;
const BUFFERS = 0x10000;
const GUARD = 1 << 16;

const F_INDIRECT_DESC = 28;
const F_EVENT_IDX = 29;

/** A machine's inside as a block device uses it: memory, an interrupt line, timers. No processor. */
export class DeviceBench {
  /** The guest's memory, with memory of others before and behind it, as in WebAssembly. */
  readonly #all = new Uint8Array(MEMORY + 2 * GUARD).fill(0x5a);
  readonly memory = this.#all.subarray(GUARD, GUARD + MEMORY).fill(0);
  readonly view = new DataView(this.memory.buffer, GUARD, MEMORY);
  readonly device: VirtioBlock;
  readonly virtio: FakeVirtio;
  /** Milliseconds of the machine's clock. */
  clock = 0;
  interrupts = 0;
  /** Asked to have the device looked at: by nobody, a timer, or the device itself. */
  #work: () => number = () => Number.POSITIVE_INFINITY;
  #handlers: readonly ((queue: number) => void)[] = [];

  constructor(disk: Disk, { eventIdx = true, indirect = true, quiet = true } = {}) {
    this.virtio = new FakeVirtio(() => this.interrupts++);
    const internals = {
      memory: () => this.memory,
      plugVirtio: (options: VirtioOptions) => {
        this.#handlers = options.notification.handlers;
        this.virtio.features = new Set(options.common.features);
        return this.virtio;
      },
      observation: {
        setClass: () => {},
        written: () => {},
        soon: () => {},
        atTimers: (work: () => number) => {
          this.#work = work;
        },
      },
    };
    const options = { name: "vda", disk, eventIdx, indirect, quiet, now: () => this.clock };
    this.device = new VirtioBlock(internals as unknown as Internals, 0, options);
  }

  /** True while nobody has written outside the guest's memory. */
  get contained(): boolean {
    const outside = [this.#all.subarray(0, GUARD), this.#all.subarray(GUARD + MEMORY)];
    return outside.every((bytes) => bytes.every((byte) => byte === 0x5a));
  }

  notify(): void {
    this.#handlers[0]!(0);
  }

  /** The machine looks at its timers. @returns milliseconds until the device wants it again */
  timers(): number {
    return this.#work();
  }

  /** Lets the machine run, its clock jumping from one thing to do to the next, until the device rests. */
  run(most = 10_000): void {
    for (let turns = 0; turns < most; turns++) {
      const rest = this.timers();
      if (rest === Number.POSITIVE_INFINITY) return;
      this.clock += rest;
    }
    throw new Error("The device never rests.");
  }
}

/** v86's half of the device, as far as ours asks it. */
class FakeVirtio {
  device_status = 4;
  features = new Set<number>();
  broken = 0;
  readonly queues = [
    {
      size: PLACE.size,
      desc_addr: PLACE.desc,
      avail_addr: PLACE.avail,
      used_addr: PLACE.used,
      avail_last_idx: 0,
      is_configured: () => true,
    },
  ];
  readonly raise_irq: () => void;

  constructor(raise: () => void) {
    this.raise_irq = raise;
  }

  is_feature_negotiated(feature: number): boolean {
    return this.features.has(feature);
  }

  needs_reset(): void {
    this.broken++;
  }

  reset(): void {}
  set_state(): void {}
}

export interface Request {
  readonly type: number;
  readonly sector: number;
  /** Bytes to write, or how many to read. */
  readonly data: Uint8Array | number;
  /** Lengths at which the data is cut into buffers; the last takes the rest. */
  readonly cuts?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly data: Uint8Array;
  /** `len` of the used element. */
  readonly written: number;
}

interface Pending {
  readonly request: Request;
  readonly buffers: readonly { address: number; bytes: number; writable: boolean }[];
  readonly descriptors: readonly number[];
  readonly answer: (answer: Answer) => void;
}

/**
 * A driver by the book (virtio 1.2, 2.7.13): it notifies when the standard says so and otherwise not, and takes answers
 * when interrupted and otherwise not.
 */
export class Driver {
  readonly bench: DeviceBench;
  readonly #eventIdx: boolean;
  readonly #indirect: boolean;
  #free = Array.from({ length: PLACE.size }, (_, index) => index);
  #added = 0;
  #availIdx = 0;
  #lastUsed = 0;
  #seenInterrupts = 0;
  #at = BUFFERS;
  readonly #pending = new Map<number, Pending>();
  kicks = 0;

  constructor(bench: DeviceBench) {
    this.bench = bench;
    this.#eventIdx = bench.virtio.is_feature_negotiated(F_EVENT_IDX);
    this.#indirect = bench.virtio.is_feature_negotiated(F_INDIRECT_DESC);
  }

  get pending(): number {
    return this.#pending.size;
  }

  get lastUsed(): number {
    return this.#lastUsed;
  }

  /** Adds a request without notifying. @returns false when there is no room for it */
  add(request: Request, answer: (answer: Answer) => void): boolean {
    const buffers = this.#buffersOf(request);
    const needed = this.#indirect ? 1 : buffers.length;
    if (this.#free.length < needed) return false;
    const descriptors = this.#free.splice(0, needed);
    if (this.#indirect) this.#writeIndirect(descriptors[0]!, buffers);
    else this.#writeChain(PLACE.desc, descriptors, buffers);
    const { view } = this.bench;
    view.setUint16(PLACE.avail + 4 + 2 * (this.#availIdx & (PLACE.size - 1)), descriptors[0]!, true);
    this.#availIdx = (this.#availIdx + 1) & 0xffff;
    view.setUint16(PLACE.avail + 2, this.#availIdx, true);
    this.#added++;
    this.#pending.set(descriptors[0]!, { request, buffers, descriptors, answer });
    return true;
  }

  /** Notifies if the device wants it (2.7.10.1, 2.7.7.1). */
  kick(): void {
    const { view } = this.bench;
    const old = (this.#availIdx - this.#added) & 0xffff;
    this.#added = 0;
    const event = view.getUint16(PLACE.used + 4 + 8 * PLACE.size, true);
    const needed = this.#eventIdx
      ? ((this.#availIdx - event - 1) & 0xffff) < ((this.#availIdx - old) & 0xffff)
      : (view.getUint16(PLACE.used, true) & 1) === 0;
    if (!needed) return;
    this.kicks++;
    this.bench.notify();
  }

  /** Takes answers if it was interrupted since the last time. */
  takeIfInterrupted(): void {
    if (this.bench.interrupts === this.#seenInterrupts) return;
    this.#seenInterrupts = this.bench.interrupts;
    const { view } = this.bench;
    while (view.getUint16(PLACE.used + 2, true) !== this.#lastUsed) {
      const at = PLACE.used + 4 + 8 * (this.#lastUsed & (PLACE.size - 1));
      this.#finish(view.getUint32(at, true), view.getUint32(at + 4, true));
      this.#lastUsed = (this.#lastUsed + 1) & 0xffff;
    }
    if (this.#eventIdx) view.setUint16(PLACE.avail + 4 + 2 * PLACE.size, this.#lastUsed, true);
  }

  #finish(head: number, written: number): void {
    const pending = this.#pending.get(head);
    if (!pending) throw new Error(`Descriptor ${head} was answered, which nobody asked for.`);
    this.#pending.delete(head);
    this.#free.push(...pending.descriptors);
    const writable = pending.buffers.filter((buffer) => buffer.writable);
    const bytes = writable.flatMap((buffer) => [
      ...this.bench.memory.subarray(buffer.address, buffer.address + buffer.bytes),
    ]);
    pending.answer({ status: bytes.at(-1)!, data: Uint8Array.from(bytes.slice(0, -1)), written });
  }

  #buffersOf({ type, sector, data, cuts = [] }: Request) {
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, type, true);
    view.setBigUint64(8, BigInt(sector), true);
    const length = typeof data === "number" ? data : data.length;
    const writable = typeof data === "number";
    const pieces: number[] = [];
    let left = length;
    for (const cut of cuts) {
      if (cut >= left) break;
      pieces.push(cut);
      left -= cut;
    }
    if (left > 0) pieces.push(left);
    let from = 0;
    const dataBuffers = pieces.map((bytes) => {
      const content = typeof data === "number" ? new Uint8Array(bytes).fill(0xee) : data.subarray(from, from + bytes);
      from += bytes;
      return this.#buffer(content, writable);
    });
    return [this.#buffer(header, false), ...dataBuffers, this.#buffer(Uint8Array.of(0xff), true)];
  }

  /** Memory goes round: far more than fits into the queue at once. */
  #buffer(content: Uint8Array, writable: boolean) {
    if (this.#at + content.length > MEMORY) this.#at = BUFFERS;
    const address = this.#at;
    this.#at += content.length;
    this.bench.memory.set(content, address);
    return { address, bytes: content.length, writable };
  }

  #writeIndirect(descriptor: number, buffers: Pending["buffers"]): void {
    const table = this.#buffer(new Uint8Array(16 * buffers.length), false).address;
    this.#writeChain(
      table,
      buffers.map((_, index) => index),
      buffers,
    );
    this.#descriptor(PLACE.desc, descriptor, { address: table, bytes: 16 * buffers.length }, 4, 0);
  }

  #writeChain(table: number, indices: readonly number[], buffers: Pending["buffers"]): void {
    buffers.forEach((buffer, position) => {
      const next = indices[position + 1];
      const flags = (buffer.writable ? 2 : 0) | (next === undefined ? 0 : 1);
      this.#descriptor(table, indices[position]!, buffer, flags, next ?? 0);
    });
  }

  #descriptor(
    table: number,
    index: number,
    { address, bytes }: { address: number; bytes: number },
    flags: number,
    next: number,
  ): void {
    const { view } = this.bench;
    const at = table + 16 * index;
    view.setUint32(at, address, true);
    view.setUint32(at + 4, 0, true);
    view.setUint32(at + 8, bytes, true);
    view.setUint16(at + 12, flags, true);
    view.setUint16(at + 14, next, true);
  }
}

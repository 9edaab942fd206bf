import type { QueuePlace } from "../../../src/probe/virtio/index.ts";

/** What of a machine a driver of one queue touches. */
export interface DriverSide {
  readonly view: DataView;
  readonly memory: Uint8Array;
  readonly interrupts: number;
  notify(queue: number): void;
}

/** A buffer of a chain: bytes for the device to read, or how many it may write. */
export type Piece = Uint8Array | number;

export interface Taken {
  readonly id: number;
  /** `len` of the used element. */
  readonly written: number;
  /** Of the buffers the device may write, all bytes in order. */
  readonly bytes: Uint8Array;
}

interface Pending {
  readonly id: number;
  readonly descriptors: readonly number[];
  readonly writable: readonly { readonly address: number; readonly bytes: number }[];
}

/**
 * A driver of any split virtqueue by the book (virtio 1.2, 2.7.13): it notifies when the standard says so and otherwise
 * not, and takes answers when interrupted and otherwise not.
 */
export class RingDriver {
  readonly side: DriverSide;
  readonly place: QueuePlace;
  readonly #eventIdx: boolean;
  readonly #indirect: boolean;
  readonly #free: number[];
  /** Memory of its own, which goes round: far more than fits into the queue at once. */
  readonly #from: number;
  readonly #to: number;
  #at: number;
  #availIdx = 0;
  #added = 0;
  #lastUsed = 0;
  #seen = 0;
  #ids = 0;
  readonly #pending = new Map<number, Pending>();
  kicks = 0;

  constructor(
    side: DriverSide,
    place: QueuePlace,
    buffers: { from: number; to: number },
    { eventIdx = true, indirect = true } = {},
  ) {
    this.side = side;
    this.place = place;
    this.#eventIdx = eventIdx;
    this.#indirect = indirect;
    this.#free = Array.from({ length: place.size }, (_, index) => index);
    this.#from = buffers.from;
    this.#to = buffers.to;
    this.#at = buffers.from;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Adds a chain without notifying. @returns its number, or undefined when there is no room for it */
  add(pieces: readonly Piece[]): number | undefined {
    const needed = this.#indirect && pieces.length > 1 ? 1 : pieces.length;
    if (this.#free.length < needed) return undefined;
    const descriptors = this.#free.splice(0, needed);
    const buffers = pieces.map((piece) => this.#buffer(piece));
    if (needed < pieces.length) {
      const table = this.#allocate(16 * buffers.length);
      this.#chain(
        table,
        buffers.map((_, index) => index),
        buffers,
      );
      this.#descriptor(this.place.desc, descriptors[0]!, { address: table, bytes: 16 * buffers.length }, 4, 0);
    } else this.#chain(this.place.desc, descriptors, buffers);
    const { view } = this.side;
    const { avail, size } = this.place;
    view.setUint16(avail + 4 + 2 * (this.#availIdx & (size - 1)), descriptors[0]!, true);
    this.#availIdx = (this.#availIdx + 1) & 0xffff;
    view.setUint16(avail + 2, this.#availIdx, true);
    this.#added++;
    const id = this.#ids++;
    this.#pending.set(descriptors[0]!, { id, descriptors, writable: buffers.filter(({ writable }) => writable) });
    return id;
  }

  /** Notifies if the device wants it (2.7.10.1, 2.7.7.1). */
  kick(): void {
    const { view } = this.side;
    const { used, size, queue } = this.place;
    const old = (this.#availIdx - this.#added) & 0xffff;
    this.#added = 0;
    const event = view.getUint16(used + 4 + 8 * size, true);
    const needed = this.#eventIdx
      ? ((this.#availIdx - event - 1) & 0xffff) < ((this.#availIdx - old) & 0xffff)
      : (view.getUint16(used, true) & 1) === 0;
    if (!needed) return;
    this.kicks++;
    this.side.notify(queue);
  }

  /** Takes answers if it was interrupted since the last time. */
  takeIfInterrupted(): Taken[] {
    if (this.side.interrupts === this.#seen) return [];
    this.#seen = this.side.interrupts;
    const { view } = this.side;
    const { used, avail, size } = this.place;
    const taken: Taken[] = [];
    while (view.getUint16(used + 2, true) !== this.#lastUsed) {
      const at = used + 4 + 8 * (this.#lastUsed & (size - 1));
      taken.push(this.#finish(view.getUint32(at, true), view.getUint32(at + 4, true)));
      this.#lastUsed = (this.#lastUsed + 1) & 0xffff;
    }
    if (this.#eventIdx) view.setUint16(avail + 4 + 2 * size, this.#lastUsed, true);
    return taken;
  }

  #finish(head: number, written: number): Taken {
    const pending = this.#pending.get(head);
    if (!pending) throw new Error(`Descriptor ${head} was answered, which nobody added.`);
    this.#pending.delete(head);
    this.#free.push(...pending.descriptors);
    const { memory } = this.side;
    const bytes = Buffer.concat(
      pending.writable.map(({ address, bytes: length }) => memory.subarray(address, address + length)),
    );
    return { id: pending.id, written, bytes: new Uint8Array(bytes) };
  }

  #buffer(piece: Piece) {
    const writable = typeof piece === "number";
    const bytes = writable ? piece : piece.length;
    const address = this.#allocate(bytes);
    if (writable) this.side.memory.fill(0xee, address, address + bytes);
    else this.side.memory.set(piece, address);
    return { address, bytes, writable };
  }

  #allocate(bytes: number): number {
    if (this.#at + bytes > this.#to) this.#at = this.#from;
    const address = this.#at;
    this.#at += bytes;
    return address;
  }

  #chain(
    table: number,
    indices: readonly number[],
    buffers: readonly { address: number; bytes: number; writable: boolean }[],
  ): void {
    buffers.forEach((buffer, position) => {
      const next = indices[position + 1];
      const flags = (buffer.writable ? 2 : 0) | (next === undefined ? 0 : 1);
      this.#descriptor(table, indices[position]!, buffer, flags, next ?? 0);
    });
  }

  #descriptor(table: number, index: number, buffer: { address: number; bytes: number }, flags: number, next: number) {
    const { view } = this.side;
    const at = table + 16 * index;
    view.setUint32(at, buffer.address, true);
    view.setUint32(at + 4, 0, true);
    view.setUint32(at + 8, buffer.bytes, true);
    view.setUint16(at + 12, flags, true);
    view.setUint16(at + 14, next, true);
  }
}

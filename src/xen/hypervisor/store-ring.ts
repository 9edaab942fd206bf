import { STORE_ERROR, STORE_PAGE } from "../abi/xs-wire.ts";
import type { GuestFrames } from "./guest-frames.ts";

/** What the ring needs of a xenstore connection (src/xen/store). */
export interface StoreConnection {
  /** STORE_ERROR: not NONE once the domain broke the protocol. */
  readonly error: number;
  /** Bytes it takes now. */
  readonly room: number;
  receive(bytes: Uint8Array): void;
  take(most: number): Uint8Array;
  cutOff(error: number): void;
  onBytes: (() => void) | undefined;
}

/**
 * The page a domain shares with xenstored (Xen public/io/xs_wire.h, struct xenstore_domain_interface): two rings of
 * 1024 bytes with free-running indices. Moves bytes between them and the domain's connection; the guest is told by
 * event when something was read or written.
 */
export class StoreRing {
  readonly #frames: GuestFrames;
  readonly #gfn: number;
  readonly #connection: StoreConnection;
  readonly #notify: () => void;

  constructor(frames: GuestFrames, gfn: number, connection: StoreConnection, notify: () => void) {
    this.#frames = frames;
    this.#gfn = gfn;
    this.#connection = connection;
    this.#notify = notify;
    connection.onBytes = () => this.move();
  }

  /** The page as xenstored leaves it for a new domain: all zeros, which is connected. */
  clear(): void {
    this.#frames.page(this.#gfn).fill(0);
    this.#frames.written(this.#gfn);
  }

  /** Moves what can be moved, both ways. */
  move(): void {
    if (!this.#frames.isMemory(this.#gfn)) return;
    let moved = false;
    // Reading may make room for serving more, and serving makes more to write, until nothing moves any more.
    while (this.#connection.error === STORE_ERROR.NONE && (this.#read() || this.#write())) moved = true;
    this.#report();
    if (moved) this.#notify();
  }

  /** @returns true when bytes were taken from the requests' ring */
  #read(): boolean {
    const view = this.#view();
    const consumed = view.getUint32(STORE_PAGE.requestsConsumed, true);
    const available = (view.getUint32(STORE_PAGE.requestsProduced, true) - consumed) >>> 0;
    if (available > STORE_PAGE.ringBytes) return this.#nonsense();
    const count = Math.min(available, this.#connection.room);
    if (count === 0) return false;
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index++) {
      bytes[index] = view.getUint8(STORE_PAGE.requests + ((consumed + index) % STORE_PAGE.ringBytes));
    }
    view.setUint32(STORE_PAGE.requestsConsumed, consumed + count, true);
    this.#frames.written(this.#gfn);
    this.#connection.receive(bytes);
    return true;
  }

  /** @returns true when bytes were put into the responses' ring */
  #write(): boolean {
    const view = this.#view();
    const produced = view.getUint32(STORE_PAGE.responsesProduced, true);
    const filled = (produced - view.getUint32(STORE_PAGE.responsesConsumed, true)) >>> 0;
    if (filled > STORE_PAGE.ringBytes) return this.#nonsense();
    const bytes = this.#connection.take(STORE_PAGE.ringBytes - filled);
    if (bytes.length === 0) return false;
    const into = this.#view();
    for (const [index, byte] of bytes.entries()) {
      into.setUint8(STORE_PAGE.responses + ((produced + index) % STORE_PAGE.ringBytes), byte);
    }
    into.setUint32(STORE_PAGE.responsesProduced, produced + bytes.length, true);
    this.#frames.written(this.#gfn);
    return true;
  }

  /** Indices that cannot be: the connection is cut off, as xenstored does, and the page says why. */
  #nonsense(): false {
    this.#connection.cutOff(STORE_ERROR.RING_INDEX);
    return false;
  }

  #report(): void {
    const { error } = this.#connection;
    const view = this.#view();
    if (error === STORE_ERROR.NONE || view.getUint32(STORE_PAGE.error, true) === error) return;
    view.setUint32(STORE_PAGE.error, error, true);
    this.#frames.written(this.#gfn);
  }

  #view(): DataView {
    const page = this.#frames.page(this.#gfn);
    return new DataView(page.buffer, page.byteOffset, page.length);
  }
}

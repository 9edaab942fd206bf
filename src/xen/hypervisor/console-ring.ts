import { CONSOLE } from "../abi/console.ts";
import type { GuestFrames } from "./guest-frames.ts";

/** Typed bytes kept for a guest that does not read its console. */
const MOST_TYPED = 64 << 10;

/**
 * A domain's console page (Xen public/io/console.h, struct xencons_interface): bytes to the guest in a ring of 1024,
 * from it in one of 2048, with free-running indices.
 */
export class ConsoleRing {
  readonly #frames: GuestFrames;
  readonly #gfn: number;
  readonly #notify: () => void;
  readonly #written: (bytes: Uint8Array) => void;
  /** Typed, and not in the ring yet. */
  #typed: number[] = [];

  /** @param written gets what the guest writes */
  constructor(frames: GuestFrames, gfn: number, notify: () => void, written: (bytes: Uint8Array) => void) {
    this.#frames = frames;
    this.#gfn = gfn;
    this.#notify = notify;
    this.#written = written;
  }

  clear(): void {
    this.#frames.page(this.#gfn).fill(0);
    this.#frames.written(this.#gfn);
  }

  /** Types at the guest's console. What it does not read is kept, up to a limit; more is lost, as at a full terminal. */
  type(bytes: Uint8Array): void {
    this.#typed.push(...bytes.subarray(0, MOST_TYPED - this.#typed.length));
    this.move();
  }

  /** Moves what can be moved, both ways. */
  move(): void {
    if (!this.#frames.isMemory(this.#gfn)) return;
    const page = this.#frames.page(this.#gfn);
    const view = new DataView(page.buffer, page.byteOffset, page.length);
    const out = this.#take(view);
    const put = this.#put(view);
    if (out.length === 0 && !put) return;
    this.#frames.written(this.#gfn);
    this.#notify();
    if (out.length > 0) this.#written(out);
  }

  save(): unknown {
    return this.#typed;
  }

  restore(state: unknown): void {
    this.#typed = [...(state as number[])];
  }

  #take(view: DataView): Uint8Array {
    const consumed = view.getUint32(CONSOLE.out_cons, true);
    const produced = view.getUint32(CONSOLE.out_prod, true);
    // Indices that cannot be: there is nothing to be read before they can again.
    const count = (produced - consumed) >>> 0;
    if (count === 0 || count > CONSOLE.outBytes) return new Uint8Array(0);
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index++) {
      bytes[index] = view.getUint8(CONSOLE.out + ((consumed + index) % CONSOLE.outBytes));
    }
    view.setUint32(CONSOLE.out_cons, produced, true);
    return bytes;
  }

  #put(view: DataView): boolean {
    const produced = view.getUint32(CONSOLE.in_prod, true);
    const filled = (produced - view.getUint32(CONSOLE.in_cons, true)) >>> 0;
    if (filled >= CONSOLE.inBytes || this.#typed.length === 0) return false;
    const bytes = this.#typed.splice(0, CONSOLE.inBytes - filled);
    for (const [index, byte] of bytes.entries()) {
      view.setUint8(CONSOLE.in + ((produced + index) % CONSOLE.inBytes), byte);
    }
    view.setUint32(CONSOLE.in_prod, produced + bytes.length, true);
    return true;
  }
}

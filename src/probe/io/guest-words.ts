/** Every byte as two hexadecimal digits: thousands are written for one reading of a ring. */
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Places a search gives at most: a guest that fills its memory with one value gets no more. */
const MOST = 64;

/**
 * Guest-physical memory read word by word, whatever the guest has written into its own tables: what lies outside the
 * memory reads as zero, so that every address may be followed and none can throw.
 */
export class GuestWords {
  /** Bytes of memory, from address 0. */
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(memory: Uint8Array) {
    this.size = memory.byteLength;
    this.#bytes = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  /** True when all of it is memory. */
  holds(address: number, bytes: number): boolean {
    return address >= 0 && bytes >= 0 && address + bytes <= this.size;
  }

  u8(address: number): number {
    return this.holds(address, 1) ? this.#view.getUint8(address) : 0;
  }

  u16(address: number): number {
    return this.holds(address, 2) ? this.#view.getUint16(address, true) : 0;
  }

  u32(address: number): number {
    return this.holds(address, 4) ? this.#view.getUint32(address, true) : 0;
  }

  /**
   * Addresses divisible by 4 of the 32-bit words that have a value and that `fits` accepts, ascending; {@link MOST} at
   * most.
   */
  addressesOf(value: number, fits: (address: number) => boolean): number[] {
    const found: number[] = [];
    const aligned = this.#bytes.byteOffset % 4 === 0;
    const count = this.size >>> 2;
    // a typed array's own search is several times faster than a loop over it
    const array = aligned ? new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, count) : undefined;
    const next = (from: number) => (array ? array.indexOf(value >>> 0, from) : this.#slowIndexOf(value, from, count));
    for (let index = next(0); index >= 0 && found.length < MOST; index = next(index + 1)) {
      if (fits(index * 4)) found.push(index * 4);
    }
    return found;
  }

  #slowIndexOf(value: number, from: number, count: number): number {
    for (let index = from; index < count; index++) {
      if (this.#view.getUint32(index * 4, true) === value >>> 0) return index;
    }
    return -1;
  }

  /** A copy of what there is of `bytes` bytes from there on. */
  copy(address: number, bytes: number): Uint8Array {
    const from = Math.min(Math.max(address, 0), this.size);
    return this.#bytes.slice(from, Math.max(from, Math.min(address + bytes, this.size)));
  }

  /** The same as pairs of hexadecimal digits. */
  hex(address: number, bytes: number): string {
    let digits = "";
    for (const byte of this.copy(address, bytes)) digits += PAIRS[byte];
    return digits;
  }
}

/** A guest-physical address as probes give it. */
export const pa = (address: number): string => `pa:0x${address.toString(16)}`;

/** Thrown when bytes are not a WebAssembly module this program can read. */
export class BadModule extends Error {
  override name = "BadModule";
  constructor(what: string) {
    super(`This is not a WebAssembly module that can be rewritten: ${what}.`);
  }
}

const utf8 = new TextDecoder();

/** Reads a stretch of a module, never past its end. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    if (this.#at >= this.#end) throw new BadModule("it is cut short");
    return this.#bytes[this.#at++]!;
  }

  /** An unsigned number of at most 32 bits, in LEB128 (WebAssembly 2.0, 5.2.2). */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new BadModule("a number has more than 32 bits");
  }

  /** Goes over `count` bytes. @returns where they start */
  skip(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) throw new BadModule("it is cut short");
    this.#at += count;
    return start;
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** Everything that is left, not copied. */
  rest(): Uint8Array {
    return this.take(this.#end - this.#at);
  }

  text(): string {
    return utf8.decode(this.take(this.u32()));
  }

  /** A vector's elements: as many as the count before them says. */
  vector<T>(element: () => T): T[] {
    const count = this.u32();
    // each element has at least a byte, so a count beyond that is a lie and would only fill memory
    if (count > this.#end - this.#at) throw new BadModule("a list is longer than its section");
    return Array.from({ length: count }, element);
  }
}

/** Part of a file, with numbers in the file's own byte order. Never asked for what is behind its end. */
export class FileBytes {
  readonly bytes: Uint8Array;
  readonly little: boolean;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, little: boolean) {
    this.bytes = bytes;
    this.little = little;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  word(at: number): number {
    return this.#view.getUint16(at, this.little);
  }

  long(at: number): number {
    return this.#view.getUint32(at, this.little);
  }

  signedLong(at: number): number {
    return this.#view.getInt32(at, this.little);
  }

  /** 64 bits in the file's byte order. */
  count(at: number): number {
    return Number(this.#view.getBigUint64(at, this.little));
  }

  signedCount(at: number): number {
    return Number(this.#view.getBigInt64(at, this.little));
  }

  /** 64 bits in two halves, the high one first whatever the byte order (draft-ietf-opsawg-pcapng, 4.3). */
  halves(at: number): bigint {
    return (BigInt(this.long(at)) << 32n) | BigInt(this.long(at + 4));
  }

  part(from: number, to: number): FileBytes {
    return new FileBytes(this.bytes.subarray(from, to), this.little);
  }
}

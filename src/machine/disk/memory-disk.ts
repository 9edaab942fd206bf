import { type Disk, type DiskState, SECTOR } from "./disk.ts";

/** Bytes of the pieces content is kept in: a page, which is also what a file system writes at once. */
const BLOCK = 4096;

/**
 * A disk in memory. Only blocks that were written take room; all others read as the base below has them, or as zeros.
 * The base is never written.
 */
export class MemoryDisk implements Disk {
  readonly sectors: number;
  readonly #base: Uint8Array;
  /** By index; undefined for one that was discarded and no longer shows its base. */
  #blocks = new Map<number, Uint8Array | undefined>();

  /** @param base content under everything written; may be shorter than the disk, and belongs to it from now on */
  constructor(sectors: number, base: Uint8Array = new Uint8Array(0)) {
    this.sectors = sectors;
    this.#base = base;
  }

  /** True while it reads as it was made. */
  get pristine(): boolean {
    return this.#blocks.size === 0;
  }

  read(sector: number, into: Uint8Array): void {
    this.#check(sector, into.length / SECTOR);
    this.#eachPiece(sector * SECTOR, into.length, (block, from, at, length) => {
      const content = this.#blocks.get(block);
      const piece = into.subarray(at, at + length);
      if (content) piece.set(content.subarray(from, from + length));
      else this.#readBase(block, from, piece);
    });
  }

  write(sector: number, from: Uint8Array): void {
    this.#check(sector, from.length / SECTOR);
    this.#eachPiece(sector * SECTOR, from.length, (block, start, at, length) => {
      this.#own(block).set(from.subarray(at, at + length), start);
    });
  }

  discard(sector: number, count: number): void {
    this.#check(sector, count);
    this.#eachPiece(sector * SECTOR, count * SECTOR, (block, from, _at, length) => {
      if (length === BLOCK) this.#forget(block);
      else if (this.#blocks.get(block) || this.#hasBase(block)) this.#own(block).fill(0, from, from + length);
    });
  }

  save(): DiskState {
    const blocks = [...this.#blocks.keys()].sort((one, other) => one - other);
    const content = new Uint8Array(blocks.length * BLOCK);
    blocks.forEach((block, index) => {
      const bytes = this.#blocks.get(block);
      if (bytes) content.set(bytes, index * BLOCK);
    });
    return { sectors: this.sectors, blocks, content };
  }

  /** @throws RangeError when the state is not one of a disk of this size; nothing is changed then */
  restore({ sectors, blocks, content }: DiskState): void {
    const last = Math.ceil((this.sectors * SECTOR) / BLOCK) - 1;
    const within = blocks.every((block) => Number.isInteger(block) && block >= 0 && block <= last);
    if (sectors !== this.sectors || !within || content.length !== blocks.length * BLOCK) {
      throw new RangeError("This is not the state of a disk of this size.");
    }
    this.#blocks = new Map(
      blocks.map((block, index) => [block, content.slice(index * BLOCK, (index + 1) * BLOCK)] as const),
    );
  }

  #check(sector: number, count: number): void {
    const whole = Number.isInteger(sector) && Number.isInteger(count);
    if (!whole || sector < 0 || count < 0 || sector + count > this.sectors) {
      throw new RangeError(`Sectors ${sector} to ${sector + count} are not on a disk of ${this.sectors}.`);
    }
  }

  /** Cuts a range of bytes at the blocks' borders: which block, from where in it, from where in the range, how long. */
  #eachPiece(
    start: number,
    bytes: number,
    visit: (block: number, from: number, at: number, length: number) => void,
  ): void {
    for (let at = 0; at < bytes; ) {
      const from = (start + at) % BLOCK;
      const length = Math.min(BLOCK - from, bytes - at);
      visit((start + at - from) / BLOCK, from, at, length);
      at += length;
    }
  }

  #readBase(block: number, from: number, into: Uint8Array): void {
    into.fill(0);
    if (this.#blocks.has(block)) return; // discarded
    const start = block * BLOCK + from;
    into.set(this.#base.subarray(start, start + into.length));
  }

  #hasBase(block: number): boolean {
    return block * BLOCK < this.#base.length && !this.#blocks.has(block);
  }

  /** A block's own content, from now on its own. */
  #own(block: number): Uint8Array {
    const there = this.#blocks.get(block);
    if (there) return there;
    const fresh = new Uint8Array(BLOCK);
    this.#readBase(block, 0, fresh);
    this.#blocks.set(block, fresh);
    return fresh;
  }

  #forget(block: number): void {
    if (block * BLOCK < this.#base.length) this.#blocks.set(block, undefined);
    else this.#blocks.delete(block);
  }
}

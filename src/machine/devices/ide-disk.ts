import { type Disk, SECTOR } from "../disk/disk.ts";

/**
 * A disk as v86's IDE controller wants one (v86's `hda` option takes such an object as it is). Its state is the host's:
 * in the machine's it leaves nothing.
 */
export class IdeDisk {
  readonly byteLength: number;
  onload: ((event: object) => void) | undefined;
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
    this.byteLength = disk.sectors * SECTOR;
  }

  /** The controller asks in whole sectors and has checked that they are there. */
  get(start: number, length: number, done: (content: Uint8Array) => void): void {
    const content = new Uint8Array(length);
    this.#disk.read(start / SECTOR, content);
    done(content);
  }

  /** The controller looks for a partition table when it is made, and is given the time to fetch it before. */
  get_and_cache(start: number, length: number, done: (content: Uint8Array) => void): void {
    this.get(start, length, done);
  }

  get_from_cache(start: number, length: number): Uint8Array {
    const content = new Uint8Array(length);
    this.#disk.read(start / SECTOR, content);
    return content;
  }

  set(start: number, content: Uint8Array, done: () => void): void {
    this.#disk.write(start / SECTOR, content);
    done();
  }

  /** It is there already. */
  load(): void {
    this.onload?.({});
  }

  get_state(): unknown[] {
    return [];
  }

  set_state(): void {}
}

import type { Disk } from "../../../src/machine/disk/disk.ts";
import { BlockBackend, type BlockFeatures } from "../../../src/xen/backends/block.ts";
import { Store } from "../../../src/xen/store/index.ts";
import { FrontRing, TestDomain } from "./front.ts";

export const OP = { read: 0, write: 1, barrier: 2, flush: 3, discard: 5, indirect: 6 } as const;
export const OKAY = 0;
export const ERROR = -1;
export const UNSUPPORTED = -2;

export const FRONT = "/local/domain/1/device/vbd/51712";
export const BACK = "/local/domain/0/backend/vbd/1/51712";
export const RING = "vbd:domU/xvda";

/** A disk that keeps count of what it was asked. */
export class TestDisk implements Disk {
  readonly sectors: number;
  readonly bytes: Uint8Array;

  constructor(sectors: number) {
    this.sectors = sectors;
    this.bytes = new Uint8Array(sectors * 512);
    for (let at = 0; at < this.bytes.length; at++) this.bytes[at] = at * 7 + (at >> 9);
  }

  read(sector: number, into: Uint8Array): void {
    this.#check(sector, into.length / 512);
    into.set(this.bytes.subarray(sector * 512, sector * 512 + into.length));
  }

  write(sector: number, from: Uint8Array): void {
    this.#check(sector, from.length / 512);
    this.bytes.set(from, sector * 512);
  }

  discard(sector: number, count: number): void {
    this.#check(sector, count);
    this.bytes.fill(0, sector * 512, (sector + count) * 512);
  }

  save(): never {
    throw new Error("a backend does not save the disk");
  }

  restore(): never {
    throw new Error("a backend does not restore the disk");
  }

  #check(sector: number, count: number): void {
    if (!(Number.isInteger(sector) && Number.isInteger(count) && sector >= 0 && sector + count <= this.sectors)) {
      throw new RangeError(`sectors ${sector} to ${sector + count} of ${this.sectors}`);
    }
  }
}

export interface Segment {
  readonly page: number;
  readonly first: number;
  readonly last: number;
  readonly reference?: number;
}

export interface Response {
  readonly id: number;
  readonly operation: number;
  readonly status: number;
}

/** A block frontend in a few lines: one ring, a page granted for each segment, asleep until it is notified. */
export class BlockFront {
  readonly domain: TestDomain;
  readonly store: Store;
  readonly disk: TestDisk;
  backend: BlockBackend;
  ring!: FrontRing;
  port = 0;
  kicks = 0;
  readonly answered: Response[] = [];
  readonly #persistent = new Map<number, number>();
  #keeps = false;
  #nextId = 1;

  constructor({
    sectors = 256,
    mode = "w",
    features = {},
    domain = new TestDomain(),
  }: { sectors?: number; mode?: string; features?: Partial<BlockFeatures>; domain?: TestDomain } = {}) {
    this.domain = domain;
    this.disk = new TestDisk(sectors);
    this.store = new Store(() => 0);
    this.store.write(`${FRONT}/state`, "1");
    this.store.write(`${BACK}/mode`, mode);
    this.store.write(`${BACK}/state`, "1");
    this.backend = this.#newBackend(domain, features);
  }

  #newBackend(domain: TestDomain, features: Partial<BlockFeatures>): BlockBackend {
    const description = { name: "xvda", virtualDevice: 51712, disk: this.disk, frontPath: FRONT, backPath: BACK };
    return new BlockBackend(domain, this.store, description, features);
  }

  /** As blkfront: ring, channel, Initialised; Connected once the backend is. */
  connect({ pages = 1, persistent = false } = {}): void {
    this.ring = new FrontRing(this.domain, 108, pages);
    this.port = this.domain.openPort();
    this.#keeps = persistent;
    const keys: Record<string, string | number> = { "event-channel": this.port, protocol: "x86_32-abi" };
    if (pages === 1) keys["ring-ref"] = this.ring.references[0]!;
    else {
      keys["ring-page-order"] = Math.log2(pages);
      for (const [page, reference] of this.ring.references.entries()) keys[`ring-ref${page}`] = reference;
    }
    if (persistent) keys["feature-persistent"] = 1;
    for (const [key, value] of Object.entries(keys)) this.store.write(`${FRONT}/${key}`, String(value));
    this.state(3);
  }

  /** The front takes back its ring while the backend uses it. */
  revoke(): void {
    for (const reference of this.ring.references) this.domain.revoke(reference);
  }

  /** The front's state changes, and the backend has seen it. */
  state(state: number): void {
    this.store.write(`${FRONT}/state`, String(state));
    this.domain.turnOver();
  }

  get backState(): string | undefined {
    return this.store.read(`${BACK}/state`);
  }

  /** A segment over all of a page, or part of it, granted for what the operation needs; a persistent one for both. */
  segment(page: number, writable = true, first = 0, last = 7): Segment {
    if (!this.#keeps) return { page, first, last, reference: this.domain.grant(page, writable) };
    const reference = this.#persistent.get(page) ?? this.domain.grant(page);
    this.#persistent.set(page, reference);
    return { page, first, last, reference };
  }

  /** Puts a request into the next slot. @returns its id */
  put(operation: number, sector: number, segments: readonly Segment[], change?: (view: DataView) => void): number {
    const bytes = new Uint8Array(108);
    const view = new DataView(bytes.buffer);
    const id = this.#nextId++;
    view.setUint8(0, operation);
    view.setUint8(1, segments.length);
    view.setUint32(4, id, true);
    view.setUint32(12, sector, true);
    segments.forEach(({ reference, first, last }, index) => {
      view.setUint32(20 + 8 * index, reference!, true);
      view.setUint8(24 + 8 * index, first);
      view.setUint8(25 + 8 * index, last);
    });
    change?.(view);
    this.ring.put(bytes);
    return id;
  }

  putDiscard(sector: number, count: number): number {
    return this.put(OP.discard, sector, [], (view) => view.setUint32(20, count, true));
  }

  putIndirect(
    operation: number,
    sector: number,
    segments: readonly Segment[],
    change?: (view: DataView) => void,
  ): number {
    const directories: number[] = [];
    segments.forEach(({ reference, first, last }, index) => {
      if (index % 512 === 0) directories.push(this.domain.allocate());
      const page = this.domain.pageBytes(directories.at(-1)!);
      const view = new DataView(page.buffer, page.byteOffset);
      view.setUint32(8 * (index % 512), reference!, true);
      view.setUint8(8 * (index % 512) + 4, first);
      view.setUint8(8 * (index % 512) + 5, last);
    });
    return this.put(OP.indirect, sector, [], (view) => {
      view.setUint8(1, operation);
      view.setUint16(2, segments.length, true);
      directories.forEach((page, index) => {
        view.setUint32(24 + 4 * index, this.domain.grant(page, this.#keeps), true);
      });
      change?.(view);
    });
  }

  push(): void {
    if (!this.ring.push()) return;
    this.kicks++;
    this.domain.send(this.port);
  }

  /** The upcall, where one is pending. @returns true when there was one */
  interrupt(): boolean {
    if (!this.domain.pending.delete(this.port)) return false;
    for (const response of this.ring.responses(12)) {
      const view = new DataView(response.buffer);
      this.answered.push({ id: view.getUint32(0, true), operation: view.getUint8(8), status: view.getInt16(10, true) });
    }
    return true;
  }

  /** Everybody gets turns until nothing is left to do but wait for somebody who sleeps. */
  settle(): void {
    do this.domain.turnOver();
    while (this.interrupt() || !this.domain.idle);
  }

  /** One request alone, and what came back. */
  ask(put: () => number): Response {
    const id = put();
    this.push();
    this.settle();
    return this.answered.find((response) => response.id === id)!;
  }

  /** Saves the backend and goes on with another one over the same memory, as a restored snapshot does. */
  saveAndRestore(features: Partial<BlockFeatures> = {}): void {
    const saved: unknown = JSON.parse(JSON.stringify(this.backend.save()));
    this.backend.close();
    this.domain.forgetWork();
    this.backend = this.#newBackend(this.domain, features);
    this.backend.restore(saved);
  }
}

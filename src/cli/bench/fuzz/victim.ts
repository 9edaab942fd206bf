/** The neighbour that does nothing wrong: its devices must go on working, and its memory and disk stay as they are. */

import { SECTOR } from "../../../machine/disk/disk.ts";
import { MemoryDisk } from "../../../machine/disk/memory-disk.ts";
import type { Frame } from "../../../network/link.ts";
import { PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { BlockFront, NetworkFront } from "./fronts.ts";
import { FRAME, type Kernel } from "./kernel.ts";
import { Random } from "./random.ts";

/** Sectors of its disk, all written before it starts. */
export const DISK_SECTORS = 512;
const FRAME_BYTES = 60;
/** A domain id that is never given. */
const NOBODY = 0x6fff;
/** Where a page for the block device, one for frames out and one for frames in are. */
const BUFFER = { block: FRAME.buffers, out: FRAME.buffers + 1, in: FRAME.buffers + 2 } as const;

/** Every byte of its memory that is nobody's business, and of its disk, has a value that can be computed again. */
const canary = (at: number) => Math.imul(at + 1, 0x9e3779b1) >>> 0;

export function canaryDisk(): MemoryDisk {
  const words = Uint32Array.from({ length: (DISK_SECTORS * SECTOR) / 4 }, (_, at) => canary(at));
  return new MemoryDisk(DISK_SECTORS, new Uint8Array(words.buffer));
}

export class Victim {
  readonly kernel: Kernel;
  readonly #block: BlockFront;
  readonly #network: NetworkFront;
  readonly #reservedTop: number;
  readonly #arrived: () => Frame | undefined;
  readonly #send: (frame: Frame) => void;
  readonly #disk: MemoryDisk;
  #beats = 0;
  /** A port that waits for a domain there is not: nobody may bind to it. */
  #offered = 0;

  /**
   * @param home its path in xenstore
   * @param back id of the domain that serves its devices
   * @param arrived the last frame it sent that came out of its link, once
   * @param send    puts a frame into its link
   */
  constructor(
    kernel: Kernel,
    home: string,
    back: number,
    disk: MemoryDisk,
    link: { readonly arrived: () => Frame | undefined; readonly send: (frame: Frame) => void },
  ) {
    this.kernel = kernel;
    this.#reservedTop = kernel.place.reservedTop;
    this.#disk = disk;
    this.#arrived = link.arrived;
    this.#send = link.send;
    this.#block = new BlockFront(kernel, `${home}/device/vbd/51712`, back);
    this.#network = new NetworkFront(kernel, `${home}/device/vif/0`, back);
  }

  get beats(): number {
    return this.#beats;
  }

  get #canaries(): Uint32Array {
    const { bytes, memoryBytes } = this.kernel.processor;
    const from = FRAME.free * PAGE_SIZE;
    return new Uint32Array(bytes.buffer, bytes.byteOffset + from, (memoryBytes - this.#reservedTop - from) / 4);
  }

  /** Boots, and connects its devices. */
  start(): void {
    const { kernel } = this;
    kernel.turn(() => kernel.boot());
    kernel.turn(() => {
      this.#block.offer();
      this.#network.offer();
      this.#offered = kernel.port(NOBODY);
    });
    kernel.turn(() => {
      this.#block.connected();
      this.#network.post(BUFFER.in);
    });
    this.#canaries.forEach((_, at, words) => {
      words[at] = canary(at);
    });
  }

  /** Uses everything it has. @returns what did not work, or undefined */
  beat(): string | undefined {
    this.#beats += 1;
    const { kernel } = this;
    const sector = (this.#beats * 8) % DISK_SECTORS;
    const out = new Random(this.#beats).bytes(FRAME_BYTES);
    const back = new Random(~this.#beats).bytes(FRAME_BYTES);
    let before: readonly number[] = [];
    kernel.turn(() => {
      before = kernel.takeEvents();
      this.#bytes(BUFFER.block, PAGE_SIZE).fill(0);
      this.#block.request("read", sector, [BUFFER.block]);
      this.#bytes(BUFFER.out, FRAME_BYTES).set(out);
      this.#network.send(BUFFER.out, FRAME_BYTES);
    });
    this.#send({ bytes: back.slice(), checksum: "whole" });
    kernel.turn(() => {});
    if (before.includes(this.#offered)) return "an event came to a port that waits for nobody";
    return kernel.turn(() => this.#verify(sector, out, back));
  }

  #verify(sector: number, out: Uint8Array, back: Uint8Array): string | undefined {
    const { kernel } = this;
    const ports = kernel.takeEvents();
    if (!ports.includes(this.#block.port)) return "no event from its disk came";
    const responses = this.#block.responses();
    if (responses.length !== 1 || !responses[0]) return "its disk did not answer its one request with okay";
    const page = new Uint32Array(this.#bytes(BUFFER.block, PAGE_SIZE).slice().buffer);
    const first = (sector * SECTOR) / 4;
    if (!page.every((word, at) => word === canary(first + at))) return "its disk read something else than it holds";
    const sent = this.#arrived();
    if (!sent || !same(sent.bytes, out)) return "the frame it sent did not come out of its link";
    this.#network.tx.take(4);
    const [received, ...others] = this.#network.rx.take(8);
    if (!received || others.length > 0) return "the frame sent to it did not come";
    if (!same(this.#bytes(BUFFER.in, FRAME_BYTES), back)) return "the frame sent to it came as another";
    this.#network.post(BUFFER.in);
    const value = `beat ${this.#beats}`;
    if (kernel.store("WRITE", `data/beat\0${value}`) !== "OK") return "xenstored did not take what it wrote";
    if (kernel.store("READ", "data/beat\0") !== value) return "xenstored gave back something else than it wrote";
    return undefined;
  }

  /** @returns what has changed that was not its to change, or undefined */
  inspect(): string | undefined {
    const words = this.#canaries;
    const at = words.findIndex((word, index) => word !== canary(index));
    if (at >= 0) return `its memory changed at 0x${(FRAME.free * PAGE_SIZE + at * 4).toString(16)}`;
    if (!this.#disk.pristine) return "its disk was written";
    return undefined;
  }

  #bytes(frame: number, length: number): Uint8Array {
    return this.kernel.processor.bytes.subarray(frame * PAGE_SIZE, frame * PAGE_SIZE + length);
  }
}

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, at) => byte === b[at]);

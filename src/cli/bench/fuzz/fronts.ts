/** Drivers that do what the headers say: a block and a network frontend of the smallest kind. */
import { blkif, decodeResponse, OPERATION, STATUS } from "../../../xen/abi/blkif.ts";
import { PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { netif } from "../../../xen/abi/netif.ts";
import { needsNotify, type RingKind, ringSlots, SRING, slotOffset } from "../../../xen/abi/ring.ts";
import { XENBUS } from "../../../xen/abi/xenbus.ts";
import { FRAME, type Kernel } from "./kernel.ts";

/** The front half of a ring in one page. */
export class FrontRing {
  readonly frame: number;
  readonly capacity: number;
  readonly kind: RingKind;
  readonly #kernel: Kernel;
  produced = 0;
  consumed = 0;

  constructor(kernel: Kernel, kind: RingKind, frame: number) {
    this.#kernel = kernel;
    this.kind = kind;
    this.frame = frame;
    this.capacity = ringSlots(kind);
    this.reset();
  }

  /** SHARED_RING_INIT. */
  reset(): void {
    const { page } = this;
    page.fill(0);
    this.header.setUint32(SRING.req_event, 1, true);
    this.header.setUint32(SRING.rsp_event, 1, true);
    this.produced = 0;
    this.consumed = 0;
  }

  get page(): Uint8Array {
    return this.#kernel.processor.bytes.subarray(this.frame * PAGE_SIZE, (this.frame + 1) * PAGE_SIZE);
  }

  get header(): DataView {
    return new DataView(this.page.buffer, this.page.byteOffset, PAGE_SIZE);
  }

  /** Writes the next request. */
  put(bytes: Uint8Array): void {
    this.page.set(bytes, slotOffset(this.kind, this.capacity, this.produced));
    this.produced = (this.produced + 1) >>> 0;
  }

  /** Shows what was put. @returns true when the back wants to be notified */
  push(): boolean {
    const old = this.header.getUint32(SRING.req_prod, true);
    this.header.setUint32(SRING.req_prod, this.produced, true);
    return needsNotify(this.produced, this.header.getUint32(SRING.req_event, true), old);
  }

  /** Responses that have come, copied. */
  take(bytes: number): Uint8Array[] {
    const produced = this.header.getUint32(SRING.rsp_prod, true);
    const responses: Uint8Array[] = [];
    while (this.consumed !== produced && responses.length < this.capacity) {
      const at = slotOffset(this.kind, this.capacity, this.consumed);
      responses.push(this.page.slice(at, at + bytes));
      this.consumed = (this.consumed + 1) >>> 0;
    }
    this.header.setUint32(SRING.rsp_event, (this.consumed + 1) >>> 0, true);
    return responses;
  }
}

/** A device as the guest finds it in xenstore, and the steps of its handshake, each in a turn of its own. */
abstract class Front {
  readonly path: string;
  protected readonly kernel: Kernel;
  protected readonly back: number;

  constructor(kernel: Kernel, path: string, back: number) {
    this.kernel = kernel;
    this.path = path;
    this.back = back;
  }

  get state(): string | undefined {
    return this.kernel.store("READ", `${this.path}/state\0`);
  }

  get backState(): string | undefined {
    const backend = this.kernel.store("READ", `${this.path}/backend\0`);
    return this.kernel.store("READ", `${backend}/state\0`);
  }

  protected write(key: string, value: string | number): void {
    this.kernel.store("WRITE", `${this.path}/${key}\0${value}`);
  }
}

export class BlockFront extends Front {
  readonly ring: FrontRing;
  port = 0;
  #id = 0;

  constructor(kernel: Kernel, path: string, back: number) {
    super(kernel, path, back);
    this.ring = new FrontRing(kernel, "block", FRAME.rings);
  }

  /** Writes the ring and the channel: the backend connects at the end of the turn. */
  offer(): void {
    this.ring.reset();
    this.port = this.kernel.port(this.back);
    this.write("ring-ref", this.kernel.grant(this.ring.frame, this.back));
    this.write("event-channel", this.port);
    this.write("protocol", "x86_32-abi");
    this.write("state", XENBUS.initialised);
  }

  connected(): void {
    this.write("state", XENBUS.connected);
  }

  /** Asks for whole pages of the disk. */
  request(operation: "read" | "write", sector: number, frames: readonly number[]): void {
    const bytes = new Uint8Array(blkif.REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, OPERATION[operation]);
    view.setUint8(1, frames.length);
    view.setUint32(4, this.#id++, true);
    view.setUint32(12, sector, true);
    for (const [i, frame] of frames.entries()) {
      const at = 20 + i * blkif.SEGMENT_BYTES;
      view.setUint32(at, this.kernel.grant(frame, this.back, operation === "write"), true);
      view.setUint8(at + 5, blkif.PAGE_SECTORS - 1);
    }
    this.ring.put(bytes);
    if (this.ring.push()) this.kernel.send(this.port);
  }

  /** @returns true for each response that says okay */
  responses(): boolean[] {
    return this.ring.take(blkif.RESPONSE_BYTES).map((bytes) => decodeResponse(bytes).status === STATUS.okay);
  }
}

export class NetworkFront extends Front {
  readonly tx: FrontRing;
  readonly rx: FrontRing;
  port = 0;
  #id = 0;

  constructor(kernel: Kernel, path: string, back: number) {
    super(kernel, path, back);
    this.tx = new FrontRing(kernel, "tx", FRAME.rings + 1);
    this.rx = new FrontRing(kernel, "rx", FRAME.rings + 2);
  }

  offer(): void {
    for (const ring of [this.tx, this.rx]) ring.reset();
    this.port = this.kernel.port(this.back);
    this.write("tx-ring-ref", this.kernel.grant(this.tx.frame, this.back));
    this.write("rx-ring-ref", this.kernel.grant(this.rx.frame, this.back));
    this.write("event-channel", this.port);
    for (const feature of ["request-rx-copy", "feature-rx-notify", "feature-sg", "feature-gso-tcpv4"]) {
      this.write(feature, 1);
    }
    this.write("state", XENBUS.connected);
  }

  /** Posts a buffer to receive into. */
  post(frame: number): void {
    const bytes = new Uint8Array(netif.RX_REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, this.#id++ & 0xffff, true);
    view.setUint32(4, this.kernel.grant(frame, this.back), true);
    this.rx.put(bytes);
    if (this.rx.push()) this.kernel.send(this.port);
  }

  /** Sends a frame of `size` bytes that lies at the start of a page. */
  send(frame: number, size: number): void {
    const bytes = new Uint8Array(netif.TX_REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.kernel.grant(frame, this.back, true), true);
    view.setUint16(8, this.#id++ & 0xffff, true);
    view.setUint16(10, size, true);
    this.tx.put(bytes);
    if (this.tx.push()) this.kernel.send(this.port);
  }
}

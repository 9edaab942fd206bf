import type { Frame } from "../../../src/network/link.ts";
import { NetworkBackend, type NetworkFeatures } from "../../../src/xen/backends/network.ts";
import { Store } from "../../../src/xen/store/index.ts";
import type { Lan } from "../../network/fabric/lan.ts";
import { FrontRing, TestDomain } from "./front.ts";

export const FRONT = "/local/domain/1/device/vif/0";
export const BACK = "/local/domain/0/backend/vif/1/0";
const PAGE = 4096;

/** Flags of the two rings, from public/io/netif.h. */
export const TX = { blank: 1, validated: 2, more: 4, extra: 8 } as const;
export const RX = { validated: 1, blank: 2, more: 4, extra: 8 } as const;

export interface FrontOptions {
  readonly name?: string;
  readonly split?: boolean;
  /** Keys of the front beside its rings: its features. */
  readonly keys?: Readonly<Record<string, number>>;
  readonly features?: Partial<NetworkFeatures>;
  /** Receive buffers kept posted. */
  readonly buffers?: number;
}

const ALL_KEYS = {
  "request-rx-copy": 1,
  "feature-rx-notify": 1,
  "feature-sg": 1,
  "feature-gso-tcpv4": 1,
  "feature-gso-tcpv6": 1,
  "feature-ipv6-csum-offload": 1,
};

/** A fragment of a packet: part of a page, granted. */
export interface Fragment {
  readonly reference: number;
  readonly offset: number;
  readonly size: number;
}

/** A network frontend in a few lines, as netfront has it: slots for packets out, a page posted for each slot in. */
export class NetworkFront {
  readonly domain: TestDomain;
  readonly store = new Store(() => 0);
  readonly received: Frame[] = [];
  /** Status of each transmit response with a meaning, by id. */
  readonly sent = new Map<number, number[]>();
  nulls = 0;
  readonly errors: number[] = [];
  backend: NetworkBackend;
  tx!: FrontRing;
  rx!: FrontRing;
  txPort = 0;
  rxPort = 0;
  kicks = 0;
  readonly #lan: Lan;
  #port;
  readonly #options: Required<FrontOptions>;
  /** Page posted in each receive slot. */
  readonly #posted: { readonly id: number; readonly page: number }[] = [];
  readonly #freePages: number[] = [];
  readonly #txPages = new Map<number, number>();
  #nextId = 0;

  constructor(lan: Lan, options: FrontOptions = {}) {
    this.#options = { name: "domU", split: true, keys: ALL_KEYS, features: {}, buffers: 64, ...options };
    this.domain = new TestDomain(this.#options.name, 600);
    this.store.write(`${FRONT}/state`, "1");
    this.store.write(`${BACK}/state`, "1");
    this.#lan = lan;
    this.#port = lan.port(this.#options.name);
    this.backend = this.#newBackend();
  }

  #newBackend(): NetworkBackend {
    const description = { name: "eth0", handle: 0, mac: "02:00:00:00:00:01", frontPath: FRONT, backPath: BACK };
    return new NetworkBackend(this.domain, this.store, { ...description, port: this.#port }, this.#options.features);
  }

  connect(): void {
    this.tx = new FrontRing(this.domain, 12);
    this.rx = new FrontRing(this.domain, 8);
    this.txPort = this.domain.openPort();
    this.rxPort = this.#options.split ? this.domain.openPort() : this.txPort;
    const keys: Record<string, number> = {
      "tx-ring-ref": this.tx.references[0]!,
      "rx-ring-ref": this.rx.references[0]!,
      ...this.#options.keys,
    };
    if (this.#options.split) Object.assign(keys, { "event-channel-tx": this.txPort, "event-channel-rx": this.rxPort });
    else keys["event-channel"] = this.txPort;
    for (const [key, value] of Object.entries(keys)) this.store.write(`${FRONT}/${key}`, String(value));
    this.post(this.#options.buffers);
    this.state(4);
  }

  state(state: number): void {
    this.store.write(`${FRONT}/state`, String(state));
    this.domain.turnOver();
  }

  get backState(): string | undefined {
    return this.store.read(`${BACK}/state`);
  }

  /** Posts receive buffers. */
  post(count: number): void {
    for (let posted = 0; posted < count && this.rx.free > 0; posted++) {
      const id = this.rx.reqProdPvt & 255;
      const page = this.#freePages.pop() ?? this.domain.allocate();
      this.#posted[id] = { id, page };
      const request = new DataView(new ArrayBuffer(8));
      request.setUint16(0, id, true);
      request.setUint32(4, this.domain.grant(page), true);
      this.rx.put(new Uint8Array(request.buffer));
    }
    if (this.rx.push()) this.domain.send(this.rxPort);
  }

  /** Puts one slot into the transmit ring. */
  put(fragment: Fragment, flags: number, size = fragment.size): number {
    const id = this.#nextId++ & 0xffff;
    const request = new DataView(new ArrayBuffer(12));
    request.setUint32(0, fragment.reference, true);
    request.setUint16(4, fragment.offset, true);
    request.setUint16(6, flags, true);
    request.setUint16(8, id, true);
    request.setUint16(10, size, true);
    this.tx.put(new Uint8Array(request.buffer));
    return id;
  }

  putExtra(type: number, flags: number, size: number, gso: number): void {
    const extra = new DataView(new ArrayBuffer(12));
    extra.setUint8(0, type);
    extra.setUint8(1, flags);
    extra.setUint16(2, size, true);
    extra.setUint8(4, gso);
    this.tx.put(new Uint8Array(extra.buffer));
  }

  /** Bytes of a frame in pages of their own, each of `piece` bytes at `offset`. */
  fragments(bytes: Uint8Array, piece = PAGE, offset = 0): (Fragment & { readonly page: number })[] {
    const fragments = [];
    for (let at = 0; at < bytes.length; at += piece) {
      const page = this.#freePages.pop() ?? this.domain.allocate();
      const size = Math.min(piece, bytes.length - at);
      this.domain.pageBytes(page).set(bytes.subarray(at, at + size), offset);
      fragments.push({ page, reference: this.domain.grant(page, false), offset, size });
    }
    return fragments;
  }

  /** Puts a frame's slots into the ring, as xennet_start_xmit does. @returns false where they do not fit */
  send({ bytes, checksum, segmentation }: Frame, piece = PAGE, offset = 0): boolean {
    if (this.tx.free < Math.ceil(bytes.length / piece) + 1) return false;
    const [first, ...rest] = this.fragments(bytes, piece, offset);
    const more = (index: number) => (index < rest.length ? TX.more : 0);
    const blank = checksum === "partial" ? TX.blank | TX.validated : 0;
    const ids = [this.put(first!, blank | more(0) | (segmentation ? TX.extra : 0), bytes.length)];
    if (segmentation) this.putExtra(1, 0, segmentation.size, segmentation.kind === "tcp4" ? 1 : 2);
    for (const [index, fragment] of rest.entries()) ids.push(this.put(fragment, more(index + 1)));
    for (const [index, { page }] of [first!, ...rest].entries()) this.#txPages.set(ids[index]!, page);
    return true;
  }

  push(): void {
    if (!this.tx.push()) return;
    this.kicks++;
    this.domain.send(this.txPort);
  }

  /** The upcall of either ring, where one is pending. */
  interrupt(): boolean {
    const tx = this.domain.pending.delete(this.txPort);
    const rx = this.rxPort === this.txPort ? tx : this.domain.pending.delete(this.rxPort);
    if (tx) for (const response of this.tx.responses(4)) this.#transmitted(response);
    if (rx) this.#receive();
    return tx || rx;
  }

  #transmitted(bytes: Uint8Array): void {
    const response = new DataView(bytes.buffer);
    const status = response.getInt16(2, true);
    if (status === 1) {
      this.nulls++;
      return;
    }
    const id = response.getUint16(0, true);
    this.sent.set(id, [...(this.sent.get(id) ?? []), status]);
    const page = this.#txPages.get(id);
    if (page !== undefined) this.#freePages.push(page);
    this.#txPages.delete(id);
  }

  #receive(): void {
    let pieces: Uint8Array[] = [];
    let first = 0;
    let gso: { size: number; type: number } | undefined;
    let extraNext = false;
    let moreAfter = false;
    let count = 0;
    for (const bytes of this.rx.responses(8)) {
      const { id, page } = this.#posted[(this.rx.rspCons - 1) & 255]!;
      this.#freePages.push(page);
      count++;
      const response = new DataView(bytes.buffer);
      if (extraNext) {
        gso = { size: response.getUint16(2, true), type: response.getUint8(4) };
        extraNext = false;
      } else {
        if (response.getUint16(0, true) !== id) throw new Error("a receive response is not in its request's slot");
        const flags = response.getUint16(4, true);
        const status = response.getInt16(6, true);
        if (status < 0) {
          this.errors.push(status);
          continue;
        }
        const offset = response.getUint16(2, true);
        pieces.push(this.domain.pageBytes(page).slice(offset, offset + status));
        if (pieces.length === 1) {
          first = flags;
          extraNext = (flags & RX.extra) !== 0;
        }
        moreAfter = (flags & RX.more) !== 0;
      }
      if (extraNext || moreAfter) continue;
      this.received.push({
        bytes: new Uint8Array(Buffer.concat(pieces)),
        checksum: first & RX.blank ? "partial" : "whole",
        ...(gso && { segmentation: { kind: gso.type === 1 ? ("tcp4" as const) : ("tcp6" as const), size: gso.size } }),
      });
      pieces = [];
      gso = undefined;
    }
    if (pieces.length > 0) throw new Error("a packet was shown in part");
    this.post(count);
  }

  get settled(): boolean {
    return this.domain.idle;
  }

  saveAndRestore(): void {
    const saved: unknown = JSON.parse(JSON.stringify(this.backend.save()));
    this.backend.close();
    this.domain.forgetWork();
    this.#port.close();
    this.#port = this.#lan.port(this.#options.name);
    this.backend = this.#newBackend();
    this.backend.restore(saved);
  }
}

/** Everybody gets turns until all sleep. */
export function settle(...fronts: NetworkFront[]): void {
  for (let busy = true; busy; ) {
    busy = false;
    for (const front of fronts) {
      front.domain.turnOver();
      busy = front.interrupt() || busy;
    }
    busy ||= fronts.some((front) => !front.settled);
  }
}

/**
 * The back half of a shared ring (Xen public/io/ring.h): its private indices, its look at the front's, and the
 * accounts a probe reads. The front may have written anything; each shared value is read once and held against the
 * ring's size, and a front that jumps gets no more service, as from Linux's backends (RING_REQUEST_PROD_OVERFLOW).
 */
import type { Batch, NotifyCondition, RingCounters, RingIndex, RingSlot } from "../../probe/io/types.ts";
import {
  copyFromRing,
  distance,
  ENTRY,
  type GrantReader,
  needsNotify,
  PAGE,
  type RingKind,
  readSharedIndices,
  readSlots,
  ringSlots,
  SRING,
  sharedIndexList,
  slotOffset,
} from "../../probe/rings/layout/index.ts";
import type { FrontDomain, GrantMapping } from "./front-domain.ts";
import type { RingAccount } from "./ring-account.ts";

/** The two private indices, for a ring that goes on from a saved state. */
export interface PrivateIndices {
  readonly req_cons: number;
  readonly rsp_prod_pvt: number;
}

export class SharedRing {
  readonly kind: RingKind;
  readonly capacity: number;
  readonly references: readonly number[];
  /** Set once: what the front did that ended its service. */
  fault: string | undefined;
  readonly #account: RingAccount;
  readonly #pages: readonly GrantMapping[];
  /** `req_prod` as it was last read and found good. */
  #reqProd: number;
  #reqCons: number;
  #rspProdPvt: number;
  /** What the front has been shown. */
  #rspProd: number;
  /** Threshold the front was last given. */
  #reqEvent: number;
  #full = false;

  /**
   * Maps the pages. A new connection goes on where the last response stands in the page (BACK_RING_ATTACH): at zero in
   * a fresh ring, further on in one that another backend has served before.
   *
   * @param references of its pages in order, a power of two of them
   * @throws GrantError when one is not granted for writing; nothing stays mapped then
   */
  constructor(
    domain: FrontDomain,
    kind: RingKind,
    references: readonly number[],
    account: RingAccount,
    indices?: PrivateIndices,
  ) {
    this.kind = kind;
    this.references = references;
    this.capacity = ringSlots(kind, references.length);
    this.#account = account;
    this.#pages = mapAll(domain, references);
    const { rsp_prod, req_event } = readSharedIndices(this.#pages[0]!.bytes());
    this.#reqProd = this.#reqCons = indices?.req_cons ?? rsp_prod;
    this.#rspProdPvt = this.#rspProd = indices?.rsp_prod_pvt ?? rsp_prod;
    this.#reqEvent = req_event;
  }

  get indices(): PrivateIndices {
    return { req_cons: this.#reqCons, rsp_prod_pvt: this.#rspProdPvt };
  }

  /** Ends the service, once, with a sentence. */
  break(fault: string): void {
    this.fault ??= fault;
  }

  /** Reads `req_prod`. @returns requests that wait, 0 of a broken ring */
  look(): number {
    if (this.fault !== undefined) return 0;
    const reqProd = this.#header().getUint32(SRING.req_prod, true);
    const outstanding = distance(this.#rspProdPvt, reqProd);
    if (outstanding > this.capacity || distance(this.#reqCons, reqProd) > outstanding) {
      this.break(
        `req_prod jumped to ${reqProd}: ${outstanding} requests without a response, in a ring of ${this.capacity} slots`,
      );
      return 0;
    }
    if (reqProd !== this.#reqProd) {
      this.#account.looked(reqProd, this.#reqProd, this.#reqEvent);
      this.#reqProd = reqProd;
    }
    this.#notePushingBack();
    return distance(this.#reqCons, reqProd);
  }

  /** A copy of the next request, which {@link look} has counted. */
  request(): Uint8Array {
    const pages = this.#pages.map((page) => page.bytes());
    return copyFromRing(pages, this.requestAt(0), ENTRY[this.kind].request);
  }

  /** The whole of a one-page ring. Good for one use; each value in it is to be read once. */
  view(): DataView {
    const page = this.#pages[0]!.bytes();
    return new DataView(page.buffer, page.byteOffset, PAGE);
  }

  /** Offset in {@link view} of the request `ahead` of the next one to take, which {@link look} has counted. */
  requestAt(ahead: number): number {
    return slotOffset(this.kind, this.capacity, this.#reqCons + ahead);
  }

  /** Offset in {@link view} where the next response goes; the front sees it after {@link push}. */
  responseAt(): number {
    const at = slotOffset(this.kind, this.capacity, this.#rspProdPvt);
    this.#rspProdPvt = (this.#rspProdPvt + 1) >>> 0;
    return at;
  }

  /** Takes `count` requests that {@link look} has counted. */
  take(count: number): void {
    this.#reqCons = (this.#reqCons + count) >>> 0;
  }

  /** Writes a response into the next slot, which may lie across two pages; the front sees it after {@link push}. */
  respond(bytes: Uint8Array): void {
    let offset = this.responseAt();
    for (let done = 0; done < bytes.length; ) {
      const count = Math.min(bytes.length - done, PAGE - (offset % PAGE));
      const page = this.#pages[Math.floor(offset / PAGE)]!.bytes();
      page.set(bytes.subarray(done, done + count), offset % PAGE);
      done += count;
      offset += count;
    }
  }

  /**
   * RING_PUSH_RESPONSES_AND_CHECK_NOTIFY. The index before the push is the backend's own: what stands in the page the
   * front may have changed.
   *
   * @returns true when the front wants to be notified
   */
  push(): boolean {
    const next = this.#rspProdPvt;
    const old = this.#rspProd;
    if (next === old) return false;
    this.look();
    if (this.fault !== undefined) return false;
    const header = this.#header();
    header.setUint32(SRING.rsp_prod, next, true);
    for (const page of this.#pages) page.written();
    this.#rspProd = next;
    this.#full = false;
    const event = header.getUint32(SRING.rsp_event, true);
    const holds = needsNotify(next, event, old);
    this.#account.pushed(next, old, event, holds);
    return holds;
  }

  /**
   * RING_FINAL_CHECK_FOR_REQUESTS: asks to be notified when `wanted` requests wait, and looks once more.
   *
   * @returns true when they are there already
   */
  finalCheck(wanted = 1): boolean {
    if (this.fault !== undefined) return false;
    if (this.look() >= wanted) return true;
    this.#reqEvent = (this.#reqCons + wanted) >>> 0;
    this.#header().setUint32(SRING.req_event, this.#reqEvent, true);
    this.#pages[0]!.written();
    return this.look() >= wanted;
  }

  unmap(): void {
    for (const page of this.#pages) page.unmap();
  }

  /** What a probe reads of the ring itself; the front's private indices are not among it. */
  probe(grants: GrantReader): {
    pages: string[];
    indices: RingIndex[];
    notify: NotifyCondition[];
    slots: RingSlot[];
    counters: RingCounters;
    batches: readonly Batch[];
  } {
    const pages = this.#pages.map((page) => page.bytes());
    const addresses = this.#pages.map(({ address }) => address);
    const shared = readSharedIndices(pages[0]!);
    const { kind, capacity, indices: back } = this;
    const own = (name: keyof PrivateIndices): RingIndex => ({
      name,
      side: "back",
      shared: false,
      value: back[name],
      slot: back[name] % capacity,
      from: "the backend",
    });
    return {
      pages: addresses.map((address) => `pa:0x${address.toString(16)}`),
      indices: [...sharedIndexList(shared, capacity), own("req_cons"), own("rsp_prod_pvt")],
      slots: readSlots({ kind, pages, addresses, back }, grants),
      ...this.#account.probe(),
    };
  }

  /** The front has no slot left: counted once for each time until responses give it some. Free buffers are no work. */
  #notePushingBack(): void {
    const full = this.kind !== "rx" && distance(this.#rspProd, this.#reqProd) === this.capacity;
    if (full && !this.#full) this.#account.counters.full++;
    this.#full = full;
  }

  #header(): DataView {
    const page = this.#pages[0]!.bytes();
    return new DataView(page.buffer, page.byteOffset, SRING.ring);
  }
}

function mapAll(domain: FrontDomain, references: readonly number[]): GrantMapping[] {
  const pages: GrantMapping[] = [];
  try {
    for (const reference of references) pages.push(domain.mapGrant(reference, true));
  } catch (error) {
    for (const page of pages) page.unmap();
    throw error;
  }
  return pages;
}

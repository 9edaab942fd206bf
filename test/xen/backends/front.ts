import { GNTST } from "../../../src/xen/abi/grant-table.ts";
import {
  type Channel,
  ChannelError,
  type FrontDomain,
  GrantError,
  type GrantMapping,
  type GrantView,
} from "../../../src/xen/backends/front-domain.ts";

const PAGE = 4096;

interface GrantEntry {
  page: number;
  writable: boolean;
  granted: boolean;
  mapped: number;
}

/**
 * A frontend's domain as plain memory: pages, a grant table and event channels, with the clock and the turns in the
 * test's hand.
 */
export class TestDomain implements FrontDomain {
  readonly id = 1;
  readonly name: string;
  readonly backendId = 0;
  readonly memory: Uint8Array;
  readonly grants = new Map<number, GrantEntry>();
  readonly traced: string[] = [];
  /** Ports with an event for the front. */
  readonly pending = new Set<number>();
  tracing = false;
  #clock = 0;
  #work: (() => void)[] = [];
  #timers: { at: number; work: () => void }[] = [];
  readonly #ports = new Map<number, (() => void) | undefined>();
  #nextPage = 1;
  #nextReference = 8;
  #nextPort = 1;

  constructor(name = "domU", pages = 1024) {
    this.name = name;
    this.memory = new Uint8Array(pages * PAGE);
  }

  // What the front does.

  /** @returns the number of a fresh page, filled with zeros */
  allocate(): number {
    if ((this.#nextPage + 1) * PAGE > this.memory.length) throw new Error("the test ran out of pages");
    return this.#nextPage++;
  }

  pageBytes(page: number): Uint8Array {
    return this.memory.subarray(page * PAGE, (page + 1) * PAGE);
  }

  grant(page: number, writable = true): number {
    const reference = this.#nextReference++;
    this.grants.set(reference, { page, writable, granted: true, mapped: 0 });
    return reference;
  }

  revoke(reference: number): void {
    this.grants.get(reference)!.granted = false;
  }

  /** Grants mapped by the backend, in all. */
  get mapped(): number {
    return [...this.grants.values()].reduce((sum, { mapped }) => sum + mapped, 0);
  }

  openPort(): number {
    const port = this.#nextPort++;
    this.#ports.set(port, undefined);
    return port;
  }

  /** Ports that a backend is bound to. */
  get bound(): number {
    return [...this.#ports.values()].filter((handler) => handler !== undefined).length;
  }

  send(port: number): void {
    this.#ports.get(port)?.();
  }

  // What the host does.

  /** The guest's turn is over: work that was put off is done, and what that puts off in its turn. */
  turnOver(): void {
    for (let rounds = 0; this.#work.length > 0; rounds++) {
      if (rounds > 1000) throw new Error("the work that is put off never ends");
      const work = this.#work;
      this.#work = [];
      for (const each of work) each();
    }
  }

  get idle(): boolean {
    return this.#work.length === 0;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets time pass; timers that are due go off in order. */
  pass(milliseconds: number): void {
    const until = this.#clock + milliseconds;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#clock = Math.max(this.#clock, next.at);
      next.work();
      this.turnOver();
    }
    this.#clock = until;
  }

  /** What was put off is lost, as when a host ends. */
  forgetWork(): void {
    this.#work = [];
    this.#timers = [];
  }

  // FrontDomain.

  mapGrant(reference: number, writable: boolean): GrantMapping {
    const entry = this.#usable(reference, writable);
    entry.mapped++;
    const { page } = entry;
    let mapped = true;
    return {
      reference,
      address: page * PAGE,
      writable,
      bytes: () => {
        if (!mapped) throw new Error(`grant ${reference} is used after it was unmapped`);
        return this.pageBytes(page);
      },
      written: () => {
        if (!writable) throw new Error(`grant ${reference} is mapped read-only, and was written`);
      },
      unmap: () => {
        if (mapped) entry.mapped--;
        mapped = false;
      },
    };
  }

  copyFromGrant(reference: number, offset: number, into: Uint8Array): void {
    const { page } = this.#usable(reference, false);
    if (offset + into.length > PAGE) throw new GrantError(GNTST.bad_copy_arg, "crosses the page's end");
    into.set(this.pageBytes(page).subarray(offset, offset + into.length));
  }

  copyToGrant(reference: number, offset: number, from: Uint8Array): void {
    const { page } = this.#usable(reference, true);
    if (offset + from.length > PAGE) throw new GrantError(GNTST.bad_copy_arg, "crosses the page's end");
    this.pageBytes(page).set(from, offset);
  }

  viewGrant(reference: number): GrantView {
    const entry = this.grants.get(reference);
    if (!entry) return { status: "bad", address: undefined, readOnly: false };
    const status = entry.mapped > 0 ? "mapped" : entry.granted ? "granted" : "revoked";
    return { status, address: entry.page * PAGE, readOnly: !entry.writable };
  }

  page(address: number): Uint8Array | undefined {
    return address + PAGE <= this.memory.length ? this.pageBytes(address / PAGE) : undefined;
  }

  bind(port: number, _use: string, notified: () => void): Channel {
    if (!this.#ports.has(port) || this.#ports.get(port)) throw new ChannelError(`port ${port} cannot be bound`);
    this.#ports.set(port, notified);
    return {
      port,
      notify: () => this.pending.add(port),
      close: () => this.#ports.set(port, undefined),
    };
  }

  now(): number {
    return this.#clock;
  }

  later(work: () => void): void {
    this.#work.push(work);
  }

  after(delay: number, work: () => void): () => void {
    const timer = { at: this.#clock + delay, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  trace(kind: string, ring: string | undefined, detail: string): void {
    this.traced.push(`${kind} ${ring} ${detail}`);
  }

  #usable(reference: number, writable: boolean): GrantEntry {
    const entry = this.grants.get(reference);
    if (!entry?.granted) throw new GrantError(GNTST.bad_gntref, `grant ${reference} is not granted`);
    if (writable && !entry.writable) throw new GrantError(GNTST.general_error, `grant ${reference} is read-only`);
    return entry;
  }
}

/**
 * The front half of a shared ring as a driver has it, by the rules of public/io/ring.h and with nothing from the code
 * under test: RING_PUSH_REQUESTS_AND_CHECK_NOTIFY and RING_FINAL_CHECK_FOR_RESPONSES.
 */
export class FrontRing {
  readonly domain: TestDomain;
  readonly pages: readonly number[];
  readonly references: readonly number[];
  readonly capacity: number;
  readonly #entry: number;
  reqProdPvt = 0;
  rspCons = 0;

  constructor(domain: TestDomain, entryBytes: number, pages = 1) {
    this.domain = domain;
    this.pages = Array.from({ length: pages }, () => domain.allocate());
    this.references = this.pages.map((page) => domain.grant(page));
    this.#entry = entryBytes;
    this.capacity = 2 ** Math.floor(Math.log2((PAGE * pages - 64) / entryBytes));
    this.set(4, 1);
    this.set(12, 1);
  }

  get(offset: number): number {
    return this.#header().getUint32(offset, true);
  }

  set(offset: number, value: number): void {
    this.#header().setUint32(offset, value, true);
  }

  get free(): number {
    return this.capacity - ((this.reqProdPvt - this.rspCons) >>> 0);
  }

  put(request: Uint8Array): void {
    this.#copy(this.reqProdPvt, request, true);
    this.reqProdPvt = (this.reqProdPvt + 1) >>> 0;
  }

  /** @returns true when the back is to be notified */
  push(): boolean {
    const old = this.get(0);
    this.set(0, this.reqProdPvt);
    const event = this.get(4);
    return (this.reqProdPvt - event) >>> 0 < (this.reqProdPvt - old) >>> 0;
  }

  /** Takes the responses that are there and asks to be woken at the next one, looking once more. */
  *responses(bytes: number): Generator<Uint8Array> {
    for (;;) {
      while (this.rspCons !== this.get(8)) {
        const response = new Uint8Array(bytes);
        this.#copy(this.rspCons, response, false);
        this.rspCons = (this.rspCons + 1) >>> 0;
        yield response;
      }
      this.set(12, (this.rspCons + 1) >>> 0);
      if (this.rspCons === this.get(8)) return;
    }
  }

  #copy(index: number, bytes: Uint8Array, into: boolean): void {
    const start = 64 + (index & (this.capacity - 1)) * this.#entry;
    for (let at = 0; at < bytes.length; at++) {
      const page = this.domain.pageBytes(this.pages[Math.floor((start + at) / PAGE)]!);
      if (into) page[(start + at) % PAGE] = bytes[at]!;
      else bytes[at] = page[(start + at) % PAGE]!;
    }
  }

  #header(): DataView {
    return new DataView(this.domain.memory.buffer, this.pages[0]! * PAGE, 64);
  }
}

/**
 * The console page's two rings of bytes (Xen public/io/console.h, struct xencons_interface), each served byte by byte.
 * They have no thresholds: whoever has moved something notifies the other.
 */
import type { RingIndex, RingSlot } from "../../probe/io/types.ts";
import { distance } from "../../probe/rings/layout/index.ts";
import { CONSOLE } from "../abi/console.ts";
import type { Work } from "./pacer.ts";
import type { RingAccount } from "./ring-account.ts";

/** The page in the front's memory. */
export interface ConsolePage {
  /** Guest-physical. */
  readonly address: number;
  /** As it is now, or undefined where the guest has no memory there any more. Good for one use. */
  view(): DataView | undefined;
  /** To be called after {@link view} was written to. */
  written(): void;
}

/** Typed bytes kept for a guest that does not read its console. */
const MOST_TYPED = 64 << 10;

/** Where a ring lies in the page, and its indices. */
interface Place {
  readonly bytes: number;
  readonly at: number;
  readonly prod: "out_prod" | "in_prod";
  readonly cons: "out_cons" | "in_cons";
}
const OUT: Place = { bytes: CONSOLE.outBytes, at: CONSOLE.out, prod: "out_prod", cons: "out_cons" };
const IN: Place = { bytes: CONSOLE.inBytes, at: CONSOLE.in, prod: "in_prod", cons: "in_cons" };

/** What both rings report to and work on. */
export interface ConsoleContext {
  readonly page: ConsolePage;
  notify(): void;
}

/** Bytes from the guest. They stay in the ring until they are shown: one that is slow pushes back. */
export class ConsoleOut implements Work {
  readonly account: RingAccount;
  readonly #context: ConsoleContext;
  readonly #show: (bytes: Uint8Array) => void;
  #taken = 0;
  /** Read out of the ring, their place in it not yet given back. */
  #served: number[] = [];
  /** `out_prod` when it was last counted. */
  #seen: number | undefined;
  /** The guest has no room left, and that was counted. */
  #full = false;

  constructor(context: ConsoleContext, account: RingAccount, show: (bytes: Uint8Array) => void) {
    this.#context = context;
    this.account = account;
    this.#show = show;
  }

  get inService(): number {
    return this.#taken - this.#served.length;
  }

  take(): boolean {
    const view = this.#context.page.view();
    if (!view || this.#waiting(view) <= this.#taken) return false;
    this.#taken++;
    return true;
  }

  serve(): void {
    const view = this.#context.page.view();
    const cons = view?.getUint32(CONSOLE.out_cons, true) ?? 0;
    this.#served.push(view?.getUint8(OUT.at + ((cons + this.#served.length) % OUT.bytes)) ?? 0);
  }

  push(): boolean {
    const bytes = Uint8Array.from(this.#served);
    if (bytes.length === 0) return false;
    this.#served = [];
    this.#taken -= bytes.length;
    const view = this.#context.page.view();
    if (view) {
      this.#waiting(view);
      view.setUint32(CONSOLE.out_cons, view.getUint32(CONSOLE.out_cons, true) + bytes.length, true);
    }
    this.#full = false;
    this.#context.page.written();
    this.account.counters.bytes += bytes.length;
    this.account.counters.copied += bytes.length;
    this.account.shown(bytes.length, true);
    this.#context.notify();
    this.#show(bytes);
    return true;
  }

  rest(): boolean {
    return false;
  }

  slots(): { readonly indices: RingIndex[]; readonly slots: RingSlot[] } {
    return readPlace(this.#context.page, OUT, (index) => (index < this.inService ? "serving" : "requested"));
  }

  /** Bytes that were written and not given back; 0 where the indices cannot be, until they can again. */
  #waiting(view: DataView): number {
    const prod = view.getUint32(CONSOLE.out_prod, true);
    const waiting = distance(view.getUint32(CONSOLE.out_cons, true), prod);
    if (waiting > OUT.bytes) return 0;
    const found = Math.min(distance(this.#seen ?? prod - waiting, prod), waiting);
    if (found > 0) this.account.found(found);
    this.#seen = prod;
    if (waiting === OUT.bytes && !this.#full) this.account.counters.full++;
    this.#full = waiting === OUT.bytes;
    return waiting;
  }
}

/** Bytes to the guest: what is typed waits here until there is room. */
export class ConsoleIn implements Work {
  readonly account: RingAccount;
  readonly #context: ConsoleContext;
  /** Typed and not in the ring, those in service first. */
  #typed: number[] = [];
  #taken = 0;
  /** Written into the ring, not yet shown. */
  #served = 0;

  constructor(context: ConsoleContext, account: RingAccount) {
    this.#context = context;
    this.account = account;
  }

  /** What the guest does not read is kept, up to a limit; more is lost, as at a full terminal. */
  type(bytes: Uint8Array): void {
    this.#typed.push(...bytes.subarray(0, MOST_TYPED - this.#typed.length));
  }

  get typed(): readonly number[] {
    return this.#typed;
  }

  get inService(): number {
    return this.#taken;
  }

  take(): boolean {
    const view = this.#context.page.view();
    if (!view || this.#typed.length <= this.#taken) return false;
    const filled = distance(view.getUint32(CONSOLE.in_cons, true), view.getUint32(CONSOLE.in_prod, true));
    if (filled + this.#served + this.#taken >= IN.bytes) return false;
    this.#taken++;
    return true;
  }

  serve(): void {
    const view = this.#context.page.view();
    const at = (view?.getUint32(CONSOLE.in_prod, true) ?? 0) + this.#served;
    view?.setUint8(IN.at + (at % IN.bytes), this.#typed[this.#served]!);
    this.#served++;
    this.#taken--;
  }

  push(): boolean {
    const count = this.#served;
    if (count === 0) return false;
    this.#typed.splice(0, count);
    this.#served = 0;
    const view = this.#context.page.view();
    view?.setUint32(CONSOLE.in_prod, view.getUint32(CONSOLE.in_prod, true) + count, true);
    this.#context.page.written();
    this.account.counters.bytes += count;
    this.account.counters.copied += count;
    this.account.shown(count, true);
    this.#context.notify();
    return true;
  }

  rest(): boolean {
    return false;
  }

  slots(): { readonly indices: RingIndex[]; readonly slots: RingSlot[] } {
    return readPlace(this.#context.page, IN, () => "answered");
  }
}

/** A ring of bytes as a probe reads it; `stateOf` the bytes that stand between its indices, the oldest being 0. */
function readPlace(page: ConsolePage, place: Place, stateOf: (index: number) => RingSlot["state"]) {
  const view = page.view() ?? new DataView(new ArrayBuffer(4096));
  const cons = view.getUint32(CONSOLE[place.cons], true);
  const prod = view.getUint32(CONSOLE[place.prod], true);
  const waiting = distance(cons, prod);
  const index = (name: Place["prod"] | Place["cons"], value: number): RingIndex => ({
    name,
    side: name === "out_prod" || name === "in_cons" ? "front" : "back",
    shared: true,
    value,
    slot: value % place.bytes,
    from: `console page + 0x${CONSOLE[name].toString(16)}`,
  });
  const slots = Array.from({ length: place.bytes }, (_, slot): RingSlot => {
    const byte = view.getUint8(place.at + slot);
    const at = {
      slot,
      address: `pa:0x${(page.address + place.at + slot).toString(16)}`,
      bytes: byte.toString(16).padStart(2, "0"),
    };
    const behind = distance(cons, cons - (cons % place.bytes) + slot) % place.bytes;
    if (waiting > place.bytes || behind >= waiting) return { ...at, state: "free" };
    const character = { name: "character", value: JSON.stringify(String.fromCharCode(byte)) };
    const entry = { operation: "byte", fields: [character], pages: [] };
    const state = stateOf(behind);
    return { ...at, state, ...(state === "answered" ? { response: entry } : { request: entry }) };
  });
  return { indices: [index(place.prod, prod), index(place.cons, cons)], slots };
}

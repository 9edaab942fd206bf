import type { GuestAccess } from "../../machine/platform.ts";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/domains.ts";
import type { SharedPage } from "./shared-page.ts";

const NO_FRAMES: readonly number[] = [];

/** What a guest frame number stands for. */
const OWN = 0;
/** Given up (XENMEM_decrease_reservation): no memory. */
const NONE = 1;
/** Another domain's page, by a mapped grant. */
const FOREIGN = 2;

/**
 * One guest's physical memory by frames, as the hypervisor sees it. A frame the guest gave up reads as zeros to the
 * guest (an emulator cannot take memory away) and is refused everywhere here.
 */
export class GuestFrames {
  readonly access: GuestAccess;
  /** Frames there are at most, guest-physical memory divided by 4096. */
  readonly count: number;
  /** Turns the guest has had. */
  turns = 0;
  /** Of the guest's frames, those it shares; and the shared pages it has a copy of. */
  readonly shared = new Map<number, SharedPage>();
  readonly sharedPages = new Set<SharedPage>();
  /** Of these, those to be compared at its turns; the others are watched. */
  readonly restless = new Set<SharedPage>();
  /** Of these, those it maps more than once. */
  readonly aliased = new Set<SharedPage>();
  readonly #state: Uint8Array;
  readonly #watched = new Set<number>();
  #own: number;

  constructor(access: GuestAccess) {
    this.access = access;
    this.count = access.memoryBytes >>> PAGE_SHIFT;
    this.#state = new Uint8Array(this.count);
    this.#own = this.count;
  }

  /** Frames that are the guest's own memory now. */
  get own(): number {
    return this.#own;
  }

  /** True for the guest's own memory, the only kind it can grant or give up. */
  isOwn(gfn: number): boolean {
    return gfn < this.count && this.#state[gfn] === OWN;
  }

  /** True for memory of any kind. */
  isMemory(gfn: number): boolean {
    return gfn < this.count && this.#state[gfn] !== NONE;
  }

  /** True for memory the guest may write: all but other domains' pages that are mapped for reading. */
  isWritable(gfn: number): boolean {
    return this.isMemory(gfn) && (this.shared.get(gfn)?.isWritable(this, gfn) ?? true);
  }

  /** Frames whose next store is told. */
  get watched(): number {
    return this.#watched.size;
  }

  watch(gfns: readonly number[]): void {
    for (const gfn of gfns) this.#watched.add(gfn);
    this.access.watchStores(gfns.map((gfn) => gfn << PAGE_SHIFT));
  }

  unwatch(gfn: number): void {
    if (this.#watched.delete(gfn)) this.access.unwatchStores(gfn << PAGE_SHIFT);
  }

  /** Watched frames that were stored to since the last call. */
  takeStores(): readonly number[] {
    if (this.#watched.size === 0) return NO_FRAMES;
    return this.access.takeStores().map((page) => page >>> PAGE_SHIFT);
  }

  /** The frame's bytes as they lie in this guest's memory; see {@link page} for one that may be shared. */
  bytes(gfn: number): Uint8Array {
    return this.access.memory().subarray(gfn << PAGE_SHIFT, (gfn << PAGE_SHIFT) + PAGE_SIZE);
  }

  /** The frame's bytes as a processor would read them now. Good for one use. */
  page(gfn: number): Uint8Array {
    this.shared.get(gfn)?.refresh(this);
    return this.bytes(gfn);
  }

  /** To be called after {@link page}'s bytes were changed. */
  written(gfn: number): void {
    this.access.pageChanged(gfn << PAGE_SHIFT);
    this.shared.get(gfn)?.written(this, gfn);
  }

  /** The frame is given up: zeros, and no memory. Others that have it mapped keep it as it was. */
  giveUp(gfn: number): void {
    this.shared.get(gfn)?.remove(this, gfn);
    this.#become(gfn, NONE);
    this.clear(gfn);
  }

  populate(gfn: number): void {
    this.#become(gfn, OWN);
    this.clear(gfn);
  }

  /** The frame becomes a place for another domain's page. */
  makeForeign(gfn: number): void {
    this.shared.get(gfn)?.remove(this, gfn);
    this.#become(gfn, FOREIGN);
  }

  clear(gfn: number): void {
    this.bytes(gfn).fill(0);
    this.access.pageChanged(gfn << PAGE_SHIFT);
  }

  /** Runs of frames that are not the guest's own: first, how many, kind. */
  save(): readonly (readonly [gfn: number, count: number, state: number])[] {
    const runs: [number, number, number][] = [];
    for (let gfn = 0; gfn < this.count; gfn++) {
      const state = this.#state[gfn]!;
      const last = runs.at(-1);
      if (state === OWN) continue;
      if (last && last[0] + last[1] === gfn && last[2] === state) last[1]++;
      else runs.push([gfn, 1, state]);
    }
    return runs;
  }

  restore(runs: readonly (readonly [gfn: number, count: number, state: number])[]): void {
    this.#state.fill(OWN);
    for (const [gfn, count, state] of runs) this.#state.fill(state, gfn, gfn + count);
    this.#own = this.#state.reduce((own, state) => own + (state === OWN ? 1 : 0), 0);
  }

  #become(gfn: number, state: number): void {
    if (this.#state[gfn] === OWN) this.#own--;
    if (state === OWN) this.#own++;
    this.#state[gfn] = state;
  }
}

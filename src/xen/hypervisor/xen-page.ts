import { PAGE_SIZE } from "../abi/domains.ts";
import type { GuestFrames } from "./guest-frames.ts";

/**
 * A page of the hypervisor's own that a guest may place in its physical memory (XENMEM_add_to_physmap): shared_info, a
 * frame of the grant table. It is there before the guest places it, and keeps its content when it is placed elsewhere.
 */
export class XenPage {
  readonly #frames: GuestFrames;
  #kept: Uint8Array | undefined = new Uint8Array(PAGE_SIZE);
  #gfn: number | undefined;

  constructor(frames: GuestFrames) {
    this.#frames = frames;
  }

  /** Where the guest sees it; undefined before it placed it. */
  get gfn(): number | undefined {
    return this.#gfn;
  }

  /** The page as it is. Good for one use. */
  view(): DataView {
    if (this.#kept) return new DataView(this.#kept.buffer);
    const memory = this.#frames.access.memory();
    return new DataView(memory.buffer, memory.byteOffset + this.#gfn! * PAGE_SIZE, PAGE_SIZE);
  }

  /** To be called when {@link view} was written to. */
  written(): void {
    if (this.#gfn !== undefined) this.#frames.access.pageChanged(this.#gfn * PAGE_SIZE);
  }

  /** What was in that frame is gone; where the page was before, the guest finds zeros. */
  place(gfn: number): void {
    if (gfn === this.#gfn) return;
    this.withdraw();
    this.#frames.shared.get(gfn)?.remove(this.#frames, gfn);
    this.#frames.bytes(gfn).set(this.#kept!);
    this.#frames.access.pageChanged(gfn * PAGE_SIZE);
    this.#kept = undefined;
    this.#gfn = gfn;
  }

  /** Takes the page out of the guest's memory. */
  withdraw(): void {
    if (this.#gfn === undefined) return;
    this.#kept = this.#frames.bytes(this.#gfn).slice();
    this.#frames.clear(this.#gfn);
    this.#gfn = undefined;
  }

  /** As after power-on: unplaced, all zeros. */
  reset(): void {
    this.#gfn = undefined;
    this.#kept = new Uint8Array(PAGE_SIZE);
  }

  save(): { readonly gfn?: number; readonly kept?: readonly number[] } {
    return this.#gfn === undefined ? { kept: [...this.#kept!] } : { gfn: this.#gfn };
  }

  restore({ gfn, kept }: { readonly gfn?: number; readonly kept?: readonly number[] }): void {
    this.#gfn = gfn;
    this.#kept = gfn === undefined ? Uint8Array.from({ length: PAGE_SIZE }, (_, at) => kept?.[at] ?? 0) : undefined;
  }
}

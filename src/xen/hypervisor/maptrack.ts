import { PAGE_SHIFT } from "../abi/domains.ts";
import { GNTMAP, GNTST } from "../abi/grant-table.ts";
import type { Guest } from "./guest.ts";
import type { SharedPage } from "./shared-page.ts";

/** Mappings one domain may have at a time. Linux's backends keep a few hundred for a device. */
export const MOST_MAPPINGS = 16384;

/** A grant of another domain, mapped into this one. */
export interface Mapping {
  /** Undefined in a save point that was made after it had gone. */
  readonly granter: Guest | undefined;
  readonly reference: number;
  /** Frame in the granter's memory. */
  readonly frame: number;
  /** Where this domain sees it. */
  readonly gfn: number;
  readonly writable: boolean;
  /** Undefined, too, when the frame had got another use by then. */
  readonly page: SharedPage | undefined;
}

/**
 * The grants a guest has mapped, by the handles it was given (common/grant_table.c, maptrack). Handles are its own: a
 * guest cannot name another's mapping.
 */
export class MapTrack {
  readonly #mapper: Guest;
  readonly #mappings = new Map<number, Mapping>();
  readonly #free: number[] = [];
  #next = 0;

  constructor(mapper: Guest) {
    this.#mapper = mapper;
  }

  get mappings(): ReadonlyMap<number, Mapping> {
    return this.#mappings;
  }

  /**
   * GNTTABOP_map_grant_ref of one reference.
   *
   * @param address where it is to appear in guest-physical memory
   * @returns a handle, or a status of GNTST below zero
   */
  map(granter: Guest, reference: number, address: bigint, flags: number): number {
    const gfn = Number(address >> BigInt(PAGE_SHIFT));
    if (!(flags & (GNTMAP.host_map | GNTMAP.device_map))) return GNTST.bad_gntref;
    if (flags & (GNTMAP.device_map | GNTMAP.application_map | GNTMAP.contains_pte)) return GNTST.general_error;
    // A guest's own page cannot stand in its memory twice: both would have to be one page at every instruction.
    if (granter === this.#mapper) return GNTST.bad_domain;
    if (gfn >= this.#mapper.frames.count) return GNTST.bad_virt_addr;
    if (this.#mappings.size >= MOST_MAPPINGS) return GNTST.no_space;
    const writable = !(flags & GNTMAP.readonly);
    const frame = granter.grants.acquire(reference, this.#mapper.id, writable, true);
    if (frame < 0) return frame;
    if (this.#mapper.sharing.full(granter.frames, frame, this.#mapper.frames, writable)) {
      granter.grants.release(reference, writable);
      return GNTST.no_space;
    }
    this.#mapper.takeFrame(gfn);
    this.#mapper.frames.makeForeign(gfn);
    const page = this.#mapper.sharing.share(granter.frames, frame, this.#mapper.frames, gfn, writable);
    const handle = this.#free.pop() ?? this.#next++;
    this.#mappings.set(handle, { granter, reference, frame, gfn, writable, page });
    return handle;
  }

  /**
   * Ends a mapping. The frame it stood in holds nothing then.
   *
   * @param address where the guest says it is; 0 leaves it in place, as in Xen
   */
  unmap(handle: number, address: bigint): number {
    const mapping = this.#mappings.get(handle);
    if (!mapping) return GNTST.bad_handle;
    if (address === 0n) return GNTST.okay;
    const gfn = Number(address >> BigInt(PAGE_SHIFT));
    const { frames } = this.#mapper;
    if (gfn !== mapping.gfn || !this.#inPlace(mapping)) return GNTST.general_error;
    this.#end(handle, mapping);
    frames.giveUp(gfn);
    return GNTST.okay;
  }

  /** Ends everything: the domain is gone, its frames with it. */
  clear(): void {
    for (const [handle, mapping] of this.#mappings) this.#end(handle, mapping);
  }

  /** As before the guest booted. */
  reset(): void {
    this.clear();
    this.#free.length = 0;
    this.#next = 0;
  }

  save(pageNumber: (page: SharedPage) => number): unknown {
    const mappings = [...this.#mappings].map(([handle, { granter, page, ...rest }]) => {
      return {
        handle,
        ...(granter && !granter.gone && { granter: granter.id }),
        ...(page && page.copies.length > 0 && { page: pageNumber(page) }),
        ...rest,
      };
    });
    return { mappings, free: this.#free, next: this.#next };
  }

  /** The uses of grants are restored with the granters' tables; the pages' contents with the guests' memories. */
  restore(state: unknown, guestOf: (id: number) => Guest, pages: readonly SharedPage[]): void {
    const { mappings, free, next } = state as { mappings: SavedMapping[]; free: number[]; next: number };
    this.#mappings.clear();
    for (const { handle, granter, page, ...rest } of mappings) {
      this.#mappings.set(handle, {
        ...rest,
        granter: granter === undefined ? undefined : guestOf(granter),
        page: page === undefined ? undefined : pages[page],
      });
    }
    this.#free.splice(0, this.#free.length, ...free);
    this.#next = next;
  }

  #end(handle: number, mapping: Mapping): void {
    this.#mappings.delete(handle);
    this.#free.push(handle);
    if (this.#inPlace(mapping)) mapping.page?.remove(this.#mapper.frames, mapping.gfn);
    mapping.granter?.grants.release(mapping.reference, mapping.writable);
  }

  /** Is the mapped page still where it was put? The frame may have got another use since. */
  #inPlace({ page, gfn }: Mapping): boolean {
    return page !== undefined && this.#mapper.frames.shared.get(gfn) === page;
  }
}

interface SavedMapping extends Omit<Mapping, "granter" | "page"> {
  readonly handle: number;
  readonly granter?: number;
  readonly page?: number;
}

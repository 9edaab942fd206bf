import { PAGE_SIZE } from "../abi/domains.ts";
import { GNTST, GRANT_ENTRY, GRANTS_PER_FRAME, GTF } from "../abi/grant-table.ts";
import type { GuestFrames } from "./guest-frames.ts";
import { XenPage } from "./xen-page.ts";

/** Frames a table starts with and may grow to (Xen's INITIAL_NR_GRANT_FRAMES; a quarter of the platform device's region). */
export const LEAST_GRANT_FRAMES = 1;
export const MOST_GRANT_FRAMES = 32;

/** Uses of one reference at a time, for reading and for writing (common/grant_table.c, GNTPIN_*: eight bits each). */
const MOST_PINS = 255;

/** A reference in use. The entry's frame was read when the use began: what the guest writes later has no effect on it. */
interface ActiveGrant {
  readonly domain: number;
  readonly frame: number;
  readers: number;
  writers: number;
}

/** What an entry says, read once. */
export interface GrantEntry {
  readonly flags: number;
  readonly domain: number;
  readonly frame: number;
}

/**
 * One domain's grant table, version 1, from the side that grants: the entries lie in frames the guest writes; here is
 * who uses which of them.
 */
export class GrantTable {
  readonly #frames: GuestFrames;
  readonly #pages: XenPage[] = [];
  readonly #active = new Map<number, ActiveGrant>();
  /** Copies made through each reference's grants to other domains, by domain. */
  readonly copies = new Map<number, number>();

  constructor(frames: GuestFrames) {
    this.#frames = frames;
    this.grow(LEAST_GRANT_FRAMES);
  }

  get pages(): readonly XenPage[] {
    return this.#pages;
  }

  get entries(): number {
    return this.#pages.length * GRANTS_PER_FRAME;
  }

  /** References in use, with how often. */
  get active(): ReadonlyMap<number, Readonly<ActiveGrant>> {
    return this.#active;
  }

  /** @returns false when a table has no so many frames */
  grow(frames: number): boolean {
    if (frames > MOST_GRANT_FRAMES) return false;
    while (this.#pages.length < frames) this.#pages.push(new XenPage(this.#frames));
    return true;
  }

  /** @returns what stands in the entry, or undefined beyond the table's end */
  entry(reference: number): GrantEntry | undefined {
    const at = this.#locate(reference);
    if (!at) return undefined;
    const flags = at.view.getUint16(at.offset + GRANT_ENTRY.fields.flags[0], true);
    const domain = at.view.getUint16(at.offset + GRANT_ENTRY.fields.domid[0], true);
    return { flags, domain, frame: at.view.getUint32(at.offset + GRANT_ENTRY.fields.frame[0], true) };
  }

  /**
   * What a reference gives a domain now, without using it: enough for a copy, which is over before the guest or anybody
   * else could see it in use.
   *
   * @returns the granted frame, or a status of GNTST below zero
   */
  check(reference: number, by: number, writing: boolean): number {
    const entry = this.entry(reference);
    return entry ? this.#permitted(entry, this.#active.get(reference), by, writing, false) : GNTST.bad_gntref;
  }

  /**
   * Begins a use of a reference by a domain: checks the entry, marks it as being read or written, and counts.
   *
   * @returns the granted frame, or a status of GNTST below zero
   */
  acquire(reference: number, by: number, writing: boolean, mapping: boolean): number {
    const entry = this.entry(reference);
    if (!entry) return GNTST.bad_gntref;
    const active = this.#active.get(reference);
    const frame = this.#permitted(entry, active, by, writing, mapping);
    if (frame < 0) return frame;
    const use = active ?? { domain: by, frame, readers: 0, writers: 0 };
    if (writing) use.writers++;
    else use.readers++;
    this.#active.set(reference, use);
    this.#mark(reference, entry.flags | GTF.reading | (writing ? GTF.writing : 0));
    return frame;
  }

  #permitted(
    entry: GrantEntry,
    active: ActiveGrant | undefined,
    by: number,
    writing: boolean,
    mapping: boolean,
  ): number {
    if (active && (active.domain !== by || (writing ? active.writers : active.readers) >= MOST_PINS)) {
      return GNTST.general_error;
    }
    if (!active || (writing && active.writers === 0)) {
      const mask = mapping ? GTF.type_mask | GTF.sub_page : GTF.type_mask;
      const refused = !active && ((entry.flags & mask) !== GTF.permit_access || entry.domain !== by);
      if (refused || (writing && entry.flags & GTF.readonly)) return GNTST.general_error;
    }
    const frame = active?.frame ?? entry.frame;
    return this.#frames.isOwn(frame) ? frame : GNTST.bad_page;
  }

  /** Ends a use. The entry's marks go when it was the last of its kind. */
  release(reference: number, writing: boolean): void {
    const active = this.#active.get(reference);
    if (!active) return;
    if (writing) active.writers--;
    else active.readers--;
    const entry = this.entry(reference);
    const unused = active.readers + active.writers === 0;
    if (unused) this.#active.delete(reference);
    if (!entry || active.writers > 0) return;
    this.#mark(reference, entry.flags & ~(GTF.writing | (unused ? GTF.reading : 0)));
  }

  /** Exchanges two entries that nobody uses (GNTTABOP_swap_grant_ref). */
  swap(a: number, b: number): number {
    const left = this.#locate(a);
    const right = this.#locate(b);
    if (!left || !right) return GNTST.bad_gntref;
    if (this.#active.has(a) || this.#active.has(b)) return GNTST.eagain;
    const bytes = ({ view, offset }: { view: DataView; offset: number }) =>
      new Uint8Array(view.buffer, view.byteOffset + offset, GRANT_ENTRY.bytes);
    const kept = bytes(left).slice();
    bytes(left).set(bytes(right));
    bytes(right).set(kept);
    for (const reference of [a, b]) this.#pages[Math.floor(reference / GRANTS_PER_FRAME)]!.written();
    return GNTST.okay;
  }

  countCopy(by: number): void {
    this.copies.set(by, (this.copies.get(by) ?? 0) + 1);
  }

  /** As before the guest booted. Mappings of others must be gone or kept by their owners. */
  reset(): void {
    this.#pages.length = 0;
    this.#active.clear();
    this.grow(LEAST_GRANT_FRAMES);
  }

  /** @param host whose uses are left out: this program's backends begin them again */
  save(host: number): unknown {
    const active = [...this.#active].filter(([, { domain }]) => domain !== host);
    return {
      pages: this.#pages.map((page) => page.save()),
      active: active.map(([reference, use]) => [reference, { ...use }]),
      copies: [...this.copies],
    };
  }

  restore(state: unknown): void {
    const { pages, active, copies } = state as {
      pages: Parameters<XenPage["restore"]>[0][];
      active: [number, ActiveGrant][];
      copies: [number, number][];
    };
    this.#pages.length = 0;
    this.grow(pages.length);
    for (const [index, page] of pages.entries()) this.#pages[index]!.restore(page);
    this.#active.clear();
    for (const [reference, use] of active) this.#active.set(reference, { ...use });
    this.copies.clear();
    for (const [domain, count] of copies) this.copies.set(domain, count);
  }

  #locate(reference: number): { view: DataView; offset: number } | undefined {
    const page = this.#pages[Math.floor(reference / GRANTS_PER_FRAME)];
    return page && { view: page.view(), offset: (reference * GRANT_ENTRY.bytes) % PAGE_SIZE };
  }

  #mark(reference: number, flags: number): void {
    const { view, offset } = this.#locate(reference)!;
    view.setUint16(offset + GRANT_ENTRY.fields.flags[0], flags, true);
    this.#pages[Math.floor(reference / GRANTS_PER_FRAME)]!.written();
  }
}

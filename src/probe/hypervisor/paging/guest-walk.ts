import { type Hex, hex } from "../memory.ts";
import { CR0_PG, CR4_PAE, CR4_PSE, type Flag, flagsOf, frameOf, G, inFrame, P, PS, U, W } from "./entry.ts";
import type { Space } from "./space.ts";

/** One entry met on a walk, and where it was read. */
export interface EntryReading {
  readonly level: "PDPTE" | "PDE" | "PTE";
  /** Its number in its table. */
  readonly index: number;
  /** Where it is; the guest's own address is missing where its tables hold machine frames. */
  readonly gpa?: Hex;
  /** Missing where no memory is behind the guest's address; then there is no value either. */
  readonly ma?: Hex;
  readonly value?: Hex;
  readonly flags: readonly Flag[];
}

/** How a guest's tables are made: Intel SDM vol. 3A, 4.1.1 "Four paging modes". */
export type Paging = "off" | "32-bit" | "pae";

/** Bytes a page maps. */
export type PageSize = 4096 | 0x200000 | 0x400000;

/** A guest's own walk, as its processor would make it. */
export interface GuestWalk {
  readonly paging: Paging;
  readonly cr3: Hex;
  /** Where CR3 was read. */
  readonly cr3From: string;
  readonly steps: readonly EntryReading[];
  /** A bit that must be 0 is set in the last entry: the access faults although it is present. */
  readonly reserved: boolean;
  /** What it reached; undefined when an entry was not present, not there, or had such a bit. */
  readonly page: GuestPage | undefined;
}

export interface GuestPage {
  readonly size: PageSize;
  /** The address in the guest's tables' own terms: guest-physical, or machine where they hold machine frames. */
  readonly address: number;
  /** Rights of all levels together. */
  readonly writable: boolean;
  readonly user: boolean;
  readonly global: boolean;
  /** The leaf entry's. */
  readonly leaf: number;
  /** All levels have been used. */
  readonly accessed: boolean;
  readonly dirty: boolean;
}

export function pagingOf({ cr0, cr4 }: Space): Paging {
  if (!(cr0 & CR0_PG)) return "off";
  return cr4 & CR4_PAE ? "pae" : "32-bit";
}

/** Machine address of an address in the guest's tables' own terms. */
export function machineAddress(space: Space, address: number): number | undefined {
  const mfn = space.mfn(address >>> 12);
  if (mfn === undefined) return undefined;
  const at = inFrame(mfn, address);
  return at + 4 <= space.memory.size ? at : undefined;
}

/** Reads one entry of a guest's table at an address in the tables' own terms. */
export function readEntry(
  space: Space,
  level: EntryReading["level"],
  table: number,
  index: number,
  bytes = 4,
): EntryReading {
  const at = (table + index * bytes) >>> 0;
  const ma = machineAddress(space, at);
  const place = space.mode === "pv" ? {} : { gpa: hex(at) };
  if (ma === undefined) return { level, index, ...place, flags: [] };
  const value = space.memory.u32(ma);
  return { level, index, ...place, ma: hex(ma), value: hex(value), flags: flagsOf(value) };
}

/** An entry as a number; one that is not there is not present. */
export const entryValue = (entry: EntryReading) => (entry.value === undefined ? 0 : Number(entry.value));

/**
 * The page that entries lead to.
 *
 * @param frame address of its first byte
 * @param entries of all levels that grant rights, the leaf last
 */
export function guestPage(size: PageSize, frame: number, gva: number, entries: readonly number[]): GuestPage {
  const all = entries.reduce((a, b) => a & b);
  const leaf = entries.at(-1)!;
  return {
    size,
    address: (frame + (gva & (size - 1))) >>> 0,
    writable: (all & W) !== 0,
    user: (all & U) !== 0,
    global: (leaf & G) !== 0,
    leaf,
    accessed: (all & 0x20) !== 0,
    dirty: (leaf & 0x40) !== 0,
  };
}

/** Bits 21 to 13 of a 4 MB page's entry and 20 to 13 of a 2 MB page's (SDM vol. 3A, tables 4-4 and 4-9). */
const reservedBits = (size: 0x200000 | 0x400000) => (size === 0x400000 ? 0x003fe000 : 0x001fe000);

type Walked = Pick<GuestWalk, "steps" | "page" | "reserved">;

function largePage(steps: readonly EntryReading[], pde: number, gva: number, size: 0x200000 | 0x400000): Walked {
  const reserved = (pde & reservedBits(size)) !== 0;
  return { steps, reserved, page: reserved ? undefined : guestPage(size, pde & -size, gva, [pde]) };
}

function walk32(space: Space, gva: number): Walked {
  const steps = [readEntry(space, "PDE", space.cr3 & ~0xfff, gva >>> 22)];
  const pde = entryValue(steps[0]!);
  if (!(pde & P)) return { steps, reserved: false, page: undefined };
  if (pde & PS && space.cr4 & CR4_PSE) return largePage(steps, pde, gva, 0x400000);
  steps.push(readEntry(space, "PTE", pde & ~0xfff, (gva >>> 12) & 0x3ff));
  const pte = entryValue(steps[1]!);
  return { steps, reserved: false, page: pte & P ? guestPage(4096, pte & ~0xfff, gva, [pde, pte]) : undefined };
}

/** PAE: Intel SDM vol. 3A, 4.4. The upper halves of entries hold addresses no machine here has; they are not read. */
function walkPae(space: Space, gva: number): Walked {
  const steps = [readEntry(space, "PDPTE", space.cr3 & ~0x1f, gva >>> 30, 8)];
  const pdpte = entryValue(steps[0]!);
  if (!(pdpte & P)) return { steps, reserved: false, page: undefined };
  steps.push(readEntry(space, "PDE", pdpte & ~0xfff, (gva >>> 21) & 0x1ff, 8));
  const pde = entryValue(steps[1]!);
  if (!(pde & P)) return { steps, reserved: false, page: undefined };
  if (pde & PS) return largePage(steps, pde, gva, 0x200000);
  steps.push(readEntry(space, "PTE", pde & ~0xfff, (gva >>> 12) & 0x1ff, 8));
  const pte = entryValue(steps[2]!);
  return { steps, reserved: false, page: pte & P ? guestPage(4096, pte & ~0xfff, gva, [pde, pte]) : undefined };
}

/**
 * Walks a guest's own tables for one address, as its processor would, rights left to the caller.
 *
 * Intel SDM vol. 3A, 4.3 and 4.4. Reads only: accessed and dirty bits are left as they are.
 *
 * @param gva 32-bit guest-virtual address, bytes
 */
export function walkGuest(space: Space, gva: number): GuestWalk {
  const paging = pagingOf(space);
  const head = { paging, cr3: hex(space.cr3), cr3From: space.cr3From };
  if (paging === "off") {
    const flat = {
      size: 4096,
      address: gva,
      writable: true,
      user: true,
      global: false,
      leaf: 0,
      accessed: true,
      dirty: true,
    } as const;
    return { ...head, steps: [], reserved: false, page: flat };
  }
  return { ...head, ...(paging === "pae" ? walkPae(space, gva) : walk32(space, gva)) };
}

/** The frame number a page's address is in. */
export const pageFrame = (found: GuestPage) => frameOf(found.address);

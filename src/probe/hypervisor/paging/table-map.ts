import type { Mode } from "../domains.ts";
import type { Hypervisor } from "../hypervisor.ts";
import { type Hex, hex } from "../memory.ts";
import { CR4_PSE, type Flag, flagsOf, P, PS, U, W } from "./entry.ts";
import { entryValue, type GuestPage, guestPage, machineAddress, pagingOf, readEntry, walkGuest } from "./guest-walk.ts";
import { judge, type Mapping, type Verdict } from "./judge.ts";
import { domainSpace, type Space } from "./space.ts";

/** Both trees of a domain, slot by slot: what `paging.map` gives. */
export interface PageTableMap {
  readonly domain: number;
  readonly mode: Mode;
  readonly paging: "off" | "32-bit" | "pae";
  /** The guest's directory and the processor's. */
  readonly cr3: Hex;
  readonly root: Hex;
  /** Slots of the directory that were asked for, 4 MB each; those empty in both trees are left out. */
  readonly directory: readonly Slot[];
  /** The entries of those slots, 4 KB each, when at most {@link TABLES_AT_ONCE} slots were asked for. */
  readonly tables: readonly { readonly slot: number; readonly entries: readonly Slot[] }[];
}

/** More tables than this are told by their slots alone. */
export const TABLES_AT_ONCE = 4;

export interface Slot {
  /** Its number in its table, 0 to 1023. */
  readonly index: number;
  /** The first address it maps. */
  readonly gva: Hex;
  readonly guest: Cell;
  /** Undefined where the guest's own table is the processor's. */
  readonly shadow: Cell | undefined;
  /** For entries, the comparison of both walks; for slots, the worst of their entries. */
  readonly verdict: Verdict;
  readonly marks: readonly Mark[];
}

export interface Cell {
  /** Machine address of the entry; undefined where there is none. */
  readonly at: Hex | undefined;
  readonly value: Hex;
  readonly flags: readonly Flag[];
}

/** What is special about a slot, beside its flags. */
export type Mark = "large" | "table" | "write-protected" | "watched" | "not-dirty" | "unsync";

const EMPTY: Cell = { at: undefined, value: hex(0), flags: [] };

/** The worst first: a slot of the directory shows the worst of what is in it. */
const BY_WEIGHT: readonly Verdict["kind"][] = [
  "disagrees",
  "stale",
  "lazy",
  "agrees",
  "direct",
  "hypervisor",
  "absent",
];

/** A word of a table the processor walks; where no memory is, it finds nothing present. */
const wordAt = ({ memory }: Space, at: number) => (at + 4 <= memory.size ? memory.u32(at) : 0);

function cell(space: Space, at: number): Cell {
  const value = wordAt(space, at);
  return { at: hex(at), value: hex(value), flags: flagsOf(value) };
}

/** One entry of both trees as numbers: nothing is made of it before it is known to matter. */
interface Raw {
  readonly gva: number;
  /** Machine address and value of the guest's own entry; 0 where there is none. */
  readonly guestAt: number;
  readonly guest: number;
  readonly page: GuestPage | undefined;
  readonly shadowAt: number;
  readonly shadow: number;
  readonly mapping: Mapping | undefined;
}

type EntryReader = (index: number) => Raw;

/** Reads the guest's side of the entries of one slot. PAE, whose slots are of 2 MB, is walked address by address. */
function guestSide(
  space: Space,
  slot: number,
): (index: number, gva: number) => Pick<Raw, "guestAt" | "guest" | "page"> {
  const none = { guestAt: 0, guest: 0 };
  const walked = (gva: number) => walkGuest(space, gva);
  if (pagingOf(space) !== "32-bit") {
    return (_, gva) => {
      const { steps, page } = walked(gva);
      const pte = steps.find(({ level }) => level === "PTE");
      return pte?.ma === undefined ? { ...none, page } : { guestAt: Number(pte.ma), guest: entryValue(pte), page };
    };
  }
  const pde = entryValue(readEntry(space, "PDE", space.cr3 & ~0xfff, slot));
  if (!(pde & P)) return () => ({ ...none, page: undefined });
  if (pde & PS && space.cr4 & CR4_PSE) return (_, gva) => ({ ...none, page: walked(gva).page });
  const table = machineAddress(space, (pde & ~0xfff) >>> 0);
  if (table === undefined) return () => ({ ...none, page: undefined });
  return (index, gva) => {
    const guestAt = table + index * 4;
    const guest = wordAt(space, guestAt);
    return { guestAt, guest, page: guest & P ? guestPage(4096, guest & ~0xfff, gva, [pde, guest]) : undefined };
  };
}

/** Reads the entries of one slot of the directory. */
function entryReader(space: Space, slot: number): EntryReader {
  const side = space.hypervisor!;
  const guest = guestSide(space, slot);
  const pde = wordAt(space, ((side.root & ~0xfff) >>> 0) + slot * 4);
  const table = pde & P ? (pde & ~0xfff) >>> 0 : 0;
  return (index) => {
    const gva = ((slot << 22) | (index << 12)) >>> 0;
    const shadowAt = table === 0 ? 0 : table + index * 4;
    const shadow = shadowAt === 0 ? 0 : wordAt(space, shadowAt);
    const both = shadow & pde;
    const mapping = shadow & P ? { mfn: shadow >>> 12, writable: (both & W) !== 0, user: (both & U) !== 0 } : undefined;
    return { gva, ...guest(index, gva), shadowAt, shadow, mapping };
  };
}

/** What is known of a whole slot: its shadow is out of sync, or its entries exist at all. */
function slotState(space: Space, slot: number): { readonly tableShadowed: boolean; readonly unsync: boolean } {
  const side = space.hypervisor!;
  const root = side.shadowsByMfn.get(side.root >>> 12);
  const pde = wordAt(space, ((side.root & ~0xfff) >>> 0) + slot * 4);
  const leaf = side.shadowsByMfn.get(pde >>> 12);
  return { tableShadowed: (pde & P) !== 0, unsync: root?.unsync === true || leaf?.unsync === true };
}

function judgeRaw(space: Space, raw: Raw, state: ReturnType<typeof slotState>): Verdict {
  const side = space.hypervisor!;
  if (raw.gva >= side.hole) return { kind: "hypervisor", why: ["hypervisor-slot"] };
  if (space.mode !== "pv") return judge(space, side, raw.page, raw.mapping, state);
  if (!raw.page) return { kind: "absent", why: ["not-mapped"] };
  const own = side.mayUse(raw.page.address >>> 12, raw.page.writable);
  return own ? { kind: "direct", why: ["one-table"] } : { kind: "disagrees", why: ["foreign-frame"] };
}

function marksOf(space: Space, raw: Raw, unsync: boolean): readonly Mark[] {
  const { page } = raw;
  if (!page || raw.gva >= space.hypervisor!.hole) return unsync ? ["unsync"] : [];
  return [
    ...(unsync ? (["unsync"] as const) : []),
    ...(page.size > 4096 ? (["large"] as const) : []),
    ...pageMarks(space, page.address >>> 12),
    ...(space.mode !== "pv" && page.writable && !page.dirty ? (["not-dirty"] as const) : []),
  ];
}

const cellOf = (at: number, value: number): Cell =>
  at === 0 ? EMPTY : { at: hex(at), value: hex(value), flags: flagsOf(value) };

/** What the hypervisor knows of the frame a page is in: a page table of the guest's, its TSS or IDT. */
function pageMarks(space: Space, frame: number): readonly Mark[] {
  const side = space.hypervisor!;
  const type = space.mode === "pv" ? side.frame(frame).type : undefined;
  const table = type === "l1" || type === "l2" || (type === undefined && side.mirrored(frame) > 0);
  return [
    ...(table ? (["table", "write-protected"] as const) : []),
    ...(type === undefined && side.watched(frame) ? (["watched"] as const) : []),
  ];
}

/** The worst verdict there is in a slot, without making anything of the others. */
function worst(space: Space, slot: number): Verdict {
  const state = slotState(space, slot);
  const read = entryReader(space, slot);
  let found: Verdict = { kind: "absent", why: ["not-mapped"] };
  for (let index = 0; index < 1024; index++) {
    const verdict = judgeRaw(space, read(index), state);
    if (BY_WEIGHT.indexOf(verdict.kind) < BY_WEIGHT.indexOf(found.kind)) found = verdict;
  }
  return found;
}

/** Whether either tree has anything in a 4 MB slot; most slots have not, and are not looked into. */
function occupied(space: Space, slot: number): boolean {
  const side = space.hypervisor!;
  const gva = (slot << 22) >>> 0;
  const root = cell(space, (side.root & ~0xfff) + slot * 4);
  if (Number(root.value) !== 0) return true;
  const paging = pagingOf(space);
  if (paging === "off") return slot * 1024 < space.frames;
  if (paging === "32-bit") return entryValue(readEntry(space, "PDE", space.cr3 & ~0xfff, slot)) !== 0;
  return [0, 0x200000].some((half) =>
    walkGuest(space, gva + half).steps.some(
      ({ level, value }) => level === "PDE" && value !== undefined && Number(value) !== 0,
    ),
  );
}

/** The entries of a slot that hold something in either tree. */
function entriesOf(space: Space, slot: number): readonly Slot[] {
  const state = slotState(space, slot);
  const read = entryReader(space, slot);
  return Array.from({ length: 1024 }, (_, index) => ({ index, raw: read(index) }))
    .filter(({ raw }) => raw.guest !== 0 || raw.shadow !== 0 || raw.page !== undefined)
    .map(({ index, raw }) => ({
      index,
      gva: hex(raw.gva),
      guest: cellOf(raw.guestAt, raw.guest),
      shadow: space.mode === "pv" ? undefined : cellOf(raw.shadowAt, raw.shadow),
      verdict: judgeRaw(space, raw, state),
      marks: marksOf(space, raw, state.unsync),
    }));
}

function slotOf(space: Space, slot: number): Slot {
  const side = space.hypervisor!;
  const gva = (slot << 22) >>> 0;
  const step = walkGuest(space, gva).steps.find(({ level }) => level === "PDE");
  const guest = step?.value === undefined ? EMPTY : { at: step.ma, value: step.value, flags: step.flags };
  const shadow = space.mode === "pv" ? undefined : cell(space, ((side.root & ~0xfff) >>> 0) + slot * 4);
  const flags = Number(guest.value);
  const large = (flags & P) !== 0 && (flags & PS) !== 0 && (space.cr4 & CR4_PSE) !== 0;
  const table = shadow && side.shadowsByMfn.get(Number(shadow.value) >>> 12);
  return {
    index: slot,
    gva: hex(gva),
    guest,
    shadow,
    verdict: gva >= side.hole ? { kind: "hypervisor", why: ["hypervisor-slot"] } : worst(space, slot),
    marks: [...(large ? (["large"] as const) : []), ...(table?.unsync ? (["unsync"] as const) : [])],
  };
}

/**
 * Reads both trees of a domain (`paging.map`).
 *
 * @param from first slot of the directory, 0 to 1023
 * @param count slots, at least 1; their entries are given too when they are few
 */
export function pageTableMap(
  hv: Hypervisor,
  { domain, from, count }: { readonly domain: number; readonly from: number; readonly count: number },
): PageTableMap {
  if (!Number.isInteger(from) || !Number.isInteger(count) || from < 0 || count < 1 || from + count > 1024) {
    throw new RangeError(`A directory has the slots 0 to 1023; ${count} from ${from} are not all among them.`);
  }
  const space = domainSpace(hv, domain);
  const slots = Array.from({ length: count }, (_, offset) => from + offset).filter((slot) => occupied(space, slot));
  return {
    domain,
    mode: space.mode,
    paging: pagingOf(space),
    cr3: hex(space.cr3),
    root: hex(space.hypervisor!.root),
    directory: slots.map((slot) => slotOf(space, slot)),
    tables: count <= TABLES_AT_ONCE ? slots.map((slot) => ({ slot, entries: entriesOf(space, slot) })) : [],
  };
}

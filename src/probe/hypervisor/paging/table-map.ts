import type { Mode } from "../domains.ts";
import type { Hypervisor } from "../hypervisor.ts";
import { type Hex, hex } from "../memory.ts";
import { CR4_PSE, type Flag, flagsOf, P, PS } from "./entry.ts";
import { entryValue, pagingOf, readEntry, walkGuest } from "./guest-walk.ts";
import { judge, type Verdict } from "./judge.ts";
import { walkShadow } from "./shadow-walk.ts";
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

function cell(space: Space, at: number): Cell {
  const value = at + 4 <= space.memory.size ? space.memory.u32(at) : 0;
  return { at: hex(at), value: hex(value), flags: flagsOf(value) };
}

/** The guest's entry that decides about a page, at the asked level. PAE tables are seen through their own walk. */
function guestCell(space: Space, gva: number, level: "PDE" | "PTE"): Cell {
  const step = walkGuest(space, gva)
    .steps.filter((entry) => entry.level === level)
    .at(-1);
  return step?.value === undefined ? EMPTY : { at: step.ma, value: step.value, flags: step.flags };
}

function shadowCell(space: Space, gva: number, level: "PDE" | "PTE"): Cell | undefined {
  if (space.mode === "pv") return undefined;
  const step = walkShadow(space, gva)?.steps.find((entry) => entry.level === level);
  return step?.value === undefined ? EMPTY : { at: step.ma, value: step.value, flags: step.flags };
}

function entryVerdict(space: Space, gva: number): { verdict: Verdict; marks: readonly Mark[] } {
  const side = space.hypervisor!;
  const { page } = walkGuest(space, gva);
  const walked = walkShadow(space, gva)!;
  const unsync = walked.pages.some((shadow) => shadow?.unsync);
  const marks: Mark[] = unsync ? ["unsync"] : [];
  if (page && page.size > 4096) marks.push("large");
  if (gva >>> 0 >= side.hole) return { verdict: { kind: "hypervisor", why: ["hypervisor-slot"] }, marks };
  if (page) marks.push(...pageMarks(space, page.address >>> 12));
  if (space.mode === "pv") {
    const kind = page ? (side.mayUse(page.address >>> 12, page.writable) ? "direct" : "disagrees") : "absent";
    return {
      verdict: { kind, why: page ? (kind === "direct" ? ["one-table"] : ["foreign-frame"]) : ["not-mapped"] },
      marks,
    };
  }
  const mapping = walked.page && { ...walked.page, mfn: walked.page.ma >>> 12 };
  const verdict = judge(space, side, page, mapping, { tableShadowed: walked.steps.length > 1, unsync });
  if (page?.writable && !page.dirty) marks.push("not-dirty");
  return { verdict, marks };
}

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

function entryAt(space: Space, slot: number, index: number): Slot {
  const gva = ((slot << 22) | (index << 12)) >>> 0;
  return {
    index,
    gva: hex(gva),
    guest: guestCell(space, gva, "PTE"),
    shadow: shadowCell(space, gva, "PTE"),
    ...entryVerdict(space, gva),
  };
}

const isEmpty = ({ guest, shadow, verdict }: Slot) =>
  verdict.kind === "absent" && Number(guest.value) === 0 && Number(shadow?.value ?? 0) === 0;

function worst(entries: readonly Slot[], present: boolean): Verdict {
  const kinds = entries.map(({ verdict }) => verdict.kind);
  const kind = BY_WEIGHT.find((candidate) => kinds.includes(candidate));
  const found = entries.find(({ verdict }) => verdict.kind === kind)?.verdict;
  return found ?? { kind: "absent", why: present ? [] : ["not-mapped"] };
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

function entriesOf(space: Space, slot: number): readonly Slot[] {
  return Array.from({ length: 1024 }, (_, index) => entryAt(space, slot, index)).filter((entry) => !isEmpty(entry));
}

function slotOf(space: Space, slot: number, entries: readonly Slot[]): Slot {
  const side = space.hypervisor!;
  const gva = (slot << 22) >>> 0;
  const guest = guestCell(space, gva, "PDE");
  const shadow = space.mode === "pv" ? undefined : cell(space, ((side.root & ~0xfff) >>> 0) + slot * 4);
  const flags = Number(guest.value);
  const large = (flags & P) !== 0 && (flags & PS) !== 0 && (space.cr4 & CR4_PSE) !== 0;
  const table = shadow && side.shadowsByMfn.get(Number(shadow.value) >>> 12);
  return {
    index: slot,
    gva: hex(gva),
    guest,
    shadow,
    verdict: gva >= side.hole ? { kind: "hypervisor", why: ["hypervisor-slot"] } : worst(entries, (flags & P) !== 0),
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
  const looked = slots.map((slot) => ({ slot, entries: entriesOf(space, slot) }));
  return {
    domain,
    mode: space.mode,
    paging: pagingOf(space),
    cr3: hex(space.cr3),
    root: hex(space.hypervisor!.root),
    directory: looked.map(({ slot, entries }) => slotOf(space, slot, entries)),
    tables: count <= TABLES_AT_ONCE ? looked : [],
  };
}

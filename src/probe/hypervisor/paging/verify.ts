import { type Hypervisor, structures } from "../hypervisor.ts";
import { enumerator } from "../layout.ts";
import { type Hex, hex } from "../memory.ts";
import { A, CR0_PG, CR4_PSE, D, frameOf, P, PS, U, W } from "./entry.ts";
import type { GuestPage } from "./guest-walk.ts";
import { compose, excess, type Reason } from "./judge.ts";
import { domainSpace, type HypervisorSide, type ShadowPage, type Space, shadowPages } from "./space.ts";

/** What the hypervisor says of itself, and what recomposing every shadow here says: `hv.verify`. */
export interface Verification {
  /** The hypervisor's own verifier (verify.c). */
  readonly own: {
    readonly running: boolean;
    /** Entries checked so far, modulo 2^32. */
    readonly entries: number;
    readonly faults: number;
    /** The first fault; undefined while there is none. */
    readonly first: OwnFault | undefined;
  };
  /** The same question asked from outside, in other code. */
  readonly recomposed: {
    /** Present entries compared. */
    readonly entries: number;
    readonly tables: number;
    readonly faults: number;
    /** The first of them. */
    readonly found: readonly EntryFault[];
  };
}

/** What it is depends on the kind (abi/trace.h, enum fault). */
export interface OwnFault {
  readonly kind: string;
  readonly words: string;
  readonly where: Hex;
  readonly have: Hex;
  readonly want: Hex;
}

export interface EntryFault {
  readonly domain: number;
  readonly table: string;
  readonly gfn: number;
  readonly slot: number;
  /** Machine address of the entry. */
  readonly at: Hex;
  readonly value: Hex;
  readonly why: readonly Reason[];
}

/** Faults listed; all are counted. */
const LISTED = 32;

type Report = (shadow: ShadowPage, slot: number, value: number, why: readonly Reason[]) => void;

const ALL = P | W | U | A | D;

/**
 * The guest's entry an entry of a shadow stands for: as it is; as it was, where `copy` keeps that (a table out of sync,
 * what a virtual TLB's walk found); or, without paging, a 4 MB page that maps itself.
 */
function guestEntry(space: Space, shadow: ShadowPage, slot: number): number {
  if (shadow.kind === "identity") return (slot << 22) | PS | ALL;
  const mfn = space.mfn(shadow.gfn);
  const table = shadow.copy !== 0 ? shadow.copy : mfn === undefined ? undefined : mfn << 12;
  return table === undefined ? 0 : space.memory.u32(table + slot * 4);
}

/** The page a single guest entry maps, rights of that entry alone. */
function pageOf(entry: number, frame: number, size: 4096 | 0x400000): GuestPage {
  return {
    size,
    address: (frame << 12) >>> 0,
    writable: (entry & W) !== 0,
    user: (entry & U) !== 0,
    global: false,
    leaf: entry,
    accessed: (entry & A) !== 0,
    dirty: (entry & D) !== 0,
  };
}

/** An L1 made from a table or from a 4 MB page: entry by entry, what the guest's entry and p2m allow. */
function leafFaults(
  space: Space,
  side: HypervisorSide,
  shadow: ShadowPage,
  slot: number,
  value: number,
): readonly Reason[] {
  const mapping = { mfn: frameOf(value), writable: (value & W) !== 0, user: (value & U) !== 0 };
  if (!side.mayUse(mapping.mfn, mapping.writable)) return ["foreign-frame"];
  // A large page's entries are compared where a directory entry gives them their rights.
  if (shadow.kind === "large") return [];
  const entry = guestEntry(space, shadow, slot);
  if (!(entry & P)) return ["not-in-guest"];
  if (!(entry & A)) return ["not-accessed"];
  return excess(compose(space, side, pageOf(entry, frameOf(entry), 4096)), mapping);
}

/** An entry of a shadow directory: it must lead to the shadow of the table, or of the 4 MB page, the guest names. */
function directoryFaults(
  space: Space,
  side: HypervisorSide,
  shadow: ShadowPage,
  slot: number,
  value: number,
): readonly Reason[] {
  if ((slot << 22) >>> 0 >= side.hole) return [];
  const entry = guestEntry(space, shadow, slot);
  const target = side.shadowsByMfn.get(frameOf(value));
  if (!target || target.domain !== shadow.domain) return ["foreign-frame"];
  if (shadow.kind === "vtlb_l2") return target.kind === "vtlb_l1" && target.gfn === slot ? [] : ["other-frame"];
  if (!(entry & P)) return ["not-in-guest"];
  const large = (entry & PS) !== 0 && (shadow.kind === "identity" || (space.cr4 & CR4_PSE) !== 0);
  const expected = large ? "large" : "l1";
  const gfn = large ? frameOf(entry & 0xffc00000) : frameOf(entry);
  return [
    ...(target.kind !== expected || target.gfn !== gfn ? (["other-frame"] as const) : []),
    ...(entry & A ? [] : (["not-accessed"] as const)),
    ...(value & W && !(entry & W) ? (["too-writable"] as const) : []),
    ...(value & U && !(entry & U) ? (["too-user"] as const) : []),
    ...(large ? largeFaults(space, side, target, entry, value) : []),
  ];
}

/** A 4 MB page's shadow: 1024 entries, all made from the one directory entry. */
function largeFaults(
  space: Space,
  side: HypervisorSide,
  large: ShadowPage,
  entry: number,
  directory: number,
): readonly Reason[] {
  const found = new Set<Reason>();
  for (let slot = 0; slot < 1024; slot++) {
    const value = space.memory.u32((large.mfn << 12) + slot * 4);
    if (!(value & P)) continue;
    const both = value & directory;
    const mapping = { mfn: frameOf(value), writable: (both & W) !== 0, user: (both & U) !== 0 };
    const page = pageOf(entry, frameOf(entry & 0xffc00000) + slot, 0x400000);
    for (const reason of excess(compose(space, side, page), mapping)) found.add(reason);
  }
  return [...found];
}

/** A paravirtual domain's own table: every frame in it its own or granted, and no table writable. */
function directFaults(side: HypervisorSide, value: number, level: "l1" | "l2", slot: number): readonly Reason[] {
  if (level === "l2" && (slot << 22) >>> 0 >= side.hole) return [];
  const mfn = frameOf(value);
  const { type } = side.frame(mfn);
  if (!side.mayUse(mfn, level === "l1" && (value & W) !== 0)) return ["foreign-frame"];
  if (level === "l2") return type === "l1" ? [] : ["other-frame"];
  return value & W && (type === "l1" || type === "l2") ? ["too-writable"] : [];
}

/** Goes over every present entry of a table; returns how many there are. */
function overEntries(space: Space, table: number, each: (slot: number, value: number) => void): number {
  let present = 0;
  for (let slot = 0; slot < 1024; slot++) {
    const value = space.memory.u32(table + slot * 4);
    if (!(value & P)) continue;
    present++;
    each(slot, value);
  }
  return present;
}

const NO_SHADOW = { index: -1, kind: "none", unsync: false, gfn: 0, refs: 0, mfn: 0, copy: 0, flood: 0 };

const DIRECTORIES: ReadonlySet<string> = new Set(["l2", "vtlb_l2", "identity"]);

/** What CR3 holds while the domain runs must be the shadow of the directory the domain believes it holds. */
function rootFaults(space: Space, side: HypervisorSide): readonly Reason[] {
  const root = side.shadowsByMfn.get(frameOf(side.root));
  const kind = (space.cr0 & CR0_PG) === 0 ? "identity" : space.mode === "vtlb" ? "vtlb_l2" : "l2";
  if (root?.kind !== kind || root.domain !== space.domain) return ["wrong-root"];
  return kind === "l2" && root.gfn !== frameOf(space.cr3) ? ["wrong-root"] : [];
}

/** A table granted to another domain for writing changes unseen: verify.c leaves it out too. */
function writableElsewhere(space: Space, side: HypervisorSide, shadow: ShadowPage): boolean {
  const mfn = shadow.kind === "l1" || shadow.kind === "l2" ? space.mfn(shadow.gfn) : undefined;
  return mfn !== undefined && side.frame(mfn).typeCount !== 0;
}

function verifyShadows(space: Space, side: HypervisorSide, pages: readonly ShadowPage[], report: Report): number {
  const wrong = rootFaults(space, side);
  const root = side.shadowsByMfn.get(frameOf(side.root));
  if (wrong.length > 0) report({ ...(root ?? NO_SHADOW), domain: space.domain! }, 0, side.root, wrong);
  let entries = 0;
  for (const shadow of pages) {
    if (writableElsewhere(space, side, shadow)) continue;
    const faults = DIRECTORIES.has(shadow.kind) ? directoryFaults : leafFaults;
    entries += overEntries(space, shadow.mfn << 12, (slot, value) => {
      const why = faults(space, side, shadow, slot, value);
      if (why.length > 0) report(shadow, slot, value, why);
    });
  }
  return entries;
}

function verifyDirect(
  hv: Hypervisor,
  space: Space,
  side: HypervisorSide,
  report: Report,
): { entries: number; tables: number } {
  let [entries, tables] = [0, 0];
  for (let mfn = 0; mfn < hv.info.number("nr_frames"); mfn++) {
    const { type, owner, gfn } = side.frame(mfn);
    if (owner !== space.domain || (type !== "l1" && type !== "l2")) continue;
    tables++;
    const table: ShadowPage = {
      index: -1,
      kind: type,
      domain: owner!,
      unsync: false,
      gfn,
      refs: 0,
      mfn,
      copy: 0,
      flood: 0,
    };
    entries += overEntries(space, mfn << 12, (slot, value) => {
      const why = directFaults(side, value, type, slot);
      if (why.length > 0) report(table, slot, value, why);
    });
  }
  return { entries, tables };
}

/** Recomposes every present shadow entry of every living domain from its guest's tables and p2m. */
function recompose(hv: Hypervisor): Verification["recomposed"] {
  const found: EntryFault[] = [];
  const sum = { entries: 0, tables: 0, faults: 0 };
  const report: Report = (shadow, slot, value, why) => {
    sum.faults++;
    if (found.length >= LISTED) return;
    const at = hex((shadow.mfn << 12) + slot * 4);
    found.push({ domain: shadow.domain, table: shadow.kind, gfn: shadow.gfn, slot, at, value: hex(value), why });
  };
  const pages = shadowPages(hv);
  for (const domain of structures(hv, "domains", "nr_domains", "domain")) {
    const id = domain.number("id");
    if (enumerator(hv.layout, "run_state", domain.number("state")).name === "RUN_DEAD") continue;
    const space = domainSpace(hv, id);
    const side = space.hypervisor!;
    const own = pages.filter((shadow) => shadow.domain === id);
    if (space.mode === "pv") {
      const { entries, tables } = verifyDirect(hv, space, side, report);
      sum.entries += entries;
      sum.tables += tables;
    } else {
      sum.entries += verifyShadows(space, side, own, report);
      sum.tables += own.length;
    }
  }
  return { ...sum, found };
}

/** Reads the hypervisor's own counters and checks the same from outside (`hv.verify`). */
export function verify(hv: Hypervisor): Verification {
  const { info } = hv;
  const faults = info.number("verify_faults");
  const { name: kind, words = kind } = enumerator(hv.layout, "fault", info.number("fault_kind"));
  const first = {
    kind,
    words,
    where: hex(info.number("fault_where")),
    have: hex(info.number("fault_have")),
    want: hex(info.number("fault_want")),
  };
  const own = {
    running: info.number("verify") !== 0,
    entries: info.number("verify_entries"),
    faults,
    first: faults > 0 ? first : undefined,
  };
  return { own, recomposed: recompose(hv) };
}

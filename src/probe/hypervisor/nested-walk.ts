import type { Hypervisor } from "./hypervisor.ts";
import { type Hex, hex } from "./memory.ts";
import { inFrame } from "./paging/entry.ts";
import { type GuestWalk, walkGuest } from "./paging/guest-walk.ts";
import { domainSpace, type Space } from "./paging/space.ts";

/**
 * What a processor with nested paging (EPT, NPT) would read for one TLB miss: Intel SDM vol. 3C, 29.3.2 "EPT
 * translation mechanism". The processor here has none: the walk is computed. With two levels the guest's entries are
 * the real ones; the nested tables, and with four levels the guest's too, are made up here from the mappings there are,
 * in frames above all that exist.
 */
export interface NestedWalk {
  readonly computed: true;
  readonly domain: number;
  readonly gva: Hex;
  readonly levels: 2 | 4;
  /** Every read of memory, in order. */
  readonly references: readonly Reference[];
  /** Reads of a walk without virtualisation over the same tables. */
  readonly native: number;
  readonly gpa: Hex | undefined;
  readonly ma: Hex | undefined;
  /** The level that had no entry, when the walk ends early. */
  readonly missing: string | undefined;
}

export interface Reference {
  /** From 1. */
  readonly number: number;
  /** The guest's level being looked for, from the root; one more than there are: the page itself. */
  readonly row: number;
  /** The nested level from its root; one more than there are: the guest's own entry. */
  readonly column: number;
  readonly table: "nested" | "guest";
  /** Name of the table: PML4, PDPT, PD, PT, with an n before the nested ones. */
  readonly name: string;
  readonly index: number;
  /** Guest-physical address being translated, or of the guest's entry. */
  readonly gpa: Hex;
  /** Machine address read. */
  readonly ma: Hex;
  /** The real entry's value; undefined for one that was made up. */
  readonly value: Hex | undefined;
}

const NAMES = { 2: ["PD", "PT"], 4: ["PML4", "PDPT", "PD", "PT"] } as const;

/** Bits of an address that number its entry at a level; levels count from the root. */
function indexAt(levels: 2 | 4, level: number, address: number): number {
  const [bits, mask] = levels === 2 ? [10, 0x3ff] : [9, 0x1ff];
  const shift = 12 + bits * (levels - 1 - level);
  return shift >= 32 ? 0 : (address >>> shift) & mask;
}

/** What identifies a table at a level: the bits of the address above those that index it. */
function prefixAt(levels: 2 | 4, level: number, address: number): string {
  return Array.from({ length: level }, (_, above) => indexAt(levels, above, address)).join(".");
}

/** Gives made-up tables frames, one after another, in the order they are first met. */
class Frames {
  private readonly given = new Map<string, number>();
  private next: number;

  constructor(first: number) {
    this.next = first;
  }

  of(table: string): number {
    const known = this.given.get(table);
    if (known !== undefined) return known;
    this.given.set(table, this.next);
    return this.next++;
  }
}

/** The guest's entries on the way, each with its place in guest-physical memory. */
interface GuestEntry {
  readonly name: string;
  readonly index: number;
  readonly gpa: number;
  /** Where it really is, and what it holds; undefined for a made-up table. */
  readonly real: { readonly ma: Hex; readonly value: Hex } | undefined;
}

function realEntries(walk: GuestWalk): readonly GuestEntry[] {
  return walk.steps.map(({ level, index, gpa, ma, value }) => ({
    name: level === "PDE" ? "PD" : level === "PTE" ? "PT" : "PDPT",
    index,
    gpa: Number(gpa ?? 0),
    real: ma === undefined || value === undefined ? undefined : { ma, value },
  }));
}

/**
 * The guest's mapping of one address told again with four levels. A 4 MB page becomes one of 2 MB, and a directory
 * entry that is not present one that is missing at the same size.
 */
function fourLevels(walk: GuestWalk, gva: number, frames: Frames): readonly GuestEntry[] {
  const shallow = walk.page ? walk.page.size > 4096 : walk.steps.at(-1)?.level !== "PTE";
  const depth = shallow ? 3 : 4;
  return NAMES[4].slice(0, depth).map((name, level) => {
    const index = indexAt(4, level, gva);
    const frame = frames.of(`guest ${level} ${prefixAt(4, level, gva)}`);
    return { name, index, gpa: inFrame(frame, index * 8), real: undefined };
  });
}

/** Numbers references as they are made. */
class Log {
  readonly references: Reference[] = [];

  add(reference: Omit<Reference, "number">): void {
    this.references.push({ number: this.references.length + 1, ...reference });
  }
}

interface Nested {
  readonly levels: 2 | 4;
  readonly frames: Frames;
  /** Machine address of a guest-physical one; undefined when no frame is behind it. */
  machine(gpa: number): number | undefined;
}

/** One walk of the nested tables: as many reads as they have levels. */
function nestedReads(nested: Nested, log: Log, row: number, gpa: number): number | undefined {
  const { levels, frames } = nested;
  const bytes = levels === 2 ? 4 : 8;
  for (let level = 0; level < levels; level++) {
    const index = indexAt(levels, level, gpa);
    const ma = inFrame(frames.of(`nested ${level} ${prefixAt(levels, level, gpa)}`), index * bytes);
    const name = `n${NAMES[levels][level]}`;
    log.add({ row, column: level, table: "nested", name, index, gpa: hex(gpa), ma: hex(ma), value: undefined });
  }
  return nested.machine(gpa);
}

function nestedOver(space: Space, levels: 2 | 4, machineFrames: Frames): Nested {
  return {
    levels,
    frames: machineFrames,
    machine: (gpa) => {
      const mfn = space.mfn(gpa >>> 12);
      if (mfn !== undefined) return inFrame(mfn, gpa);
      return gpa >>> 12 >= space.frames ? inFrame(machineFrames.of(`table ${gpa >>> 12}`), gpa) : undefined;
    },
  };
}

/**
 * Computes the walk for one address of a domain that keeps tables of its own.
 *
 * @param levels 2: as 32-bit paging over 32-bit nested tables; 4: as 64-bit paging over four nested levels
 * @throws RangeError for a domain whose tables hold machine frames: it has no guest-physical tables to nest
 */
export function nestedWalk(
  hv: Hypervisor,
  { domain, gva, levels }: { readonly domain: number; readonly gva: number; readonly levels: 2 | 4 },
): NestedWalk {
  const space = domainSpace(hv, domain);
  if (space.mode === "pv") throw new RangeError(`Domain ${domain} is paravirtual: its tables hold machine frames.`);
  const walk = walkGuest(space, gva);
  const guestFrames = new Frames(space.frames);
  const nested = nestedOver(space, levels, new Frames(space.memory.size >>> 12));
  const entries = levels === 4 && walk.paging !== "off" ? fourLevels(walk, gva, guestFrames) : realEntries(walk);
  const log = new Log();
  const missing = readGuest(nested, log, entries);
  const gpa = walk.page?.address;
  const ma = gpa === undefined || missing ? undefined : nestedReads(nested, log, entries.length, gpa);
  return {
    computed: true,
    domain,
    gva: hex(gva),
    levels,
    references: log.references,
    native: entries.length,
    gpa: gpa === undefined ? undefined : hex(gpa),
    ma: ma === undefined ? undefined : hex(ma),
    missing: missing ?? (walk.page ? (ma === undefined ? "p2m" : undefined) : (entries.at(-1)?.name ?? "CR3")),
  };
}

/** Reads the guest's entries, each after the nested walk that finds it; returns the level no frame is behind. */
function readGuest(nested: Nested, log: Log, entries: readonly GuestEntry[]): string | undefined {
  for (const [row, { name, index, gpa, real }] of entries.entries()) {
    const ma = nestedReads(nested, log, row, gpa);
    if (ma === undefined) return name;
    const at = real?.ma ?? hex(ma);
    log.add({ row, column: nested.levels, table: "guest", name, index, gpa: hex(gpa), ma: at, value: real?.value });
  }
  return undefined;
}

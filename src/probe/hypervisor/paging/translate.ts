import type { Mode } from "../domains.ts";
import type { Hypervisor } from "../hypervisor.ts";
import { type Hex, hex, type PhysicalMemory } from "../memory.ts";
import { inFrame } from "./entry.ts";
import { type EntryReading, type GuestPage, type GuestWalk, walkGuest } from "./guest-walk.ts";
import { judge, type Verdict } from "./judge.ts";
import { type ShadowWalk, walkShadow } from "./shadow-walk.ts";
import { domainSpace, type NativeRegisters, nativeSpace, type Space } from "./space.ts";

/** The way of one address through both trees: what `paging.walk` gives. */
export interface Translation {
  readonly mode: Mode;
  /** Undefined natively. */
  readonly domain: number | undefined;
  readonly gva: Hex;
  readonly guest: {
    readonly paging: GuestWalk["paging"];
    readonly cr3: Hex;
    readonly cr3From: string;
    readonly steps: readonly EntryReading[];
    /** A bit that must be 0 is set in the last entry. */
    readonly reserved: boolean;
    /** Undefined when an entry on the way is not present or not valid. */
    readonly page: TranslatedPage | undefined;
  };
  /** The guest frame's machine frame, and where that was read; undefined natively and where nothing is mapped. */
  readonly p2m: { readonly gfn: number; readonly mfn: number | undefined; readonly at: Hex | undefined } | undefined;
  /** Guest tables and p2m composed; undefined when nothing is mapped or no frame is behind it. */
  readonly ma: Hex | undefined;
  /** The processor's walk; undefined natively. In direct paging it is the guest's own table met again. */
  readonly shadow:
    | {
        readonly root: Hex;
        readonly rootFrom: string;
        readonly steps: readonly (EntryReading & { readonly shadow: string | undefined })[];
        readonly ma: Hex | undefined;
        readonly writable: boolean;
        readonly user: boolean;
      }
    | undefined;
  readonly verdict: Verdict;
}

export interface TranslatedPage {
  readonly size: number;
  /** Guest-physical address; undefined for a machine frame no guest frame stands for. */
  readonly gpa: Hex | undefined;
  readonly writable: boolean;
  readonly user: boolean;
  readonly global: boolean;
  readonly accessed: boolean;
  readonly dirty: boolean;
}

/** Guest frame of what a walk reached. Direct paging has machine frames in its tables: the frame table tells. */
function gfnOf(space: Space, page: GuestPage): number | undefined {
  const frame = page.address >>> 12;
  if (space.mode !== "pv") return frame;
  const reading = space.hypervisor?.frame(frame);
  return reading?.owner === space.domain ? reading?.gfn : undefined;
}

function pageReading(page: GuestPage, gfn: number | undefined): TranslatedPage {
  const { size, writable, user, global, accessed, dirty } = page;
  return {
    size,
    gpa: gfn === undefined ? undefined : hex(inFrame(gfn, page.address)),
    writable,
    user,
    global,
    accessed,
    dirty,
  };
}

function p2mReading(space: Space, gfn: number | undefined, page: GuestPage): Translation["p2m"] {
  if (space.mode === "native" || gfn === undefined) return undefined;
  const at = space.p2mAt(gfn);
  return { gfn, mfn: space.mfn(page.address >>> 12), at: at === undefined ? undefined : hex(at) };
}

function directVerdict(space: Space, page: GuestPage | undefined): Verdict {
  if (!page) return { kind: "absent", why: ["not-mapped"] };
  const side = space.hypervisor;
  if (side && !side.mayUse(page.address >>> 12, page.writable)) return { kind: "disagrees", why: ["foreign-frame"] };
  return { kind: "direct", why: ["one-table"] };
}

function verdictOf(space: Space, gva: number, page: GuestPage | undefined, walked: ShadowWalk | undefined): Verdict {
  const side = space.hypervisor;
  if (side && gva >>> 0 >= side.hole) return { kind: "hypervisor", why: ["hypervisor-slot"] };
  if (!side || !walked || space.mode === "pv") return directVerdict(space, page);
  const mapping = walked.page && { ...walked.page, mfn: walked.page.ma >>> 12 };
  const unsync = walked.pages.some((shadow) => shadow?.unsync);
  return judge(space, side, page, mapping, { tableShadowed: walked.steps.length > 1, unsync });
}

/** Translates one address in a space that {@link domainSpace} or {@link nativeSpace} made. */
export function translateIn(space: Space, gva: number): Translation {
  const guest = walkGuest(space, gva);
  const { page } = guest;
  const gfn = page && gfnOf(space, page);
  const mfn = page && space.mfn(page.address >>> 12);
  const walked = walkShadow(space, gva);
  const ma = page && mfn !== undefined ? hex(inFrame(mfn, page.address)) : undefined;
  return {
    mode: space.mode,
    domain: space.domain,
    gva: hex(gva),
    guest: { ...guest, page: page && pageReading(page, gfn) },
    p2m: page && p2mReading(space, gfn, page),
    ma,
    shadow: walked && {
      root: hex(walked.root),
      rootFrom: `domains[${space.domain}].mmu.root`,
      steps: walked.steps.map((step, index) => ({ ...step, shadow: walked.pages[index]?.kind })),
      ma: walked.page && hex(walked.page.ma),
      writable: walked.page?.writable ?? false,
      user: walked.page?.user ?? false,
    },
    verdict: verdictOf(space, gva, page, walked),
  };
}

/**
 * Translates an address of a domain (`paging.walk`): the guest's tables, p2m, and the shadow's own entries beside.
 *
 * @param gva guest-virtual address, 32 bits, bytes
 */
export function translate(
  hv: Hypervisor,
  { domain, gva }: { readonly domain: number; readonly gva: number },
): Translation {
  return translateIn(domainSpace(hv, domain), gva);
}

/** The same where there is no hypervisor: the processor's own registers and one tree. */
export function translateNative(memory: PhysicalMemory, registers: NativeRegisters, gva: number): Translation {
  return translateIn(nativeSpace(memory, registers), gva);
}

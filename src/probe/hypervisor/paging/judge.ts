import type { GuestPage } from "./guest-walk.ts";
import type { HypervisorSide, Space } from "./space.ts";

/** Why a shadow entry is not there, or grants less than the guest's. Each has its words in the views. */
export type Reason =
  | "not-mapped"
  | "not-accessed"
  | "not-dirty"
  | "write-protected"
  | "watched"
  | "read-only-grant"
  | "not-shadowed"
  | "not-touched"
  | "tlb-empty"
  | "no-frame"
  | "unsync"
  | "tlb"
  | "other-frame"
  | "foreign-frame"
  | "too-writable"
  | "too-user"
  | "not-user"
  | "not-in-guest"
  | "wrong-root"
  | "hypervisor-slot"
  | "one-table";

/**
 * What comparing the guest's tables, composed with p2m, to the shadow gives:
 * `agrees`; `absent` in both; `lazy`, the shadow does not have it yet; `stale`, the shadow is older than the guest's
 * table and may be, as a TLB's entry may; `disagrees`, which must never be; `hypervisor`, its own slot;
 * `direct`, the guest's table is the processor's own.
 */
export type VerdictKind = "agrees" | "absent" | "lazy" | "stale" | "disagrees" | "hypervisor" | "direct";

export interface Verdict {
  readonly kind: VerdictKind;
  readonly why: readonly Reason[];
}

/** What a shadow may grant at most for a page of the guest's (hypervisor: fill.c). */
export interface Allowed {
  readonly mfn: number | undefined;
  readonly writable: boolean;
  readonly user: boolean;
  /** Why write access is withheld although the guest's entries give it. */
  readonly withheld: readonly Reason[];
}

/** Composes a guest's page with p2m, and takes away what the hypervisor must withhold. */
export function compose(space: Space, side: HypervisorSide, page: GuestPage): Allowed {
  const gfn = page.address >>> 12;
  const mfn = space.mfn(gfn);
  const withheld: Reason[] = [];
  if (page.writable) {
    if (!page.dirty) withheld.push("not-dirty");
    if (side.mirrored(gfn) > 0) withheld.push("write-protected");
    if (side.watched(gfn)) withheld.push("watched");
    if (mfn !== undefined && side.mayUse(mfn, false) && !side.mayUse(mfn, true)) withheld.push("read-only-grant");
  }
  return { mfn, writable: page.writable && withheld.length === 0, user: page.user, withheld };
}

/** A present shadow mapping: frame and the rights of its levels together. */
export interface Mapping {
  readonly mfn: number;
  readonly writable: boolean;
  readonly user: boolean;
}

/** What is wrong with a present mapping; nothing when it grants no more than allowed. */
export function excess(allowed: Allowed, mapping: Mapping): readonly Reason[] {
  return [
    ...(allowed.mfn === undefined ? (["no-frame"] as const) : []),
    ...(allowed.mfn !== undefined && allowed.mfn !== mapping.mfn ? (["other-frame"] as const) : []),
    ...(mapping.writable && !allowed.writable ? (["too-writable"] as const) : []),
    ...(mapping.user && !allowed.user ? (["too-user"] as const) : []),
    ...(!mapping.user && allowed.user ? (["not-user"] as const) : []),
  ];
}

/**
 * Judges a shadow's mapping of one page against the guest's.
 *
 * @param page what the guest's own walk reached
 * @param mapping what the shadow's walk reached
 * @param tableShadowed whether the shadow's directory has an entry there
 * @param unsync the guest's table is out of sync: its shadow follows an older version of it
 */
export function judge(
  space: Space,
  side: HypervisorSide,
  page: GuestPage | undefined,
  mapping: Mapping | undefined,
  { tableShadowed, unsync }: { readonly tableShadowed: boolean; readonly unsync: boolean },
): Verdict {
  if (!mapping) {
    if (!page) return { kind: "absent", why: ["not-mapped"] };
    return { kind: "lazy", why: absence(space, page, tableShadowed) };
  }
  if (!side.mayUse(mapping.mfn, mapping.writable)) return { kind: "disagrees", why: ["foreign-frame"] };
  const older = unsync ? "unsync" : space.mode === "vtlb" ? "tlb" : undefined;
  if (!page) return older ? { kind: "stale", why: [older] } : { kind: "disagrees", why: ["not-in-guest"] };
  const allowed = compose(space, side, page);
  const wrong = excess(allowed, mapping);
  if (wrong.length > 0) return older ? { kind: "stale", why: [older, ...wrong] } : { kind: "disagrees", why: wrong };
  return { kind: "agrees", why: mapping.writable ? [] : allowed.withheld };
}

function absence(space: Space, page: GuestPage, tableShadowed: boolean): readonly Reason[] {
  if (space.mfn(page.address >>> 12) === undefined) return ["no-frame"];
  if (!page.accessed) return ["not-accessed"];
  if (space.mode === "vtlb") return ["tlb-empty"];
  return [tableShadowed ? "not-touched" : "not-shadowed"];
}

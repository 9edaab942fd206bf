import { hex } from "../memory.ts";
import { flagsOf, inFrame, P, U, W } from "./entry.ts";
import type { EntryReading } from "./guest-walk.ts";
import type { ShadowPage, Space } from "./space.ts";

/** The walk the processor itself makes while the guest runs: over the hypervisor's shadow. */
export interface ShadowWalk {
  /** Machine address of the directory, from mmu.root. */
  readonly root: number;
  readonly steps: readonly EntryReading[];
  /** The shadow pages the entries are in, as far as the hypervisor knows them. */
  readonly pages: readonly (ShadowPage | undefined)[];
  readonly page: { readonly ma: number; readonly writable: boolean; readonly user: boolean } | undefined;
}

/**
 * Walks from mmu.root. Shadows are of two levels with 4 KB pages, whatever the guest's are.
 *
 * @returns undefined where there is no hypervisor
 */
export function walkShadow(space: Space, gva: number): ShadowWalk | undefined {
  const side = space.hypervisor;
  if (!side) return undefined;
  const steps: EntryReading[] = [];
  const pages: (ShadowPage | undefined)[] = [];
  const read = (level: "PDE" | "PTE", table: number, index: number): number => {
    const ma = table + index * 4;
    pages.push(side.shadowsByMfn.get(table >>> 12));
    if (ma + 4 > space.memory.size) {
      steps.push({ level, index, flags: [] });
      return 0;
    }
    const value = space.memory.u32(ma);
    steps.push({ level, index, ma: hex(ma), value: hex(value), flags: flagsOf(value) });
    return value;
  };
  const pde = read("PDE", (side.root & ~0xfff) >>> 0, gva >>> 22);
  if (!(pde & P)) return { root: side.root, steps, pages, page: undefined };
  const pte = read("PTE", (pde & ~0xfff) >>> 0, (gva >>> 12) & 0x3ff);
  if (!(pte & P)) return { root: side.root, steps, pages, page: undefined };
  const page = { ma: inFrame(pte >>> 12, gva), writable: (pde & pte & W) !== 0, user: (pde & pte & U) !== 0 };
  return { root: side.root, steps, pages, page };
}

import { type Hypervisor, structures } from "./hypervisor.ts";
import { type Hex, hex } from "./memory.ts";
import { shadowPages } from "./paging/space.ts";

/** One shadow page: what `hv.shadow` lists. */
export interface Shadow {
  /** Its number in the hypervisor's array of shadows. */
  readonly index: number;
  readonly kind: string;
  /** The guest's table, or the first frame of the 4 MB page. */
  readonly gfn: number;
  /** Machine address of the entries. */
  readonly at: Hex;
  /** Of its 1024 entries, those present. */
  readonly present: number;
  /** Shadow directory entries that point to it. */
  readonly refs: number;
  readonly unsync: boolean;
  /** Stores to its table since it was last used in a fill. */
  readonly flood: number;
}

/** The shadow pages of a domain (`hv.shadow`), and how many of the pool are free. */
export function shadows(
  hv: Hypervisor,
  { domain }: { readonly domain: number },
): { readonly shadows: readonly Shadow[]; readonly free: number } {
  const used = shadowPages(hv);
  const list = used
    .filter((shadow) => shadow.domain === domain)
    .map(({ index, kind, gfn, mfn, refs, unsync, flood }) => {
      const at = mfn << 12;
      const entries = Array.from({ length: 1024 }, (_, slot) => hv.memory.u32(at + slot * 4));
      const present = entries.filter((entry) => entry & 1).length;
      return { index, kind, gfn, at: hex(at), present, refs, unsync, flood };
    });
  return { shadows: list, free: structures(hv, "shadows", "nr_shadows", "shadow").length - used.length };
}

/** XENMEM_* commands of memory_op (Xen public/memory.h), 32-bit layouts. */
import { layout } from "./layout.ts";

export const XENMEM = {
  increase_reservation: 0,
  decrease_reservation: 1,
  maximum_ram_page: 2,
  current_reservation: 3,
  maximum_reservation: 4,
  machphys_mfn_list: 5,
  populate_physmap: 6,
  add_to_physmap: 7,
  memory_map: 9,
  machine_memory_map: 10,
  exchange: 11,
  maximum_gpfn: 14,
  remove_from_physmap: 15,
  add_to_physmap_batch: 23,
} as const;

/** Bits of the command that name it; those above say where an interrupted call goes on (MEMOP_EXTENT_SHIFT). */
export const XENMEM_COMMAND_MASK = 0x3f;

/** XENMAPSPACE_*. */
export const XENMAPSPACE = { shared_info: 0, grant_table: 1, gmfn: 2, gmfn_range: 3, gmfn_foreign: 4 } as const;

/** Set in an index into the grant table's space: a status frame, which version 1 has none of. */
export const XENMAPIDX_GRANT_TABLE_STATUS = 0x80000000;

/** struct xen_memory_reservation; `extent_start` points to 32-bit frame numbers. */
export const MEMORY_RESERVATION = layout(20, {
  extent_start: [0, "u32"],
  nr_extents: [4, "u32"],
  extent_order: [8, "u32"],
  mem_flags: [12, "u32"],
  domid: [16, "u16"],
});

/** struct xen_memory_domain. */
export const MEMORY_DOMAIN = layout(2, { domid: [0, "u16"] });

/** struct xen_add_to_physmap. */
export const ADD_TO_PHYSMAP = layout(16, {
  domid: [0, "u16"],
  size: [2, "u16"],
  space: [4, "u32"],
  idx: [8, "u32"],
  gpfn: [12, "u32"],
});

/** struct xen_remove_from_physmap. */
export const REMOVE_FROM_PHYSMAP = layout(8, { domid: [0, "u16"], gpfn: [4, "u32"] });

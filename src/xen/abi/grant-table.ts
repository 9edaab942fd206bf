/**
 * Grant tables, version 1 (Xen public/grant_table.h): numbers and layouts as a 32-bit guest sees them.
 */
import { layout } from "./layout.ts";

/** `GNTTABOP_*`, enum grant_table_op. */
export const GNTTABOP = {
  map_grant_ref: 0,
  unmap_grant_ref: 1,
  setup_table: 2,
  dump_table: 3,
  transfer: 4,
  copy: 5,
  query_size: 6,
  unmap_and_replace: 7,
  set_version: 8,
  get_status_frames: 9,
  get_version: 10,
  swap_grant_ref: 11,
  cache_flush: 12,
} as const;

/** `GNTST_*`, enum grant_status: what one element of a grant table operation reports. */
export const GNTST = {
  okay: 0,
  general_error: -1,
  bad_domain: -2,
  bad_gntref: -3,
  bad_handle: -4,
  bad_virt_addr: -5,
  bad_dev_addr: -6,
  no_device_space: -7,
  permission_denied: -8,
  bad_page: -9,
  bad_copy_arg: -10,
  address_too_big: -11,
  eagain: -12,
  no_space: -13,
} as const;

/** What an element's status means, as GNTTABOP_error_msgs words it. */
export const GNTST_MESSAGES: Readonly<Record<number, string>> = {
  [GNTST.okay]: "okay",
  [GNTST.general_error]: "undefined error",
  [GNTST.bad_domain]: "unrecognised domain id",
  [GNTST.bad_gntref]: "invalid grant reference",
  [GNTST.bad_handle]: "invalid mapping handle",
  [GNTST.bad_virt_addr]: "invalid virtual address",
  [GNTST.bad_dev_addr]: "invalid device address",
  [GNTST.no_device_space]: "no spare translation slot in the I/O MMU",
  [GNTST.permission_denied]: "permission denied",
  [GNTST.bad_page]: "bad page",
  [GNTST.bad_copy_arg]: "copy arguments cross page boundary",
  [GNTST.address_too_big]: "page address size too large",
  [GNTST.eagain]: "operation not done; try again",
  [GNTST.no_space]: "out of space",
};

/** `GTF_*`: flags of an entry. The guest writes all but `reading` and `writing`, which say how it is in use. */
export const GTF = {
  permit_access: 1,
  accept_transfer: 2,
  type_mask: 3,
  readonly: 1 << 2,
  reading: 1 << 3,
  writing: 1 << 4,
  sub_page: 1 << 8,
} as const;

/** `GNTMAP_*`: flags of a mapping. */
export const GNTMAP = {
  device_map: 1 << 0,
  host_map: 1 << 1,
  readonly: 1 << 2,
  application_map: 1 << 3,
  contains_pte: 1 << 4,
} as const;

/** `GNTCOPY_*`: which side of a copy is named by a grant reference and not by a frame. */
export const GNTCOPY = { source_gref: 1 << 0, dest_gref: 1 << 1 } as const;

/** References the toolstack may fill in before a guest starts: GNTTAB_RESERVED_CONSOLE, GNTTAB_RESERVED_XENSTORE. */
export const GNTTAB_RESERVED = { console: 0, xenstore: 1, entries: 8 } as const;

/** struct grant_entry_v1. */
export const GRANT_ENTRY = layout(8, { flags: [0, "u16"], domid: [2, "u16"], frame: [4, "u32"] });
/** Entries in one frame of the table. */
export const GRANTS_PER_FRAME = 4096 / GRANT_ENTRY.bytes;

/** struct gnttab_map_grant_ref. */
export const MAP_GRANT_REF = layout(32, {
  host_addr: [0, "u64"],
  flags: [8, "u32"],
  ref: [12, "u32"],
  dom: [16, "u16"],
  status: [18, "s16"],
  handle: [20, "u32"],
  dev_bus_addr: [24, "u64"],
});

/** struct gnttab_unmap_grant_ref. */
export const UNMAP_GRANT_REF = layout(24, {
  host_addr: [0, "u64"],
  dev_bus_addr: [8, "u64"],
  handle: [16, "u32"],
  status: [20, "s16"],
});

/** struct gnttab_unmap_and_replace. */
export const UNMAP_AND_REPLACE = layout(24, {
  host_addr: [0, "u64"],
  new_addr: [8, "u64"],
  handle: [16, "u32"],
  status: [20, "s16"],
});

/** struct gnttab_setup_table; `frame_list` points to 32-bit frame numbers. */
export const SETUP_TABLE = layout(16, {
  dom: [0, "u16"],
  nr_frames: [4, "u32"],
  status: [8, "s16"],
  frame_list: [12, "u32"],
});

/** struct gnttab_copy: two struct gnttab_copy_ptr of 8 bytes, then what to copy. */
export const GNTTAB_COPY = layout(24, {
  source: [0, "u32"],
  source_domid: [4, "u16"],
  source_offset: [6, "u16"],
  dest: [8, "u32"],
  dest_domid: [12, "u16"],
  dest_offset: [14, "u16"],
  len: [16, "u16"],
  flags: [18, "u16"],
  status: [20, "s16"],
});

/** struct gnttab_query_size. */
export const QUERY_SIZE = layout(16, {
  dom: [0, "u16"],
  nr_frames: [4, "u32"],
  max_nr_frames: [8, "u32"],
  status: [12, "s16"],
});

/** struct gnttab_set_version. */
export const SET_VERSION = layout(4, { version: [0, "u32"] });

/** struct gnttab_get_version. */
export const GET_VERSION = layout(8, { dom: [0, "u16"], version: [4, "u32"] });

/** struct gnttab_swap_grant_ref. */
export const SWAP_GRANT_REF = layout(12, { ref_a: [0, "u32"], ref_b: [4, "u32"], status: [8, "s16"] });

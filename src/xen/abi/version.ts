/** XENVER_* commands of xen_version and their results (Xen public/version.h, public/features.h). */
import { layout } from "./layout.ts";

export const XENVER = {
  version: 0,
  extraversion: 1,
  compile_info: 2,
  capabilities: 3,
  changeset: 4,
  platform_parameters: 5,
  get_features: 6,
  pagesize: 7,
  guest_handle: 8,
  commandline: 9,
  build_id: 10,
} as const;

/** Sizes of the character arrays, NUL included. */
export const XENVER_BYTES = {
  extraversion: 16,
  compiler: 64,
  compile_by: 16,
  compile_domain: 32,
  compile_date: 32,
  capabilities: 1024,
  changeset: 64,
  /** xen_domain_handle_t, a UUID. */
  guest_handle: 16,
  commandline: 1024,
} as const;

/** struct xen_feature_info. */
export const FEATURE_INFO = layout(8, { submap_idx: [0, "u32"], submap: [4, "u32"] });

/** XENFEAT_*: bit numbers in submap 0. */
export const XENFEAT = {
  writable_page_tables: 0,
  auto_translated_physmap: 2,
  supervisor_mode_kernel: 3,
  pae_pgdir_above_4gb: 4,
  gnttab_map_avail_bits: 7,
  hvm_callback_vector: 8,
  hvm_safe_pvclock: 9,
  memory_op_vnode_supported: 13,
} as const;

/**
 * struct shared_info, struct vcpu_info and struct vcpu_time_info of a 32-bit guest (Xen public/xen.h and
 * public/arch-x86/xen-x86_32.h). All offsets in bytes.
 */
import { layout } from "./layout.ts";

/** struct shared_info: 32 struct vcpu_info, then the event channel words and the wall clock. */
export const SHARED_INFO = {
  vcpu_info: 0,
  evtchn_pending: 2048,
  evtchn_mask: 2176,
  wc_version: 2304,
  wc_sec: 2308,
  wc_nsec: 2312,
} as const;

/** struct vcpu_info: 64 bytes. */
export const VCPU_INFO = {
  evtchn_upcall_pending: 0,
  evtchn_upcall_mask: 1,
  evtchn_pending_sel: 4,
  time: 32,
} as const;
export const VCPU_INFO_BYTES = 64;

/** struct vcpu_time_info: a TSC value goes through `(tsc − tsc_timestamp) << tsc_shift × tsc_to_system_mul / 2³²`. */
export const VCPU_TIME_INFO = layout(32, {
  version: [0, "u32"],
  tsc_timestamp: [8, "u64"],
  system_time: [16, "u64"],
  tsc_to_system_mul: [24, "u32"],
  tsc_shift: [28, "s8"],
  flags: [29, "u8"],
});

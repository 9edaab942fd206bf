/** VCPUOP_* commands of vcpu_op (Xen public/vcpu.h), 32-bit layouts: 64-bit fields are aligned to 4. */
import { layout } from "./layout.ts";

export const VCPUOP = {
  initialise: 0,
  up: 1,
  down: 2,
  is_up: 3,
  get_runstate_info: 4,
  register_runstate_memory_area: 5,
  set_periodic_timer: 6,
  stop_periodic_timer: 7,
  set_singleshot_timer: 8,
  stop_singleshot_timer: 9,
  register_vcpu_info: 10,
  send_nmi: 11,
  get_physid: 12,
  register_vcpu_time_memory_area: 13,
} as const;

/** struct vcpu_runstate_info: a state, since when, and nanoseconds spent in each of the four. */
export const RUNSTATE_INFO = layout(44, {
  state: [0, "u32"],
  state_entry_time: [4, "u64"],
  time_running: [12, "u64"],
  time_runnable: [20, "u64"],
  time_blocked: [28, "u64"],
  time_offline: [36, "u64"],
});
/** RUNSTATE_running. */
export const RUNSTATE_RUNNING = 0;

/** struct vcpu_set_periodic_timer. */
export const SET_PERIODIC_TIMER = layout(8, { period_ns: [0, "u64"] });
/** Shortest period, nanoseconds (common/domain.c, VCPUOP_set_periodic_timer: 1 ms). */
export const LEAST_PERIOD = 1_000_000n;

/** struct vcpu_set_singleshot_timer. */
export const SET_SINGLESHOT_TIMER = layout(12, { timeout_abs_ns: [0, "u64"], flags: [8, "u32"] });
/** VCPU_SSHOTTMR_future: an expiry in the past is an error. */
export const SSHOTTMR_FUTURE = 1;

/** struct vcpu_register_vcpu_info. */
export const REGISTER_VCPU_INFO = layout(16, { mfn: [0, "u64"], offset: [8, "u32"], rsvd: [12, "u32"] });

/** struct vcpu_register_time_memory_area and _runstate_memory_area: a guest-virtual address. */
export const REGISTER_MEMORY_AREA = layout(4, { va: [0, "u32"] });

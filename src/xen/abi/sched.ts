/** SCHEDOP_* commands of sched_op (Xen public/sched.h), 32-bit layouts. */
import { layout } from "./layout.ts";

export const SCHEDOP = {
  yield: 0,
  block: 1,
  shutdown: 2,
  poll: 3,
  remote_shutdown: 4,
  shutdown_code: 5,
  watchdog: 6,
  pin_override: 7,
} as const;

/** SHUTDOWN_*. */
export const SHUTDOWN = { poweroff: 0, reboot: 1, suspend: 2, crash: 3, watchdog: 4, soft_reset: 5 } as const;

/** struct sched_shutdown. */
export const SCHED_SHUTDOWN = layout(4, { reason: [0, "u32"] });

/** struct sched_poll; `ports` points to 32-bit ports, `timeout` is an absolute time in nanoseconds or 0. */
export const SCHED_POLL = layout(16, { ports: [0, "u32"], nr_ports: [4, "u32"], timeout: [8, "u64"] });
/** Ports one poll may name (common/schedule.c, do_poll). */
export const POLL_PORTS = 128;

/** struct sched_watchdog. */
export const SCHED_WATCHDOG = layout(8, { id: [0, "u32"], timeout: [4, "u32"] });
/** Watchdogs of a domain (include/xen/sched.h, NR_DOMAIN_WATCHDOG_TIMERS). */
export const WATCHDOGS = 2;

/** EVTCHNOP_* commands of event_channel_op (Xen public/event_channel.h), 32-bit layouts. */
import { layout } from "./layout.ts";

export const EVTCHNOP = {
  bind_interdomain: 0,
  bind_virq: 1,
  bind_pirq: 2,
  close: 3,
  send: 4,
  status: 5,
  alloc_unbound: 6,
  bind_ipi: 7,
  bind_vcpu: 8,
  unmask: 9,
  reset: 10,
  init_control: 11,
  expand_array: 12,
  set_priority: 13,
} as const;

/** EVTCHNSTAT_*. */
export const EVTCHNSTAT = { closed: 0, unbound: 1, interdomain: 2, pirq: 3, virq: 4, ipi: 5 } as const;

/** Channels of a 32-bit guest with the 2-level ABI: 32 selectors of 32 bits (EVTCHN_2L_NR_CHANNELS). */
export const CHANNELS_2L = 1024;

/** struct evtchn_alloc_unbound. */
export const ALLOC_UNBOUND = layout(8, { dom: [0, "u16"], remote_dom: [2, "u16"], port: [4, "u32"] });
/** struct evtchn_bind_interdomain. */
export const BIND_INTERDOMAIN = layout(12, { remote_dom: [0, "u16"], remote_port: [4, "u32"], local_port: [8, "u32"] });
/** struct evtchn_bind_virq. */
export const BIND_VIRQ = layout(12, { virq: [0, "u32"], vcpu: [4, "u32"], port: [8, "u32"] });
/** struct evtchn_bind_ipi. */
export const BIND_IPI = layout(8, { vcpu: [0, "u32"], port: [4, "u32"] });
/** struct evtchn_close, evtchn_send and evtchn_unmask. */
export const PORT_ONLY = layout(4, { port: [0, "u32"] });
/** struct evtchn_status; `u` is the union of the remote domain, the pirq and the virq. */
export const STATUS = layout(24, {
  dom: [0, "u16"],
  port: [4, "u32"],
  status: [8, "u32"],
  vcpu: [12, "u32"],
  u: [16, "u32"],
  u_port: [20, "u32"],
});
/** struct evtchn_bind_vcpu. */
export const BIND_VCPU = layout(8, { port: [0, "u32"], vcpu: [4, "u32"] });
/** struct evtchn_reset. */
export const RESET = layout(2, { dom: [0, "u16"] });

/** VIRQ_* (public/xen.h). */
export const VIRQ = { timer: 0, debug: 1, console: 2, dom_exc: 3, xenoprof: 7, con_ring: 8, pcpu_state: 9 } as const;
/** NR_VIRQS. */
export const VIRQS = 24;

/** HVMOP_* commands of hvm_op (Xen public/hvm/hvm_op.h) and HVM_PARAM_* (public/hvm/params.h). */
import { layout } from "./layout.ts";

export const HVMOP = {
  set_param: 0,
  get_param: 1,
  set_pci_intx_level: 2,
  set_isa_irq_level: 3,
  set_pci_link_route: 4,
  flush_tlbs: 5,
  pagetable_dying: 9,
  get_time: 10,
  get_mem_type: 15,
  set_evtchn_upcall_vector: 23,
  guest_request_vm_event: 24,
} as const;

/** struct xen_hvm_param. */
export const HVM_PARAM_ARGUMENT = layout(16, { domid: [0, "u16"], index: [4, "u32"], value: [8, "u64"] });

export const HVM_PARAM = {
  CALLBACK_IRQ: 0,
  STORE_PFN: 1,
  STORE_EVTCHN: 2,
  VM86_TSS: 15,
  CONSOLE_PFN: 17,
  CONSOLE_EVTCHN: 18,
  ACPI_IOPORTS_LOCATION: 19,
  VM_GENERATION_ID_ADDR: 34,
  ALTP2M: 35,
  X87_FIP_WIDTH: 36,
  VM86_TSS_SIZED: 37,
} as const;

/** HVM_NR_PARAMS. */
export const HVM_PARAMS = 39;

/** Those no version uses any more: EINVAL (params.h, "deprecated"). */
export const DEPRECATED_PARAMS: ReadonlySet<number> = new Set([4, 13, 20, 21, 22, 23, 24, 25, 26, 30]);

/** Those a guest may write (arch/x86/hvm/hvm.c, hvm_allow_set_param); others: EPERM. */
export const GUEST_WRITES: ReadonlySet<number> = new Set([
  HVM_PARAM.CALLBACK_IRQ,
  HVM_PARAM.STORE_EVTCHN,
  HVM_PARAM.VM86_TSS,
  HVM_PARAM.CONSOLE_EVTCHN,
  HVM_PARAM.ACPI_IOPORTS_LOCATION,
  HVM_PARAM.VM_GENERATION_ID_ADDR,
  HVM_PARAM.X87_FIP_WIDTH,
  HVM_PARAM.VM86_TSS_SIZED,
]);

/** Those a guest may read (hvm_allow_get_param). */
export const GUEST_READS: ReadonlySet<number> = new Set([
  ...GUEST_WRITES,
  HVM_PARAM.STORE_PFN,
  HVM_PARAM.CONSOLE_PFN,
  HVM_PARAM.ALTP2M,
]);

/** HVM_PARAM_CALLBACK_TYPE_*: bits 63 to 56 of HVM_PARAM_CALLBACK_IRQ. */
export const CALLBACK_TYPE = { gsi: 0, pci_intx: 1, vector: 2 } as const;
/** Below it vectors are the processor's own exceptions. */
export const LEAST_VECTOR = 16;

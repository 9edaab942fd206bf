/** PHYSDEVOP_* commands of physdev_op (Xen public/physdev.h). A guest without PIRQs has none of them. */
export const PHYSDEVOP = {
  eoi: 12,
  irq_status_query: 5,
  set_iopl: 6,
  set_iobitmap: 7,
  apic_read: 8,
  apic_write: 9,
  map_pirq: 13,
  unmap_pirq: 14,
  pirq_eoi_gmfn_v1: 17,
  setup_gsi: 21,
  get_free_pirq: 23,
  pirq_eoi_gmfn_v2: 28,
} as const;

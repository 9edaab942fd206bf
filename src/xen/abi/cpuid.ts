/** CPUID leaves of a Xen guest (Xen public/arch-x86/cpuid.h) and Xen's MSR (public/arch-x86/hvm: hypercall page). */

/** XEN_CPUID_FIRST_LEAF; Xen's leaves are this and those that follow. */
export const FIRST_LEAF = 0x40000000;
/** Leaves a hypervisor may answer from {@link FIRST_LEAF} on: the next block belongs to another interface. */
export const LEAF_BLOCK = 0x100;

/** "XenVMMXenVMM" in EBX, ECX, EDX. */
export const SIGNATURE = { ebx: 0x566e6558, ecx: 0x65584d4d, edx: 0x4d4d566e } as const;

/** Version this interface follows, as leaf 1 and XENVER_version give it: major in the upper 16 bits. */
export const XEN_VERSION = (4 << 16) | 17;

/** Leaf 2, EBX: where Xen's MSRs begin. Writing a guest-physical address to it fills the hypercall page there. */
export const MSR_BASE = 0x40000000;

/** Leaf 4, EAX: XEN_HVM_CPUID_*. */
export const HVM_FEATURE = {
  apic_access_virt: 1 << 0,
  x2apic_virt: 1 << 1,
  iommu_mappings: 1 << 2,
  /** EBX holds the VCPU's id. */
  vcpu_id_present: 1 << 3,
  /** ECX holds the domain's id. */
  domid_present: 1 << 4,
} as const;

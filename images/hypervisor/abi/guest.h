/*
 * What a guest and the hypervisor agree on: how a domain starts, its hypercalls, its shared page,
 * the ring. Included by both, and by the generator of the probes' layouts.
 *
 * A domain that only wants a PC (modes NATIVE, SHADOW, VTLB) needs none of the hypercalls: it finds
 * an 8259 PIC, an 8253 timer, two 16550 UARTs and the port-I/O device below, real or emulated.
 */
#ifndef ABI_GUEST_H
#define ABI_GUEST_H
#include "types.h"

enum mmu_mode {
    MODE_NATIVE = 0, /* no hypervisor: ring 0, real page tables */
    MODE_SHADOW = 1, /* shadow page tables, guest tables write-protected */
    MODE_VTLB = 2,   /* virtual TLB: shadow filled on faults, emptied on flushes, nothing protected */
    MODE_PV = 3,     /* direct paging: the guest's own tables, every update validated */
};

/*
 * Entry. The kernel is a flat image loaded at GPA KERNEL_GPA and entered at its first byte with
 * EAX = START_MAGIC, EBX = GPA of struct start_info, a small stack below that structure at ESP, interrupts
 * off, flat segments.
 * NATIVE, SHADOW, VTLB: paging is off. PV: paging is on, every guest frame is mapped at
 * GUEST_BASE + GPA and EIP is GUEST_BASE + KERNEL_GPA; the tables that do it (the directory first,
 * then its page tables, contiguous in guest-physical memory) are pinned and mapped read-only.
 */
#define START_MAGIC 0x52534831u /* "RSH1" */
#define KERNEL_GPA 0x100000u
#define GUEST_BASE 0xC0000000u

/* Addresses from here up belong to the hypervisor's entry code in every address space but NATIVE's. */
#define HV_HOLE 0xFFC00000u
#define HV_SLOT 1023u /* its directory slot */

#define START_BATCH 1u /* PV: collect updates and send them in one multicall */
#define START_PTWR 2u  /* PV: write to page tables directly; the hypervisor emulates the store */

enum domain_role { ROLE_SHELL = 0, ROLE_BACKEND = 1, ROLE_SPIN = 2 };

struct start_info {
    u32 magic;
    u32 mode;  /* enum mmu_mode */
    u32 flags; /* START_… */
    u32 role;  /* enum domain_role */
    u32 domid;
    u32 nr_domains;
    u32 nr_frames;            /* guest-physical memory, frames from 0 */
    u32 hole_first, hole_end; /* frames [first, end) that are not memory; equal when there are none */
    u32 kernel_end_gpa;       /* first byte after the kernel's image, BSS not included */
    u32 shared_gpa;           /* struct shared_info, a frame of its own */
    u32 pt_gpa, nr_pt_frames; /* PV: the initial tables */
    u32 p2m_gpa;              /* PV: u32 mfn[nr_frames], whole frames of its own */
    char command_line[256];   /* for the guest: what follows "--" on the hypervisor's own */
};

/* Written by both sides while the domain runs. PV domains use mask, pending and cr2; all may use the events. */
struct shared_info {
    volatile u32 upcall_mask;    /* 1: no upcalls now (a PV guest's interrupt flag, inverted) */
    volatile u32 upcall_pending; /* the hypervisor sets it with a bit in `pending` */
    volatile u32 pending;        /* one bit an event channel */
    volatile u32 masked;         /* one bit an event channel */
    volatile u32 cr2;            /* PV: address of the last page fault delivered */
    volatile u32 ticks;          /* timer ticks (10 ms) since the domain started */
    volatile u32 done;           /* elements of the last list (HC_MMU_UPDATE, HC_MMUEXT) that were done */
};

/* Segment selectors a guest kernel must use, with flat 4 GB descriptors in its own GDT at these places. */
#define GUEST_KCS 0x08u
#define GUEST_KDS 0x10u
#define GUEST_UCS 0x1Bu
#define GUEST_UDS 0x23u
#define GUEST_TSS 0x28u

/*
 * Hypercalls: int 0x82 from the guest's kernel; EAX = number, arguments in EBX, ECX, EDX; result in
 * EAX, negative is an error. Addresses are guest-virtual unless they say otherwise. The calls that take
 * lists return 0, or the error of the first element refused: nothing after it has been done, and
 * shared_info.done says how many came before it (HC_MULTICALL: each element's own result is stored).
 */
#define HYPERCALL_VECTOR 0x82
#define EVENT_VECTOR 0x40 /* upcalls come through the guest's IDT at this vector */
#define SYSCALL_VECTOR 0x80

enum hypercall {
    HC_MMU_UPDATE = 1,    /* (struct mmu_update *, n): n validated stores to page tables, BATCH_MAX at most */
    HC_UPDATE_VA = 2,     /* (va, pte): the entry that maps va in the current tables, and its invalidation */
    HC_MMUEXT = 3,        /* (struct mmuext_op *, n) */
    HC_MULTICALL = 4,     /* (struct multicall *, n) */
    HC_SET_TRAPS = 5,     /* (idt, limit): as LIDT; a trap gate at 0x80 with DPL 3 is taken without an exit */
    HC_STACK_SWITCH = 6,  /* (esp): kernel stack for entries from user mode */
    HC_IRET = 7,          /* (): from the frame at ESP: EAX, then what IRET pops; interrupt flag included */
    HC_CONSOLE_WRITE = 8, /* (buffer, n, tty) */
    HC_CONSOLE_READ = 9,  /* (tty): a byte from terminal 0 or 1, or -1 */
    HC_BLOCK = 10,        /* (): unmask upcalls and wait for one */
    HC_YIELD = 11,        /* () */
    HC_EXIT = 12,         /* (code): the domain ends */
    HC_SET_TIMER = 13,    /* (on): ticks come as event EVENT_TIMER */
    HC_EVENT = 14,        /* (enum event_op, a, b) */
    HC_GRANT = 15,        /* (enum grant_op, a, b) */
    HC_MARK = 16,         /* (n): phase mark for measurements; allowed in every mode */
    HC_SCHED = 17,        /* (domid, weight, cap): weights 1 to 65535, cap in percent, 0 for none; domain 0 only */
};

/* `ptr` is the machine address of an entry, `val` the new entry with a machine frame in it. */
struct mmu_update { u32 ptr, val; };

enum mmuext_cmd {
    MMUEXT_PIN_L1 = 1, MMUEXT_PIN_L2, MMUEXT_UNPIN, /* arg: mfn */
    MMUEXT_NEW_BASEPTR,                             /* arg: mfn of a directory; becomes CR3 */
    MMUEXT_TLB_FLUSH, MMUEXT_INVLPG,                /* arg: -, va */
};
struct mmuext_op { u32 cmd, arg; };
struct multicall { u32 op, args[3], result; }; /* any call but HC_MULTICALL, HC_IRET and HC_EXIT */
#define BATCH_MAX 64u /* elements in one list */

/* Event channels: ports 0 to 31 of a domain. */
#define EVENT_TIMER 0
#define EVENT_CONSOLE 1
#define EVENT_FIRST_FREE 2
enum event_op {
    EVENT_ALLOC_UNBOUND = 1, /* (remote domid): a port that domain may bind; returns it */
    EVENT_BIND,              /* (remote domid, remote port): returns a port joined to it */
    EVENT_SEND,              /* (port) */
    EVENT_CLOSE,             /* (port) */
};

/* Grants: a domain lets another map one of its frames. Entries 0 to 31. */
enum grant_op {
    GRANT_ACCESS = 1, /* (gfn << 8 | domid, 1 if read-only): returns a grant reference */
    GRANT_END,        /* (ref): revoke; refused with -EBUSY while mapped */
    GRANT_MAP,        /* (domid << 8 | ref, gfn): SHADOW, VTLB: the frame appears at gfn. PV: returns its mfn, to be put in entries */
    GRANT_UNMAP,      /* (domid << 8 | ref): what was at gfn comes back. PV: -EBUSY while entries map it */
};

#define HV_EINVAL (-22)
#define HV_EBUSY (-16)
#define HV_EPERM (-1)
#define HV_ENOSPC (-28)
#define HV_ENOSYS (-38)

/* A Xen-style shared ring (Xen public/io/ring.h): indices run freely, slots are index mod RING_SLOTS. */
#define RING_SLOTS 32u
struct ring_slot { u32 id, op, arg, result; };
struct ring {
    volatile u32 req_prod, req_event;
    volatile u32 rsp_prod, rsp_event;
    u32 pad[12];
    struct ring_slot slot[RING_SLOTS];
};

/*
 * The device the ring is compared with: the same work (result = 3 * arg + op) behind ports. Store to
 * ID, OP, ARG, then GO; it raises IRQ 5; STATUS reads 1 when done and RESULT holds the result; reading
 * RESULT clears STATUS.
 */
#define PIO_ID 0x300
#define PIO_OP 0x304
#define PIO_ARG 0x308
#define PIO_GO 0x30C
#define PIO_STATUS 0x310
#define PIO_RESULT 0x314
#define PIO_IRQ 5

/* Phase mark in NATIVE, SHADOW and VTLB: a 32-bit OUT to this port (the hypervisor passes it on). */
#define PORT_MARK 0xE7
/* Isa-debug-exit style end of the machine: an OUT of the exit code (allowed to a guest only natively). */
#define PORT_END 0xF4

#endif

/*
 * What the hypervisor tells whoever watches the machine from outside. Two ports and one structure in
 * memory; on a machine without a watcher (QEMU, a real PC) the ports read as all ones and nothing waits.
 *
 * At every exit the hypervisor, after it has dealt with it and written its records, rings PORT_DOORBELL
 * and halts with interrupts off. The watcher may look at or save the whole machine, and then lets it go on.
 * Because it halts every time, running and stepping execute the very same instructions.
 */
#ifndef ABI_TRACE_H
#define ABI_TRACE_H
#include "types.h"

#define PORT_DOORBELL 0xE8 /* OUT: enum bell; IN: instructions executed so far, low 32 bits, all ones without a watcher */
#define PORT_INFO 0xE9     /* OUT: machine address of struct hv_info, once, at start */

enum bell {
    BELL_EXIT = 1, /* an exit has been dealt with; the guest is about to go on */
    BELL_IDLE = 2, /* a timer tick while no domain could run */
    BELL_END = 3,  /* all domains ended */
    BELL_CLOCK_STOP = 5, /* no halt: what follows is checking, and none of the machine's time */
    BELL_CLOCK_GO = 6,   /* no halt: the checking is done */
    BELL_PANIC = 4 /* the hypervisor found itself wrong; hv_info.panic says how */
};

/* Exits, one a record. name, English words for the reason. */
#define EXIT_REASONS(X)                                                                  \
    X(EXIT_PF_GUEST, "page fault, reflected")        /* cr2, error code */               \
    X(EXIT_PF_HIDDEN, "hidden page fault")           /* gva, guest PTE, shadow PTE, why: enum hidden */ \
    X(EXIT_PF_PT_WRITE, "page-table write")          /* table gfn, slot, old, new */     \
    X(EXIT_PF_UNSYNC, "page table let out of sync")  /* table gfn, slot */               \
    X(EXIT_PF_WATCHED, "write to the TSS or IDT")    /* gva, old, new */                 \
    X(EXIT_PF_UNSHADOW, "page table unshadowed")     /* table gfn, why: enum unshadow */ \
    X(EXIT_PF_EMULATED, "write emulated")            /* gva, old, new: CR0.WP = 0 and the like */ \
    X(EXIT_CR_READ, "read of a control register")    /* register, value */               \
    X(EXIT_CR_WRITE, "write of CR0 or CR4")          /* register, old, new */            \
    X(EXIT_CR3, "address-space switch")              /* old, new */                      \
    X(EXIT_INVLPG, "INVLPG")                         /* gva */                           \
    X(EXIT_HLT, "HLT")                                                                   \
    X(EXIT_CLI, "CLI")                                                                   \
    X(EXIT_STI, "STI")                                                                   \
    X(EXIT_IO_IN, "port read")                       /* port, bytes, value */            \
    X(EXIT_IO_OUT, "port write")                     /* port, bytes, value */            \
    X(EXIT_IRET, "IRET")                             /* eip, cs, eflags */               \
    X(EXIT_TABLE, "LGDT, LIDT, LTR, LLDT")           /* opcode extension, base, limit */ \
    X(EXIT_SEGMENT, "segment load")                  /* register, selector */            \
    X(EXIT_SOFT_INT, "INT n")                        /* vector */                        \
    X(EXIT_HYPERCALL, "hypercall")                   /* number, three arguments */       \
    X(EXIT_TIMER, "timer interrupt")                                                     \
    X(EXIT_DEVICE, "device interrupt")               /* line */                          \
    X(EXIT_EXCEPTION, "other exception")             /* vector, error code */            \
    X(EXIT_OTHER, "other privileged instruction")    /* opcode */

/* What the hypervisor did about an exit; they come before the exit's own end record, in order. */
#define TRACE_STEPS(X)                                                                    \
    X(STEP_SHADOW_L1, "shadow PTE changed")          /* table gfn (4 MB: first gfn), slot, guest entry, shadow entry */ \
    X(STEP_SHADOW_L2, "shadow PDE changed")          /* table gfn, slot, guest entry, shadow entry */ \
    X(STEP_SHADOW_NEW, "table shadowed")             /* gfn, level, shadow mfn */         \
    X(STEP_SHADOW_FREE, "shadow freed")              /* gfn, level, shadow mfn */         \
    X(STEP_PROTECT, "write access taken away")       /* gfn, entries changed */           \
    X(STEP_RESYNC, "page table resynced")            /* gfn, entries changed */           \
    X(STEP_AD, "accessed or dirty set for the guest") /* gva, entry before, after */      \
    X(STEP_TLB_FLUSH, "TLB flushed")                                                      \
    X(STEP_TLB_PAGE, "TLB entry flushed")            /* gva */                            \
    X(STEP_INJECT, "interrupt or exception delivered") /* vector, error code, eip, esp */ \
    X(STEP_EMULATE, "instruction emulated")          /* opcode, length */                 \
    X(STEP_TYPE, "frame type changed")               /* mfn, old type, new type */        \
    X(STEP_PT_UPDATE, "page-table entry validated and stored") /* machine address, old, new */ \
    X(STEP_REFUSE, "refused")                        /* enum refusal, two values */       \
    X(STEP_SCHEDULE, "domain switched")              /* from, to */                       \
    X(STEP_EVENT, "event sent")                      /* from domid, to domid, port there */ \
    X(STEP_GRANT, "grant")                           /* enum grant_op, domid, ref, mfn */ \
    X(STEP_KILL, "domain killed")                    /* domid, enum kill */

enum trace_kind {
    TRACE_NONE = 0,
#define X(name, words) name,
    EXIT_REASONS(X)
    TRACE_EXITS_END,
    TRACE_STEPS_START = 64,
    TRACE_STEPS_BEFORE_FIRST = TRACE_STEPS_START - 1,
    TRACE_STEPS(X)
#undef X
    TRACE_KINDS
};

enum hidden { HIDDEN_NOT_SHADOWED = 1, HIDDEN_NO_ENTRY, HIDDEN_FIRST_WRITE, HIDDEN_STALE };
enum unshadow { UNSHADOW_FLOOD = 1, UNSHADOW_ODD_STORE, UNSHADOW_POOL };

#define REFUSALS(X)                                                        \
    X(REFUSE_NOT_OWNER, "the frame belongs to another domain")             \
    X(REFUSE_WRITABLE_TABLE, "a writable mapping of a page table")         \
    X(REFUSE_HV_SLOT, "the slot belongs to the hypervisor")                \
    X(REFUSE_CR3, "not a validated page directory")                        \
    X(REFUSE_TYPE, "the frame is in use as something else")                \
    X(REFUSE_NOT_TABLE, "the target is not a page table")                  \
    X(REFUSE_RANGE, "no such frame")                                       \
    X(REFUSE_LARGE, "4 MB pages are not for paravirtual guests")           \
    X(REFUSE_GRANT, "no such grant")                                       \
    X(REFUSE_BUSY, "still in use")                                         \
    X(REFUSE_CALL, "no such hypercall, or bad arguments")                  \
    X(REFUSE_WORK, "more work than one hypercall may make")
enum refusal {
    REFUSE_NONE = 0,
#define X(name, words) name,
    REFUSALS(X)
#undef X
};

#define KILLS(X)                                                    \
    X(KILL_TRIPLE_FAULT, "triple fault")                            \
    X(KILL_EXIT, "it ended itself")                                 \
    X(KILL_SEGMENTS, "its segments are not flat")                   \
    X(KILL_CANNOT_EMULATE, "an instruction that cannot be emulated") \
    X(KILL_BAD_CR3, "CR3 names no frame of its own")                \
    X(KILL_SHADOW_POOL, "no shadow pages left")
enum kill {
    KILL_NONE = 0,
#define X(name, words) name,
    KILLS(X)
#undef X
};

/* What the verifier can find wrong: where, what is there, what should be. */
#define FAULTS(X)                                                                              \
    X(FAULT_FOREIGN, "maps a frame of another owner without a grant") /* entry's address, entry, domid */ \
    X(FAULT_WRITABLE_TABLE, "maps a page table writable")             /* entry's address, entry, the frame's type */ \
    X(FAULT_LINK, "a directory entry that names no page table")       /* entry's address, entry, type expected */ \
    X(FAULT_HV_SLOT, "the hypervisor's slot was changed")             /* entry's address, entry, expected */ \
    X(FAULT_ROOT, "CR3 is not the validated directory")               /* CR3, the guest's, type expected */ \
    X(FAULT_TYPE_COUNT, "uses as its type counted wrong")             /* mfn, counted, found */ \
    X(FAULT_REF_COUNT, "uses counted wrong")                          /* mfn, counted, found */     \
    X(FAULT_ENTRY, "a shadow entry is not what guest and p2m compose to") /* entry's address, entry, expected */ \
    X(FAULT_STALE, "a translation should have been flushed")          /* entry's address, entry, expected */ \
    X(FAULT_REVERSE_MAP, "the reverse map misses an entry")           /* mfn, found, expected */ \
    X(FAULT_PROTECTION, "tables counted wrong")                       /* gfn, counted, found */
enum fault {
    FAULT_NONE = 0,
#define X(name, words) name,
    FAULTS(X)
#undef X
};

/* 64 bytes. An exit's steps are written first, its own record last, so the record before the bell is the exit. */
struct trace_record {
    u32 seq;   /* number of this record, from 0 */
    u32 exit;  /* number of the exit it belongs to, from 0 */
    u16 kind;  /* enum trace_kind */
    u8 domain; /* 255 for none */
    u8 vcpl;   /* the guest's privilege level when it exited: 0 or 3 */
    u32 eip;   /* of the instruction that exited */
    u32 error; /* the CPU's error code */
    u32 arg[4];
    u32 entered; /* instruction count at entry to the hypervisor, low 32 bits */
    u32 left;    /* and when this record was written */
    u8 insn[16]; /* the instruction's bytes, as far as they could be read; exit records only */
    u8 insn_length;
    u8 vector; /* the CPU's */
    u16 pad;
};

#define TRACE_RECORDS 4096u

/* The root of everything a probe reads. All pointers are machine addresses. */
#define HV_INFO_MAGIC 0x31565348u /* "HSV1" */
struct hv_info {
    u32 magic;
    u32 version;
    u32 traced;      /* 1 in the build with records, 0 in the build for clean figures */
    u32 trace;       /* struct trace_record [TRACE_RECORDS]; record n is at n % TRACE_RECORDS */
    u32 trace_count; /* records written so far */
    u32 exit_count;
    u32 domains, nr_domains, current; /* struct domain [nr_domains]; index of the current one */
    u32 frames, nr_frames;            /* struct frame [nr_frames], by machine frame */
    u32 shadows, nr_shadows;          /* struct shadow [nr_shadows] */
    u32 verify;                       /* 1: check everything at every exit; may be set from outside */
    u32 verify_entries;               /* entries checked so far, low 32 bits */
    u32 verify_faults;
    u32 fault_kind, fault_where, fault_have, fault_want; /* the first fault found: enum fault */
    u32 panic;                        /* machine address of a text, 0 while all is well */
    u32 count[96];                    /* by enum trace_kind, exits and steps, counted in every build */
    u32 instructions_hv[32];          /* by exit reason: instructions from entry to leaving; needs a watcher */
    u32 mark;                         /* the guest's last phase mark */
};

#endif

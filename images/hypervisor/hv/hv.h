/*
 * The hypervisor's own structures. Who owns what:
 *
 *   entry.S, traps.c     the way in and out of the guest          platform.c  the emulated PC
 *   decode.c, emulate.c  instructions that trap                   trace.c     records, bell, verifier's calls
 *   store.c, io.c        stores and port accesses done for it     tables.c    GDT, IDT, TSS, our own directory
 *   domain.c, main.c     building and ending domains              schedule.c  who runs
 *   walk.c, p2m.c        the guest's tables; guest memory         events.c, grants.c, hypercall.c
 *   shadow.c, fill.c …   shadow paging;  vtlb.c  virtual TLB      direct.c    direct paging (PV)
 *   verify.c             what must hold after every exit
 *
 * Where the guest runs. Its kernel (virtual CPL 0) runs in ring 1, its user programs in ring 3. 32-bit Xen
 * did the same and kept ring 1 out of its own memory with segment limits; long mode has none, and neither
 * has the emulator this runs on, so here the wall is the page tables: while a guest runs, only one 4 MB slot
 * (HV_HOLE) is the hypervisor's, holding the entry stubs, GDT, IDT, TSS (read-only, and CR0.WP holds for
 * rings 0 to 2) and the entry stack (whose contents mean nothing while the guest runs). Every exit switches
 * to the hypervisor's own page directory, which maps all memory at its machine addresses.
 */
#ifndef HV_H
#define HV_H
#include "../abi/guest.h"
#include "../abi/trace.h"
#include "../abi/types.h"
#include "selectors.h"

typedef u32 bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define MAX_DOMAINS 3
#define DOMAIN_FRAMES 1024u /* 4 MB each */
#define MACHINE_FRAMES 8192u /* 32 MB: guests' frames are taken from the upper half, scrambled */
#define FIRST_GUEST_MFN 4096u
#define NR_SHADOWS 256u

/* What a guest frame shows as CS when its kernel was interrupted: RPL 2 with DPL 1, so that IRET always
 * traps and gives back the interrupt flag (a native IRET at IOPL 0 would leave it as it is). */
#define KERNEL_FRAME_CS (GUEST_KCS | 2)

/* The guest's registers as the entry stub leaves them, lowest address first. */
struct regs {
    u32 gs, fs, es, ds;
    u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
    u32 vector, error;
    u32 eip, cs, eflags, esp, ss;
};

/* ---- frames ---- */

enum frame_type { FRAME_FREE = 0, FRAME_WRITABLE, FRAME_L1, FRAME_L2, FRAME_HV, FRAME_SHADOW };

/* One a machine frame. Types and their counts matter to direct paging; references to grants, too. */
struct frame {
    u8 type;    /* enum frame_type */
    u8 owner;   /* domid + 1, 0 for nobody's, 255 for the hypervisor's */
    u8 pinned;
    u8 pad;
    u16 type_count; /* uses as that type: mappings, links from directories, CR3, a pin */
    u16 ref_count;  /* mappings of any kind, and grants in use */
    u16 gfn;        /* where its owner sees it */
    u16 pad2;
    u32 rmap;       /* shadow paging: chain of shadow PTEs that map it (shadow.c); 0 ends it */
};

/* ---- shadow pages ---- */

enum shadow_kind { SHADOW_NONE = 0, SHADOW_L1, SHADOW_L2, SHADOW_LARGE /* L1 made from a 4 MB page */, SHADOW_VTLB_L1, SHADOW_VTLB_L2, SHADOW_IDENTITY /* paging off */ };

struct shadow {
    u8 kind;   /* enum shadow_kind */
    u8 domain;
    u8 unsync; /* its table is writable to the guest; entries compose an older version, kept in `copy` */
    u8 flood;  /* stores to its table since it was last used in a fill */
    u16 gfn;   /* the guest table, or the first frame of the 4 MB page */
    u16 refs;  /* shadow PDEs that point here; for L2: 1 while CR3 */
    u32 last;  /* 0, or the slot stored to last + 1 */
    u32 groups; /* bit n: among entries 32n to 32n + 31 one has been present */
    u32 mfn;   /* the frame that holds the entries */
    u32 copy;  /* machine address of what the entries compose, if not the guest's table as it is now: out of sync
                * the table as it was, virtual TLB what the walks found; else 0 */
    u32 used;  /* for choosing a victim */
    u32 next;  /* 0, or index + 1 of the next shadow with the same gfn's hash */
};

/* ---- domains ---- */

struct mmu {
    u32 mode;       /* enum mmu_mode; a SHADOW domain that turns on PAE goes on as VTLB */
    u32 oos;        /* let page tables go out of sync */
    ma_t root;      /* what CR3 holds while it runs */
    u16 p2m[DOMAIN_FRAMES];     /* mfn of each gfn; 0xFFFF none */
    u8 table[DOMAIN_FRAMES];    /* shadow: how many shadows in step mirror this gfn as a table; 0 is writable */
    u8 watched[DOMAIN_FRAMES];  /* holds the TSS or the IDT: stores exit so that our copies follow */
    u32 identity;   /* shadow index + 1 for paging off, 0 none */
    u32 vtlb_root;  /* shadow index + 1 */
    u32 vtlb_cr3;   /* whose translations the virtual TLB holds, globals aside */
    u32 unsynced;   /* shadows out of sync */
};

/* The virtual CPU: what the guest believes its registers hold. */
struct vcpu {
    u32 cr0, cr2, cr3, cr4;
    u32 cpl;               /* 0 or 3 */
    u32 interrupts;        /* the virtual EFLAGS.IF (PV: shared_info.upcall_mask says it) */
    u32 sti_shadow;        /* an STI has just been executed: deliver after the next instruction */
    gva_t idt_base; u32 idt_limit;
    gva_t gdt_base; u32 gdt_limit;
    gva_t tss_base;
    u32 kernel_esp, kernel_ss; /* copies of the guest TSS's ESP0 and SS0; PV: HC_STACK_SWITCH */
    gva_t syscall_entry;   /* guest's handler at 0x80 when it may be entered without an exit, else 0 */
};

/* The emulated PC (platform.c). */
struct platform {
    u8 pic_base[2], pic_mask[2], pic_irr[2], pic_isr[2], pic_init[2], pic_read_isr[2];
    u32 timer_reload, timer_count;       /* in our own ticks */
    u16 timer_latch;
    u8 timer_high;                       /* the divisor's high byte comes next */
    u8 uart_ier[2], uart_lcr[2], uart_thr_irq[2], uart_line[2];
    u32 pio_id, pio_op, pio_arg, pio_result, pio_done;
};

struct event_port { u8 state; u8 remote; u8 remote_port; u8 pad; }; /* state: 0 free, 1 unbound, 2 bound, 3 the hypervisor's */
/* One a grant reference. `maps` counts GRANT_MAPs still in force, `entries` the PV page-table entries through them. */
struct grant {
    u32 used;
    u32 mfn;
    u8 to, read_only;
    u16 maps, entries;
    u16 gfn, aside; /* where the grantee sees it, and the frame of its own that was there (not PV) */
};

enum run_state { RUN_DEAD = 0, RUN_READY, RUN_BLOCKED };

struct domain {
    u32 id, role, flags;   /* flags: START_… */
    u32 state; /* enum run_state */
    u32 nr_frames;
    struct mmu mmu;
    struct vcpu vcpu;
    struct platform platform;
    struct event_port events[32];
    struct grant grants[32];
    struct start_info *start;
    struct shared_info *shared;
    struct regs regs;      /* while it does not run */
    u32 weight, cap;       /* cap in percent of a tick's worth, 0 for none */
    int credit;            /* 100 a tick (schedule.c) */
    u32 boosted;           /* it was woken in credit: runs before the others until its next tick */
    u32 ran_ticks;
    u32 exit_code;
    u32 timer_event;       /* PV: ticks wanted as events */
};

extern struct hv_info hv_info;
extern struct domain domains[MAX_DOMAINS];
extern struct frame frames[MACHINE_FRAMES];
extern struct shadow shadows[NR_SHADOWS];
extern struct domain *current;
extern struct regs *guest_regs; /* of the exit being dealt with */

static inline bool owns(const struct domain *d, mfn_t mfn) { return mfn < MACHINE_FRAMES && frames[mfn].owner == d->id + 1; }

/* machine memory is mapped at its own address */
static inline void *machine(ma_t address) { return (void *)address; }
static inline ma_t machine_address(const volatile void *p) { return (ma_t)p; }

/* memory.c */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ bytes);
void *memset(void *to, int value, __SIZE_TYPE__ bytes);

static inline void outb(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline u8 inb(u16 port) { u8 value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static inline void outl(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static inline u32 inl(u16 port) { u32 value; __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }

/* ---- entry.S, boot.S, tables.c ----
 * CR4.PGE is off while guests run. A global translation would outlive the change to the hypervisor's own
 * directory, and a guest could have it map any address below HV_HOLE that the hypervisor itself uses. So
 * PTE_G may be copied into a shadow or left in a guest's table, and means nothing to this CPU; every way
 * back into a guest loads CR3 from mmu.root and drops all translations there are.
 */
extern u32 hv_slot_pde; /* what slot HV_SLOT of every directory a guest runs on must hold */
extern ma_t hv_root;    /* the hypervisor's own directory */

/* ---- trace.c ---- */
void count(enum trace_kind kind);
void trace4(enum trace_kind kind, u32 a, u32 b, u32 c, u32 d); /* a step, or the reason of this exit: the last exit kind named wins */
#define trace(kind, a, b, c) trace4(kind, a, b, c, 0)
void trace_exit_begin(const struct regs *regs);
void trace_exit_end(void); /* writes the exit's record, runs the verifier if asked, rings the bell and waits */
void trace_instruction(const u8 *bytes, u32 length);
void trace_mark(u32 mark);    /* tells the watcher of a guest's phase mark */
void trace_idle(bool begins); /* around the idle loop, whose instructions are nobody's */
void trace_init(void);
void bell(enum bell which);
void panic(const char *why) __attribute__((noreturn));

/* ---- traps.c ---- */
/* Delivers an interrupt or exception through the guest's IDT, switching to its kernel stack when it was in user mode. */
void inject(struct domain *d, u32 vector, bool has_error, u32 error);
void inject_page_fault(struct domain *d, gva_t gva, u32 error);
void deliver_pending(struct domain *d);
void run_guests(void) __attribute__((noreturn));
bool interrupts_enabled(const struct domain *d);
void set_interrupts(struct domain *d, bool on);
void update_direct_gate(struct domain *d); /* after LIDT, LTR, a store to a watched page, HC_SET_TRAPS */
void set_kernel_stack(struct domain *d, u32 ss, u32 esp);
void enter_user(struct domain *d, u32 eip, u32 eflags, u32 esp); /* state as after an IRET to ring 3 */
/* The flags a guest may choose (arithmetic, TF, DF, AC, ID); the real IF stays on, IOPL, NT and VM stay 0. */
static inline u32 guest_eflags(u32 wanted) { return (wanted & 0x240DD5) | FLAG_IF | 2; }

/* ---- decode.c ---- */
struct insn {
    u8 bytes[16];
    u32 length;
    u32 opcode;  /* 0x0Fxx for two-byte opcodes */
    u32 operand; /* operand size in bytes: 1, 2 or 4 */
    u32 rep;     /* 0, 0xF2 or 0xF3 */
    bool has_modrm; u8 mod, reg, rm;
    gva_t ea;    /* memory operand's address (flat segments) when mod != 3 */
    u32 imm;     /* sign-extended where the instruction does */
};
bool decode(struct domain *d, const struct regs *regs, struct insn *insn); /* false: its bytes cannot be fetched or are not known */
u32 *reg_of(struct regs *regs, u32 number);

/* ---- emulate.c ---- */
bool emulate_privileged(struct domain *d, struct regs *regs);              /* #GP in ring 1; false: deliver #GP to the guest */
void watch_copied(struct domain *d); /* after a new IDT or TSS: stores to what we hold copies of exit from now on */
/* io.c */
bool emulate_io(struct domain *d, struct regs *regs, const struct insn *insn);
/* DONE: executed, EIP past it (a rep: as far as its page goes). FAULT: its source faulted, and the guest has been
 * given that page fault. UNKNOWN: nothing done, no such store or (PV) refused. */
enum store { STORE_DONE, STORE_FAULT, STORE_UNKNOWN };
/* Executes the store at EIP that faulted at `gva`, word by word through mmu_store32 (PV: direct_update). */
enum store emulate_store(struct domain *d, struct regs *regs, gva_t gva);

/* ---- walk.c, p2m.c ---- */
#define ACCESS_WRITE 1u
#define ACCESS_USER 2u
#define ACCESS_FETCH 4u
struct walk {
    u32 fault;          /* 0, or 0x100 | the error code a real CPU would push */
    u32 pde, pte;       /* as read; pte is 0 for a 4 MB page. PAE: low halves */
    gpa_t pde_gpa, pte_gpa; /* where they are; 0 when there is none (PV: machine addresses) */
    bool large;
    gfn_t gfn;          /* frame reached (PV: mfn) */
    u8 *bytes;          /* the byte itself in machine memory, NULL when no frame is behind it */
    bool writable, user, global; /* combined rights */
};
/* Walks the guest's own tables as its CPU would (no A/D changes). `access` 0 checks presence alone; supervisor unless ACCESS_USER. */
void guest_walk(struct domain *d, gva_t gva, u32 access, struct walk *walk);
/* Supervisor copies through the guest's tables; return 0 or 0x100 | error code. Writes keep shadows right. */
u32 copy_from_guest(struct domain *d, void *to, gva_t from, u32 bytes);
u32 copy_to_guest(struct domain *d, gva_t to, const void *from, u32 bytes);
void *guest_memory(struct domain *d, gpa_t gpa); /* NULL when there is none */
void p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn); /* 0xFFFF for none; drops every shadow entry of what was there */

/* ---- mmu.c, shadow.c, fill.c, vtlb.c, verify.c: the MMU of domains that keep their own tables (mmu.h) ---- */
void mmu_init(struct domain *d);
void mmu_release(struct domain *d);
void mmu_page_fault(struct domain *d, struct regs *regs, gva_t gva);
void mmu_set_cr0(struct domain *d, u32 value);
void mmu_set_cr3(struct domain *d, u32 value);
void mmu_set_cr4(struct domain *d, u32 value);
void mmu_invlpg(struct domain *d, gva_t gva);
/* One aligned 32-bit word of guest memory changes by our hand: stores it and brings shadows and watched copies in step. */
void mmu_store32(struct domain *d, gpa_t gpa, u32 value);
void mmu_watch(struct domain *d, gva_t gva, u32 bytes); /* stores there exit from now on */
void mmu_unwatch(struct domain *d);                     /* and no longer */
void verify(struct domain *d);
void verify_fault(enum fault kind, u32 where, u32 have, u32 want); /* counts it; the first is kept in hv_info */
void load_cr3(ma_t root); /* what the guest will run on; done on the way out */
void flush_page(gva_t gva);
void flush_all(void);

/* ---- direct.c: direct paging ---- */
void direct_init(struct domain *d);    /* builds and pins the initial tables */
void direct_release(struct domain *d);
void direct_page_fault(struct domain *d, struct regs *regs, gva_t gva);
int direct_update(struct domain *d, ma_t ptr, u32 value);      /* one entry of a page table; 0 or HV_E… */
int direct_update_va(struct domain *d, gva_t va, u32 value);   /* the entry that maps va now */
int direct_extended(struct domain *d, u32 command, u32 arg);   /* enum mmuext_cmd */
void direct_verify(struct domain *d);
int refuse(enum refusal why, u32 a, u32 b);                    /* traces it; returns the HV_E… that goes with it */

/* ---- direct_types.c: what frames are used as, and how often ---- */
int type_get(struct domain *d, mfn_t mfn, u32 type); /* one more use as that type, validated if it is the first; 0 or HV_E… */
void type_put(struct domain *d, mfn_t mfn);
int entry_get(struct domain *d, u32 level, u32 entry); /* what an entry of an L1 or L2 table refers to gets one more use */
void entry_put(struct domain *d, u32 level, u32 entry);
extern u32 tables_gone_through; /* in this hypercall, entry by entry: what takes long in one */
const u32 *next_entry(const u32 *entry, const u32 *end); /* the first present one from `entry` on, or `end` */
int reference_get(mfn_t mfn); /* a use that asks for no type: a read-only mapping, a grant */
void reference_put(mfn_t mfn);

/* ---- hypercall.c, events.c, grants.c, schedule.c ---- */
void hypercall(struct domain *d, struct regs *regs);
void event_send(struct domain *to, u32 port);
bool events_pending(const struct domain *d); /* an upcall is due as soon as interrupts are on */
int event_op(struct domain *d, u32 op, u32 a, u32 b);
void events_init(struct domain *d);
void events_release(struct domain *d);
int grant_op(struct domain *d, u32 op, u32 a, u32 b);
struct grant *grant_of(const struct domain *d, mfn_t mfn, bool write); /* the grant by which d maps a foreign frame, or NULL */
bool grant_allows(const struct domain *d, mfn_t mfn, bool write);
void grants_release(struct domain *d);
void schedule_init(void);
void schedule_tick(void); /* at each timer interrupt: charges who ran, sends timer events */
void yield(void);         /* let another domain of the same standing run first */
void block(struct domain *d);
void wake(struct domain *d);
void schedule(void); /* at the end of an exit: changes `current` when another should run; idles when none can */

/* ---- domain.c, platform.c ---- */
struct domain *domain_create(u32 mode, u32 role, u32 flags);
void run_native(void);
void domain_kill(struct domain *d, enum kill why);
u32 port_in(struct domain *d, u32 port, u32 bytes);
void port_out(struct domain *d, u32 port, u32 bytes, u32 value);
void platform_init(struct domain *d);
void platform_tick(struct domain *d);
void platform_raise(struct domain *d, u32 irq);
bool platform_pending(struct domain *d, u32 *vector); /* an interrupt the PIC would deliver; taking it acknowledges */
bool platform_has_pending(const struct domain *d);
void console_input(void); /* a byte at the machine's UARTs is announced to domain 0, whose UARTs they are */
int console_read(struct domain *d, u32 tty);  /* terminal 0 or 1: its next byte, or -1 */
void console_write(struct domain *d, u32 tty, u8 byte);
bool machine_is_over(void); /* no domain is left, or domain 0 ended itself */
void machine_end(void) __attribute__((noreturn));
void log_text(const char *text);
void log_hex(u32 value);

/* ---- options.c ---- */
void options_parse(const char *line);
struct options { u32 mode, role1, mode1, domains, verify, oos, ptwr, batch, weight[MAX_DOMAINS], cap[MAX_DOMAINS], bug; const char *guest_line; };
extern struct options options;

/* Exercises: one seeded fault at a time, in the build that has them. */
#ifdef EXERCISES
#define BUG(n) (options.bug == (n))
#else
#define BUG(n) false
#endif
enum bug {
    BUG_NONE,
    BUG_SKIPPED_RESYNC,       /* an emulated store that clears an entry forgets the shadow */
    BUG_NO_PROTECT_FLUSH,     /* old mappings of a new table stay writable, as after a forgotten TLB flush */
    BUG_LOST_WAKEUP,          /* an interrupt delivered between STI and HLT */
    BUG_DIRTY_LOST,           /* the dirty bit is not set in the guest's entry */
    BUG_EARLY_WRITABLE,       /* a shadow entry is writable before the guest's entry is dirty */
    BUG_MISSING_REFCOUNT,     /* CR3 does not count as a use of the directory (direct paging) */
    BUG_STALE_CR3,            /* a new CR3 keeps the old shadow */
    BUG_USER_BIT,             /* the shadow PDE grants user access to everything */
    BUG_GRANT_AFTER_REVOKE,   /* a revoked grant leaves its mapping */
    BUG_RING_NO_EVENT_CHECK,  /* (guest) the ring's last check for new requests is left out */
    BUG_COUNT
};

#endif

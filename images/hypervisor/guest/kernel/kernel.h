/*
 * The guest kernel: a small Unix. Who owns what:
 *
 *   entry.S, start.c      from the first byte to the first process     process.c   the table, who runs, waiting
 *   trap.S, trap.c        IDT, TSS; interrupts, faults, fixups         fork.c exec.c exit.c   their life
 *   machine.c             what differs between a PC and a PV domain    area.c      what a process has mapped
 *   frame.c               page frames and how often they are used      fault.c     pages on demand, copy-on-write
 *   pt_ops.c              three ways to change a page-table entry      file.c pipe.c tty.c ramfs.c
 *   space.c               address spaces made of tables                timer.c syscall.c info.c
 *   probe, measure, stress, hostile, ring, pio: what the labs ask the kernel to do
 *
 * The address space. One page table (slot 768) maps all memory at GUEST_BASE and is shared by all
 * processes; everything below belongs to the process, its kernel stack included: the page under
 * GUEST_BASE, as in early Unix, in the same place for everyone. So ESP0 in the TSS is a constant, the
 * page with the TSS and the IDT is never written after start, and switching processes is one load of CR3.
 *
 * Interrupts. The kernel is not preemptive: an interrupt that finds it at work returns to that work. Only
 * interrupt handlers, and the check before going idle, run with interrupts off. IF is never read or
 * restored through EFLAGS, because POPF without the privilege silently leaves it alone.
 */
#ifndef KERNEL_H
#define KERNEL_H
#include "../../abi/guest.h"
#include "../lib/lib.h"
#include "../lib/probes.h"
#include "../syscalls.h"

#define NR_FRAMES 1024u /* what one kernel page table can map */
#define KERNEL_SLOT (GUEST_BASE >> 22)
#define STACK_SLOT (KERNEL_SLOT - 1)
#define KERNEL_STACK (GUEST_BASE - PAGE_SIZE)
#define USER_TOP (KERNEL_STACK - PAGE_SIZE) /* a page nobody has, between the two stacks */
#define STACK_PAGES 16u
#define MMAP_BASE 0x40000000u
#define SCRATCH_SLOT 512u /* where MEASURE_… and stress do their work: 0x80000000, free in every process */

#define FRAME_FLAGS_USER (PTE_P | PTE_U | PTE_A)
#define TABLE_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A)

/* Registers as trap.S leaves them, lowest address first. esp and ss are there only when it came from user mode. */
struct trap_frame {
    u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
    u32 vector, error;
    u32 eip, cs, eflags, esp, ss;
};

/* ---- entry.S, start.c ---- */
extern struct start_info start;
extern struct shared_info *shared;
extern char kernel_end[];
static inline bool paravirtual(void) { return start.mode == MODE_PV; }
bool boot_option(const char *name);                    /* a word on the command line */
bool boot_text(const char *name, char *to, u32 bytes); /* name="text" or name=text */

/* ---- machine.c ---- */
static inline void outb(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline u8 inb(u16 port) { u8 value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static inline void outl(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static inline u32 inl(u16 port) { u32 value; __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static inline int hypercall(u32 number, u32 a, u32 b, u32 c)
{
    int result;
    __asm__ volatile("int %1" : "=a"(result) : "i"(HYPERCALL_VECTOR), "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}
void machine_init(void);
void interrupts_off(void);
void interrupts_on(void);
void interrupt_wait(void);  /* interrupts are off; turns them on and sleeps until one has been handled */
void irq_enable(u32 irq, bool on);
void irq_done(u32 irq);
void machine_mark(u32 n);
void machine_end(u32 status) __attribute__((noreturn));
void panic(const char *why) __attribute__((noreturn));
u32 cpu_features(void);     /* CPUID leaf 1, EDX */
#define CPUID_PSE 0x0008u
#define CPUID_PGE 0x2000u

/* ---- trap.S, trap.c ---- */
struct last_fault { u32 vector, error, address; };
extern struct last_fault last_fault; /* the last one that a fixup took care of */
void traps_init(void);
void traps_load(void);                /* our IDT and TSS, again if need be */
void upcall(void);
struct trap_frame *user_frame(void); /* the running process's registers in user mode */
bool copy_bytes_guarded(void *to, const void *from, u32 bytes); /* true: it faulted */
void enter_first(u32 esp) __attribute__((noreturn));
void switch_stacks(u32 *save_esp, u32 esp, gfn_t directory);
void fork_return(void); /* where a new process starts: its stack holds a trap frame */

/* ---- frame.c ---- */
void frames_init(void);
gfn_t frame_alloc(void);      /* used once, contents left over; 0 when there are none */
gfn_t frame_alloc_zero(void);
void frame_get(gfn_t gfn);
void frame_put(gfn_t gfn);
u32 frame_uses(gfn_t gfn);
u32 frames_free(void);
static inline void *frame_bytes(gfn_t gfn) { return (void *)(GUEST_BASE + (gfn << PAGE_SHIFT)); }
static inline gfn_t frame_of(const void *linear) { return ((u32)linear - GUEST_BASE) >> PAGE_SHIFT; }

/* ---- pt_ops.c ---- */
struct pt_ops {
    void (*set)(u32 *slot, u32 value);                /* an entry of a table in use; slot is its linear address */
    void (*update)(gva_t va, u32 *slot, u32 value);   /* the entry of the current tables that maps va, and its translation */
    void (*invalidate)(gva_t va);
    void (*flush_tlb)(void);
    void (*load)(gfn_t directory);                    /* becomes CR3 */
    void (*seal)(gfn_t table);                        /* a frame starts to be a page table: no more plain stores */
    void (*unseal)(gfn_t table);
    void (*pin)(gfn_t directory);                     /* all of it is right, and stays validated from here on */
    void (*unpin)(gfn_t directory);
    void (*flush)(void);                              /* what was collected takes effect */
};
extern const struct pt_ops *pt;
extern gfn_t boot_directory, kernel_table; /* kernel_table 0: one 4 MB page instead */
void pt_ops_init(void);
u32 pte_make(gfn_t gfn, u32 flags);
gfn_t pte_frame(u32 entry);
static inline u32 *table_bytes(gfn_t table) { return frame_bytes(table); }
static inline u32 directory_slot(gva_t va) { return va >> 22; }
static inline u32 table_slot(gva_t va) { return va >> PAGE_SHIFT & (PAGE_ENTRIES - 1); }

/* ---- space.c ---- */
void paging_init(void);
gfn_t space_new(gfn_t kernel_stack);                /* unsealed: entries may be stored; 0: no memory */
bool space_put(gfn_t directory, gva_t va, gfn_t gfn, u32 flags); /* while unsealed */
void space_ready(gfn_t directory);
gfn_t space_fork(gfn_t from, gfn_t kernel_stack);   /* copy-on-write; 0: no memory */
void space_free(gfn_t directory);                   /* not the one in CR3; in two steps: */
void space_retire(gfn_t directory);                 /* its tables are plain memory again */
void space_unseal_tables(gfn_t directory);          /* (only those below it) */
void space_release(gfn_t directory);                /* cleared and given back, with the pages in them */
u32 *space_entry(gfn_t directory, gva_t va);        /* NULL: no table there */
u32 *space_entry_make(gva_t va);                    /* in the current space; NULL: no memory */
void space_unmap(gva_t start, gva_t end);           /* in the current space */
void space_protect(gva_t start, gva_t end);         /* takes write access away */
u32 space_pages(gfn_t directory);
u32 space_kernel_entry(void);                       /* what slot 768 of a directory must hold */

/* ---- area.c, fault.c ---- */
struct area { gva_t start, end; u32 prot; struct node *file; u32 offset; };
#define MAX_AREAS 12u
struct process;
struct area *area_find(struct process *p, gva_t va);
int area_add(struct process *p, gva_t start, gva_t end, u32 prot, struct node *file, u32 offset);
int area_cut(struct process *p, gva_t start, gva_t end);
void areas_get(struct process *p);
void areas_put(struct process *p);
bool page_fault(gva_t va, u32 error); /* true: the instruction can be tried again */

/* ---- process.c and its life ---- */
#define MAX_PROCESSES 40u
#define MAX_FILES 8u
enum process_state { PROCESS_NONE = 0, PROCESS_READY, PROCESS_WAITING, PROCESS_ZOMBIE };
struct process {
    volatile u32 state; /* enum process_state */
    const volatile void *volatile channel; /* what it waits for */
    volatile u32 killed;
    u32 pid, job, tty;
    bool is_shell; /* init started it */
    struct process *parent;
    u32 status;    /* as wait() gives it */
    u32 esp;       /* while it does not run */
    gfn_t directory;
    struct area areas[MAX_AREAS];
    gva_t heap, brk;
    gva_t fault_handler;
    struct open_file *files[MAX_FILES];
    volatile u32 wake_at, ticks;
    char name[24];
};
extern struct process processes[MAX_PROCESSES];
extern struct process *current;
extern volatile bool need_schedule;
void schedule(void);
void switch_finished(void);
void process_start(const char *program) __attribute__((noreturn));
struct process *process_new(void);
u32 processes_free(void);
struct process *process_find(u32 pid);
void process_kill(struct process *p);
void job_kill(u32 job);
void process_exit(u32 status) __attribute__((noreturn));
void process_fault(struct trap_frame *f, gva_t address);
void wait_begin(const volatile void *channel);
void wait_end(void);
void wake(const volatile void *channel);
/* Sleeps until the condition holds. The condition is read again after the process is on the list, so that
 * an interrupt between the two cannot be lost. 0, or -EINTR when the process has been killed. */
#define WAIT_UNTIL(on, condition)                                 \
    ({                                                            \
        while (!(condition) && !current->killed) {                \
            wait_begin(on);                                       \
            if (!(condition) && !current->killed)                 \
                schedule();                                       \
            wait_end();                                           \
        }                                                         \
        current->killed ? -EINTR : 0;                             \
    })

/* ---- user memory ---- */
int copy_from_user(void *to, gva_t from, u32 bytes); /* 0 or -EFAULT */
int copy_to_user(gva_t to, const void *from, u32 bytes);
int copy_string_from_user(char *to, gva_t from, u32 size); /* its length, or -EFAULT, -E2BIG */

/* ---- files ---- */
struct open_file;
struct file_kind {
    int (*read)(struct open_file *, gva_t to, u32 bytes);
    int (*write)(struct open_file *, gva_t from, u32 bytes);
    void (*close)(struct open_file *);
};
struct open_file { const struct file_kind *kind; u32 uses, position; void *object; };
struct open_file *file_new(const struct file_kind *kind, void *object); /* NULL: too many */
int file_install(struct open_file *file); /* the lowest free number of the running process */
void file_put(struct open_file *file);
void files_get(struct process *p);
void files_put(struct process *p);
void files_first(struct process *p); /* 0, 1 and 2 are terminal 0 */
struct open_file *tty_open(u32 number);

#define FILE_PAGES 16u
struct node { char name[24]; u32 bytes, uses; bool built_in; u16 frames[FILE_PAGES]; };
void ramfs_init(void);
struct node *node_find(const char *name);
void node_get(struct node *node);
void node_put(struct node *node);
gfn_t node_frame(const struct node *node, u32 page); /* 0 past its end */
struct open_file *node_open(const char *name, bool write, int *error);

void tty_init(void);
void console_put(u32 tty, const char *text, u32 bytes);
void console_printf(u32 tty, const char *text, ...);
void console_interrupt(void);

/* ---- timer.c ---- */
extern volatile u32 ticks; /* 10 ms */
void timer_init(void);
void timer_tick(void);
void timer_enable(bool on);

/* ---- the labs' work ---- */
void io_interrupt(void);          /* the port-I/O device's */
void ring_upcall(u32 ports);
int ring_ready(void);
int ring_run(struct io_run *run);
bool ring_in_use(void);
bool ring_garble(u32 seed); /* garbage in the shared page; true: the other side answers afterwards as before */
int ring_end(void); /* 0, or an error when grants did not behave */

int system_call(u32 number, u32 a, u32 b, u32 c);
#define X(number, name) int sys_##name(u32 a, u32 b, u32 c);
SYSCALLS(X)
#undef X

#endif

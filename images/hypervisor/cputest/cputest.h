/*
 * CPU conformance suite: what the hypervisor relies on, one named case a line.
 *
 * Each case lets a few instructions ("snippet") run in one ring and prints what came of it, in facts that do not
 * depend on how this program was built: trap, error code, offset of EIP in the snippet, registers. The same program
 * runs in the emulator and in QEMU, and the two texts are compared line by line.
 */
#ifndef CPUTEST_H
#define CPUTEST_H
#include "../abi/guest.h"
#include "../abi/types.h"

typedef u32 bool;
#define true 1
#define false 0
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the machine (machine.c) ---- */

/*
 * The descriptor table is laid out as the hypervisor's: the guest's flat segments at their places (abi/guest.h; the
 * kernel's with DPL 1), our own above. The others are for single cases.
 */
enum slot {
    SLOT_KCS = 0x08, SLOT_KDS = 0x10, SLOT_UCS = 0x18, SLOT_UDS = 0x20,
    SLOT_ABSENT = 0x28,      /* data, DPL 3, not present */
    SLOT_CS2 = 0x30, SLOT_DS2 = 0x38, /* ring 2 */
    SLOT_CONFORMING = 0x40,  /* code, conforming, DPL 0 */
    SLOT_READ_ONLY = 0x48,   /* data, DPL 3 */
    SLOT_LIMITED_DS = 0x50,  /* data, DPL 1, ends at 4 MB */
    SLOT_LIMITED_CS = 0x58,  /* code, DPL 1, ends at 4 MB */
    SLOT_HV_CS = 0x60, SLOT_HV_DS = 0x68, SLOT_TSS = 0x70,
    SLOT_EXECUTE_ONLY = 0x78, /* code, DPL 3, not readable */
    SLOT_EMPTY = 0x80,       /* zero */
    SLOT_SPARE = 0x88,       /* set by a case */
    SLOT_END = 0x90,
};

#define ACCESS_CODE 0x9Bu    /* present, code, readable, accessed; DPL 0 */
#define ACCESS_DATA 0x93u    /* present, data, writable, accessed; DPL 0 */
#define DPL(n) ((n) << 5)

struct descriptor { u32 low, high; };
extern struct descriptor gdt[];
extern struct descriptor idt[256];

/* The parts of a 32-bit TSS that matter without hardware tasks, and the I/O bitmap (Intel SDM vol. 3A, 7.2.1, 19.5.2). */
struct tss {
    u16 backlink, pad0;
    u32 esp0, ss0, esp1, ss1, esp2, ss2;
    u32 unused[18];
    u16 trap, bitmap_offset;
    u8 bitmap[8192];
    u8 all_ones;
};
extern struct tss tss;

void machine_init(void);
void set_segment(enum slot slot, u32 limit_pages, u32 access);
void set_gate(u32 vector, u32 type, u32 dpl, u32 selector, const void *handler);
void set_tss_limit(u32 limit);
void set_idt_limit(u32 limit);
#define GATE_INTERRUPT 0xEu
#define GATE_TRAP 0xFu

/*
 * Memory. The program is mapped where it lies and is the supervisor's, but for the snippets' pages. From WINDOW on,
 * 4 MB belong to the cases: one page table, page n of it backed by frame n of FRAMES unless a case maps another.
 *
 * The addresses below differ from the program's in the low six bits of the page number (the program's are below 0x27):
 * QEMU's software TLB may put pages that agree there in one place, and what was evicted would look flushed.
 */
#define WINDOW 0x400000u
#define FRAMES 0x400000u
#define STACK_TOP 0x4B0000u       /* the snippets' stack: one page of the window, user */
#define INNER_STACK_TOP 0x4B8000u /* ring 1's stack for entries from ring 3: one page, supervisor */
#define PAGE 0x5A8000u            /* a page to play with, and its neighbours */
#define LARGE 0x800000u           /* directory slot 2: nothing there unless a case maps it */

extern volatile u32 directory[1024], window[1024];
void window_reset(void);               /* the two stacks alone */
void map(u32 va, u32 pa, u32 flags);   /* a PTE of the window, and INVLPG */
void map_quietly(u32 va, u32 pa, u32 flags); /* the same without INVLPG */
u32 pte_of(u32 va);
#define RW_USER (PTE_P | PTE_W | PTE_U)

static inline volatile u32 *at(u32 address) { return (volatile u32 *)address; }
static inline void invlpg(u32 va) { __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory"); }
static inline u32 read_cr0(void) { u32 v; __asm__ volatile("mov %%cr0, %0" : "=r"(v)); return v; }
static inline u32 read_cr2(void) { u32 v; __asm__ volatile("mov %%cr2, %0" : "=r"(v)); return v; }
static inline u32 read_cr3(void) { u32 v; __asm__ volatile("mov %%cr3, %0" : "=r"(v)); return v; }
static inline u32 read_cr4(void) { u32 v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(u32 v) { __asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory"); }
static inline void write_cr3(u32 v) { __asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory"); }
static inline void write_cr4(u32 v) { __asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory"); }
static inline void out8(u32 port, u32 v) { __asm__ volatile("outb %b0, %w1" ::"a"(v), "Nd"(port)); }
static inline u32 in8(u32 port) { u8 v; __asm__ volatile("inb %w1, %0" : "=a"(v) : "Nd"(port)); return v; }

/* ---- attempts (run.c) ---- */

/* As boot.S builds it, lowest address first. */
struct frame {
    u32 es, ds;
    u32 edi, esi, ebp, unused, ebx, edx, ecx, eax;
    u32 vector, error;
    u32 eip, cs, eflags, esp, ss;
};

/* How an attempt starts; what is 0 gets the ring's usual value. */
struct in {
    u32 eax, ebx, ecx, edx, esi, edi, ebp;
    u32 eflags;
    u32 cs, ss, ds, esp;
    bool (*on_trap)(struct frame *); /* asked about every trap but the end; true: repaired, go on */
};

extern struct frame got;  /* how the last attempt ended */
extern u32 got_cr2;
extern u32 got_cpl;       /* 0 when the trap came without a change of stacks */
extern u32 traps;         /* traps in the last attempt, the end not counted */

void run(u32 ring, const u8 *code, struct in in);

/* A snippet ends with this interrupt; its gate has DPL 3. */
#define END_VECTOR 0x80

/* `name` in C is the first byte; `text` is assembler for as many lines as needed. */
#define SNIPPET(name, text)                                                                   \
    __asm__(".pushsection .rings, \"ax\"\n\t.balign 64, 0x90\n" #name ":\n\t" text           \
            "\n\tint $0x80\n\t.popsection");                                                  \
    extern const u8 name[]

/* ---- what is printed (say.c) ---- */

/* %s string, %x eight hexadecimal digits, %h as few as needed, %d decimal. */
void say(const char *format, ...);
void say_outcome(const u8 *code); /* "runs", or the trap with its error code and the offset of EIP */

enum show {
    SHOW_EAX = 1, SHOW_EBX = 2, SHOW_ECX = 4, SHOW_EDX = 8, SHOW_ESI = 16, SHOW_EDI = 32, SHOW_ESP = 64,
    SHOW_IF = 128, SHOW_IOPL = 256, SHOW_ZF = 512, SHOW_LOW16 = 1024, SHOW_CS = 2048, SHOW_DS = 4096, SHOW_SS = 8192,
};
void say_shown(u32 show);

/* A row of a table of cases: the same snippet in each of the rings. */
#define RING(n) (1u << (n))
struct probe {
    const char *name;
    const u8 *code;
    u32 rings, show;
    struct in in;
};
void run_probes(const char *section, const struct probe *probes, u32 n);

/* ---- the sections ---- */
void test_privileged(void);
void test_holes(void);
void test_io(void);
void test_gates(void);
void test_inner(void);
void test_returns(void);
void test_segments(void);
void test_limits(void);
void test_protection(void);
void test_bits(void);
void test_tlb(void);
void test_large(void);
void test_pae(void);
void test_faults(void);
void test_code(void);
void test_debug(void);
void test_timer(void);
void test_hostile(u32 number); /* 0: all of them, one after the other */

#endif

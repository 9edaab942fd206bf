/*
 * The machine as the cases find it: descriptor tables, task state, page tables.
 */
#include "cputest.h"

struct descriptor gdt[SLOT_END / 8] __attribute__((aligned(4096)));
struct descriptor idt[256];
struct tss tss __attribute__((aligned(4096)));
volatile u32 directory[1024] __attribute__((aligned(4096)));
volatile u32 window[1024] __attribute__((aligned(4096)));
static volatile u32 low[1024] __attribute__((aligned(4096)));
static u8 trap_stack[8192] __attribute__((aligned(16)));

extern const u8 stubs[]; /* boot.S */
extern const u8 rings_start[], rings_end[];

struct table_register { u16 limit; u32 base; } __attribute__((packed));

/* Intel SDM vol. 3A, 3.4.5. 32-bit segments from 0 with page granularity. */
void set_segment(enum slot slot, u32 limit_pages, u32 access)
{
    gdt[slot / 8].low = limit_pages & 0xFFFF;
    gdt[slot / 8].high = 0xC00000u | (limit_pages & 0xF0000) | access << 8;
}

/* Intel SDM vol. 3A, 6.11. */
void set_gate(u32 vector, u32 type, u32 dpl, u32 selector, const void *handler)
{
    idt[vector].low = ((u32)handler & 0xFFFF) | selector << 16;
    idt[vector].high = ((u32)handler & 0xFFFF0000u) | 0x8000u | dpl << 13 | type << 8;
}

void set_idt_limit(u32 limit)
{
    struct table_register idtr = { (u16)limit, (u32)idt };
    __asm__ volatile("lidt %0" ::"m"(idtr));
}

/* LTR wants the descriptor available, not busy (Intel SDM vol. 2A, LTR). */
void set_tss_limit(u32 limit)
{
    u32 base = (u32)&tss;
    gdt[SLOT_TSS / 8].low = (limit & 0xFFFF) | base << 16;
    gdt[SLOT_TSS / 8].high = (base >> 16 & 0xFF) | 0x8900u | (limit & 0xF0000) | (base & 0xFF000000u);
    __asm__ volatile("ltr %w0" ::"r"(SLOT_TSS));
}

static void load_segments(void)
{
    struct table_register gdtr = { sizeof gdt - 1, (u32)gdt };
    __asm__ volatile("lgdt %0\n\t"
                     "ljmp %1, $1f\n1:\t"
                     "mov %2, %%ds\n\tmov %2, %%es\n\tmov %2, %%ss\n\t"
                     "mov %3, %%fs\n\tmov %3, %%gs\n\tlldt %w3" ::"m"(gdtr),
                     "i"(SLOT_HV_CS), "r"(SLOT_HV_DS), "r"(0)
                     : "memory");
}

static void init_segments(void)
{
    const u32 flat = 0xFFFFF;
    set_segment(SLOT_KCS, flat, ACCESS_CODE | DPL(1));
    set_segment(SLOT_KDS, flat, ACCESS_DATA | DPL(1));
    set_segment(SLOT_UCS, flat, ACCESS_CODE | DPL(3));
    set_segment(SLOT_UDS, flat, ACCESS_DATA | DPL(3));
    set_segment(SLOT_ABSENT, flat, (ACCESS_DATA | DPL(3)) & ~0x80u);
    set_segment(SLOT_CS2, flat, ACCESS_CODE | DPL(2));
    set_segment(SLOT_DS2, flat, ACCESS_DATA | DPL(2));
    set_segment(SLOT_CONFORMING, flat, ACCESS_CODE | 4);
    set_segment(SLOT_READ_ONLY, flat, (ACCESS_DATA | DPL(3)) & ~2u);
    set_segment(SLOT_LIMITED_DS, 0x3FF, ACCESS_DATA | DPL(1));
    set_segment(SLOT_LIMITED_CS, 0x3FF, ACCESS_CODE | DPL(1));
    set_segment(SLOT_HV_CS, flat, ACCESS_CODE);
    set_segment(SLOT_HV_DS, flat, ACCESS_DATA);
    set_segment(SLOT_EXECUTE_ONLY, flat, (ACCESS_CODE | DPL(3)) & ~2u);
    load_segments();
}

static void init_gates(void)
{
    for (u32 vector = 0; vector < 256; vector++) {
        set_gate(vector, GATE_INTERRUPT, 0, SLOT_HV_CS, stubs + 16 * vector);
    }
    set_gate(END_VECTOR, GATE_INTERRUPT, 3, SLOT_HV_CS, stubs + 16 * END_VECTOR);
    set_idt_limit(sizeof idt - 1);
}

static void init_task(void)
{
    tss.esp0 = (u32)trap_stack + sizeof trap_stack;
    tss.ss0 = SLOT_HV_DS;
    tss.esp1 = INNER_STACK_TOP;
    tss.ss1 = SLOT_KDS | 1;
    tss.bitmap_offset = 0x68;
    for (u32 i = 0; i < sizeof tss.bitmap; i++) tss.bitmap[i] = 0xFF;
    tss.all_ones = 0xFF;
    set_tss_limit(0x67); /* no bitmap */
}

void window_reset(void)
{
    for (u32 i = 0; i < 1024; i++) window[i] = 0;
    map_quietly(STACK_TOP - PAGE_SIZE, STACK_TOP - PAGE_SIZE, RW_USER);
    map_quietly(INNER_STACK_TOP - PAGE_SIZE, INNER_STACK_TOP - PAGE_SIZE, PTE_P | PTE_W);
    directory[WINDOW >> 22] = (u32)window | RW_USER;
    directory[LARGE >> 22] = 0;
    write_cr4(read_cr4() ^ CR4_PGE); /* global entries go, too (Intel SDM vol. 3A, 4.10.4.1) */
    write_cr4(read_cr4() ^ CR4_PGE);
}

void map_quietly(u32 va, u32 pa, u32 flags)
{
    window[va >> 12 & 1023] = (pa & PTE_FRAME) | flags;
}

void map(u32 va, u32 pa, u32 flags)
{
    map_quietly(va, pa, flags);
    invlpg(va);
}

u32 pte_of(u32 va)
{
    return window[va >> 12 & 1023];
}

static void init_paging(void)
{
    for (u32 frame = 0; frame < 1024; frame++) {
        u32 address = frame << 12;
        bool rings = address >= (u32)rings_start && address < (u32)rings_end;
        low[frame] = address | PTE_P | PTE_W | (rings ? PTE_U : 0);
    }
    directory[0] = (u32)low | RW_USER;
    directory[WINDOW >> 22] = (u32)window | RW_USER;
    write_cr3((u32)directory);
    write_cr4(CR4_PSE | CR4_PGE);
    write_cr0((read_cr0() & ~0x2Eu) | CR0_PG | CR0_WP | CR0_PE); /* MP, EM, TS, NE off: the same on both machines */
    window_reset();
}

/* The BIOS, where there is one, leaves a timer running. */
static void mask_interrupts(void)
{
    out8(0x21, 0xFF);
    out8(0xA1, 0xFF);
}

void machine_init(void)
{
    mask_interrupts();
    init_segments();
    init_gates();
    init_task();
    init_paging();
}

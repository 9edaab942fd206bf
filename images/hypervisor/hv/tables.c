/*
 * The tables the CPU reads: the hypervisor's page directory and entry slot, GDT, IDT and TSS.
 *
 * GDT, IDT and TSS lie in the entry area, where a guest's kernel can read them and nobody can write
 * (their page is read-only, and CR0.WP holds in ring 0 too). They are written through the address
 * they were loaded at, which only the hypervisor's own directory maps.
 */
#include "tables.h"

#define ENTRY_TEXT_PAGES ((u32)(entry_idt - entry_stubs) / PAGE_SIZE)
#define GATE_INTERRUPT 0x8E00u
#define GATE_TRAP 0x8F00u
#define GATE_DPL(n) ((n) << 13)
#define CODE 0x9Bu /* present, code, readable, accessed: so the CPU never writes to the GDT */
#define DATA 0x93u
#define DPL(n) ((n) << 5)
/*
 * The emulator's far RET from ring 1 to user code takes the new CS before it looks at SS; with a bad SS the guest
 * is left at CPL 0. Its IRET takes a system descriptor of type 0xB for code where far RET does not, so in the
 * emulator, and only there, user code is such a descriptor (cputest: hostile/lret-outwards, returns/system-type).
 */
#define IRET_ONLY_CODE (CODE & ~0x10u)

/* ET, NE, and TS and EM: guests have no floating-point unit, whose state would go from one domain to the next. */
#define CR0_NO_FPU 0x3Cu

struct descriptor { u32 low, high; };

extern u8 entry_stubs[], entry_idt[], entry_gdt[], entry_tss[], entry_stack_top[], entry_load[];
extern struct regs entry_registers;
extern u32 hv_directory[];

static u32 entry_table[PAGE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
u32 hv_slot_pde;
ma_t hv_root;
struct regs *guest_regs;

/* Where something of the entry area was loaded. */
static void *loaded(u8 *entry) { return entry_load + (entry - entry_stubs); }

static void set_segment(u32 selector, u32 base, u32 limit, u32 access)
{
    struct descriptor *d = (struct descriptor *)loaded(entry_gdt) + selector / 8;
    u32 flags = limit > 0xFFFF ? 0xC00000 : 0x400000; /* 4 KB units and 32 bits, or bytes */

    d->low = base << 16 | (limit & 0xFFFF);
    d->high = (base & 0xFF000000) | flags | (limit & 0xF0000) | access << 8 | (base >> 16 & 0xFF);
}

static void set_gate(u32 vector, u32 handler, u32 selector, u32 type)
{
    struct descriptor *gate = (struct descriptor *)loaded(entry_idt) + vector;

    gate->low = selector << 16 | (handler & 0xFFFF);
    gate->high = (handler & 0xFFFF0000) | type;
}

static u32 stub(u32 vector) { return (u32)entry_stubs + 16 * vector; }

/* The guest's system calls go straight to its handler in ring 1, or (0) come to us. */
void set_syscall_gate(u32 handler)
{
    if (handler)
        set_gate(SYSCALL_VECTOR, handler, GUEST_KCS, GATE_TRAP | GATE_DPL(3));
    else
        set_gate(SYSCALL_VECTOR, stub(SYSCALL_VECTOR), HV_CS, GATE_INTERRUPT | GATE_DPL(3));
}

/* With DPL 2 an IRET to user mode (RPL 3) raises #GP, and we get to give the interrupt flag back. */
void set_user_code_dpl(u32 dpl)
{
    struct descriptor *code = (struct descriptor *)loaded(entry_gdt) + GUEST_UCS / 8;

    code->high = (code->high & ~(DPL(3) << 8)) | DPL(dpl) << 8;
}

/* SS1:ESP1, where a system call's frame goes (SDM vol. 3A, 7.2.1). */
void set_kernel_stack_pointer(u32 esp)
{
    u32 *tss = loaded(entry_tss);

    tss[3] = esp;
    tss[4] = GUEST_KDS | 1;
}

/* A guest's kernel can write to the entry stack: what one domain leaves there is not for the next to read. */
void entry_stack_clear(void)
{
    memset(loaded(entry_stack_top) - PAGE_SIZE, 0, PAGE_SIZE - REGS_SIZE);
}

static void fill_gdt(void)
{
    set_segment(GUEST_KCS, 0, 0xFFFFF, CODE | DPL(1));
    set_segment(GUEST_KDS, 0, 0xFFFFF, DATA | DPL(1));
    set_segment(GUEST_UCS & ~3u, 0, 0xFFFFF, (has_watcher() ? IRET_ONLY_CODE : CODE) | DPL(3));
    set_segment(GUEST_UDS & ~3u, 0, 0xFFFFF, DATA | DPL(3));
    set_segment(HV_CS, 0, 0xFFFFF, CODE);
    set_segment(HV_DS, 0, 0xFFFFF, DATA);
    set_segment(HV_TSS, (u32)entry_tss, TSS_BYTES - 1, 0x89);
}

static void fill_idt(void)
{
    for (u32 vector = 0; vector < 256; vector++)
        set_gate(vector, stub(vector), HV_CS, GATE_INTERRUPT);
    set_gate(HYPERCALL_VECTOR, stub(HYPERCALL_VECTOR), HV_CS, GATE_INTERRUPT | GATE_DPL(1));
    set_syscall_gate(0);
}

static void fill_directory(void)
{
    u32 pages = (u32)(entry_stack_top - entry_stubs) / PAGE_SIZE;

    for (u32 page = 0; page < pages; page++)
        entry_table[page] = ((u32)entry_load + page * PAGE_SIZE) | PTE_P | PTE_A | PTE_D;
    entry_table[pages - 1] |= PTE_W; /* the stack */
    for (u32 slot = 0; slot < MACHINE_FRAMES / PAGE_ENTRIES; slot++)
        hv_directory[slot] = slot << 22 | PTE_P | PTE_W | PTE_PS | PTE_A | PTE_D;
    hv_slot_pde = machine_address(entry_table) | PTE_P | PTE_W | PTE_A;
    hv_directory[HV_SLOT] = hv_slot_pde;
    hv_root = machine_address(hv_directory);
}

static void load_table_register(u32 opcode, const void *base, u32 limit)
{
    struct { u16 limit; const void *base; } __attribute__((packed)) pointer = { (u16)limit, base };

    if (opcode == 0)
        __asm__ volatile("lgdt %0" : : "m"(pointer));
    else
        __asm__ volatile("lidt %0" : : "m"(pointer));
}

/* Flat segments of our own; a native guest starts with these, and they are all that is left of us then. */
void segments_init(void)
{
    fill_gdt();
    load_table_register(0, loaded(entry_gdt), GDT_BYTES - 1);
    __asm__ volatile("ljmp %0, $1f\n1: mov %1, %%ds; mov %1, %%es; mov %1, %%ss; mov %2, %%fs; mov %2, %%gs"
                     : : "i"(HV_CS), "r"(HV_DS), "r"(0));
}

void tables_init(void)
{
    u32 *tss = loaded(entry_tss);

    fill_gdt(); /* again: whether there is a watcher is known by now */
    fill_idt();
    fill_directory();
    tss[1] = (u32)entry_stack_top;
    tss[2] = HV_DS;
    tss[25] = TSS_BYTES << 16; /* no I/O bitmap: every port is refused (IOPL is 0) */
    guest_regs = &entry_registers;
    __asm__ volatile("ltr %w0" : : "r"(HV_TSS)); /* marks it busy, which it can only while the GDT can be written */
    __asm__ volatile("mov %0, %%cr4" : : "r"(CR4_PSE));
    __asm__ volatile("mov %0, %%cr3" : : "r"(hv_root) : "memory");
    __asm__ volatile("mov %0, %%cr0" : : "r"(CR0_PG | CR0_WP | CR0_PE | CR0_NO_FPU) : "memory");
    load_table_register(0, entry_gdt, GDT_BYTES - 1);
    load_table_register(1, entry_idt, 256 * 8 - 1);
}

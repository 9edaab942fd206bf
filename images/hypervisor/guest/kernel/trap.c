/*
 * Interrupts, exceptions, system calls.
 *
 * Exceptions and system calls come through trap gates: interrupts stay on, and under a hypervisor a
 * system call through a trap gate needs no exit, because no interrupt flag changes. A page fault's
 * address is safe in CR2 until we read it: an interrupt between the two runs no code that faults.
 */
#include "kernel.h"

#define GATE_INTERRUPT 0x8E00u
#define GATE_TRAP 0x8F00u
#define GATE_USER 0x6000u /* DPL 3 */
#define VECTOR_PF 14u
#define IRQ_VECTOR 0x20u

struct gate { u16 low, selector, flags, high; };

/* What the CPU itself reads, in a page of its own that is not written after start (a hypervisor watches it). */
static struct {
    struct gate idt[256];
    u32 tss[26];
    u64 gdt[6];
} __attribute__((aligned(4096))) tables;
static u8 rest_of_the_page[PAGE_SIZE - sizeof tables] __attribute__((used));

extern const struct { u32 number, entry; } trap_vectors[];
struct last_fault last_fault;

struct table_register { u16 limit; u32 base; } __attribute__((packed));

/* Flat segments, in the places abi/guest.h gives them. SDM vol. 3A, 3.4.5; accessed bits are set beforehand. */
static void segments_init(void)
{
    u32 tss = (u32)tables.tss;
    struct table_register gdtr = { sizeof tables.gdt - 1, (u32)tables.gdt };
    tables.gdt[1] = 0x00CF9B000000FFFFull;
    tables.gdt[2] = 0x00CF93000000FFFFull;
    tables.gdt[3] = 0x00CFFB000000FFFFull;
    tables.gdt[4] = 0x00CFF3000000FFFFull;
    tables.gdt[5] = 0x0000890000000067ull | (u64)(tss & 0xFFFFFF) << 16 | (u64)(tss >> 24) << 56;
    tables.tss[1] = KERNEL_STACK + PAGE_SIZE; /* ESP0 */
    tables.tss[2] = GUEST_KDS;                /* SS0 */
    tables.tss[25] = 0x00680000;              /* no I/O bitmap: its offset is past the limit */
    memcpy(probe_gdtr, &gdtr, sizeof gdtr);
}

/* SS gets the privilege that CS has (a PV domain's hypervisor has loaded both). */
static void segments_load(void)
{
    __asm__ volatile("lgdt %0\n\t"
                     "ljmp %1, $1f\n1:\n\t"
                     "mov %2, %%ss\n\t"
                     "ltr %w3" : : "m"(probe_gdtr), "i"(GUEST_KCS), "r"(GUEST_KDS), "r"(GUEST_TSS) : "memory");
}

static void gates_init(void)
{
    for (u32 i = 0; trap_vectors[i].entry; i++) {
        u32 n = trap_vectors[i].number, entry = trap_vectors[i].entry;
        u32 flags = (n >= IRQ_VECTOR && n < IRQ_VECTOR + 16) || n == EVENT_VECTOR ? GATE_INTERRUPT : GATE_TRAP;
        if (n == SYSCALL_VECTOR)
            flags |= GATE_USER;
        tables.idt[n] = (struct gate){ entry & 0xFFFF, GUEST_KCS, flags, entry >> 16 };
    }
}

void traps_load(void)
{
    struct table_register idtr = { sizeof tables.idt - 1, (u32)tables.idt };
    if (paravirtual()) {
        hypercall(HC_SET_TRAPS, idtr.base, idtr.limit, 0);
        hypercall(HC_STACK_SWITCH, KERNEL_STACK + PAGE_SIZE, 0, 0);
    } else {
        segments_load();
        __asm__ volatile("lidt %0" : : "m"(idtr));
    }
}

/* All stores to the page come before the CPU, or a hypervisor, is told of it. */
void traps_init(void)
{
    gates_init();
    segments_init();
    traps_load();
    __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(GUEST_UDS));
}

static gva_t fault_address(void)
{
    u32 cr2;
    if (paravirtual())
        return shared->cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    return cr2;
}

/* A fault of the kernel at an instruction that may fault goes on where the table says. */
static bool fix_up(struct trap_frame *f, gva_t address)
{
    u32 to = fixup_for(f->eip);
    if (!to)
        return false;
    last_fault = (struct last_fault){ f->vector, f->error, address };
    f->eip = to;
    return true;
}

static void exception(struct trap_frame *f, bool user)
{
    gva_t address = 0;
    if (f->vector == VECTOR_PF) {
        address = fault_address();
        if (page_fault(address, f->error))
            return;
    }
    if (user)
        process_fault(f, address);
    else if (!fix_up(f, address)) {
        console_printf(0, "vector %u, error 0x%x, eip 0x%x, address 0x%x\n", f->vector, f->error, f->eip, address);
        panic("a fault in the kernel");
    }
}

static void interrupt(u32 irq)
{
    if (irq == 0)
        timer_tick();
    else if (irq == PIO_IRQ)
        io_interrupt();
    else
        console_interrupt();
    irq_done(irq);
}

/* PV: interrupts come as bits. The summary is cleared first, so that what arrives after the exchange is seen next time. */
void upcall(void)
{
    u32 ports = 0;
    shared->upcall_pending = 0;
    __asm__ volatile("xchg %0, %1" : "+r"(ports), "+m"(shared->pending));
    if (paravirtual() && ports & 1u << EVENT_TIMER)
        timer_tick();
    if (paravirtual() && ports & 1u << EVENT_CONSOLE)
        console_interrupt();
    ring_upcall(ports);
}

struct trap_frame *user_frame(void)
{
    return (struct trap_frame *)(KERNEL_STACK + PAGE_SIZE) - 1;
}

static void before_user_mode(void)
{
    if (need_schedule)
        schedule();
    if (current->killed)
        process_exit(current->killed);
    pt->flush();
}

/* A new process leaves schedule() here instead of where it called it. */
void process_first_run(void)
{
    switch_finished();
    before_user_mode();
}

void trap(struct trap_frame *f)
{
    bool user = (f->cs & 3) == 3;
    if (f->vector < IRQ_VECTOR) {
        exception(f, user);
    } else if (f->vector == SYSCALL_VECTOR) {
        f->eax = system_call(f->eax, f->ebx, f->ecx, f->edx);
    } else {
        if (f->vector == EVENT_VECTOR)
            upcall();
        else
            interrupt(f->vector - IRQ_VECTOR);
        if (user)
            interrupts_on();
    }
    if (user)
        before_user_mode();
}

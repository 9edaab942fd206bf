/*
 * A kernel gone mad: random values in control registers, table registers, its own page tables, and requests
 * with nothing held back. It ends by a triple fault or is killed, sooner or later, and must take nobody along:
 * another domain goes on, and the hypervisor's books stay right.
 */
#include "fuzz.h"

#define draw fuzz_draw

/*
 * The jump from one address space, or none, to another would often leave no instruction to go on with. So most
 * of the time the directory keeps the kernel where it is, and only sometimes everything goes.
 */
static void any_store_to_tables(void)
{
    u32 slot = draw(PAGE_ENTRIES), value = draw(2) ? fuzz_bits() : fuzz_word() << PAGE_SHIFT | draw(PAGE_SIZE);
    bool own_kernel = slot == KERNEL_SLOT || slot == STACK_SLOT;
    if (own_kernel && draw(8))
        return;
    if (paravirtual()) {
        struct mmu_update one = { pte_make(current->directory, 4 * slot), value };
        hypercall(HC_MMU_UPDATE, (u32)&one, 1, 0);
    } else {
        write_guarded((gva_t)&table_bytes(current->directory)[slot], value);
    }
}

static void any_control_register(void)
{
    u32 cr0, cr3, cr4;
    if (paravirtual())
        return;
    __asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    switch (draw(6)) {
    case 0: GUARDED(0, "mov %2, %%cr4", "r"(cr4 ^ CR4_PSE)); break;
    case 1: GUARDED(0, "mov %2, %%cr4", "r"(cr4 ^ CR4_PGE)); break;
    case 2: GUARDED(0, "mov %2, %%cr4", "r"(draw(4) ? cr4 : cr4 ^ CR4_PAE)); break;
    case 3: GUARDED(0, "mov %2, %%cr0", "r"(draw(8) ? cr0 ^ CR0_WP : fuzz_bits())); break;
    case 4: GUARDED(0, "mov %2, %%cr3", "r"(draw(4) ? cr3 : fuzz_word() << PAGE_SHIFT)); break;
    case 5: GUARDED(0, "mov %2, %%cr0", "r"(draw(8) ? cr0 : cr0 & ~CR0_PG)); break;
    }
}

/* An IDT or a TSS anywhere, which the hypervisor has to watch: also over page tables, and up to its own slot. */
static void any_table(void)
{
    struct { u16 limit; u32 base; } __attribute__((packed)) table = { (u16)fuzz_bits(), fuzz_word() };
    if (draw(3) == 0)
        table.base = (u32)table_bytes(current->directory) + draw(PAGE_SIZE);
    if (paravirtual() || draw(2)) {
        hypercall(HC_SET_TRAPS, table.base, table.limit, 0);
        hypercall(HC_STACK_SWITCH, fuzz_word(), 0, 0);
    } else if (draw(2)) {
        GUARDED(0, "lidt %2", "m"(table));
    } else {
        GUARDED(0, "ltr %w2", "r"(draw(16) * 8));
    }
    if (draw(16))
        traps_load();
}

static void any_call(void)
{
    u32 number = 1 + draw(HC_SCHED);
    if (number == HC_EXIT || number == HC_MARK || number == HC_CONSOLE_WRITE)
        return;
    hypercall(number, draw(4) ? draw(8) : fuzz_word(), fuzz_word(), fuzz_word());
}

/* Its own screen is left alone, for the reader's sake. */
static void any_port(void)
{
    u32 port = draw(0x400);
    if (!paravirtual() && (port & ~7u) != 0x3F8 && port != PORT_MARK && port != PORT_END)
        GUARDED(fuzz_bits(), "outl %%eax, %w2", "d"(port));
}

static void any_access(void)
{
    u32 value;
    gva_t va = draw(2) ? fuzz_word() : fuzz_bits();
    if (draw(2))
        read_guarded(va, &value);
    else
        write_guarded(va, fuzz_bits());
}

/* Interrupts, faults and instructions that no kernel executes. */
static void any_trap(void)
{
    switch (draw(5)) {
    case 0: GUARDED(0, "ud2", "i"(0)); break;
    case 1: GUARDED(0, "int $0x21", "i"(0)); break;
    case 2: GUARDED(fuzz_word(), "mov %%ax, %%fs", "i"(0)); break;
    case 3: GUARDED(fuzz_word(), "mov %%ax, %%ss", "i"(0)); break;
    case 4: GUARDED(0, "mov %%dr7, %2; mov %2, %%dr7", "r"(fuzz_bits())); break;
    }
}

void fuzz_wild(const struct fuzz_run *run)
{
    static void (*const deeds[])(void) = { any_store_to_tables, any_control_register, any_table, any_call,
        any_port, any_access, any_trap };
    for (u32 i = 0; i < run->rounds; i++)
        deeds[draw(COUNT(deeds))]();
    hypercall(HC_SET_TRAPS, 0, 0, 0);
    for (;;)
        __asm__ volatile("ud2");
}

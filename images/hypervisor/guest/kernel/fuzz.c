/*
 * Random requests, ports, tables and page tables, to see whether a hypervisor minds. What is asked for is
 * nonsense; what must come of it is known: a refusal, a fault, or for random page tables what a walk of them
 * says. Everything is drawn from the seed and put right again afterwards, so this kernel survives it.
 * wild.c is for what no kernel survives.
 */
#include "fuzz.h"

#define TABLES 3u
#define DATA 4u
#define SLOTS 8u /* of the directory, from SCRATCH_SLOT on */
#define MACHINE_FRAMES 8192u
#define BEYOND(gfn) ((gfn) >= start.nr_frames)

static u32 random_state;
static struct fuzz_run *run;
static u32 *scratch; /* a page for lists */

u32 fuzz_draw(u32 below)
{
    return next_random(&random_state) % below;
}

#define draw fuzz_draw

u32 fuzz_bits(void)
{
    return next_random(&random_state) << 16 ^ next_random(&random_state);
}

/* Numbers that have a meaning somewhere, and some that have none anywhere. */
u32 fuzz_word(void)
{
    switch (draw(10)) {
    case 0: return 0;
    case 1: return ~0u;
    case 2: return draw(64);
    case 3: return HV_HOLE + draw(1 << 16);
    case 4: return (u32)scratch + draw(64) * 4;
    case 5: return (u32)scratch + PAGE_SIZE - draw(16);
    case 6: return draw(start.nr_frames);
    case 7: return draw(MACHINE_FRAMES);
    case 8: return 1u << draw(32);
    }
    return fuzz_bits();
}

/* The same, but no place in this kernel. */
static u32 harmless_word(void)
{
    u32 word = fuzz_word();
    bool kernel = word - KERNEL_STACK < (NR_FRAMES + 1) * PAGE_SIZE;
    return kernel && PAGE_DOWN(word) != (u32)scratch ? (u32)scratch : word;
}

static void expect(bool right)
{
    run->bad += !right;
}

/* What lies in the page of an IDT or a TSS is watched; ours must not come to hold a stack. */
static u32 place_for_table(void)
{
    return draw(2) ? HV_HOLE - 8 + draw(1 << 16) : (u32)scratch + draw(0x800);
}

/* ---- hypercalls ---- */

/* A request whose success would hurt nobody, or can be taken back. */
static struct multicall harmless_call(void)
{
    u32 number = draw(8) ? 1 + draw(HC_SCHED) : fuzz_bits();
    struct multicall call = { number, { harmless_word(), harmless_word(), harmless_word() }, 0 };
    switch (number) {
    case HC_IRET: case HC_BLOCK: case HC_EXIT: case HC_MARK:
        call.op = 0;
        break;
    case HC_MMU_UPDATE: case HC_MMUEXT: case HC_MULTICALL: /* lists: below */
        call.args[0] = HV_HOLE;
        break;
    case HC_UPDATE_VA: /* the hypervisor's slot, or one that has no table */
        call.args[0] = draw(2) ? HV_HOLE + draw(1 << 22) : (SCRATCH_SLOT + 2 + draw(64)) << 22;
        break;
    case HC_SET_TRAPS:
        call.args[0] = place_for_table();
        break;
    case HC_CONSOLE_WRITE: case HC_CONSOLE_READ: /* nothing to be seen, nothing taken from the reader */
        call.args[0] |= HV_HOLE;
        break;
    }
    return call;
}

static void do_call(void)
{
    struct multicall call = harmless_call();
    run->accepted += hypercall(call.op, call.args[0], call.args[1], call.args[2]) >= 0;
}

/* Frames of ours are in use for something: to pin or load one would be no attack, but a nuisance. */
static u32 not_our_frame(void)
{
    u32 mfn = draw(4) ? draw(MACHINE_FRAMES) : harmless_word();
    return pte_frame(mfn << PAGE_SHIFT) ? 0 : mfn;
}

static u32 any_entry(u32 *ours)
{
    u32 own = pte_make(frame_of(ours), (u32)ours & (PAGE_SIZE - 1));
    return draw(3) ? not_our_frame() << PAGE_SHIFT | draw(PAGE_SIZE) : own + (draw(4) ? 0 : 1 + draw(3));
}

/* Lists of random length and contents, straddling pages or ending in the hypervisor's slot. */
static void do_list(void)
{
    u32 *ours = paravirtual() ? space_entry_make(SCRATCH_SLOT << 22) : scratch;
    u32 kind = draw(3), n = draw(BATCH_MAX + 2);
    pt->flush();
    for (u32 i = 0; i < BATCH_MAX; i++) {
        if (kind == 0)
            ((struct mmu_update *)scratch)[i] = (struct mmu_update){ any_entry(ours), fuzz_bits() };
        else if (kind == 1)
            ((struct mmuext_op *)scratch)[i] = (struct mmuext_op){ draw(8), not_our_frame() };
        else
            ((struct multicall *)scratch)[i] = harmless_call();
    }
    run->accepted += hypercall((u32[]){ HC_MMU_UPDATE, HC_MMUEXT, HC_MULTICALL }[kind], (u32)scratch, n, 0) >= 0;
    if (paravirtual()) {
        pt->set(ours, 0);
        pt->flush();
    }
}

/* ---- privileged instructions ---- */

/* The devices we rely on, and the ports that mean something to whoever watches, are left alone. */
static u32 harmless_port(void)
{
    u32 port = draw(2) ? draw(0x400) : draw(0x10000), low = port & ~7u;
    bool used = port < 0x60 || low == 0xA0 || low == 0x2F8 || low == 0x3F8 || (port >= 0xE4 && port < 0xF8) || port == PIO_GO;
    return used ? 0x80 : port;
}

static void write_string(u16 port, u32 from)
{
    u32 bytes = draw(64);
    __asm__ volatile("1: rep outsb\n2:\n\t.section .fixups, \"a\"\n\t.long 1b, 2b\n\t.previous"
                     : "+S"(from), "+c"(bytes) : "d"(port) : "memory");
}

static void do_port(void)
{
    u16 port = (u16)harmless_port();
    u32 value = fuzz_bits(), from = draw(2) ? (u32)scratch : HV_HOLE;
    switch (draw(6)) {
    case 0: GUARDED(value, "outb %%al, %w2", "d"(port)); break;
    case 1: GUARDED(value, "outw %%ax, %w2", "d"(port)); break;
    case 2: GUARDED(value, "outl %%eax, %w2", "d"(port)); break;
    case 3: GUARDED(value, "inb %w2, %%al", "d"(port)); break;
    case 4: GUARDED(value, "inl %w2, %%eax", "d"(port)); break;
    case 5: write_string(port, from); break;
    }
}

/* Table registers from where nothing can be read; or an IDT and a TSS anywhere, until ours are loaded again. */
static void do_table(void)
{
    struct { u16 limit; u32 base; } __attribute__((packed)) table = { (u16)fuzz_bits(), place_for_table() };
    u32 nowhere = HV_HOLE - 2 + draw(8);
    interrupts_off();
    switch (draw(6)) {
    case 0: GUARDED(0, "lgdt (%2)", "r"(nowhere)); break;
    case 1: GUARDED(0, "lidt (%2)", "r"(nowhere)); break;
    case 2: GUARDED(0, "lidt (%2)", "r"(&table)); break;
    case 3: GUARDED(0, "ltr %w2", "r"(GUEST_TSS + 8 + 8 * draw(200))); break; /* the rest of the GDT's page */
    case 4: GUARDED(0, "lldt %w2", "r"(fuzz_bits())); break;
    case 5:
        hypercall(HC_SET_TRAPS, table.base, table.limit, 0);
        hypercall(HC_STACK_SWITCH, fuzz_word(), 0, 0);
        break;
    }
    traps_load();
    interrupts_on();
}

#define CR0_HARMLESS 0x0001002Eu /* WP, NE, TS, EM, MP */

static void do_control(void)
{
    u32 cr0, cr3, cr4;
    __asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    switch (draw(8)) {
    case 0: GUARDED(0, "mov %2, %%cr0", "r"(cr0 ^ (fuzz_bits() & CR0_HARMLESS))); break;
    case 1: expect(!GUARDED(0, "mov %2, %%cr4", "r"(cr4 | 1u << (8 + draw(24))))); break; /* none of these in a guest */
    case 2: GUARDED(0, "mov %2, %%cr2", "r"(fuzz_bits())); break;
    case 3: GUARDED(0, "mov %2, %%cr3", "r"(cr3 | draw(0x1000))); break;
    case 4: GUARDED(0, "mov %2, %%cr4", "r"(cr4 ^ (paravirtual() ? 0 : 0x10))); break; /* PSE: nobody has 4 MB pages now */
    case 5: GUARDED(0, "lmsw %w2", "r"(draw(16) | 1)); break;
    case 6: GUARDED(0, "mov %2, %%dr7", "r"(fuzz_bits())); break;
    case 7: GUARDED(0, "invlpg (%2)", "r"(fuzz_word())); break;
    }
    GUARDED(0, "mov %2, %%cr0", "r"(cr0));
    if (!paravirtual())
        __asm__ volatile("mov %0, %%cr3; mov %1, %%cr4" : : "r"(cr3), "r"(cr4) : "memory");
}

/* ---- page tables ---- */

static gfn_t directory, table[TABLES], data[DATA];

static bool is_data(gfn_t gfn)
{
    for (u32 i = 0; i < DATA; i++)
        if (data[i] == gfn)
            return true;
    return false;
}

static u32 beyond(void)
{
    return (start.nr_frames + draw((1u << 20) - start.nr_frames)) << PAGE_SHIFT;
}

/* Write access to data and to what does not exist, and to nothing else. */
static u32 random_entry(void)
{
    u32 flags = fuzz_bits() & 0xFFF;
    switch (draw(4)) {
    case 0: return fuzz_bits() & ~PTE_P;
    case 1: return beyond() | flags;
    case 2: return pte_make(table[draw(TABLES)], flags & ~PTE_W);
    }
    return pte_make(data[draw(DATA)], flags | PTE_P);
}

static u32 random_directory_entry(void)
{
    u32 flags = fuzz_bits() & 0xFFF & ~PTE_PS;
    switch (draw(6)) {
    case 0: return fuzz_bits() & ~PTE_P;
    case 1: return beyond() | flags;
    case 2: return (flags & ~PTE_W) | PTE_PS | (draw(4) ? 0 : 1u << (13 + draw(9))); /* our memory, and reserved bits */
    case 3: return (1 + draw(1023)) << 22 | flags | PTE_PS;
    }
    return pte_make(table[draw(TABLES)], flags | PTE_P);
}

static void random_tree(void)
{
    for (u32 i = 0; i < SLOTS; i++)
        table_bytes(directory)[SCRATCH_SLOT + i] = random_directory_entry();
    for (u32 i = 0; i < TABLES; i++)
        for (u32 k = 0; k < 24; k++)
            table_bytes(table[i])[draw(PAGE_ENTRIES)] = random_entry();
}

struct found { u32 *pde, *pte; gfn_t gfn; bool there, writable; };

/* SDM vol. 3A, figure 4-2 and 4-4; at level 0, with CR0.WP and CR4.PSE set. */
static struct found walk(gva_t va)
{
    struct found f = { &table_bytes(directory)[directory_slot(va)], NULL, 0, false, false };
    if (!(*f.pde & PTE_P))
        return f;
    f.gfn = (*f.pde >> 22 << 10) + table_slot(va);
    f.writable = (*f.pde & PTE_W) != 0;
    f.there = !BEYOND(f.gfn) && !(*f.pde & 0x003FE000);
    if (*f.pde & PTE_PS)
        return f;
    f.there = false;
    if (BEYOND(*f.pde >> PAGE_SHIFT))
        return f;
    f.pte = &table_bytes(*f.pde >> PAGE_SHIFT)[table_slot(va)];
    f.gfn = *f.pte >> PAGE_SHIFT;
    f.there = (*f.pte & PTE_P) && !BEYOND(f.gfn);
    f.writable = f.writable && (*f.pte & PTE_W);
    return f;
}

static void touch_tree(void)
{
    gva_t va = (SCRATCH_SLOT + draw(SLOTS)) << 22 | draw(PAGE_ENTRIES) << PAGE_SHIFT | draw(PAGE_ENTRIES) << 2;
    struct found f = walk(va);
    bool write = draw(3) == 0;
    u32 value = fuzz_bits(), seen = 0, *word = f.there ? (u32 *)frame_bytes(f.gfn) + (va / 4) % PAGE_ENTRIES : NULL;
    bool done = write ? write_guarded(va, value) : read_guarded(va, &seen);
    expect(done == (f.there && (!write || f.writable)));
    if (!done || !f.there)
        return;
    if (is_data(f.gfn))
        expect(*word == (write ? value : seen));
    expect((*f.pde & PTE_A) && (!f.pte || (*f.pte & PTE_A)));
    expect(!write || (*(f.pte ? f.pte : f.pde) & PTE_D));
}

/* What a PV domain may not write to any more; `on` again in the end. The directory's other table stays writable. */
static void seal_all(bool on)
{
    void (*change)(gfn_t) = on ? pt->seal : pt->unseal;
    change(directory);
    for (u32 i = 0; i < TABLES; i++)
        change(table[i]);
    pt->flush();
}

/* The tree is refused, after all that was right in it has been validated and undone. */
static void ask_for_tree(void)
{
    struct mmuext_op pin = { MMUEXT_PIN_L2, pte_make(directory, 0) >> PAGE_SHIFT };
    seal_all(true);
    expect(hypercall(HC_MMUEXT, (u32)&pin, 1, 0) != 0);
    seal_all(false);
}

/* Global pages stay through a load of CR3, and go with a change of CR4.PGE (SDM vol. 3A, 4.10.4.1). */
static void flush_globals(void)
{
    u32 cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4; mov %1, %%cr4" : : "r"(cr4 ^ CR4_PGE), "r"(cr4) : "memory");
}

static void change_tree(void)
{
    if (draw(3))
        table_bytes(table[draw(TABLES)])[draw(PAGE_ENTRIES)] = random_entry();
    else
        table_bytes(directory)[SCRATCH_SLOT + draw(SLOTS)] = random_directory_entry();
    flush_globals();
}

static void do_tree(void)
{
    random_tree();
    if (paravirtual()) {
        ask_for_tree();
        return;
    }
    pt->load(directory);
    flush_globals();
    for (u32 i = 0; i < 40; i++) {
        touch_tree();
        if (!draw(4))
            change_tree();
    }
    pt->load(current->directory);
    flush_globals();
}

static void do_ring(void)
{
    expect(ring_garble(fuzz_bits()));
}

static void do_pae(void)
{
    run->bad += fuzz_pae();
}

/* ---- all of it ---- */

static void (*const kinds[])(void) = {
#define X(name) do_##name,
    FUZZ_KINDS(X)
#undef X
};

static bool take_frames(void)
{
    if (frames_free() < TABLES + DATA + 4)
        return false;
    scratch = frame_bytes(frame_alloc_zero());
    directory = space_new(pte_frame(*space_entry(current->directory, KERNEL_STACK)));
    frame_get(pte_frame(*space_entry(current->directory, KERNEL_STACK)));
    for (u32 i = 0; i < TABLES; i++)
        table[i] = frame_alloc_zero();
    for (u32 i = 0; i < DATA; i++)
        data[i] = frame_alloc_zero();
    return true;
}

static void give_frames_back(void)
{
    for (u32 i = 0; i < SLOTS; i++)
        table_bytes(directory)[SCRATCH_SLOT + i] = 0;
    space_release(directory);
    for (u32 i = 0; i < TABLES; i++)
        frame_put(table[i]);
    for (u32 i = 0; i < DATA; i++)
        frame_put(data[i]);
    frame_put(frame_of(scratch));
}

/* Channels, grants, shares and the timer as they were. */
static void put_right(void)
{
    for (u32 i = 0; i < 32 && !ring_in_use(); i++) {
        hypercall(HC_EVENT, EVENT_CLOSE, i, 0);
        hypercall(HC_GRANT, GRANT_END, i, 0);
    }
    hypercall(HC_SCHED, 0, 256, 0);
    hypercall(HC_SCHED, 1, 256, 0);
    hypercall(HC_SET_TIMER, paravirtual(), 0, 0);
    traps_load();
}

static int begin(struct fuzz_run *with)
{
    u32 cr4;
    run = with;
    random_state = run->seed;
    if (!take_frames())
        return -ENOMEM;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (!paravirtual())
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_PSE) : "memory");
    return 0;
}

/* No interrupt may come while a request may have taken our IDT away. */
static void one_round(u32 kind)
{
    bool requests = kind == FUZZ_call || kind == FUZZ_list;
    if (requests)
        interrupts_off();
    kinds[kind]();
    if (requests) {
        put_right();
        interrupts_on();
    }
    run->done[kind]++;
}

int sys_fuzz(u32 run_at, u32 b, u32 c)
{
    static struct fuzz_run copy;
    (void)b, (void)c;
    if (copy_from_user(&copy, run_at, sizeof copy))
        return -EFAULT;
    if (start.mode == MODE_NATIVE)
        return -ENODEV;
    int error = begin(&copy);
    if (error)
        return error;
    if (run->wild)
        fuzz_wild(run);
    for (u32 i = 0; i < run->rounds && !current->killed; i++) {
        u32 kind = draw(FUZZ_COUNT);
        if (!(run->kinds >> kind & 1) || (kind == FUZZ_ring && !ring_in_use()))
            continue;
        one_round(kind);
    }
    give_frames_back();
    return copy_to_user(run_at, run, sizeof *run);
}

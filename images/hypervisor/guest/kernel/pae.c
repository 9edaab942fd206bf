/*
 * PAE paging (SDM vol. 3A, 4.4): trees of random 64-bit entries, and accesses compared with a walk of them.
 *
 * PAE comes on while paging is on, so one CR3 has to be right in both ways of reading it. It can be: 32-bit
 * paging takes bits 31 to 12 for a directory, PAE takes bits 31 to 5 for four pointers. We let the pointers be
 * where a free part of the directory is. The kernel is mapped by two 2 MB pages then.
 */
#include "fuzz.h"

#define draw fuzz_draw
#define ENTRIES 512u
#define TABLES 2u
#define DATA 3u
#define WINDOW 0x80000000u /* where the random tree is, in the third gigabyte; PD slots from 0 */
#define SLOTS 6u

static gfn_t directory, window, kernel, stack, table[TABLES], data[DATA];

static u32 *entry(gfn_t in, u32 slot)
{
    return (u32 *)frame_bytes(in) + 2 * slot;
}

static void put(gfn_t in, u32 slot, u32 low)
{
    entry(in, slot)[0] = low;
    entry(in, slot)[1] = draw(12) ? 0 : fuzz_bits() & 0xFFFF0; /* reserved: physical addresses have 32 bits here */
}

static u32 beyond(void)
{
    return (start.nr_frames + draw((1u << 20) - start.nr_frames)) << PAGE_SHIFT;
}

static u32 flags(void)
{
    return fuzz_bits() & 0xFFF & ~PTE_G;
}

static u32 random_entry(void)
{
    switch (draw(4)) {
    case 0: return fuzz_bits() & ~PTE_P;
    case 1: return beyond() | flags();
    case 2: return pte_make(table[draw(TABLES)], flags() & ~PTE_W);
    }
    return pte_make(data[draw(DATA)], flags() | PTE_P);
}

static u32 random_directory_entry(void)
{
    u32 large = (flags() & ~PTE_W) | PTE_PS;
    switch (draw(6)) {
    case 0: return fuzz_bits() & ~PTE_P;
    case 1: return beyond() | (flags() & ~PTE_PS);
    case 2: return draw(2) << 21 | large;
    case 3: return (2 + draw(2046)) << 21 | large | PTE_W;
    }
    return pte_make(table[draw(TABLES)], (flags() & ~PTE_PS) | PTE_P);
}

static void change(void)
{
    if (draw(3))
        put(table[draw(TABLES)], draw(ENTRIES), random_entry());
    else
        put(window, draw(SLOTS), random_directory_entry());
}

/* The leaf that maps va, or NULL, and the frame. */
static u32 *walk(gva_t va, bool *writable, gfn_t *gfn)
{
    u32 *pde = entry(window, (va - WINDOW) >> 21), *pte = entry(*pde >> PAGE_SHIFT, va >> PAGE_SHIFT & (ENTRIES - 1));
    if (!(pde[0] & PTE_P) || pde[1])
        return NULL;
    *writable = (pde[0] & PTE_W) != 0;
    *gfn = (pde[0] >> 21 << 9) + (va >> PAGE_SHIFT & (ENTRIES - 1));
    if (pde[0] & PTE_PS)
        return *gfn < start.nr_frames ? pde : NULL;
    if (pde[0] >> PAGE_SHIFT >= start.nr_frames || !(pte[0] & PTE_P) || pte[1])
        return NULL;
    *writable = *writable && (pte[0] & PTE_W);
    *gfn = pte[0] >> PAGE_SHIFT;
    return *gfn < start.nr_frames ? pte : NULL;
}

/* True when the access did what the walk says, and left the bits a CPU leaves. */
static bool touch(void)
{
    gva_t va = WINDOW + (draw(SLOTS) << 21 | draw(ENTRIES) << PAGE_SHIFT | draw(PAGE_ENTRIES) << 2);
    bool writable = false, write = draw(3) == 0;
    u32 value = fuzz_bits(), seen = 0;
    gfn_t gfn = 0;
    u32 *leaf = walk(va, &writable, &gfn);
    bool done = write ? write_guarded(va, value) : read_guarded(va, &seen);
    if (done != (leaf && (!write || writable)))
        return false;
    if (!done || !leaf)
        return true;
    u32 word = ((u32 *)frame_bytes(gfn))[va / 4 % PAGE_ENTRIES];
    bool is_data = gfn == data[0] || gfn == data[1] || gfn == data[2];
    return (!is_data || word == (write ? value : seen)) && (*leaf & PTE_A) && (!write || (*leaf & PTE_D));
}

static u32 control_4(u32 set, u32 clear)
{
    u32 cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"((cr4 | set) & ~clear) : "memory");
    return cr4;
}

static void load(u32 cr3)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
}

/* What must stay mapped: the kernel in the fourth gigabyte, its stack at the end of the third. */
static void build(gfn_t kernel_stack)
{
    u32 *pointers = &table_bytes(directory)[SCRATCH_SLOT];
    pointers[4] = pte_make(window, PTE_P);
    pointers[6] = pte_make(kernel, PTE_P);
    for (u32 i = 0; i < 2; i++)
        entry(kernel, i)[0] = i << 21 | PTE_P | PTE_W | PTE_PS;
    entry(window, ENTRIES - 1)[0] = pte_make(stack, PTE_P | PTE_W);
    entry(stack, ENTRIES - 1)[0] = pte_make(kernel_stack, PTE_P | PTE_W);
    for (u32 i = 0; i < 40; i++)
        change();
}

static u32 walk_about(void)
{
    u32 bad = 0, cr3 = pte_make(directory, SCRATCH_SLOT * 4);
    load(cr3);
    control_4(CR4_PAE, CR4_PGE);
    for (u32 i = 0; i < 60; i++) {
        bad += !touch();
        if (draw(4))
            continue;
        change();
        load(cr3);
    }
    control_4(CR4_PGE, CR4_PAE);
    pt->load(current->directory);
    return bad;
}

/* How many accesses went otherwise than the tables say. */
u32 fuzz_pae(void)
{
    gfn_t kernel_stack = pte_frame(*space_entry(current->directory, KERNEL_STACK));
    gfn_t *const all[] = { &window, &kernel, &stack, &table[0], &table[1], &data[0], &data[1], &data[2] };
    if (paravirtual() || frames_free() < COUNT(all) + 4)
        return 0;
    directory = space_new(kernel_stack);
    frame_get(kernel_stack);
    for (u32 i = 0; i < COUNT(all); i++)
        *all[i] = frame_alloc_zero();
    build(kernel_stack);
    u32 bad = walk_about();
    for (u32 i = 0; i < 8; i++)
        table_bytes(directory)[SCRATCH_SLOT + i] = 0;
    space_release(directory);
    for (u32 i = 0; i < COUNT(all); i++)
        frame_put(*all[i]);
    return bad;
}

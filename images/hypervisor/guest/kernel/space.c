/*
 * Address spaces: a directory, a table for every 4 MB in use. A new space is made of plain frames, filled
 * by plain stores, and only then becomes one that the CPU may use (space_ready); under a hypervisor that
 * order costs nothing until the last step. Afterwards every change goes through pt_ops.
 */
#include "kernel.h"

gfn_t boot_directory, kernel_table;
static u32 kernel_entry;
extern u32 first_directory[], first_table[];

static u32 read_cr4(void)
{
    u32 cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    return cr4;
}

static void write_cr4(u32 cr4)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

/* The kernel's pages stay in the TLB across a switch of address spaces; with `nopge` they do not. */
static void global_pages(void)
{
    if (boot_option("nopge") || !(cpu_features() & CPUID_PGE))
        return;
    for (u32 i = 0; i < PAGE_ENTRIES; i++)
        first_table[i] |= PTE_G;
    write_cr4(read_cr4() | CR4_PGE);
}

/* `psepages`: one 4 MB page instead of a table. */
static void large_page(void)
{
    if (!boot_option("psepages") || !(cpu_features() & CPUID_PSE))
        return;
    write_cr4(read_cr4() | CR4_PSE);
    kernel_entry = PTE_P | PTE_W | PTE_PS | (boot_option("nopge") ? 0 : PTE_G);
    kernel_table = 0;
}

/* The tables of entry.S go on as the kernel's own, without the identity map; a PV domain's were made for it. */
void paging_init(void)
{
    if (paravirtual()) {
        boot_directory = start.pt_gpa >> PAGE_SHIFT;
        kernel_entry = table_bytes(boot_directory)[KERNEL_SLOT];
        kernel_table = pte_frame(kernel_entry);
        return;
    }
    boot_directory = frame_of(first_directory);
    kernel_table = frame_of(first_table);
    kernel_entry = pte_make(kernel_table, PTE_P | PTE_W | PTE_A);
    global_pages();
    large_page();
    first_directory[KERNEL_SLOT] = kernel_entry;
    first_directory[0] = 0;
    pt->load(boot_directory);
}

u32 space_kernel_entry(void)
{
    return kernel_entry;
}

/* The first entry from `i` on that is not zero, or `end`: most of a table is empty, and one SCAS skips all of that. */
static u32 used_from(const u32 *entries, u32 i, u32 end)
{
    const u32 *at = entries + i;
    u32 left = end - i;
    bool all_zero = true;
    if (left)
        __asm__ volatile("repe scasl" : "+D"(at), "+c"(left), "=@ccz"(all_zero) : "a"(0) : "memory");
    return all_zero ? end : (u32)(at - entries) - 1;
}

#define EACH_USED(i, entries, end) (u32 i = used_from(entries, 0, end); i < end; i = used_from(entries, i + 1, end))

bool space_put(gfn_t directory, gva_t va, gfn_t gfn, u32 flags)
{
    u32 *slot = &table_bytes(directory)[directory_slot(va)];
    if (!*slot) {
        gfn_t table = frame_alloc_zero();
        if (!table)
            return false;
        *slot = pte_make(table, TABLE_FLAGS);
    }
    table_bytes(pte_frame(*slot))[table_slot(va)] = pte_make(gfn, flags);
    return true;
}

gfn_t space_new(gfn_t kernel_stack)
{
    gfn_t directory = frame_alloc_zero();
    if (!directory)
        return 0;
    table_bytes(directory)[KERNEL_SLOT] = kernel_entry;
    if (!space_put(directory, KERNEL_STACK, kernel_stack, PTE_P | PTE_W | PTE_A | PTE_D)) {
        frame_put(directory);
        return 0;
    }
    return directory;
}

void space_ready(gfn_t directory)
{
    const u32 *slots = table_bytes(directory);
    for EACH_USED (i, slots, KERNEL_SLOT)
        pt->seal(pte_frame(slots[i]));
    pt->seal(directory);
    pt->pin(directory);
}

u32 *space_entry(gfn_t directory, gva_t va)
{
    u32 entry = table_bytes(directory)[directory_slot(va)];
    return entry & PTE_P ? &table_bytes(pte_frame(entry))[table_slot(va)] : NULL;
}

u32 *space_entry_make(gva_t va)
{
    pt->flush(); /* what is read here must not lag behind what was collected */
    u32 *entry = space_entry(current->directory, va);
    if (entry)
        return entry;
    gfn_t table = frame_alloc_zero();
    if (!table)
        return NULL;
    pt->seal(table);
    pt->set(&table_bytes(current->directory)[directory_slot(va)], pte_make(table, TABLE_FLAGS));
    return &table_bytes(table)[table_slot(va)];
}

/* Both sides lose write access to what was writable; who writes first gets a copy (fault.c). */
static bool fork_table(gfn_t directory, gva_t base, u32 *from)
{
    for EACH_USED (i, from, PAGE_ENTRIES) {
        u32 entry = from[i];
        if (!(entry & PTE_U))
            continue; /* the kernel's stack: each has its own */
        if (!space_put(directory, base + i * PAGE_SIZE, pte_frame(entry), entry & ~(PTE_FRAME | PTE_W)))
            return false;
        frame_get(pte_frame(entry));
        if (entry & PTE_W)
            pt->set(&from[i], entry & ~PTE_W);
    }
    return true;
}

/* Frames shared with a space that is dropped again come back to `from` by the write faults that follow. */
gfn_t space_fork(gfn_t from, gfn_t kernel_stack)
{
    gfn_t directory = space_new(kernel_stack);
    bool complete = directory != 0;
    for EACH_USED (i, table_bytes(from), KERNEL_SLOT)
        complete = complete && fork_table(directory, i << 22, table_bytes(pte_frame(table_bytes(from)[i])));
    pt->flush_tlb();
    if (complete) {
        space_ready(directory);
        return directory;
    }
    if (directory) {
        frame_get(kernel_stack); /* the caller's to free */
        space_ready(directory);
        space_free(directory);
    }
    return 0;
}

void space_unseal_tables(gfn_t directory)
{
    const u32 *slots = table_bytes(directory);
    for EACH_USED (i, slots, KERNEL_SLOT)
        pt->unseal(pte_frame(slots[i]));
    pt->flush();
}

/* PV: once unpinned, none of it is a page table any more, and all of it can be made writable again. */
void space_retire(gfn_t directory)
{
    pt->unpin(directory);
    pt->unseal(directory);
    space_unseal_tables(directory);
}

/* Clears a table as a kernel does that must know every page it gives up, and drops those pages. */
static void free_table(gfn_t table)
{
    u32 *entries = table_bytes(table);
    for EACH_USED (i, entries, PAGE_ENTRIES) {
        frame_put(pte_frame(entries[i]));
        *(volatile u32 *)&entries[i] = 0;
    }
    frame_put(table);
}

void space_release(gfn_t directory)
{
    u32 *slots = table_bytes(directory);
    for EACH_USED (i, slots, KERNEL_SLOT) {
        gfn_t table = pte_frame(slots[i]);
        *(volatile u32 *)&slots[i] = 0;
        free_table(table);
    }
    frame_put(directory);
}

void space_free(gfn_t directory)
{
    space_retire(directory);
    space_release(directory);
}

/* Calls `change` for every present page of the running process in a range. */
static void each_page(gva_t start, gva_t end, void (*change)(gva_t va, u32 *slot))
{
    pt->flush();
    for (gva_t va = start; va < end;) {
        u32 *slot = space_entry(current->directory, va);
        if (!slot) {
            va = (directory_slot(va) + 1) << 22;
            continue;
        }
        if (*slot & PTE_P)
            change(va, slot);
        va += PAGE_SIZE;
    }
}

static void unmap_page(gva_t va, u32 *slot)
{
    gfn_t gfn = pte_frame(*slot);
    pt->update(va, slot, 0);
    frame_put(gfn);
}

static void protect_page(gva_t va, u32 *slot)
{
    if (*slot & PTE_W)
        pt->update(va, slot, *slot & ~PTE_W);
}

void space_unmap(gva_t start, gva_t end)
{
    each_page(start, end, unmap_page);
    pt->flush(); /* before the frames are used again */
}

void space_protect(gva_t start, gva_t end)
{
    each_page(start, end, protect_page);
}

static u32 table_pages(const u32 *entries)
{
    u32 pages = 0;
    for EACH_USED (i, entries, PAGE_ENTRIES)
        pages += (entries[i] & PTE_U) != 0;
    return pages;
}

u32 space_pages(gfn_t directory)
{
    u32 pages = 0;
    for EACH_USED (i, table_bytes(directory), KERNEL_SLOT)
        pages += table_pages(table_bytes(pte_frame(table_bytes(directory)[i])));
    return pages;
}

/*
 * Direct paging: the calls by which a paravirtual guest changes its page tables. The CPU walks those tables
 * themselves; the guest maps them read-only and asks for every change. direct_types.c has the argument why
 * checking the one entry that changes is enough.
 */
#include "hv.h"

static bool in_use_as_table(mfn_t mfn)
{
    const struct frame *f = &frames[mfn];
    return f->type_count && (f->type == FRAME_L1 || f->type == FRAME_L2);
}

/* Accessed and dirty are the CPU's to set, and the bits free for software mean nothing: no new use of anything. */
static bool same_use(u32 old, u32 new)
{
    return ((old ^ new) & (PTE_FRAME | PTE_P | PTE_W | PTE_PS)) == 0;
}

/* The new entry's uses are taken before the old one's are given back: what both refer to never drops to 0. */
int direct_update(struct domain *d, ma_t ptr, u32 value)
{
    mfn_t table = ptr >> PAGE_SHIFT;
    if (table >= MACHINE_FRAMES || ptr % sizeof(u32)) return refuse(REFUSE_RANGE, ptr, value);
    if (!owns(d, table)) return refuse(REFUSE_NOT_OWNER, ptr, value);
    if (!in_use_as_table(table)) return refuse(REFUSE_NOT_TABLE, ptr, value);
    u32 level = frames[table].type, slot = ptr / sizeof(u32) % PAGE_ENTRIES;
    if (level == FRAME_L2 && slot == HV_SLOT) return refuse(REFUSE_HV_SLOT, ptr, value);

    u32 *entry = machine(ptr), old = *entry;
    bool same = same_use(old, value);
    if (!same) {
        int error = entry_get(d, level, value);
        if (error) return error;
    }
    *entry = value;
    if (!same) entry_put(d, level, old);
    trace(STEP_PT_UPDATE, ptr, old, value);
    return 0;
}

int direct_update_va(struct domain *d, gva_t va, u32 value)
{
    if (va >= HV_HOLE) return refuse(REFUSE_HV_SLOT, va, value);
    u32 *directory = machine(d->vcpu.cr3), pde = directory[va >> 22];
    if (!(pde & PTE_P)) return refuse(REFUSE_NOT_TABLE, va, value);
    u32 slot = va >> PAGE_SHIFT & (PAGE_ENTRIES - 1);
    int error = direct_update(d, (pde & PTE_FRAME) + slot * sizeof(u32), value);
    if (!error) flush_page(va);
    return error;
}

/* A pin keeps a table validated while nothing uses it, so that loading it again is cheap. */
static int pin(struct domain *d, mfn_t mfn, u32 type)
{
    if (owns(d, mfn) && frames[mfn].pinned) return refuse(REFUSE_BUSY, mfn, type);
    int error = type_get(d, mfn, type);
    if (!error) frames[mfn].pinned = 1;
    return error;
}

static int unpin(struct domain *d, mfn_t mfn)
{
    if (!owns(d, mfn)) return refuse(mfn < MACHINE_FRAMES ? REFUSE_NOT_OWNER : REFUSE_RANGE, mfn, 0);
    if (!frames[mfn].pinned) return refuse(REFUSE_NOT_TABLE, mfn, 0);
    frames[mfn].pinned = 0;
    type_put(d, mfn);
    return 0;
}

/* CR3 is a use like any other: the directory in force cannot turn into something else. */
static int load_directory(struct domain *d, mfn_t mfn)
{
    if (type_get(d, mfn, FRAME_L2)) return refuse(REFUSE_CR3, mfn, d->vcpu.cr3 >> PAGE_SHIFT);
    mfn_t old = d->vcpu.cr3 >> PAGE_SHIFT;
    d->vcpu.cr3 = mfn << PAGE_SHIFT;
    d->mmu.root = d->vcpu.cr3;
    load_cr3(d->mmu.root);
    type_put(d, BUG(BUG_MISSING_REFCOUNT) ? mfn : old);
    return 0;
}

int direct_extended(struct domain *d, u32 command, u32 arg)
{
    switch (command) {
    case MMUEXT_PIN_L1: return pin(d, arg, FRAME_L1);
    case MMUEXT_PIN_L2: return pin(d, arg, FRAME_L2);
    case MMUEXT_UNPIN: return unpin(d, arg);
    case MMUEXT_NEW_BASEPTR: return load_directory(d, arg);
    case MMUEXT_TLB_FLUSH: flush_all(); return 0;
    case MMUEXT_INVLPG: flush_page(arg); return 0;
    default: return refuse(REFUSE_CALL, command, arg);
    }
}

/*
 * Writable page tables: the guest stores to its tables as on a real machine, and the store, which faults
 * because the table is mapped read-only, goes through the same validation as a hypercall.
 */
static bool emulate_table_store(struct domain *d, struct regs *regs, gva_t gva)
{
    struct walk walk;
    guest_walk(d, gva, 0, &walk);
    if (walk.fault || !owns(d, walk.gfn) || !in_use_as_table(walk.gfn)) return false;
    const u32 *entry = machine((walk.gfn << PAGE_SHIFT) + (gva & (PAGE_SIZE - 1) & ~3u));
    u32 old = *entry;
    enum store result = emulate_store(d, regs, gva);
    if (result == STORE_DONE) trace4(EXIT_PF_PT_WRITE, frames[walk.gfn].gfn, (gva & (PAGE_SIZE - 1)) / sizeof(u32), old, *entry);
    return result != STORE_UNKNOWN;
}

/* The tables are the guest's own, so a fault is the guest's own, too. It finds the address in the shared page. */
void direct_page_fault(struct domain *d, struct regs *regs, gva_t gva)
{
    u32 kind = regs->error & (PTE_P | PTE_W | PTE_U); /* the error code's low bits have the same order */
    if ((d->flags & START_PTWR) && kind == (PTE_P | PTE_W) && emulate_table_store(d, regs, gva)) return;
    trace(EXIT_PF_GUEST, gva, regs->error, 0);
    inject_page_fault(d, gva, regs->error & 7);
}

/* A frame of memory that the domain starts with, cleared. */
static u32 *fresh(struct domain *d, gfn_t gfn)
{
    u32 *words = guest_memory(d, gfn << PAGE_SHIFT);
    for (u32 i = 0; i < PAGE_ENTRIES; i++) words[i] = 0;
    return words;
}

_Static_assert(DOMAIN_FRAMES <= PAGE_ENTRIES, "one table maps the domain, one frame holds its p2m list");

/*
 * The last three frames hold the p2m list, the directory and the table that maps everything at GUEST_BASE.
 * We write to the shared page for as long as the domain lives; it takes a use as writable memory for that,
 * or a guest could make a page table of it and have us write the entries.
 */
void direct_init(struct domain *d)
{
    gfn_t list_gfn = d->nr_frames - 3, directory_gfn = d->nr_frames - 2, table_gfn = d->nr_frames - 1;
    u32 *list = fresh(d, list_gfn), *directory = fresh(d, directory_gfn), *table = fresh(d, table_gfn);
    for (gfn_t gfn = 0; gfn < d->nr_frames; gfn++) {
        mfn_t mfn = d->mmu.p2m[gfn];
        list[gfn] = mfn;
        if (mfn != 0xFFFF) table[gfn] = mfn << PAGE_SHIFT | PTE_P | (gfn >= directory_gfn ? 0 : PTE_W);
    }
    directory[GUEST_BASE >> 22] = machine_address(table) | PTE_P | PTE_W;

    d->start->p2m_gpa = list_gfn << PAGE_SHIFT;
    d->start->pt_gpa = directory_gfn << PAGE_SHIFT;
    d->start->nr_pt_frames = 2;
    mfn_t directory_mfn = d->mmu.p2m[directory_gfn];
    if (pin(d, directory_mfn, FRAME_L2) || pin(d, d->mmu.p2m[table_gfn], FRAME_L1) || type_get(d, directory_mfn, FRAME_L2) ||
        type_get(d, machine_address(d->shared) >> PAGE_SHIFT, FRAME_WRITABLE)) {
        panic("the first page tables were refused");
    }
    d->vcpu.cr0 = CR0_PE | CR0_ET | CR0_WP | CR0_PG;
    d->vcpu.cr3 = directory_mfn << PAGE_SHIFT;
    d->mmu.root = d->vcpu.cr3;
}

/* Gives back what the domain itself holds; everything else hangs from that. */
void direct_release(struct domain *d)
{
    for (mfn_t mfn = FIRST_GUEST_MFN; mfn < MACHINE_FRAMES; mfn++) {
        if (owns(d, mfn) && frames[mfn].pinned) unpin(d, mfn);
    }
    if (!BUG(BUG_MISSING_REFCOUNT)) type_put(d, d->vcpu.cr3 >> PAGE_SHIFT);
    type_put(d, machine_address(d->shared) >> PAGE_SHIFT);
}

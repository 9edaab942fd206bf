/*
 * What must hold of direct paging after every exit. Nothing here trusts a count: all uses of all frames are
 * counted again from the tables themselves, and the frame table has to say the same.
 */
#include "hv.h"

static u16 types_found[MACHINE_FRAMES], references_found[MACHINE_FRAMES];

static void found(mfn_t mfn, bool typed)
{
    references_found[mfn]++;
    if (typed) types_found[mfn]++;
}

static bool is_table(mfn_t mfn)
{
    return frames[mfn].type_count && (frames[mfn].type == FRAME_L1 || frames[mfn].type == FRAME_L2);
}

/* One present entry of an L1: its frame is d's or granted to d, and is not written to if it is a table. */
static void recount_mapping(struct domain *d, ma_t where, u32 entry)
{
    mfn_t mfn = entry >> PAGE_SHIFT;
    bool write = (entry & PTE_W) != 0;
    if (mfn >= MACHINE_FRAMES || (!owns(d, mfn) && !grant_allows(d, mfn, write))) {
        verify_fault(FAULT_FOREIGN, where, entry, d->id);
        return;
    }
    if (write && is_table(mfn)) verify_fault(FAULT_WRITABLE_TABLE, where, entry, frames[mfn].type);
    found(mfn, write);
}

static void recount_link(struct domain *d, ma_t where, u32 entry)
{
    mfn_t mfn = entry >> PAGE_SHIFT;
    if (!owns(d, mfn) || !is_table(mfn) || frames[mfn].type != FRAME_L1 || (entry & PTE_PS)) {
        verify_fault(FAULT_LINK, where, entry, FRAME_L1);
        return;
    }
    found(mfn, true);
}

static void recount_table(struct domain *d, mfn_t table)
{
    bool directory = frames[table].type == FRAME_L2;
    const u32 *entry = machine(table << PAGE_SHIFT), *end = entry + (directory ? HV_SLOT : PAGE_ENTRIES);
    for (entry = next_entry(entry, end); entry < end; entry = next_entry(entry + 1, end)) {
        if (directory) recount_link(d, machine_address(entry), *entry);
        else recount_mapping(d, machine_address(entry), *entry);
    }
    if (directory && ((*end ^ hv_slot_pde) & ~PTE_A)) verify_fault(FAULT_HV_SLOT, machine_address(end), *end, hv_slot_pde);
    hv_info.verify_entries += PAGE_ENTRIES;
}

/* All that one domain uses: its tables' entries, its pins, CR3, and the shared page we write to. */
static void recount_domain(struct domain *d)
{
    for (gfn_t gfn = 0; gfn < d->nr_frames; gfn++) {
        mfn_t mfn = d->mmu.p2m[gfn];
        if (!owns(d, mfn)) verify_fault(FAULT_FOREIGN, gfn, mfn, d->id);
        if (frames[mfn].pinned) found(mfn, true);
        if (is_table(mfn)) recount_table(d, mfn);
    }
    if (!owns(d, d->vcpu.cr3 >> PAGE_SHIFT) || frames[d->vcpu.cr3 >> PAGE_SHIFT].type != FRAME_L2 || d->mmu.root != d->vcpu.cr3) {
        verify_fault(FAULT_ROOT, d->mmu.root, d->vcpu.cr3, FRAME_L2);
    }
    found(d->vcpu.cr3 >> PAGE_SHIFT, true);
    found(machine_address(d->shared) >> PAGE_SHIFT, true);
}

static void recount_grants(void)
{
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        for (u32 ref = 0; ref < COUNT(domains[id].grants); ref++) {
            const struct grant *g = &domains[id].grants[ref];
            for (u32 maps = g->maps; maps; maps--) found(g->mfn, !g->read_only);
        }
    }
}

/* Others map d's frames, too, by grants: so every domain's uses are counted before d's frames are compared. */
void direct_verify(struct domain *d)
{
    memset(types_found, 0, sizeof types_found);
    memset(references_found, 0, sizeof references_found);
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        if (domains[id].state != RUN_DEAD && domains[id].mmu.mode == MODE_PV) recount_domain(&domains[id]);
    }
    recount_grants();
    for (gfn_t gfn = 0; gfn < d->nr_frames; gfn++) {
        mfn_t mfn = d->mmu.p2m[gfn];
        const struct frame *f = &frames[mfn];
        if (f->type_count != types_found[mfn]) verify_fault(FAULT_TYPE_COUNT, mfn, f->type_count, types_found[mfn]);
        if (f->ref_count != references_found[mfn]) verify_fault(FAULT_REF_COUNT, mfn, f->ref_count, references_found[mfn]);
    }
}

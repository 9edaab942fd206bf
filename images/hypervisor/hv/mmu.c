/*
 * The virtual CPU's MMU: page faults, control registers, INVLPG, and the stores the hypervisor makes itself.
 */
#include "mmu.h"

/* ---- what the guest runs on ---- */

/* Every way back into a guest loads CR3, which drops all translations (PTE_G counts for nothing, see hv.h). */
void load_cr3(ma_t root)
{
    current->mmu.root = root;
    flush_all();
}

void flush_all(void)
{
    trace(STEP_TLB_FLUSH, 0, 0, 0);
}

void flush_page(gva_t gva)
{
    trace(STEP_TLB_PAGE, gva, 0, 0);
}

static void set_root(struct domain *d, struct shadow *root)
{
    struct shadow *old = d->mmu.root ? shadow_at(d->mmu.root >> PAGE_SHIFT) : NULL;
    if (old && old->kind == SHADOW_L2)
        old->refs = 0;
    if (root->kind == SHADOW_L2)
        root->refs = 1;
    d->mmu.root = root->mfn << PAGE_SHIFT;
    flush_all();
}

/* The root for the control registers as they are now. */
static void choose_root(struct domain *d)
{
    gfn_t directory = d->vcpu.cr3 >> PAGE_SHIFT;
    if (!paging(d))
        set_root(d, &shadows[d->mmu.identity - 1]);
    else if (d->mmu.mode == MODE_VTLB)
        set_root(d, &shadows[d->mmu.vtlb_root - 1]);
    else if (own_table(d, directory))
        set_root(d, shadow_table(d, SHADOW_L2, directory));
    else
        domain_kill(d, KILL_BAD_CR3);
}

/* Entries mean something else from now on (paging, 4 MB pages): no shadow made so far is right. */
static void drop_shadows(struct domain *d)
{
    set_root(d, &shadows[d->mmu.identity - 1]);
    for (struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (s->kind == SHADOW_L2 && s->domain == d->id)
            shadow_free(s);
    }
    if (d->mmu.mode == MODE_VTLB)
        vtlb_flush(d, true);
}

static void start_vtlb(struct domain *d)
{
    d->mmu.mode = MODE_VTLB;
    d->mmu.vtlb_root = (u32)(shadow_new(d, SHADOW_VTLB_L2, 0) - shadows + 1);
    d->mmu.vtlb_cr3 = d->vcpu.cr3;
}

void mmu_init(struct domain *d)
{
    d->mmu.identity = (u32)(shadow_new(d, SHADOW_IDENTITY, 0) - shadows + 1);
    if (d->mmu.mode == MODE_VTLB)
        start_vtlb(d);
    choose_root(d);
}

void mmu_release(struct domain *d)
{
    d->mmu.root = 0;
    for (struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (is_directory(s->kind) && s->domain == d->id)
            shadow_free(s);
    }
}

/* ---- control registers ---- */

void mmu_set_cr0(struct domain *d, u32 value)
{
    u32 changed = d->vcpu.cr0 ^ value;
    if (changed & CR0_PG)
        drop_shadows(d);
    else
        resync_all(d);
    d->vcpu.cr0 = value;
    if (!(changed & CR0_PG))
        return;
    choose_root(d);
    if (paging(d)) /* most guests never go back */
        shadow_empty(&shadows[d->mmu.identity - 1]);
}

void mmu_set_cr3(struct domain *d, u32 value)
{
    d->vcpu.cr3 = value;
    if (!paging(d) || BUG(BUG_STALE_CR3))
        return;
    resync_all(d);
    if (d->mmu.mode == MODE_VTLB)
        vtlb_flush(d, false);
    choose_root(d);
}

/* PAE tables have 64-bit entries, which a 32-bit shadow cannot mirror entry by entry; the virtual TLB can. */
void mmu_set_cr4(struct domain *d, u32 value)
{
    u32 changed = d->vcpu.cr4 ^ value;
    if (changed)
        drop_shadows(d);
    d->vcpu.cr4 = value;
    if ((value & CR4_PAE) && d->mmu.mode == MODE_SHADOW)
        start_vtlb(d);
    if (changed)
        choose_root(d);
}

void mmu_invlpg(struct domain *d, gva_t gva)
{
    if (!paging(d) || gva >= HV_HOLE)
        return;
    if (d->mmu.mode == MODE_VTLB) {
        vtlb_drop_page(d, gva);
    } else if (d->mmu.unsynced) {
        struct shadow *root = shadow_at(d->mmu.root >> PAGE_SHIFT), *leaf;
        if (root->unsync)
            resync(root);
        if ((leaf = leaf_at(d, gva)))
            fill_entry(leaf, gva >> PAGE_SHIFT & (PAGE_ENTRIES - 1));
    }
    flush_page(gva);
}

/* ---- stores to guest memory by our hand ---- */

void mmu_store32(struct domain *d, gpa_t gpa, u32 value)
{
    gfn_t gfn = gpa >> PAGE_SHIFT;
    u32 *word = guest_memory(d, gpa), slot = (gpa & (PAGE_SIZE - 1)) / sizeof *word;
    struct shadow *s;
    if (!word || !may_write(d, d->mmu.p2m[gfn]))
        return;
    *word = value;
    if (d->mmu.table[gfn] && !(BUG(BUG_SKIPPED_RESYNC) && !value)) {
        if ((s = shadow_find(d, SHADOW_L1, gfn)))
            update_entry(s, slot);
        if ((s = shadow_find(d, SHADOW_L2, gfn)))
            update_entry(s, slot);
    }
    if (d->mmu.watched[gfn])
        update_direct_gate(d);
}

void mmu_watch(struct domain *d, gva_t gva, u32 bytes)
{
    for (gva_t page = gva & ~(PAGE_SIZE - 1); page - (gva & ~(PAGE_SIZE - 1)) < (gva & (PAGE_SIZE - 1)) + bytes; page += PAGE_SIZE) {
        struct walk walk;
        guest_walk(d, page, 0, &walk);
        if (walk.fault || !walk.bytes || d->mmu.watched[walk.gfn])
            continue;
        d->mmu.watched[walk.gfn] = true;
        u32 changed = refresh_mappings(d, walk.gfn);
        if (changed)
            trace(STEP_PROTECT, walk.gfn, changed, 0);
    }
}

void mmu_unwatch(struct domain *d)
{
    for (gfn_t gfn = 0; gfn < DOMAIN_FRAMES; gfn++) {
        if (!d->mmu.watched[gfn])
            continue;
        d->mmu.watched[gfn] = false;
        if (!d->mmu.table[gfn])
            refresh_mappings(d, gfn);
    }
}

/* ---- page faults ---- */

static enum hidden why_hidden(const struct domain *d, gva_t gva, u32 entry, bool write)
{
    if (!leaf_at(d, gva))
        return HIDDEN_NOT_SHADOWED;
    if (!(entry & PTE_P))
        return HIDDEN_NO_ENTRY;
    return write && !(entry & PTE_W) ? HIDDEN_FIRST_WRITE : HIDDEN_STALE;
}

/*
 * Three questions. Do the guest's own tables refuse the access? Then the fault is the guest's. Would a store
 * change something we must see change? Then it is emulated. Otherwise the shadow was behind: it is filled,
 * and the instruction starts again.
 *
 * An address with no memory behind it cannot be mapped. A PC would read all ones there; here it is a fault.
 */
void mmu_page_fault(struct domain *d, struct regs *regs, gva_t gva)
{
    bool write = (regs->error & 2) != 0;
    u32 access = (write ? ACCESS_WRITE : 0) | (regs->error & 4 ? ACCESS_USER : 0);
    struct walk walk;
    guest_walk(d, gva, access, &walk);
    if (walk.fault || !walk.bytes) {
        u32 error = walk.fault ? walk.fault & 0xFF : regs->error & 6;
        trace(EXIT_PF_GUEST, gva, error, 0);
        inject_page_fault(d, gva, error);
        return;
    }
    u32 before = shadow_entry(d, gva);
    enum hidden why = why_hidden(d, gva, before, write);
    set_accessed(d, gva, &walk, write);
    if (write && (read_only(d, walk.gfn) || !walk.writable)) {
        if (!store_to_protected(d, regs, gva, &walk))
            fill(d, gva, &walk);
        return;
    }
    fill(d, gva, &walk);
    trace4(EXIT_PF_HIDDEN, gva, walk.large ? walk.pde : walk.pte, shadow_entry(d, gva), why);
}

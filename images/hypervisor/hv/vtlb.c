/*
 * The virtual TLB: one directory and its leaves a domain, filled one page at a time from walks of the
 * guest's tables, emptied where a CPU's TLB must be (SDM vol. 3A, 4.10.4). Nothing of the guest's is
 * protected, so its page-table writes cost no exit; every address-space switch costs all translations that
 * are not global, one hidden fault each. It asks nothing of the tables but that they can be walked: so PAE
 * works here and not under shadow paging.
 *
 * A leaf's copy holds, for each entry, what the walk found: the guest's last entry with the rights of both.
 */
#include "mmu.h"

static struct shadow *root_of(const struct domain *d)
{
    return &shadows[d->mmu.vtlb_root - 1];
}

static u32 *copy_of(const struct shadow *leaf)
{
    return machine(leaf->copy);
}

static struct shadow *leaf_for(struct domain *d, u32 slot)
{
    struct shadow *leaf = shadow_find(d, SHADOW_VTLB_L1, slot);
    if (!leaf) {
        leaf = shadow_new(d, SHADOW_VTLB_L1, slot);
        leaf->copy = copy_take();
        set_entry(root_of(d), slot, leaf->mfn << PAGE_SHIFT | PTE_P | PTE_W | PTE_U);
    }
    shadow_touch(leaf);
    return leaf;
}

void vtlb_fill(struct domain *d, gva_t gva, const struct walk *walk)
{
    u32 last = walk->large ? walk->pde : walk->pte, slot = gva >> PAGE_SHIFT & (PAGE_ENTRIES - 1);
    struct shadow *leaf = leaf_for(d, gva >> 22);
    copy_of(leaf)[slot] = walk->gfn << PAGE_SHIFT | (last & (PTE_P | PTE_A | PTE_D | PTE_G)) |
                          (walk->large ? PTE_PS : 0) | (walk->writable ? PTE_W : 0) | (walk->user ? PTE_U : 0);
    update_entry(leaf, slot);
}

/* Empties a leaf of what `keep` does not cover; a leaf with nothing left goes. */
static void flush_leaf(struct shadow *leaf, u32 keep)
{
    u32 kept = 0;
    for (u32 slot = next_present(leaf, 0); slot < PAGE_ENTRIES; slot = next_present(leaf, slot + 1)) {
        if (copy_of(leaf)[slot] & keep)
            kept++;
        else
            set_entry(leaf, slot, 0);
    }
    if (!kept)
        shadow_free(leaf);
}

void vtlb_flush(struct domain *d, bool globals)
{
    u32 keep = !globals && (d->vcpu.cr4 & CR4_PGE) ? PTE_G : 0;
    for (struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (s->kind == SHADOW_VTLB_L1 && s->domain == d->id)
            flush_leaf(s, keep);
    }
    d->mmu.vtlb_cr3 = d->vcpu.cr3;
}

/* INVLPG of any address in a large page drops all of it; our pieces of one may cover the whole leaf. */
void vtlb_drop_page(struct domain *d, gva_t gva)
{
    struct shadow *leaf = shadow_find(d, SHADOW_VTLB_L1, gva >> 22);
    u32 slot = gva >> PAGE_SHIFT & (PAGE_ENTRIES - 1);
    if (!leaf)
        return;
    bool large = false;
    for (u32 i = next_present(leaf, 0); i < PAGE_ENTRIES && !large; i = next_present(leaf, i + 1))
        large = (copy_of(leaf)[i] & PTE_PS) != 0;
    if (large)
        flush_leaf(leaf, 0);
    else
        set_entry(leaf, slot, 0);
}

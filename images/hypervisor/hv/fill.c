/*
 * What a shadow entry must be, and how it comes to be there.
 *
 * A shadow entry grants what the guest's entry grants, less what must not happen unseen. It is not present
 * while the guest's accessed bit is clear and read-only while the dirty bit is: the first use and the first
 * write then fault, we set the bit as a CPU would, and the entry follows (these faults are "hidden": the
 * guest never learns of them). Frames in use as page tables are read-only, so that every store to them is seen.
 */
#include "mmu.h"

bool read_only(const struct domain *d, gfn_t gfn)
{
    return d->mmu.table[gfn] || d->mmu.watched[gfn] || !may_write(d, d->mmu.p2m[gfn]);
}

/* The guest's entry that an entry of this shadow stands for; without paging, 4 MB pages that map themselves. */
u32 guest_entry(const struct shadow *s, u32 slot)
{
    const u32 all = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
    if (s->kind == SHADOW_IDENTITY)
        return slot << 22 | PTE_PS | all;
    if (s->kind == SHADOW_LARGE)
        return (s->gfn + slot) << PAGE_SHIFT | all;
    if (s->copy)
        return ((const u32 *)machine(s->copy))[slot];
    const u32 *table = own_table(&domains[s->domain], s->gfn);
    return table ? table[slot] : 0;
}

static u32 compose_leaf(const struct domain *d, u32 entry)
{
    gfn_t gfn = entry >> PAGE_SHIFT;
    if (!(entry & PTE_P) || !(entry & PTE_A) || gfn >= DOMAIN_FRAMES || d->mmu.p2m[gfn] == NO_FRAME)
        return 0;
    bool dirty = (entry & PTE_D) || BUG(BUG_EARLY_WRITABLE) || BUG(BUG_DIRTY_LOST);
    u32 write = (entry & PTE_W) && dirty && !read_only(d, gfn) ? PTE_W | PTE_D : 0;
    return (u32)d->mmu.p2m[gfn] << PAGE_SHIFT | PTE_P | (entry & PTE_U) | write;
}

static u32 child_kind(const struct shadow *s, u32 entry)
{
    bool large = (entry & PTE_PS) && (s->kind == SHADOW_IDENTITY || (domains[s->domain].vcpu.cr4 & CR4_PSE));
    return large ? SHADOW_LARGE : SHADOW_L1;
}

/* A 4 MB page's dirty bit is in the directory entry, and so is its shadow's write access. */
static u32 compose_directory(const struct shadow *s, u32 entry)
{
    if (!(entry & PTE_P) || !(entry & PTE_A) || entry >> PAGE_SHIFT >= DOMAIN_FRAMES)
        return 0;
    u32 kind = child_kind(s, entry);
    const struct shadow *child = shadow_find(&domains[s->domain], kind, entry >> PAGE_SHIFT);
    if (!child)
        return 0;
    u32 write = kind == SHADOW_L1 || (entry & PTE_D) ? entry & PTE_W : 0;
    return child->mfn << PAGE_SHIFT | PTE_P | (entry & PTE_U) | write | (BUG(BUG_USER_BIT) ? PTE_U : 0);
}

u32 compose(const struct shadow *s, u32 slot)
{
    u32 entry = guest_entry(s, slot);
    return is_directory(s->kind) ? compose_directory(s, entry) : compose_leaf(&domains[s->domain], entry);
}

void update_entry(struct shadow *s, u32 slot)
{
    bool directory = is_directory(s->kind);
    if (directory && slot == HV_SLOT)
        return;
    u32 value = compose(s, slot);
    if (set_entry(s, slot, value))
        trace4(directory ? STEP_SHADOW_L2 : STEP_SHADOW_L1, s->gfn, slot, guest_entry(s, slot), value);
}

/* The table is about to be mirrored: stores to it must fault from now on. */
static void protect(struct domain *d, gfn_t gfn)
{
    d->mmu.table[gfn]++;
    /* A forgotten flush cannot be seeded here (see refresh_mappings); what it leaves, write access, can. */
    if (BUG(BUG_NO_PROTECT_FLUSH))
        return;
    u32 changed = refresh_mappings(d, gfn);
    if (changed)
        trace(STEP_PROTECT, gfn, changed, 0);
}

/*
 * A new shadow gets all its entries at once: whoever looks at one entry of a table is likely to use more,
 * and a table that comes back after it was unshadowed costs one fault, not one a page.
 */
struct shadow *shadow_table(struct domain *d, u32 kind, gfn_t gfn)
{
    struct shadow *s = shadow_find(d, kind, gfn);
    if (s) {
        shadow_touch(s);
        return s;
    }
    struct shadow *other = shadow_find(d, kind == SHADOW_L1 ? SHADOW_L2 : SHADOW_L1, gfn);
    if (other && other->unsync)
        resync(other);
    s = shadow_new(d, kind, gfn);
    if (mirrors_table(kind))
        protect(d, gfn);
    const u32 *table = mirrors_table(kind) ? own_table(d, gfn) : NULL;
    for (u32 slot = 0; slot < (is_directory(kind) ? HV_SLOT : PAGE_ENTRIES); slot++) {
        if (!table || table[slot])
            set_entry(s, slot, compose(s, slot));
    }
    return s;
}

/* Out of step, an entry is brought up to date alone: what a CPU does that finds no translation and walks. */
void fill_entry(struct shadow *s, u32 slot)
{
    if (s->unsync)
        ((u32 *)machine(s->copy))[slot] = own_table(&domains[s->domain], s->gfn)[slot];
    update_entry(s, slot);
}

struct shadow *leaf_at(const struct domain *d, gva_t gva)
{
    u32 entry = entries_of(shadow_at(d->mmu.root >> PAGE_SHIFT))[gva >> 22];
    return entry & PTE_P ? shadow_at(entry >> PAGE_SHIFT) : NULL;
}

u32 shadow_entry(const struct domain *d, gva_t gva)
{
    const struct shadow *leaf = leaf_at(d, gva);
    return leaf ? entries_of(leaf)[gva >> PAGE_SHIFT & (PAGE_ENTRIES - 1)] : 0;
}

static void fill_shadow(struct domain *d, gva_t gva)
{
    struct shadow *root = shadow_at(d->mmu.root >> PAGE_SHIFT);
    u32 slot = gva >> 22;
    shadow_touch(root);
    if (root->unsync)
        fill_entry(root, slot);
    u32 entry = guest_entry(root, slot);
    struct shadow *leaf = shadow_table(d, child_kind(root, entry), entry >> PAGE_SHIFT);
    update_entry(root, slot);
    fill_entry(leaf, gva >> PAGE_SHIFT & (PAGE_ENTRIES - 1));
}

/* The guest's tables allow the access, and no rule stands against it: the shadow follows. */
void fill(struct domain *d, gva_t gva, const struct walk *walk)
{
    if (paging(d) && d->mmu.mode == MODE_VTLB)
        vtlb_fill(d, gva, walk);
    else
        fill_shadow(d, gva);
}

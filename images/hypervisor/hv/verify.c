/*
 * What must hold after every exit, said a second time and without the code that makes it so: this file
 * knows the rules, not how fill.c and the others keep them. It looks at every entry of every shadow.
 *
 *   shadow entry   absent, or what the guest's entry and the p2m compose to, with the rights that the
 *                  accessed and dirty bits and the protection of tables leave
 *   out of step    the same, for the copy taken when the table was let go
 *   virtual TLB    the same, for what the walk found; nothing kept over a change of CR3 but globals
 *   ownership      no frame of others but by a live grant, none of the hypervisor's
 *   bookkeeping    reverse map, references, protection counts and root
 */
#include "mmu.h"

#define RIGHTS (PTE_P | PTE_W | PTE_U)

static u32 linked;                 /* present entries found */
static u8 mirrored[DOMAIN_FRAMES]; /* shadows in step, by the table's gfn */

void verify_fault(enum fault kind, u32 where, u32 have, u32 want)
{
    if (hv_info.verify_faults++)
        return;
    hv_info.fault_kind = kind;
    hv_info.fault_where = where;
    hv_info.fault_have = have;
    hv_info.fault_want = want;
}

/* Intel SDM vol. 3A, 4.6 and 4.8, and our two rules: no writing before D is set, none to tables and watched pages. */
static u32 mapping_allowed(const struct domain *d, u32 entry)
{
    gfn_t gfn = entry >> PAGE_SHIFT;
    if ((entry & (PTE_P | PTE_A)) != (PTE_P | PTE_A) || gfn >= DOMAIN_FRAMES || d->mmu.p2m[gfn] == NO_FRAME)
        return 0;
    u32 allowed = (u32)d->mmu.p2m[gfn] << PAGE_SHIFT | PTE_P | (entry & PTE_U);
    bool seen = (entry & (PTE_W | PTE_D)) == (PTE_W | PTE_D);
    return seen && !d->mmu.table[gfn] && !d->mmu.watched[gfn] ? allowed | PTE_W : allowed;
}

static void verify_mapping(const struct domain *d, const u32 *at, u32 guest)
{
    u32 want = mapping_allowed(d, guest), have = *at;
    mfn_t mfn = have >> PAGE_SHIFT;
    if (mfn >= MACHINE_FRAMES || frames[mfn].owner != d->id + 1) {
        if (!grant_allows(d, mfn, (have & PTE_W) != 0))
            verify_fault(FAULT_FOREIGN, machine_address(at), have, d->id);
        if (!grant_allows(d, mfn, true))
            want &= ~PTE_W;
    }
    if (((have ^ want) & (PTE_FRAME | RIGHTS)) == 0)
        return;
    bool only_protection = (have & ~want & RIGHTS) == PTE_W && (guest & (PTE_W | PTE_D)) == (PTE_W | PTE_D);
    verify_fault(only_protection ? FAULT_WRITABLE_TABLE : FAULT_ENTRY, machine_address(at), have, want);
}

/* A directory entry points at the shadow of the very table, or 4 MB page, that the guest's entry names. */
static void verify_link(const struct domain *d, const struct shadow *s, const u32 *at, u32 guest)
{
    const struct shadow *child = shadow_at(*at >> PAGE_SHIFT);
    bool large = (guest & PTE_PS) && (s->kind == SHADOW_IDENTITY || (d->vcpu.cr4 & CR4_PSE));
    u32 rights = guest & RIGHTS, kind = large ? SHADOW_LARGE : SHADOW_L1;
    if (large && !(guest & PTE_D))
        rights &= ~PTE_W;
    if (s->kind == SHADOW_VTLB_L2)
        kind = SHADOW_VTLB_L1;
    if (!child || child->kind != kind || child->domain != d->id)
        verify_fault(FAULT_LINK, machine_address(at), *at, kind);
    else if (kind == SHADOW_VTLB_L1)
        return; /* rights are in the leaf */
    else if (child->gfn != guest >> PAGE_SHIFT || !(guest & PTE_A) || (*at & RIGHTS) != rights)
        verify_fault(FAULT_ENTRY, machine_address(at), *at, guest);
}

/* The guest's entries, in its table or in the copy; NULL for those that are not in memory (guest_entry). */
static const u32 *source_of(struct domain *d, const struct shadow *s)
{
    if (s->copy)
        return machine(s->copy);
    return mirrors_table(s->kind) ? own_table(d, s->gfn) : NULL;
}

static void verify_entries(struct domain *d, const struct shadow *s)
{
    const u32 *entries = entries_of(s), *source = source_of(d, s);
    bool directory = is_directory(s->kind);
    u32 present = 0;
    for (u32 slot = 0; slot < (directory ? HV_SLOT : PAGE_ENTRIES); slot++) {
        if (!(entries[slot] & PTE_P))
            continue;
        u32 guest = source ? source[slot] : guest_entry(s, slot);
        present++;
        if (directory)
            verify_link(d, s, &entries[slot], guest);
        else
            verify_mapping(d, &entries[slot], guest);
    }
    if (directory && ((entries[HV_SLOT] ^ hv_slot_pde) & ~PTE_A))
        verify_fault(FAULT_HV_SLOT, machine_address(&entries[HV_SLOT]), entries[HV_SLOT], hv_slot_pde);
    linked += present;
    hv_info.verify_entries += PAGE_ENTRIES;
}

/* Left from another address space, and not global: a CR3 load should have dropped it. */
static void verify_vtlb_leaf(const struct domain *d, const struct shadow *s)
{
    const u32 *found = machine(s->copy), *entries = entries_of(s);
    if (!paging(d) || d->mmu.vtlb_cr3 == d->vcpu.cr3)
        return;
    for (u32 slot = 0; slot < PAGE_ENTRIES; slot++) {
        if ((entries[slot] & PTE_P) && !((found[slot] & PTE_G) && (d->vcpu.cr4 & CR4_PGE)))
            verify_fault(FAULT_STALE, machine_address(&entries[slot]), entries[slot], 0);
    }
}

static void verify_root(const struct domain *d)
{
    const struct shadow *root = shadow_at(d->mmu.root >> PAGE_SHIFT);
    u32 kind = !paging(d) ? SHADOW_IDENTITY : d->mmu.mode == MODE_VTLB ? SHADOW_VTLB_L2 : SHADOW_L2;
    bool right = root && root->kind == kind && root->domain == d->id;
    if (!right || (kind == SHADOW_L2 && (root->gfn != d->vcpu.cr3 >> PAGE_SHIFT || root->refs != 1)))
        verify_fault(FAULT_ROOT, d->mmu.root, d->vcpu.cr3, kind);
}

/* A leaf is as often referred to as directory entries are found that hold it. */
static void verify_references(const struct shadow *s)
{
    u32 found = 0, slot, index;
    struct shadow *directory;
    if (is_directory(s->kind)) {
        found = s->kind == SHADOW_L2 && domains[s->domain].mmu.root == s->mfn << PAGE_SHIFT;
    } else {
        for (index = frames[s->mfn].rmap; index; found++)
            index = rmap_next(index, &directory, &slot);
    }
    if (s->refs != found || (!found && !is_directory(s->kind)))
        verify_fault(FAULT_REF_COUNT, s->mfn, s->refs, found);
}

/* Each link names an entry that holds the frame; an entry is on one chain at most; so equal numbers mean all. */
static void verify_reverse_map(const struct domain *d)
{
    u32 found = 0;
    for (mfn_t mfn = 0; mfn < MACHINE_FRAMES; mfn++) {
        for (u32 link = frames[mfn].rmap; link;) {
            struct shadow *s;
            u32 slot;
            link = rmap_next(link, &s, &slot);
            if (s->domain != d->id)
                continue;
            u32 entry = entries_of(s)[slot];
            if (s->kind == SHADOW_NONE || !(entry & PTE_P) || entry >> PAGE_SHIFT != mfn || ++found > linked) {
                verify_fault(FAULT_REVERSE_MAP, mfn, entry, linked);
                return;
            }
        }
    }
    if (found != linked)
        verify_fault(FAULT_REVERSE_MAP, 0, found, linked);
}

static void verify_protection(const struct domain *d)
{
    for (gfn_t gfn = 0; gfn < DOMAIN_FRAMES; gfn++) {
        if (d->mmu.table[gfn] != mirrored[gfn])
            verify_fault(FAULT_PROTECTION, gfn, d->mmu.table[gfn], mirrored[gfn]);
    }
}

void verify(struct domain *d)
{
    if (d->mmu.mode == MODE_PV) {
        direct_verify(d);
        return;
    }
    linked = 0;
    memset(mirrored, 0, sizeof mirrored);
    for (const struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (s->kind == SHADOW_NONE || s->domain != d->id)
            continue;
        verify_references(s);
        if (mirrors_table(s->kind) && !s->unsync)
            mirrored[s->gfn]++;
        if (s->kind == SHADOW_VTLB_L1)
            verify_vtlb_leaf(d, s);
        /* A table granted to another domain for writing changes unseen: its owner's affair. */
        if (!mirrors_table(s->kind) || !frames[d->mmu.p2m[s->gfn]].type_count)
            verify_entries(d, s);
    }
    verify_protection(d);
    verify_root(d);
    verify_reverse_map(d);
}

/*
 * The page-table walk a guest's CPU would make (Intel SDM vol. 3A, 4.3 "32-bit paging" and 4.4 "PAE paging"),
 * over the guest's tables in the guest's own memory. Nothing else in the hypervisor reads a guest's
 * translation; shadows and the virtual TLB are only caches of what is found here.
 */
#include "mmu.h"

#define FAULT 0x100u
#define ERROR_P 1u    /* an entry was present, and forbids it */
#define ERROR_RSVD 8u /* a reserved bit was set */
#define LARGE_RESERVED 0x003FE000u /* 4 MB page, 32 physical address bits: bits 21 to 13 (SDM table 4-4) */
#define PAE_LARGE_RESERVED 0x001FE000u /* 2 MB page: bits 20 to 13 */

bool may_write(const struct domain *d, mfn_t mfn)
{
    return owns(d, mfn) || grant_allows(d, mfn, true);
}

/*
 * Page tables must lie in the domain's own frames: a foreign one could change without an exit of this
 * domain, and setting accessed bits there would be a store to somebody else's memory.
 */
u32 *own_table(struct domain *d, gfn_t gfn)
{
    mfn_t mfn = gfn < DOMAIN_FRAMES ? d->mmu.p2m[gfn] : NO_FRAME;
    return mfn != NO_FRAME && owns(d, mfn) ? machine(mfn << PAGE_SHIFT) : NULL;
}

/* The entry at a physical address; machine addresses in direct paging, whose tables have been validated. */
static inline u32 *entry_at(struct domain *d, gpa_t at)
{
    if (d->mmu.mode == MODE_PV)
        return at >> PAGE_SHIFT < MACHINE_FRAMES ? machine(at) : NULL;
    u32 *table = own_table(d, at >> PAGE_SHIFT);
    return table ? table + (at & (PAGE_SIZE - 1)) / sizeof *table : NULL;
}

/* Reads one entry. False when there is no translation here: not present, no memory, or (PAE) reserved bits. */
static inline bool read_entry(struct domain *d, gpa_t at, bool pae, u32 *entry, struct walk *walk)
{
    const u32 *place = entry_at(d, at);
    if (!place || !(*place & PTE_P)) {
        walk->fault = FAULT;
        return false;
    }
    *entry = *place;
    if (pae && place[1]) {
        walk->fault = FAULT | ERROR_P | ERROR_RSVD;
        return false;
    }
    return true;
}

/* Four entries of the top level, which grant and refuse nothing. Read at every walk, as AMD's CPUs do. */
static bool pae_directory(struct domain *d, gva_t gva, gpa_t *directory, struct walk *walk)
{
    u32 pointer;
    if (!read_entry(d, (d->vcpu.cr3 & ~0x1Fu) + (gva >> 30) * 8, true, &pointer, walk))
        return false;
    *directory = pointer & PTE_FRAME;
    return true;
}

static void use_rights(struct walk *walk, u32 entry)
{
    walk->writable = walk->writable && (entry & PTE_W);
    walk->user = walk->user && (entry & PTE_U);
}

/* Finds the entries and the frame; leaves walk->fault set when one is missing. Most exits walk more than once, so
 * the compiler is made to build it twice, for either kind of table. */
static inline __attribute__((always_inline)) void walk_tables(struct domain *d, gva_t gva, struct walk *walk, bool pae)
{
    u32 width = pae ? 8 : 4, index_bits = pae ? 9 : 10;
    u32 index_mask = (1u << index_bits) - 1, large_shift = PAGE_SHIFT + index_bits;
    gpa_t directory = d->vcpu.cr3 & PTE_FRAME;
    if (pae && !pae_directory(d, gva, &directory, walk))
        return;
    walk->pde_gpa = directory + (gva >> large_shift & index_mask) * width;
    if (!read_entry(d, walk->pde_gpa, pae, &walk->pde, walk))
        return;
    use_rights(walk, walk->pde);
    if ((walk->pde & PTE_PS) && (pae || (d->vcpu.cr4 & CR4_PSE))) {
        walk->large = true;
        if (walk->pde & (pae ? PAE_LARGE_RESERVED : LARGE_RESERVED))
            walk->fault = FAULT | ERROR_P | ERROR_RSVD;
        walk->gfn = (walk->pde >> large_shift << index_bits) + (gva >> PAGE_SHIFT & index_mask);
        walk->global = (walk->pde & PTE_G) != 0;
        return;
    }
    walk->pte_gpa = (walk->pde & PTE_FRAME) + (gva >> PAGE_SHIFT & index_mask) * width;
    if (!read_entry(d, walk->pte_gpa, pae, &walk->pte, walk))
        return;
    use_rights(walk, walk->pte);
    walk->gfn = walk->pte >> PAGE_SHIFT;
    walk->global = (walk->pte & PTE_G) != 0;
}

/* SDM 4.6 "Access rights". CR0.WP decides whether the kernel may write where it says read-only. */
static bool allowed(const struct domain *d, u32 access, const struct walk *walk)
{
    if ((access & ACCESS_USER) && !walk->user)
        return false;
    if (!(access & ACCESS_WRITE) || walk->writable)
        return true;
    return !(access & ACCESS_USER) && !(d->vcpu.cr0 & CR0_WP) && d->mmu.mode != MODE_PV;
}

static mfn_t frame_behind(const struct domain *d, gfn_t gfn)
{
    if (d->mmu.mode == MODE_PV)
        return gfn < MACHINE_FRAMES ? gfn : NO_FRAME;
    return gfn < DOMAIN_FRAMES ? d->mmu.p2m[gfn] : NO_FRAME;
}

void guest_walk(struct domain *d, gva_t gva, u32 access, struct walk *walk)
{
    walk->fault = walk->pde = walk->pte = walk->pde_gpa = walk->pte_gpa = 0;
    walk->large = walk->global = false;
    walk->writable = walk->user = true;
    walk->gfn = 0;
    walk->bytes = NULL;
    if (gva >= HV_HOLE)
        walk->fault = FAULT;
    else if (paging(d) && d->vcpu.cr4 & CR4_PAE)
        walk_tables(d, gva, walk, true);
    else if (paging(d))
        walk_tables(d, gva, walk, false);
    else
        walk->gfn = gva >> PAGE_SHIFT;
    if (!walk->fault) {
        mfn_t mfn = frame_behind(d, walk->gfn);
        if (mfn != NO_FRAME)
            walk->bytes = (u8 *)machine(mfn << PAGE_SHIFT) + (gva & (PAGE_SIZE - 1));
        bool refused = (access & ACCESS_WRITE) && mfn != NO_FRAME && d->mmu.mode != MODE_PV && !may_write(d, mfn);
        if (refused || !allowed(d, access, walk))
            walk->fault = FAULT | ERROR_P;
    }
    if (walk->fault)
        walk->fault |= (access & ACCESS_WRITE ? 2u : 0) | (access & ACCESS_USER ? 4u : 0);
}

static void set_bits(struct domain *d, gva_t gva, gpa_t at, u32 *entry, u32 bits)
{
    u32 before = *entry;
    if (!at || (before & bits) == bits)
        return;
    *entry |= bits;
    if (d->mmu.mode == MODE_PV)
        *entry_at(d, at) = *entry;
    else
        mmu_store32(d, at, *entry);
    trace(STEP_AD, gva, before, *entry);
}

/*
 * Sets the bits a CPU sets when it uses a translation (SDM 4.8): accessed in both entries, dirty in the
 * one that maps the page, at the first write.
 */
void set_accessed(struct domain *d, gva_t gva, struct walk *walk, bool write)
{
    u32 leaf = PTE_A | (write && !BUG(BUG_DIRTY_LOST) ? PTE_D : 0);
    set_bits(d, gva, walk->pde_gpa, &walk->pde, walk->large ? leaf : PTE_A);
    set_bits(d, gva, walk->pte_gpa, &walk->pte, leaf);
}

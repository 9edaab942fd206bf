/*
 * Shadow pages: their pool, how they are found, and the one place where an entry of one changes.
 *
 * A leaf lives as long as a directory entry points at it. A directory stays after the guest has loaded
 * another CR3, for the switch back; it goes when the guest reuses its table for something else (unshadow.c),
 * or when the pool is empty and it has been longest out of use.
 */
#include "mmu.h"

#define BUCKETS 64u
#define GROUP 32u

struct shadow shadows[NR_SHADOWS];
u32 pool[NR_SHADOWS][PAGE_ENTRIES] __attribute__((aligned(4096)));
static u16 buckets[BUCKETS]; /* index + 1 */
static u32 now;              /* counts uses, to tell the last from the first */

struct shadow *shadow_at(mfn_t mfn)
{
    u32 index = mfn - (machine_address(pool) >> PAGE_SHIFT);
    return index < NR_SHADOWS ? &shadows[index] : NULL;
}

static u16 *bucket(u32 domain, gfn_t gfn)
{
    return &buckets[(gfn + domain * 21) % BUCKETS];
}

struct shadow *shadow_find(const struct domain *d, u32 kind, gfn_t gfn)
{
    for (u32 at = *bucket(d->id, gfn); at; at = shadows[at - 1].next) {
        struct shadow *s = &shadows[at - 1];
        if (s->kind == kind && s->gfn == gfn && s->domain == d->id)
            return s;
    }
    return NULL;
}

void shadow_touch(struct shadow *s)
{
    s->used = ++now;
    s->flood = 0;
}

/* Used by CR3 now, or the root of a domain: not to be taken away. */
static bool is_root(const struct shadow *s)
{
    return s->kind == SHADOW_VTLB_L2 || s->kind == SHADOW_IDENTITY || (s->kind == SHADOW_L2 && s->refs);
}

static struct shadow *take_slot(void)
{
    struct shadow *victim = NULL;
    for (struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (s->kind == SHADOW_NONE)
            return s;
        if (!is_root(s) && (!victim || s->used < victim->used))
            victim = s;
    }
    shadow_free(victim); /* there is one: a domain has three roots at most */
    return victim;
}

static u32 level_of(u32 kind)
{
    return is_directory(kind) ? 2 : 1;
}

struct shadow *shadow_new(struct domain *d, u32 kind, gfn_t gfn)
{
    struct shadow *s = take_slot();
    u16 *first = bucket(d->id, gfn);
    *s = (struct shadow){ .kind = (u8)kind, .domain = (u8)d->id, .gfn = (u16)gfn, .next = *first };
    *first = (u16)(s - shadows + 1);
    s->mfn = machine_address(entries_of(s)) >> PAGE_SHIFT;
    shadow_touch(s);
    memset(entries_of(s), 0, PAGE_SIZE);
    if (is_directory(kind))
        entries_of(s)[HV_SLOT] = hv_slot_pde;
    frames[s->mfn].type = FRAME_SHADOW;
    frames[s->mfn].gfn = (u16)gfn;
    trace(STEP_SHADOW_NEW, gfn, level_of(kind), s->mfn);
    return s;
}

static void forget(struct shadow *s)
{
    u32 index = (u32)(s - shadows + 1);
    u16 *first = bucket(s->domain, s->gfn);
    if (*first == index) {
        *first = (u16)s->next;
    } else {
        struct shadow *before = &shadows[*first - 1];
        while (before->next != index)
            before = &shadows[before->next - 1];
        before->next = s->next;
    }
    s->kind = SHADOW_NONE;
    frames[s->mfn].type = FRAME_HV;
}

/* Most tables are nearly empty, and are emptied often. */
u32 next_present(const struct shadow *s, u32 slot)
{
    const u32 *entries = entries_of(s);
    u32 end = is_directory(s->kind) ? HV_SLOT : PAGE_ENTRIES;
    while (slot < end) {
        if (!(s->groups >> slot / GROUP & 1))
            slot = (slot | (GROUP - 1)) + 1;
        else if (entries[slot] & PTE_P)
            return slot;
        else
            slot++;
    }
    return PAGE_ENTRIES;
}

void shadow_empty(struct shadow *s)
{
    for (u32 slot = next_present(s, 0); slot < PAGE_ENTRIES; slot = next_present(s, slot + 1))
        set_entry(s, slot, 0);
}

/* Nothing points at it any more. */
static void destroy(struct shadow *s)
{
    struct domain *d = &domains[s->domain];
    bool in_step = mirrors_table(s->kind) && !s->unsync;
    shadow_empty(s);
    if (s->unsync)
        d->mmu.unsynced--;
    if (s->copy)
        copy_release(s->copy);
    trace(STEP_SHADOW_FREE, s->gfn, level_of(s->kind), s->mfn);
    forget(s);
    if (in_step && --d->mmu.table[s->gfn] == 0)
        refresh_mappings(d, s->gfn);
}

void shadow_free(struct shadow *s)
{
    if (is_directory(s->kind)) {
        destroy(s);
        return;
    }
    while (s->kind != SHADOW_NONE) { /* the last reference takes it along */
        struct shadow *directory;
        u32 slot;
        rmap_next(frames[s->mfn].rmap, &directory, &slot);
        set_entry(directory, slot, 0);
    }
}

/*
 * The processor sets the accessed bit of the entries it uses. Ours begin without it, and a change that is
 * none keeps it: unshadow.c learns from it whether a table is in use.
 */
bool set_entry(struct shadow *s, u32 slot, u32 value)
{
    u32 *entry = &entries_of(s)[slot], old = *entry;
    if (((old ^ value) & ~PTE_A) == 0)
        return false;
    *entry = value;
    if (value & PTE_P)
        s->groups |= 1u << slot / GROUP;
    if (((old ^ value) & (PTE_FRAME | PTE_P)) == 0)
        return true;
    if (old & PTE_P)
        rmap_remove(old >> PAGE_SHIFT, s, slot);
    if (value & PTE_P)
        rmap_add(value >> PAGE_SHIFT, s, slot);
    if (!is_directory(s->kind))
        return true;
    if (value & PTE_P)
        shadow_at(value >> PAGE_SHIFT)->refs++;
    if ((old & PTE_P) && --shadow_at(old >> PAGE_SHIFT)->refs == 0)
        destroy(shadow_at(old >> PAGE_SHIFT));
    return true;
}

/*
 * The frame has become, or is no longer, a page table or a watched page: what maps it gets the write access
 * it may have now. The processor's own copies of these entries need no flush of their own, as every way back
 * into a guest loads CR3 (hv.h); on a CPU whose translations outlive an exit, it would belong here.
 */
u32 refresh_mappings(struct domain *d, gfn_t gfn)
{
    u32 changed = 0;
    for (u32 link = frames[d->mmu.p2m[gfn]].rmap; link;) {
        struct shadow *s;
        u32 slot;
        link = rmap_next(link, &s, &slot);
        if (s->domain != d->id)
            continue;
        u32 *entry = &entries_of(s)[slot], value = compose(s, slot);
        if (((*entry ^ value) & ~PTE_A) == PTE_W || ((*entry ^ value) & ~PTE_A) == (PTE_W | PTE_D)) {
            *entry = value;
            changed++;
        }
    }
    return changed;
}

void drop_mappings(struct domain *d, mfn_t mfn)
{
    for (u32 link = frames[mfn].rmap; link;) {
        struct shadow *s;
        u32 slot;
        link = rmap_next(link, &s, &slot);
        if (s->domain == d->id)
            set_entry(s, slot, 0);
    }
}

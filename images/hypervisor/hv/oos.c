/*
 * Page tables out of sync. A table that is written to often need not fault at every store: it may be written
 * freely as long as the guest cannot tell its shadow from a TLB. A TLB may hold an older version of the
 * tables, up to the next flush; so may a shadow. The older version is kept in a copy: the next CR3 load (or
 * change of CR0 or CR4) compares, updates what differs, and protects the table again. INVLPG, and a fault that
 * uses an entry in between, bring that one up to date, as a CPU's walk would.
 *
 * The option lets leaf tables go at the first store. Without it, tables that are written to again and again,
 * or by stores that cannot be emulated, while they are in use for just that (unshadow.c).
 */
#include "mmu.h"

#define NR_COPIES 64u

static u32 copies[NR_COPIES][PAGE_ENTRIES] __attribute__((aligned(4096)));
static u8 taken[NR_COPIES];

/* Whoever used its copy least recently can do without: a table is brought in step, a piece of virtual TLB emptied. */
static void give_one_back(void)
{
    struct shadow *victim = NULL;
    for (struct shadow *s = shadows; s < shadows + NR_SHADOWS; s++) {
        if (s->kind != SHADOW_NONE && s->copy && (!victim || s->used < victim->used))
            victim = s;
    }
    if (victim->unsync)
        resync(victim);
    else
        shadow_free(victim);
}

ma_t copy_take(void)
{
    for (;;) {
        for (u32 i = 0; i < NR_COPIES; i++) {
            if (!taken[i]) {
                taken[i] = true;
                return machine_address(copies[i]);
            }
        }
        give_one_back();
    }
}

void copy_release(ma_t copy)
{
    taken[(copy - machine_address(copies)) / PAGE_SIZE] = false;
}

/* Only a table with one shadow: two would need to agree about the copy. */
void unsync(struct shadow *s)
{
    struct domain *d = &domains[s->domain];
    ma_t copy = copy_take();
    if (s->kind == SHADOW_NONE) { /* whoever gave the copy back was the last to point here */
        copy_release(copy);
        return;
    }
    memcpy(machine(copy), own_table(d, s->gfn), PAGE_SIZE);
    s->copy = copy;
    s->unsync = true;
    s->flood = 0;
    s->last = 0;
    d->mmu.unsynced++;
    d->mmu.table[s->gfn]--;
    refresh_mappings(d, s->gfn);
}

void resync(struct shadow *s)
{
    struct domain *d = &domains[s->domain];
    const u32 *before = machine(s->copy), *table = own_table(d, s->gfn);
    u32 changed = 0;
    copy_release(s->copy);
    s->copy = 0;
    s->unsync = false;
    d->mmu.unsynced--;
    d->mmu.table[s->gfn]++;
    refresh_mappings(d, s->gfn);
    for (u32 slot = 0; slot < PAGE_ENTRIES; slot++) {
        if (before[slot] != table[slot]) {
            update_entry(s, slot);
            changed++;
        }
    }
    trace(STEP_RESYNC, s->gfn, changed, 0);
}

void resync_all(struct domain *d)
{
    for (struct shadow *s = shadows; d->mmu.unsynced && s < shadows + NR_SHADOWS; s++) {
        if (s->kind != SHADOW_NONE && s->domain == d->id && s->unsync)
            resync(s);
    }
}

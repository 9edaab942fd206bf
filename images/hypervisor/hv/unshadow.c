/*
 * Stores to pages that must not change unseen: page tables and watched pages. A store is emulated, and the
 * shadow entry of the changed word recomputed at once. But a page may be a table no longer (a kernel zeroes
 * it, or gives it to a user), and a table may be rewritten as a whole (fork takes write access from a
 * thousand entries). Then a fault per word is a poor bargain: from the third store in a row on, with no use
 * of the table in between, its shadow is given up, and built anew if the table is used again.
 */
#include "mmu.h"

#define FLOOD 3u

/*
 * Another store to a table. Has it been used since the last? A fill says so (shadow_touch), or the processor:
 * it has set the accessed bit in the shadow of the word stored last.
 */
static bool flooded_one(struct shadow *s, u32 slot)
{
    if (!s)
        return true;
    if (s->last && (entries_of(s)[s->last - 1] & PTE_A))
        s->flood = 0;
    s->last = (u16)(slot + 1);
    return ++s->flood >= FLOOD;
}

static bool flooded(struct domain *d, gfn_t gfn, u32 slot)
{
    bool leaf = flooded_one(shadow_find(d, SHADOW_L1, gfn), slot);
    bool directory = flooded_one(shadow_find(d, SHADOW_L2, gfn), slot);
    return leaf && directory;
}

/* A string of stores is a flood announced. */
static bool is_repeated(struct domain *d, const struct regs *regs)
{
    u8 first;
    return regs->ecx >= FLOOD && !copy_from_guest(d, &first, regs->eip, 1) && (first == 0xF2 || first == 0xF3);
}

static bool is_loaded(const struct domain *d, gfn_t gfn)
{
    const struct shadow *s = shadow_find(d, SHADOW_L2, gfn);
    return s && s->refs;
}

static void unshadow(struct domain *d, gfn_t gfn)
{
    struct shadow *leaf = shadow_find(d, SHADOW_L1, gfn), *directory = shadow_find(d, SHADOW_L2, gfn);
    if (leaf)
        shadow_free(leaf);
    if (directory && !directory->refs)
        shadow_free(directory);
}

/* Makes the table writable one way or the other; the loaded directory cannot go, so it goes out of step. */
static void let_go(struct domain *d, gfn_t gfn)
{
    unshadow(d, gfn);
    struct shadow *directory = shadow_find(d, SHADOW_L2, gfn);
    if (directory && !directory->unsync)
        unsync(directory);
}

/* True when the page may be written to from now on, without emulation. */
static bool give_up_protection(struct domain *d, const struct regs *regs, gfn_t gfn, u32 slot)
{
    struct shadow *leaf = shadow_find(d, SHADOW_L1, gfn);
    if (d->mmu.watched[gfn])
        return false;
    if (d->mmu.oos && leaf && d->mmu.table[gfn] == 1) {
        unsync(leaf);
        trace(EXIT_PF_UNSYNC, gfn, slot, 0);
        return true;
    }
    if ((!flooded(d, gfn, slot) && !is_repeated(d, regs)) || is_loaded(d, gfn))
        return false;
    unshadow(d, gfn);
    trace(EXIT_PF_UNSHADOW, gfn, UNSHADOW_FLOOD, 0);
    return true;
}

/*
 * A store the guest's tables allow and we do not. True when it has been dealt with; false when the page is
 * writable now and the store can be tried again. `may_map`: the guest's entries grant write access (with
 * CR0.WP clear its kernel may write without, and only emulation will do: the real CR0.WP is always set).
 */
bool store_to_protected(struct domain *d, struct regs *regs, gva_t gva, const struct walk *walk)
{
    u32 slot = (gva & (PAGE_SIZE - 1)) / 4;
    bool table = d->mmu.table[walk->gfn] != 0, watched = d->mmu.watched[walk->gfn];
    const u32 *word = (const u32 *)(walk->bytes - (gva & 3));
    if (table && walk->writable && give_up_protection(d, regs, walk->gfn, slot))
        return false;
    u32 old = *word;
    switch (emulate_store(d, regs, gva)) {
    case STORE_DONE:
        if (table)
            trace4(EXIT_PF_PT_WRITE, walk->gfn, slot, old, *word);
        else
            trace(watched ? EXIT_PF_WATCHED : EXIT_PF_EMULATED, gva, old, *word);
        return true;
    case STORE_FAULT: /* what it would have stored could not be read */
        trace(EXIT_PF_GUEST, d->vcpu.cr2, 0, 0);
        return true;
    case STORE_UNKNOWN:
        break;
    }
    if (!table || watched || !walk->writable) {
        domain_kill(d, KILL_CANNOT_EMULATE);
        return true;
    }
    let_go(d, walk->gfn);
    trace(EXIT_PF_UNSHADOW, walk->gfn, UNSHADOW_ODD_STORE, 0);
    return false;
}

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

static bool maps_through(struct domain *d, gva_t gva, gfn_t table)
{
    struct walk walk;
    guest_walk(d, gva, 0, &walk);
    return walk.pte_gpa && walk.pte_gpa >> PAGE_SHIFT == table;
}

/*
 * Makes the table writable. Its shadow is given up, unless it would be back at once: that of the loaded
 * directory, and of a table that translates this very store or the code it is in. These go out of step
 * (oos.c). False when it is in use as both, which a copy cannot serve.
 */
static bool let_go(struct domain *d, const struct regs *regs, gva_t gva, gfn_t gfn, enum unshadow why)
{
    struct shadow *leaf, *directory = shadow_find(d, SHADOW_L2, gfn);
    if (directory && !directory->refs) {
        shadow_free(directory);
        directory = NULL;
    }
    leaf = shadow_find(d, SHADOW_L1, gfn);
    if (leaf && !maps_through(d, gva, gfn) && !maps_through(d, regs->eip, gfn)) {
        shadow_free(leaf);
        leaf = NULL;
    }
    if (leaf && directory)
        return false;
    if (leaf || directory) {
        unsync(leaf ? leaf : directory);
        trace(EXIT_PF_UNSYNC, gfn, (gva & (PAGE_SIZE - 1)) / 4, 0);
    } else {
        trace(EXIT_PF_UNSHADOW, gfn, why, 0);
    }
    return true;
}

/* True when the page may be written to from now on, without emulation. */
static bool give_up_protection(struct domain *d, const struct regs *regs, gva_t gva, gfn_t gfn)
{
    u32 slot = (gva & (PAGE_SIZE - 1)) / 4;
    struct shadow *leaf = shadow_find(d, SHADOW_L1, gfn);
    if (d->mmu.watched[gfn])
        return false;
    if (d->mmu.oos && leaf && d->mmu.table[gfn] == 1) {
        unsync(leaf);
        trace(EXIT_PF_UNSYNC, gfn, slot, 0);
        return true;
    }
    bool enough = flooded(d, gfn, slot) || is_repeated(d, regs);
    return enough && let_go(d, regs, gva, gfn, UNSHADOW_FLOOD);
}

/*
 * A store the guest's tables allow and we do not. True when it has been dealt with; false when the page is
 * writable now and the store can be tried again. Where the guest's entries grant no write access and its
 * kernel writes with CR0.WP clear, only emulation will do: the real CR0.WP is always set.
 */
bool store_to_protected(struct domain *d, struct regs *regs, gva_t gva, const struct walk *walk)
{
    u32 slot = (gva & (PAGE_SIZE - 1)) / 4;
    bool table = d->mmu.table[walk->gfn] != 0, watched = d->mmu.watched[walk->gfn];
    const u32 *word = (const u32 *)(walk->bytes - (gva & 3));
    if (table && walk->writable && give_up_protection(d, regs, gva, walk->gfn))
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
    if (table && !watched && walk->writable && let_go(d, regs, gva, walk->gfn, UNSHADOW_ODD_STORE))
        return false;
    domain_kill(d, KILL_CANNOT_EMULATE);
    return true;
}

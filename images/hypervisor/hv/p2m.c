/*
 * Guest memory as the hypervisor touches it: by guest-physical address through the p2m, by guest-virtual
 * address through the guest's tables. What it writes counts as written by the guest's CPU: accessed and
 * dirty bits are set, and a page table that is written to keeps its shadow in step.
 */
#include "mmu.h"

void *guest_memory(struct domain *d, gpa_t gpa)
{
    gfn_t gfn = gpa >> PAGE_SHIFT;
    if (gfn >= DOMAIN_FRAMES || d->mmu.p2m[gfn] == NO_FRAME)
        return NULL;
    return (u8 *)machine((ma_t)d->mmu.p2m[gfn] << PAGE_SHIFT) + (gpa & (PAGE_SIZE - 1));
}

void p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn)
{
    if (gfn >= DOMAIN_FRAMES)
        return;
    if (d->mmu.mode != MODE_PV && d->mmu.p2m[gfn] != NO_FRAME) {
        struct shadow *s;
        if ((s = shadow_find(d, SHADOW_L1, gfn)))
            shadow_free(s);
        if ((s = shadow_find(d, SHADOW_L2, gfn))) {
            if (s->refs) {
                domain_kill(d, KILL_BAD_CR3);
                return;
            }
            shadow_free(s);
        }
        drop_mappings(d, d->mmu.p2m[gfn]);
    }
    d->mmu.p2m[gfn] = mfn;
}

/* Bytes that may lie in a page table or a watched page: changed a word at a time, so that nothing is missed. */
static void store_words(struct domain *d, gpa_t gpa, const u8 *from, u32 bytes)
{
    while (bytes) {
        gpa_t word_at = gpa & ~3u;
        u32 word, offset = gpa & 3, n = 4 - offset < bytes ? 4 - offset : bytes;
        memcpy(&word, guest_memory(d, word_at), sizeof word);
        memcpy((u8 *)&word + offset, from, n);
        mmu_store32(d, word_at, word);
        gpa += n, from += n, bytes -= n;
    }
}

static void store(struct domain *d, gva_t gva, const struct walk *walk, const u8 *from, u32 bytes)
{
    if (d->mmu.mode == MODE_PV || !read_only(d, walk->gfn))
        memcpy(walk->bytes, from, bytes);
    else
        store_words(d, walk->gfn << PAGE_SHIFT | (gva & (PAGE_SIZE - 1)), from, bytes);
}

static u32 copy(struct domain *d, gva_t gva, u8 *buffer, u32 bytes, bool write)
{
    while (bytes) {
        struct walk walk;
        guest_walk(d, gva, write ? ACCESS_WRITE : 0, &walk);
        if (walk.fault)
            return walk.fault;
        if (!walk.bytes)
            return 0x100 | (write ? 2 : 0);
        set_accessed(d, gva, &walk, write);
        u32 left = PAGE_SIZE - (gva & (PAGE_SIZE - 1)), n = bytes < left ? bytes : left;
        if (write)
            store(d, gva, &walk, buffer, n);
        else
            memcpy(buffer, walk.bytes, n);
        gva += n, buffer += n, bytes -= n;
    }
    return 0;
}

u32 copy_from_guest(struct domain *d, void *to, gva_t from, u32 bytes)
{
    return copy(d, from, to, bytes, false);
}

u32 copy_to_guest(struct domain *d, gva_t to, const void *from, u32 bytes)
{
    return copy(d, to, (u8 *)from, bytes, true);
}

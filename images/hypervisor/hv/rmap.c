/*
 * The reverse map: for every machine frame, the chain of shadow entries that hold it. Taking write access to
 * a new page table away, or a frame out of the p2m, costs as many steps as the frame has mappings. A shadow's
 * own frame has a chain, too: of the directory entries that point at it.
 *
 * A link names an entry: the shadow's index * 1024 + slot + 1. frame.rmap holds the first, links[] the next.
 */
#include "mmu.h"

u32 links[NR_SHADOWS * PAGE_ENTRIES];

static u32 link_of(const struct shadow *s, u32 slot)
{
    return (u32)(s - shadows) * PAGE_ENTRIES + slot + 1;
}

void rmap_add(mfn_t mfn, const struct shadow *s, u32 slot)
{
    u32 link = link_of(s, slot);
    links[link - 1] = frames[mfn].rmap;
    frames[mfn].rmap = link;
}

void rmap_remove(mfn_t mfn, const struct shadow *s, u32 slot)
{
    u32 link = link_of(s, slot), *at = &frames[mfn].rmap;
    while (*at && *at != link)
        at = &links[*at - 1];
    if (!*at)
        panic("a shadow entry is missing from the reverse map");
    *at = links[link - 1];
}

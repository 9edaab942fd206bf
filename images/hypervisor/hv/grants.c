/*
 * Grants: a domain lets one other domain map one of its frames. The frame cannot be given away or become a
 * page table while that lasts: a mapped grant is a use of the frame, counted as direct_types.c counts them,
 * whatever the two domains' MMU modes.
 *
 *   PV grantee      GRANT_MAP returns the machine frame; entries that map it are validated one by one, and
 *                   the grant counts them. It cannot be unmapped before the last one is gone.
 *   other grantees  the frame takes the place of one of their own in the p2m, which comes back at the end.
 *
 * A frame is mapped by a domain through one grant at a time, so it is always clear which one an entry uses.
 */
#include "hv.h"

#define NO_FRAME 0xFFFFu

struct grant *grant_of(const struct domain *d, mfn_t mfn, bool write)
{
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        for (u32 ref = 0; ref < COUNT(domains[id].grants); ref++) {
            struct grant *g = &domains[id].grants[ref];
            if (g->maps && g->mfn == mfn && g->to == d->id) return write && g->read_only ? NULL : g;
        }
    }
    return NULL;
}

bool grant_allows(const struct domain *d, mfn_t mfn, bool write)
{
    return grant_of(d, mfn, write) != NULL;
}

/* Only a frame of the domain's own can be granted: who was lent one cannot lend it on. */
static int access(struct domain *d, u32 gfn, u32 to, u32 read_only)
{
    mfn_t mfn = gfn < d->nr_frames ? d->mmu.p2m[gfn] : NO_FRAME;
    if (mfn == NO_FRAME) return refuse(REFUSE_RANGE, gfn, to);
    if (!owns(d, mfn)) return refuse(REFUSE_NOT_OWNER, gfn, mfn);
    if (to >= MAX_DOMAINS || to == d->id || domains[to].state == RUN_DEAD) return refuse(REFUSE_CALL, to, gfn);
    for (u32 ref = 0; ref < COUNT(d->grants); ref++) {
        if (d->grants[ref].used) continue;
        d->grants[ref] = (struct grant){.used = 1, .mfn = mfn, .to = (u8)to, .read_only = read_only != 0};
        trace4(STEP_GRANT, GRANT_ACCESS, d->id, ref, mfn);
        return (int)ref;
    }
    return HV_ENOSPC;
}

static int end(struct domain *d, u32 ref)
{
    if (ref >= COUNT(d->grants) || !d->grants[ref].used) return refuse(REFUSE_GRANT, d->id, ref);
    if (d->grants[ref].maps) return refuse(REFUSE_BUSY, d->id, ref);
    d->grants[ref].used = 0;
    trace4(STEP_GRANT, GRANT_END, d->id, ref, d->grants[ref].mfn);
    return 0;
}

/* `name` is domid << 8 | ref, as the grantee says it. NULL unless it was granted to d. */
static struct grant *named(const struct domain *d, u32 name)
{
    u32 granter = name >> 8, ref = name & 0xFF;
    if (granter >= MAX_DOMAINS || ref >= COUNT(domains[granter].grants)) return NULL;
    struct grant *g = &domains[granter].grants[ref];
    return g->used && g->to == d->id ? g : NULL;
}

static int use(struct domain *granter, const struct grant *g)
{
    return g->read_only ? reference_get(g->mfn) : type_get(granter, g->mfn, FRAME_WRITABLE);
}

static void unuse(struct domain *granter, const struct grant *g)
{
    if (g->read_only) reference_put(g->mfn);
    else type_put(granter, g->mfn);
}

/* In a domain that sees its memory through the p2m, the frame stands where one of its own stood, or nothing. */
static bool place(struct domain *d, struct grant *g, u32 gfn)
{
    if (gfn >= d->nr_frames) return false;
    mfn_t own = d->mmu.p2m[gfn];
    if (own != NO_FRAME && !owns(d, own)) return false;
    g->gfn = (u16)gfn;
    g->aside = (u16)own;
    p2m_set(d, gfn, g->mfn);
    return true;
}

static int map(struct domain *d, u32 name, u32 gfn)
{
    struct grant *g = named(d, name);
    struct domain *granter = &domains[name >> 8];
    bool pv = d->mmu.mode == MODE_PV;
    if (!g || granter->state == RUN_DEAD) return refuse(REFUSE_GRANT, name >> 8, name & 0xFF);
    if (g->maps ? !pv || g->maps == 0xFFFF : grant_allows(d, g->mfn, false)) return refuse(REFUSE_BUSY, name >> 8, name & 0xFF);
    int error = use(granter, g);
    if (error) return error;
    g->maps++;
    if (!pv && !place(d, g, gfn)) {
        g->maps--;
        unuse(granter, g);
        return refuse(REFUSE_RANGE, name, gfn);
    }
    trace4(STEP_GRANT, GRANT_MAP, granter->id, name & 0xFF, g->mfn);
    return pv ? (int)g->mfn : 0;
}

static void take_back(struct domain *d, struct domain *granter, struct grant *g)
{
    if (d->mmu.mode != MODE_PV && !BUG(BUG_GRANT_AFTER_REVOKE)) p2m_set(d, g->gfn, g->aside);
    g->maps--;
    if (granter->state == RUN_DEAD && !g->maps) g->used = 0;
    unuse(granter, g);
}

static int unmap(struct domain *d, u32 name)
{
    struct grant *g = named(d, name);
    if (!g || !g->maps) return refuse(REFUSE_GRANT, name >> 8, name & 0xFF);
    if (g->maps == 1 && g->entries && !BUG(BUG_GRANT_AFTER_REVOKE)) return refuse(REFUSE_BUSY, name >> 8, g->entries);
    take_back(d, &domains[name >> 8], g);
    trace4(STEP_GRANT, GRANT_UNMAP, name >> 8, name & 0xFF, g->mfn);
    return 0;
}

int grant_op(struct domain *d, u32 op, u32 a, u32 b)
{
    switch (op) {
    case GRANT_ACCESS: return access(d, a >> 8, a & 0xFF, b);
    case GRANT_END: return end(d, a);
    case GRANT_MAP: return map(d, a, b);
    case GRANT_UNMAP: return unmap(d, a);
    default: return refuse(REFUSE_CALL, op, a);
    }
}

/*
 * The domain is dead and its page tables are gone. It lets go of what it had mapped; what others have mapped
 * of it stays theirs until they unmap it (reference_put then frees the frame).
 */
void grants_release(struct domain *d)
{
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        for (u32 ref = 0; ref < COUNT(d->grants); ref++) {
            struct grant *g = &domains[id].grants[ref];
            while (g->used && g->to == d->id && g->maps) take_back(d, &domains[id], g);
            if (id == d->id && !g->maps) g->used = 0;
        }
    }
}

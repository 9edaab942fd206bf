/*
 * Direct paging: what each frame is used as, and how often.
 *
 * A paravirtual guest's own tables are the ones the CPU walks, so nothing may ever be in them that the
 * guest may not have. Two counts a frame make that enough to check once, when an entry is stored:
 *
 *   - `type_count` uses of the frame as its `type` (writable memory, L1 table, L2 table). A frame has one
 *     type at a time; it changes only while the count is 0. So a page table is never mapped writable.
 *   - `ref_count` uses of any kind. A frame is not given to somebody else before this is 0.
 *
 * A frame becomes a table by *validation*: every entry in it is looked at, and takes its own uses of what it
 * refers to. When the last use as a table ends, the entries' uses are given back and the frame is plain memory.
 * This is what Xen does for its PV guests (Barham et al., SOSP 2003, section 3.3.3).
 */
#include "hv.h"

#define MAX_USES 0xFFFFu /* ref_count has 16 bits, and no type_count is larger than it */

u32 tables_gone_through;

int refuse(enum refusal why, u32 a, u32 b)
{
    trace(STEP_REFUSE, why, a, b);
    switch (why) {
    case REFUSE_NOT_OWNER:
    case REFUSE_WRITABLE_TABLE:
    case REFUSE_HV_SLOT: return HV_EPERM;
    case REFUSE_WORK:
    case REFUSE_BUSY: return HV_EBUSY;
    default: return HV_EINVAL;
    }
}

int reference_get(mfn_t mfn)
{
    if (frames[mfn].ref_count == MAX_USES) return refuse(REFUSE_BUSY, mfn, MAX_USES);
    frames[mfn].ref_count++;
    return 0;
}

/* The last use of a dead domain's frame frees it. */
void reference_put(mfn_t mfn)
{
    struct frame *f = &frames[mfn];
    if (!f->ref_count) panic("a frame was given back more often than taken");
    if (--f->ref_count == 0 && domains[f->owner - 1].state == RUN_DEAD) {
        f->owner = 0;
        f->type = FRAME_FREE;
    }
}

/* Most entries of most tables are absent: four at a time are passed over. */
const u32 *next_entry(const u32 *entry, const u32 *end)
{
    while (entry + 4 <= end && !((entry[0] | entry[1] | entry[2] | entry[3]) & PTE_P)) entry += 4;
    while (entry < end && !(*entry & PTE_P)) entry++;
    return entry;
}

static void put_entries(struct domain *d, u32 type, const u32 *first, const u32 *end)
{
    for (const u32 *entry = next_entry(first, end); entry < end; entry = next_entry(entry + 1, end)) {
        entry_put(d, type, *entry);
    }
}

/* The last slot of a directory is ours in every address space; what a guest put there is not looked at. */
static u32 slots_of(u32 type)
{
    return type == FRAME_L2 ? HV_SLOT : PAGE_ENTRIES;
}

/*
 * A translation that let the guest write to the frame may still be in the TLB, but the guest cannot use it
 * again: CR3 is loaded on the way back into it, and no translation is global (hv.h, entry.S).
 */
static int validate(struct domain *d, mfn_t mfn, u32 type)
{
    u32 *first = machine(mfn << PAGE_SHIFT), *end = first + slots_of(type);
    tables_gone_through++;
    for (const u32 *entry = next_entry(first, end); entry < end; entry = next_entry(entry + 1, end)) {
        int error = entry_get(d, type, *entry);
        if (!error) continue;
        put_entries(d, type, first, entry);
        return error;
    }
    if (type == FRAME_L2) *end = hv_slot_pde;
    return 0;
}

static void devalidate(struct domain *d, mfn_t mfn, u32 type)
{
    const u32 *first = machine(mfn << PAGE_SHIFT);
    tables_gone_through++;
    put_entries(d, type, first, first + slots_of(type));
}

/*
 * The type is set before the entries are validated: a table that maps itself writable is then refused like
 * any other writable mapping of a table.
 */
int type_get(struct domain *d, mfn_t mfn, u32 type)
{
    if (mfn >= MACHINE_FRAMES) return refuse(REFUSE_RANGE, mfn, type);
    struct frame *f = &frames[mfn];
    if (!owns(d, mfn) && !(type == FRAME_WRITABLE && grant_of(d, mfn, true))) return refuse(REFUSE_NOT_OWNER, mfn, type);
    if (f->type_count && f->type != type) {
        return refuse(type == FRAME_WRITABLE ? REFUSE_WRITABLE_TABLE : REFUSE_TYPE, mfn, f->type);
    }
    int error = reference_get(mfn);
    if (error) return error;
    if (f->type_count++ || type == FRAME_WRITABLE) return 0;

    f->type = (u8)type;
    error = validate(d, mfn, type);
    if (error) {
        f->type = FRAME_WRITABLE;
        f->type_count = 0;
        reference_put(mfn);
        return error;
    }
    trace(STEP_TYPE, mfn, FRAME_WRITABLE, type);
    return 0;
}

void type_put(struct domain *d, mfn_t mfn)
{
    struct frame *f = &frames[mfn];
    if (!f->type_count) panic("a frame's type was given back more often than taken");
    if (--f->type_count == 0 && f->type != FRAME_WRITABLE) {
        u32 type = f->type;
        devalidate(d, mfn, type);
        f->type = FRAME_WRITABLE;
        trace(STEP_TYPE, mfn, type, FRAME_WRITABLE);
    }
    reference_put(mfn);
}

/* A writable mapping is a use as writable memory; any other mapping only keeps the frame from being given away. */
static int mapping_get(struct domain *d, u32 entry)
{
    mfn_t mfn = entry >> PAGE_SHIFT;
    if (mfn >= MACHINE_FRAMES) return refuse(REFUSE_RANGE, mfn, entry);
    bool own = owns(d, mfn);
    struct grant *grant = own ? NULL : grant_of(d, mfn, entry & PTE_W);
    if (!grant && !own) return refuse(REFUSE_NOT_OWNER, mfn, entry);
    if (grant && grant->entries == MAX_USES) return refuse(REFUSE_BUSY, mfn, entry);
    int error = entry & PTE_W ? type_get(d, mfn, FRAME_WRITABLE) : reference_get(mfn);
    if (!error && grant) grant->entries++;
    return error;
}

static void mapping_put(struct domain *d, u32 entry)
{
    mfn_t mfn = entry >> PAGE_SHIFT;
    struct grant *grant = owns(d, mfn) ? NULL : grant_of(d, mfn, false);
    if (grant) grant->entries--;
    if (entry & PTE_W) type_put(d, mfn);
    else reference_put(mfn);
}

int entry_get(struct domain *d, u32 level, u32 entry)
{
    if (!(entry & PTE_P)) return 0;
    if (level == FRAME_L1) return mapping_get(d, entry);
    if (entry & PTE_PS) return refuse(REFUSE_LARGE, entry >> PAGE_SHIFT, entry);
    return type_get(d, entry >> PAGE_SHIFT, FRAME_L1);
}

void entry_put(struct domain *d, u32 level, u32 entry)
{
    if (!(entry & PTE_P)) return;
    if (level == FRAME_L1) mapping_put(d, entry);
    else type_put(d, entry >> PAGE_SHIFT);
}

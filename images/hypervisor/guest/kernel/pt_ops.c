/*
 * Three ways to change a page-table entry.
 *
 *   native     a store. On a real machine that is all; under shadow paging or a virtual TLB the same
 *              stores are found out by the hypervisor, and with START_PTWR a PV domain's are emulated.
 *   hypercall  PV: the tables are read-only to us. Each update is asked for and validated.
 *   batched    PV: the same updates, collected in order and sent in one multicall when they matter:
 *              before returning to user mode, before touching user memory, or with the switch of CR3.
 *
 * Order is kept in a batch, because an unpin must come before the stores that it allows.
 */
#include "kernel.h"

const struct pt_ops *pt;
static const u32 *p2m;
static u16 m2p[8192]; /* PV: the frame of ours behind a machine frame, 0 for others' */

u32 pte_make(gfn_t gfn, u32 flags)
{
    return (p2m ? p2m[gfn] : gfn) << PAGE_SHIFT | flags;
}

gfn_t pte_frame(u32 entry)
{
    u32 frame = entry >> PAGE_SHIFT;
    return !p2m ? frame : frame < COUNT(m2p) ? m2p[frame] : 0;
}

/* ---- native ---- */

static void native_set(u32 *slot, u32 value)
{
    *(volatile u32 *)slot = value;
}

static void native_invalidate(gva_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/*
 * An entry that was not present is in no TLB, and one that only allows more can at worst cause a fault that
 * finds nothing to do (SDM vol. 3A, 4.10.2.3 and 4.10.4.3). Neither needs an INVLPG.
 */
static bool stale(u32 old, u32 value)
{
    return (old & PTE_P) && (old & ~value || (old ^ value) & PTE_FRAME);
}

static void native_update(gva_t va, u32 *slot, u32 value)
{
    u32 old = *slot;
    native_set(slot, value);
    if (stale(old, value))
        native_invalidate(va);
}

static gfn_t loaded;

static void native_load(gfn_t directory)
{
    loaded = directory;
    __asm__ volatile("mov %0, %%cr3" : : "r"(directory << PAGE_SHIFT) : "memory");
}

static void native_flush_tlb(void)
{
    native_load(loaded);
}

static void nothing(gfn_t gfn)
{
    (void)gfn;
}

static void nothing_collected(void)
{
}

static const struct pt_ops native_ops = {
    native_set, native_update, native_invalidate, native_flush_tlb, native_load,
    nothing, nothing, nothing, nothing, nothing_collected,
};

/* ---- hypercalls, one by one or collected ---- */

#define QUEUE 32u
static struct mmu_update updates[QUEUE];
static struct mmuext_op extended[QUEUE];
static struct multicall calls[QUEUE];
static u32 nr_updates, nr_extended, nr_calls;
static bool batching;

static void pv_flush(void)
{
    int refused = 0;
    if (nr_calls == 1)
        refused = hypercall(calls[0].op, calls[0].args[0], calls[0].args[1], calls[0].args[2]);
    else if (nr_calls > 1)
        refused = hypercall(HC_MULTICALL, (u32)calls, nr_calls, 0);
    nr_updates = nr_extended = nr_calls = 0;
    if (refused)
        panic("the hypervisor refused a page-table update");
}

static void collect(u32 op, u32 a, u32 b)
{
    calls[nr_calls++] = (struct multicall){ op, { a, b, 0 }, 0 };
}

static void collected(void)
{
    if (!batching || nr_updates == QUEUE || nr_extended == QUEUE || nr_calls == QUEUE)
        pv_flush();
}

/* An element joins the list that the last collected call already sends, if it is of the same kind. */
static void collect_update(ma_t entry, u32 value)
{
    updates[nr_updates] = (struct mmu_update){ entry, value };
    if (nr_calls && calls[nr_calls - 1].op == HC_MMU_UPDATE)
        calls[nr_calls - 1].args[1]++;
    else
        collect(HC_MMU_UPDATE, (u32)&updates[nr_updates], 1);
    nr_updates++;
    collected();
}

static void collect_extended(u32 command, u32 arg)
{
    extended[nr_extended] = (struct mmuext_op){ command, arg };
    if (nr_calls && calls[nr_calls - 1].op == HC_MMUEXT)
        calls[nr_calls - 1].args[1]++;
    else
        collect(HC_MMUEXT, (u32)&extended[nr_extended], 1);
    nr_extended++;
    collected();
}

static void pv_set(u32 *slot, u32 value)
{
    collect_update(p2m[frame_of(slot)] << PAGE_SHIFT | ((u32)slot & (PAGE_SIZE - 1)), value);
}

static void pv_update(gva_t va, u32 *slot, u32 value)
{
    (void)slot;
    collect(HC_UPDATE_VA, va, value);
    collected();
}

static void pv_invalidate(gva_t va)
{
    collect_extended(MMUEXT_INVLPG, va);
}

static void pv_flush_tlb(void)
{
    collect_extended(MMUEXT_TLB_FLUSH, 0);
}

static void pv_load(gfn_t directory)
{
    collect_extended(MMUEXT_NEW_BASEPTR, p2m[directory]);
    pv_flush();
}

/* A page table must be mapped read-only everywhere before it can be used as one; that includes our linear map. */
static void pv_seal(gfn_t table)
{
    gva_t linear = (u32)frame_bytes(table);
    pv_update(linear, NULL, pte_make(table, PTE_P | PTE_A));
}

static void pv_unseal(gfn_t table)
{
    gva_t linear = (u32)frame_bytes(table);
    pv_update(linear, NULL, pte_make(table, PTE_P | PTE_W | PTE_A | PTE_D));
}

static void pv_pin(gfn_t directory)
{
    collect_extended(MMUEXT_PIN_L2, p2m[directory]);
}

static void pv_unpin(gfn_t directory)
{
    collect_extended(MMUEXT_UNPIN, p2m[directory]);
}

static const struct pt_ops pv_ops = {
    pv_set, pv_update, pv_invalidate, pv_flush_tlb, pv_load,
    pv_seal, pv_unseal, pv_pin, pv_unpin, pv_flush,
};

/* ---- PV, but entries are stored to directly and the hypervisor emulates the store ---- */

static void ptwr_update(gva_t va, u32 *slot, u32 value)
{
    u32 old = *slot;
    native_set(slot, value);
    if (stale(old, value))
        pv_invalidate(va);
}

static const struct pt_ops ptwr_ops = {
    native_set, ptwr_update, pv_invalidate, pv_flush_tlb, pv_load,
    pv_seal, pv_unseal, pv_pin, pv_unpin, pv_flush,
};

void pt_ops_init(void)
{
    pt = &native_ops;
    if (!paravirtual())
        return;
    p2m = (const u32 *)(GUEST_BASE + start.p2m_gpa);
    for (u32 gfn = 0; gfn < start.nr_frames; gfn++)
        if (p2m[gfn] < COUNT(m2p))
            m2p[p2m[gfn]] = gfn;
    batching = start.flags & START_BATCH;
    pt = start.flags & START_PTWR ? &ptwr_ops : &pv_ops;
}

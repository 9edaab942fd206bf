/*
 * What a malicious kernel would try. Each attempt says what it did and whether it went through; none of
 * them may. In a PV domain most are requests that must be refused, elsewhere accesses that must fault or
 * end in memory of our own.
 */
#include "kernel.h"

#define SCRATCH (SCRATCH_SLOT << 22)
#define MACHINE_FRAMES 8192u     /* abi: the machine has 32 MB */
#define HYPERVISOR_FRAME 0x800u  /* and the hypervisor starts at 8 MB of it */
#define MODES_PV (1u << MODE_PV)
#define MODES_OWN_TABLES (1u << MODE_SHADOW | 1u << MODE_VTLB)
#define MODES_GUEST (MODES_PV | MODES_OWN_TABLES)

struct attempt { u32 modes; const char *what; bool (*try)(u32 *detail); };

static ma_t entry_address(u32 *slot)
{
    return pte_make(frame_of(slot), (u32)slot & (PAGE_SIZE - 1));
}

/* One update, not through pt_ops: those stop the kernel when they are refused. */
static bool update(u32 *slot, u32 value)
{
    struct mmu_update one = { entry_address(slot), value };
    pt->flush();
    return hypercall(HC_MMU_UPDATE, (u32)&one, 1, 0) == 0;
}

static bool extended(u32 command, u32 arg)
{
    struct mmuext_op one = { command, arg };
    pt->flush();
    return hypercall(HC_MMUEXT, (u32)&one, 1, 0) == 0;
}

static u32 *scratch_entry(void)
{
    u32 *slot = space_entry_make(SCRATCH);
    pt->flush();
    return slot;
}

static u32 foreign_frame(void)
{
    for (u32 mfn = HYPERVISOR_FRAME; mfn < MACHINE_FRAMES; mfn++)
        if (!pte_frame(mfn << PAGE_SHIFT))
            return mfn;
    return 0;
}

/* ---- PV: requests ---- */

static bool map_foreign(u32 *detail)
{
    *detail = foreign_frame();
    return update(scratch_entry(), *detail << PAGE_SHIFT | PTE_P | PTE_W | PTE_U);
}

static bool map_hypervisor(u32 *detail)
{
    *detail = HYPERVISOR_FRAME;
    return update(scratch_entry(), *detail << PAGE_SHIFT | PTE_P | PTE_U);
}

static bool map_nowhere(u32 *detail)
{
    *detail = 0xFFFFFu;
    return update(scratch_entry(), 0xFFFFF000u | PTE_P | PTE_U);
}

static bool map_table_writable(u32 *detail)
{
    *detail = current->directory;
    return update(scratch_entry(), pte_make(current->directory, PTE_P | PTE_W | PTE_U));
}

static bool take_hypervisor_slot(u32 *detail)
{
    u32 *slot = &table_bytes(current->directory)[HV_SLOT];
    *detail = HV_SLOT;
    return update(slot, table_bytes(current->directory)[KERNEL_SLOT]);
}

static bool map_in_hypervisor_slot(u32 *detail)
{
    *detail = HV_HOLE;
    return hypercall(HC_UPDATE_VA, HV_HOLE, pte_make(current->directory, PTE_P), 0) == 0;
}

static bool load_data_as_directory(u32 *detail)
{
    gfn_t gfn = *detail = frame_alloc_zero();
    bool accepted = gfn && extended(MMUEXT_NEW_BASEPTR, pte_make(gfn, 0) >> PAGE_SHIFT);
    if (gfn)
        frame_put(gfn);
    return accepted;
}

static bool load_foreign_directory(u32 *detail)
{
    *detail = foreign_frame();
    return extended(MMUEXT_NEW_BASEPTR, *detail);
}

static bool pin_foreign(u32 *detail)
{
    *detail = foreign_frame();
    return extended(MMUEXT_PIN_L2, *detail);
}

static bool large_page(u32 *detail)
{
    u32 *slot = &table_bytes(current->directory)[SCRATCH_SLOT + 1];
    *detail = SCRATCH_SLOT + 1;
    return update(slot, PTE_P | PTE_W | PTE_U | PTE_PS);
}

static bool update_data_as_table(u32 *detail)
{
    u32 *word = (u32 *)shared;
    *detail = (u32)word;
    return update(word, *word);
}

static bool unpin_in_use(u32 *detail)
{
    *detail = current->directory;
    bool accepted = extended(MMUEXT_UNPIN, pte_make(current->directory, 0) >> PAGE_SHIFT);
    bool writable = update(&table_bytes(kernel_table)[current->directory], pte_make(current->directory, PTE_P | PTE_W));
    if (accepted && !writable)
        extended(MMUEXT_PIN_L2, pte_make(current->directory, 0) >> PAGE_SHIFT);
    return writable;
}

/* With START_PTWR stores to tables are emulated, and so validated: this one must fault either way. */
static bool store_to_table(u32 *detail)
{
    u32 *slot = scratch_entry();
    *detail = (u32)slot;
    return write_guarded((gva_t)slot, foreign_frame() << PAGE_SHIFT | PTE_P | PTE_W | PTE_U);
}

static bool write_from_hypervisor(u32 *detail)
{
    *detail = HV_HOLE;
    return hypercall(HC_CONSOLE_WRITE, HV_HOLE, 16, 0) >= 0;
}

/* ---- all guests ---- */

static bool read_hypervisor_heap(u32 *detail)
{
    u32 value;
    *detail = HYPERVISOR_FRAME << PAGE_SHIFT;
    return read_guarded(*detail, &value);
}

/*
 * Of the hypervisor's slot only the entry area is mapped. One page of it can be written, the stack on which
 * an entry begins: the CPU needs it, and nothing on it means anything while we run. We fill it with ones,
 * and the hypercall that follows must find the hypervisor well. No other page may keep what we write.
 */
static bool write_hypervisor_slot(u32 *detail)
{
    u32 value, kept = 0;
    for (gva_t va = HV_HOLE; va >= HV_HOLE; va += PAGE_SIZE) {
        if (!read_guarded(va, &value) || !write_guarded(va, ~value))
            continue;
        kept++;
        memset((void *)va, 0xFF, PAGE_SIZE);
        *detail = va;
    }
    return kept > 1 || hypercall(HC_EVENT, EVENT_SEND, 77, 0) >= 0;
}

static bool unknown_hypercall(u32 *detail)
{
    *detail = 999;
    return hypercall(999, 0, 0, 0) >= 0;
}

static bool list_from_hypervisor(u32 *detail)
{
    *detail = HV_HOLE;
    return hypercall(HC_MULTICALL, HV_HOLE, 4, 0) >= 0;
}

static bool endless_list(u32 *detail)
{
    *detail = 0x40000000;
    return hypercall(HC_MULTICALL, GUEST_BASE, *detail, 0) >= 0;
}

static bool map_no_grant(u32 *detail)
{
    *detail = 1 << 8 | 31;
    return hypercall(HC_GRANT, GRANT_MAP, *detail, 5) >= 0;
}

static bool send_nowhere(u32 *detail)
{
    *detail = 77;
    return hypercall(HC_EVENT, EVENT_SEND, *detail, 0) >= 0;
}

static bool weigh_nothing(u32 *detail)
{
    *detail = 9;
    return hypercall(HC_SCHED, 9, 0, 0) >= 0;
}

/* ---- own tables: frames that are not ours ---- */

/* Whatever answers at a frame beyond our memory must not be memory: it does not keep what is written. */
static bool keeps(gva_t va)
{
    u32 before, after;
    if (!read_guarded(va, &before) || !write_guarded(va, ~before) || !read_guarded(va, &after))
        return false;
    write_guarded(va, before);
    return after == ~before;
}

static bool map_beyond(u32 *detail)
{
    u32 *slot = scratch_entry();
    bool reached = false;
    for (u32 frame = start.nr_frames; frame < MACHINE_FRAMES && !reached; frame += 511) {
        *detail = frame;
        pt->update(SCRATCH, slot, frame << PAGE_SHIFT | PTE_P | PTE_W);
        reached = keeps(SCRATCH);
    }
    pt->update(SCRATCH, slot, 0);
    return reached;
}

static bool large_page_beyond(u32 *detail)
{
    u32 cr4, *slot = &table_bytes(current->directory)[SCRATCH_SLOT + 1];
    gva_t va = (SCRATCH_SLOT + 1) << 22;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_PSE) : "memory");
    *detail = HYPERVISOR_FRAME << PAGE_SHIFT;
    pt->update(va, slot, *detail | PTE_P | PTE_W | PTE_PS);
    bool reached = keeps(va + PAGE_SIZE);
    pt->update(va, slot, 0);
    return reached;
}

/* Our own tables may name anything in the hypervisor's slot; it must not come to be used. */
static bool own_entry_in_hypervisor_slot(u32 *detail)
{
    u32 *slot = &table_bytes(current->directory)[HV_SLOT], before = *slot;
    *detail = HV_SLOT;
    pt->set(slot, space_kernel_entry());
    pt->flush_tlb();
    bool reached = keeps(HV_HOLE + KERNEL_GPA);
    pt->set(slot, before);
    pt->flush_tlb();
    return reached;
}

static bool large_page_in_hypervisor_slot(u32 *detail)
{
    u32 *slot = &table_bytes(current->directory)[HV_SLOT], before = *slot;
    *detail = HV_SLOT;
    pt->set(slot, PTE_P | PTE_W | PTE_U | PTE_PS);
    pt->flush_tlb();
    bool reached = keeps(HV_HOLE + KERNEL_GPA);
    pt->set(slot, before);
    pt->flush_tlb();
    return reached;
}

static const struct attempt attempts[] = {
    { MODES_PV, "map a foreign frame", map_foreign },
    { MODES_PV, "map a frame of the hypervisor", map_hypervisor },
    { MODES_PV, "map a frame that does not exist", map_nowhere },
    { MODES_PV, "map a page table writable", map_table_writable },
    { MODES_PV, "set the hypervisor's directory slot", take_hypervisor_slot },
    { MODES_PV, "map a page in the hypervisor's slot", map_in_hypervisor_slot },
    { MODES_PV, "load a page of data as CR3", load_data_as_directory },
    { MODES_PV, "load a foreign frame as CR3", load_foreign_directory },
    { MODES_PV, "pin a foreign frame", pin_foreign },
    { MODES_PV, "map a 4 MB page", large_page },
    { MODES_PV, "update data as a page table", update_data_as_table },
    { MODES_PV, "unpin the directory in use, make it writable", unpin_in_use },
    { MODES_PV, "store a foreign frame to a page table", store_to_table },
    { MODES_PV, "print the hypervisor's memory", write_from_hypervisor },
    { MODES_GUEST, "read the hypervisor's memory", read_hypervisor_heap },
    { MODES_GUEST, "write to the hypervisor's slot", write_hypervisor_slot },
    { MODES_GUEST, "make an unknown hypercall", unknown_hypercall },
    { MODES_GUEST, "a list of calls in the hypervisor's memory", list_from_hypervisor },
    { MODES_GUEST, "a list of 2^30 calls", endless_list },
    { MODES_GUEST, "map what nobody granted", map_no_grant },
    { MODES_GUEST, "send an event to no port", send_nowhere },
    { MODES_GUEST, "weigh a domain that does not exist", weigh_nothing },
    { MODES_OWN_TABLES, "map frames beyond its memory", map_beyond },
    { MODES_OWN_TABLES, "map 4 MB beyond its memory", large_page_beyond },
    { MODES_OWN_TABLES, "fill the hypervisor's directory slot", own_entry_in_hypervisor_slot },
    { MODES_OWN_TABLES, "map 4 MB in the hypervisor's slot", large_page_in_hypervisor_slot },
};

/* An IDT without entries. Natively the machine starts anew; under a hypervisor this domain is all that may end. */
int sys_crash(u32 a, u32 b, u32 c)
{
    struct { u16 limit; u32 base; } __attribute__((packed)) none = { 0, 0 };
    (void)a, (void)b, (void)c;
    if (paravirtual())
        hypercall(HC_SET_TRAPS, none.base, none.limit, 0);
    else
        __asm__ volatile("lidt %0" : : "m"(none));
    __asm__ volatile("ud2");
    return -EPERM;
}

int sys_hostile(u32 number, u32 to, u32 c)
{
    struct hostile_run run = { 0, 0, { 0 } };
    (void)c;
    for (const struct attempt *a = attempts; a < attempts + COUNT(attempts); a++) {
        if (!(a->modes >> start.mode & 1) || number--)
            continue;
        run.went_through = a->try(&run.detail);
        copy_string(run.what, a->what, sizeof run.what);
        return copy_to_user(to, &run, sizeof run);
    }
    return -ENOENT;
}

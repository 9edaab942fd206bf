/*
 * Page faults. Three are part of a normal life: the first touch of a page (zeros, or a page of a file),
 * and the first write to a page shared since a fork or with a file, which makes a copy of its own.
 *
 * The entry is made accessed, and for a write dirty, right away (as Linux does): the access that faulted
 * is going to happen, and the CPU, or a hypervisor in its place, need not come back to note it.
 */
#include "kernel.h"

#define ERROR_PRESENT 1u
#define ERROR_WRITE 2u
#define ERROR_USER 4u

static u32 rights(const struct area *a, bool write)
{
    return FRAME_FLAGS_USER | (a->prot & PROT_WRITE ? PTE_W : 0) | (write ? PTE_D : 0);
}

static gfn_t copy_of(gfn_t gfn)
{
    gfn_t copy = frame_alloc();
    if (copy)
        memcpy(frame_bytes(copy), frame_bytes(gfn), PAGE_SIZE);
    return copy;
}

/* A write to a page that is mapped read-only although the area allows it. The last user keeps the frame. */
static bool write_fault(gva_t va, u32 *slot, const struct area *a)
{
    gfn_t old = pte_frame(*slot), gfn = old;
    if (frame_uses(old) > 1) {
        gfn = copy_of(old);
        if (!gfn)
            return false;
        frame_put(old);
    }
    pt->update(va, slot, pte_make(gfn, rights(a, true)));
    return true;
}

/* A page of a file is the file's own frame, read-only until it is written to. */
static bool file_page(gva_t va, u32 *slot, const struct area *a, bool write)
{
    gfn_t gfn = node_frame(a->file, (a->offset + (va - a->start)) >> PAGE_SHIFT);
    u32 flags = rights(a, write);
    if (write)
        gfn = copy_of(gfn);
    else
        frame_get(gfn), flags &= ~PTE_W;
    if (!gfn)
        return false;
    pt->update(va, slot, pte_make(gfn, flags));
    return true;
}

static bool zero_page(gva_t va, u32 *slot, const struct area *a, bool write)
{
    gfn_t gfn = frame_alloc_zero();
    if (!gfn)
        return false;
    pt->update(va, slot, pte_make(gfn, rights(a, write)));
    return true;
}

static bool resolve(gva_t va, struct area *a, bool write)
{
    u32 *slot = space_entry_make(va);
    if (!slot)
        return false;
    if (*slot & PTE_P)
        return write && !(*slot & PTE_W) ? write_fault(va, slot, a) : true;
    return a->file ? file_page(va, slot, a, write) : zero_page(va, slot, a, write);
}

/* A program that wants a page when there is none ends; a system call on its behalf fails. */
static bool out_of_memory(u32 error)
{
    if (!(error & ERROR_USER))
        return false;
    console_printf(current->tty, "%s: killed: out of memory\n", current->name);
    process_exit(STATUS_KILLED);
}

bool page_fault(gva_t va, u32 error)
{
    bool write = error & ERROR_WRITE;
    struct area *a = va < USER_TOP && current ? area_find(current, va) : NULL;
    if (!a || !(a->prot & (write ? PROT_WRITE : PROT_READ | PROT_WRITE)))
        return false;
    if ((error & ERROR_PRESENT) && !write)
        return false;
    if (!resolve(PAGE_DOWN(va), a, write))
        return out_of_memory(error);
    pt->flush();
    return true;
}

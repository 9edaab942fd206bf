/* What a process has mapped, before any page of it exists: areas, each zero-filled or from a file. */
#include "kernel.h"

struct area *area_find(struct process *p, gva_t va)
{
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS; a++)
        if (va >= a->start && va < a->end)
            return a;
    return NULL;
}

static struct area *area_unused(struct process *p)
{
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS; a++)
        if (a->start == a->end)
            return a;
    return NULL;
}

/* An area that goes on where another of the same kind ends makes that one longer. */
static bool joins(const struct area *a, gva_t start, u32 prot, const struct node *file)
{
    return a->end == start && a->start < a->end && a->prot == prot && !a->file && !file;
}

int area_add(struct process *p, gva_t start, gva_t end, u32 prot, struct node *file, u32 offset)
{
    if (start == end)
        return 0;
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS; a++)
        if (joins(a, start, prot, file)) {
            a->end = end;
            return 0;
        }
    struct area *a = area_unused(p);
    if (!a)
        return -ENOMEM;
    *a = (struct area){ start, end, prot, file, offset };
    if (file)
        node_get(file);
    return 0;
}

static void area_drop(struct area *a)
{
    if (a->file)
        node_put(a->file);
    memset(a, 0, sizeof *a);
}

/* The part of `a` from `va` on becomes an area of its own. */
static int area_split(struct process *p, struct area *a, gva_t va)
{
    struct area *upper = area_unused(p);
    if (!upper)
        return -ENOMEM;
    *upper = (struct area){ va, a->end, a->prot, a->file, a->offset + (va - a->start) };
    a->end = va;
    if (upper->file)
        node_get(upper->file);
    return 0;
}

/* Afterwards no area crosses `va`. */
static int area_border(struct process *p, gva_t va)
{
    struct area *a = area_find(p, va);
    return a && a->start < va ? area_split(p, a, va) : 0;
}

int area_cut(struct process *p, gva_t start, gva_t end)
{
    int error = area_border(p, start);
    if (!error)
        error = area_border(p, end);
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS && !error; a++)
        if (a->start < a->end && a->start >= start && a->end <= end)
            area_drop(a);
    return error;
}

void areas_get(struct process *p)
{
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS; a++)
        if (a->file)
            node_get(a->file);
}

void areas_put(struct process *p)
{
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS; a++)
        area_drop(a);
}

/* Room for `bytes` between the mappings' base and the stack: the first gap that is wide enough. */
static gva_t find_gap(struct process *p, u32 bytes)
{
    gva_t va = MMAP_BASE;
    for (struct area *a = p->areas; a < p->areas + MAX_AREAS;) {
        if (a->start < va + bytes && a->end > va) {
            va = a->end;
            a = p->areas;
        } else {
            a++;
        }
    }
    return va;
}

int sys_mmap(u32 bytes, u32 prot, u32 c)
{
    (void)c;
    if (!bytes || bytes > (SCRATCH_SLOT << 22) - MMAP_BASE)
        return -EINVAL;
    bytes = PAGE_UP(bytes);
    gva_t va = find_gap(current, bytes);
    if (va + bytes > SCRATCH_SLOT << 22)
        return -ENOMEM;
    int error = area_add(current, va, va + bytes, prot & (PROT_READ | PROT_WRITE), NULL, 0);
    return error ? error : (int)va;
}

static bool range_right(gva_t va, u32 bytes)
{
    return !(va & (PAGE_SIZE - 1)) && bytes && bytes <= USER_TOP && va <= USER_TOP - bytes;
}

int sys_munmap(u32 va, u32 bytes, u32 c)
{
    (void)c;
    if (!range_right(va, bytes))
        return -EINVAL;
    gva_t end = va + PAGE_UP(bytes);
    int error = area_cut(current, va, end);
    if (!error)
        space_unmap(va, end);
    return error;
}

/* Write access comes back page by page, on the next fault; taking it away must happen now. */
int sys_mprotect(u32 va, u32 bytes, u32 prot)
{
    if (!range_right(va, bytes))
        return -EINVAL;
    gva_t end = va + PAGE_UP(bytes);
    for (gva_t at = va; at < end;) {
        struct area *a = area_find(current, at);
        if (!a)
            return -ENOMEM;
        at = a->end;
    }
    int error = area_border(current, va);
    if (!error)
        error = area_border(current, end);
    if (error)
        return error;
    for (struct area *a = current->areas; a < current->areas + MAX_AREAS; a++)
        if (a->start < a->end && a->start >= va && a->end <= end)
            a->prot = prot & (PROT_READ | PROT_WRITE);
    if (!(prot & PROT_WRITE))
        space_protect(va, end);
    return 0;
}

int sys_brk(u32 end, u32 b, u32 c)
{
    (void)b, (void)c;
    gva_t before = PAGE_UP(current->brk), after = PAGE_UP(end);
    if (end < current->heap || end > MMAP_BASE)
        return current->brk;
    if (after > before && area_add(current, before, after, PROT_READ | PROT_WRITE, NULL, 0))
        return current->brk;
    if (after < before) {
        if (area_cut(current, after, before))
            return current->brk;
        space_unmap(after, before);
    }
    return current->brk = end;
}

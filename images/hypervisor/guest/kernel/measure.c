/*
 * Page-table work done by the kernel itself between two marks, with nothing else around it: the parts of
 * which fork, mmap and exit are made. The memory is a stretch of the running process's own space.
 */
#include "kernel.h"

#define SCRATCH (SCRATCH_SLOT << 22)
#define PAGES 16u
#define MAP_PAGES 64u
#define SWITCH_PAGES 4u
#define MAP_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

/* Without a mark it is a warm-up. */
static void phase(u32 mark)
{
    if (mark)
        machine_mark(mark);
}

static void phase_end(u32 mark)
{
    if (mark)
        machine_mark(mark + 1);
}

static volatile u32 *word(u32 page)
{
    return (volatile u32 *)(SCRATCH + page * PAGE_SIZE);
}

static void touch(u32 page)
{
    pt->flush();
    *word(page) += 1;
}

/* Map, move to another frame, write-protect, unmap; each followed by the access that it is for. */
static void map_round(u32 i, u32 *slot, gfn_t first, gfn_t second)
{
    gva_t va = SCRATCH + i * PAGE_SIZE;
    pt->update(va, slot, pte_make(first, MAP_FLAGS));
    touch(i);
    pt->update(va, slot, pte_make(second, MAP_FLAGS));
    touch(i);
    pt->update(va, slot, pte_make(second, MAP_FLAGS & ~PTE_W));
    pt->flush();
    (void)*word(i);
    pt->update(va, slot, 0);
}

static int measure_map(u32 n, u32 mark)
{
    gfn_t first = frame_alloc_zero(), second = frame_alloc_zero();
    u32 *slot = space_entry_make(SCRATCH);
    if (!first || !second || !slot)
        return -ENOMEM;
    phase(mark);
    for (u32 i = 0; i < n; i++)
        map_round(i % MAP_PAGES, &slot[i % MAP_PAGES], first, second);
    pt->flush();
    phase_end(mark);
    bool right = *(u32 *)frame_bytes(first) == n && *(u32 *)frame_bytes(second) == n;
    frame_put(first);
    frame_put(second);
    return right ? 0 : -EFAULT;
}

static gfn_t own_stack(void)
{
    return pte_frame(*space_entry(current->directory, KERNEL_STACK));
}

/* A copy-on-write twin of the running process's space in which the kernel can go on on the same stack. */
static gfn_t twin_new(void)
{
    gfn_t stack = own_stack();
    gfn_t twin = space_fork(current->directory, stack);
    if (twin)
        frame_get(stack);
    return twin;
}

static void enter(gfn_t directory)
{
    current->directory = directory;
    pt->load(directory);
}

static void fill(u32 from, u32 to, u32 value)
{
    pt->flush();
    for (u32 i = from; i < to; i++)
        *word(i) = value + i;
}

static u32 wrong(u32 from, u32 to, u32 value)
{
    u32 bad = 0;
    for (u32 i = from; i < to; i++)
        bad += *word(i) != value + i;
    return bad;
}

/* fork: a twin, eight pages written in it, eight in the original; each first write copies a frame. */
static int measure_forkcow(u32 n, u32 mark)
{
    gfn_t own = current->directory;
    u32 bad = 0;
    fill(0, PAGES, 0);
    for (u32 round = 0; round < n; round++) {
        phase(mark);
        gfn_t twin = twin_new();
        if (!twin)
            return -ENOMEM;
        enter(twin);
        fill(0, PAGES / 2, 100);
        enter(own);
        bad += wrong(0, PAGES, 0);
        fill(PAGES / 2, PAGES, 200);
        enter(twin);
        bad += wrong(0, PAGES / 2, 100) + wrong(PAGES / 2, PAGES, 0);
        enter(own);
        phase_end(mark);
        space_free(twin);
        fill(0, PAGES, 0);
    }
    return bad ? -EFAULT : 0;
}

static int measure_cr3(u32 n, u32 mark)
{
    gfn_t own = current->directory, twin;
    volatile u32 sum = 0;
    fill(0, PAGES, 0);
    twin = twin_new();
    if (!twin)
        return -ENOMEM;
    for (u32 i = 0; i < 2 + n; i++) { /* the first two fill TLBs and shadows */
        if (i == 2)
            phase(mark);
        enter(i & 1 ? own : twin);
        for (u32 page = 0; page < SWITCH_PAGES; page++)
            sum += *word(page);
    }
    phase_end(mark);
    enter(own);
    space_free(twin);
    return 0;
}

/*
 * A space that has been in use and is not any more: its scratch table and its directory are zeroed as a
 * whole. What they referred to is noted before and given back after the measurement.
 */
static int zero_once(gfn_t twin, u32 mark)
{
    gfn_t table = pte_frame(table_bytes(twin)[SCRATCH_SLOT]), pages[PAGES], spare = frame_alloc_zero();
    if (!spare)
        return -ENOMEM;
    for (u32 i = 0; i < PAGES; i++)
        pages[i] = pte_frame(table_bytes(table)[i]);
    for (u32 i = 0; i < KERNEL_SLOT; i++)
        if (i != SCRATCH_SLOT)
            table_bytes(spare)[i] = table_bytes(twin)[i];
    phase(mark);
    pt->unpin(twin);
    pt->unseal(twin);
    pt->unseal(table);
    pt->flush();
    memset(frame_bytes(table), 0, PAGE_SIZE);
    memset(frame_bytes(twin), 0, PAGE_SIZE);
    phase_end(mark);
    for (u32 i = 0; i < PAGES; i++)
        frame_put(pages[i]);
    frame_put(table);
    frame_put(twin);
    space_unseal_tables(spare);
    space_release(spare);
    return 0;
}

static int measure_zero(u32 n, u32 mark)
{
    gfn_t own = current->directory;
    int error = 0;
    for (u32 round = 0; round < n && !error; round++) {
        fill(0, PAGES, 0);
        gfn_t twin = twin_new();
        if (!twin)
            return -ENOMEM;
        enter(twin);
        fill(0, PAGES, 1);
        enter(own);
        error = zero_once(twin, mark);
    }
    return error;
}

int sys_measure(u32 kind, u32 n, u32 mark)
{
    static int (*const measures[])(u32, u32) = { measure_map, measure_forkcow, measure_cr3, measure_zero };
    if (kind >= COUNT(measures))
        return -EINVAL;
    if (area_find(current, SCRATCH))
        return -EBUSY;
    int error = area_add(current, SCRATCH, SCRATCH + PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, NULL, 0);
    if (!error)
        error = measures[kind](n, mark);
    area_cut(current, SCRATCH, SCRATCH + PAGES * PAGE_SIZE);
    space_unmap(SCRATCH, SCRATCH + PAGES * PAGE_SIZE);
    return error;
}

/*
 * Random changes to page tables, and accesses checked against a model that knows nothing of page tables.
 * Four address spaces with two tables each, eight pages in a table, eight frames of data. Everything is
 * drawn from the seed, so the checksum must be the same in every mode; what a mode cannot do (4 MB pages
 * and CR0.WP = 0 in a PV domain) has its effect on the data brought about by other means.
 */
#include "kernel.h"

#define SPACES 4u
#define TABLES 2u
#define PAGES 8u
#define FRAMES 8u
#define LARGE_SLOT (SCRATCH_SLOT + TABLES)
#define PAGE_STRIDE 37u /* pages lie apart, so that neighbours do not help each other */

struct page { u8 frame /* + 1; 0: not mapped */, writable, accessed, dirty; };
struct space { gfn_t directory, table[TABLES]; struct page page[TABLES][PAGES]; };

static struct space spaces[SPACES];
static struct { gfn_t gfn; u32 value; } frames[FRAMES];
static u32 here; /* the space in CR3 */
static struct stress_run *run;
static u32 random_state;

static u32 draw(u32 below)
{
    return next_random(&random_state) % below;
}

static void note(u32 value)
{
    run->checksum = (run->checksum ^ value) * 16777619u;
}

static void expect(bool right)
{
    run->bad += !right;
}

static gva_t address(u32 table, u32 page)
{
    return ((SCRATCH_SLOT + table) << 22) + page * PAGE_STRIDE * PAGE_SIZE;
}

static u32 *entry_of(struct space *s, u32 table, u32 page)
{
    return &table_bytes(s->table[table])[page * PAGE_STRIDE];
}

static u32 *linear(u32 frame)
{
    return frame_bytes(frames[frame].gfn);
}

/* An entry changes; if it is one of the current space its translation goes too. */
static void change(u32 which, u32 table, u32 page, u32 value)
{
    u32 *entry = entry_of(&spaces[which], table, page);
    if (which == here)
        pt->update(address(table, page), entry, value);
    else
        pt->set(entry, value);
}

/* Accessed and dirty must say what happened since the entry was made, no more and no less. */
static void check_flags(u32 which, u32 table, u32 page)
{
    const struct page *p = &spaces[which].page[table][page];
    u32 entry = *entry_of(&spaces[which], table, page);
    if (!p->frame)
        expect(!(entry & PTE_P));
    else
        expect(!(entry & PTE_A) == !p->accessed && !(entry & PTE_D) == !p->dirty && !(entry & PTE_W) == !p->writable);
}

static void do_map(u32 which, u32 table, u32 page)
{
    u32 frame = draw(FRAMES), writable = draw(2);
    check_flags(which, table, page);
    change(which, table, page, pte_make(frames[frame].gfn, PTE_P | PTE_U | (writable ? PTE_W : 0)));
    spaces[which].page[table][page] = (struct page){ frame + 1, writable, 0, 0 };
}

static void do_unmap(u32 which, u32 table, u32 page)
{
    check_flags(which, table, page);
    change(which, table, page, 0);
    spaces[which].page[table][page] = (struct page){ 0, 0, 0, 0 };
}

static void do_protect(u32 which, u32 table, u32 page)
{
    struct page *p = &spaces[which].page[table][page];
    if (!p->frame)
        return;
    p->writable ^= 1;
    change(which, table, page, *entry_of(&spaces[which], table, page) ^ PTE_W);
}

static void do_read(u32 which, u32 table, u32 page)
{
    struct page *p = &spaces[here].page[table][page];
    u32 value = 0;
    (void)which;
    bool there = read_guarded(address(table, page), &value);
    expect(there == (p->frame != 0) && (!there || value == frames[p->frame - 1].value));
    p->accessed |= there;
    check_flags(here, table, page);
    note(there ? value : 1);
}

static void do_write(u32 which, u32 table, u32 page)
{
    struct page *p = &spaces[here].page[table][page];
    u32 value = draw(1u << 24);
    (void)which;
    bool done = write_guarded(address(table, page), value);
    expect(done == (p->frame && p->writable));
    if (done && p->frame) {
        frames[p->frame - 1].value = value;
        p->accessed = p->dirty = 1;
        expect(*linear(p->frame - 1) == value);
    }
    check_flags(here, table, page);
    note(done ? value : 2);
}

static void do_cr3(u32 which, u32 table, u32 page)
{
    (void)table, (void)page;
    here = which;
    pt->load(spaces[here].directory);
}

/* A whole table is taken out of its directory, an access must fault, and it comes back. */
static void do_unhook(u32 which, u32 table, u32 page)
{
    struct space *s = &spaces[which];
    u32 *slot = &table_bytes(s->directory)[SCRATCH_SLOT + table], value;
    pt->set(slot, 0);
    if (which == here) {
        pt->flush_tlb();
        pt->flush();
        expect(!read_guarded(address(table, page), &value));
    }
    pt->set(slot, pte_make(s->table[table], TABLE_FLAGS));
}

/* One space becomes a copy of another, and both lose write access, as in a fork. */
static void do_fork(u32 which, u32 table, u32 page)
{
    u32 to = (which + 1) % SPACES;
    (void)page;
    for (u32 i = 0; i < PAGES; i++) {
        u32 entry = *entry_of(&spaces[which], table, i) & ~PTE_W;
        change(which, table, i, entry);
        change(to, table, i, entry);
        spaces[which].page[table][i].writable = 0;
        spaces[to].page[table][i] = spaces[which].page[table][i];
    }
}

/* All memory through one 4 MB page: a read and a write of a frame of data. */
static void do_large(u32 which, u32 table, u32 page)
{
    u32 frame = draw(FRAMES), value = draw(1u << 24), seen = 0;
    gva_t va = (LARGE_SLOT << 22) + (frames[frame].gfn << PAGE_SHIFT);
    (void)which, (void)table, (void)page;
    if (paravirtual()) {
        seen = *linear(frame);
        *linear(frame) = value;
    } else {
        u32 *slot = &table_bytes(spaces[here].directory)[LARGE_SLOT];
        pt->update(va, slot, PTE_P | PTE_W | PTE_PS);
        expect(read_guarded(va, &seen) && write_guarded(va, value));
        expect((*slot & (PTE_A | PTE_D)) == (PTE_A | PTE_D));
        pt->update(va, slot, 0);
        expect(!write_guarded(va, 0));
    }
    expect(seen == frames[frame].value && *linear(frame) == value);
    frames[frame].value = value;
    note(seen);
}

static void write_protect(bool on)
{
    u32 cr0;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(on ? cr0 | CR0_WP : cr0 & ~CR0_WP) : "memory");
}

/* With CR0.WP = 0 a kernel's store ignores a missing W (SDM vol. 3A, 4.6), and still makes the page dirty. */
static void do_wp(u32 which, u32 table, u32 page)
{
    struct page *p = &spaces[here].page[table][page];
    u32 value = draw(1u << 24);
    (void)which;
    if (!p->frame)
        return;
    if (paravirtual()) {
        *linear(p->frame - 1) = value;
        change(here, table, page, *entry_of(&spaces[here], table, page) | PTE_A | PTE_D);
        pt->flush();
    } else {
        write_protect(false);
        expect(write_guarded(address(table, page), value));
        write_protect(true);
    }
    p->accessed = p->dirty = 1;
    frames[p->frame - 1].value = value;
    expect(*linear(p->frame - 1) == value);
    check_flags(here, table, page);
}

static void (*const operations[])(u32 which, u32 table, u32 page) = {
#define X(name) [STRESS_##name] = do_##name,
    STRESS_OPERATIONS(X)
#undef X
};

static void one_round(void)
{
    u32 operation = draw(STRESS_COUNT), which = draw(4) ? here : draw(SPACES), table = draw(TABLES), page = draw(PAGES);
    bool rare = operation == STRESS_unhook || operation == STRESS_fork || operation == STRESS_large || operation == STRESS_wp;
    if (operation == STRESS_cr3)
        which = draw(SPACES);
    if (!(run->operations >> operation & 1) || (rare && draw(8)))
        return;
    pt->flush();
    operations[operation](which, table, page);
    run->done[operation]++;
}

static void make_space(struct space *s, gfn_t kernel_stack)
{
    memset(s, 0, sizeof *s);
    s->directory = space_new(kernel_stack);
    frame_get(kernel_stack);
    for (u32 i = 0; i < TABLES; i++) {
        s->table[i] = frame_alloc_zero();
        table_bytes(s->directory)[SCRATCH_SLOT + i] = pte_make(s->table[i], TABLE_FLAGS);
    }
    space_ready(s->directory);
}

static void drop_space(struct space *s)
{
    space_retire(s->directory);
    for (u32 i = 0; i < TABLES; i++)
        memset(frame_bytes(s->table[i]), 0, PAGE_SIZE);
    space_release(s->directory);
}

static bool enough_memory(void)
{
    return frames_free() >= SPACES * (TABLES + 2) + FRAMES;
}

static void enable_large_pages(void)
{
    u32 cr4;
    if (paravirtual())
        return;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (!(cr4 & CR4_PSE))
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_PSE) : "memory");
}

static int stress_all(void)
{
    gfn_t kernel_stack = pte_frame(*space_entry(current->directory, KERNEL_STACK));
    if (!enough_memory())
        return -ENOMEM;
    enable_large_pages();
    for (u32 i = 0; i < FRAMES; i++) {
        frames[i].gfn = frame_alloc();
        *linear(i) = frames[i].value = 1000 + i;
    }
    for (u32 i = 0; i < SPACES; i++)
        make_space(&spaces[i], kernel_stack);
    do_cr3(0, 0, 0);
    for (u32 i = 0; i < run->rounds && !current->killed; i++)
        one_round();
    pt->load(current->directory);
    for (u32 i = 0; i < SPACES; i++)
        drop_space(&spaces[i]);
    for (u32 i = 0; i < FRAMES; i++) {
        note(*linear(i));
        frame_put(frames[i].gfn);
    }
    return 0;
}

int sys_stress(u32 run_at, u32 b, u32 c)
{
    static struct stress_run copy;
    (void)b, (void)c;
    if (copy_from_user(&copy, run_at, sizeof copy))
        return -EFAULT;
    run = &copy;
    random_state = run->seed;
    run->bad = 0;
    run->checksum = 2166136261u;
    memset(run->done, 0, sizeof run->done);
    int error = stress_all();
    return error ? error : copy_to_user(run_at, run, sizeof *run);
}

/*
 * The TLB keeps what it has until told otherwise (Intel SDM vol. 3A, 4.10). A virtual TLB may be as lazy as this, a
 * shadow must flush wherever a real kernel relies on a flush.
 */
#include "cputest.h"

#define OTHER (PAGE + PAGE_SIZE)

static void prepare(u32 flags)
{
    map(OTHER, OTHER, PTE_P | PTE_W);
    *at(OTHER) = 0xB;
    map(PAGE, PAGE, PTE_P | PTE_W);
    *at(PAGE) = 0xA;
    map(PAGE, PAGE, PTE_P | PTE_W | flags);
    (void)*at(PAGE);
    map_quietly(PAGE, OTHER, PTE_P | PTE_W | flags);
}

static void by_invlpg(void) { invlpg(PAGE); }
static void by_invlpg_inside(void) { invlpg(PAGE + 0x7FF); }
static void by_invlpg_of_another(void) { invlpg(OTHER); }
static void by_cr3(void) { write_cr3(read_cr3()); }
static void by_pge(void) { write_cr4(read_cr4() ^ CR4_PGE), write_cr4(read_cr4() ^ CR4_PGE); }
static void by_wp(void) { write_cr0(read_cr0() ^ CR0_WP), write_cr0(read_cr0() ^ CR0_WP); }
static void by_paging_off(void) { write_cr0(read_cr0() ^ CR0_PG), write_cr0(read_cr0() ^ CR0_PG); }
static void by_nothing(void) { }

static void test_flushes(void)
{
    static const struct { const char *name; void (*flush)(void); } ways[] = {
        { "nothing", by_nothing }, { "INVLPG", by_invlpg }, { "INVLPG-inside-the-page", by_invlpg_inside },
        { "INVLPG-of-another-page", by_invlpg_of_another }, { "MOV-CR3", by_cr3 }, { "CR4.PGE", by_pge },
        { "CR0.WP", by_wp }, { "CR0.PG", by_paging_off },
    };
    for (u32 i = 0; i < COUNT(ways); i++) {
        for (u32 global = 0; global < 2; global++) {
            prepare(global ? PTE_G : 0);
            ways[i].flush();
            say("tlb/%s/%s: reads %h\n", ways[i].name, global ? "global" : "local", *at(PAGE));
        }
    }
}

/* ---- rights ---- */

SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(store, "mov %eax, (%ebx)");

/* `before` is in the TLB (by a read from `warm`), `after` is in the table. */
static void test_rights(const char *name, u32 before, u32 after, u32 ring, const u8 *code)
{
    map(PAGE, PAGE, before);
    if (before & PTE_P) (void)*at(PAGE);
    if (before & PTE_W) *at(PAGE) = 0;
    map_quietly(PAGE, PAGE, after);
    run(ring, code, (struct in){ .ebx = PAGE });
    say("tlb/%s/ring%d: ", name, ring);
    say_outcome(code);
    run(ring, code, (struct in){ .ebx = PAGE });
    say(", again ");
    say_outcome(code);
    say("\n");
}

static u32 repaired_with;

static bool repair(struct frame *frame)
{
    if (frame->vector != 14 || traps > 1) return false;
    map_quietly(PAGE, PAGE, repaired_with);
    return true;
}

/* A fault handler that gives more rights need not flush: the faulting access walks again (4.10.4.3). */
static void test_no_flush_after_fault(const char *name, u32 before, u32 after, u32 ring, const u8 *code)
{
    map(PAGE, PAGE, before);
    repaired_with = after;
    run(ring, code, (struct in){ .ebx = PAGE, .on_trap = repair });
    say("tlb/%s/ring%d: %d fault, then ", name, ring, traps);
    say_outcome(code);
    say("\n");
}

/* A fault on a page drops the TLB's entry of that page. */
static void test_fault_drops(void)
{
    map(OTHER, OTHER, PTE_P | PTE_W);
    *at(OTHER) = 0xB;
    map(PAGE, PAGE, PTE_P | PTE_W);
    *at(PAGE) = 0xA;
    map_quietly(PAGE, OTHER, PTE_P | PTE_W); /* stale: still at the page's own frame */
    run(3, load, (struct in){ .ebx = PAGE });
    say("tlb/fault-drops-the-entry: ");
    say_outcome(load);
    say(" then reads %h\n", *at(PAGE));
}

void test_tlb(void)
{
    test_flushes();
    test_rights("absent-to-present", 0, RW_USER, 3, load);
    test_rights("read-only-to-writable", PTE_P | PTE_U, RW_USER, 3, store);
    test_rights("read-only-to-writable", PTE_P | PTE_U, RW_USER, 1, store);
    test_rights("supervisor-to-user", PTE_P | PTE_W, RW_USER, 3, load);
    test_rights("writable-to-read-only", RW_USER, PTE_P | PTE_U, 3, store);
    test_rights("writable-to-read-only", RW_USER, PTE_P | PTE_U, 1, store);
    test_rights("user-to-supervisor", RW_USER, PTE_P | PTE_W, 3, load);
    test_rights("present-to-absent", RW_USER, 0, 3, load);
    test_no_flush_after_fault("repaired-absent", 0, RW_USER, 3, load);
    test_no_flush_after_fault("repaired-read-only", PTE_P | PTE_U, RW_USER, 3, store);
    test_no_flush_after_fault("repaired-read-only", PTE_P | PTE_U, RW_USER, 1, store);
    test_no_flush_after_fault("repaired-supervisor", PTE_P | PTE_W, RW_USER, 3, load);
    test_fault_drops();
}

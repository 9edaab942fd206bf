/*
 * Accessed and dirty (Intel SDM vol. 3A, 4.8): who sets them and when. The hypervisor derives the guest's from the
 * shadow's faults, and the verifier trusts the CPU with the shadow's own.
 */
#include "cputest.h"

SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(store, "mov %eax, (%ebx)");
SNIPPET(add_zero, "addl $0, (%ebx)");
SNIPPET(failed_exchange, "mov $-1, %eax; cmpxchg %ecx, (%ebx)");
SNIPPET(jump, "jmp *%ebx");

static void say_bits(void)
{
    u32 pde = directory[PAGE >> 22], pte = pte_of(PAGE);
    say(" PDE A=%d PTE A=%d D=%d", pde >> 5 & 1, pte >> 5 & 1, pte >> 6 & 1);
}

static void fresh(u32 flags)
{
    map_quietly(PAGE, PAGE, flags);
    directory[PAGE >> 22] = (u32)window | RW_USER;
    write_cr3(read_cr3());
}

/* The stack's page and the page under test share a directory entry, so that these snippets touch no stack. */
static void test_one(const char *name, u32 flags, u32 ring, const u8 *code)
{
    fresh(flags);
    run(ring, code, (struct in){ .ebx = PAGE });
    say("bits/%s/ring%d: ", name, ring);
    say_outcome(code);
    say_bits();
    say("\n");
}

static void test_stale(void)
{
    fresh(RW_USER);
    *at(PAGE) = 1;
    map_quietly(PAGE, PAGE, RW_USER);
    *at(PAGE) = 2;
    say("bits/cleared-without-INVLPG:");
    say_bits();
    invlpg(PAGE);
    *at(PAGE) = 3;
    say(", after INVLPG:");
    say_bits();
    say("\n");

    fresh(RW_USER);
    (void)*at(PAGE);
    say("bits/read-then-write-without-INVLPG:");
    say_bits();
    *at(PAGE) = 1;
    say(", written:");
    say_bits();
    say("\n");
}

void test_bits(void)
{
    map(PAGE, PAGE, RW_USER);
    *at(PAGE) = 0x80CD; /* int $0x80: all of these leave it */
    for (u32 ring = 0; ring < 4; ring++) {
        test_one("load", RW_USER, ring, load);
        test_one("store", RW_USER, ring, store);
        *at(PAGE) = 0x80CD;
    }
    test_one("fetch", RW_USER, 3, jump);
    test_one("add", RW_USER, 3, add_zero);
    test_one("cmpxchg-unequal", RW_USER, 3, failed_exchange);
    test_one("store-refused", PTE_P | PTE_U, 3, store);
    test_one("store-refused", PTE_P | PTE_U, 1, store);
    test_one("load-refused", PTE_P | PTE_W, 3, load);
    test_one("load-absent", 0, 3, load);
    test_stale();
}

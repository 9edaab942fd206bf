/*
 * Physical-address extension (Intel SDM vol. 3A, 4.4): three levels, and four registers that hold the top one from
 * MOV to CR3 on. Last of all sections: it does not go back.
 */
#include "cputest.h"

static volatile u64 pointers[4] __attribute__((aligned(32)));
static volatile u64 first[512] __attribute__((aligned(4096)));
static volatile u64 second[512] __attribute__((aligned(4096)));
static volatile u64 table[512] __attribute__((aligned(4096)));

#define FIRST_GB_END 0x40000000u
#define HIGH (FIRST_GB_END + PAGE) /* an address under the second pointer */

SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(store, "mov %eax, (%ebx)");

/* The first 14 MB as they are, by 2 MB pages, the snippets' ring included; 14 MB to 16 MB by 4 KB pages. */
static void build(void)
{
    for (u32 i = 0; i < 7; i++) first[i] = (u64)i << 21 | RW_USER | PTE_PS;
    first[7] = (u32)table | RW_USER;
    pointers[0] = (u32)first | PTE_P;
}

static void turn_on(void)
{
    write_cr0(read_cr0() & ~CR0_PG);
    write_cr3((u32)pointers);
    write_cr4(read_cr4() | CR4_PAE);
    write_cr0(read_cr0() | CR0_PG);
}

static void test_access(const char *name, u32 entry, u32 ring, const u8 *code)
{
    table[0] = entry;
    invlpg(0xE00000);
    run(ring, code, (struct in){ .ebx = 0xE00000 });
    say("pae/%s/ring%d: ", name, ring);
    say_outcome(code);
    say(" A=%d D=%d\n", (u32)table[0] >> 5 & 1, (u32)table[0] >> 6 & 1);
}

static void test_pointers(void)
{
    run(1, load, (struct in){ .ebx = HIGH });
    say("pae/pointer-absent: ");
    say_outcome(load);
    second[(HIGH >> 21) & 511] = FRAMES | RW_USER | PTE_PS;
    pointers[1] = (u32)second | PTE_P;
    run(1, load, (struct in){ .ebx = HIGH });
    say(", stored without MOV CR3: ");
    say_outcome(load);
    write_cr3(read_cr3());
    run(1, load, (struct in){ .ebx = HIGH });
    say(", after MOV CR3: ");
    say_outcome(load);
    say("\n");
}

static void test_2mb(void)
{
    *at(0x600010) = 0xABCD;
    run(1, load, (struct in){ .ebx = 0x600010 });
    say("pae/2MB-page: ");
    say_outcome(load);
    say_shown(SHOW_EAX);
    say(" A=%d D=%d\n", (u32)first[3] >> 5 & 1, (u32)first[3] >> 6 & 1);
    first[7] = 0x600000u | RW_USER | PTE_PS;
    write_cr3(read_cr3());
    say("pae/2MB-alias: reads %h\n", *at(0xE00010));
    first[7] = (u32)table | RW_USER;
    write_cr3(read_cr3());
}

void test_pae(void)
{
    build();
    turn_on();
    test_2mb();
    test_access("4KB-URW-load", FRAMES | RW_USER, 3, load);
    test_access("4KB-URW-store", FRAMES | RW_USER, 3, store);
    test_access("4KB-UR-store", FRAMES | PTE_P | PTE_U, 1, store);
    test_access("4KB-UR-store", FRAMES | PTE_P | PTE_U, 3, store);
    test_access("4KB-RW-store", FRAMES | PTE_P | PTE_W, 1, store);
    test_access("4KB-RW-load", FRAMES | PTE_P | PTE_W, 3, load);
    test_access("4KB-absent-load", 0, 1, load);
    test_pointers();
}

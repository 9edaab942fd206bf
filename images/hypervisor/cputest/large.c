/*
 * 4 MB pages (Intel SDM vol. 3A, 4.3, table 4-4). A guest's large page is a full page table in the shadow.
 */
#include "cputest.h"

SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(store, "mov %eax, (%ebx)");

static void map_large(u32 entry)
{
    directory[LARGE >> 22] = entry;
    write_cr3(read_cr3());
}

/* With CR4.PSE off the same entry is one of a page table; frame 0x500 of the window is that table. */
static void test_size_bit_ignored(void)
{
    map(PAGE, PAGE, PTE_P | PTE_W);
    for (u32 i = 0; i < 1024; i++) at(PAGE)[i] = 0;
    map(PAGE + PAGE_SIZE, PAGE + PAGE_SIZE, PTE_P | PTE_W);
    *at(PAGE + PAGE_SIZE) = 0xBEEF;
    at(PAGE)[0] = (PAGE + PAGE_SIZE) | PTE_P | PTE_W;
    write_cr4(read_cr4() & ~CR4_PSE);
    map_large(PAGE | PTE_P | PTE_W | PTE_PS);
    say("large/CR4.PSE-off: reads %h\n", *at(LARGE));
    write_cr4(read_cr4() | CR4_PSE);
    map_large(0);
}

/* Bits 13 to 21 of such an entry: 21 is reserved, the lower ones are bits 32 to 39 of the address (PSE-36). */
static void test_reserved(void)
{
    map_large(FRAMES | 0x200000u | PTE_P | PTE_W | PTE_PS);
    run(1, load, (struct in){ .ebx = LARGE });
    say("large/reserved-bit-21: ");
    say_outcome(load);
    say("\n");
    map_large(0);
}

/* INVLPG drops the whole large page (4.10.4.1), whichever of its addresses is given. */
static void test_invlpg(void)
{
    map_large(FRAMES | PTE_P | PTE_W | PTE_PS);
    (void)at(LARGE)[0];
    (void)at(LARGE + (PAGE - WINDOW))[0];
    directory[LARGE >> 22] = PTE_P | PTE_W | PTE_PS; /* frame 0 instead: reads differ */
    u32 before = *at(LARGE + (PAGE - WINDOW));
    invlpg(LARGE);
    u32 after = *at(LARGE + (PAGE - WINDOW));
    say("large/INVLPG-of-another-address-in-it: %s\n", before == after ? "stale" : "dropped");
    map_large(0);
}

void test_large(void)
{
    static const struct { const char *name; u32 flags; } rights[] = {
        { "R", PTE_P }, { "RW", PTE_P | PTE_W }, { "UR", PTE_P | PTE_U }, { "URW", RW_USER },
    };
    map(PAGE, PAGE, PTE_P | PTE_W);
    *at(PAGE) = 0xFEED;
    for (u32 i = 0; i < COUNT(rights); i++) {
        for (u32 ring = 1; ring <= 3; ring += 2) {
            map_large(FRAMES | rights[i].flags | PTE_PS);
            run(ring, load, (struct in){ .ebx = LARGE + (PAGE - WINDOW) });
            say("large/%s/ring%d: load ", rights[i].name, ring);
            say_outcome(load);
            if (got.vector == END_VECTOR) say_shown(SHOW_EAX);
            say(" A=%d D=%d, store ", directory[LARGE >> 22] >> 5 & 1, directory[LARGE >> 22] >> 6 & 1);
            run(ring, store, (struct in){ .ebx = LARGE + (PAGE - WINDOW), .eax = 0xFEED });
            say_outcome(store);
            say(" A=%d D=%d\n", directory[LARGE >> 22] >> 5 & 1, directory[LARGE >> 22] >> 6 & 1);
        }
    }
    map_large(0);
    test_size_bit_ignored();
    test_reserved();
    *at(PAGE) = 0xFEED; /* not what frame 0 and its neighbours hold there */
    test_invlpg();
}

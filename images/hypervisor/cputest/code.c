/*
 * Code that changes: by a store, by another mapping, by its rights, cold and compiled (Intel SDM vol. 3A, 8.1.3, and
 * 4.10 for the mappings). A guest kernel patches itself and shares pages; the emulator compiles what runs often.
 */
#include "cputest.h"

#define OTHER (PAGE + PAGE_SIZE)
#define HOT 300000u

/* mov $imm, %eax; dec %ecx; jnz -8; int $0x80: the byte at 1 is what EAX ends with. */
static const u8 loop[] = { 0xB8, 1, 0, 0, 0, 0x49, 0x75, 0xF8, 0xCD, 0x80 };

static void lay(u32 address, u8 answer)
{
    volatile u8 *to = (volatile u8 *)address;
    for (u32 i = 0; i < sizeof loop; i++) to[i] = loop[i];
    to[1] = answer;
}

static void show(const char *name, u32 ring)
{
    run(ring, (const u8 *)PAGE, (struct in){ .ecx = HOT });
    say("code/%s/ring%d: ", name, ring);
    say_outcome((const u8 *)PAGE);
    say_shown(SHOW_EAX | SHOW_ECX);
    say("\n");
}

/* EBX is the address behind the MOV: each round counts up the immediate that the next round loads. */
SNIPPET(self, "1: mov $0, %eax; incl -4(%ebx); dec %ecx; jnz 1b");

static void test_remapping(u32 ring)
{
    map(PAGE, PAGE, RW_USER);
    map(OTHER, OTHER, RW_USER);
    lay(PAGE, 1);
    lay(OTHER, 2);
    show("first", ring);
    show("compiled", ring);
    map(PAGE, OTHER, RW_USER);
    show("remapped-INVLPG", ring);
    show("remapped-again", ring);
    map_quietly(PAGE, PAGE, RW_USER);
    write_cr3(read_cr3());
    show("mapped-back-MOV-CR3", ring);
    *(volatile u8 *)(PAGE + 1) = 9;
    show("patched", ring);
    map(OTHER, PAGE, RW_USER);
    *(volatile u8 *)(OTHER + 1) = 10;
    show("patched-through-an-alias", ring);
    map(OTHER, PAGE, PTE_P | PTE_W);
    map(PAGE, PAGE, PTE_P);
    show("now-the-supervisor's", ring);
    map(PAGE, PAGE, 0);
    show("now-absent", ring);
    map(PAGE, PAGE, PTE_P | PTE_U);
    show("now-read-only", ring);
}

static void test_self_modifying(void)
{
    volatile u8 *to = (volatile u8 *)PAGE;
    map(PAGE, PAGE, RW_USER);
    for (u32 i = 0; i < 32; i++) to[i] = self[i];
    for (u32 round = 0; round < 2; round++) {
        run(3, (const u8 *)PAGE, (struct in){ .ebx = PAGE + 5, .ecx = 20000 });
        say("code/self-modifying-%d: ", round);
        say_outcome((const u8 *)PAGE);
        say_shown(SHOW_EAX);
        say("\n");
    }
}

void test_code(void)
{
    test_remapping(3);
    test_remapping(1);
    test_self_modifying();
}

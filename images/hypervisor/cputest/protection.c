/*
 * What page tables allow: present, R/W and U/S of both levels, by ring, with CR0.WP and without, and the error code of
 * what they refuse (Intel SDM vol. 3A, 4.6, 4.7). Rings 0 to 2 are the supervisor, and WP holds for all three.
 */
#include "cputest.h"

SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(store, "mov %eax, (%ebx)");
SNIPPET(exchange, "xchg %eax, (%ebx)");
SNIPPET(add_zero, "addl $0, (%ebx)");
SNIPPET(compare, "cmpl $0, (%ebx)");
SNIPPET(compare_exchange, "mov $0x1234, %eax; cmpxchg %ecx, (%ebx)");
SNIPPET(jump, "jmp *%ebx");
SNIPPET(push, "mov %ebx, %esp; push %eax");
SNIPPET(call, "mov %ebx, %esp; call 1f; 1:");
SNIPPET(enter_frame, "mov %ebx, %esp; enter $16, $0");
SNIPPET(pusha, "mov %ebx, %esp; pusha");

static const struct { const char *name; u32 flags; } rights[] = {
    { "absent", 0 }, { "R", PTE_P }, { "RW", PTE_P | PTE_W }, { "UR", PTE_P | PTE_U }, { "URW", RW_USER },
};

static void say_access(u32 ring, const u8 *code)
{
    run(ring, code, (struct in){ .ebx = PAGE + 8 });
    if (got.vector == END_VECTOR) say("ok");
    else if (got.vector == 14) say("#PF(%h)", got.error);
    else say("vector %d", got.vector);
}

/* One line for each directory entry's rights and ring; the cells are "load store" for each PTE. */
static void test_matrix(u32 wp)
{
    write_cr0((read_cr0() & ~CR0_WP) | (wp ? CR0_WP : 0));
    for (u32 pde = 1; pde < COUNT(rights); pde++) {
        for (u32 ring = 0; ring < 4; ring++) {
            say("protection/WP%d/PDE-%s/ring%d:", wp, rights[pde].name, ring);
            for (u32 pte = 0; pte < COUNT(rights); pte++) {
                /* The stack is not touched by these snippets, so that the directory entry may be anything. */
                map(PAGE, PAGE, rights[pte].flags);
                directory[PAGE >> 22] = (u32)window | rights[pde].flags;
                write_cr3(read_cr3());
                say(" %s ", rights[pte].name);
                say_access(ring, load);
                say(" ");
                say_access(ring, store);
            }
            say("\n");
        }
    }
    directory[PAGE >> 22] = (u32)window | RW_USER;
    write_cr0(read_cr0() | CR0_WP);
}

/* A read-modify-write counts as a write from its start. */
static void test_kinds(void)
{
    static const struct probe probes[] = {
        { "xchg", exchange, RING(1) | RING(3), 0, { .ebx = PAGE } },
        { "add", add_zero, RING(1) | RING(3), 0, { .ebx = PAGE } },
        { "cmp", compare, RING(1) | RING(3), 0, { .ebx = PAGE } },
        { "cmpxchg-unequal", compare_exchange, RING(1) | RING(3), 0, { .ebx = PAGE } },
        { "fetch", jump, RING(1) | RING(3), 0, { .ebx = PAGE + 64 } },
        { "push", push, RING(1) | RING(3), SHOW_ESP, { .ebx = PAGE + 8 } },
        { "call", call, RING(1) | RING(3), SHOW_ESP, { .ebx = PAGE + 8 } },
        { "enter", enter_frame, RING(1) | RING(3), SHOW_ESP, { .ebx = PAGE + 8 } },
        { "pusha", pusha, RING(1) | RING(3), SHOW_ESP, { .ebx = PAGE + 40 } },
    };
    map(PAGE, PAGE, RW_USER);
    *at(PAGE + 64) = 0x80CD; /* int $0x80 */
    map(PAGE, PAGE, PTE_P | PTE_U);
    run_probes("protection/read-only", probes, COUNT(probes));
    map(PAGE, PAGE, PTE_P | PTE_W);
    run_probes("protection/supervisor", probes, COUNT(probes));
    map(PAGE, PAGE, 0);
    run_probes("protection/absent", probes, COUNT(probes));
}

void test_protection(void)
{
    map(PAGE, PAGE, RW_USER);
    *at(PAGE + 8) = 0;
    test_matrix(1);
    test_matrix(0);
    test_kinds();
}

/*
 * Segment limits (Intel SDM vol. 3A, 5.3). Classic 32-bit Xen kept ring 1 out of its memory with them. Neither the
 * emulator nor QEMU's TCG looks at a data segment's limit, which is why our wall is the page tables.
 */
#include "cputest.h"

SNIPPET(load, "mov %eax, %ds; mov (%ebx), %eax");
SNIPPET(store, "mov %eax, %ds; mov %eax, (%ebx)");
SNIPPET(stack_store, "mov %eax, %ss; mov %ebx, %esp; push %eax");
SNIPPET(jump, "push %eax; push $1f; lret; 1: jmp *%ebx");
SNIPPET(far_jump, "ljmp $0x59, $0x5a8800");

void test_limits(void)
{
    static const struct probe probes[] = {
        { "load-inside", load, RING(1), 0, { .eax = SLOT_LIMITED_DS | 1, .ebx = WINDOW - 4 } },
        { "load-straddles-the-limit", load, RING(1), 0, { .eax = SLOT_LIMITED_DS | 1, .ebx = WINDOW - 2 } },
        { "load-beyond", load, RING(1), 0, { .eax = SLOT_LIMITED_DS | 1, .ebx = PAGE } },
        { "store-beyond", store, RING(1), 0, { .eax = SLOT_LIMITED_DS | 1, .ebx = PAGE } },
        { "push-beyond", stack_store, RING(1), 0, { .eax = SLOT_LIMITED_DS | 1, .ebx = PAGE + 64 } },
        { "near-jump-beyond", jump, RING(1), 0, { .eax = SLOT_LIMITED_CS | 1, .ebx = PAGE + 0x800 } },
        { "far-jump-beyond", far_jump, RING(1), 0, { 0 } },
    };
    map(WINDOW, WINDOW, PTE_P | PTE_W);
    map(PAGE, PAGE, PTE_P | PTE_W);
    *at(PAGE + 0x800) = 0x80CD; /* int $0x80 */
    run_probes("limits", probes, COUNT(probes));
}

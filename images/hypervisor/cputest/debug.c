/*
 * Single step and breakpoints (Intel SDM vol. 3B, 17.2, 17.3). The emulator has neither, so that our steps go from
 * exit to exit, and a guest's trap flag does nothing.
 */
#include "cputest.h"

SNIPPET(trap_flag, "pushf; orl $0x100, (%esp); popf; nop; nop");
SNIPPET(icebp, ".byte 0xf1");
SNIPPET(store, "mov %eax, (%ebx)");

static void test_breakpoint(void)
{
    map(PAGE, PAGE, RW_USER);
    __asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr7" ::"r"(PAGE), "r"(0xD0002u)); /* write of 4 bytes, enabled */
    run(3, store, (struct in){ .ebx = PAGE });
    __asm__ volatile("mov %0, %%dr7" ::"r"(0x400u));
    say("debug/data-breakpoint/ring3: ");
    say_outcome(store);
    say("\n");
}

void test_debug(void)
{
    static const struct probe probes[] = {
        { "trap-flag-by-popf", trap_flag, RING(1) | RING(3), 0, { 0 } },
        { "icebp", icebp, RING(3), 0, { 0 } },
    };
    run_probes("debug", probes, COUNT(probes));
    run(3, store, (struct in){ .eflags = 0x100, .ebx = STACK_TOP - 64 });
    say("debug/trap-flag-by-IRET/ring3: ");
    say_outcome(store);
    say("\n");
    test_breakpoint();
}

/*
 * INT n and gates: the gate's DPL is compared with CPL for software interrupts alone, and the error code names the
 * gate (Intel SDM vol. 3A, 6.12.1.2, 6.13). The hypervisor's own gates have DPL 0, its hypercall gate DPL 1.
 */
#include "cputest.h"

SNIPPET(int20, "int $0x20");
SNIPPET(int82, "int $0x82");
SNIPPET(int83, "int $0x83");
SNIPPET(int84, "nop; int $0x84");
SNIPPET(int85, "nop; int $0x85");
SNIPPET(int86, "int $0x86");
SNIPPET(breakpoint, "int3");
SNIPPET(overflow, "mov $0x7fffffff, %eax; inc %eax; into");
SNIPPET(no_overflow, "xor %eax, %eax; into");
SNIPPET(divide, "xor %ecx, %ecx; mov $1, %eax; cltd; idiv %ecx");
SNIPPET(undefined, "ud2");
SNIPPET(ring1_handler, "");

#define BOTH (RING(1) | RING(3))
#define ALL (RING(0) | BOTH)

static const struct probe probes[] = {
    { "int-gate-DPL0", int20, ALL, SHOW_CS, { 0 } },
    { "int-gate-DPL1", int82, ALL, SHOW_CS, { 0 } },
    { "int-gate-absent-DPL3", int83, ALL, 0, { 0 } },
    { "int-gate-absent-DPL0", int86, BOTH, 0, { 0 } },
    { "int3-DPL3", breakpoint, BOTH, 0, { 0 } },
    { "into-DPL3", overflow, BOTH, 0, { 0 } },
    { "into-without-overflow", no_overflow, BOTH, 0, { 0 } },
    { "divide-by-zero-gate-DPL0", divide, BOTH, 0, { 0 } },
    { "ud2-gate-DPL0", undefined, BOTH, 0, { 0 } },
};

static const struct probe closed[] = {
    { "int3-DPL0", breakpoint, BOTH, 0, { 0 } },
    { "into-DPL0", overflow, BOTH, 0, { 0 } },
};

/* In ring 1 a gate to ring 1 changes no stack: three words below ESP. */
static void test_same_ring(const char *name, const u8 *code)
{
    run(1, code, (struct in){ .eflags = FLAG_IF });
    say("gates/%s/ring1: ", name);
    say_outcome(ring1_handler);
    say_shown(SHOW_CS | SHOW_SS | SHOW_ESP | SHOW_IF);
    const volatile u32 *pushed = at(got.esp);
    say(" pushed eip+%d cs=%h eflags=%h\n", pushed[0] - (u32)code, pushed[1], pushed[2]);
}

void test_gates(void)
{
    idt[0x82].high |= DPL(1) << 8;
    idt[0x83].high = (idt[0x83].high & ~0x8000u) | DPL(3) << 8;
    idt[0x86].high &= ~0x8000u;
    idt[3].high |= DPL(3) << 8;
    idt[4].high |= DPL(3) << 8;
    run_probes("gates", probes, COUNT(probes));
    idt[3].high &= ~(DPL(3) << 8);
    idt[4].high &= ~(DPL(3) << 8);
    run_probes("gates", closed, COUNT(closed));
    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, ring1_handler);
    test_same_ring("trap-gate-same-ring", int84);
    set_gate(0x85, GATE_INTERRUPT, 3, SLOT_KCS, ring1_handler);
    test_same_ring("interrupt-gate-same-ring", int85);
}

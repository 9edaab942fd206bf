/*
 * The Popek-Goldberg holes of IA-32: instructions that read or change privileged state and do not trap outside ring
 * 0 (Robin and Irvine, USENIX Security 2000, table 2). A hypervisor without hardware help cannot see them happen.
 */
#include "cputest.h"

#define OPERAND (STACK_TOP - PAGE_SIZE)

SNIPPET(sgdt, "sgdt (%ebx); movzwl (%ebx), %eax; mov 2(%ebx), %edx");
SNIPPET(sidt, "sidt (%ebx); movzwl (%ebx), %eax; mov 2(%ebx), %edx");
SNIPPET(smsw, "smsw %eax");
SNIPPET(sldt, "mov $-1, %eax; sldt %eax");
SNIPPET(str, "mov $-1, %eax; str %eax");
SNIPPET(pushf, "pushf; pop %eax");
SNIPPET(popf, "push %eax; popf; pushf; pop %eax");
SNIPPET(popf16, "push %eax; popfw; add $2, %esp; pushf; pop %eax");
SNIPPET(mov_cs, "mov %cs, %eax");
SNIPPET(push_cs, "push %cs; pop %eax");
SNIPPET(mov_ss, "mov %ss, %eax");
SNIPPET(cpuid, "xor %eax, %eax; cpuid");
SNIPPET(rdtsc, "rdtsc");

static void test_table_registers(void)
{
    static const struct { const char *name; const u8 *code; const void *base; } tables[] = {
        { "sgdt", sgdt, gdt }, { "sidt", sidt, idt },
    };
    for (u32 i = 0; i < COUNT(tables); i++) {
        for (u32 ring = 1; ring <= 3; ring += 2) {
            run(ring, tables[i].code, (struct in){ .ebx = OPERAND });
            say("holes/%s/ring%d: ", tables[i].name, ring);
            say_outcome(tables[i].code);
            say(" limit=%h base=%s\n", got.eax, got.edx == (u32)tables[i].base ? "the real one" : "another");
        }
    }
}

void test_holes(void)
{
    static const struct probe probes[] = {
        { "smsw", smsw, RING(1) | RING(3), SHOW_EAX | SHOW_LOW16, { 0 } },
        { "sldt", sldt, RING(1) | RING(3), SHOW_EAX | SHOW_LOW16, { 0 } },
        { "str", str, RING(1) | RING(3), SHOW_EAX | SHOW_LOW16, { 0 } },
        { "pushf", pushf, RING(1) | RING(3), SHOW_EAX, { .eflags = 0 } },
        { "pushf-IF", pushf, RING(1) | RING(3), SHOW_EAX, { .eflags = FLAG_IF } },
        { "popf-sets-IF", popf, RING(0) | RING(1) | RING(3), SHOW_EAX, { .eax = FLAG_IF | 2 } },
        { "popf-clears-IF", popf, RING(0) | RING(1) | RING(3), SHOW_EAX, { .eax = 2, .eflags = FLAG_IF } },
        { "popf-sets-IOPL", popf, RING(0) | RING(1) | RING(3), SHOW_EAX, { .eax = 0x3002 } },
        { "popf16-clears-IF", popf16, RING(1) | RING(3), SHOW_EAX, { .eax = 2, .eflags = FLAG_IF } },
        { "popf-arithmetic", popf, RING(1) | RING(3), SHOW_EAX, { .eax = 0x8D7 } },
        { "mov-cs", mov_cs, RING(1) | RING(2) | RING(3), SHOW_EAX, { 0 } },
        { "push-cs", push_cs, RING(1) | RING(3), SHOW_EAX | SHOW_LOW16, { 0 } },
        { "mov-ss", mov_ss, RING(1) | RING(3), SHOW_EAX, { 0 } },
        { "cpuid", cpuid, RING(1) | RING(3), 0, { 0 } },
        { "rdtsc", rdtsc, RING(1) | RING(3), 0, { 0 } },
    };
    test_table_registers();
    run_probes("holes", probes, COUNT(probes));
}

/*
 * Loads of data segment registers by RPL, DPL and type, and the instructions that ask about descriptors without
 * loading them (Intel SDM vol. 3A, 5.6, 5.10). The guest's selectors are in the real GDT and load without a trap;
 * whatever else a guest loads must trap.
 */
#include "cputest.h"

SNIPPET(load_ds, "mov %eax, %ds; mov %ds, %ebx");
SNIPPET(load_es_pop, "push %eax; pop %es; mov %es, %ebx");
SNIPPET(load_fs, "mov %eax, %fs; mov %fs, %ebx; xor %eax, %eax; mov %eax, %fs");
SNIPPET(load_ss, "mov %eax, %ss; mov %ss, %ebx");
SNIPPET(load_lds, "push %eax; push $0; lds (%esp), %ecx; mov %ds, %ebx");
SNIPPET(load_lss, "mov %esp, %ecx; push %eax; push %ecx; lss (%esp), %esp; mov %ss, %ebx");
SNIPPET(load_cs, ".byte 0x8e, 0xc8"); /* mov %eax, %cs: undefined */
SNIPPET(read_null, "xor %eax, %eax; mov %eax, %ds; mov (%ebx), %eax");
SNIPPET(read_hot, "mov %eax, %ds; 1: mov (%ebx), %edx; dec %ecx; jnz 1b");
SNIPPET(write_ds, "mov %eax, %ds; mov %ecx, (%ebx)");
SNIPPET(execute_only, "mov $0x7b, %eax; mov %eax, %ds");
/* Bits 16 to 19 of what LAR loads are undefined. */
SNIPPET(lar, "mov $0x5a5a5a5a, %ebx; lar %eax, %ebx; pushf; and $0xf0ff00, %ebx; popf");
SNIPPET(lsl, "mov $0x5a5a5a5a, %ebx; lsl %eax, %ebx");
SNIPPET(verr, "verr %ax");
SNIPPET(verw, "verw %ax");
SNIPPET(arpl, "mov $0x3, %ebx; arpl %bx, %ax");

static const struct { const char *name; u32 selector; } selectors[] = {
    { "null", 0 },
    { "null-RPL3", 3 },
    { "kernel-code", SLOT_KCS },
    { "kernel-data", SLOT_KDS },
    { "kernel-data-RPL1", SLOT_KDS | 1 },
    { "kernel-data-RPL3", SLOT_KDS | 3 },
    { "user-code", GUEST_UCS },
    { "user-data", GUEST_UDS },
    { "user-data-RPL0", SLOT_UDS },
    { "user-data-RPL1", SLOT_UDS | 1 },
    { "absent", SLOT_ABSENT | 3 },
    { "read-only", SLOT_READ_ONLY | 3 },
    { "execute-only", SLOT_EXECUTE_ONLY | 3 },
    { "conforming", SLOT_CONFORMING | 3 },
    { "hypervisor-code", SLOT_HV_CS },
    { "hypervisor-data", SLOT_HV_DS },
    { "task", SLOT_TSS },
    { "empty", SLOT_EMPTY },
    { "outside-GDT", 0x1000 },
    { "in-LDT", 0x0C },
};

static void test_selectors(const char *name, const u8 *code, u32 show)
{
    for (u32 i = 0; i < COUNT(selectors); i++) {
        for (u32 ring = 1; ring <= 3; ring += 2) {
            run(ring, code, (struct in){ .eax = selectors[i].selector });
            say("segments/%s/%s/ring%d: ", name, selectors[i].name, ring);
            say_outcome(code);
            if (got.vector == END_VECTOR) say_shown(show);
            say("\n");
        }
    }
}

/* A segment's accessed bit is set by the load, and the store goes to the GDT. */
static void test_accessed(void)
{
    set_segment(SLOT_SPARE, 0xFFFFF, (ACCESS_DATA | DPL(3)) & ~1u);
    run(3, load_ds, (struct in){ .eax = SLOT_SPARE | 3 });
    say("segments/accessed-bit: ");
    say_outcome(load_ds);
    say(" access=%h\n", gdt[SLOT_SPARE / 8].high >> 8 & 0xFF);
    gdt[SLOT_SPARE / 8] = (struct descriptor){ 0, 0 };
}

void test_segments(void)
{
    static const struct probe probes[] = {
        { "load-cs", load_cs, RING(1) | RING(3), 0, { .eax = GUEST_UCS } },
        { "read-through-null", read_null, RING(1) | RING(3), 0, { .ebx = STACK_TOP - 64 } },
        { "read-hot", read_hot, RING(1) | RING(3), SHOW_ECX, { .eax = GUEST_UDS, .ebx = STACK_TOP - 64, .ecx = 300000 } },
        { "read-hot-through-null", read_hot, RING(1) | RING(3), SHOW_ECX, { .ebx = STACK_TOP - 64, .ecx = 300000 } },
        { "write-through-read-only", write_ds, RING(1) | RING(3), 0, { .eax = SLOT_READ_ONLY | 3, .ebx = STACK_TOP - 64 } },
        { "write-through-code", write_ds, RING(1) | RING(3), 0, { .eax = GUEST_UCS, .ebx = STACK_TOP - 64 } },
        { "arpl", arpl, RING(1) | RING(3), SHOW_EAX | SHOW_ZF, { .eax = 0x10 } },
    };
    test_selectors("mov-ds", load_ds, SHOW_EBX);
    test_selectors("pop-es", load_es_pop, SHOW_EBX);
    test_selectors("mov-fs", load_fs, SHOW_EBX);
    test_selectors("lds", load_lds, SHOW_EBX);
    test_selectors("mov-ss", load_ss, SHOW_EBX);
    test_selectors("lss", load_lss, SHOW_EBX);
    test_selectors("lar", lar, SHOW_EBX | SHOW_ZF);
    test_selectors("lsl", lsl, SHOW_EBX | SHOW_ZF);
    test_selectors("verr", verr, SHOW_ZF);
    test_selectors("verw", verw, SHOW_ZF);
    run_probes("segments", probes, COUNT(probes));
    test_accessed();
}

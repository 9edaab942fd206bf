/*
 * Privileged instructions in rings 1 and 3: each must trap, before it has done anything (Intel SDM vol. 3A, 5.9).
 * Trap-and-emulate stands on these.
 */
#include "cputest.h"

/* EBX is the address of six harmless bytes for LGDT and the like, a page of the window that is mapped. */
#define OPERAND (STACK_TOP - PAGE_SIZE)

#define PRIVILEGED(X)                                                          \
    X(hlt, "hlt")                                                              \
    X(cli, "cli")                                                              \
    X(sti, "sti")                                                              \
    X(lgdt, "lgdt (%ebx)")                                                     \
    X(lidt, "lidt (%ebx)")                                                     \
    X(ltr, "mov $0x70, %eax; ltr %ax")                                         \
    X(lldt, "xor %eax, %eax; lldt %ax")                                        \
    X(lmsw, "mov $1, %eax; lmsw %ax")                                          \
    X(clts, "clts")                                                            \
    X(invlpg, "invlpg (%ebx)")                                                 \
    X(invd, "invd")                                                            \
    X(wbinvd, "wbinvd")                                                        \
    X(rdmsr, "mov $0x1b, %ecx; rdmsr")                                         \
    X(wrmsr, "mov $0x1b, %ecx; wrmsr")                                         \
    X(read_cr0, "mov %cr0, %eax")                                              \
    X(read_cr2, "mov %cr2, %eax")                                              \
    X(read_cr3, "mov %cr3, %eax")                                              \
    X(read_cr4, "mov %cr4, %eax")                                              \
    X(write_cr0, "mov %eax, %cr0")                                             \
    X(write_cr2, "mov %eax, %cr2")                                             \
    X(write_cr3, "mov %eax, %cr3")                                             \
    X(write_cr4, "mov %eax, %cr4")                                             \
    X(read_dr7, "mov %dr7, %eax")                                              \
    X(write_dr7, "mov %eax, %dr7")                                             \
    X(in_byte, "in $0x40, %al")                                                \
    X(in_dx, "mov $0x3f8, %edx; in %dx, %al")                                  \
    X(in_long, "mov $0xcf8, %edx; in %dx, %eax")                               \
    X(out_byte, "out %al, $0x80")                                              \
    X(out_long, "mov $0xe8, %edx; out %eax, %dx")                              \
    X(insb, "mov %ebx, %edi; mov $0x40, %edx; insb")                           \
    X(rep_insb, "mov %ebx, %edi; mov $4, %ecx; mov $0x40, %edx; rep insb")     \
    X(outsb, "mov %ebx, %esi; mov $0x80, %edx; outsb")                         \
    X(sysenter, "sysenter") /* its CS register is 0 */                         \
    X(sysexit, "sysexit")

#define X(name, text) SNIPPET(privileged_##name, text);
PRIVILEGED(X)
#undef X

void test_privileged(void)
{
    static const struct probe probes[] = {
#define X(name, text) { #name, privileged_##name, RING(1) | RING(3), 0, { .ebx = OPERAND } },
        PRIVILEGED(X)
#undef X
    };
    run_probes("privileged", probes, COUNT(probes));
}

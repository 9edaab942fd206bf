/*
 * What a guest, or a hypervisor with a bug, can do to the emulator itself: its CPU gives up where a real one raises an
 * exception. Each case runs in a machine of its own, and the test wants to see the machine end and its host live on.
 * In QEMU they run one after the other; the last one ends the machine there, too.
 */
#include "cputest.h"

#define FRAME (STACK_TOP - 0x100)

SNIPPET(iret, "mov %ebx, %esp; iret");
SNIPPET(iret_nested, "pushf; orl $0x4000, (%esp); popf; mov %ebx, %esp; iret");
SNIPPET(lret, "mov %ebx, %esp; lret");
SNIPPET(target, "mov %cr0, %eax"); /* runs in ring 0 alone */
SNIPPET(enter_nested, "enter $0, $2");
SNIPPET(int84, "int $0x84");
SNIPPET(load_ds, "mov $0x8b, %eax; mov %eax, %ds");
SNIPPET(undefined, "ud2");

struct words { u32 cs, eflags, esp, ss; };

static void return_by(u32 ring, const u8 *code, struct words words)
{
    at(FRAME)[0] = (u32)target;
    at(FRAME)[1] = words.cs;
    at(FRAME)[2] = words.eflags;
    at(FRAME)[3] = words.esp;
    at(FRAME)[4] = words.ss;
    run(ring, code, (struct in){ .ebx = FRAME });
    if (got.eflags & 0x20000) say("in virtual-8086 mode");
    else if (got.vector == END_VECTOR || got.eip == (u32)target) say("at the target with CPL %d", got_cpl);
    else say_outcome(code);
}

static const struct words user = { GUEST_UCS, 2, STACK_TOP - 64, GUEST_UDS };

static void iret_to(u32 ring, u32 cs)
{
    return_by(ring, iret, (struct words){ cs, 2, STACK_TOP - 64, GUEST_UDS });
}

static void iret_null_ring1(void) { iret_to(1, 0); }
static void iret_null_ring3(void) { iret_to(3, 0); }
static void iret_outside_gdt(void) { iret_to(3, 0x1003); }
static void iret_data(void) { iret_to(3, GUEST_UDS); }
static void iret_ring3_to_ring1(void) { iret_to(3, SLOT_KCS | 1); }
static void iret_ring1_to_ring0(void) { iret_to(1, SLOT_HV_CS); }
static void iret_kernel_rpl0(void) { iret_to(1, SLOT_KCS); }

static void iret_absent(void)
{
    set_segment(SLOT_SPARE, 0xFFFFF, (ACCESS_CODE | DPL(3)) & ~0x80u);
    iret_to(3, SLOT_SPARE | 3);
}

static void iret_conforming(void)
{
    set_segment(SLOT_SPARE, 0xFFFFF, ACCESS_CODE | 4 | DPL(3));
    iret_to(1, SLOT_SPARE | 1);
}

/* VM in the popped flags counts in ring 0 alone (Intel SDM vol. 2A, IRET). */
static void iret_vm_ring1(void) { return_by(1, iret, (struct words){ SLOT_KCS | 1, 0x20002, 0, 0 }); }
static void iret_vm_ring3(void) { return_by(3, iret, (struct words){ GUEST_UCS, 0x20002, 0, 0 }); }

static void nested_task_ring1(void) { return_by(1, iret_nested, user); }
static void nested_task_ring3(void) { return_by(3, iret_nested, user); }

/* The stack segment is looked at when CS is already believed. */
static void lret_bad_stack(void)
{
    return_by(1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, SLOT_KDS | 1, 0 });
}

static void lret_null_stack(void)
{
    return_by(1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, 0, 0 });
}

static void lret_absent_stack(void)
{
    map(PAGE, PAGE, RW_USER);
    at(PAGE + 0xFF8)[0] = (u32)target;
    at(PAGE + 0xFF8)[1] = GUEST_UCS;
    run(1, lret, (struct in){ .ebx = PAGE + 0xFF8 });
    say_outcome(lret);
}

static void enter_absent_frame(void)
{
    run(3, enter_nested, (struct in){ .ebp = PAGE });
    say_outcome(enter_nested);
}

static void through_gate(u32 ring, const u8 *code)
{
    run(ring, code, (struct in){ 0 });
    say_outcome(code);
}

static void beyond_idt(void)
{
    set_idt_limit(8 * 0x84 - 1);
    through_gate(3, int84);
    set_idt_limit(sizeof idt - 1);
}

static void not_a_gate(void)
{
    struct descriptor before = idt[6];
    idt[6] = (struct descriptor){ 0, 0 };
    through_gate(3, undefined);
    idt[6] = before;
}

static void gate_to(u32 ring, u32 selector)
{
    set_gate(0x84, GATE_TRAP, 3, selector, target);
    through_gate(ring, int84);
}

static void gate_to_null(void) { gate_to(3, 0); }
static void gate_to_data(void) { gate_to(3, SLOT_HV_DS); }
static void gate_outwards(void) { gate_to(1, SLOT_UCS); }

static void inner_stack(u32 ss1)
{
    tss.ss1 = ss1;
    gate_to(3, SLOT_KCS);
    tss.ss1 = SLOT_KDS | 1;
}

static void ss1_null(void) { inner_stack(0); }
static void ss1_of_ring3(void) { inner_stack(GUEST_UDS); }
static void ss1_of_ring0(void) { inner_stack(SLOT_HV_DS); }

static void short_tss(void)
{
    set_tss_limit(0x0F); /* SS1 is at 0x10 */
    gate_to(3, SLOT_KCS);
    set_tss_limit(0x67);
}

/* A descriptor without its accessed bit, in a GDT that is read-only: the load would have to write. */
static void read_only_gdt(void)
{
    struct { u16 limit; u32 base; } __attribute__((packed)) gdtr = { SLOT_END - 1, PAGE };
    set_segment(SLOT_SPARE, 0xFFFFF, (ACCESS_DATA | DPL(3)) & ~1u);
    map(PAGE, (u32)gdt, PTE_P);
    __asm__ volatile("lgdt %0" ::"m"(gdtr));
    through_gate(3, load_ds);
    gdtr.base = (u32)gdt;
    __asm__ volatile("lgdt %0" ::"m"(gdtr));
}

/* Every exception needs the stack that cannot be written: on a real machine a triple fault. */
static void no_kernel_stack(void)
{
    tss.esp0 = PAGE + 0x800;
    through_gate(3, undefined);
}

static const struct { const char *name; void (*go)(void); } cases[] = {
    { "iret-CS-null/ring1", iret_null_ring1 },
    { "iret-CS-null/ring3", iret_null_ring3 },
    { "iret-CS-outside-GDT/ring3", iret_outside_gdt },
    { "iret-CS-data/ring3", iret_data },
    { "iret-CS-absent/ring3", iret_absent },
    { "iret-CS-conforming-DPL3/ring1", iret_conforming },
    { "iret-to-ring1/ring3", iret_ring3_to_ring1 },
    { "iret-to-ring0/ring1", iret_ring1_to_ring0 },
    { "iret-to-kernel-code-RPL0/ring1", iret_kernel_rpl0 },
    { "iret-VM-flag/ring1", iret_vm_ring1 },
    { "iret-VM-flag/ring3", iret_vm_ring3 },
    { "iret-nested-task/ring1", nested_task_ring1 },
    { "iret-nested-task/ring3", nested_task_ring3 },
    { "lret-outwards-SS-of-ring1/ring1", lret_bad_stack },
    { "lret-outwards-SS-null/ring1", lret_null_stack },
    { "lret-outwards-stack-absent/ring1", lret_absent_stack },
    { "enter-nested-frame-absent/ring3", enter_absent_frame },
    { "int-beyond-IDT/ring3", beyond_idt },
    { "exception-without-gate/ring3", not_a_gate },
    { "gate-to-null/ring3", gate_to_null },
    { "gate-to-data/ring3", gate_to_data },
    { "gate-outwards/ring1", gate_outwards },
    { "SS1-null/ring3", ss1_null },
    { "SS1-of-ring3/ring3", ss1_of_ring3 },
    { "SS1-of-ring0/ring3", ss1_of_ring0 },
    { "TSS-without-SS1/ring3", short_tss },
    { "read-only-GDT/ring3", read_only_gdt },
    { "no-kernel-stack/ring3", no_kernel_stack },
};

void test_hostile(u32 number)
{
    say("hostile/cases: %d\n", COUNT(cases));
    for (u32 i = 0; i < COUNT(cases); i++) {
        if (number && number != i + 1) continue;
        window_reset();
        say("hostile/%s: ", cases[i].name);
        cases[i].go();
        say("\n");
    }
}

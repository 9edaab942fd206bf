/*
 * System calls without an exit: from ring 3 into ring 1 through a trap gate with DPL 3, on the stack SS1:ESP1 of the
 * TSS, and back by IRET (Intel SDM vol. 3A, 6.12.1). The guest's `int 0x80` under the hypervisor is this and no more.
 */
#include "cputest.h"

SNIPPET(call, "nop; int $0x84; nop");
SNIPPET(call_interrupt, "nop; int $0x85; nop");
SNIPPET(call_limited, "nop; int $0x87; nop");
SNIPPET(stop, "");
SNIPPET(answer, "mov $0x600d, %eax; iret");
SNIPPET(meddle, "orl $0x3000, 8(%esp); andl $~0x200, 8(%esp); iret");
SNIPPET(drop_ds, "mov $0x11, %eax; mov %eax, %ds; mov %ds, %ecx; iret");
SNIPPET(use_ds, "nop; int $0x84; mov %ds, %ebx; mov -4(%esp), %eax");
SNIPPET(many, "1: int $0x84; inc %ebx; dec %ecx; jnz 1b");

static void say_frame(const u8 *from)
{
    const volatile u32 *pushed = at(got.esp);
    say(" pushed eip+%d cs=%h eflags=%h esp=%x ss=%h", pushed[0] - (u32)from, pushed[1], pushed[2], pushed[3], pushed[4]);
}

static void test_entry(const char *name, const u8 *code, u32 eflags)
{
    run(3, code, (struct in){ .eflags = eflags });
    say("inner/%s: ", name);
    say_outcome(got.vector == END_VECTOR ? stop : code);
    say_shown(SHOW_CS | SHOW_SS | SHOW_DS | SHOW_ESP | SHOW_IF);
    if (got.vector == END_VECTOR) say_frame(code);
    say("\n");
}

/* ---- the frame cannot be pushed: a fault of the interrupted instruction, which starts anew ---- */

static u32 faults[4], errors[4], saved_cs[4];

static bool repair(struct frame *frame)
{
    u32 cr2 = read_cr2();
    if (frame->vector != 14 || traps > COUNT(faults)) return false;
    faults[traps - 1] = cr2;
    errors[traps - 1] = frame->error;
    saved_cs[traps - 1] = frame->cs;
    map(cr2, cr2, PTE_P | PTE_W);
    return true;
}

static void test_push(const char *name, u32 esp1, u32 low_flags, u32 high_flags)
{
    map(PAGE - PAGE_SIZE, PAGE - PAGE_SIZE, low_flags);
    map(PAGE, PAGE, high_flags);
    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, stop);
    tss.esp1 = esp1;
    run(3, call, (struct in){ .eflags = FLAG_IF, .on_trap = repair });
    say("inner/%s:", name);
    for (u32 i = 0; i < traps && i < COUNT(faults); i++) {
        say(" #PF(%h) cr2=%x cs=%h,", errors[i], faults[i], saved_cs[i]);
    }
    say(" then ");
    say_outcome(got.vector == END_VECTOR ? stop : call);
    say_shown(SHOW_CS | SHOW_ESP);
    if (got.vector == END_VECTOR) say_frame(call);
    say("\n");
    tss.esp1 = INNER_STACK_TOP;
}

/* ---- and back ---- */

static void test_round_trip(void)
{
    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, answer);
    run(3, call, (struct in){ .eflags = FLAG_IF });
    say("inner/IRET-to-ring3: ");
    say_outcome(call);
    say_shown(SHOW_EAX | SHOW_CS | SHOW_SS | SHOW_DS | SHOW_ESP | SHOW_IF);
    say("\n");

    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, meddle);
    run(3, call, (struct in){ .eflags = FLAG_IF });
    say("inner/IRET-cannot-change-IF-or-IOPL: ");
    say_outcome(call);
    say_shown(SHOW_IF | SHOW_IOPL);
    say("\n");

    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, drop_ds);
    run(3, use_ds, (struct in){ .eflags = FLAG_IF });
    say("inner/IRET-clears-DS-of-ring1: ");
    say_outcome(use_ds);
    say_shown(SHOW_EBX | SHOW_ECX | SHOW_CS);
    say("\n");

    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, answer);
    run(3, many, (struct in){ .ecx = 200000 });
    say("inner/200000-calls: ");
    say_outcome(many);
    say_shown(SHOW_EAX | SHOW_EBX | SHOW_ESP);
    say("\n");
}

void test_inner(void)
{
    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, stop);
    set_gate(0x85, GATE_INTERRUPT, 3, SLOT_KCS, stop);
    test_entry("trap-gate", call, FLAG_IF);
    test_entry("trap-gate-IF-0", call, 0);
    test_entry("interrupt-gate", call_interrupt, FLAG_IF);
    set_gate(0x87, GATE_TRAP, 1, SLOT_KCS, stop);
    test_entry("gate-DPL1", call_limited, FLAG_IF);

    test_push("frame-on-absent-page", PAGE + 0x800, 0, 0);
    test_push("frame-on-read-only-page", PAGE + 0x800, 0, PTE_P);
    test_push("frame-at-top-of-absent-page", PAGE + 0x1000, 0, 0);
    test_push("frame-on-user-page", PAGE + 0x800, 0, RW_USER);
    test_push("frame-straddles-lower-absent", PAGE + 8, 0, PTE_P | PTE_W);
    test_push("frame-straddles-upper-absent", PAGE + 8, PTE_P | PTE_W, 0);
    test_push("frame-straddles-both-absent", PAGE + 8, 0, 0);

    test_round_trip();
}

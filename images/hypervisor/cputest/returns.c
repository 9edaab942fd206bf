/*
 * IRET and far RET from rings 1 and 3 (Intel SDM vol. 2A, IRET; vol. 2B, RET). The hypervisor lets IRET to user mode run
 * natively, and makes every other one trap by selectors whose RPL is not the descriptor's DPL.
 */
#include "cputest.h"

/* EBX is the frame, already in memory; EAX becomes the first word, EIP. */
SNIPPET(iret, "mov %ebx, %esp; iret");
SNIPPET(iret16, "mov %ebx, %esp; iretw");
SNIPPET(lret, "mov %ebx, %esp; lret");
SNIPPET(lret_pop, "mov %ebx, %esp; lret $8");
SNIPPET(target, "");
SNIPPET(caller, "int $0x84; mov %cs, %ebx");
SNIPPET(answer, "mov $0x600d, %eax; iret");
SNIPPET(jump_user, "ljmp $0x1b, $0");
SNIPPET(direct_call, "lcall $0x0b, $0");
SNIPPET(direct_jump, "ljmp $0x60, $0");
SNIPPET(jump_kernel, "ljmp $0x08, $1f; 1: mov %cs, %eax");
SNIPPET(jump_conforming, "ljmp $0x40, $1f; 1: mov %cs, %eax");
SNIPPET(jump_empty, "ljmp $0x80, $0");
SNIPPET(jump_task, "ljmp $0x70, $0");
SNIPPET(jump_outside, "ljmp $0x1000, $0");
SNIPPET(jump_null, "ljmp $0, $0");

#define FRAME (STACK_TOP - 0x100)

struct words { u32 cs, eflags, esp, ss; };

static void test_frame(const char *name, u32 ring, const u8 *code, struct words words)
{
    at(FRAME)[0] = (u32)target;
    at(FRAME)[1] = words.cs;
    at(FRAME)[2] = words.eflags;
    at(FRAME)[3] = words.esp;
    at(FRAME)[4] = words.ss;
    run(ring, code, (struct in){ .ebx = FRAME, .eflags = FLAG_IF });
    say("returns/%s/ring%d: ", name, ring);
    say_outcome(got.vector == END_VECTOR ? target : code);
    say_shown(SHOW_CS | SHOW_SS | SHOW_DS | SHOW_ESP | SHOW_IF | SHOW_IOPL);
    say("\n");
}

static void test_iret(void)
{
    test_frame("iret-to-user", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-to-user-IF-0", 1, iret, (struct words){ GUEST_UCS, 0x002, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-to-same-ring", 1, iret, (struct words){ SLOT_KCS | 1, 0x002, 0, 0 });
    test_frame("iret-to-same-ring", 3, iret, (struct words){ GUEST_UCS, 0x3002, 0, 0 });
    /* How an IRET to the guest's kernel is made to trap: RPL 2, DPL 1. */
    test_frame("iret-RPL2-DPL1", 1, iret, (struct words){ SLOT_KCS | 2, 0x202, STACK_TOP - 64, SLOT_KDS | 1 });
    test_frame("iret-RPL3-DPL1", 1, iret, (struct words){ SLOT_KCS | 3, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-RPL3-DPL1", 3, iret, (struct words){ SLOT_KCS | 3, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-RPL3-DPL0", 3, iret, (struct words){ SLOT_HV_CS | 3, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-RPL1-DPL3", 1, iret, (struct words){ SLOT_UCS | 1, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("iret-SS-null", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, 0 });
    test_frame("iret-SS-of-ring1", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, SLOT_KDS | 1 });
    test_frame("iret-SS-read-only", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, SLOT_READ_ONLY | 3 });
    test_frame("iret-SS-absent", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, SLOT_ABSENT | 3 });
    test_frame("iret-SS-outside-GDT", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, 0x1003 });

    /* While the guest's virtual interrupt flag is 0 the user code descriptor gets DPL 2. */
    set_segment(SLOT_UCS, 0xFFFFF, ACCESS_CODE | DPL(2));
    test_frame("iret-to-user-descriptor-DPL2", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, GUEST_UDS });
    at(FRAME)[0] = GUEST_UCS << 16; /* words of 16 bits: IP, CS, FLAGS */
    at(FRAME)[1] = 0x202;
    run(1, iret16, (struct in){ .ebx = FRAME });
    say("returns/iret16-to-user-descriptor-DPL2/ring1: ");
    say_outcome(iret16);
    say("\n");
    set_segment(SLOT_UCS, 0xFFFFF, ACCESS_CODE | DPL(3));
}

static void test_unreadable_frame(void)
{
    map(PAGE, PAGE, PTE_P | PTE_W);
    at(PAGE + 0xFF8)[0] = (u32)target;
    at(PAGE + 0xFF8)[1] = GUEST_UCS;
    static const struct probe probes[] = {
        { "iret-frame-absent", iret, RING(1) | RING(3), SHOW_CS, { .ebx = PAGE + 0x1000 } },
        { "iret-frame-straddles", iret, RING(1), SHOW_CS, { .ebx = PAGE + 0xFF8 } },
        { "lret-frame-absent", lret, RING(1) | RING(3), SHOW_CS, { .ebx = PAGE + 0x1000 } },
        { "iret-frame-of-supervisor", iret, RING(3), SHOW_CS, { .ebx = PAGE } },
    };
    run_probes("returns", probes, COUNT(probes));
}

static void test_far_returns(void)
{
    test_frame("lret-to-user", 1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, GUEST_UDS, 0 });
    test_frame("lret-to-same-ring", 1, lret, (struct words){ SLOT_KCS | 1, 0, 0, 0 });
    test_frame("lret-to-same-ring", 3, lret_pop, (struct words){ GUEST_UCS, 0, 0, 0 });
    test_frame("lret-to-ring0", 1, lret, (struct words){ SLOT_HV_CS, 0, 0, 0 });
    test_frame("lret-to-ring0", 3, lret, (struct words){ SLOT_HV_CS, 0, 0, 0 });
    test_frame("lret-to-ring1", 3, lret, (struct words){ SLOT_KCS | 1, 0, 0, 0 });
    test_frame("lret-RPL2-DPL1", 1, lret, (struct words){ SLOT_KCS | 2, 0, 0, 0 });
    test_frame("lret-null", 1, lret, (struct words){ 0, 0, 0, 0 });
    test_frame("lret-outside-GDT", 3, lret, (struct words){ 0x1003, 0, 0, 0 });
    test_frame("lret-to-data", 3, lret, (struct words){ GUEST_UDS, 0, 0, 0 });
}

/*
 * A descriptor of system type 0xB at the user code segment's place. The emulator's IRET looks at the type's "code" bit
 * alone and takes it; its far RET, far JMP and far CALL refuse it, as all four do on a real processor. The hypervisor
 * may use this against what hostile.c shows: there a far RET to ring 3 with a bad SS ends in ring 0.
 */
#define ACCESS_SYSTEM_CODE (0x8Bu | DPL(3))

static void test_system_type(void)
{
    static const struct probe probes[] = {
        { "system-type-far-jump", jump_user, RING(1), 0, { 0 } },
        { "system-type-lret-stack-absent", lret, RING(1), 0, { .ebx = PAGE + 0xFF8 } },
    };
    set_segment(SLOT_UCS, 0xFFFFF, ACCESS_SYSTEM_CODE);
    test_frame("system-type-iret", 0, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("system-type-iret", 1, iret, (struct words){ GUEST_UCS, 0x202, STACK_TOP - 64, GUEST_UDS });
    test_frame("system-type-lret", 1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, GUEST_UDS, 0 });
    test_frame("system-type-lret-SS-of-ring1", 1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, SLOT_KDS | 1, 0 });
    test_frame("system-type-lret-SS-null", 1, lret, (struct words){ GUEST_UCS, STACK_TOP - 64, 0, 0 });
    run_probes("returns", probes, COUNT(probes)); /* its frame is the one test_unreadable_frame() left */

    set_gate(0x84, GATE_TRAP, 3, SLOT_KCS, answer);
    at(FRAME)[0] = (u32)caller;
    at(FRAME)[1] = GUEST_UCS;
    at(FRAME)[2] = 0x202;
    at(FRAME)[3] = STACK_TOP - 64;
    at(FRAME)[4] = GUEST_UDS;
    run(1, iret, (struct in){ .ebx = FRAME });
    say("returns/system-type-call-and-return: ");
    say_outcome(iret);
    if (got.vector == END_VECTOR) say_shown(SHOW_EAX | SHOW_EBX | SHOW_CS | SHOW_SS);
    say("\n");
    set_segment(SLOT_UCS, 0xFFFFF, ACCESS_CODE | DPL(3));
}

void test_returns(void)
{
    static const struct probe probes[] = {
        { "far-call-RPL3-DPL1", direct_call, RING(1) | RING(3), 0, { 0 } },
        { "far-jump-to-ring0", direct_jump, RING(1) | RING(3), 0, { 0 } },
        { "far-jump-to-the-guest's-selector", jump_kernel, RING(1) | RING(3), SHOW_EAX, { 0 } },
        { "far-jump-to-conforming", jump_conforming, RING(1) | RING(3), SHOW_EAX, { 0 } },
        { "far-jump-to-empty-descriptor", jump_empty, RING(3), 0, { 0 } },
        { "far-jump-to-task", jump_task, RING(1) | RING(3), 0, { 0 } },
        { "far-jump-outside-GDT", jump_outside, RING(3), 0, { 0 } },
        { "far-jump-null", jump_null, RING(3), 0, { 0 } },
    };
    test_iret();
    test_unreadable_frame();
    test_far_returns();
    test_system_type();
    run_probes("returns", probes, COUNT(probes));
}

/*
 * The timer's interrupt arrives in rings 1 and 3 when IF is 1, and only then (Intel SDM vol. 3A, 6.8.1); STI holds it
 * back for one instruction, so that STI; HLT cannot miss it (vol. 2B, STI).
 */
#include "cputest.h"

#define TIMER_VECTOR 0x20u
#define TICKS 20u

SNIPPET(spin, "1: inc %eax; jmp 1b");
/* Ports 0x20: asks for the request register and reads it until line 0 is raised. IOPL lets it. */
SNIPPET(wait_masked, "1: mov $0x0a, %al; out %al, $0x20; in $0x20, %al; test $1, %al; jz 1b; mov $1, %edx");
SNIPPET(sti_shadow, "1: mov $0x0a, %al; out %al, $0x20; in $0x20, %al; test $1, %al; jz 1b\n\t"
                    "sti; inc %ebx; inc %ecx; inc %edx");
SNIPPET(popf_no_shadow, "1: mov $0x0a, %al; out %al, $0x20; in $0x20, %al; test $1, %al; jz 1b\n\t"
                        "pushf; orl $0x200, (%esp); popf; inc %ebx; inc %ecx");
SNIPPET(sti_hlt, "1: mov $0x0a, %al; out %al, $0x20; in $0x20, %al; test $1, %al; jz 1b\n\t"
                 "sti; hlt; inc %ebx");
SNIPPET(hlt_wakes, "sti; hlt; inc %ebx");
SNIPPET(enter_user, "1: mov $0x0a, %al; out %al, $0x20; in $0x20, %al; test $1, %al; jz 1b; iret");
SNIPPET(user, "inc %ebx; 1: jmp 1b");

/* 8259 and 8253 as a PC has them: master at vector 0x20, line 0 alone; channel 0 at 1 kHz. */
static void timer_on(void)
{
    static const u8 words[][2] = {
        { 0x20, 0x11 }, { 0xA0, 0x11 }, { 0x21, TIMER_VECTOR }, { 0xA1, 0x28 }, { 0x21, 4 }, { 0xA1, 2 },
        { 0x21, 1 }, { 0xA1, 1 }, { 0xA1, 0xFF }, { 0x21, 0xFE }, { 0x43, 0x34 }, { 0x40, 1193 & 255 }, { 0x40, 1193 >> 8 },
    };
    for (u32 i = 0; i < COUNT(words); i++) out8(words[i][0], words[i][1]);
}

static void timer_off(void)
{
    out8(0x21, 0xFF);
    out8(0x20, 0x20);
}

static bool count(struct frame *frame)
{
    if (frame->vector != TIMER_VECTOR) return false;
    out8(0x20, 0x20);
    return traps < TICKS;
}

static void acknowledge(void)
{
    if (got.vector == TIMER_VECTOR) out8(0x20, 0x20);
}

static void test_ticks(u32 ring)
{
    run(ring, spin, (struct in){ .eflags = FLAG_IF, .on_trap = count });
    say("timer/ticks/ring%d: %d interrupts %h, pushed IF=%d, EAX %s\n", ring, traps, got.vector,
        got.eflags >> 9 & 1, got.eax ? "has grown" : "is 0");
}

static void test_held(const char *name, u32 ring, const u8 *code, u32 eflags, u32 show)
{
    run(ring, code, (struct in){ .eflags = eflags });
    acknowledge();
    say("timer/%s/ring%d: %s", name, ring, got.vector == END_VECTOR ? "runs" : "interrupted");
    say_shown(show);
    say("\n");
}

/* An interrupt that waits is taken before the first instruction behind an IRET that sets IF. IOPL 1 lets ring 1 do so. */
static void test_iret_opens(void)
{
    volatile u32 *frame = at(STACK_TOP - 64);
    frame[0] = (u32)user;
    frame[1] = GUEST_UCS;
    frame[2] = FLAG_IF | 2;
    frame[3] = STACK_TOP;
    frame[4] = GUEST_UDS;
    run(1, enter_user, (struct in){ .eflags = 0x1000, .esp = STACK_TOP - 64 });
    acknowledge();
    say("timer/IRET-from-ring1-with-IOPL1-opens: %s", got.vector == TIMER_VECTOR ? "interrupted" : "not interrupted");
    say_shown(SHOW_EBX | SHOW_CS);
    say("\n");
}

void test_timer(void)
{
    timer_on();
    test_ticks(1);
    test_ticks(3);
    test_ticks(0);
    test_held("waits-while-IF-is-0", 1, wait_masked, 0x3000, SHOW_EDX | SHOW_IF);
    test_held("waits-while-IF-is-0", 3, wait_masked, 0x3000, SHOW_EDX | SHOW_IF);
    test_held("STI-holds-for-one", 0, sti_shadow, 0, SHOW_EBX | SHOW_ECX | SHOW_EDX);
    test_held("STI-holds-for-one", 1, sti_shadow, 0x1000, SHOW_EBX | SHOW_ECX | SHOW_EDX);
    test_held("POPF-does-not-hold", 0, popf_no_shadow, 0, SHOW_EBX | SHOW_ECX);
    test_held("STI-HLT-pending", 0, sti_hlt, 0, SHOW_EBX);
    test_held("STI-HLT-waits", 0, hlt_wakes, 0, SHOW_EBX);
    test_iret_opens();
    timer_off();
}

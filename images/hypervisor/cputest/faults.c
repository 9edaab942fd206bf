/*
 * Faults are precise: nothing of the instruction has happened but, for a repeated string instruction, whole
 * iterations; and it starts anew when the cause is gone (Intel SDM vol. 3A, 6.5, 6.6). Every hidden fault relies on it.
 */
#include "cputest.h"

#define NEXT (PAGE + PAGE_SIZE)

SNIPPET(store, "mov %eax, (%ebx)");
SNIPPET(store16, "mov %ax, (%ebx)");
SNIPPET(load, "mov (%ebx), %eax");
SNIPPET(exchange, "xchg %eax, (%ebx)");
SNIPPET(add, "add %eax, (%ebx)");
SNIPPET(rep_stos, "rep stosl");
SNIPPET(rep_stosb, "rep stosb");
SNIPPET(rep_movs, "rep movsl");
SNIPPET(rep_movs_down, "std; rep movsl; cld");
SNIPPET(rep_cmps, "repe cmpsb");
SNIPPET(pusha, "mov %ebx, %esp; pusha");
SNIPPET(popa, "mov %ebx, %esp; popa");
SNIPPET(call, "mov %ebx, %esp; call 1f; 1:");
SNIPPET(call_memory, "call *(%ebx)");
SNIPPET(push_memory, "pushl (%ebx)");
SNIPPET(pop_memory, "push $7; popl (%ebx)");
SNIPPET(leave, "mov %ebx, %ebp; leave");
SNIPPET(jump, "jmp *%ebx");
SNIPPET(loop_load, "1: mov (%ebx), %eax; add %esi, %ebx; dec %ecx; jnz 1b");
SNIPPET(loop_store, "1: mov %eax, (%ebx); add %esi, %ebx; dec %ecx; jnz 1b");

static void prepare(void)
{
    map(PAGE, PAGE, RW_USER);
    map(NEXT, NEXT, RW_USER);
    for (u32 i = 0; i < 2 * PAGE_SIZE / 4; i++) at(PAGE)[i] = 0x11111111;
    map(NEXT, NEXT, 0);
}

static bool repair(struct frame *frame)
{
    if (frame->vector != 14 || traps > 1) return false;
    map(NEXT, NEXT, RW_USER);
    return true;
}

/* Twice: the first time the fault ends it, to see the state at the fault; the second time it is repaired. */
static void test_fault(const char *name, const u8 *code, u32 show, struct in in)
{
    prepare();
    run(3, code, in);
    say("faults/%s: ", name);
    say_outcome(code);
    say_shown(show);
    say(" before=%x", *at(NEXT - 4));
    prepare();
    in.on_trap = repair;
    run(3, code, in);
    say(", repaired: %d fault ", traps);
    say_outcome(code);
    say_shown(show);
    say(" before=%x", *at(NEXT - 4));
    map(NEXT, NEXT, RW_USER);
    u32 after = *at(NEXT);
    if (after - (u32)code < 64) say(" after=eip+%d\n", after - (u32)code); /* a return address */
    else say(" after=%x\n", after);
}

static void test_straddling(void)
{
    test_fault("store-straddles", store, 0, (struct in){ .eax = 0xABCD1234, .ebx = NEXT - 2 });
    test_fault("store-straddles-by-three", store, 0, (struct in){ .eax = 0xABCD1234, .ebx = NEXT - 1 });
    test_fault("store16-straddles", store16, 0, (struct in){ .eax = 0xABCD1234, .ebx = NEXT - 1 });
    test_fault("load-straddles", load, SHOW_EAX, (struct in){ .eax = 5, .ebx = NEXT - 2 });
    test_fault("xchg-straddles", exchange, SHOW_EAX, (struct in){ .eax = 0xABCD1234, .ebx = NEXT - 2 });
    test_fault("add-straddles", add, 0, (struct in){ .eax = 1, .ebx = NEXT - 2 });
    prepare();
    map(NEXT, NEXT, PTE_P | PTE_U);
    run(3, store, (struct in){ .eax = 0xABCD1234, .ebx = NEXT - 2 });
    say("faults/store-straddles-read-only: ");
    say_outcome(store);
    say(" before=%x\n", *at(NEXT - 4));
}

static void test_strings(void)
{
    const u32 show = SHOW_ECX | SHOW_ESI | SHOW_EDI;
    test_fault("rep-stos", rep_stos, show, (struct in){ .eax = 7, .ecx = 16, .edi = NEXT - 16 });
    test_fault("rep-stos-unaligned", rep_stos, show, (struct in){ .eax = 7, .ecx = 16, .edi = NEXT - 18 });
    test_fault("rep-stosb", rep_stosb, show, (struct in){ .eax = 7, .ecx = 16, .edi = NEXT - 5 });
    test_fault("rep-movs-into", rep_movs, show, (struct in){ .ecx = 16, .esi = PAGE, .edi = NEXT - 8 });
    test_fault("rep-movs-from", rep_movs, show, (struct in){ .ecx = 16, .esi = NEXT - 8, .edi = PAGE });
    test_fault("rep-movs-down", rep_movs_down, show, (struct in){ .ecx = 16, .esi = NEXT + 32, .edi = PAGE + 64 });
    test_fault("repe-cmps", rep_cmps, show, (struct in){ .ecx = 64, .esi = PAGE, .edi = NEXT - 4 });
    test_fault("rep-stos-count-zero", rep_stos, show, (struct in){ .eax = 7, .ecx = 0, .edi = NEXT });
}

static void test_stacks(void)
{
    test_fault("pusha", pusha, SHOW_ESP, (struct in){ .ebx = NEXT + 16 });
    test_fault("popa", popa, SHOW_ESP | SHOW_EDI, (struct in){ .ebx = NEXT - 16, .edi = 9 });
    test_fault("call", call, SHOW_ESP, (struct in){ .ebx = NEXT + 4 });
    test_fault("call-through-memory", call_memory, SHOW_ESP, (struct in){ .ebx = NEXT });
    test_fault("push-from-memory", push_memory, SHOW_ESP, (struct in){ .ebx = NEXT });
    test_fault("pop-into-memory", pop_memory, SHOW_ESP, (struct in){ .ebx = NEXT });
    test_fault("leave", leave, SHOW_ESP, (struct in){ .ebx = NEXT });
}

/* Instructions that begin on one page and end on the next: MOV imm32, then INT 0x80 over there. */
static void test_fetch(void)
{
    static const u8 code[] = { 0xB8, 0x78, 0x56, 0x34, 0x12, 0xCD, 0x80 };
    for (u32 here = 0; here <= 5; here++) {
        prepare();
        map(NEXT, NEXT, RW_USER);
        volatile u8 *to = (volatile u8 *)(NEXT - here);
        for (u32 i = 0; i < sizeof code; i++) to[i] = code[i];
        map(NEXT, NEXT, 0);
        run(3, jump, (struct in){ .ebx = NEXT - here });
        say("faults/fetch-%d-bytes-before-the-end: ", here);
        say_outcome(jump);
        run(3, jump, (struct in){ .ebx = NEXT - here, .on_trap = repair });
        say(", repaired: %d fault ", traps);
        say_outcome(jump);
        say_shown(SHOW_EAX);
        say("\n");
    }
}

/* The same in code that has been compiled: the loop runs hot, then walks into the page that is absent. */
static void test_hot(void)
{
    for (u32 round = 0; round < 3; round++) {
        prepare();
        run(3, loop_store, (struct in){ .eax = 7, .ebx = PAGE, .ecx = 300000 });
        say("faults/hot-store-%d: ", round);
        say_outcome(loop_store);
        run(3, loop_store, (struct in){ .eax = 7, .ebx = PAGE, .ecx = 300000, .esi = 4 });
        say(" walks ");
        say_outcome(loop_store);
        say_shown(SHOW_EBX | SHOW_ECX);
        run(3, loop_load, (struct in){ .ebx = PAGE + 1, .ecx = 300000, .esi = 4 });
        say(" unaligned ");
        say_outcome(loop_load);
        say_shown(SHOW_EBX | SHOW_ECX);
        run(3, loop_store, (struct in){ .eax = 7, .ebx = PAGE, .ecx = 2048, .esi = 4, .on_trap = repair });
        say(" repaired %d ", traps);
        say_outcome(loop_store);
        say_shown(SHOW_EBX);
        say(" last=%x\n", *at(NEXT + 0xFFC));
    }
}

void test_faults(void)
{
    test_straddling();
    test_strings();
    test_stacks();
    test_fetch();
    test_hot();
}

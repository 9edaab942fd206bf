/*
 * One attempt: a snippet in a ring, from a known state to the first trap nobody repairs.
 */
#include "cputest.h"

struct frame got;
u32 got_cr2, got_cpl, traps;

void enter(struct frame *frame); /* boot.S */
bool trap(struct frame *frame);  /* called by boot.S */

/* Ring 0 has no other stack to change to: IRET and a trap there use the room below the frame. */
static struct {
    u8 room[4096];
    struct frame frame;
} start;

static bool (*on_trap)(struct frame *);
static bool running;

static const u32 code_selector[] = { SLOT_HV_CS, SLOT_KCS | 1, SLOT_CS2 | 2, SLOT_UCS | 3 };
static const u32 stack_selector[] = { SLOT_HV_DS, SLOT_KDS | 1, SLOT_DS2 | 2, SLOT_UDS | 3 };

void run(u32 ring, const u8 *code, struct in in)
{
    u32 ds = in.ds ? in.ds : ring == 0 ? SLOT_HV_DS : GUEST_UDS; /* as the guest's kernel, too */
    start.frame = (struct frame){
        .es = ds, .ds = ds,
        .edi = in.edi, .esi = in.esi, .ebp = in.ebp, .ebx = in.ebx, .edx = in.edx, .ecx = in.ecx, .eax = in.eax,
        .eip = (u32)code, .cs = in.cs ? in.cs : code_selector[ring], .eflags = in.eflags | 2,
        .esp = in.esp ? in.esp : STACK_TOP, .ss = in.ss ? in.ss : stack_selector[ring],
    };
    on_trap = in.on_trap;
    traps = 0;
    running = true;
    enter(&start.frame);
}

/* The suite itself trapped: there is nothing to go back to. */
static void broken(const struct frame *frame)
{
    say("\nthe suite trapped: vector %d error %h eip=%x cr2=%x\n", frame->vector, frame->error, frame->eip, read_cr2());
    out8(PORT_END, 1);
    for (;;) __asm__ volatile("cli; hlt");
}

/* @returns true when the attempt goes on */
bool trap(struct frame *frame)
{
    u32 cr2 = read_cr2();
    if (!running) broken(frame);
    if (frame->vector != END_VECTOR) {
        traps++;
        if (on_trap && on_trap(frame)) return true;
    }
    /* A trap from an outer ring is on the stack that the TSS names; one from ring 0 is on the stack it found. */
    bool outer = (u32)frame + sizeof *frame == tss.esp0;
    running = false;
    got = *frame;
    got_cr2 = cr2;
    got_cpl = outer ? frame->cs & 3 : 0;
    if (!outer) got.esp = got.ss = 0; /* not pushed */
    return false;
}

void run_probes(const char *section, const struct probe *probes, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        for (u32 ring = 0; ring < 4; ring++) {
            if (!(probes[i].rings & RING(ring))) continue;
            run(ring, probes[i].code, probes[i].in);
            say("%s/%s/ring%d: ", section, probes[i].name, ring);
            say_outcome(probes[i].code);
            say_shown(probes[i].show);
            say("\n");
        }
    }
}

/*
 * What the watcher is told: counters in every build, records in the traced one, and the bell.
 *
 * At the bell the hypervisor halts with interrupts off; only the watcher lets it go on, by clearing the
 * halted state from outside. So a machine that is watched step by step executes what a running one does.
 * "Instructions" are read from PORT_DOORBELL. The emulator moves its counter at the end of a block, so a
 * jump goes before the reading.
 */
#include "hv.h"

#define NO_WATCHER 0xFFFFFFFFu

struct hv_info hv_info;
struct domain domains[MAX_DOMAINS];
struct domain *current;

static bool watched;
static u32 reason, entered, idle_since, idle, begins; /* begins: 0, or a phase's first mark + 1 */

#ifdef TRACED
static struct trace_record records[TRACE_RECORDS];
static struct trace_record exit_record; /* of the exit being dealt with */
#endif

bool has_watcher(void)
{
    return watched;
}

static u32 instructions(void)
{
    u32 now;

    if (!watched)
        return 0;
    __asm__ volatile("jmp 1f\n1: inl %1, %0" : "=a"(now) : "Nd"((u16)PORT_DOORBELL) : "memory");
    return now;
}

void trace_init(void)
{
    watched = inl(PORT_DOORBELL) != NO_WATCHER;
    hv_info.version = 1;
    hv_info.domains = machine_address(domains);
    hv_info.frames = machine_address(frames);
    hv_info.nr_frames = MACHINE_FRAMES;
    hv_info.shadows = machine_address(shadows);
    hv_info.nr_shadows = NR_SHADOWS;
    hv_info.verify = options.verify;
#ifdef TRACED
    hv_info.traced = 1;
    hv_info.trace = machine_address(records);
#endif
    hv_info.magic = HV_INFO_MAGIC;
    if (watched)
        outl(PORT_INFO, machine_address(&hv_info));
}

void count(enum trace_kind kind) { hv_info.count[kind]++; }

#ifdef TRACED
static void write_record(struct trace_record *record)
{
    record->seq = hv_info.trace_count;
    record->exit = hv_info.exit_count;
    record->entered = entered;
    record->left = instructions();
    records[hv_info.trace_count % TRACE_RECORDS] = *record;
    hv_info.trace_count++;
}
#endif

void trace4(enum trace_kind kind, u32 a, u32 b, u32 c, u32 d)
{
    if (kind < TRACE_EXITS_END)
        reason = kind;
    else
        count(kind);
#ifdef TRACED
    struct trace_record step = exit_record;
    struct trace_record *record = kind < TRACE_EXITS_END ? &exit_record : &step;

    record->kind = (u16)kind;
    record->arg[0] = a;
    record->arg[1] = b;
    record->arg[2] = c;
    record->arg[3] = d;
    if (record == &step) {
        step.insn_length = 0;
        write_record(&step);
    }
#else
    (void)a, (void)b, (void)c, (void)d;
#endif
}

void trace_exit_begin(const struct regs *regs)
{
    entered = instructions();
    idle = 0;
    reason = TRACE_NONE;
#ifdef TRACED
    exit_record = (struct trace_record){
        .domain = (u8)current->id, .vcpl = (u8)current->vcpu.cpl, .eip = regs->eip,
        .error = regs->error, .vector = (u8)regs->vector,
    };
#else
    (void)regs;
#endif
}

void trace_instruction(const u8 *bytes, u32 length)
{
#ifdef TRACED
    exit_record.insn_length = (u8)length;
    memcpy(exit_record.insn, bytes, length);
#else
    (void)bytes, (void)length;
#endif
}

/* Around the idle loop: its instructions are not the exit's. */
void trace_idle(bool begins)
{
    if (begins)
        idle_since = instructions();
    else
        idle += instructions() - idle_since;
}

/* A phase begins (even) behind the exit that marks it and ends (odd) before its own: neither is counted. */
void trace_mark(u32 mark)
{
    hv_info.mark = mark;
    if (mark & 1)
        outl(PORT_MARK, mark);
    else
        begins = mark + 1;
}

/* A timer that ran on meanwhile would leave a checked guest no time of its own. */
static void verify_all(void)
{
    if (watched) outl(PORT_DOORBELL, BELL_CLOCK_STOP);
    for (u32 i = 0; i < hv_info.nr_domains; i++)
        if (domains[i].state != RUN_DEAD)
            verify(&domains[i]);
    if (watched) outl(PORT_DOORBELL, BELL_CLOCK_GO);
}

void trace_exit_end(void)
{
    count(reason);
    hv_info.instructions_hv[reason] += instructions() - entered - idle;
#ifdef TRACED
    write_record(&exit_record);
#endif
    hv_info.exit_count++;
    hv_info.current = current->id;
    if (hv_info.verify)
        verify_all();
    if (begins) {
        outl(PORT_MARK, begins - 1);
        begins = 0;
    }
#ifdef TRACED
    bell(BELL_EXIT);
#endif
}

void bell(enum bell which)
{
    if (!watched)
        return;
    outl(PORT_DOORBELL, which);
    __asm__ volatile("cli; hlt" : : : "memory");
}

void panic(const char *why)
{
    hv_info.panic = machine_address(why);
    log_text("(hv) panic: ");
    log_text(why);
    log_text("\n");
    bell(BELL_PANIC);
    outb(PORT_END, 0x7F);
    for (;;)
        __asm__ volatile("cli; hlt");
}

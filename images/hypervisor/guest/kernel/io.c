/*
 * The same work asked for in two ways (result = 3 * arg + op): of a device behind I/O ports, one request
 * at a time, and of another domain through a shared ring (ring.c).
 */
#include "kernel.h"

#define PIO_NOBODY 0xFFFFFFFFu

static volatile u32 interrupts_seen;

void io_interrupt(void)
{
    interrupts_seen++;
    wake(&interrupts_seen);
}

static int pio_request(u32 id, u32 op, u32 arg, u32 *result)
{
    u32 before = interrupts_seen;
    outl(PIO_ID, id);
    outl(PIO_OP, op);
    outl(PIO_ARG, arg);
    outl(PIO_GO, 1);
    int error = WAIT_UNTIL(&interrupts_seen, interrupts_seen != before);
    if (!error && inl(PIO_STATUS) != 1)
        error = -ENODEV;
    *result = inl(PIO_RESULT);
    return error;
}

static int pio_ready(void)
{
    if (paravirtual() || inl(PIO_STATUS) == PIO_NOBODY)
        return -ENODEV;
    irq_enable(PIO_IRQ, true);
    return 0;
}

static int pio_run(struct io_run *run)
{
    int error = 0;
    u32 before = interrupts_seen;
    for (u32 i = 0; i < run->count && !error; i++) {
        u32 result, op = i & 7;
        error = pio_request(i, op, i, &result);
        run->bad += !error && result != 3 * i + op;
    }
    run->notified = run->count;
    run->interrupts = interrupts_seen - before;
    return error;
}

/*
 * The device interrupts while interrupts are off; `sti; hlt` must then wake at once. If the interrupt came between
 * the two, the HLT would sleep until the next tick. Now and then a tick comes by itself; more than that is wrong.
 */
static int wake_run(struct io_run *run)
{
    u32 late = 0, before = interrupts_seen;
    for (u32 i = 0; i < run->count; i++) {
        interrupts_off();
        u32 since = ticks;
        outl(PIO_ARG, i);
        outl(PIO_GO, 1);
        interrupt_wait();
        run->bad += inl(PIO_RESULT) != 3 * i;
        late += ticks != since;
    }
    run->interrupts = interrupts_seen - before;
    run->bad += late > 2 + run->count / 4 ? late : 0;
    return 0;
}

/* Measured without a tick, after one request that finds everything in its place. */
static int io_run(struct io_run *run)
{
    bool ring = run->device == IO_RING;
    int (*const work)(struct io_run *) = ring ? ring_run : pio_run;
    struct io_run first = { run->device, 1, 1, 0, 0, 0, 0 };
    int error = ring ? ring_ready() : pio_ready();
    if (!error)
        error = work(&first);
    if (error)
        return error;
    if (run->device == IO_WAKE)
        return wake_run(run);
    timer_enable(false);
    machine_mark(run->mark);
    error = work(run);
    machine_mark(run->mark + 1);
    timer_enable(true);
    return error;
}

int sys_io(u32 run_at, u32 b, u32 c)
{
    (void)b, (void)c;
    struct io_run run;
    if (copy_from_user(&run, run_at, sizeof run))
        return -EFAULT;
    run.bad = run.notified = run.interrupts = 0;
    if (run.device == IO_RING && (run.depth < 1 || run.depth > RING_SLOTS))
        return -EINVAL;
    int error = io_run(&run);
    return error ? error : copy_to_user(run_at, &run, sizeof run);
}

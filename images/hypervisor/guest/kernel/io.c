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

/* Measured without a tick, after one request that finds everything in its place. */
static int io_run(struct io_run *run)
{
    int (*const work)(struct io_run *) = run->ring ? ring_run : pio_run;
    struct io_run first = { run->ring, 1, 1, 0, 0, 0, 0 };
    int error = run->ring ? ring_ready() : pio_ready();
    if (!error)
        error = work(&first);
    if (error)
        return error;
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
    if (run.ring && (run.depth < 1 || run.depth > RING_SLOTS))
        return -EINVAL;
    int error = io_run(&run);
    return error ? error : copy_to_user(run_at, &run, sizeof run);
}

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

static int pio_run(struct io_run *run)
{
    if (inl(PIO_STATUS) == PIO_NOBODY)
        return -ENODEV;
    irq_enable(PIO_IRQ, true);
    u32 before = interrupts_seen;
    int error = 0;
    for (u32 i = 0; i < run->count && !error; i++) {
        u32 result, op = i & 7;
        error = pio_request(i, op, i, &result);
        run->bad += !error && result != 3 * i + op;
    }
    irq_enable(PIO_IRQ, false);
    run->notified = run->count;
    run->interrupts = interrupts_seen - before;
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
    if (!run.ring && paravirtual())
        return -ENODEV;
    int error = run.ring ? ring_run(&run) : pio_run(&run);
    return error ? error : copy_to_user(run_at, &run, sizeof run);
}

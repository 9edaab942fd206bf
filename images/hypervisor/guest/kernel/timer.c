/* The tick: 100 a second from the 8253's counter 0 (IRQ 0), or as an event in a PV domain. */
#include "kernel.h"

#define PIT_COUNTER0 0x40
#define PIT_COMMAND 0x43
#define PIT_HZ 1193182u
#define TICKS_A_SECOND 100u

volatile u32 ticks;

void timer_init(void)
{
    if (!paravirtual()) {
        u32 reload = PIT_HZ / TICKS_A_SECOND;
        outb(PIT_COMMAND, 0x34); /* counter 0, both bytes, mode 2 */
        outb(PIT_COUNTER0, reload & 0xFF);
        outb(PIT_COUNTER0, reload >> 8);
    }
    timer_enable(true);
}

void timer_enable(bool on)
{
    if (paravirtual())
        hypercall(HC_SET_TIMER, on, 0, 0);
    else
        irq_enable(0, on);
}

/* PV: ticks that passed while other domains ran are counted by the hypervisor. */
void timer_tick(void)
{
    ticks = paravirtual() ? shared->ticks : ticks + 1;
    current->ticks++;
    need_schedule = true;
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
        if (p->state == PROCESS_WAITING && p->wake_at && (int)(ticks - p->wake_at) >= 0)
            p->state = PROCESS_READY;
}

int sys_sleep(u32 for_ticks, u32 b, u32 c)
{
    (void)b, (void)c;
    u32 until = ticks + for_ticks;
    current->wake_at = until ? until : 1;
    int error = WAIT_UNTIL(&current->wake_at, (int)(ticks - until) >= 0);
    current->wake_at = 0;
    return error;
}

int sys_timer(u32 on, u32 b, u32 c)
{
    (void)b, (void)c;
    timer_enable(on);
    return 0;
}

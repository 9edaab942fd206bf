/*
 * Who runs: a small credit scheduler in the manner of Xen's first one.
 *
 * Every tick (10 ms) costs who runs 100 credits. Every third tick, 300 are handed out: by weight, but to no
 * domain more than its cap. A domain in credit runs before one in debt; a capped one in debt waits even while
 * the machine is idle. One that was woken while in credit runs at once, until the next tick: this is what makes
 * a server of short requests quick beside one that computes.
 *
 * Charging whoever runs when the tick comes is cheap, and can be cheated by blocking shortly before it (Zhou et
 * al., "Scheduler vulnerabilities and coordinated attacks in cloud computing", 2011). Xen's second one measures.
 */
#include "tables.h"

#define TICK_CREDITS 100
#define PERIOD_TICKS 3
#define SLICE_TICKS 3u /* after this long another of the same standing gets its turn */

static u32 ticks, slice;
static bool idle;

void schedule_init(void)
{
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        if (!domains[id].weight) domains[id].weight = 256;
    }
}

static void earn(struct domain *d, int credits)
{
    int limit = PERIOD_TICKS * TICK_CREDITS;
    d->credit += credits;
    if (d->credit > limit) d->credit = limit;
    if (d->credit < -limit) d->credit = -limit;
}

/* Domains asleep earn nothing, unless they are in debt. */
static bool takes_part(const struct domain *d)
{
    return d->state == RUN_READY || (d->state == RUN_BLOCKED && d->credit < 0);
}

/* A cap that is lower than the share leaves something to the others, whose shares may then reach their caps. */
static void account(void)
{
    u32 left = PERIOD_TICKS * TICK_CREDITS, weights = 0;
    bool waiting[MAX_DOMAINS];
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        waiting[id] = takes_part(&domains[id]);
        if (waiting[id]) weights += domains[id].weight;
    }
    for (u32 round = 0; round <= MAX_DOMAINS; round++) {
        for (u32 id = 0; id < MAX_DOMAINS; id++) {
            struct domain *d = &domains[id];
            u32 share = waiting[id] ? left * d->weight / weights : 0, most = d->cap * PERIOD_TICKS;
            bool capped = d->cap && most < share;
            if (!waiting[id] || (!capped && round < MAX_DOMAINS)) continue;
            earn(d, (int)(capped ? most : share));
            if (!capped) continue;
            waiting[id] = false;
            left -= most;
            weights -= d->weight;
        }
    }
}

void schedule_tick(void)
{
    if (!idle) {
        current->credit -= TICK_CREDITS;
        current->ran_ticks++;
        current->boosted = 0;
        slice++;
    }
    if (++ticks % PERIOD_TICKS == 0) account();
    for (u32 id = 0; id < MAX_DOMAINS; id++) {
        struct domain *d = &domains[id];
        if (d->state != RUN_DEAD && d->timer_event) event_send(d, EVENT_TIMER);
    }
}

void block(struct domain *d)
{
    d->state = RUN_BLOCKED;
    d->boosted = 0;
}

void wake(struct domain *d)
{
    if (d->state != RUN_BLOCKED) return;
    d->state = RUN_READY;
    d->boosted = d->credit > 0;
}

void yield(void)
{
    slice = SLICE_TICKS;
}

static u32 standing(const struct domain *d)
{
    return d->boosted ? 2 : d->credit > 0 ? 1 : 0;
}

/* The current domain is asked first, or last when its slice is over, so that equals take turns. */
static struct domain *pick(void)
{
    struct domain *best = NULL;
    u32 first = slice >= SLICE_TICKS ? 1 : 0;
    for (u32 i = 0; i < hv_info.nr_domains; i++) {
        struct domain *d = &domains[(current->id + first + i) % hv_info.nr_domains];
        if (d->state != RUN_READY || (d->cap && d->credit <= 0)) continue;
        if (!best || standing(d) > standing(best)) best = d;
    }
    return best;
}

static void switch_to(struct domain *next)
{
    trace(STEP_SCHEDULE, current->id, next->id, 0);
    current->regs = *guest_regs;
    *guest_regs = next->regs;
    entry_stack_clear();
    current = next; /* its tables are loaded on the way out (traps.c) */
}

/* STI lets nothing in before HLT has begun to wait (SDM vol. 2B, STI), so no tick is slept through. */
static struct domain *wait_for_work(void)
{
    struct domain *next;
    idle = true;
    trace_idle(true);
    do {
        __asm__ volatile("sti; hlt; cli" ::: "memory");
        bell(BELL_IDLE);
    } while (!(next = pick()));
    trace_idle(false);
    idle = false;
    return next;
}

void schedule(void)
{
    struct domain *next = pick();
    if (!next) next = wait_for_work();
    if (next != current || slice >= SLICE_TICKS) slice = 0;
    if (next != current) switch_to(next);
}

/*
 * The table of processes, who runs, and waiting. Round robin; a process that still runs at a timer tick
 * gives way on its return to user mode. When nobody can run, the last one waits for an interrupt on its
 * own kernel stack.
 */
#include "kernel.h"

struct process processes[MAX_PROCESSES];
struct process *current;
volatile bool need_schedule;
static gfn_t dead_directory; /* of the process that ended in the last switch */
static u32 last_pid;

struct process *process_new(void)
{
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++) {
        if (p->state != PROCESS_NONE)
            continue;
        memset(p, 0, sizeof *p);
        p->pid = ++last_pid;
        return p;
    }
    return NULL;
}

u32 processes_free(void)
{
    u32 n = 0;
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
        n += p->state == PROCESS_NONE;
    return n;
}

struct process *process_find(u32 pid)
{
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
        if (p->state != PROCESS_NONE && p->pid == pid)
            return p;
    return NULL;
}

static struct process *next_ready(void)
{
    u32 from = current - processes;
    for (u32 i = 1; i <= MAX_PROCESSES; i++) {
        struct process *p = &processes[(from + i) % MAX_PROCESSES];
        if (p->state == PROCESS_READY)
            return p;
    }
    return NULL;
}

/* Interrupts go off before the last look, or the one that makes somebody ready could come just before we sleep. */
static void idle(void)
{
    interrupts_off();
    if (next_ready())
        interrupts_on();
    else
        interrupt_wait();
}

void schedule(void)
{
    struct process *before = current, *next;
    need_schedule = false;
    while (!(next = next_ready()))
        idle();
    if (next == before)
        return;
    if (before->state == PROCESS_ZOMBIE)
        dead_directory = before->directory;
    current = next;
    switch_stacks(&before->esp, next->esp, next->directory);
    switch_finished();
}

/* A process cannot free the stack it stands on: whoever runs next does it. */
void switch_finished(void)
{
    gfn_t directory = dead_directory;
    dead_directory = 0;
    if (directory)
        space_free(directory);
}

void wait_begin(const volatile void *channel)
{
    current->channel = channel;
    current->state = PROCESS_WAITING;
}

void wait_end(void)
{
    current->state = PROCESS_READY;
    current->channel = NULL;
}

void wake(const volatile void *channel)
{
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
        if (p->state == PROCESS_WAITING && p->channel == channel)
            p->state = PROCESS_READY;
}

/* It ends itself: on its return to user mode, or out of whatever it waits for. */
void process_kill(struct process *p)
{
    if (p->pid == 1)
        return;
    p->killed = STATUS_KILLED;
    if (p->state == PROCESS_WAITING)
        p->state = PROCESS_READY;
}

void job_kill(u32 job)
{
    for (struct process *p = processes; p < processes + MAX_PROCESSES && job; p++)
        if (p->state != PROCESS_NONE && p->job == job)
            process_kill(p);
}

int sys_getpid(u32 a, u32 b, u32 c)
{
    (void)a, (void)b, (void)c;
    return current->pid;
}

int sys_yield(u32 a, u32 b, u32 c)
{
    (void)a, (void)b, (void)c;
    schedule();
    return 0;
}

/* A negative number: all of a job at once, before any of them can fork again. */
int sys_kill(u32 pid, u32 b, u32 c)
{
    (void)b, (void)c;
    if ((int)pid < 0) {
        job_kill(-pid);
        return 0;
    }
    struct process *p = process_find(pid);
    if (!p || p->state == PROCESS_ZOMBIE)
        return -ENOENT;
    if (pid == 1)
        return -EPERM;
    process_kill(p);
    return 0;
}

int sys_job(u32 pid, u32 job, u32 c)
{
    (void)c;
    struct process *p = process_find(pid);
    if (!p || (p != current && p->parent != current))
        return -EPERM;
    p->job = job;
    return 0;
}

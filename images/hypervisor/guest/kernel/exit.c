/* The end of a process, and the parent that hears of it. */
#include "kernel.h"

static struct process *init_process(void)
{
    return process_find(1);
}

static void give_children_to_init(struct process *p)
{
    for (struct process *child = processes; child < processes + MAX_PROCESSES; child++) {
        if (child->state == PROCESS_NONE || child->parent != p)
            continue;
        child->parent = init_process();
        if (child->state == PROCESS_ZOMBIE)
            wake(child->parent);
    }
}

/* Memory goes with the next switch of processes; number and status stay until the parent asks. */
void process_exit(u32 status)
{
    if (current->pid == 1)
        panic("init ended");
    files_put(current);
    areas_put(current);
    give_children_to_init(current);
    current->status = status;
    current->state = PROCESS_ZOMBIE;
    wake(current->parent);
    schedule();
    panic("a dead process ran");
}

int sys_exit(u32 status, u32 b, u32 c)
{
    (void)b, (void)c;
    process_exit(status & 255);
}

/* One ended child of ours with that number (any: -1), or NULL; `some` says whether there is any to wait for. */
static struct process *ended_child(int pid, bool *some)
{
    *some = false;
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++) {
        if (p->state == PROCESS_NONE || p->parent != current || (pid != -1 && p->pid != (u32)pid))
            continue;
        *some = true;
        if (p->state == PROCESS_ZOMBIE)
            return p;
    }
    return NULL;
}

int sys_wait(u32 pid, u32 status_at, u32 do_not_wait)
{
    struct process *p;
    bool some;
    if (!do_not_wait) {
        int error = WAIT_UNTIL(current, ended_child(pid, &some) || !some);
        if (error)
            return error;
    }
    p = ended_child(pid, &some);
    if (!p)
        return some ? 0 : -ECHILD;
    u32 ended = p->pid, status = p->status;
    p->state = PROCESS_NONE;
    return status_at && copy_to_user(status_at, &status, sizeof status) ? -EFAULT : (int)ended;
}

static const char *const fault_names[] = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM",
};

/*
 * A fault of the process's own. With a handler it goes on there, the fault described on its stack
 * (syscalls.h, struct fault_frame); a process without one, or without a stack, ends.
 */
void process_fault(struct trap_frame *f, gva_t address)
{
    struct fault_frame frame = { f->vector, f->error, address, f->eip };
    if (current->fault_handler && !copy_to_user(f->esp - sizeof frame, &frame, sizeof frame)) {
        f->esp -= sizeof frame;
        f->eip = current->fault_handler;
        return;
    }
    u32 tty = current->tty;
    console_printf(tty, "%s: killed: %s at 0x%x", current->name, fault_names[f->vector], f->eip);
    if (f->vector == 14)
        console_printf(tty, " (address 0x%x, error 0x%x)\n", address, f->error);
    else
        console_printf(tty, " (error 0x%x)\n", f->error);
    process_exit(STATUS_FAULT + f->vector);
}

int sys_onfault(u32 handler, u32 b, u32 c)
{
    (void)b, (void)c;
    current->fault_handler = handler;
    return 0;
}

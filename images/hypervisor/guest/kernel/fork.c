/*
 * fork. The child gets copy-on-write tables and a kernel stack of its own on which it looks as if it had
 * just made the same system call, with 0 for an answer. We write to that stack through the linear map.
 */
#include "kernel.h"

/* What only the shells may use up, so that a program that forks without end can still be looked at and killed. */
#define KEPT_PROCESSES 4u
#define KEPT_FRAMES 64u

/* What switch_stacks pops: EDI, ESI, EBX, EBP, and where it returns to. */
struct switch_frame { u32 edi, esi, ebx, ebp, eip; };

static u32 first_stack(gfn_t kernel_stack, const struct trap_frame *user)
{
    u8 *top = (u8 *)frame_bytes(kernel_stack) + PAGE_SIZE;
    struct trap_frame *frame = (struct trap_frame *)top - 1;
    struct switch_frame *resume = (struct switch_frame *)frame - 1;
    *frame = *user;
    frame->eax = 0;
    *resume = (struct switch_frame){ 0, 0, 0, 0, (u32)fork_return };
    return KERNEL_STACK + ((u32)resume & (PAGE_SIZE - 1));
}

static void inherit(struct process *child)
{
    child->parent = current;
    child->is_shell = current->pid == 1;
    child->job = current->job;
    child->tty = current->tty;
    child->heap = current->heap;
    child->brk = current->brk;
    child->fault_handler = current->fault_handler;
    memcpy(child->areas, current->areas, sizeof child->areas);
    memcpy(child->files, current->files, sizeof child->files);
    memcpy(child->name, current->name, sizeof child->name);
    areas_get(child);
    files_get(child);
}

int sys_fork(u32 a, u32 b, u32 c)
{
    (void)a, (void)b, (void)c;
    if (processes_free() <= (current->is_shell ? 0 : KEPT_PROCESSES))
        return -EAGAIN;
    if (frames_free() <= (current->is_shell ? 0 : KEPT_FRAMES))
        return -ENOMEM;
    struct process *child = process_new();
    gfn_t kernel_stack = frame_alloc();
    if (!child || !kernel_stack)
        return -ENOMEM;
    child->directory = space_fork(current->directory, kernel_stack);
    if (!child->directory) {
        frame_put(kernel_stack);
        return -ENOMEM;
    }
    child->esp = first_stack(kernel_stack, user_frame());
    inherit(child);
    child->state = PROCESS_READY;
    return child->pid;
}

/* What a program can ask about the machine, the processes and its own mappings; and how it ends the machine. */
#include "kernel.h"

int sys_system(u32 to, u32 b, u32 c)
{
    (void)b, (void)c;
    struct system_info *info;
    gfn_t spare = frame_alloc();
    if (!spare)
        return -ENOMEM;
    info = frame_bytes(spare);
    *info = (struct system_info){ start.mode, start.flags, start.role, start.domid, ticks, start.nr_frames, frames_free() + 1, { 0 } };
    copy_string(info->command_line, start.command_line, sizeof info->command_line);
    int error = copy_to_user(to, info, sizeof *info);
    frame_put(spare);
    return error;
}

int sys_processes(u32 index, u32 to, u32 c)
{
    (void)c;
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++) {
        if (p->state == PROCESS_NONE || index--)
            continue;
        struct process_info info = { p->pid, p->parent ? p->parent->pid : 0, p->state, p->ticks, 0, { 0 } };
        if (p->state != PROCESS_ZOMBIE)
            info.pages = space_pages(p->directory);
        copy_string(info.name, p->name, sizeof info.name);
        return copy_to_user(to, &info, sizeof info);
    }
    return -ENOENT;
}

int sys_mapping(u32 from, u32 to, u32 c)
{
    (void)c;
    pt->flush();
    for (gva_t va = PAGE_DOWN(from); va < GUEST_BASE;) {
        u32 *slot = space_entry(current->directory, va);
        if (!slot) {
            va = (directory_slot(va) + 1) << 22;
        } else if (!(*slot & PTE_P)) {
            va += PAGE_SIZE;
        } else {
            struct mapping_info info = { va, pte_frame(*slot) << PAGE_SHIFT, *slot & ~PTE_FRAME };
            return copy_to_user(to, &info, sizeof info);
        }
    }
    return -ENOENT;
}

int sys_mark(u32 n, u32 b, u32 c)
{
    (void)b, (void)c;
    machine_mark(n);
    return 0;
}

int sys_end(u32 status, u32 b, u32 c)
{
    (void)b, (void)c;
    if (ring_end())
        panic("a grant was revoked while it was mapped, or could not be afterwards");
    machine_end(status);
}

/*
 * Hypercalls: what a guest's kernel asks for by INT 0x82. Every argument is the guest's word only: pointers
 * are read through its own page tables with its own rights, numbers are checked where they are used.
 */
#include "hv.h"

#define WRITE_MAX 1024u /* bytes in one HC_CONSOLE_WRITE: no call keeps the others waiting for long */
#define TTYS 2u
#define TABLES_MAX 1024u /* gone through in one hypercall; a list is refused from there on, and can be sent again */

static int out_of_time(u32 number)
{
    return tables_gone_through > TABLES_MAX ? refuse(REFUSE_WORK, number, tables_gone_through) : 0;
}

/* Lists are copied before they are looked at: what was checked is then what is used. */
static int mmu_updates(struct domain *d, gva_t list, u32 n)
{
    struct mmu_update update[BATCH_MAX];
    int error = 0;
    if (copy_from_guest(d, update, list, n * sizeof *update)) return refuse(REFUSE_CALL, HC_MMU_UPDATE, list);
    d->shared->done = 0;
    for (u32 i = 0; i < n && !error; i++) {
        error = out_of_time(HC_MMU_UPDATE);
        if (!error) error = direct_update(d, update[i].ptr, update[i].val);
        if (!error) d->shared->done++;
    }
    return error;
}

static int mmu_extended(struct domain *d, gva_t list, u32 n)
{
    struct mmuext_op op[BATCH_MAX];
    int error = 0;
    if (copy_from_guest(d, op, list, n * sizeof *op)) return refuse(REFUSE_CALL, HC_MMUEXT, list);
    d->shared->done = 0;
    for (u32 i = 0; i < n && !error; i++) {
        error = out_of_time(HC_MMUEXT);
        if (!error) error = direct_extended(d, op[i].cmd, op[i].arg);
        if (!error) d->shared->done++;
    }
    return error;
}

/* Page tables are the paravirtual guest's affair; the others' are shadowed. */
static int mmu_call(struct domain *d, u32 number, u32 a, u32 b)
{
    if (d->mmu.mode != MODE_PV) return refuse(REFUSE_CALL, number, d->mmu.mode);
    if (number == HC_UPDATE_VA) return direct_update_va(d, a, b);
    if (b > BATCH_MAX) return refuse(REFUSE_CALL, number, b);
    return number == HC_MMU_UPDATE ? mmu_updates(d, a, b) : mmu_extended(d, a, b);
}

static int write_console(struct domain *d, gva_t buffer, u32 n, u32 tty)
{
    if (n > WRITE_MAX || tty >= TTYS) return refuse(REFUSE_CALL, n, tty);
    for (u32 i = 0; i < n; i++) {
        u8 byte;
        if (copy_from_guest(d, &byte, buffer + i, 1)) return refuse(REFUSE_CALL, buffer, i);
        console_write(d, tty, byte);
    }
    return (int)n;
}

static int set_traps(struct domain *d, gva_t idt, u32 limit)
{
    d->vcpu.idt_base = idt;
    d->vcpu.idt_limit = limit & 0xFFFF;
    watch_copied(d);
    update_direct_gate(d);
    return 0;
}

/* Unmasking and waiting are one step to the guest: an event that has come by now is delivered instead. */
static int wait(struct domain *d)
{
    set_interrupts(d, true);
    if (!events_pending(d)) block(d);
    return 0;
}

static int set_schedule(struct domain *d, u32 domid, u32 weight, u32 cap)
{
    if (d->id != 0) {
        refuse(REFUSE_CALL, HC_SCHED, d->id);
        return HV_EPERM;
    }
    if (domid >= MAX_DOMAINS || weight < 1 || weight > 65535 || cap > 100) return refuse(REFUSE_CALL, HC_SCHED, domid);
    domains[domid].weight = weight;
    domains[domid].cap = cap;
    return 0;
}

static int finish(struct domain *d, u32 code)
{
    d->exit_code = code;
    domain_kill(d, KILL_EXIT);
    return 0;
}

static int multicall(struct domain *d, gva_t list, u32 n);

static int call(struct domain *d, u32 number, u32 a, u32 b, u32 c)
{
    switch (number) {
    case HC_MMU_UPDATE:
    case HC_UPDATE_VA:
    case HC_MMUEXT: return mmu_call(d, number, a, b);
    case HC_MULTICALL: return multicall(d, a, b);
    case HC_SET_TRAPS: return set_traps(d, a, b);
    case HC_STACK_SWITCH: set_kernel_stack(d, GUEST_KDS, a); return 0;
    case HC_CONSOLE_WRITE: return write_console(d, a, b, c);
    case HC_CONSOLE_READ: return a < TTYS ? console_read(d, a) : refuse(REFUSE_CALL, number, a);
    case HC_BLOCK: return wait(d);
    case HC_YIELD: yield(); return 0;
    case HC_EXIT: return finish(d, a);
    case HC_SET_TIMER: d->timer_event = a != 0; return 0;
    case HC_EVENT: return event_op(d, a, b, c);
    case HC_GRANT: return grant_op(d, a, b, c);
    case HC_MARK: port_out(d, PORT_MARK, 4, a); return 0;
    case HC_SCHED: return set_schedule(d, a, b, c);
    default: refuse(REFUSE_CALL, number, a); return HV_ENOSYS;
    }
}

/* One exit for many calls. It ends at the first that is refused; each one's result is stored beside it. */
static int multicall(struct domain *d, gva_t list, u32 n)
{
    struct multicall m[BATCH_MAX];
    int result = 0;
    if (n > BATCH_MAX || copy_from_guest(d, m, list, n * sizeof *m)) return refuse(REFUSE_CALL, HC_MULTICALL, n);
    for (u32 i = 0; i < n && result >= 0; i++) {
        if (m[i].op == HC_MULTICALL || m[i].op == HC_EXIT) result = refuse(REFUSE_CALL, HC_MULTICALL, m[i].op);
        else result = call(d, m[i].op, m[i].args[0], m[i].args[1], m[i].args[2]);
        m[i].result = (u32)result;
    }
    copy_to_guest(d, list, m, n * sizeof *m);
    return result < 0 ? result : 0;
}

/* As IRET, from a frame that begins with EAX, since the call's number took its place. */
static void return_from_interrupt(struct domain *d, struct regs *regs)
{
    struct { u32 eax, eip, cs, eflags, esp, ss; } frame;
    const u32 inside = 4 * sizeof(u32);
    if (copy_from_guest(d, &frame, regs->esp, inside) ||
        ((frame.cs & 3) == 3 && copy_from_guest(d, &frame.esp, regs->esp + inside, 2 * sizeof(u32)))) {
        regs->eax = (u32)refuse(REFUSE_CALL, HC_IRET, regs->esp);
        return;
    }
    regs->eax = frame.eax;
    set_interrupts(d, (frame.eflags & FLAG_IF) != 0);
    if ((frame.cs & 3) == 3) {
        enter_user(d, frame.eip, frame.eflags, frame.esp);
        return;
    }
    regs->eip = frame.eip;
    regs->eflags = guest_eflags(frame.eflags);
    regs->esp += inside;
}

void hypercall(struct domain *d, struct regs *regs)
{
    tables_gone_through = 0;
    trace4(EXIT_HYPERCALL, regs->eax, regs->ebx, regs->ecx, regs->edx);
    if (regs->eax == HC_IRET) return_from_interrupt(d, regs);
    else regs->eax = (u32)call(d, regs->eax, regs->ebx, regs->ecx, regs->edx);
}

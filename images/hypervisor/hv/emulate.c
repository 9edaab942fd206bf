/*
 * The instructions that a kernel may use and ring 1 may not: they raise #GP, and are done here on the
 * virtual CPU. False means that a CPU at level 0 would refuse them too: the guest gets its #GP.
 */
#include "hv.h"

#define CR0_TS 0x8u
#define CR4_KNOWN (CR4_PSE | CR4_PAE | CR4_PGE)
#define EXT_LLDT 2
#define EXT_LTR 3
#define EXT_LGDT 2
#define EXT_LIDT 3
#define EXT_LMSW 6
#define EXT_INVLPG 7

static bool read_cr(struct domain *d, struct regs *regs, const struct insn *insn)
{
    const u32 values[] = { d->vcpu.cr0, 0, d->vcpu.cr2, d->vcpu.cr3, d->vcpu.cr4 };

    if (insn->reg >= COUNT(values) || insn->reg == 1)
        return false;
    *reg_of(regs, insn->rm) = values[insn->reg];
    trace(EXIT_CR_READ, insn->reg, values[insn->reg], 0);
    return true;
}

static bool set_cr0(struct domain *d, u32 value)
{
    value |= CR0_ET;
    if (d->mmu.mode == MODE_PV && (value ^ d->vcpu.cr0) & (CR0_PG | CR0_WP))
        return false; /* paging is the hypervisor's */
    if (!(value & CR0_PE)) {
        domain_kill(d, KILL_CANNOT_EMULATE); /* real mode */
        return true;
    }
    trace(EXIT_CR_WRITE, 0, d->vcpu.cr0, value);
    if (d->mmu.mode == MODE_PV)
        d->vcpu.cr0 = value;
    else
        mmu_set_cr0(d, value);
    return true;
}

static bool write_cr(struct domain *d, struct regs *regs, const struct insn *insn)
{
    u32 value = *reg_of(regs, insn->rm);

    if (insn->reg == 0)
        return set_cr0(d, value);
    if (insn->reg == 2) {
        trace(EXIT_CR_WRITE, 2, d->vcpu.cr2, value);
        d->vcpu.cr2 = value;
        return true;
    }
    if (d->mmu.mode == MODE_PV)
        return false; /* MMUEXT_NEW_BASEPTR does it, after a check */
    if (insn->reg == 3) {
        trace(EXIT_CR3, d->vcpu.cr3, value, 0);
        mmu_set_cr3(d, value);
        return true;
    }
    if (insn->reg != 4 || value & ~CR4_KNOWN)
        return false;
    trace(EXIT_CR_WRITE, 4, d->vcpu.cr4, value);
    mmu_set_cr4(d, value);
    return true;
}

/* The segments we run the guest with are flat, so its own must be: 4 GB from 0 at the agreed places. */
static bool segments_are_flat(struct domain *d)
{
    static const u32 access[] = { 0x9A, 0x92, 0xFA, 0xF2 }; /* code, data; code, data with DPL 3 */
    u32 segment[2];

    for (u32 i = 0; i < COUNT(access); i++) {
        if (copy_from_guest(d, segment, d->vcpu.gdt_base + 8 * (i + 1), 8))
            return false;
        if (segment[0] != 0xFFFF || (segment[1] & 0xFFFFFEFF) != (0x00CF0000 | access[i] << 8))
            return false;
    }
    return true;
}

/* We hold copies of ESP0 and SS0 and of the system call's gate: stores to them must exit. */
void watch_copied(struct domain *d)
{
    if (d->mmu.mode == MODE_PV)
        return;
    mmu_unwatch(d);
    mmu_watch(d, d->vcpu.idt_base + 8 * SYSCALL_VECTOR, 8);
    if (d->vcpu.tss_base)
        mmu_watch(d, d->vcpu.tss_base + 4, 8);
}

static void load_task_register(struct domain *d, u32 selector)
{
    u32 tss[2];

    trace(EXIT_TABLE, EXT_LTR, selector, 0);
    if (copy_from_guest(d, tss, d->vcpu.gdt_base + (selector & 0xFFF8), 8))
        return;
    d->vcpu.tss_base = tss[0] >> 16 | (tss[1] & 0xFF) << 16 | (tss[1] & 0xFF000000);
    watch_copied(d);
    update_direct_gate(d);
}

/* LGDT, LIDT: a 16-bit limit and a 32-bit base in memory. */
static void load_table(struct domain *d, const struct insn *insn)
{
    u16 pointer[3];
    u32 fault = copy_from_guest(d, pointer, insn->ea, sizeof pointer);
    u32 limit = pointer[0], base = pointer[1] | (u32)pointer[2] << 16;

    if (fault) {
        inject_page_fault(d, insn->ea, fault);
        return;
    }
    trace(EXIT_TABLE, insn->reg, base, limit);
    guest_regs->eip += insn->length;
    if (insn->reg == EXT_LGDT) {
        d->vcpu.gdt_base = base;
        d->vcpu.gdt_limit = limit;
        if (!segments_are_flat(d))
            domain_kill(d, KILL_SEGMENTS);
        return;
    }
    d->vcpu.idt_base = base;
    d->vcpu.idt_limit = limit;
    watch_copied(d);
    update_direct_gate(d);
}

static bool group_0f01(struct domain *d, struct regs *regs, const struct insn *insn)
{
    if (insn->reg == EXT_LMSW && insn->mod == 3) /* can set PE, not clear it */
        return set_cr0(d, (d->vcpu.cr0 & ~0xEu) | (*reg_of(regs, insn->rm) & 0xF) | CR0_PE);
    if (insn->mod == 3)
        return false;
    if (insn->reg == EXT_INVLPG) {
        trace(EXIT_INVLPG, insn->ea, 0, 0);
        if (d->mmu.mode != MODE_PV)
            mmu_invlpg(d, insn->ea);
        return true;
    }
    return false;
}

static bool group_0f00(struct domain *d, struct regs *regs, const struct insn *insn)
{
    u16 selector;

    if (insn->mod == 3)
        selector = (u16)*reg_of(regs, insn->rm);
    else if (copy_from_guest(d, &selector, insn->ea, 2))
        return false;
    if (insn->reg == EXT_LTR) {
        load_task_register(d, selector);
        return true;
    }
    if (insn->reg == EXT_LLDT && !selector) {
        trace(EXIT_TABLE, EXT_LLDT, 0, 0);
        return true;
    }
    return false;
}

/* To user mode, or to kernel code whose frame was marked by RPL (SDM vol. 2A, IRET). */
static bool return_from_interrupt(struct domain *d, struct regs *regs)
{
    u32 frame[5], esp = regs->esp, fault = copy_from_guest(d, frame, esp, 12);
    bool user = (frame[1] & 0xFFFF) == GUEST_UCS;

    if (!fault && user)
        fault = copy_from_guest(d, frame + 3, esp + 12, 8);
    if (fault) {
        inject_page_fault(d, esp, fault);
        return true;
    }
    if (user ? (frame[4] & 0xFFFF) != GUEST_UDS : (frame[1] & 0xFFFC) != GUEST_KCS)
        return false;
    trace(EXIT_IRET, frame[0], frame[1], frame[2]);
    if (user) {
        enter_user(d, frame[0], frame[2], frame[3]);
        return true;
    }
    regs->eip = frame[0];
    regs->eflags = frame[2];
    regs->esp = esp + 12;
    set_interrupts(d, (frame[2] & FLAG_IF) != 0);
    return true;
}

/* Far RET to the kernel's own code segment, whose RPL is 0 to the guest: how kernels begin to use a GDT. */
static bool far_return(struct domain *d, struct regs *regs)
{
    u32 frame[2];

    if (copy_from_guest(d, frame, regs->esp, sizeof frame) || (frame[1] & 0xFFFC) != GUEST_KCS)
        return false;
    trace(EXIT_SEGMENT, 1, frame[1] & 0xFFFF, 0);
    regs->eip = frame[0];
    regs->esp += sizeof frame;
    return true;
}

static void halt(struct domain *d)
{
    trace(EXIT_HLT, 0, 0, 0);
    if (!interrupts_enabled(d))
        domain_kill(d, KILL_EXIT); /* nothing could ever wake it */
    else if (!events_pending(d) && !platform_has_pending(d))
        block(d);
}

/* MOV or POP to SS: ring 1 wants RPL 1 where the guest says 0. Other selectors that trap are no good to a CPU either. */
static bool load_stack_segment(struct domain *d, struct regs *regs, const struct insn *insn)
{
    bool pop = insn->opcode == 0x17;
    u32 selector = 0;

    if (!pop && (insn->reg != 2))
        return false;
    if (!pop && insn->mod == 3)
        selector = *reg_of(regs, insn->rm);
    else if (copy_from_guest(d, &selector, pop ? regs->esp : insn->ea, 2))
        return false;
    if ((selector & 0xFFFC) != GUEST_KDS)
        return false;
    trace(EXIT_SEGMENT, 2, selector & 0xFFFF, 0);
    regs->esp += pop ? 4 : 0;
    return true;
}

static bool privileged(struct domain *d, struct regs *regs, const struct insn *insn)
{
    switch (insn->opcode) {
    case 0xF4:
        halt(d);
        return true;
    case 0xFA:
        trace(EXIT_CLI, 0, 0, 0);
        set_interrupts(d, false);
        d->vcpu.sti_shadow = 0;
        return true;
    case 0xFB:
        trace(EXIT_STI, 0, 0, 0);
        if (!interrupts_enabled(d))
            d->vcpu.sti_shadow = regs->eip + insn->length;
        set_interrupts(d, true);
        return true;
    case 0x0F20:
        return read_cr(d, regs, insn);
    case 0x0F22:
        return write_cr(d, regs, insn);
    case 0x0F06: /* CLTS */
        trace(EXIT_OTHER, insn->opcode, 0, 0);
        d->vcpu.cr0 &= ~CR0_TS;
        return true;
    case 0x0F00:
        return group_0f00(d, regs, insn);
    case 0x0F01:
        return group_0f01(d, regs, insn);
    case 0x0F21: /* MOV from DR: there are none set */
        *reg_of(regs, insn->rm) = 0;
        /* fallthrough */
    case 0x0F23: /* MOV to DR */
    case 0x0F08: /* INVD, WBINVD: the caches are not the guest's business */
    case 0x0F09:
        trace(EXIT_OTHER, insn->opcode, 0, 0);
        return true;
    case 0x8E:
    case 0x17:
        return load_stack_segment(d, regs, insn);
    }
    return false;
}

bool emulate_privileged(struct domain *d, struct regs *regs)
{
    struct insn insn;

    if (!decode(d, regs, &insn))
        return false;
    /* These set EIP themselves. */
    if (insn.opcode == 0xCF)
        return return_from_interrupt(d, regs);
    if (insn.opcode == 0xCB)
        return far_return(d, regs);
    if ((insn.opcode >= 0x6C && insn.opcode <= 0x6F) || insn.opcode >> 4 == 0xE)
        return d->mmu.mode != MODE_PV && emulate_io(d, regs, &insn);
    if (insn.opcode == 0x0F01 && insn.mod != 3 && (insn.reg == EXT_LGDT || insn.reg == EXT_LIDT)) {
        load_table(d, &insn);
        return true;
    }
    if (!privileged(d, regs, &insn))
        return false;
    if (d->state != RUN_DEAD)
        regs->eip += insn.length;
    return true;
}

/*
 * What happens between an exit and the return to a guest: which part of the hypervisor it concerns, and
 * how interrupts and exceptions reach the guest through its own IDT.
 *
 * A guest's kernel runs in ring 1 with the real interrupt flag always on; the flag it believes in is
 * vcpu.interrupts (PV: shared_info.upcall_mask). CLI and STI trap; POPF does not and changes nothing. IRET
 * to user mode is native while the flag is on. While it is off, the user code segment has DPL 2: IRET then
 * raises #GP, is emulated, and the flag comes back with the frame. Frames over interrupted kernel code carry
 * KERNEL_FRAME_CS, so that their IRET raises #GP always.
 */
#include "tables.h"

#define VECTOR_DF 8
#define VECTOR_NP 11
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_TIMER 0x20 /* the machine's PIC: lines 0 to 15 */
#define VECTOR_LAST_LINE 0x2F
#define ERROR_CODES 0x27D00u /* exceptions that push one: 8, 10 to 14, 17 */
#define ERROR_IDT 2u         /* of an error code: it names a vector */

static struct domain *installed; /* whose stack pointer is in the TSS */

bool interrupts_enabled(const struct domain *d)
{
    return d->mmu.mode == MODE_PV ? !d->shared->upcall_mask : d->vcpu.interrupts;
}

void set_interrupts(struct domain *d, bool on)
{
    d->vcpu.interrupts = on;
    if (d->mmu.mode == MODE_PV)
        d->shared->upcall_mask = !on;
}

void set_kernel_stack(struct domain *d, u32 ss, u32 esp)
{
    d->vcpu.kernel_ss = ss;
    d->vcpu.kernel_esp = esp;
    installed = NULL;
}

/* Reads a gate of the guest's IDT: false when it could not be used (SDM vol. 3A, 6.11). */
static bool read_gate(struct domain *d, u32 vector, u32 gate[2])
{
    if (vector * 8 + 7 > d->vcpu.idt_limit || copy_from_guest(d, gate, d->vcpu.idt_base + vector * 8, 8))
        return false;
    return (gate[1] & 0x9E00) == 0x8E00 && (gate[0] >> 16 & 0xFFFC) == GUEST_KCS;
}

static bool is_trap_gate(const u32 gate[2]) { return gate[1] & 0x100; }
static u32 gate_dpl(const u32 gate[2]) { return gate[1] >> 13 & 3; }
static u32 gate_handler(const u32 gate[2]) { return (gate[0] & 0xFFFF) | (gate[1] & 0xFFFF0000); }

void update_direct_gate(struct domain *d)
{
    u32 gate[2], stack[2];
    bool direct = read_gate(d, SYSCALL_VECTOR, gate) && is_trap_gate(gate) && gate_dpl(gate) == 3;

    d->vcpu.syscall_entry = direct ? gate_handler(gate) : 0;
    if (d->vcpu.tss_base && !copy_from_guest(d, stack, d->vcpu.tss_base + 4, sizeof stack))
        set_kernel_stack(d, stack[1], stack[0]);
    installed = NULL;
}

/* Puts the CPU in ring 1 at the handler, the frame on the kernel's stack. False: there is no such stack. */
static bool push_frame(struct domain *d, const u32 gate[2], bool has_error, u32 error)
{
    struct regs *regs = guest_regs;
    u32 frame[6], words = 0, esp = regs->esp;
    bool user = d->vcpu.cpl == 3;

    if (has_error)
        frame[words++] = error;
    frame[words++] = regs->eip;
    frame[words++] = user ? GUEST_UCS : KERNEL_FRAME_CS;
    frame[words++] = (regs->eflags & ~FLAG_IF) | (interrupts_enabled(d) ? FLAG_IF : 0);
    if (user) {
        frame[words++] = regs->esp;
        frame[words++] = GUEST_UDS;
        esp = d->vcpu.kernel_esp;
    }
    esp -= 4 * words;
    if (copy_to_guest(d, esp, frame, 4 * words))
        return false;
    d->vcpu.cpl = 0;
    regs->esp = esp;
    regs->eip = gate_handler(gate);
    regs->eflags &= ~0x14100u; /* RF, NT, TF */
    if (!is_trap_gate(gate))
        set_interrupts(d, false);
    return true;
}

void inject(struct domain *d, u32 vector, bool has_error, u32 error)
{
    u32 gate[2];

    if (d->state == RUN_DEAD)
        return;
    if (!read_gate(d, vector, gate)) {
        if (vector < 32 && vector != VECTOR_DF)
            inject(d, VECTOR_DF, true, 0);
        else
            domain_kill(d, KILL_TRIPLE_FAULT);
    } else if (!push_frame(d, gate, has_error, error)) {
        domain_kill(d, KILL_TRIPLE_FAULT); /* the double fault's frame would need the same stack */
    } else {
        trace4(STEP_INJECT, vector, error, guest_regs->eip, guest_regs->esp);
    }
}

void inject_page_fault(struct domain *d, gva_t gva, u32 error)
{
    d->vcpu.cr2 = gva;
    if (d->mmu.mode == MODE_PV)
        d->shared->cr2 = gva;
    inject(d, VECTOR_PF, true, error & 0xFF);
}

/*
 * STI holds interrupts off for one more instruction: `sti; hlt` must not take its interrupt before the HLT,
 * which would then wait for another (the lost wake-up). An instruction that traps is waited for; before any
 * other the interrupt may as well come now, since it would have to come before the next exit anyway.
 */
static bool in_sti_shadow(struct domain *d)
{
    u8 next;

    if (!d->vcpu.sti_shadow || BUG(BUG_LOST_WAKEUP))
        return false;
    if (d->vcpu.sti_shadow == guest_regs->eip && !copy_from_guest(d, &next, guest_regs->eip, 1) &&
        (next == 0xF4 || next == 0xFA || next == 0xFB || next == 0xCF)) /* HLT, CLI, STI, IRET */
        return true;
    d->vcpu.sti_shadow = 0;
    return false;
}

void deliver_pending(struct domain *d)
{
    u32 vector;

    if (d->state == RUN_DEAD || !interrupts_enabled(d) || in_sti_shadow(d))
        return;
    if (events_pending(d))
        inject(d, EVENT_VECTOR, false, 0);
    else if (d->mmu.mode != MODE_PV && platform_pending(d, &vector))
        inject(d, vector, false, 0);
}

/* INT n that the real IDT refused (its gates have DPL 0): the guest's own IDT decides. */
static void software_interrupt(struct domain *d, struct regs *regs, u32 vector)
{
    u32 gate[2];
    struct insn insn;
    u32 length = regs->vector == VECTOR_GP && decode(d, regs, &insn) ? insn.length : 0;

    trace(EXIT_SOFT_INT, vector, 0, 0);
    if (!read_gate(d, vector, gate) || gate_dpl(gate) < d->vcpu.cpl) {
        if (!length)
            regs->eip -= 2; /* our own gate let it through */
        inject(d, VECTOR_GP, true, vector << 3 | ERROR_IDT);
        return;
    }
    regs->eip += length;
    inject(d, vector, false, 0);
}

static void general_protection(struct domain *d, struct regs *regs)
{
    if ((regs->error & 7) == ERROR_IDT) {
        software_interrupt(d, regs, regs->error >> 3);
        return;
    }
    if (d->vcpu.cpl == 0 && emulate_privileged(d, regs))
        return;
    trace(EXIT_EXCEPTION, VECTOR_GP, regs->error, 0);
    inject(d, VECTOR_GP, true, regs->error);
}

static void page_fault(struct domain *d, struct regs *regs)
{
    gva_t gva;

    __asm__ volatile("mov %%cr2, %0" : "=r"(gva));
    if (d->mmu.mode == MODE_PV)
        direct_page_fault(d, regs, gva);
    else
        mmu_page_fault(d, regs, gva);
}

/* A line of the machine's PIC. Only the timer's is open; lines 7 and 15 also say "none after all". */
static void machine_interrupt(u32 vector)
{
    if (vector != VECTOR_TIMER)
        return;
    outb(0x20, 0x20); /* EOI */
    for (u32 i = 0; i < hv_info.nr_domains; i++) {
        struct domain *d = &domains[i];
        if (d->state == RUN_DEAD)
            continue;
        d->shared->ticks++;
        if (d->mmu.mode != MODE_PV)
            platform_tick(d);
    }
    schedule_tick();
    console_input();
}

static void dispatch(struct domain *d, struct regs *regs)
{
    u32 vector = regs->vector;

    if (vector == VECTOR_PF) {
        page_fault(d, regs);
    } else if (vector == VECTOR_GP) {
        general_protection(d, regs);
    } else if (vector == HYPERCALL_VECTOR) {
        hypercall(d, regs);
    } else if (vector == SYSCALL_VECTOR) {
        software_interrupt(d, regs, vector);
    } else if (vector >= VECTOR_TIMER && vector <= VECTOR_LAST_LINE) {
        trace(vector == VECTOR_TIMER ? EXIT_TIMER : EXIT_DEVICE, vector - VECTOR_TIMER, 0, 0);
        machine_interrupt(vector);
    } else if (vector < 32 && vector != VECTOR_DF) {
        trace(EXIT_EXCEPTION, vector, regs->error, 0);
        inject(d, vector, ERROR_CODES >> vector & 1, regs->error);
    } else {
        panic("a trap that no guest can cause");
    }
}

/* Selectors that load without a fault in ring 0 whatever the guest did; a code segment loaded for data gets lost. */
static u32 data_selector(u32 selector)
{
    selector &= 0xFFFF;
    return (selector & ~3u) == GUEST_KDS || (selector & ~3u) == (GUEST_UDS & ~3u) ? selector : 0;
}

static void prepare_registers(struct domain *d, struct regs *regs)
{
    bool user = d->vcpu.cpl == 3;

    regs->cs = user ? GUEST_UCS : GUEST_KCS | 1;
    regs->ss = user ? GUEST_UDS : GUEST_KDS | 1;
    if (((regs->ds ^ GUEST_UDS) | (regs->es ^ GUEST_UDS) | (regs->fs ^ GUEST_UDS) | (regs->gs ^ GUEST_UDS)) & 0xFFFF) {
        regs->ds = data_selector(regs->ds);
        regs->es = data_selector(regs->es);
        regs->fs = data_selector(regs->fs);
        regs->gs = data_selector(regs->gs);
    }
    regs->eflags = guest_eflags(regs->eflags);
}

/* The CPU's tables as this domain needs them. A system call goes direct only where it need not touch the flag. */
static void prepare_tables(struct domain *d)
{
    bool user = d->vcpu.cpl == 3, enabled = d->mmu.mode == MODE_PV || d->vcpu.interrupts;

    if (installed != d) {
        set_kernel_stack_pointer(d->vcpu.kernel_esp);
        installed = d;
    }
    set_syscall_gate(user && !enabled ? 0 : d->vcpu.syscall_entry);
    set_user_code_dpl(user || (enabled && !d->vcpu.sti_shadow) ? 3 : 2);
}

/* Ends every exit; returns the directory to run on. */
static ma_t leave(void)
{
    do {
        if (machine_is_over()) {
            trace_exit_end();
            machine_end();
        }
        schedule();
        deliver_pending(current); /* may end it */
    } while (current->state == RUN_DEAD);
    prepare_registers(current, guest_regs);
    prepare_tables(current);
    trace_exit_end();
    return current->mmu.root;
}

/*
 * VM in the flags that IRET pops counts in ring 0 alone; QEMU takes it from any ring, and so a guest may come from
 * virtual-8086 mode (cputest: hostile/iret-VM-flag). The frame is larger then: the registers are not where they
 * should be, and this is no guest that can go on.
 */
static ma_t end_virtual_8086(struct regs *regs)
{
    trace_exit_begin(regs);
    trace(EXIT_EXCEPTION, regs->vector, regs->error, 0);
    guest_regs->eip = regs->eip;
    domain_kill(current, KILL_CANNOT_EMULATE);
    return leave();
}

/* Called by entry.S for every exit. */
ma_t trap(struct regs *regs)
{
    if (regs->eflags & FLAG_VM)
        return end_virtual_8086(regs);
    current->vcpu.cpl = (regs->cs & 3) == 3 ? 3 : 0;
    trace_exit_begin(regs);
    dispatch(current, regs);
    return leave();
}

/* Called by entry.S for an interrupt of the hypervisor itself, which opens them only to wait. */
void trap_in_hypervisor(struct regs *regs)
{
    if (regs->vector >= VECTOR_TIMER && regs->vector <= VECTOR_LAST_LINE) {
        machine_interrupt(regs->vector);
        return;
    }
    log_text("(hv) vector ");
    log_hex(regs->vector);
    log_text(" at ");
    log_hex(regs->eip);
    log_text("\n");
    panic("the hypervisor faulted");
}

/* The first way into the domains. */
void run_guests(void)
{
    *guest_regs = current->regs;
    prepare_registers(current, guest_regs);
    prepare_tables(current);
    start_guest(current->mmu.root);
}

/* State as after an IRET to ring 3. */
void enter_user(struct domain *d, u32 eip, u32 eflags, u32 esp)
{
    guest_regs->eip = eip;
    guest_regs->esp = esp;
    guest_regs->eflags = eflags;
    d->vcpu.cpl = 3;
    set_interrupts(d, (eflags & FLAG_IF) != 0);
}

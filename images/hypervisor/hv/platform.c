/*
 * The PC that a guest with its own drivers finds: 8259A pair, 8253 channel 0, two 16550 UARTs, and the
 * port-I/O device of abi/guest.h. Datasheets: Intel 8259A (order 231468), Intel 8254 (order 231164),
 * National PC16550D.
 *
 * Domain 0's UARTs are the machine's own: what it reads is left in their FIFOs until it reads it. The
 * other domains have no input, and what they write comes out on COM1 line by line.
 */
#include "hv.h"

#define PIC_EOI 0x20u
#define IRQ_TIMER 0
#define IRQ_UART(u) ((u) ? 3u : 4u)
#define UART_PORT(u) ((u) ? 0x2F8u : 0x3F8u)
#define IER_RX 1u
#define IER_THRE 2u
#define LCR_DLAB 0x80u
#define LSR_READY 0x01u
#define LSR_EMPTY 0x60u
#define PIT_HZ 1193182u
#define TICK_HZ 100u
#define LINE_MAX 100u

static struct { u32 length; char text[LINE_MAX]; } lines[MAX_DOMAINS];

/* ---- consoles ---- */

static bool input_waits(const struct domain *d, u32 u)
{
    u8 status = d->id == 0 ? inb((u16)(UART_PORT(u) + 5)) : 0;

    return status & LSR_READY && status != 0xFF; /* all ones: the machine has no such UART */
}

int console_read(struct domain *d, u32 tty)
{
    return input_waits(d, tty) ? inb((u16)UART_PORT(tty)) : -1;
}

void console_write(struct domain *d, u32 tty, u8 byte)
{
    u32 port = d->id == 0 ? UART_PORT(tty) : 0;

    if (port) {
        while (!(inb((u16)(port + 5)) & LSR_EMPTY))
            ;
        outb((u16)port, byte);
        return;
    }
    if (byte != '\n') {
        lines[d->id].text[lines[d->id].length++] = (char)byte;
        if (lines[d->id].length < LINE_MAX - 1)
            return;
    }
    lines[d->id].text[lines[d->id].length] = 0;
    lines[d->id].length = 0;
    log_text(d->id == 1 ? "(d1) " : "(d2) ");
    log_text(lines[d->id].text);
    log_text("\n");
}

/* ---- 8259A ---- */

static u8 lowest(u8 bits) { return bits & -bits; }

/* Fully nested: a line is let through when no line as urgent is in service. Nothing is wired to the second chip. */
bool platform_has_pending(const struct domain *d)
{
    u8 ready = d->platform.pic_irr[0] & ~d->platform.pic_mask[0], isr = d->platform.pic_isr[0];

    return ready && (!isr || lowest(ready) < lowest(isr));
}

bool platform_pending(struct domain *d, u32 *vector)
{
    u8 line;

    if (!platform_has_pending(d))
        return false;
    line = lowest(d->platform.pic_irr[0] & ~d->platform.pic_mask[0]);
    d->platform.pic_irr[0] &= ~line;
    d->platform.pic_isr[0] |= line;
    *vector = d->platform.pic_base[0] + (u32)__builtin_ctz(line);
    return true;
}

void platform_raise(struct domain *d, u32 irq)
{
    d->platform.pic_irr[0] |= 1 << irq;
    if (platform_has_pending(d))
        wake(d);
}

/* The UART's interrupt line follows its causes; the PIC sees its rising edge. */
static void update_line(struct domain *d, u32 u)
{
    struct platform *p = &d->platform;
    bool high = (p->uart_ier[u] & IER_RX && input_waits(d, u)) || (p->uart_ier[u] & IER_THRE && p->uart_thr_irq[u]);

    if (high && !p->uart_line[u])
        platform_raise(d, IRQ_UART(u));
    p->uart_line[u] = (u8)high;
}

/* A line still high when its service ends is served again: the guest may have left bytes behind. */
static void end_of_interrupt(struct domain *d, u32 chip, u8 command)
{
    u8 isr = d->platform.pic_isr[chip];
    u8 line = command & 0x40 ? 1 << (command & 7) : lowest(isr); /* specific or not */

    d->platform.pic_isr[chip] &= ~line;
    for (u32 u = 0; u < 2 && chip == 0; u++)
        if (line == 1 << IRQ_UART(u)) {
            d->platform.uart_line[u] = 0;
            update_line(d, u);
        }
}

static void pic_command(struct domain *d, u32 chip, u8 value)
{
    struct platform *p = &d->platform;

    if (value & 0x10) { /* ICW1 */
        p->pic_init[chip] = 1;
        p->pic_irr[chip] = p->pic_isr[chip] = p->pic_mask[chip] = 0;
    } else if (value & 0x08) { /* OCW3 */
        if (value & 2)
            p->pic_read_isr[chip] = value & 1;
    } else if (value & PIC_EOI) { /* OCW2 */
        end_of_interrupt(d, chip, value);
    }
}

/* ICW2 (vectors), ICW3 and ICW4 (nothing to choose here) follow ICW1; after that it is the mask. */
static void pic_data(struct domain *d, u32 chip, u8 value)
{
    struct platform *p = &d->platform;

    if (p->pic_init[chip] == 0)
        p->pic_mask[chip] = value;
    else if (p->pic_init[chip] == 1)
        p->pic_base[chip] = value & 0xF8;
    if (p->pic_init[chip])
        p->pic_init[chip] = (p->pic_init[chip] + 1) & 3;
}

/* ---- 8253 channel 0: as often as asked, to the nearest of our own ticks ---- */

static void timer_data(struct domain *d, u8 value)
{
    struct platform *p = &d->platform;
    u32 divisor;

    p->timer_latch = (u16)(p->timer_latch >> 8 | value << 8); /* low byte, then high byte */
    if (!(p->timer_high ^= 1)) {
        divisor = p->timer_latch ? p->timer_latch : 0x10000;
        p->timer_reload = (divisor * TICK_HZ + PIT_HZ / 2) / PIT_HZ;
        if (!p->timer_reload)
            p->timer_reload = 1;
        p->timer_count = p->timer_reload;
    }
}

void platform_tick(struct domain *d)
{
    if (d->platform.timer_reload && --d->platform.timer_count == 0) {
        d->platform.timer_count = d->platform.timer_reload;
        platform_raise(d, IRQ_TIMER);
    }
}

/* ---- 16550 ---- */

static u8 interrupt_identification(struct domain *d, u32 u)
{
    struct platform *p = &d->platform;

    if (p->uart_ier[u] & IER_RX && input_waits(d, u))
        return 0xC4;
    if (p->uart_ier[u] & IER_THRE && p->uart_thr_irq[u]) {
        p->uart_thr_irq[u] = 0; /* reading it is the acknowledgement */
        return 0xC2;
    }
    return 0xC1;
}

static u8 uart_in(struct domain *d, u32 u, u32 reg)
{
    struct platform *p = &d->platform;
    int byte;

    if (reg < 2 && p->uart_lcr[u] & LCR_DLAB)
        return reg ? 0 : 1; /* the divisor */
    switch (reg) {
    case 0:
        byte = console_read(d, u);
        return byte < 0 ? 0 : (u8)byte;
    case 1:
        return p->uart_ier[u];
    case 2:
        return interrupt_identification(d, u);
    case 3:
        return p->uart_lcr[u];
    case 5:
        return LSR_EMPTY | (input_waits(d, u) ? LSR_READY : 0);
    case 6:
        return 0xB0; /* CTS, DSR, DCD */
    }
    return 0;
}

static void uart_out(struct domain *d, u32 u, u32 reg, u8 value)
{
    struct platform *p = &d->platform;

    if (reg < 2 && p->uart_lcr[u] & LCR_DLAB)
        return;
    if (reg == 0) {
        p->uart_thr_irq[u] = 0;
        update_line(d, u);
        console_write(d, u, value);
        p->uart_thr_irq[u] = 1; /* gone already */
    } else if (reg == 1) {
        p->uart_thr_irq[u] |= ~p->uart_ier[u] & value & IER_THRE;
        p->uart_ier[u] = value & 0xF;
    } else if (reg == 3) {
        p->uart_lcr[u] = value;
    }
}

/* ---- the port-I/O device ---- */

static u32 pio_in(struct domain *d, u32 port)
{
    if (port == PIO_STATUS)
        return d->platform.pio_done;
    if (port != PIO_RESULT)
        return ~0u;
    d->platform.pio_done = 0;
    return d->platform.pio_result;
}

static void pio_out(struct domain *d, u32 port, u32 value)
{
    struct platform *p = &d->platform;

    if (port == PIO_ID)
        p->pio_id = value;
    else if (port == PIO_OP)
        p->pio_op = value;
    else if (port == PIO_ARG)
        p->pio_arg = value;
    else if (port == PIO_GO) {
        p->pio_result = 3 * p->pio_arg + p->pio_op;
        p->pio_done = 1;
        platform_raise(d, PIO_IRQ);
    }
}

/* ---- ports ---- */

static bool uart_of(u32 port, u32 *u)
{
    *u = port < UART_PORT(0);
    return (port & ~7u) == UART_PORT(*u);
}

u32 port_in(struct domain *d, u32 port, u32 bytes)
{
    struct platform *p = &d->platform;
    u32 u, value;

    if (uart_of(port, &u)) {
        value = uart_in(d, u, port & 7);
        update_line(d, u);
        return value;
    }
    if (port == 0x20 || port == 0xA0)
        return p->pic_read_isr[port >> 7] ? p->pic_isr[port >> 7] : p->pic_irr[port >> 7];
    if (port == 0x21 || port == 0xA1)
        return p->pic_mask[port >> 7];
    return bytes == 4 ? pio_in(d, port) : ~0u;
}

void port_out(struct domain *d, u32 port, u32 bytes, u32 value)
{
    u32 u;

    if (uart_of(port, &u)) {
        uart_out(d, u, port & 7, (u8)value);
        update_line(d, u);
    } else if (port == 0x20 || port == 0xA0) {
        pic_command(d, port >> 7, (u8)value);
    } else if (port == 0x21 || port == 0xA1) {
        pic_data(d, port >> 7, (u8)value);
    } else if (port == 0x40) {
        timer_data(d, (u8)value);
    } else if (port == 0x43 && value >> 6 == 0) {
        d->platform.timer_high = 0;
    } else if (port == PORT_MARK) {
        trace_mark(value);
    } else if (port == PORT_END) {
        d->exit_code = value & 0xFF;
        domain_kill(d, KILL_EXIT);
    } else if (bytes == 4) {
        pio_out(d, port, value);
    }
}

void platform_init(struct domain *d)
{
    d->platform.pic_mask[0] = d->platform.pic_mask[1] = 0xFF;
}

void console_input(void)
{
    struct domain *d = &domains[0];

    if (d->state == RUN_DEAD)
        return;
    for (u32 u = 0; u < 2; u++) {
        if (d->mmu.mode != MODE_PV)
            update_line(d, u);
        else if (input_waits(d, u))
            event_send(d, EVENT_CONSOLE);
    }
}

/*
 * The two terminals. On a PC they are the UARTs at 0x3F8 (IRQ 4) and 0x2F8 (IRQ 3), in a PV domain the
 * hypervisor's console. Terminal 0 is the student's: it echoes, and lines can be corrected before they are
 * read. Terminal 1 is for programs: bytes pass as they are.
 */
#include "kernel.h"

#define UART_DATA 0
#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define LSR_DATA 0x01
#define LSR_THRE 0x20
#define UART_FIFO 16u

#define KEY_INTERRUPT 3
#define KEY_END 4
#define KEY_ERASE 8
#define KEY_KILL_LINE 21
#define KEY_DELETE 127

static const u16 uart_port[2] = { 0x3F8, 0x2F8 };
static const u8 uart_irq[2] = { 4, 3 };

/* Bytes from `read_at` to `ready_at` may be read; from there to `write_at` is the line being typed. */
struct tty {
    volatile u32 read_at, ready_at, write_at;
    u32 job;
    volatile bool full; /* bytes wait in the UART until there is room */
    u8 ring[2048];
};
static struct tty ttys[2];

/* 16550: 8 bits, no parity, FIFOs on, an interrupt for every byte that arrives. OUT2 lets the line through. */
void tty_init(void)
{
    for (u32 i = 0; i < 2 && !paravirtual(); i++) {
        outb(uart_port[i] + UART_LCR, 0x03);
        outb(uart_port[i] + UART_FCR, 0x07);
        outb(uart_port[i] + UART_MCR, 0x0B);
        outb(uart_port[i] + UART_IER, 0x01);
        irq_enable(uart_irq[i], true);
    }
}

/* One look at the status for a FIFO's worth of bytes. */
static void uart_put(u32 number, const char *text, u32 bytes)
{
    for (u32 i = 0; i < bytes; i++) {
        if (i % UART_FIFO == 0)
            while (!(inb(uart_port[number] + UART_LSR) & LSR_THRE))
                ;
        outb(uart_port[number] + UART_DATA, text[i]);
    }
}

static void put_raw(u32 number, const char *text, u32 bytes)
{
    if (paravirtual())
        hypercall(HC_CONSOLE_WRITE, (u32)text, bytes, number);
    else
        uart_put(number, text, bytes);
}

/* A terminal needs a carriage return before each line feed; a program on the other side does not. */
void console_put(u32 number, const char *text, u32 bytes)
{
    char out[64];
    u32 n = 0;
    for (u32 i = 0; i < bytes; i++) {
        if (text[i] == '\n' && number == 0)
            out[n++] = '\r';
        out[n++] = text[i];
        if (n >= sizeof out - 1 || i + 1 == bytes) {
            put_raw(number, out, n);
            n = 0;
        }
    }
}

void console_printf(u32 number, const char *text, ...)
{
    char line[160];
    va_list args;
    va_start(args, text);
    u32 n = format(line, sizeof line, text, args);
    va_end(args);
    console_put(number, line, n);
}

static void store(struct tty *t, u8 byte)
{
    if (t->write_at - t->read_at < sizeof t->ring)
        t->ring[t->write_at++ % sizeof t->ring] = byte;
}

static void line_ready(struct tty *t)
{
    t->ready_at = t->write_at;
    wake(t);
}

static void erase(struct tty *t)
{
    if (t->write_at == t->ready_at)
        return;
    t->write_at--;
    console_put(0, "\b \b", 3);
}

static void edit(struct tty *t, u8 byte)
{
    char echo = byte;
    switch (byte) {
    case KEY_INTERRUPT:
        console_put(0, "^C\n", 3);
        t->write_at = t->ready_at;
        if (t->job) {
            job_kill(t->job);
        } else {
            store(t, '\n'); /* for the shell: an empty line */
            line_ready(t);
        }
        return;
    case KEY_END:
        store(t, KEY_END);
        line_ready(t);
        return;
    case KEY_ERASE:
    case KEY_DELETE:
        erase(t);
        return;
    case KEY_KILL_LINE:
        while (t->write_at != t->ready_at)
            erase(t);
        return;
    case '\r':
        byte = echo = '\n';
    }
    if (byte != '\n' && (byte < ' ' || t->write_at - t->read_at >= sizeof t->ring - 2))
        return;
    store(t, byte);
    console_put(0, &echo, 1);
    if (byte == '\n')
        line_ready(t);
}

static void tty_input(u32 number, u8 byte)
{
    struct tty *t = &ttys[number];
    if (number == 0) {
        edit(t, byte);
        return;
    }
    store(t, byte);
    line_ready(t);
}

static int get_raw(u32 number)
{
    if (paravirtual())
        return hypercall(HC_CONSOLE_READ, number, 0, 0);
    return inb(uart_port[number] + UART_LSR) & LSR_DATA ? inb(uart_port[number] + UART_DATA) : -1;
}

void console_interrupt(void)
{
    for (u32 i = 0; i < 2; i++) {
        struct tty *t = &ttys[i];
        int byte = 0;
        while (!(t->full = i == 1 && t->write_at - t->read_at >= sizeof t->ring) && (byte = get_raw(i)) >= 0)
            tty_input(i, byte);
    }
}

/* A program at the other end may send faster than we read: what did not fit is fetched when there is room. */
static void fetch_the_rest(struct tty *t)
{
    if (!t->full)
        return;
    interrupts_off();
    console_interrupt();
    interrupts_on();
}

/* Up to a line. ^D gives what is there, and nothing at all when it comes first: the end. */
static int tty_read(struct open_file *file, gva_t to, u32 bytes)
{
    struct tty *t = file->object;
    int error = WAIT_UNTIL(t, t->read_at != t->ready_at);
    if (error)
        return error;
    u32 n = 0;
    while (n < bytes && t->read_at != t->ready_at) {
        u8 byte = t->ring[t->read_at++ % sizeof t->ring];
        if (byte == KEY_END && t == &ttys[0])
            break;
        if (copy_to_user(to + n, &byte, 1))
            return -EFAULT;
        n++;
        if (byte == '\n')
            break;
    }
    fetch_the_rest(t);
    return n;
}

static int tty_write(struct open_file *file, gva_t from, u32 bytes)
{
    struct tty *t = file->object;
    char text[64];
    for (u32 done = 0; done < bytes;) {
        u32 n = bytes - done < sizeof text ? bytes - done : sizeof text;
        if (current->killed)
            return -EINTR;
        if (copy_from_user(text, from + done, n))
            return -EFAULT;
        console_put(t - ttys, text, n);
        done += n;
    }
    return bytes;
}

static void tty_close(struct open_file *file)
{
    (void)file;
}

static const struct file_kind tty_kind = { tty_read, tty_write, tty_close };

struct open_file *tty_open(u32 number)
{
    return file_new(&tty_kind, &ttys[number]);
}

int sys_foreground(u32 number, u32 job, u32 c)
{
    (void)c;
    if (number > 1)
        return -EINVAL;
    ttys[number].job = job;
    return 0;
}

/*
 * Who may touch ports and the interrupt flag: IOPL and the I/O permission bitmap (Intel SDM vol. 1, 19.5).
 */
#include "cputest.h"

SNIPPET(cli, "cli");
SNIPPET(sti, "sti");
SNIPPET(in, "in $0x61, %al");
SNIPPET(popf, "push %eax; popf; pushf; pop %eax");
SNIPPET(out80, "out %al, $0x80");
SNIPPET(out80_word, "out %ax, $0x80");
SNIPPET(out84_long, "out %eax, $0x84");
SNIPPET(out88, "out %al, $0x88");
SNIPPET(out87, "out %al, $0x87");
SNIPPET(out87_word, "out %ax, $0x87");
SNIPPET(high_port, "mov $0xffff, %edx; in %dx, %al");
SNIPPET(high_port_word, "mov $0xffff, %edx; in %dx, %ax");

#define BOTH (RING(1) | RING(3))

static const struct probe iopl[] = {
    { "cli-IOPL1", cli, BOTH, SHOW_IF, { .eflags = 0x1000 | FLAG_IF } },
    { "sti-IOPL1", sti, BOTH, SHOW_IF, { .eflags = 0x1000 } },
    { "in-IOPL1", in, BOTH, 0, { .eflags = 0x1000 } },
    { "cli-IOPL3", cli, BOTH, SHOW_IF, { .eflags = 0x3000 | FLAG_IF } },
    { "in-IOPL3", in, BOTH, 0, { .eflags = 0x3000 } },
    { "popf-IF-IOPL1", popf, BOTH, SHOW_EAX, { .eax = 0x1002, .eflags = 0x1000 | FLAG_IF } },
    { "popf-IOPL-IOPL1", popf, BOTH, SHOW_EAX, { .eax = 0x3002, .eflags = 0x1000 } },
};

/* Ports 0x80 and 0x84 to 0x87 are allowed; the last port needs the byte of ones behind the bitmap. */
static const struct probe bitmap[] = {
    { "allowed-byte", out80, BOTH, 0, { 0 } },
    { "half-allowed-word", out80_word, BOTH, 0, { 0 } },
    { "allowed-long", out84_long, BOTH, 0, { 0 } },
    { "allowed-byte-last-of-eight", out87, BOTH, 0, { 0 } },
    { "word-across-bytes-of-the-bitmap", out87_word, BOTH, 0, { 0 } },
    { "denied-byte", in, BOTH, 0, { 0 } },
    { "last-port", high_port, BOTH, 0, { 0 } },
    { "beyond-the-last-port", high_port_word, BOTH, 0, { 0 } },
};

static const struct probe short_bitmap[] = {
    { "inside", out80, RING(3), 0, { 0 } },
    { "outside", out88, RING(3), 0, { 0 } },
};

void test_io(void)
{
    run_probes("iopl", iopl, COUNT(iopl));
    tss.bitmap[0x80 / 8] = 0x0E; /* 0x80, 0x84 to 0x87 */
    set_tss_limit(0x67);
    run_probes("io-bitmap-absent", bitmap, 1);
    set_tss_limit(0x68 + 8192);
    run_probes("io-bitmap", bitmap, COUNT(bitmap));
    tss.bitmap[0xFFFF / 8] = 0x7F;
    run_probes("io-bitmap-top", bitmap + 6, 2);
    tss.bitmap[0xFFFF / 8] = 0xFF;
    /* The processor reads two bytes of the bitmap for every access: the TSS must hold the second one, too. */
    set_tss_limit(0x68 + 0x80 / 8);
    run_probes("io-bitmap-ends", short_bitmap, COUNT(short_bitmap));
    tss.bitmap[0x80 / 8] = 0xFF;
    set_tss_limit(0x67);
}

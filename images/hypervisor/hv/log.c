/* Lines for the person at the console: COM1, what the hypervisor says begins with "(hv) ". */
#include "hv.h"

static void put(u8 byte)
{
    while (!(inb(0x3FD) & 0x20)) /* 16550 LSR: THR empty */
        ;
    outb(0x3F8, byte);
}

void log_text(const char *text)
{
    while (*text)
        put((u8)*text++);
}

void log_hex(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put((u8)"0123456789abcdef"[value >> shift & 15]);
}

/* From the boot loader to the first guest. */
#include "tables.h"

struct multiboot_info { u32 flags, memory[2], boot_device, command_line; }; /* its beginning (multiboot 1, 3.3) */
#define MULTIBOOT_COMMAND_LINE 4u
#define PIT_DIVISOR 11932 /* 1193182 Hz / 100 */

static char command_line[512];

static void read_options(const struct multiboot_info *info)
{
    const char *from = info->flags & MULTIBOOT_COMMAND_LINE ? machine(info->command_line) : "";

    for (u32 i = 0; from[i] && i < sizeof command_line - 1; i++)
        command_line[i] = from[i];
    options_parse(command_line);
}

static void uart_init(u16 port)
{
    outb(port + 1, 0); /* no interrupts: read at each tick */
    outb(port + 3, 3); /* 8 bits */
    outb(port + 2, 7); /* FIFOs on and empty */
    outb(port + 4, 3);
}

/* Lines at vectors 0x20 to 0x2F, all but the timer's masked; the timer at 100 Hz. */
static void interrupts_init(void)
{
    static const u8 steps[][2] = {
        { 0x20, 0x11 }, { 0xA0, 0x11 }, { 0x21, 0x20 }, { 0xA1, 0x28 }, { 0x21, 4 }, { 0xA1, 2 },
        { 0x21, 1 }, { 0xA1, 1 }, { 0x21, 0xFE }, { 0xA1, 0xFF },
        { 0x43, 0x34 }, { 0x40, PIT_DIVISOR & 0xFF }, { 0x40, PIT_DIVISOR >> 8 },
    };

    for (u32 i = 0; i < COUNT(steps); i++)
        outb(steps[i][0], steps[i][1]);
}

/* Stores take effect at once, so a guest that stores to its tables cannot keep other updates back. */
static u32 start_flags(u32 mode)
{
    if (mode != MODE_PV)
        return 0;
    return options.ptwr ? START_PTWR : options.batch ? START_BATCH : 0;
}

void main(const struct multiboot_info *info)
{
    read_options(info);
    segments_init();
    if (options.mode == MODE_NATIVE)
        run_native();
    uart_init(0x3F8);
    uart_init(0x2F8);
    for (mfn_t mfn = 0; mfn < FIRST_GUEST_MFN; mfn++)
        frames[mfn] = (struct frame){ .type = FRAME_HV, .owner = 255 };
    trace_init();
    tables_init();
    domain_create(options.mode, ROLE_SHELL, start_flags(options.mode));
    if (options.domains > 1)
        domain_create(options.mode1, options.role1, start_flags(options.mode1));
    current = &domains[0];
    schedule_init();
    interrupts_init();
    run_guests();
}

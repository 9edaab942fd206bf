/*
 * Runs the sections in order, or one hostile case named on the command line (`hostile=N`, `hostile=all`).
 */
#include "cputest.h"

struct multiboot_info { u32 flags, memory[2], boot_device; const char *command_line; };

void main(const struct multiboot_info *info);

static const char *option(const char *line, const char *name)
{
    for (; *line; line++) {
        const char *a = line, *b = name;
        while (*b && *a == *b) a++, b++;
        if (!*b) return a;
    }
    return 0;
}

static u32 number(const char *text)
{
    u32 value = 0;
    while (*text >= '0' && *text <= '9') value = 10 * value + (u32)(*text++ - '0');
    return value;
}

static void conformance(void)
{
    static void (*const sections[])(void) = {
        test_privileged, test_holes, test_io, test_gates, test_inner, test_returns, test_segments, test_limits,
        test_protection, test_bits, test_tlb, test_large, test_faults, test_code, test_debug, test_timer, test_pae,
    };
    for (u32 i = 0; i < COUNT(sections); i++) {
        window_reset();
        sections[i]();
    }
}

void main(const struct multiboot_info *info)
{
    static char line[64]; /* a copy: the loader's own is in memory that the cases may use */
    if (info->flags & 4) {
        for (u32 i = 0; i < sizeof line - 1 && info->command_line[i]; i++) line[i] = info->command_line[i];
    }
    machine_init();
    const char *hostile = option(line, "hostile=");
    if (!hostile) conformance();
    else test_hostile(number(hostile));
    say("end\n");
    out8(PORT_END, 0);
}

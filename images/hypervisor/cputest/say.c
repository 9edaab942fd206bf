/*
 * Text on the first serial port.
 */
#include "cputest.h"

#define COM1 0x3F8u

static void say_byte(u8 byte)
{
    while (!(in8(COM1 + 5) & 0x20)) {
    } /* the transmitter is full (16550 line status, bit 5) */
    out8(COM1, byte);
}

static void say_text(const char *text)
{
    while (*text) say_byte((u8)*text++);
}

static void say_number(u32 value, u32 base, u32 digits)
{
    char text[12];
    u32 n = 0;
    do {
        text[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value || n < digits);
    while (n) say_byte((u8)text[--n]);
}

void say(const char *format, ...)
{
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%') {
            say_byte((u8)*format);
            continue;
        }
        switch (*++format) {
        case 's': say_text(__builtin_va_arg(arguments, const char *)); break;
        case 'x': say_number(__builtin_va_arg(arguments, u32), 16, 8); break;
        case 'h': say_number(__builtin_va_arg(arguments, u32), 16, 1); break;
        default: say_number(__builtin_va_arg(arguments, u32), 10, 1); break;
        }
    }
    __builtin_va_end(arguments);
}

static const char *const exceptions[] = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF", "#AC",
};

static bool has_error_code(u32 vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

void say_outcome(const u8 *code)
{
    if (got.vector == END_VECTOR) {
        say("runs");
        return;
    }
    if (got.vector < COUNT(exceptions)) say("%s", exceptions[got.vector]);
    else say("interrupt %h", got.vector);
    if (has_error_code(got.vector)) say("(%h)", got.error);
    u32 offset = got.eip - (u32)code;
    if (offset < 64) say(" eip+%d", offset);
    else say(" eip=%x", got.eip);
    if (got.vector == 14 && got_cr2 - (u32)&tss < sizeof tss) say(" cr2=TSS+%d", got_cr2 - (u32)&tss);
    else if (got.vector == 14) say(" cr2=%x", got_cr2);
}

void say_shown(u32 show)
{
    const u32 registers[] = { got.eax, got.ebx, got.ecx, got.edx, got.esi, got.edi, got.esp };
    static const char *const names[] = { "eax", "ebx", "ecx", "edx", "esi", "edi", "esp" };
    for (u32 i = 0; i < COUNT(registers); i++) {
        if (show & 1u << i) say(" %s=%x", names[i], show & SHOW_LOW16 ? registers[i] & 0xFFFF : registers[i]);
    }
    if (show & SHOW_IF) say(" IF=%d", got.eflags >> 9 & 1);
    if (show & SHOW_IOPL) say(" IOPL=%d", got.eflags >> 12 & 3);
    if (show & SHOW_ZF) say(" ZF=%d", got.eflags >> 6 & 1);
    if (show & SHOW_CS) say(" cs=%h", got.cs & 0xFFFF);
    if (show & SHOW_DS) say(" ds=%h", got.ds & 0xFFFF);
    if (show & SHOW_SS) say(" ss=%h", got.ss & 0xFFFF);
}

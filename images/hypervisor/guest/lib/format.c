/* printf's formatting, as far as it is used here. */
#include "lib.h"

struct sink { char *to; u32 size, used; };

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size)
        sink->to[sink->used++] = c;
}

static void put_field(struct sink *sink, const char *text, u32 length, u32 width, char fill, bool left)
{
    for (u32 i = length; i < width && !left; i++)
        put(sink, fill);
    for (u32 i = 0; i < length; i++)
        put(sink, text[i]);
    for (u32 i = length; i < width && left; i++)
        put(sink, ' ');
}

static u32 digits(char *to, u32 value, u32 base, bool negative)
{
    char reversed[12];
    u32 n = 0, length = 0;
    do
        reversed[n++] = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative)
        reversed[n++] = '-';
    while (n)
        to[length++] = reversed[--n];
    return length;
}

u32 format(char *to, u32 size, const char *text, va_list args)
{
    struct sink sink = { to, size, 0 };
    for (; *text; text++) {
        if (*text != '%') {
            put(&sink, *text);
            continue;
        }
        bool left = *++text == '-';
        text += left;
        char fill = *text == '0' ? '0' : ' ';
        u32 width = 0;
        while (*text >= '0' && *text <= '9')
            width = width * 10 + (*text++ - '0');
        char field[12];
        u32 length = 0, value;
        const char *s = field;
        switch (*text) {
        case 'd':
            value = va_arg(args, u32);
            length = digits(field, (int)value < 0 ? -value : value, 10, (int)value < 0);
            break;
        case 'u': length = digits(field, va_arg(args, u32), 10, false); break;
        case 'x': length = digits(field, va_arg(args, u32), 16, false); break;
        case 'c': field[length++] = (char)va_arg(args, u32); break;
        case 's': s = va_arg(args, const char *); length = strlen(s); break;
        default: field[length++] = *text;
        }
        put_field(&sink, s, length, width, fill, left);
    }
    if (size)
        to[sink.used] = 0;
    return sink.used;
}

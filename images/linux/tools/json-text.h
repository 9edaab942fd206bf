/*
 * Text in a JSON document (RFC 8259), for the tools that print one.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdio.h>

/* Bytes of the UTF-8 sequence at `s`, or 0 when it is not one (RFC 3629: no overlong forms, no surrogates). */
static unsigned sequence(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    unsigned n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (s[0] == 0xe0 && s[1] < 0xa0) return 0;
    if (s[0] == 0xed && s[1] > 0x9f) return 0;
    if (s[0] == 0xf0 && s[1] < 0x90) return 0;
    if (s[0] == 0xf4 && s[1] > 0x8f) return 0;
    return n;
}

/* A file or a process may be called anything at all; bytes that are no text become U+FFFD. */
static void json_text(const char *text)
{
    if (!text) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        unsigned n = sequence(s);
        if (n == 0) { fputs("\\ufffd", stdout); s++; continue; }
        if (*s == '"' || *s == '\\') printf("\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f) printf("\\u%04x", *s);
        else fwrite(s, 1, n, stdout);
        s += n;
    }
    putchar('"');
}

#endif

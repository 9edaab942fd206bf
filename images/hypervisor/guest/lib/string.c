/* Bytes and strings. */
#include "lib.h"

void *memcpy(void *to, const void *from, u32 bytes)
{
    void *start = to;
    u32 words = bytes >> 2, rest = bytes & 3;
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return start;
}

void *memset(void *to, int byte, u32 bytes)
{
    void *start = to;
    u32 words = bytes >> 2, rest = bytes & 3, pattern = (u8)byte * 0x01010101u;
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, u32 bytes)
{
    const u8 *x = a, *y = b;
    for (; bytes; bytes--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

u32 strlen(const char *s)
{
    u32 n = 0;
    while (s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, u32 bytes)
{
    for (; bytes; bytes--, a++, b++)
        if (*a != *b || !*a)
            return (u8)*a - (u8)*b;
    return 0;
}

const char *strchr(const char *s, char c)
{
    for (; *s; s++)
        if (*s == c)
            return s;
    return NULL;
}

void copy_string(char *to, const char *from, u32 size)
{
    while (--size && *from)
        *to++ = *from++;
    *to = 0;
}

static int digit(char c, u32 base)
{
    int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
    return value < (int)base ? value : -1;
}

u32 parse_number(const char *s)
{
    u32 value = 0, base = 10;
    if (s[0] == '0' && s[1] == 'x')
        s += 2, base = 16;
    for (int d; (d = digit(*s, base)) >= 0; s++)
        value = value * base + d;
    return value;
}

/* What the kernel and the user programs both need and no library gives them. */
#ifndef LIB_H
#define LIB_H
#include "../../abi/types.h"

typedef u32 bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PAGE_UP(n) (((n) + PAGE_SIZE - 1) & PTE_FRAME)
#define PAGE_DOWN(n) ((n) & PTE_FRAME)

typedef __builtin_va_list va_list;
#define va_start __builtin_va_start
#define va_arg __builtin_va_arg
#define va_end __builtin_va_end

void *memcpy(void *to, const void *from, u32 bytes);
void *memset(void *to, int byte, u32 bytes);
int memcmp(const void *a, const void *b, u32 bytes);
u32 strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, u32 bytes);
const char *strchr(const char *s, char c);
void copy_string(char *to, const char *from, u32 size); /* always ends with a zero byte */
u32 parse_number(const char *s);                        /* decimal, or hexadecimal after 0x */

/* %d %u %x %s %c %%, width, 0 and -; the number of bytes written, at most size - 1, without the zero byte. */
u32 format(char *to, u32 size, const char *text, va_list args);

/* Numerical Recipes' generator: the same sequence from the same seed in every mode. */
static inline u32 next_random(u32 *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#endif

/* What the compiler expects to find when it copies or clears a structure. */
#include "hv.h"

void *memcpy(void *to, const void *from, __SIZE_TYPE__ bytes)
{
    void *destination = to;
    __SIZE_TYPE__ words = bytes / 4;

    __asm__ volatile("rep movsl" : "+D"(destination), "+S"(from), "+c"(words) : : "memory");
    bytes &= 3;
    __asm__ volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

void *memset(void *to, int value, __SIZE_TYPE__ bytes)
{
    void *destination = to;
    __SIZE_TYPE__ words = bytes / 4;

    __asm__ volatile("rep stosl" : "+D"(destination), "+c"(words) : "a"((u8)value * 0x01010101u) : "memory");
    bytes &= 3;
    __asm__ volatile("rep stosb" : "+D"(destination), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

/* From number to function. */
#include "kernel.h"

static int (*const table[])(u32, u32, u32) = {
#define X(number, name) [number] = sys_##name,
    SYSCALLS(X)
#undef X
};

int system_call(u32 number, u32 a, u32 b, u32 c)
{
    return number < COUNT(table) ? table[number](a, b, c) : -ENOSYS;
}

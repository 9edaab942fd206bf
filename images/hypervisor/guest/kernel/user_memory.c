/*
 * The kernel's way to user memory: the addresses are checked against the user's part of the space, and the
 * copy itself may fault. Collected page-table updates go out first, or it would meet the old ones.
 */
#include "kernel.h"

static bool user_range(gva_t va, u32 bytes)
{
    return bytes <= USER_TOP && va <= USER_TOP - bytes;
}

int copy_from_user(void *to, gva_t from, u32 bytes)
{
    pt->flush();
    return !user_range(from, bytes) || copy_bytes_guarded(to, (const void *)from, bytes) ? -EFAULT : 0;
}

int copy_to_user(gva_t to, const void *from, u32 bytes)
{
    pt->flush();
    return !user_range(to, bytes) || copy_bytes_guarded((void *)to, from, bytes) ? -EFAULT : 0;
}

int copy_string_from_user(char *to, gva_t from, u32 size)
{
    for (u32 n = 0; n < size; n++) {
        if (copy_from_user(to + n, from + n, 1))
            return -EFAULT;
        if (!to[n])
            return n;
    }
    return -E2BIG;
}

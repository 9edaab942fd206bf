/*
 * What init, the agent and the stubs share: a clock that only goes forward, and a way to complain.
 */
#include "guest.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void complain(const char *format, ...)
{
    char line[256];
    int used = snprintf(line, sizeof line, "<3>ringside: ");
    va_list arguments;
    va_start(arguments, format);
    used += vsnprintf(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    if (used > (int)sizeof line - 1) used = sizeof line - 1;

    int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (log < 0) return;
    if (write(log, line, used) < 0) { /* there is nowhere left to say it */ }
    close(log);
}

/* The user programs' library. */
#include "user.h"

void (*fault_function)(struct fault_frame *);
extern char fault_entry[];

void exit(int status)
{
    system_call(SYS_exit, status, 0, 0);
    for (;;)
        ;
}

void onfault(void (*function)(struct fault_frame *))
{
    fault_function = function;
    system_call(SYS_onfault, function ? (u32)fault_entry : 0, 0, 0);
}

static void say_list(int fd, const char *text, va_list args)
{
    char line[512];
    write(fd, line, format(line, sizeof line, text, args));
}

void say(int fd, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    say_list(fd, text, args);
    va_end(args);
}

void printf(const char *text, ...)
{
    va_list args;
    va_start(args, text);
    say_list(1, text, args);
    va_end(args);
}

const char *error_text(int error)
{
    static const struct { int error; const char *text; } texts[] = {
        { EPERM, "not allowed" }, { ENOENT, "not found" }, { EINTR, "interrupted" },
        { E2BIG, "too long" }, { ENOEXEC, "not a program" }, { EBADF, "not open" },
        { ECHILD, "no such child" }, { EAGAIN, "too many processes" }, { ENOMEM, "out of memory" },
        { EFAULT, "bad address" }, { ENODEV, "no such device here" }, { EINVAL, "bad argument" },
        { ENFILE, "too many open files" }, { EFBIG, "file too large" }, { ENOSPC, "no room" },
        { EPIPE, "nobody reads" }, { ENOSYS, "no such system call" },
    };
    for (u32 i = 0; i < COUNT(texts); i++)
        if (texts[i].error == -error)
            return texts[i].text;
    return "unknown error";
}

int complain(const char *who, const char *what, int error)
{
    say(2, "%s: %s: %s\n", who, what, error_text(error));
    return 1;
}

const char *mode_text(const struct system_info *info)
{
    static const char *const names[] = { "native", "shadow", "vtlb", "pv" };
    return info->mode < COUNT(names) ? names[info->mode] : "unknown";
}

int read_line(int fd, char *to, u32 size)
{
    u32 n = 0;
    char c;
    for (;;) {
        int got = read(fd, &c, 1);
        if (got < 0 || (got == 0 && n == 0))
            return -1;
        if (got == 0 || c == '\n' || c == '\r')
            break;
        if (n + 1 < size)
            to[n++] = c;
    }
    to[n] = 0;
    return n;
}

u32 ticks_now(void)
{
    struct system_info info;
    system_info(&info);
    return info.ticks;
}

u32 free_frames(void)
{
    struct system_info info;
    system_info(&info);
    return info.frames_free;
}

int wait_status(int pid)
{
    u32 status = 0;
    int got = wait(pid, &status);
    if (got < 0)
        return 127;
    return status >= STATUS_FAULT ? 128 + (status - STATUS_FAULT) : status >= STATUS_KILLED ? 137 : status;
}

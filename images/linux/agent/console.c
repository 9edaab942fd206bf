/*
 * The shell on the machine's console: a login session of its own, started again when it ends.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A shell that cannot start must not take the processor away from everything else. */
#define RESTART_MS 50
#define FAILED_RESTART_MS 1000

static char *const defaults[] = {
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/sh",
    "PATH=/sbin:/usr/sbin:/bin:/usr/bin",
    "TERM=xterm-256color",
    "LANG=C.UTF-8",
};
#define DEFAULTS (sizeof defaults / sizeof *defaults)
#define MAX_VARIABLES 128

void console_environment(struct console *console, const char *block, size_t size)
{
    memcpy(console->environment, block, size);
    console->environment_size = size;
    if (!console->shell && !console->start_at) console->start_at = now_ms();
}

static int same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return !strncmp(a, b, length + 1);
}

/* The defaults, each replaced by the host's value of the same name, then the host's other values. */
static char **build_environment(struct console *console)
{
    static char *list[DEFAULTS + MAX_VARIABLES + 1];
    size_t count = DEFAULTS;
    memcpy(list, defaults, sizeof defaults);
    char *end = console->environment + console->environment_size;
    for (char *text = console->environment; text < end; text += strlen(text) + 1) {
        if (!strchr(text, '=')) continue;
        size_t slot = 0;
        while (slot < count && !same_name(list[slot], text)) slot++;
        if (slot == DEFAULTS + MAX_VARIABLES) break;
        list[slot] = text;
        if (slot == count) count++;
    }
    list[count] = NULL;
    return list;
}

/*
 * The first of the devices that is there. Xen's own console registers itself before any driver looks for a
 * device and takes hvc0; our port is then hvc1.
 */
static int open_terminal(const char *devices, int dev)
{
    char list[sizeof ((struct console *)0)->device], *rest = list;
    strcpy(list, devices);
    for (char *device; (device = strsep(&rest, ","));) {
        int terminal = openat(dev, device, O_RDWR);
        if (terminal >= 0) return terminal;
    }
    return -1;
}

/* In the child: its own session, the device as its controlling terminal, then the login shell. */
static void become_shell(struct console *console, int dev)
{
    setsid();
    int terminal = open_terminal(console->device, dev);
    if (terminal < 0) _exit(126);
    ioctl(terminal, TIOCSCTTY, 1);

    struct termios modes;
    if (!tcgetattr(terminal, &modes)) {
        modes.c_iflag = ICRNL | IXON | IUTF8;
        modes.c_oflag = OPOST | ONLCR;
        modes.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
        modes.c_cc[VERASE] = 0x7f;
        tcsetattr(terminal, TCSANOW, &modes);
    }
    for (int fd = 0; fd < 3; fd++) dup2(terminal, fd);
    if (terminal > 2) close(terminal);

    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir("/root") && chdir("/")) _exit(126);
    execve("/bin/sh", (char *[]){ "-sh", NULL }, build_environment(console));
    complain("/bin/sh: %s", strerror(errno));
    _exit(126);
}

void console_start(struct console *console, int dev)
{
    console->started = now_ms();
    console->start_at = 0;
    pid_t child = fork();
    if (child == 0) become_shell(console, dev);
    if (child > 0) console->shell = child;
    else console->start_at = console->started + FAILED_RESTART_MS;
}

void console_ended(struct console *console)
{
    uint64_t now = now_ms();
    console->shell = 0;
    console->start_at = now + (now - console->started < 500 ? FAILED_RESTART_MS : RESTART_MS);
}

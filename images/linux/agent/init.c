/*
 * Process 1: sets the machine up, keeps the agent and the console's shell running, collects orphans,
 * and ends the machine when busybox's poweroff, reboot or halt ask for it.
 *
 * Everything init needs later it holds open from the start (/dev, /proc, its own program), because
 * from the first prompt on the student may mount over any of them.
 */
#define _GNU_SOURCE
#include "guest.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_WAIT_MS 2     /* between two looks for the agent's port, before the first start */
#define AGENT_RETRY_MS 200 /* after a start that failed, or an agent that died young */
#define DEFAULT_NAME "linux"

static struct {
    int dev, proc, null, random, program; /* held open from the start */
    char port[32];                        /* the port's device node below /dev; empty: not there yet */
    pid_t agent;
    uint64_t agent_at, agent_started;
    int control[2];                       /* agent to init: CONTROL_FD in the agent */
    int died, died_status;                /* DIED is still to be sent */
    char *layers;                         /* what the first agent asks the host for, with commas; NULL: nothing */
    struct console console;
} init;

static int open_or_complain(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) complain("%s: %s", path, strerror(errno));
    return fd;
}

/* Moves a descriptor out of the way of the numbers the agent inherits. */
static int hold(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    close(fd);
    return moved;
}

/*
 * Tells the host that the agent is gone. The port is opened for this alone and closed again: closing
 * throws away what the host had sent to the dead agent, so that its successor starts on the border
 * between two frames.
 */
static void send_died(int status)
{
    uint8_t frame[HEADER_BYTES + 4];
    put32(frame, CALL_AND_KIND + 4);
    put32(frame + 4, 0);
    frame[8] = DIED;
    put32(frame + HEADER_BYTES, status);

    int port = openat(init.dev, init.port, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (port < 0) return;
    struct pollfd writable = { .fd = port, .events = POLLOUT };
    if (poll(&writable, 1, AGENT_RETRY_MS) > 0 && write(port, frame, sizeof frame) < 0)
        complain("the agent's end was not reported: %s", strerror(errno));
    close(port);
}

/* In the child. dup2 drops close-on-exec from the copy; sources lie above every target (see hold). */
static void become_agent(int port)
{
    const int handed_on[] = {
        [PORT_FD] = port, [CONTROL_FD] = init.control[1], [NULL_FD] = init.null,
        [RANDOM_FD] = init.random, [PROC_FD] = init.proc,
    };
    for (int fd = PORT_FD; fd <= PROC_FD; fd++) dup2(handed_on[fd], fd);
    for (int fd = 0; fd < 3; fd++) dup2(init.null, fd);

    char *arguments[] = { "ringside-agent", init.layers, NULL }, *environment[] = { NULL };
    syscall(SYS_execveat, init.program, "", arguments, environment, AT_EMPTY_PATH);
    complain("the agent did not start: %s", strerror(errno));
    _exit(126);
}

static void start_agent(void)
{
    init.agent_started = now_ms();
    init.agent_at = init.agent_started + AGENT_RETRY_MS;
    if (init.died) send_died(init.died_status);
    init.died = 0;
    int port = openat(init.dev, init.port, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (port < 0) {
        complain("/dev/%s: %s", init.port, strerror(errno));
        return;
    }
    port = hold(port);
    pid_t child = fork();
    if (child == 0) become_agent(port);
    if (child > 0) {
        init.agent = child;
        init.agent_at = 0;
        init.layers = NULL; /* it has asked for them */
    }
    close(port);
}

static void agent_ended(int status)
{
    uint64_t now = now_ms();
    init.agent = 0;
    init.died = 1;
    init.died_status = status;
    init.agent_at = now - init.agent_started < 1000 ? now + AGENT_RETRY_MS : now;
}

static void collect_children(void)
{
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (child == init.agent) agent_ended(status);
        else if (child == init.console.shell) console_ended(&init.console);
    }
}

/* busybox's halt, poweroff and reboot send these signals to process 1. */
static void end_machine(int signal)
{
    sync();
    if (signal == SIGUSR1) reboot(RB_HALT_SYSTEM);
    if (signal == SIGUSR2) reboot(RB_POWER_OFF);
    if (signal == SIGTERM) reboot(RB_AUTOBOOT);
}

static int open_signals(void)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void handle_signals(int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD) collect_children();
        else end_machine(info.ssi_signo);
    }
}

/* One write of at most PIPE_BUF bytes arrives in one piece: each read is one whole environment. */
static void handle_control(void)
{
    char block[MAX_ENVIRONMENT];
    ssize_t size = read(init.control[0], block, sizeof block);
    if (size > 0) console_environment(&init.console, block, size);
}

/* The number of milliseconds until something of ours is due; -1: nothing is. */
static int next_deadline(void)
{
    uint64_t now = now_ms(), due = UINT64_MAX;
    if (!init.port[0]) due = now + PORT_WAIT_MS;
    else if (!init.agent && init.agent_at < due) due = init.agent_at;
    if (init.console.start_at && init.console.start_at < due) due = init.console.start_at;
    if (due == UINT64_MAX) return -1;
    return due > now ? (int)(due - now) : 0;
}

static void do_what_is_due(void)
{
    uint64_t now = now_ms();
    if (!init.port[0] && !find_port(AGENT_PORT, init.port, sizeof init.port)) init.port[0] = 0;
    if (init.port[0] && !init.agent && init.agent_at <= now) start_agent();
    if (init.console.start_at && init.console.start_at <= now) console_start(&init.console, init.dev);
}

int init_main(void)
{
    int signals = open_signals();
    mount_everything();
    set_up_network();
    sethostname(DEFAULT_NAME, strlen(DEFAULT_NAME)); /* until IDENTITY brings the machine's own */

    init.dev = hold(open_or_complain("/dev", O_DIRECTORY));
    init.proc = hold(open_or_complain("/proc", O_DIRECTORY));
    init.null = hold(open_or_complain("/dev/null", O_RDWR));
    init.random = hold(open_or_complain("/dev/urandom", O_RDWR));
    init.program = hold(open_or_complain("/proc/self/exe", O_RDONLY));
    if (pipe2(init.control, O_CLOEXEC | O_NONBLOCK)) complain("pipe: %s", strerror(errno));
    for (int end = 0; end < 2; end++) init.control[end] = hold(init.control[end]);

    /* "LAYERS=backends" on the kernel's command line: layers this machine is not itself without. */
    init.layers = getenv("LAYERS");

    /* On a host without our virtio ports, "SHELL_ON=ttyS0" on the kernel's command line gives a shell
       there. */
    const char *device = getenv("SHELL_ON");
    snprintf(init.console.device, sizeof init.console.device, "%s", device ? device : "hvc1,hvc0");
    if (device) console_environment(&init.console, "", 0);

    for (;;) {
        do_what_is_due();
        struct pollfd watched[] = {
            { .fd = signals, .events = POLLIN },
            { .fd = init.control[0], .events = POLLIN },
        };
        poll(watched, 2, next_deadline());
        if (watched[0].revents) handle_signals(signals);
        if (watched[1].revents) handle_control();
    }
}

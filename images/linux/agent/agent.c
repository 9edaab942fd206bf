/*
 * The agent: carries out the host's calls. One thread, one poll loop, nothing that waits.
 *
 * It must go on whatever the student does to the machine, so it needs nothing from the file system once
 * it runs: its descriptors came from init, its memory is locked, and it outranks every ordinary process.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_WATCHED (2 + MAX_LISTENERS + MAX_CLIENTS + 2 * MAX_CALLS + MAX_LEFT_BEHIND)
#define WRITE_PIECE 32768 /* what the port's driver takes in one piece (port_fops_write) */
#define NO_HOST_MS 20     /* between two looks at a port whose far end is closed */

static struct input input;

/* Who is to be told when a watched descriptor is ready. */
enum watcher { WATCH_PORT, WATCH_SIGNALS, WATCH_LISTENER, WATCH_CLIENT, WATCH_PIPE, WATCH_LEFT_BEHIND };

static struct pollfd watched[MAX_WATCHED];
static struct { enum watcher watcher; int index, pipe; } told[MAX_WATCHED];
static int watching;

static void watch(int fd, short events, enum watcher watcher, int index, int pipe)
{
    if (fd < 0) return;
    watched[watching] = (struct pollfd){ .fd = fd, .events = events };
    told[watching].watcher = watcher;
    told[watching].index = index;
    told[watching].pipe = pipe;
    watching++;
}

static void protect(void)
{
    prctl(PR_SET_NAME, "ringside-agent");
    int score = openat(PROC_FD, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0 || write(score, "-1000", 5) < 0) complain("oom_score_adj: %s", strerror(errno));
    if (score >= 0) close(score);
    if (mlockall(MCL_CURRENT | MCL_FUTURE)) complain("mlockall: %s", strerror(errno));

    /* Ahead of a thousand runaway processes, not only with a bigger share: the loop never spins. The
       system call itself, because musl's function of this name always refuses. */
    struct sched_param first = { .sched_priority = 1 };
    if (syscall(SYS_sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &first))
        complain("priority: %s", strerror(errno));

    struct rlimit files = { 1024, 4096 };
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
}

/* Nothing the agent holds is for the scripts it starts. */
static void close_on_exec(void)
{
    for (int fd = PORT_FD; fd <= PROC_FD; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void hello(void)
{
    uint8_t payload[8];
    put32(payload, PROTOCOL_VERSION);
    put32(payload + 4, getpid());
    output_frame(&output, 0, HELLO, payload, sizeof payload);
}

static void console(const struct frame *frame)
{
    if (frame->size > MAX_ENVIRONMENT)
        return answer_error(frame->call, "The console's environment is longer than %d bytes.", MAX_ENVIRONMENT);
    if (frame->size && frame->payload[frame->size - 1])
        return answer_error(frame->call, "The console's environment does not end with a zero byte.");
    const void *block = frame->size ? frame->payload : (const void *)"";
    if (write(CONTROL_FD, block, frame->size ? frame->size : 1) < 0)
        return answer_error(frame->call, "The console was not started: %s.", strerror(errno));
    answer_exit(frame->call, EXITED, 0);
}

static void kill_call(struct call *call)
{
    if (call->state == RUNNING) return run_kill(call);
    file_forget(call);
    call_exit(call, SIGNALLED, SIGKILL);
}

static void handle(const struct frame *frame)
{
    struct call *call = call_find(frame->call);
    switch (frame->kind) {
    case RUN: return run_start(frame->call, frame->payload, frame->size);
    case PUT: return put_start(frame->call, frame->payload, frame->size);
    case GET: return get_start(frame->call, frame->payload, frame->size);
    case IDENTITY: return identity_apply(frame->call, frame->payload, frame->size);
    case CONSOLE: return console(frame);
    case SUPPLIED: return layers_supplied(frame->call, frame->payload, frame->size);
    case PING: return output_frame(&output, frame->call, PONG, frame->payload, frame->size);

    /* These three belong to a call; one that has ended (a full disk ends a PUT) has nothing left to say. */
    case DATA:
        if (call && call->state == PUTTING) put_data(call, frame->payload, frame->size);
        return;
    case END:
        if (call && call->state == PUTTING) put_end(call);
        return;
    case KILL:
        if (call) kill_call(call);
        return;
    default: answer_error(frame->call, "The agent knows no frame of kind 0x%02x.", frame->kind);
    }
}

/* The host's bytes mean nothing any more. Ending closes the port; init says DIED and starts anew. */
static void lost(void)
{
    complain("the host sent a frame of length %u; the port is closed", get32(input.bytes));
    _exit(1);
}

static void handle_frames(void)
{
    struct frame frame;
    while (output_used(&output) < OUTPUT_INPUT) {
        enum parsed parsed = input_frame(&input, &frame);
        if (parsed == PARSED_MORE) return;
        if (parsed == PARSED_LOST) lost();
        handle(&frame);
        input_done(&input);
    }
}

static void read_port(void)
{
    ssize_t size = read(PORT_FD, input.bytes + input.have, sizeof input.bytes - input.have);
    if (size > 0) input.have += size;
}

static void write_port(void)
{
    size_t piece = output_piece(&output, WRITE_PIECE);
    ssize_t size = write(PORT_FD, output.bytes + output.begin, piece);
    if (size > 0) output_written(&output, size);
}

static int open_signals(void)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_SETMASK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void watch_calls(void)
{
    for (int i = 0; i < MAX_CALLS; i++) {
        struct call *call = call_at(i);
        if (call->state != RUNNING) continue;
        for (int pipe = PIPE_OUT; pipe <= PIPE_ERR; pipe++)
            if (!call->exited || call->unread[pipe]) watch(call->pipes[pipe], POLLIN, WATCH_PIPE, i, pipe);
    }
}

/* Milliseconds to wait: 0 while a file can be read on, the next time limit, or for ever (-1). */
static int next_timeout(bool host_gone)
{
    uint64_t now = now_ms(), due = host_gone ? now + NO_HOST_MS : UINT64_MAX;
    bool room = output_used(&output) < OUTPUT_DATA;
    for (int i = 0; i < MAX_CALLS; i++) {
        struct call *call = call_at(i);
        if (call->state == GETTING && room) return 0;
        if (call->state == RUNNING && call->deadline && call->deadline < due) due = call->deadline;
    }
    if (due == UINT64_MAX) return -1;
    return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

/* While the output is full, pipes and files are left alone: their writers wait, we do not. */
static void watch_everything(int signals, bool host_gone)
{
    bool room = output_used(&output) < OUTPUT_DATA;
    watching = 0;
    watch(signals, POLLIN, WATCH_SIGNALS, 0, 0);
    if (!host_gone) {
        short events = output_used(&output) ? POLLOUT : 0;
        if (input.have < sizeof input.bytes && output_used(&output) < OUTPUT_INPUT) events |= POLLIN;
        watch(PORT_FD, events, WATCH_PORT, 0, 0);
    }
    for (int i = 0; i < MAX_LISTENERS; i++) watch(layers_listener(i), POLLIN, WATCH_LISTENER, i, 0);
    for (int i = 0; i < MAX_CLIENTS; i++) watch(layers_client(i), POLLIN, WATCH_CLIENT, i, 0);
    for (int i = 0; i < MAX_LEFT_BEHIND; i++) watch(run_left_behind(i), POLLIN, WATCH_LEFT_BEHIND, i, 0);
    if (room) watch_calls();
}

static void clear(int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) continue;
}

/* Tells every watcher whose descriptor is ready. Returns whether the far end of the port is closed. */
static bool tell_watchers(int signals)
{
    bool host_gone = false;
    /* From the end: run_drop() fills a gap with the last one left behind. */
    for (int i = watching - 1; i >= 0; i--) {
        short ready = watched[i].revents;
        if (!ready) continue;
        switch (told[i].watcher) {
        case WATCH_PORT:
            if (ready & POLLIN) read_port();
            if (ready & POLLOUT) write_port();
            host_gone = (ready & POLLHUP) && !(ready & POLLIN);
            break;
        case WATCH_SIGNALS:
            clear(signals);
            run_children();
            break;
        case WATCH_LISTENER: layers_accept(told[i].index); break;
        case WATCH_CLIENT: layers_readable(told[i].index); break;
        case WATCH_LEFT_BEHIND: run_drop(told[i].index); break;
        case WATCH_PIPE:
            if (output_used(&output) < OUTPUT_DATA) run_readable(call_at(told[i].index), told[i].pipe);
            break;
        }
    }
    return host_gone;
}

static void step_calls(void)
{
    uint64_t now = now_ms();
    for (int i = 0; i < MAX_CALLS; i++) {
        struct call *call = call_at(i);
        if (call->state == RUNNING) run_settle(call, now);
        else if (call->state == GETTING && output_used(&output) < OUTPUT_DATA) get_step(call);
    }
}

int agent_main(const char *layers)
{
    protect();
    close_on_exec();
    int signals = open_signals();
    layers_open();
    hello();
    if (layers) layers_want(layers);
    for (bool host_gone = false;;) {
        watch_everything(signals, host_gone);
        poll(watched, watching, next_timeout(host_gone));
        host_gone = tell_watchers(signals);
        handle_frames();
        step_calls();
    }
}

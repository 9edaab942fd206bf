/*
 * RUN: a script in a shell of its own session.
 *
 * A call ends when its shell has exited and what was written up to then has been sent. A process the
 * script left in the background may still hold the pipes: they stay open for it and what it writes is
 * read and dropped, because closing them would kill it with SIGPIPE at its next line.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int left_behind[MAX_LEFT_BEHIND];
static int left_behind_count;

static char *const environment[] = {
    "PATH=/sbin:/usr/sbin:/bin:/usr/bin",
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/sh",
    "LANG=C.UTF-8",
    NULL,
};

/*
 * An ordinary process again. The agent's priority and its locked memory did not come along (they are not
 * inherited); its protection from the OOM killer did.
 */
static void become_ordinary(void)
{
    int score = openat(PROC_FD, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        if (write(score, "0", 1) < 0) { /* killed first when memory runs out is no worse than not starting */ }
        close(score);
    }

    sigset_t empty;
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);
    signal(SIGPIPE, SIG_DFL);
    struct rlimit files = { 1024, 4096 };
    setrlimit(RLIMIT_NOFILE, &files);
}

/* In the child. Reports errno through PIPE_FAILURE if the shell cannot be started. */
static void become_shell(int ends[PIPES], char *script)
{
    setsid();
    dup2(NULL_FD, 0);
    dup2(ends[PIPE_OUT], 1);
    dup2(ends[PIPE_ERR], 2);
    become_ordinary();
    if (chdir("/root") == 0 || chdir("/") == 0)
        execve("/bin/sh", (char *[]){ "sh", "-c", script, NULL }, environment);
    int error = errno;
    if (write(ends[PIPE_FAILURE], &error, sizeof error) < 0) { /* the exit status 126 still tells */ }
    _exit(126);
}

static void close_all(int fds[PIPES])
{
    for (int i = 0; i < PIPES; i++)
        if (fds[i] >= 0) close(fds[i]);
}

/* Our ends never block; the script's must, as a script expects of its output. */
static bool open_pipes(int ours[PIPES], int theirs[PIPES])
{
    for (int i = 0; i < PIPES; i++) ours[i] = theirs[i] = -1;
    for (int i = 0; i < PIPES; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC)) return false;
        ours[i] = ends[0];
        theirs[i] = ends[1];
        fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

void run_start(uint32_t number, const uint8_t *payload, size_t size)
{
    if (size < 4) return answer_error(number, "RUN without a time limit.");
    struct call *call = call_new(number);
    if (!call) return;
    uint32_t limit = get32(payload);
    char *script = strndup((const char *)payload + 4, size - 4);
    int theirs[PIPES];
    bool piped = open_pipes(call->pipes, theirs);
    pid_t child = script && piped ? fork() : -1;
    if (child == 0) become_shell(theirs, script);
    int error = script ? errno : ENOMEM;
    free(script);
    close_all(theirs);
    if (child < 0) {
        close_all(call->pipes);
        return call_error(call, "The machine could not start a process: %s.", strerror(error));
    }
    call->state = RUNNING;
    call->shell = child;
    call->deadline = limit ? now_ms() + limit : 0;
}

void run_kill(struct call *call)
{
    if (call->exited) return;
    kill(-call->shell, SIGKILL);
    kill(call->shell, SIGKILL); /* before its setsid() it is in no group of its own yet */
}

/* What the script wrote before its shell exited is what the pipes hold now. */
static void note_exit(struct call *call, int status)
{
    call->exited = true;
    call->status = status;
    for (int i = PIPE_OUT; i <= PIPE_ERR; i++) {
        int held = 0;
        if (call->pipes[i] >= 0) ioctl(call->pipes[i], FIONREAD, &held);
        call->unread[i] = held;
    }
}

void run_children(void)
{
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < MAX_CALLS; i++) {
            struct call *call = call_at(i);
            if (call->state == RUNNING && !call->exited && call->shell == child) note_exit(call, status);
        }
}

static void close_pipe(struct call *call, int pipe)
{
    if (call->pipes[pipe] >= 0) close(call->pipes[pipe]);
    call->pipes[pipe] = -1;
    if (pipe <= PIPE_ERR) call->unread[pipe] = 0;
}

/* Sends one frame of what the pipe holds; the caller made sure that the output has room. */
void run_readable(struct call *call, int pipe)
{
    size_t wanted = MAX_DATA;
    if (call->exited && call->unread[pipe] < wanted) wanted = call->unread[pipe];
    uint8_t *place = output_place(&output, wanted);
    ssize_t size = read(call->pipes[pipe], place, wanted);
    if (size > 0) {
        output_add(&output, call->number, pipe == PIPE_OUT ? STDOUT : STDERR, size);
        if (call->exited) call->unread[pipe] -= size;
    } else if (size == 0 || errno != EAGAIN) close_pipe(call, pipe);
}

/* Keeps a pipe for a process that outlives its call; the oldest gives way when there are too many. */
static void leave_behind(int fd)
{
    if (left_behind_count == MAX_LEFT_BEHIND) {
        close(left_behind[0]);
        memmove(left_behind, left_behind + 1, --left_behind_count * sizeof *left_behind);
    }
    left_behind[left_behind_count++] = fd;
}

int run_left_behind(int index)
{
    return index < left_behind_count ? left_behind[index] : -1;
}

void run_drop(int index)
{
    char waste[4096];
    ssize_t size = read(left_behind[index], waste, sizeof waste);
    if (size > 0 || (size < 0 && errno == EAGAIN)) return;
    close(left_behind[index]);
    left_behind[index] = left_behind[--left_behind_count];
}

/* Ends the call once there is nothing left to wait for, and kills a script that is over its time. */
void run_settle(struct call *call, uint64_t now)
{
    if (!call->exited && call->deadline && now >= call->deadline) {
        call->deadline = 0;
        call->timed_out = true;
        run_kill(call);
    }
    if (!call->exited || call->unread[PIPE_OUT] || call->unread[PIPE_ERR]) return;

    int error = 0;
    bool failed = read(call->pipes[PIPE_FAILURE], &error, sizeof error) == sizeof error;
    close_pipe(call, PIPE_FAILURE);
    for (int i = PIPE_OUT; i <= PIPE_ERR; i++)
        if (call->pipes[i] >= 0) leave_behind(call->pipes[i]);

    if (failed) call_error(call, "The machine could not start /bin/sh: %s.", strerror(error));
    else if (call->timed_out) call_exit(call, TIME_LIMIT, 0);
    else if (WIFSIGNALED(call->status)) call_exit(call, SIGNALLED, WTERMSIG(call->status));
    else call_exit(call, EXITED, WEXITSTATUS(call->status));
}

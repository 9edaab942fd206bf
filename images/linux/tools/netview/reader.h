/*
 * The reader: one process a machine that taps every network namespace and answers who asks for frames, over a
 * unix socket with an abstract name.
 *
 * It starts with the first question, taps while it is asked (the last ten seconds), and then waits without
 * doing anything until it is asked again or told to stop. What it watches, to tap a new namespace at once and to
 * let go of one that ended: the mounts, which change when `ip netns` adds and deletes; interfaces that come and
 * go; a member of each namespace without a name; and everything anew with every question.
 *
 * It never takes the machine: after a look at the sockets it rests, longer when there was more than a batch, and
 * meanwhile the kernel drops what there is no room for.
 */
#ifndef NETVIEW_READER_H
#define NETVIEW_READER_H

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

#include "spots.h"
#include "tap.h"

#define MAX_TAPS 32
#define REST_MS 20
#define LONG_REST_MS 100
#define LINGER_MS 10000

static const char socket_name[] = "ringside-netview"; /* behind a zero byte: abstract, unix(7) */

enum question { FRAMES, STOP };

struct ask {
    uint32_t question, reserved;
    uint64_t from;
};

struct reader {
    struct tap taps[MAX_TAPS];
    struct ring ring;
    struct spots spots;
    int listener, mounts, home;
    long long asked; /* when, in milliseconds of the monotonic clock */
};

static long long monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct tap *tap_of(struct reader *r, uint32_t inode)
{
    for (unsigned i = 0; i < MAX_TAPS; i++)
        if (r->taps[i].inode == inode) return &r->taps[i];
    return NULL;
}

/* A pidfd tells when its process ends, and keeps nothing alive. */
static void watch_member(struct tap *t, const struct spot *s)
{
    if (t->watched >= 0) close(t->watched);
    t->watched = -1;
    if (s->initial || !s->member_count) return;
    t->watched = (int)syscall(SYS_pidfd_open, s->members[0], 0);
}

static void tap_spot(struct reader *r, const struct spot *s)
{
    struct tap *t = tap_of(r, s->inode);
    if (!t && (t = tap_of(r, 0))) {
        int fd = open_spot(s);
        if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) t = NULL;
        else open_tap(t, s->inode);
        if (fd >= 0) close(fd);
        setns(r->home, CLONE_NEWNET);
    }
    if (t && t->inode) watch_member(t, s);
}

/* Lets go of namespaces nothing leads to any more, and taps the new ones. */
static void follow(struct reader *r)
{
    find_spots(&r->spots);
    for (unsigned i = 0; i < MAX_TAPS; i++) {
        struct tap *t = &r->taps[i];
        int there = 0;
        for (unsigned s = 0; s < r->spots.count; s++) there |= r->spots.list[s].inode == t->inode;
        if (t->inode && !there) close_tap(t);
    }
    for (unsigned s = 0; s < r->spots.count; s++) tap_spot(r, &r->spots.list[s]);
}

static void close_taps(struct reader *r)
{
    for (unsigned i = 0; i < MAX_TAPS; i++)
        if (r->taps[i].inode) close_tap(&r->taps[i]);
}

static int earlier(const void *a, const void *b)
{
    const struct frame *const *one = a, *const *other = b;
    if ((*one)->at != (*other)->at) return (*one)->at < (*other)->at ? -1 : 1;
    return *one < *other ? -1 : 1; /* those of one socket are in its order */
}

/* Reads one batch from all taps, each with its share, in the order of time. Returns how many frames it was. */
static unsigned read_batch(struct reader *r)
{
    unsigned filled = 0, open = 0;
    struct frame *order[BATCH];
    for (unsigned i = 0; i < MAX_TAPS; i++) open += r->taps[i].inode != 0;
    for (unsigned i = 0; i < MAX_TAPS && open; i++) {
        struct tap *t = &r->taps[i];
        if (!t->inode) continue;
        filled += read_tap(t, filled, (BATCH - filled) / open--);
        r->ring.next += drops(t);
    }
    for (unsigned i = 0; i < filled; i++) order[i] = &batch[i];
    qsort(order, filled, sizeof *order, earlier);
    for (unsigned i = 0; i < filled; i++) keep_frame(&r->ring, order[i]);
    return filled;
}

/* Throws away what an event socket has. Returns whether there was anything. */
static int drain(int fd)
{
    static char nothing[8192];
    int any = 0;
    while (recv(fd, nothing, sizeof nothing, MSG_DONTWAIT) > 0 || errno == ENOBUFS) any = 1;
    return any;
}

/*
 * Answers one question. Who is slow is given a second; frames are for root alone, whom the kernel would let
 * open such a socket as well.
 */
static void answer(struct reader *r)
{
    struct timeval second = {.tv_sec = 1};
    struct ask ask;
    struct ucred who;
    socklen_t size = sizeof who;
    int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0 &&
        recv(fd, &ask, sizeof ask, MSG_WAITALL) == sizeof ask) {
        if (ask.question == STOP) exit(0);
        r->asked = monotonic_ms();
        follow(r);
        read_batch(r);
        dup2(fd, STDOUT_FILENO);
        print_frames(&r->ring, ask.from);
        fflush(stdout);
        clearerr(stdout);
        dup2(STDIN_FILENO, STDOUT_FILENO); /* which is /dev/null */
    }
    close(fd);
}

/*
 * Waits until there is something to do: `rest` milliseconds in which only a question counts, then without end,
 * or until taps that nobody asks for are to be closed.
 */
static void wait_and_look(struct reader *r, int tapping, int *rest)
{
    struct pollfd wait[2 + 3 * MAX_TAPS];
    nfds_t count = 0;
    int changed = 0, frames = 0;
    wait[count++] = (struct pollfd){.fd = r->listener, .events = POLLIN};
    wait[count++] = (struct pollfd){.fd = tapping && !*rest ? r->mounts : -1, .events = POLLPRI};
    for (unsigned i = 0; i < MAX_TAPS && !*rest; i++) {
        const struct tap *t = &r->taps[i];
        if (!t->inode) continue;
        wait[count++] = (struct pollfd){.fd = t->packets, .events = POLLIN};
        wait[count++] = (struct pollfd){.fd = t->events, .events = POLLIN};
        wait[count++] = (struct pollfd){.fd = t->watched, .events = POLLIN};
    }
    long long left = r->asked + LINGER_MS - monotonic_ms();
    int timeout = !tapping ? -1 : *rest ? *rest : left > 0 ? (int)left : 0;
    *rest = 0;
    if (poll(wait, count, timeout) < 0) return;
    if (wait[0].revents) answer(r);
    changed = wait[1].revents != 0;
    for (nfds_t i = 2; i < count; i += 3) {
        frames |= wait[i].revents != 0;
        changed |= wait[i + 1].revents && drain(wait[i + 1].fd);
        changed |= wait[i + 2].revents != 0;
    }
    if (changed) follow(r);
    if (frames) *rest = read_batch(r) == BATCH ? LONG_REST_MS : REST_MS;
    else if (changed) *rest = REST_MS;
}

static void read_frames(int listener)
{
    static struct reader r;
    int rest = 0;
    r.listener = listener;
    r.ring.next = 1;
    r.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    r.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    r.asked = monotonic_ms();
    for (;;) {
        int tapping = monotonic_ms() < r.asked + LINGER_MS;
        if (!tapping) close_taps(&r);
        wait_and_look(&r, tapping, &rest);
    }
}

#endif

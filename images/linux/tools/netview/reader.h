/*
 * The reader: one process a machine that taps every network namespace and answers who asks for frames, over a
 * unix socket with an abstract name.
 *
 * It starts with the first question, taps while it is asked (the last ten seconds), and then waits without
 * doing anything until it is asked again or told to stop. What it watches, to tap a new namespace at once and to
 * let go of one that ended: the mounts, which change when `ip netns` adds and deletes; interfaces that come and
 * go; a member of each namespace without a name; and everything anew with every question.
 *
 * It never takes the machine, however slow that is: after a look at the sockets it rests for eight times as long
 * as the look took, and meanwhile the kernel drops what there is no room for.
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
#define LINGER_US 10000000
#define FRAMES_REST 8 /* times as long as the work took */
#define CHANGES_REST 2
#define LEAST_REST_US 20000
#define MOST_REST_US 1000000

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
    /* By the monotonic clock, in microseconds: when it was asked last, and until when it rests. */
    long long asked, frames_rest, changes_rest;
};

static long long monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
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
    if ((*one)->seconds != (*other)->seconds) return (*one)->seconds < (*other)->seconds ? -1 : 1;
    if ((*one)->nanoseconds != (*other)->nanoseconds) return (*one)->nanoseconds < (*other)->nanoseconds ? -1 : 1;
    return *one < *other ? -1 : 1; /* those of one socket are in its order */
}

/* Reads one batch from all taps, each with its share, in the order of time. */
static void read_batch(struct reader *r)
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
        r->asked = monotonic_us();
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

/* Until when to rest after work that began at `began`: some times as long as it took. */
static long long rest_after(long long began, long long least, int times)
{
    long long now = monotonic_us(), rest = (now - began) * times;
    return now + (rest < least ? least : rest > MOST_REST_US ? MOST_REST_US : rest);
}

/* How long poll(2) may wait, in milliseconds: until a rest is over, or nobody has asked for long enough. */
static int patience(const struct reader *r, long long now)
{
    long long until = r->asked + LINGER_US;
    if (r->frames_rest > now && r->frames_rest < until) until = r->frames_rest;
    if (r->changes_rest > now && r->changes_rest < until) until = r->changes_rest;
    return until > now ? (int)((until - now + 999) / 1000) : 0;
}

static int is_ready(const struct pollfd *p) { return p->revents != 0; }

/* Waits until there is something to do, and does it. What it rests from is not waited for. */
static void wait_and_look(struct reader *r, int tapping)
{
    struct pollfd wait[2 + 3 * MAX_TAPS];
    long long now = monotonic_us();
    int frames = now >= r->frames_rest, changes = now >= r->changes_rest, any_frame = 0, any_change;
    nfds_t count = 2;
    wait[0] = (struct pollfd){.fd = r->listener, .events = POLLIN};
    wait[1] = (struct pollfd){.fd = tapping && changes ? r->mounts : -1, .events = POLLPRI};
    for (unsigned i = 0; i < MAX_TAPS; i++) {
        const struct tap *t = &r->taps[i];
        if (!t->inode) continue;
        wait[count++] = (struct pollfd){.fd = frames ? t->packets : -1, .events = POLLIN};
        wait[count++] = (struct pollfd){.fd = changes ? t->events : -1, .events = POLLIN};
        wait[count++] = (struct pollfd){.fd = changes ? t->watched : -1, .events = POLLIN};
    }
    if (poll(wait, count, tapping ? patience(r, now) : -1) < 0) return;
    if (is_ready(&wait[0])) answer(r);
    any_change = is_ready(&wait[1]);
    for (nfds_t i = 2; i < count; i += 3) {
        any_frame |= is_ready(&wait[i]);
        any_change |= is_ready(&wait[i + 1]) && drain(wait[i + 1].fd);
        any_change |= is_ready(&wait[i + 2]);
    }
    now = monotonic_us();
    if (any_change) {
        follow(r);
        r->changes_rest = rest_after(now, 0, CHANGES_REST);
    }
    if (any_frame) {
        now = monotonic_us();
        read_batch(r);
        r->frames_rest = rest_after(now, LEAST_REST_US, FRAMES_REST);
    }
}

static void read_frames(int listener)
{
    static struct reader r;
    r.listener = listener;
    r.ring.next = 1;
    r.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    r.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    r.asked = monotonic_us();
    for (;;) {
        int tapping = monotonic_us() < r.asked + LINGER_US;
        if (!tapping) close_taps(&r);
        wait_and_look(&r, tapping);
    }
}

#endif

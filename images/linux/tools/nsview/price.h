/*
 * What namespaces cost: a child is made by clone(2), ends at once and is waited for, with no flag and
 * with the flags of the seven. The difference is making the namespaces and dropping them.
 *
 * The median of many is given, so that a pause of the computer underneath does not count. A network
 * namespace is taken apart later by a kernel thread (cleanup_net); that is work the child caused, but
 * only what of it falls between clone and wait is in the figure.
 */
#ifndef NSVIEW_PRICE_H
#define NSVIEW_PRICE_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

#define CHILDREN 41 /* odd, so that one of them is the median */

static const unsigned long clone_flag[KINDS] = {
    [CGROUP] = CLONE_NEWCGROUP, [IPC] = CLONE_NEWIPC, [MNT] = CLONE_NEWNS,   [NET] = CLONE_NEWNET,
    [PID] = CLONE_NEWPID,       [USER] = CLONE_NEWUSER, [UTS] = CLONE_NEWUTS,
};

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* One child from birth to burial, in microseconds; below 0 when it could not be made. */
static double one_child(unsigned long flags)
{
    double start = microseconds();
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); /* with no stack of its own: as fork does */
    if (child == 0) _exit(0);
    if (child < 0) return -1;
    while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) {}
    return microseconds() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double price(unsigned long flags)
{
    double taken[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        taken[i] = one_child(flags);
        if (taken[i] < 0) return -1;
    }
    qsort(taken, CHILDREN, sizeof *taken, by_size);
    return taken[CHILDREN / 2];
}

/* Prints the prices. Returns 0, or 1 when a namespace could not be made. */
static int print_prices(void)
{
    unsigned long all = 0;
    double plain = price(0);
    printf("%-10s %7.0f us\n", "plain fork", plain);
    for (int k = 0; k < TIME; k++) {
        all |= clone_flag[k];
        double with = price(clone_flag[k]);
        if (with < 0) printf("%-10s %s\n", kind_name[k], strerror(errno));
        else printf("%-10s %+7.0f us\n", kind_name[k], with - plain);
    }
    double seven = price(all);
    if (plain <= 0 || seven < 0) {
        perror("nsview: no process with seven namespaces could be made");
        return 1;
    }
    printf("%-10s %7.0f us, %.1f times a plain fork\n", "all seven", seven, seven / plain);
    return 0;
}

#endif

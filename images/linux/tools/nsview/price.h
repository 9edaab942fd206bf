/*
 * What namespaces cost: a child is made by clone(2), ends at once and is waited for, with no flag and
 * with the flags of the seven. The difference is making the namespaces and dropping them.
 *
 * The quickest of many is given: what makes others slower is the computer underneath, which has more
 * to do than this machine. A network namespace is taken apart later by a kernel thread (cleanup_net);
 * that is work the child caused and not in the figure.
 */
#ifndef NSVIEW_PRICE_H
#define NSVIEW_PRICE_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

#define ROUNDS 4    /* through all the flags, so that a slow moment does not hit one of them alone */
#define CHILDREN 10 /* in a row, in each round */

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

/* Lowers `best` to the quickest of some children; below 0 when there can be none. */
static void measure(unsigned long flags, double *best)
{
    for (int i = 0; i < CHILDREN && *best >= 0; i++) {
        double taken = one_child(flags);
        if (taken < *best) *best = taken;
    }
}

/* Prints the prices. Returns 0, or 1 when a namespace could not be made. */
static int print_prices(void)
{
    double plain = 1e9, with[TIME], all = 1e9;
    unsigned long all_flags = 0;
    for (int k = 0; k < TIME; k++) {
        all_flags |= clone_flag[k];
        with[k] = 1e9;
    }
    for (int round = 0; round < ROUNDS; round++) {
        measure(0, &plain);
        for (int k = 0; k < TIME; k++) measure(clone_flag[k], &with[k]);
        measure(all_flags, &all);
    }
    if (plain <= 0 || all < 0) {
        fputs("nsview: no process with seven namespaces can be made here\n", stderr);
        return 1;
    }
    printf("%-10s %7.0f us\n", "plain fork", plain);
    for (int k = 0; k < TIME; k++) {
        if (with[k] < 0) printf("%-10s refused without privilege\n", kind_name[k]);
        else printf("%-10s %+7.0f us\n", kind_name[k], with[k] - plain);
    }
    printf("%-10s %7.0f us, %.1f times a plain fork\n", "all seven", all, all / plain);
    return 0;
}

#endif

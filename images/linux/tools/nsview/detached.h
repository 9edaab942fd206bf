/*
 * File systems that are views of a namespace (proc, mqueue), mounted without a place in anyone's tree:
 * fsmount(2) makes a mount that only its descriptor refers to and that ends with it. What such a file
 * system shows is the namespace of the process that makes it.
 */
#ifndef NSVIEW_DETACHED_H
#define NSVIEW_DETACHED_H

#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns a descriptor of the root directory to read from, or -1. */
static int open_detached(const char *type)
{
    int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int tree = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    close(context);
    if (tree < 0) return -1;
    int folder = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(tree);
    return folder;
}

#endif

/*
 * What an IPC namespace holds (ipc_namespaces(7)): System V objects, which the kernel counts, and
 * POSIX message queues, which are files of a file system. Both are read for the namespace the caller
 * is in.
 */
#ifndef NSVIEW_IPC_H
#define NSVIEW_IPC_H

#include <dirent.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "detached.h"
#include "model.h"

/* SHM_INFO and its like count what exists (shmctl(2), msgctl(2), semctl(2)). */
static int read_system_v(struct namespace *n)
{
    union { int val; struct semid_ds *buf; unsigned short *array; struct seminfo *info; } argument;
    struct shm_info shm;
    struct msginfo msg;
    struct seminfo sem;
    argument.info = &sem;
    if (shmctl(0, SHM_INFO, (void *)&shm) < 0) return -1;
    if (msgctl(0, MSG_INFO, (void *)&msg) < 0) return -1;
    if (semctl(0, 0, SEM_INFO, argument) < 0) return -1;
    n->shm = shm.used_ids;
    n->msg = msg.msgpool; /* under MSG_INFO: the number of queues */
    n->sem = sem.semusz;  /* under SEM_INFO: the number of sets */
    return 0;
}

static void read_queues(struct namespace *n)
{
    int fd = open_detached("mqueue");
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) return;
    struct dirent *entry;
    while (n->queue_count < MAX_QUEUES && (entry = readdir(folder)))
        if (entry->d_name[0] != '.') n->queues[n->queue_count++] = strndup(entry->d_name, MAX_TEXT);
    closedir(folder);
}

static int read_ipc(struct namespace *n)
{
    read_queues(n);
    return read_system_v(n);
}

#endif

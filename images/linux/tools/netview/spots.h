/*
 * Which network namespaces there are: those of the processes in /proc, and those with a name in /run/netns
 * (a file that `ip netns add` mounts, or a link to /proc/PID/ns/net). One that neither leads to cannot be
 * entered by anyone and is left out.
 */
#ifndef NETVIEW_SPOTS_H
#define NETVIEW_SPOTS_H

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SPOTS 64
#define MAX_MEMBERS 4 /* processes listed of a namespace */
#define MAX_NAMES 4

struct spot {
    uint32_t inode; /* of the namespace on nsfs */
    int initial;    /* the one process 1 is in */
    pid_t members[MAX_MEMBERS];
    char names[MAX_NAMES][64];
    unsigned member_count, name_count;
};

struct spots {
    struct spot list[MAX_SPOTS];
    unsigned count;
    int truncated;
};

static struct spot *find_spot(struct spots *s, uint32_t inode)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->list[i].inode == inode) return &s->list[i];
    if (s->count == MAX_SPOTS) {
        s->truncated = 1;
        return NULL;
    }
    struct spot *new = &s->list[s->count++];
    memset(new, 0, sizeof *new);
    new->inode = inode;
    return new;
}

/* The number of the network namespace a file below `dir` leads to, or 0. */
static uint32_t namespace_at(int dir, const char *name)
{
    struct stat file;
    return fstatat(dir, name, &file, 0) == 0 ? (uint32_t)file.st_ino : 0;
}

/*
 * Of the initial namespace only process 1 is listed: most of a machine is in it. A process that has ended
 * and was not waited for has left its namespaces and is not met here.
 */
static void add_member(struct spots *s, int proc, const char *pid, uint32_t initial)
{
    char name[32];
    snprintf(name, sizeof name, "%.16s/ns/net", pid);
    uint32_t inode = namespace_at(proc, name);
    if (!inode || inode == initial) return;
    struct spot *spot = find_spot(s, inode);
    if (spot && spot->member_count < MAX_MEMBERS) spot->members[spot->member_count++] = atoi(pid);
}

static void add_names(struct spots *s)
{
    int dir = open("/run/netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = dir < 0 ? NULL : fdopendir(dir);
    struct stat nsfs, file;
    struct dirent *entry;
    if (!folder) return;
    if (stat("/proc/self/ns/net", &nsfs) < 0) nsfs.st_dev = 0;
    while ((entry = readdir(folder))) {
        /* A file that nothing is mounted on yet is of another file system. */
        if (entry->d_name[0] == '.' || fstatat(dir, entry->d_name, &file, 0) < 0 || file.st_dev != nsfs.st_dev) continue;
        struct spot *spot = find_spot(s, (uint32_t)file.st_ino);
        if (spot && spot->name_count < MAX_NAMES && strlen(entry->d_name) < sizeof spot->names[0])
            strcpy(spot->names[spot->name_count++], entry->d_name);
    }
    closedir(folder);
}

/* Fills in all namespaces, the initial one first. Returns 0, or -1 when there is no /proc. */
static int find_spots(struct spots *s)
{
    s->count = 0;
    s->truncated = 0;
    DIR *proc = opendir("/proc");
    uint32_t initial = proc ? namespace_at(dirfd(proc), "1/ns/net") : 0;
    if (!initial) {
        if (proc) closedir(proc);
        return -1;
    }
    struct spot *first = find_spot(s, initial);
    first->initial = 1;
    first->members[first->member_count++] = 1;
    struct dirent *entry;
    while ((entry = readdir(proc)))
        if (isdigit((unsigned char)entry->d_name[0])) add_member(s, dirfd(proc), entry->d_name, initial);
    closedir(proc);
    add_names(s);
    return 0;
}

/* Whether the file leads to the namespace: a process's number may by now be another's. Returns it open, or -1. */
static int open_if_same(const char *path, uint32_t inode)
{
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &file) == 0 && (uint32_t)file.st_ino == inode) return fd;
    close(fd);
    return -1;
}

/* Opens a namespace for setns(2) by its members or its names; -1 when it is gone. */
static int open_spot(const struct spot *s)
{
    char path[128];
    int fd = -1;
    for (unsigned i = 0; fd < 0 && i < s->member_count; i++) {
        snprintf(path, sizeof path, "/proc/%d/ns/net", s->members[i]);
        fd = open_if_same(path, s->inode);
    }
    for (unsigned i = 0; fd < 0 && i < s->name_count; i++) {
        snprintf(path, sizeof path, "/run/netns/%s", s->names[i]);
        fd = open_if_same(path, s->inode);
    }
    return fd;
}

/* The kernel's 15-byte name of a process, or "". */
static void read_comm(pid_t pid, char into[16])
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, 16);
    if (fd >= 0) close(fd);
    into[n > 0 ? n - 1 : 0] = 0;
}

#endif

/*
 * Reads every process from /proc (proc(5)). A process may end at any moment: whatever can no longer
 * be read is left empty, and a process that is gone altogether is left out.
 */
#ifndef NSVIEW_PROCESSES_H
#define NSVIEW_PROCESSES_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

/* The flag of a kernel thread in field 9 of /proc/PID/stat (PF_KTHREAD, include/linux/sched.h). */
#define KERNEL_THREAD 0x00200000ul

/* Reads a small file below `dir` as text. Returns its length, or -1. */
static ssize_t read_text(int dir, const char *name, char *into, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    size_t got = 0;
    ssize_t n;
    while (got + 1 < size && (n = read(fd, into + got, size - 1 - got)) > 0) got += (size_t)n;
    close(fd);
    into[got] = 0;
    return (ssize_t)got;
}

/* Where a symbolic link below `dir` points, or NULL. The caller owns the text. */
static char *read_link(int dir, const char *name)
{
    char text[MAX_TEXT];
    ssize_t n = readlinkat(dir, name, text, sizeof text);
    return n < 0 ? NULL : strndup(text, (size_t)n);
}

/* The number in a link such as "uts:[4026531838]", or 0. */
static inode_t read_inode(int dir, const char *name)
{
    char text[64];
    ssize_t n = readlinkat(dir, name, text, sizeof text - 1);
    if (n < 0) return 0;
    text[n] = 0;
    const char *bracket = strchr(text, '[');
    return bracket ? (inode_t)strtoul(bracket + 1, NULL, 10) : 0;
}

static void read_inodes(int dir, inode_t ns[KINDS])
{
    char name[16];
    for (int k = 0; k < KINDS; k++) {
        snprintf(name, sizeof name, "ns/%s", kind_name[k]);
        ns[k] = read_inode(dir, name);
    }
}

/* Finds "\nkey" in /proc/PID/status and returns what follows it, or NULL. The first line has no newline before it. */
static const char *field(const char *status, const char *key)
{
    const char *at = strstr(status, key);
    return at ? at + strlen(key) : NULL;
}

/*
 * The name in the first line, "Name:\t…". The kernel writes a newline in it as \n and a backslash as
 * \\, so that a process cannot forge another line by its name; here both are themselves again.
 */
static char *read_name(const char *from)
{
    char name[64], *to = name;
    for (; *from && *from != '\n' && to < name + sizeof name - 1; from++) {
        if (*from == '\\' && (from[1] == 'n' || from[1] == '\\')) *to++ = *++from == 'n' ? '\n' : '\\';
        else *to++ = *from;
    }
    *to = 0;
    return strdup(name);
}

/* The lines wanted from /proc/PID/status. */
static void parse_status(struct process *p, const char *status)
{
    const char *at;
    char *end;
    if (strncmp(status, "Name:\t", 6) == 0) p->comm = read_name(status + 6);
    if ((at = field(status, "\nState:\t"))) p->zombie = *at == 'Z' || *at == 'X';
    if ((at = field(status, "\nPPid:\t"))) p->ppid = atoi(at);
    if ((at = field(status, "\nUid:\t"))) { /* real, then effective */
        strtoul(at, &end, 10);
        p->uid = (unsigned)strtoul(end, NULL, 10);
    }
    if ((at = field(status, "\nCapEff:\t"))) p->capabilities = strtoull(at, NULL, 16);
    if (!(at = field(status, "\nNSpid:"))) return;
    while (p->levels < MAX_LEVELS && *at == '\t') {
        p->nspid[p->levels++] = (pid_t)strtol(at, &end, 10);
        at = end;
    }
}

/* The path in the line "0::/path" of /proc/PID/cgroup (version 2, cgroups(7)), or NULL. */
static char *read_cgroup(int dir)
{
    char text[1024];
    if (read_text(dir, "cgroup", text, sizeof text) < 0) return NULL;
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!line) return NULL;
    line = strchr(line, '/');
    if (!line) return NULL;
    size_t length = strcspn(line, "\n");
    return strndup(line, length < MAX_TEXT ? length : MAX_TEXT);
}

/*
 * A kernel thread has no program. Asking for the link is cheap, and only when there is none is the
 * flag looked up: a zombie has none either.
 */
static int is_kernel_thread(int dir)
{
    char text[512];
    if (readlinkat(dir, "exe", text, 1) >= 0 || errno != ENOENT) return 0;
    if (read_text(dir, "stat", text, sizeof text) < 0) return 0;
    const char *at = strrchr(text, ')'); /* the name in brackets may itself hold brackets */
    unsigned long flags = 0;
    return at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && (flags & KERNEL_THREAD);
}

static int read_process(struct process *p, int dir, pid_t pid)
{
    char status[4096];
    if (read_text(dir, "status", status, sizeof status) <= 0) return 0;
    p->pid = pid;
    p->view = -1;
    parse_status(p, status);
    read_inodes(dir, p->ns);
    p->pid_for_children = read_inode(dir, "ns/pid_for_children");
    p->root = read_link(dir, "root");
    p->cgroup = read_cgroup(dir);
    return 1;
}

/* nsview leaves itself out. /proc/self is dangling when /proc belongs to another PID namespace. */
static pid_t find_self(int proc)
{
    char *link = read_link(proc, "self");
    pid_t self = link ? atoi(link) : 0;
    free(link);
    return self;
}

static void read_one(struct machine *m, int proc, const char *name)
{
    pid_t pid = atoi(name);
    int dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return;
    if (is_kernel_thread(dir)) m->kernel_threads++;
    else if (m->process_count == MAX_PROCESSES) m->left_out++;
    else if (read_process(&m->processes[m->process_count], dir, pid)) m->process_count++;
    else memset(&m->processes[m->process_count], 0, sizeof m->processes[0]);
    close(dir);
}

/* Fills in m->processes in the order of their numbers. Returns 0, or -1 when there is no /proc. */
static int read_processes(struct machine *m, DIR *proc)
{
    struct dirent *entry;
    int fd = dirfd(proc);
    m->self = find_self(fd);
    int self = openat(fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self >= 0) {
        read_inodes(self, m->own);
        close(self);
    }
    int any = 0;
    while ((entry = readdir(proc))) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        any = 1;
        if (atoi(entry->d_name) != m->self) read_one(m, fd, entry->d_name);
    }
    return any ? 0 : -1;
}

#endif

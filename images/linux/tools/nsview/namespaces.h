/*
 * Gathers the distinct namespaces and reads what is visible from inside each.
 *
 * To see a host name, an interface or a System V queue as a member sees it there is only one way: to
 * be a member. setns(2) moves this one process into the namespace and back; nothing is forked. The
 * namespaces of PIDs, users and mounts need no visit: /proc tells from outside what they hold.
 */
#ifndef NSVIEW_NAMESPACES_H
#define NSVIEW_NAMESPACES_H

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "ipc.h"
#include "mounts.h"
#include "network.h"

/* The way back, one a kind; -1 where there is none and the namespace is therefore not entered. */
static int home[KINDS];

static struct namespace *find_namespace(struct machine *m, enum kind kind, inode_t inode)
{
    for (unsigned i = 0; i < m->namespace_count; i++)
        if (m->namespaces[i].kind == kind && m->namespaces[i].inode == inode) return &m->namespaces[i];
    return NULL;
}

static struct namespace *add_namespace(struct machine *m, enum kind kind, inode_t inode)
{
    if (!inode || m->namespace_count == MAX_NAMESPACES) return NULL;
    struct namespace *n = &m->namespaces[m->namespace_count++];
    n->kind = kind;
    n->inode = inode;
    n->view = -1;
    return n;
}

/*
 * The file a namespace is opened by. A process number can be given to another process between two
 * system calls, so the number of what was opened is compared.
 */
static int open_namespace(const struct namespace *n, int proc)
{
    char name[64];
    struct stat file;
    snprintf(name, sizeof name, "%d/ns/%s", n->via, kind_name[n->kind]);
    int fd = n->kept ? open(n->kept, O_RDONLY | O_CLOEXEC) : openat(proc, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &file) == 0 && (inode_t)file.st_ino == n->inode) return fd;
    close(fd);
    return -1;
}

/* The namespace a relation leads to, or 0: the kernel refuses those outside one's own (ioctl_ns(2), EPERM). */
static inode_t relative(int fd, unsigned long request)
{
    struct stat file;
    int other = ioctl(fd, request);
    if (other < 0) return 0;
    inode_t inode = fstat(other, &file) == 0 ? (inode_t)file.st_ino : 0;
    close(other);
    return inode;
}

static int read_hostname(struct namespace *n)
{
    struct utsname names;
    if (uname(&names) < 0) return -1;
    n->hostname = strdup(names.nodename);
    return 0;
}

/* The clone flag that names a kind to setns(2). */
static const int flag[KINDS] = {
    [CGROUP] = CLONE_NEWCGROUP, [IPC] = CLONE_NEWIPC, [NET] = CLONE_NEWNET, [UTS] = CLONE_NEWUTS,
};

static void enter(struct machine *m, struct namespace *n, int fd, int (*look)(struct namespace *))
{
    if (n->inode == m->own[n->kind]) {
        n->seen = look(n) == 0;
        return;
    }
    if (home[n->kind] < 0 || setns(fd, flag[n->kind]) < 0) return;
    n->seen = look(n) == 0;
    if (setns(home[n->kind], flag[n->kind]) == 0) return;
    perror("nsview: cannot come back from a namespace");
    exit(1);
}

/*
 * /proc/PID/cgroup is written relative to the cgroup namespace of whoever reads it
 * (cgroup_namespaces(7)). Read from inside, a member's path is what the member itself sees; what the
 * path from here has in front of it is the namespace's root.
 */
static void read_cgroup_inside(struct machine *m, struct namespace *n, int proc)
{
    char name[16];
    for (unsigned i = 0; i < m->process_count; i++) {
        struct process *p = &m->processes[i];
        if (p->ns[CGROUP] != n->inode || !p->cgroup) continue;
        snprintf(name, sizeof name, "%d", p->pid);
        int dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) continue;
        p->cgroup_inside = read_cgroup(dir);
        close(dir);
        if (!p->cgroup_inside || n->cgroup_root) continue;
        size_t inside = strcmp(p->cgroup_inside, "/") ? strlen(p->cgroup_inside) : 0, all = strlen(p->cgroup);
        if (inside > all || strcmp(p->cgroup + all - inside, inside ? p->cgroup_inside : "")) continue;
        n->cgroup_root = inside == all ? strdup("/") : strndup(p->cgroup, all - inside);
    }
}

static void enter_cgroup(struct machine *m, struct namespace *n, int fd, int proc)
{
    int away = n->inode != m->own[CGROUP];
    if (away && (home[CGROUP] < 0 || setns(fd, flag[CGROUP]) < 0)) return;
    read_cgroup_inside(m, n, proc);
    n->seen = 1;
    if (!away || setns(home[CGROUP], flag[CGROUP]) == 0) return;
    perror("nsview: cannot come back from a cgroup namespace");
    exit(1);
}

/* A process knows its number in every PID namespace from here inwards; in its own it is the last. */
static void read_pid_facts(struct machine *m, struct namespace *n)
{
    for (unsigned i = 0; i < m->process_count; i++) {
        struct process *p = &m->processes[i];
        if (p->ns[PID] != n->inode || !p->levels) continue;
        n->seen = 1;
        n->level = p->levels - 1;
        if (p->nspid[p->levels - 1] == 1) n->init = p->pid;
    }
}

static unsigned read_map(int proc, pid_t via, const char *file, struct id_map maps[MAX_MAPS])
{
    char name[32], text[4096];
    snprintf(name, sizeof name, "%d/%s", via, file);
    if (read_text(proc, name, text, sizeof text) < 0) return 0;
    unsigned count = 0;
    for (char *at = text; *at && count < MAX_MAPS; at += strcspn(at, "\n"), at += *at == '\n') {
        struct id_map *m = &maps[count];
        if (sscanf(at, "%u %u %u", &m->inside, &m->outside, &m->count) == 3) count++;
    }
    return count;
}

static void read_user_facts(struct namespace *n, int fd, int proc)
{
    uid_t owner = (uid_t)-1;
    if (ioctl(fd, NS_GET_OWNER_UID, &owner) == 0) n->owner_uid = owner;
    if (!n->via) return;
    n->uid_maps = read_map(proc, n->via, "uid_map", n->uids);
    n->gid_maps = read_map(proc, n->via, "gid_map", n->gids);
    n->seen = 1;
}

static void read_facts(struct machine *m, struct namespace *n, int proc)
{
    int fd = open_namespace(n, proc);
    if (fd < 0) return;
    n->owner = relative(fd, NS_GET_USERNS);
    if (n->kind == PID || n->kind == USER) n->parent = relative(fd, NS_GET_PARENT);
    if (n->kind == UTS) enter(m, n, fd, read_hostname);
    else if (n->kind == NET) enter(m, n, fd, read_interfaces);
    else if (n->kind == IPC) enter(m, n, fd, read_ipc);
    else if (n->kind == CGROUP) enter_cgroup(m, n, fd, proc);
    else if (n->kind == PID) read_pid_facts(m, n);
    else if (n->kind == USER) read_user_facts(n, fd, proc);
    else n->seen = n->kind == MNT && n->view >= 0;
    close(fd);
}

static void add_member(struct machine *m, const struct process *p, enum kind kind)
{
    struct namespace *n = find_namespace(m, kind, p->ns[kind]);
    if (!n && (n = add_namespace(m, kind, p->ns[kind]))) {
        n->via = p->pid;
        n->view = p->view;
    }
    /* The namespace's own tree is seen by a member that has not changed its root. */
    if (n && kind == MNT && p->view >= 0 && p->root && strcmp(p->root, "/") == 0) n->view = p->view;
}

/* A namespace without a process lives on while a file is mounted on it: "ip netns add" does that. */
static void add_kept(struct machine *m, int proc)
{
    char line[1024];
    struct mount mount;
    char *root;
    int fd = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        if (!strstr(line, " - nsfs ") || !parse_mount(line, &mount, &root)) continue;
        for (int k = 0; k < KINDS; k++) {
            size_t length = strlen(kind_name[k]);
            if (strncmp(root, kind_name[k], length) || root[length] != ':') continue;
            inode_t inode = (inode_t)strtoul(root + length + 2, NULL, 10);
            struct namespace *n = find_namespace(m, k, inode) ? NULL : add_namespace(m, k, inode);
            if (n) n->kept = mount.point;
        }
    }
    fclose(file);
}

static void read_namespaces(struct machine *m, int proc)
{
    char name[32];
    for (int k = 0; k < KINDS; k++) {
        snprintf(name, sizeof name, "self/ns/%s", kind_name[k]);
        home[k] = openat(proc, name, O_RDONLY | O_CLOEXEC);
        for (unsigned i = 0; i < m->process_count; i++) add_member(m, &m->processes[i], k);
    }
    add_kept(m, proc);
    for (unsigned i = 0; i < m->namespace_count; i++) read_facts(m, &m->namespaces[i], proc);
}

#endif

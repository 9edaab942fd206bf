/*
 * Prints the machine as lines of fields between tabs, for awk and for read. The first field says what
 * the line is about. "-" stands for what could not be read; control characters in names become "?".
 *
 *   process    pid ppid uid inside cgroup ipc mnt net pid user uts time pid_for_children capabilities root cgroup cgroup_inside comm
 *   hostname   uts name
 *   interface  net name up|down index peer addresses       addresses joined by commas
 *   mount      mnt root point type source propagation      root: of the process that sees it
 *   ipc        ipc shm msg sem
 *   queue      ipc name                                a POSIX message queue
 *   pid        pid level init
 *   uid_map    user inside outside count
 *   gid_map    user inside outside count
 *   cgroup     cgroup root
 *   owner      kind inode user                             the user namespace that owns it
 *
 * A namespace is given by its inode number. `inside` is the process's number in its own PID namespace.
 */
#ifndef NSVIEW_ROWS_H
#define NSVIEW_ROWS_H

#include <stdio.h>

#include "mounts.h"

static void row_text(const char *text)
{
    putchar('\t');
    if (!text || !*text) putchar('-');
    else for (; *text; text++) putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void row_number(unsigned number)
{
    if (number) printf("\t%u", number);
    else fputs("\t-", stdout);
}

static void process_row(const struct process *p)
{
    printf("process\t%d\t%d\t%u", p->pid, p->ppid, p->uid);
    row_number(p->levels ? (unsigned)p->nspid[p->levels - 1] : 0);
    for (int k = 0; k < KINDS; k++) row_number(p->ns[k]);
    row_number(p->pid_for_children);
    printf("\t%016llx", (unsigned long long)p->capabilities);
    row_text(p->root);
    row_text(p->cgroup);
    row_text(p->cgroup_inside);
    row_text(p->comm);
    putchar('\n');
}

static void view_rows(const struct view *v)
{
    for (unsigned i = 0; i < v->listed; i++) {
        printf("mount\t%u", v->mnt);
        row_text(v->root);
        row_text(v->mounts[i].point);
        row_text(v->mounts[i].type);
        row_text(v->mounts[i].source);
        row_text(v->mounts[i].propagation);
        putchar('\n');
    }
}

static void interface_row(const struct namespace *n, const struct interface *f)
{
    printf("interface\t%u\t%s\t%s\t%u", n->inode, f->name, f->up ? "up" : "down", f->index);
    row_number(f->peer);
    putchar('\t');
    if (!f->addresses) putchar('-');
    for (unsigned a = 0; a < f->addresses; a++) printf(a ? ",%s" : "%s", f->address[a]);
    putchar('\n');
}

static void map_rows(const char *name, inode_t user, const struct id_map *maps, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        printf("%s\t%u\t%u\t%u\t%u\n", name, user, maps[i].inside, maps[i].outside, maps[i].count);
}

static void namespace_rows(const struct namespace *n)
{
    if (n->owner) printf("owner\t%s\t%u\t%u\n", kind_name[n->kind], n->inode, n->owner);
    if (!n->seen) return;
    if (n->kind == IPC) printf("ipc\t%u\t%ld\t%ld\t%ld\n", n->inode, n->shm, n->msg, n->sem);
    if (n->kind == PID) {
        printf("pid\t%u\t%u", n->inode, n->level);
        row_number((unsigned)n->init);
        putchar('\n');
    }
    if (n->kind == UTS || n->kind == CGROUP) {
        printf("%s\t%u", n->kind == UTS ? "hostname" : "cgroup", n->inode);
        row_text(n->kind == UTS ? n->hostname : n->cgroup_root);
        putchar('\n');
    }
    for (unsigned i = 0; i < n->queue_count; i++) {
        printf("queue\t%u", n->inode);
        row_text(n->queues[i]);
        putchar('\n');
    }
    for (unsigned i = 0; i < n->interface_count; i++) interface_row(n, &n->interfaces[i]);
    map_rows("uid_map", n->inode, n->uids, n->uid_maps);
    map_rows("gid_map", n->inode, n->gids, n->gid_maps);
}

static void print_rows(const struct machine *m)
{
    for (unsigned i = 0; i < m->process_count; i++) process_row(&m->processes[i]);
    for (unsigned i = 0; i < m->view_count; i++) view_rows(&m->views[i]);
    for (unsigned i = 0; i < m->namespace_count; i++) namespace_rows(&m->namespaces[i]);
}

#endif

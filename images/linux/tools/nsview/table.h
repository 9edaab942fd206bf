/*
 * Prints the machine for a person: the processes as a tree with a letter for every namespace, then
 * what each namespace holds. In each column `a` is the namespace met first, which is that of process
 * 1 where that can be seen; another letter is another namespace.
 */
#ifndef NSVIEW_TABLE_H
#define NSVIEW_TABLE_H

#include <stdio.h>
#include <unistd.h>

#include "mounts.h"

/* The letters of the i-th namespace of a kind, counted as spreadsheets do: a … z, aa … */
static const char *letters(const struct machine *m, enum kind kind, inode_t inode)
{
    static char text[4];
    unsigned i = 0, at = 0;
    for (; at < m->namespace_count; at++) {
        if (m->namespaces[at].kind != kind) continue;
        if (m->namespaces[at].inode == inode) break;
        i++;
    }
    if (at == m->namespace_count) return "?";
    snprintf(text, sizeof text, i < 26 ? "%c" : "%c%c", i < 26 ? 'a' + (int)i : 'a' + (int)(i / 26 - 1), 'a' + (int)(i % 26));
    return text;
}

/* Names that came from others are shown without anything that would steer a terminal. */
static void plain(const char *text)
{
    for (; text && *text; text++) putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void labelled(const char *label, const char *text)
{
    fputs(label, stdout);
    plain(text);
}

/* Whether what differs from process 1's is set off by colour: on a terminal only. */
static int colour;

static void process_line(const struct machine *m, const struct process *p, unsigned depth)
{
    printf("%5d %5d %5u ", p->pid, p->levels ? p->nspid[p->levels - 1] : p->pid, p->uid);
    for (int k = 0; k < KINDS; k++) {
        const char *letter = letters(m, k, p->ns[k]);
        int other = strcmp(letter, "a") != 0;
        printf(" %s%-*s%s", other && colour ? "\033[1;33m" : "", (int)strlen(kind_name[k]), letter,
               other && colour ? "\033[0m" : "");
    }
    printf("  %*s", (int)(depth > 10 ? 20 : depth * 2), "");
    plain(p->comm);
    if (p->zombie) fputs(" (ended, not yet reaped)", stdout);
    if (p->root && strcmp(p->root, "/")) labelled("  root ", p->root);
    putchar('\n');
}

static int has_parent(const struct machine *m, const struct process *p)
{
    for (unsigned i = 0; i < m->process_count; i++)
        if (m->processes[i].pid == p->ppid && p->ppid != p->pid) return 1;
    return 0;
}

static void tree(const struct machine *m, const struct process *p, unsigned depth)
{
    process_line(m, p, depth);
    if (depth > MAX_PROCESSES) return;
    for (unsigned i = 0; i < m->process_count; i++)
        if (m->processes[i].ppid == p->pid && &m->processes[i] != p) tree(m, &m->processes[i], depth + 1);
}

static void interfaces_text(const struct namespace *n)
{
    for (unsigned i = 0; i < n->interface_count; i++) {
        const struct interface *f = &n->interfaces[i];
        printf("%s%s %s", i ? "; " : "", f->name, f->up ? "up" : "down");
        for (unsigned a = 0; a < f->addresses; a++) printf(" %s", f->address[a]);
    }
    if (!n->interface_count) fputs("no interface", stdout);
}

static void maps_text(const struct namespace *n)
{
    if (!n->uid_maps) fputs("no user ids mapped", stdout);
    for (unsigned i = 0; i < n->uid_maps; i++) {
        const struct id_map *u = &n->uids[i];
        if (u->count == 1) printf("%suid %u is %u outside", i ? "; " : "", u->inside, u->outside);
        else printf("%suids %u-%u are %u-%u outside", i ? "; " : "", u->inside, u->inside + (u->count - 1), u->outside,
                    u->outside + (u->count - 1));
    }
}

static void mounts_text(const struct machine *m, const struct namespace *n)
{
    const struct view *v = &m->views[n->view];
    const struct mount *root = root_mount(v);
    printf("%u mounts", v->total);
    if (!root) return;
    labelled(", root is ", root->source);
    printf(" (%s)", root->type);
}

static void ipc_text(const struct namespace *n)
{
    printf("System V: %ld segments, %ld queues, %ld semaphore sets; POSIX queues:", n->shm, n->msg, n->sem);
    for (unsigned i = 0; i < n->queue_count; i++) labelled(" ", n->queues[i]);
    if (!n->queue_count) fputs(" none", stdout);
}

static void facts_text(const struct machine *m, const struct namespace *n)
{
    if (!n->seen) fputs(n->kind == TIME ? "clock offsets" : "cannot be read from here", stdout);
    else if (n->kind == UTS) labelled("host name ", n->hostname);
    else if (n->kind == NET) interfaces_text(n);
    else if (n->kind == IPC) ipc_text(n);
    else if (n->kind == USER) maps_text(n);
    else if (n->kind == CGROUP) labelled("root ", n->cgroup_root ? n->cgroup_root : "?");
    else if (n->kind == MNT) mounts_text(m, n);
    else if (n->init) printf("level %u, its process 1 is %d here", n->level, n->init);
    else printf("level %u, its process 1 is gone or out of sight", n->level);
    if (n->kept) labelled(", kept by ", n->kept);
}

static void namespace_line(const struct machine *m, const struct namespace *n)
{
    printf("%-6s %-2s %u  ", kind_name[n->kind], letters(m, n->kind, n->inode), n->inode);
    facts_text(m, n);
    putchar('\n');
}

static void print_table(const struct machine *m)
{
    colour = isatty(STDOUT_FILENO);
    fputs("  PID INSIDE UID ", stdout);
    for (int k = 0; k < KINDS; k++) printf(" %s", kind_name[k]);
    puts("  COMMAND");
    for (unsigned i = 0; i < m->process_count; i++)
        if (!has_parent(m, &m->processes[i])) tree(m, &m->processes[i], 0);
    if (m->kernel_threads) printf("and %u kernel threads\n", m->kernel_threads);
    if (m->left_out) printf("and %u more processes, which did not fit\n", m->left_out);
    putchar('\n');
    for (int k = 0; k < KINDS; k++)
        for (unsigned i = 0; i < m->namespace_count; i++)
            if ((int)m->namespaces[i].kind == k) namespace_line(m, &m->namespaces[i]);
}

#endif

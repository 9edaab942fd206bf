/*
 * Prints the machine as one JSON document (RFC 8259), one process, view or namespace a line. What
 * could not be read is null.
 */
#ifndef NSVIEW_JSON_H
#define NSVIEW_JSON_H

#include <stdio.h>

#include "../json-text.h"
#include "mounts.h"

/* 0 stands for "not known" in every number this prints. */
static void json_number(const char *name, unsigned number)
{
    if (number) printf(",\"%s\":%u", name, number);
    else printf(",\"%s\":null", name);
}

static void json_member(const char *name, const char *text)
{
    printf(",\"%s\":", name);
    json_text(text);
}

static void json_process(const struct process *p)
{
    printf("{\"pid\":%d,\"ppid\":%d,\"nspid\":[", p->pid, p->ppid);
    for (unsigned i = 0; i < p->levels; i++) printf(i ? ",%d" : "%d", p->nspid[i]);
    printf("],\"uid\":%u,\"capabilities\":\"%llx\",\"zombie\":%s", p->uid, (unsigned long long)p->capabilities,
           p->zombie ? "true" : "false");
    json_member("comm", p->comm ? p->comm : "?");
    fputs(",\"ns\":{\"pid_for_children\":", stdout);
    printf(p->pid_for_children ? "%u" : "null", p->pid_for_children);
    for (int k = 0; k < KINDS; k++) json_number(kind_name[k], p->ns[k]);
    fputs("}", stdout);
    json_member("root", p->root);
    json_member("cgroup", p->cgroup);
    json_member("cgroup_inside", p->cgroup_inside);
    printf(p->view < 0 ? ",\"view\":null}" : ",\"view\":%d}", p->view);
}

static void json_view(const struct view *v)
{
    printf("{\"mnt\":%u,\"via\":%d,\"root\":", v->mnt, v->via);
    json_text(v->root);
    printf(",\"total\":%u,\"mounts\":[", v->total);
    for (unsigned i = 0; i < v->listed; i++) {
        printf(i ? ",{\"point\":" : "{\"point\":");
        json_text(v->mounts[i].point);
        json_member("type", v->mounts[i].type);
        json_member("source", v->mounts[i].source);
        json_member("propagation", v->mounts[i].propagation);
        putchar('}');
    }
    fputs("]}", stdout);
}

static void json_interfaces(const struct namespace *n)
{
    fputs(",\"interfaces\":[", stdout);
    for (unsigned i = 0; i < n->interface_count; i++) {
        const struct interface *f = &n->interfaces[i];
        printf(i ? ",{\"index\":%u,\"name\":" : "{\"index\":%u,\"name\":", f->index);
        json_text(f->name);
        json_member("kind", f->kind);
        printf(",\"up\":%s,\"carrier\":%s", f->up ? "true" : "false", f->carrier ? "true" : "false");
        json_number("peer", f->peer);
        printf(",\"peer_elsewhere\":%s,\"addresses\":[", f->peer_elsewhere ? "true" : "false");
        for (unsigned a = 0; a < f->addresses; a++) printf(a ? ",\"%s\"" : "\"%s\"", f->address[a]);
        fputs("]}", stdout);
    }
    putchar(']');
}

static void json_maps(const char *name, const struct id_map *maps, unsigned count)
{
    printf(",\"%s\":[", name);
    for (unsigned i = 0; i < count; i++)
        printf(i ? ",[%u,%u,%u]" : "[%u,%u,%u]", maps[i].inside, maps[i].outside, maps[i].count);
    putchar(']');
}

static void json_ipc(const struct namespace *n)
{
    printf(",\"shm\":%ld,\"msg\":%ld,\"sem\":%ld,\"queues\":[", n->shm, n->msg, n->sem);
    for (unsigned i = 0; i < n->queue_count; i++) {
        if (i) putchar(',');
        json_text(n->queues[i]);
    }
    putchar(']');
}

static void json_facts(const struct namespace *n)
{
    if (n->kind == UTS) json_member("hostname", n->hostname);
    else if (n->kind == NET) json_interfaces(n);
    else if (n->kind == IPC) json_ipc(n);
    else if (n->kind == CGROUP) json_member("root", n->cgroup_root);
    else if (n->kind == MNT) printf(",\"view\":%d", n->view);
    else if (n->kind == PID) printf(n->init ? ",\"level\":%u,\"init\":%d" : ",\"level\":%u,\"init\":null", n->level, n->init);
    else if (n->kind == USER) {
        json_maps("uid_map", n->uids, n->uid_maps);
        json_maps("gid_map", n->gids, n->gid_maps);
        printf(",\"owner_uid\":%u", n->owner_uid);
    }
}

static void json_namespace(const struct namespace *n)
{
    printf("{\"kind\":\"%s\",\"inode\":%u", kind_name[n->kind], n->inode);
    json_number("via", (unsigned)n->via);
    json_member("kept", n->kept);
    json_number("owner", n->owner);
    if (n->kind == PID || n->kind == USER) json_number("parent", n->parent);
    printf(",\"seen\":%s", n->seen ? "true" : "false");
    if (n->seen) json_facts(n);
    putchar('}');
}

static void print_json(const struct machine *m)
{
    printf("{\"nsview\":1,\"kernel_threads\":%u,\"left_out\":%u,\n\"processes\":[", m->kernel_threads, m->left_out);
    for (unsigned i = 0; i < m->process_count; i++) {
        fputs(i ? ",\n" : "\n", stdout);
        json_process(&m->processes[i]);
    }
    fputs("],\n\"views\":[", stdout);
    for (unsigned i = 0; i < m->view_count; i++) {
        fputs(i ? ",\n" : "\n", stdout);
        json_view(&m->views[i]);
    }
    fputs("],\n\"namespaces\":[", stdout);
    for (unsigned i = 0; i < m->namespace_count; i++) {
        fputs(i ? ",\n" : "\n", stdout);
        json_namespace(&m->namespaces[i]);
    }
    puts("]}");
}

#endif

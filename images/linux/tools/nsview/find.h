/*
 * Finds processes by conditions, all of which must hold. `machine:` before a condition asks it of
 * process 1 instead of each process, `!` before anything turns it round.
 *
 *   KIND                a namespace of that kind (uts, mnt …) other than process 1's
 *   children            its children are born into another PID namespace than its own
 *   inside=N uid=N      its number in its own PID namespace; its user id as seen from here
 *   uid-inside=N        its user id as it sees it itself
 *   comm=NAME root=PATH cgroup=PATH cgroup-inside=PATH
 *   parent-root=PATH    the root directory of its parent
 *   hostname=NAME       what it calls the machine
 *   mount=POINT mount=POINT:TYPE   something (of that type) is mounted there for it
 *   shared=POINT        what is mounted there for it hands on mounts made below
 *   up=INTERFACE address=IP/LENGTH   it has that interface, up; an interface with that address, up
 *   queue=NAME          a POSIX message queue of that name is in its IPC namespace
 */
#ifndef NSVIEW_FIND_H
#define NSVIEW_FIND_H

#include "namespaces.h"

typedef int condition(struct machine *m, const struct process *p, const char *value);

static int same_text(const char *text, const char *value) { return text && strcmp(text, value) == 0; }
static int same_number(unsigned number, const char *value) { return number == strtoul(value, NULL, 10); }

static const struct process *find_process(const struct machine *m, pid_t pid)
{
    for (unsigned i = 0; i < m->process_count; i++)
        if (m->processes[i].pid == pid) return &m->processes[i];
    return NULL;
}

/* The namespace of a kind that a process is in, if what it holds could be read. */
static struct namespace *facts(struct machine *m, const struct process *p, enum kind kind)
{
    struct namespace *n = p->ns[kind] ? find_namespace(m, kind, p->ns[kind]) : NULL;
    return n && n->seen ? n : NULL;
}

static const struct mount *mount_at(const struct machine *m, const struct process *p, const char *point, size_t length)
{
    const struct view *v = p->view < 0 ? NULL : &m->views[p->view];
    for (unsigned i = v ? v->listed : 0; i-- > 0;) /* the last one there hides the others */
        if (strlen(v->mounts[i].point) == length && strncmp(v->mounts[i].point, point, length) == 0) return &v->mounts[i];
    return NULL;
}

static int has_inside(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return p->levels && same_number((unsigned)p->nspid[p->levels - 1], value);
}

static int has_uid(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return same_number(p->uid, value);
}

static int has_uid_inside(struct machine *m, const struct process *p, const char *value)
{
    const struct namespace *n = facts(m, p, USER);
    for (unsigned i = 0; n && i < n->uid_maps; i++)
        if (p->uid >= n->uids[i].outside && p->uid - n->uids[i].outside < n->uids[i].count)
            return same_number(p->uid - n->uids[i].outside + n->uids[i].inside, value);
    return 0;
}

static int has_comm(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return same_text(p->comm, value);
}

static int has_root(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return same_text(p->root, value);
}

static int has_parent_root(struct machine *m, const struct process *p, const char *value)
{
    const struct process *parent = find_process(m, p->ppid);
    return parent && same_text(parent->root, value);
}

static int has_cgroup(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return same_text(p->cgroup, value);
}

static int has_cgroup_inside(struct machine *m, const struct process *p, const char *value)
{
    (void)m;
    return same_text(p->cgroup_inside, value);
}

static int has_hostname(struct machine *m, const struct process *p, const char *value)
{
    const struct namespace *n = facts(m, p, UTS);
    return n && same_text(n->hostname, value);
}

static int has_mount(struct machine *m, const struct process *p, const char *value)
{
    size_t length = strcspn(value, ":");
    const struct mount *at = mount_at(m, p, value, length);
    return at && (!value[length] || same_text(at->type, value + length + 1));
}

static int has_shared(struct machine *m, const struct process *p, const char *value)
{
    const struct mount *at = mount_at(m, p, value, strlen(value));
    return at && strstr(at->propagation, "shared:");
}

static int has_up(struct machine *m, const struct process *p, const char *value)
{
    const struct namespace *n = facts(m, p, NET);
    for (unsigned i = 0; n && i < n->interface_count; i++)
        if (n->interfaces[i].up && same_text(n->interfaces[i].name, value)) return 1;
    return 0;
}

static int has_address(struct machine *m, const struct process *p, const char *value)
{
    const struct namespace *n = facts(m, p, NET);
    for (unsigned i = 0; n && i < n->interface_count; i++)
        for (unsigned a = 0; n->interfaces[i].up && a < n->interfaces[i].addresses; a++)
            if (same_text(n->interfaces[i].address[a], value)) return 1;
    return 0;
}

static int has_queue(struct machine *m, const struct process *p, const char *value)
{
    const struct namespace *n = facts(m, p, IPC);
    for (unsigned i = 0; n && i < n->queue_count; i++)
        if (same_text(n->queues[i], value)) return 1;
    return 0;
}

/* No child is born yet: the link is not there. A zombie has none of the links. */
static int has_children_elsewhere(const struct process *p)
{
    return p->ns[PID] && p->ns[MNT] && p->pid_for_children != p->ns[PID];
}

static const struct {
    const char *name;
    condition *holds;
} conditions[] = {
    {"inside", has_inside}, {"uid", has_uid}, {"uid-inside", has_uid_inside}, {"comm", has_comm},
    {"root", has_root}, {"parent-root", has_parent_root}, {"cgroup", has_cgroup},
    {"cgroup-inside", has_cgroup_inside}, {"hostname", has_hostname}, {"mount", has_mount},
    {"shared", has_shared}, {"up", has_up}, {"address", has_address}, {"queue", has_queue},
};

/* Whether one condition holds of a process; -1 when there is no such condition. */
static int holds(struct machine *m, const struct process *p, const char *text)
{
    const struct process *first = find_process(m, 1);
    if (*text == '!') {
        int opposite = holds(m, p, text + 1);
        return opposite < 0 ? -1 : !opposite;
    }
    if (strncmp(text, "machine:", 8) == 0) return first ? holds(m, first, text + 8) : 0;
    if (strcmp(text, "children") == 0) return has_children_elsewhere(p);
    for (int k = 0; k < KINDS; k++)
        if (strcmp(text, kind_name[k]) == 0) return first && p->ns[k] && first->ns[k] && p->ns[k] != first->ns[k];
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (text[length] && strlen(conditions[i].name) == length && strncmp(text, conditions[i].name, length) == 0)
            return conditions[i].holds(m, p, text + length + 1);
    return -1;
}

/* Prints the number of every process for which all hold. Returns 0 when there is one, 1 when not, 2 for a bad condition. */
static int find(struct machine *m, char **wanted)
{
    int found = 1;
    for (unsigned i = 0; i < m->process_count; i++) {
        int all = 1;
        for (char **text = wanted; *text && all > 0; text++)
            if ((all = holds(m, &m->processes[i], *text)) < 0) {
                fprintf(stderr, "nsview: `%s` is no condition\n", *text);
                return 2;
            }
        if (all) found = printf("%d\n", m->processes[i].pid) < 0;
    }
    return found;
}

#endif

/*
 * What can be reached of the file tree: /proc/PID/mountinfo (proc(5)) lists the mounts of a process's
 * mount namespace that lie below its root directory. Two processes with the same namespace and the
 * same root see the same list, so each such view is read once.
 */
#ifndef NSVIEW_MOUNTS_H
#define NSVIEW_MOUNTS_H

#include "processes.h"

/* Undoes the kernel's octal escapes (\040 for a space) in place. */
static void unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && isdigit((unsigned char)from[2]) &&
            isdigit((unsigned char)from[3])) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
}

static char *keep(char *text)
{
    unescape(text);
    return strndup(text, MAX_TEXT);
}

/*
 * One line of mountinfo, taken apart in place:
 *   36 35 98:0 /root/of/mount /mount/point options [tag…] - type source super-options
 * The tags say how mounts and unmounts travel (mount_namespaces(7)): "shared:N", "master:N",
 * "unbindable", or two of them; none means private. Returns 0 when the line is not of this form.
 */
static int parse_mount(char *line, struct mount *into, char **root)
{
    char *separator = strstr(line, " - ");
    if (!separator) return 0;
    *separator = 0;
    char *save = line, *words[6] = {0};
    for (int i = 0; i < 6; i++) words[i] = strtok_r(i ? NULL : line, " ", &save);
    const char *tags = save && *save ? save : "private";
    char *type = strtok_r(separator + 3, " ", &save), *source = strtok_r(NULL, " ", &save);
    if (!words[5] || !type) return 0;
    *root = words[3];
    into->point = keep(words[4]);
    into->propagation = strdup(tags);
    into->type = keep(type);
    into->source = source ? keep(source) : strdup("");
    return 1;
}

static void read_view(struct view *v, int proc, pid_t via)
{
    char name[32], line[1024];
    snprintf(name, sizeof name, "%d/mountinfo", via);
    int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file) return;
    char *root;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (v->listed < MAX_MOUNTS && parse_mount(line, &v->mounts[v->listed], &root)) v->listed++;
        v->total++;
    }
    fclose(file);
}

static int find_view(struct machine *m, const struct process *p, int proc)
{
    for (unsigned i = 0; i < m->view_count; i++)
        if (m->views[i].mnt == p->ns[MNT] && strcmp(m->views[i].root, p->root) == 0) return (int)i;
    if (m->view_count == MAX_VIEWS) return -1;
    struct view *v = &m->views[m->view_count];
    v->mnt = p->ns[MNT];
    v->root = p->root;
    v->via = p->pid;
    read_view(v, proc, p->pid);
    return (int)m->view_count++;
}

static void read_views(struct machine *m, int proc)
{
    for (unsigned i = 0; i < m->process_count; i++) {
        struct process *p = &m->processes[i];
        if (p->ns[MNT] && p->root) p->view = find_view(m, p, proc);
    }
}

/* The mount that is "/" in a view: the last one there hides the others. NULL in a root that is no mount of its own. */
static const struct mount *root_mount(const struct view *v)
{
    for (unsigned i = v->listed; i-- > 0;)
        if (strcmp(v->mounts[i].point, "/") == 0) return &v->mounts[i];
    return NULL;
}

#endif

/*
 * Files in memory, in one directory. The programs that come with the kernel are all one file of its image,
 * under many names; the rest is made by students. A file that is removed or emptied while something is
 * mapped from it keeps its pages until the last use ends.
 */
#include "kernel.h"
#include "../programs.h"

extern char programs_start[], programs_end[];

static struct node nodes[64];

static struct node *node_new(const char *name)
{
    for (struct node *node = nodes; node < nodes + COUNT(nodes); node++) {
        if (node->uses)
            continue;
        memset(node, 0, sizeof *node);
        copy_string(node->name, name, sizeof node->name);
        node->uses = 1;
        return node;
    }
    return NULL;
}

void ramfs_init(void)
{
    static const char *const names[] = {
#define X(name) #name,
        PROGRAMS(X)
#undef X
    };
    for (u32 i = 0; i < COUNT(names); i++) {
        struct node *node = node_new(names[i]);
        node->built_in = true;
        node->bytes = programs_end - programs_start;
        for (u32 page = 0; page < PAGE_UP(node->bytes) / PAGE_SIZE; page++)
            node->frames[page] = frame_of(programs_start) + page;
    }
}

static const char *base_name(const char *path)
{
    if (strncmp(path, "/bin/", 5) == 0)
        return path + 5;
    return *path == '/' ? path + 1 : path;
}

struct node *node_find(const char *path)
{
    const char *name = base_name(path);
    for (struct node *node = nodes; node < nodes + COUNT(nodes); node++)
        if (node->uses && *node->name && strcmp(node->name, name) == 0)
            return node;
    return NULL;
}

void node_get(struct node *node)
{
    node->uses++;
}

void node_put(struct node *node)
{
    if (--node->uses || node->built_in)
        return;
    for (u32 page = 0; page < FILE_PAGES; page++)
        if (node->frames[page])
            frame_put(node->frames[page]);
}

gfn_t node_frame(const struct node *node, u32 page)
{
    return page < FILE_PAGES ? node->frames[page] : 0;
}

/* The name goes at once, the pages with the last use. */
static void node_remove(struct node *node)
{
    node->name[0] = 0;
    node_put(node);
}

static int node_read(struct open_file *file, gva_t to, u32 bytes)
{
    struct node *node = file->object;
    u32 done = 0;
    if (bytes > node->bytes - file->position)
        bytes = node->bytes - file->position;
    while (done < bytes) {
        u32 at = file->position, within = at % PAGE_SIZE, n = PAGE_SIZE - within;
        if (n > bytes - done)
            n = bytes - done;
        if (copy_to_user(to + done, (u8 *)frame_bytes(node->frames[at / PAGE_SIZE]) + within, n))
            return -EFAULT;
        file->position += n;
        done += n;
    }
    return done;
}

static int node_write(struct open_file *file, gva_t from, u32 bytes)
{
    struct node *node = file->object;
    u32 done = 0;
    while (done < bytes) {
        u32 at = file->position, page = at / PAGE_SIZE, within = at % PAGE_SIZE, n = PAGE_SIZE - within;
        if (page >= FILE_PAGES)
            return -EFBIG;
        if (!node->frames[page] && !(node->frames[page] = frame_alloc_zero()))
            return -ENOSPC;
        if (n > bytes - done)
            n = bytes - done;
        if (copy_from_user((u8 *)frame_bytes(node->frames[page]) + within, from + done, n))
            return -EFAULT;
        file->position += n;
        done += n;
        if (node->bytes < file->position)
            node->bytes = file->position;
    }
    return done;
}

static void node_close(struct open_file *file)
{
    node_put(file->object);
}

static const struct file_kind read_only = { node_read, NULL, node_close };
static const struct file_kind write_only = { NULL, node_write, node_close };

/* Opened for writing, a file is a new one: what is mapped or read from the old one does not change. */
struct open_file *node_open(const char *path, bool write, int *error)
{
    struct node *node = node_find(path);
    const char *name = base_name(path);
    *error = -ENOENT;
    if (write) {
        *error = -EPERM;
        if (!*name || (node && node->built_in))
            return NULL;
        if (node)
            node_remove(node);
        *error = -ENOSPC;
        node = node_new(name);
    }
    if (!node)
        return NULL;
    struct open_file *file = file_new(write ? &write_only : &read_only, node);
    *error = -ENFILE;
    if (file)
        node_get(node);
    return file;
}

int sys_unlink(u32 path_at, u32 b, u32 c)
{
    (void)b, (void)c;
    char path[24];
    int error = copy_string_from_user(path, path_at, sizeof path);
    if (error < 0)
        return error;
    struct node *node = node_find(path);
    if (!node)
        return -ENOENT;
    if (node->built_in)
        return -EPERM;
    node_remove(node);
    return 0;
}

int sys_list(u32 index, u32 info_at, u32 c)
{
    (void)c;
    for (struct node *node = nodes; node < nodes + COUNT(nodes); node++) {
        if (!node->uses || !*node->name || index--)
            continue;
        struct file_info info = { .bytes = node->bytes, .program = node->built_in };
        copy_string(info.name, node->name, sizeof info.name);
        return copy_to_user(info_at, &info, sizeof info);
    }
    return -ENOENT;
}

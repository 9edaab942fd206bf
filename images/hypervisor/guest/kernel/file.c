/* Open files: a kind with three operations, an object behind it, shared by fork and dup2. */
#include "kernel.h"

static struct open_file table[64];

struct open_file *file_new(const struct file_kind *kind, void *object)
{
    for (struct open_file *f = table; f < table + COUNT(table); f++)
        if (!f->uses) {
            *f = (struct open_file){ kind, 1, 0, object };
            return f;
        }
    return NULL;
}

int file_install(struct open_file *file)
{
    for (u32 fd = 0; fd < MAX_FILES; fd++)
        if (!current->files[fd]) {
            current->files[fd] = file;
            return fd;
        }
    file_put(file);
    return -ENFILE;
}

void file_put(struct open_file *file)
{
    if (--file->uses == 0)
        file->kind->close(file);
}

void files_get(struct process *p)
{
    for (u32 fd = 0; fd < MAX_FILES; fd++)
        if (p->files[fd])
            p->files[fd]->uses++;
}

void files_put(struct process *p)
{
    for (u32 fd = 0; fd < MAX_FILES; fd++) {
        if (p->files[fd])
            file_put(p->files[fd]);
        p->files[fd] = NULL;
    }
}

void files_first(struct process *p)
{
    for (u32 fd = 0; fd < 3; fd++)
        p->files[fd] = tty_open(0);
}

static struct open_file *file_of(u32 fd)
{
    return fd < MAX_FILES ? current->files[fd] : NULL;
}

int sys_close(u32 fd, u32 b, u32 c)
{
    (void)b, (void)c;
    struct open_file *file = file_of(fd);
    if (!file)
        return -EBADF;
    current->files[fd] = NULL;
    file_put(file);
    return 0;
}

int sys_dup2(u32 from, u32 to, u32 c)
{
    (void)c;
    struct open_file *file = file_of(from);
    if (!file || to >= MAX_FILES)
        return -EBADF;
    file->uses++;
    sys_close(to, 0, 0);
    current->files[to] = file;
    return to;
}

int sys_read(u32 fd, u32 to, u32 bytes)
{
    struct open_file *file = file_of(fd);
    return !file ? -EBADF : file->kind->read ? file->kind->read(file, to, bytes) : -EBADF;
}

int sys_write(u32 fd, u32 from, u32 bytes)
{
    struct open_file *file = file_of(fd);
    return !file ? -EBADF : file->kind->write ? file->kind->write(file, from, bytes) : -EBADF;
}

/* "tty0" and "tty1" are the terminals, everything else a file in memory. */
int sys_open(u32 path_at, u32 write, u32 c)
{
    (void)c;
    char path[24];
    int error = copy_string_from_user(path, path_at, sizeof path);
    if (error < 0)
        return error;
    struct open_file *file;
    error = -ENFILE;
    if (strncmp(path, "tty", 3) == 0 && (path[3] == '0' || path[3] == '1') && !path[4])
        file = tty_open(current->tty = path[3] - '0');
    else
        file = node_open(path, write, &error);
    return file ? file_install(file) : error;
}

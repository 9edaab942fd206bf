/* Pipes: a frame as a ring of bytes between those who write and those who read. */
#include "kernel.h"

struct pipe { u32 read_at, write_at, readers, writers; gfn_t frame; };

static struct pipe pipes[24];

static u32 filled(const struct pipe *p)
{
    return p->write_at - p->read_at;
}

/* How many of `bytes` can be copied in one piece from position `at` of the ring. */
static u32 piece(u32 at, u32 bytes, u32 available)
{
    u32 to_end = PAGE_SIZE - at % PAGE_SIZE;
    u32 n = bytes < available ? bytes : available;
    return n < to_end ? n : to_end;
}

static int pipe_read(struct open_file *file, gva_t to, u32 bytes)
{
    struct pipe *p = file->object;
    int error = WAIT_UNTIL(p, filled(p) || !p->writers);
    if (error)
        return error;
    u32 n = piece(p->read_at, bytes, filled(p));
    if (n && copy_to_user(to, (u8 *)frame_bytes(p->frame) + p->read_at % PAGE_SIZE, n))
        return -EFAULT;
    p->read_at += n;
    wake(p);
    return n;
}

static int pipe_write(struct open_file *file, gva_t from, u32 bytes)
{
    struct pipe *p = file->object;
    u32 done = 0;
    while (done < bytes) {
        int error = WAIT_UNTIL(p, filled(p) < PAGE_SIZE || !p->readers);
        if (error)
            return error;
        if (!p->readers)
            return -EPIPE;
        u32 n = piece(p->write_at, bytes - done, PAGE_SIZE - filled(p));
        if (copy_from_user((u8 *)frame_bytes(p->frame) + p->write_at % PAGE_SIZE, from + done, n))
            return -EFAULT;
        p->write_at += n;
        done += n;
        wake(p);
    }
    return done;
}

static void pipe_close(struct pipe *p, u32 *side)
{
    --*side;
    wake(p);
    if (p->readers || p->writers)
        return;
    frame_put(p->frame);
    p->frame = 0;
}

static void close_read(struct open_file *file)
{
    struct pipe *p = file->object;
    pipe_close(p, &p->readers);
}

static void close_write(struct open_file *file)
{
    struct pipe *p = file->object;
    pipe_close(p, &p->writers);
}

static const struct file_kind read_end = { pipe_read, NULL, close_read };
static const struct file_kind write_end = { NULL, pipe_write, close_write };

static struct pipe *pipe_new(void)
{
    for (struct pipe *p = pipes; p < pipes + COUNT(pipes); p++) {
        if (p->frame)
            continue;
        *p = (struct pipe){ 0, 0, 1, 1, frame_alloc() };
        return p->frame ? p : NULL;
    }
    return NULL;
}

int sys_pipe(u32 fds_at, u32 b, u32 c)
{
    (void)b, (void)c;
    struct pipe *p = pipe_new();
    if (!p)
        return -ENFILE;
    struct open_file *from = file_new(&read_end, p), *to = from ? file_new(&write_end, p) : NULL;
    if (!to) {
        if (from)
            from->uses = 0;
        frame_put(p->frame);
        p->frame = 0;
        return -ENFILE;
    }
    int fds[2];
    fds[0] = file_install(from);
    fds[1] = file_install(to);
    int error = fds[0] < 0 || fds[1] < 0 ? -ENFILE : copy_to_user(fds_at, fds, sizeof fds);
    for (u32 i = 0; i < 2 && error; i++)
        if (fds[i] >= 0)
            sys_close(fds[i], 0, 0);
    return error;
}

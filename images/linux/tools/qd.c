/*
 * qd: keeps a number of requests in flight on a block device and says how long they took.
 *
 * The requests go past the page cache (O_DIRECT) to pseudo-random places, so that no two of them are
 * merged on their way to the driver: a request here is a request there. io_submit(2) hands all over that
 * are free at once, as a busy program would, and whatever has come back goes out again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST_DEPTH 256
#define SECTOR 512

static const char usage[] =
    "usage: qd DEVICE DEPTH REQUESTS BYTES r|w\n"
    "Reads (r) or overwrites (w) REQUESTS pieces of BYTES each at random places of a block device or file,\n"
    "DEPTH of them in flight at a time, and prints how many, how many bytes, and in how many microseconds.\n";

struct work {
    int file;
    uint16_t opcode;        /* IOCB_CMD_PREAD or IOCB_CMD_PWRITE */
    uint64_t places;        /* pieces of `bytes` that the device holds */
    unsigned depth, requests, bytes;
    unsigned submitted, done;
    uint32_t random;
    uint8_t *buffers;       /* one piece for each request in flight */
    struct iocb blocks[MOST_DEPTH], *free[MOST_DEPTH];
    unsigned free_count;
};

static void fail(const char *what)
{
    fprintf(stderr, "qd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static unsigned number(const char *text, unsigned most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value < 1 || value > most) {
        fprintf(stderr, "qd: %s is not a number from 1 to %u\n%s", text, most, usage);
        exit(2);
    }
    return value;
}

static uint64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint64_t size_of(int file)
{
    struct stat status;
    uint64_t bytes;
    if (fstat(file, &status)) fail("the size");
    if (!S_ISBLK(status.st_mode)) return status.st_size;
    if (ioctl(file, BLKGETSIZE64, &bytes)) fail("the size");
    return bytes;
}

/* The next place: Numerical Recipes' generator; its high bits are the better ones. */
static uint64_t somewhere(struct work *work)
{
    work->random = work->random * 1664525u + 1013904223u;
    return ((uint64_t)work->random * work->places >> 32) * work->bytes;
}

/* Hands over everything that is free, in one call. */
static void submit(struct work *work, aio_context_t context)
{
    struct iocb *ready[MOST_DEPTH];
    unsigned count = 0;
    while (work->free_count && work->submitted + count < work->requests) {
        struct iocb *block = work->free[--work->free_count];
        unsigned slot = block - work->blocks;
        *block = (struct iocb){
            .aio_lio_opcode = work->opcode, .aio_fildes = work->file, .aio_nbytes = work->bytes,
            .aio_buf = (uintptr_t)(work->buffers + (size_t)slot * work->bytes), .aio_offset = somewhere(work),
        };
        ready[count++] = block;
    }
    for (unsigned gone = 0; gone < count;) {
        long taken = syscall(SYS_io_submit, context, (long)(count - gone), ready + gone);
        if (taken < 0) fail("io_submit");
        gone += taken;
    }
    work->submitted += count;
}

/* Waits for at least one, and takes all that came. */
static void collect(struct work *work, aio_context_t context)
{
    struct io_event events[MOST_DEPTH];
    long count = syscall(SYS_io_getevents, context, 1L, (long)MOST_DEPTH, events, NULL);
    if (count < 0 && errno == EINTR) return;
    if (count < 0) fail("io_getevents");
    for (long i = 0; i < count; i++) {
        errno = events[i].res < 0 ? -(int)events[i].res : EIO;
        if (events[i].res != work->bytes) fail("a request");
        work->free[work->free_count++] = (struct iocb *)(uintptr_t)events[i].obj;
    }
    work->done += count;
}

int main(int argc, char **argv)
{
    static struct work work;
    if (argc != 6 || (strcmp(argv[5], "r") && strcmp(argv[5], "w"))) {
        fputs(usage, stderr);
        return 2;
    }
    int writing = argv[5][0] == 'w';
    work.depth = number(argv[2], MOST_DEPTH);
    work.requests = number(argv[3], 100000000);
    work.bytes = number(argv[4], 1 << 20);
    work.opcode = writing ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    if (work.bytes % SECTOR) {
        fprintf(stderr, "qd: BYTES is a multiple of %u\n", SECTOR);
        return 2;
    }
    work.file = open(argv[1], (writing ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
    if (work.file < 0) fail(argv[1]);
    work.places = size_of(work.file) / work.bytes;
    if (!work.places) {
        fprintf(stderr, "qd: %s is smaller than one request\n", argv[1]);
        return 1;
    }
    work.buffers = mmap(NULL, (size_t)work.depth * work.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (work.buffers == MAP_FAILED) fail("memory for the buffers");
    memset(work.buffers, 0x5a, (size_t)work.depth * work.bytes);
    while (work.free_count < work.depth) {
        work.free[work.free_count] = &work.blocks[work.free_count];
        work.free_count++;
    }

    aio_context_t context = 0;
    if (syscall(SYS_io_setup, (long)work.depth, &context)) fail("io_setup");
    uint64_t begun = microseconds();
    while (work.done < work.requests) {
        submit(&work, context);
        collect(&work, context);
    }
    uint64_t took = microseconds() - begun;
    printf("requests=%u bytes=%llu microseconds=%llu\n", work.done, (unsigned long long)work.done * work.bytes,
           (unsigned long long)took);
    return 0;
}

/*
 * The kernel's system calls: int 0x80, number in EAX, arguments in EBX, ECX, EDX, result in EAX
 * (negative: one of the errors below). Included by the kernel and by the user programs.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H
#include "../abi/types.h"

/* number, name, what it does with its arguments */
#define SYSCALLS(X)                                                                              \
    X(0, getpid)      /* () */                                                                   \
    X(1, exit)        /* (status) */                                                             \
    X(2, fork)        /* (): 0 in the child, its number in the parent */                         \
    X(3, exec)        /* (path, argv) */                                                         \
    X(4, wait)        /* (pid or -1, int *status, 1: do not wait) */                             \
    X(5, kill)        /* (pid, or -job) */                                                       \
    X(6, yield)       /* () */                                                                   \
    X(7, sleep)       /* (ticks) */                                                              \
    X(8, open)        /* (path, OPEN_…) */                                                       \
    X(9, close)       /* (fd) */                                                                 \
    X(10, read)       /* (fd, buffer, n) */                                                      \
    X(11, write)      /* (fd, buffer, n) */                                                      \
    X(12, pipe)       /* (int fd[2]) */                                                          \
    X(13, dup2)       /* (from, to) */                                                           \
    X(14, unlink)     /* (path) */                                                               \
    X(15, list)       /* (index, struct file_info *): -ENOENT after the last */                  \
    X(16, brk)        /* (end): the end of the heap, moved there if it can be */                 \
    X(17, mmap)       /* (bytes, PROT_…): demand-zero memory; returns its address */             \
    X(18, munmap)     /* (address, bytes) */                                                     \
    X(19, mprotect)   /* (address, bytes, PROT_…) */                                             \
    X(20, onfault)    /* (handler or 0): where to go on a fault of ours, see fault_frame */      \
    X(21, system)     /* (struct system_info *) */                                               \
    X(22, processes)  /* (index, struct process_info *): -ENOENT after the last */               \
    X(23, mapping)    /* (address, struct mapping_info *): the first mapped page from there on */ \
    X(24, job)        /* (pid, job): the process belongs to that job */                          \
    X(25, foreground) /* (tty, job): the job that ^C on that terminal ends */                    \
    X(26, timer)      /* (on): the tick, off while something is measured */                      \
    X(27, mark)       /* (n): phase mark for whoever measures */                                 \
    X(28, end)        /* (status): the machine, or this domain, ends */                          \
    X(29, io)         /* (struct io_run *) */                                                    \
    X(30, serve)      /* (): serve the ring for domain 0; does not return */                     \
    X(31, probe)      /* (instruction, struct probe_result *): execute it in the kernel */       \
    X(32, measure)    /* (MEASURE_…, n, mark): page-table work by the kernel itself, marked */   \
    X(33, stress)     /* (struct stress_run *) */                                                \
    X(34, hostile)    /* (attempt, struct hostile_run *): -ENOENT after the last */              \
    X(35, crash)      /* (): a fault without a handler for it, nor for that one: a triple fault */ \
    X(36, fuzz)       /* (struct fuzz_run *) */

enum {
#define X(number, name) SYS_##name = number,
    SYSCALLS(X)
#undef X
    SYSCALL_COUNT
};

#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define E2BIG 7
#define ENOEXEC 8
#define EBADF 9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENFILE 23
#define EFBIG 27
#define ENOSPC 28
#define EPIPE 32
#define ENOSYS 38

#define PROT_READ 1u
#define PROT_WRITE 2u

#define OPEN_READ 0u
#define OPEN_WRITE 1u /* made if it is not there, emptied if it is */

/* A status as wait() gives it: 0 to 255 from exit(), or how the process was ended. */
#define STATUS_KILLED 256u
#define STATUS_FAULT 512u /* + vector */

/*
 * Programs are files that start with this header, mapped page by page on demand; a file without the magic is
 * a flat program: loaded whole at USER_BASE and entered there. ESP points at argc, then argv[], then NULL.
 */
#define USER_BASE 0x00400000u
#define PROGRAM_MAGIC 0x31585352u /* "RSX1" */
struct program_header {
    u32 magic, entry;
    u32 text_end; /* addresses: [USER_BASE, text_end) is read-only, */
    u32 data_end; /* [text_end, data_end) private and writable, */
    u32 bss_end;  /* [data_end, bss_end) zero. Page-aligned but bss_end. */
};

/*
 * What a fault handler finds at ESP. It returns with the registers and flags it found, first taking these
 * three words off: RET then goes on at `eip`, which it may have changed.
 */
struct fault_frame { u32 vector, error, address, eip; };

struct file_info { char name[24]; u32 bytes, program; };
struct system_info {
    u32 mode, flags, role, domid;
    u32 ticks, frames, frames_free;
    char command_line[256];
};
struct process_info { u32 pid, parent, state, ticks, pages; char name[24]; };
struct mapping_info { u32 va, pa, flags; };
struct probe_result { u32 vector, error, value; }; /* vector: 0 when it did not trap, else 0x100 | vector */

enum { MEASURE_MAP, MEASURE_FORKCOW, MEASURE_CR3, MEASURE_ZERO };

/*
 * What is measured has a number k, from 1, and puts its work between two marks. The first carries, above its
 * lowest byte, how often the work is done between them.
 */
#define MARK_BEGIN(k, times) ((times) << 8 | 2 * (k))
#define MARK_END(k) (2 * (k) + 1)
/* Names, in the order of their numbers, and how often `bench` does each unless told; io has a command of its own. */
#define BENCH_WORK(X)                                                                  \
    X(null, 1000) X(fork, 10) X(exec, 10) X(sh, 5) X(ctx, 50) X(mmap, 10) X(prot, 50)  \
    X(fault, 64) X(map, 64) X(forkcow, 1) X(cr3, 65) X(zero, 1) X(syscalls, 1)
#define BENCHMARKS(X)                                                                  \
    X(null) X(fork) X(exec) X(sh) X(ctx) X(mmap) X(prot) X(fault) X(map) X(forkcow)    \
    X(cr3) X(zero) X(syscalls) X(io)

/* Random operations on page tables, checked against a model. */
#define STRESS_OPERATIONS(X)                                                           \
    X(map) X(unmap) X(protect) X(read) X(write) X(cr3) X(unhook) X(fork) X(large) X(wp)
enum {
#define X(name) STRESS_##name,
    STRESS_OPERATIONS(X)
#undef X
    STRESS_COUNT
};
struct stress_run {
    u32 seed, rounds, operations; /* in: bit n allows operation n */
    u32 bad, checksum, done[STRESS_COUNT];
};

struct hostile_run { u32 went_through, detail; char what[48]; };

/* Random requests; what they are is in kernel/fuzz.c. */
#define FUZZ_KINDS(X) X(call) X(list) X(port) X(table) X(control) X(tree) X(ring) X(pae)
enum {
#define X(name) FUZZ_##name,
    FUZZ_KINDS(X)
#undef X
    FUZZ_COUNT
};
struct fuzz_run {
    u32 seed, rounds, kinds; /* in: bit n allows kind n */
    u32 wild;                /* in: 1: without putting anything right (kernel/wild.c) */
    u32 bad, accepted, done[FUZZ_COUNT];
};

enum { IO_PIO, IO_RING, IO_WAKE };
struct io_run { u32 device /* IO_… */, count, depth, mark; /* in */ u32 bad, notified, interrupts; };

#endif

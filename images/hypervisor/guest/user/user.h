/* The user programs' library. */
#ifndef USER_H
#define USER_H
#include "../lib/lib.h"
#include "../syscalls.h"

int system_call(u32 number, u32 a, u32 b, u32 c);
void exit(int status) __attribute__((noreturn));

static inline int getpid(void) { return system_call(SYS_getpid, 0, 0, 0); }
static inline int fork(void) { return system_call(SYS_fork, 0, 0, 0); }
static inline int exec(const char *path, char *const argv[]) { return system_call(SYS_exec, (u32)path, (u32)argv, 0); }
static inline int wait(int pid, u32 *status) { return system_call(SYS_wait, pid, (u32)status, 0); }
static inline int kill(int pid) { return system_call(SYS_kill, pid, 0, 0); }
static inline int yield(void) { return system_call(SYS_yield, 0, 0, 0); }
static inline int sleep(u32 ticks) { return system_call(SYS_sleep, ticks, 0, 0); }
static inline int open(const char *path, u32 mode) { return system_call(SYS_open, (u32)path, mode, 0); }
static inline int close(int fd) { return system_call(SYS_close, fd, 0, 0); }
static inline int read(int fd, void *to, u32 bytes) { return system_call(SYS_read, fd, (u32)to, bytes); }
static inline int write(int fd, const void *from, u32 bytes) { return system_call(SYS_write, fd, (u32)from, bytes); }
static inline int pipe(int fds[2]) { return system_call(SYS_pipe, (u32)fds, 0, 0); }
static inline int dup2(int from, int to) { return system_call(SYS_dup2, from, to, 0); }
static inline int unlink(const char *path) { return system_call(SYS_unlink, (u32)path, 0, 0); }
static inline u8 *mmap(u32 bytes, u32 prot) { return (u8 *)system_call(SYS_mmap, bytes, prot, 0); }
static inline int munmap(void *at, u32 bytes) { return system_call(SYS_munmap, (u32)at, bytes, 0); }
static inline int mprotect(void *at, u32 bytes, u32 prot) { return system_call(SYS_mprotect, (u32)at, bytes, prot); }
static inline int system_info(struct system_info *info) { return system_call(SYS_system, (u32)info, 0, 0); }
static inline void mark(u32 n) { system_call(SYS_mark, n, 0, 0); }

/* An address from mmap(), or an error: those are the last page of all addresses. */
static inline bool failed(const void *address) { return (u32)address >= (u32)-4096; }

/* Faults of this process call `function` from now on; NULL: they end it. */
void onfault(void (*function)(struct fault_frame *));
void remember_fault(struct fault_frame *); /* a handler that goes on where lib/probes.h says */
void printf(const char *text, ...);
void say(int fd, const char *text, ...);
int complain(const char *who, const char *what, int error); /* returns 1 */
const char *error_text(int error);
const char *mode_text(const struct system_info *info);
/* A line without its newline; its length, or -1 at the end. */
int read_line(int fd, char *to, u32 size);
u32 ticks_now(void);
u32 free_frames(void);
int wait_status(int pid); /* the status as a shell shows it: killed is 128 + 9, a fault 128 + its vector */

#endif

/*
 * What nsview knows of a machine: its processes, the namespaces they live in, and what can be seen
 * from inside each of those.
 *
 * Everything is bounded. A machine with more than fits is reported in part, and the count of what
 * was left out is printed with the rest.
 */
#ifndef NSVIEW_MODEL_H
#define NSVIEW_MODEL_H

#include <stdint.h>
#include <sys/types.h>

#define MAX_PROCESSES 256
#define MAX_NAMESPACES 256
#define MAX_VIEWS 32
#define MAX_MOUNTS 64
#define MAX_INTERFACES 32
#define MAX_ADDRESSES 8
#define MAX_MAPS 8
#define MAX_QUEUES 16
#define MAX_LEVELS 33 /* PID namespaces nest 32 deep below the first (pid_namespaces(7)) */
#define MAX_TEXT 256  /* bytes kept of any one path or name */

/* In the order of the files in /proc/PID/ns; time, the eighth, is newer than the other seven. */
enum kind { CGROUP, IPC, MNT, NET, PID, USER, UTS, TIME, KINDS };

static const char *const kind_name[KINDS] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time"};

/*
 * A namespace's name is its inode number on the kernel's internal nsfs: two processes share a
 * namespace exactly when the numbers are equal (namespaces(7), "The /proc/pid/ns/ directory").
 * 0 stands for one that could not be read.
 */
typedef uint32_t inode_t;

struct process {
    pid_t pid, ppid;           /* as numbered where nsview runs */
    pid_t nspid[MAX_LEVELS];   /* the same process in each PID namespace, from here inwards */
    unsigned levels;           /* how many of those there are; 0 if the kernel does not say */
    unsigned uid;              /* effective user id, as seen from here */
    uint64_t capabilities;     /* effective set: one bit a capability, counted in its own user namespace */
    int zombie;                /* has ended and waits to be reaped: it has left its namespaces */
    inode_t ns[KINDS];
    inode_t pid_for_children;  /* where its next child is born; 0 while that namespace has no process */
    char *comm, *root;         /* root: its root directory as seen from here */
    char *cgroup;              /* its cgroup, from the root of the cgroup namespace nsview is in */
    char *cgroup_inside;       /* the same, from the root of its own */
    int view;                  /* index into views, or -1 */
};

struct mount {
    char *point, *type, *source, *propagation;
};

/* What a process can reach of the file tree depends on its mount namespace and on its root. */
struct view {
    inode_t mnt;
    char *root;
    pid_t via;
    unsigned total, listed;
    struct mount mounts[MAX_MOUNTS];
};

struct interface {
    unsigned index, up, carrier;
    unsigned peer;             /* for one end of a pair: the other's index; 0 if none */
    unsigned peer_elsewhere;   /* the other end is in another network namespace */
    char name[16], kind[16];
    char address[MAX_ADDRESSES][64];
    unsigned addresses;
};

/* Ids [inside, inside + count) in the namespace are [outside, outside + count) where nsview runs. */
struct id_map {
    uint32_t inside, outside, count;
};

struct namespace {
    enum kind kind;
    inode_t inode;
    pid_t via;                 /* the process it was opened through, or 0 */
    char *kept;                /* the file that keeps it, when no process is in it */
    inode_t owner;             /* the user namespace that owns it (ioctl_ns(2), NS_GET_USERNS) */
    inode_t parent;            /* pid and user only (NS_GET_PARENT) */
    int seen;                  /* the facts below were read */
    char *hostname;            /* uts */
    struct interface *interfaces; /* net */
    unsigned interface_count;
    pid_t init;                /* pid: the process that is number 1 in it, as numbered from here */
    unsigned level;            /* pid: how deep, the first being 0 */
    struct id_map uids[MAX_MAPS], gids[MAX_MAPS]; /* user */
    unsigned uid_maps, gid_maps;
    unsigned owner_uid;        /* user: who made it (NS_GET_OWNER_UID) */
    long shm, msg, sem;        /* ipc: System V segments, queues and semaphore sets */
    char *queues[MAX_QUEUES];  /* ipc: names of POSIX message queues */
    unsigned queue_count;
    char *cgroup_root;         /* cgroup: which cgroup is "/" in it, or NULL */
    int view;                  /* mnt: what the process `via` sees */
};

struct machine {
    pid_t self;
    inode_t own[KINDS];
    struct process processes[MAX_PROCESSES];
    struct namespace namespaces[MAX_NAMESPACES];
    struct view views[MAX_VIEWS];
    unsigned process_count, namespace_count, view_count;
    unsigned kernel_threads, left_out;
};

#endif

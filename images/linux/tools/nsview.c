/*
 * nsview: who shares which namespace with whom, and what is seen from inside each.
 *
 * A Linux process has one namespace of every kind, and the kernel answers its questions (what is my
 * host name, which interfaces are there, who is process 7) from those. namespaces(7) is the map of
 * it all; the links in /proc/PID/ns give each namespace a number that can be compared. This program
 * reads those links for all processes, then looks into every namespace it found.
 *
 * It is run once a second by a picture that is being watched, on a slow machine: one pass over /proc,
 * no child processes, a few system calls a process.
 *
 *   nsview/processes.h   /proc: processes and their links
 *   nsview/mounts.h      the file tree a process can reach
 *   nsview/network.h     interfaces, by rtnetlink
 *   nsview/detached.h    file systems mounted for this program alone
 *   nsview/ipc.h         System V objects and POSIX queues
 *   nsview/namespaces.h  what each namespace holds, by setns and ioctl
 *   nsview/table.h, json.h, rows.h   three ways to print it
 */
#define _GNU_SOURCE
#include "nsview/namespaces.h"
#include "nsview/json.h"
#include "nsview/rows.h"
#include "nsview/table.h"

static const char usage[] =
    "usage: nsview [--json | --rows]\n"
    "Shows every process, its eight namespaces, and what each namespace holds.\n"
    "The same letter in a column means the same namespace; `a` is where process 1 is.\n"
    "INSIDE is the process's number in its own PID namespace.\n"
    "  --json   one JSON document\n"
    "  --rows   lines of fields between tabs, for awk\n";

static struct machine machine;

/*
 * /proc shows the PID namespace it was mounted in. Where that is not ours (or nothing is mounted), we
 * are not in it ourselves, and a /proc of our own is mounted without a place in anyone's tree
 * (ipc.h does the same with queues). That takes privilege; without it, /proc as it is has to do.
 */
static DIR *open_proc(void)
{
    if (access("/proc/self/ns", F_OK) == 0) return opendir("/proc");
    int fd = open_detached("proc");
    return fd < 0 ? opendir("/proc") : fdopendir(fd);
}

int main(int argc, char **argv)
{
    const char *how = argc == 2 ? argv[1] : "";
    int json = strcmp(how, "--json") == 0, rows = strcmp(how, "--rows") == 0;
    if (argc > 2 || (argc == 2 && !json && !rows)) {
        int help = strcmp(how, "--help") == 0 || strcmp(how, "-h") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    DIR *proc = open_proc();
    if (!proc || read_processes(&machine, proc) < 0) {
        fputs("nsview: there are no processes in /proc. Mount it: mount -t proc proc /proc\n", stderr);
        return 1;
    }
    read_views(&machine, dirfd(proc));
    read_namespaces(&machine, dirfd(proc));
    if (json) print_json(&machine);
    else if (rows) print_rows(&machine);
    else print_table(&machine);
    return fflush(stdout) == 0 ? 0 : 1;
}

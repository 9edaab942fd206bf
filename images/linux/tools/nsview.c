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
 *   nsview/table.h, json.h  two ways to print it
 *   nsview/find.h        processes for which something holds
 *   nsview/price.h       what namespaces cost
 */
#define _GNU_SOURCE
#include "nsview/find.h"
#include "nsview/json.h"
#include "nsview/price.h"
#include "nsview/table.h"

static const char usage[] =
    "usage: nsview [--json | --find CONDITION… | --price]\n"
    "Shows every process, its eight namespaces, and what each namespace holds.\n"
    "The same letter in a column means the same namespace; `a` is where process 1 is.\n"
    "INSIDE is the process's number in its own PID namespace.\n"
    "  --json   one JSON document\n"
    "  --find   numbers of the processes for which every condition holds, such as\n"
    "           uts (in another uts namespace than process 1), hostname=NAME, inside=N,\n"
    "           uid=N, uid-inside=N, root=PATH, cgroup=PATH, mount=POINT, up=INTERFACE,\n"
    "           address=IP/LENGTH, queue=NAME; !CONDITION; machine:CONDITION (of process 1)\n"
    "  --price  how long a child with new namespaces takes, beside a plain one\n";

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
    const char *how = argc > 1 ? argv[1] : "";
    int json = strcmp(how, "--json") == 0, finding = strcmp(how, "--find") == 0;
    if (argc == 2 && strcmp(how, "--price") == 0) return print_prices();
    if (argc > 1 && !finding && !(json && argc == 2)) {
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
    if (finding) return find(&machine, argv + 2);
    if (json) print_json(&machine);
    else print_table(&machine);
    return fflush(stdout) == 0 ? 0 : 1;
}

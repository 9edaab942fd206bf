/*
 * One program that is many: ip, tc, bridge, ss, tcpdump, iptables, unshare, nsenter, lsns,
 * nsview. Linked apart, each of them would carry the C library again; together they save a fifth of
 * the download.
 *
 * Each tool's main() was renamed and everything else in it made local (steps/toolbox.sh); which one runs
 * is decided by the name, as in busybox.
 */
#include <stdio.h>
#include <string.h>

int ip_main(int argc, char **argv);
int tc_main(int argc, char **argv);
int bridge_main(int argc, char **argv);
int ss_main(int argc, char **argv);
int tcpdump_main(int argc, char **argv);
int xtables_main(int argc, char **argv);
int unshare_main(int argc, char **argv);
int nsenter_main(int argc, char **argv);
int lsns_main(int argc, char **argv);
int nsview_main(int argc, char **argv);

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
} tools[] = {
    { "ip", ip_main },
    { "tc", tc_main },
    { "bridge", bridge_main },
    { "ss", ss_main },
    { "tcpdump", tcpdump_main },
    { "iptables", xtables_main },
    { "iptables-save", xtables_main },
    { "iptables-restore", xtables_main },
    { "unshare", unshare_main },
    { "nsenter", nsenter_main },
    { "lsns", lsns_main },
    { "nsview", nsview_main },
};

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (!strcmp(tools[i].name, name)) return tools[i].main(argc, argv);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) puts(tools[i].name);
    return argc > 1;
}

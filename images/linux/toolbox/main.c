/*
 * One program that is many: ip, tc, bridge, ss, tcpdump, iptables, unshare, nsenter, lsns, nsview,
 * netview, ethtool, qd, tput, and in a Xen guest vbdfront and the tools of xenstore. Linked apart, each of them would carry the
 * C library again; together they save a fifth of the download.
 *
 * Each tool's main() was renamed and everything else in it made local (steps/toolbox.sh); which one runs
 * is decided by the name, as in busybox.
 */
#include <stdio.h>
#include <string.h>

#define TOOLS(tool) \
    tool("ip", ip) \
    tool("tc", tc) \
    tool("bridge", bridge) \
    tool("ss", ss) \
    tool("tcpdump", tcpdump) \
    tool("iptables", xtables) \
    tool("iptables-save", xtables) \
    tool("iptables-restore", xtables) \
    tool("unshare", unshare) \
    tool("nsenter", nsenter) \
    tool("lsns", lsns) \
    tool("nsview", nsview) \
    tool("netview", netview) \
    tool("ethtool", ethtool) \
    tool("qd", qd) \
    tool("tput", tput) \
    XEN_TOOLS(tool)

#ifdef XEN
#define XEN_TOOLS(tool) \
    tool("vbdfront", vbdfront) \
    tool("xenstore", xenstore) \
    tool("xenstore-chmod", xenstore) \
    tool("xenstore-exists", xenstore) \
    tool("xenstore-list", xenstore) \
    tool("xenstore-ls", xenstore) \
    tool("xenstore-read", xenstore) \
    tool("xenstore-rm", xenstore) \
    tool("xenstore-watch", xenstore) \
    tool("xenstore-write", xenstore)
#else
#define XEN_TOOLS(tool)
#endif

#define DECLARE(name, object) int object##_main(int argc, char **argv);
TOOLS(DECLARE)

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
} tools[] = {
#define ENTRY(name, object) { name, object##_main },
    TOOLS(ENTRY)
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

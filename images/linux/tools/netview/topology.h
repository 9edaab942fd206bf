/*
 * Every network namespace and what is in it, printed as one JSON document. The kernel answers for the
 * namespace a socket was made in, so this process moves into each with setns(2), and back at the end.
 */
#ifndef NETVIEW_TOPOLOGY_H
#define NETVIEW_TOPOLOGY_H

#include <sched.h>

#include "conntrack.h"
#include "links.h"
#include "routes.h"
#include "rules.h"
#include "spots.h"

static void print_names(const struct spot *s)
{
    fputs(",\"names\":[", stdout);
    for (unsigned i = 0; i < s->name_count; i++) {
        if (i) putchar(',');
        json_text(s->names[i]);
    }
    fputs("],\"processes\":[", stdout);
    for (unsigned i = 0; i < s->member_count; i++) {
        char comm[16];
        read_comm(s->members[i], comm);
        printf("%s{\"pid\":%d,\"name\":", i ? "," : "", s->members[i]);
        json_text(comm);
        putchar('}');
    }
    putchar(']');
}

static void print_links(int route, struct links *l)
{
    struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    int ipv4 = read_settings(route, AF_INET, l), ipv6 = read_settings(route, AF_INET6, NULL);
    printf(",\"forwarding\":{\"ipv4\":%s,\"ipv6\":%s}", ipv4 ? "true" : "false", ipv6 ? "true" : "false");
    ask(route, RTM_GETADDR, NLM_F_DUMP, &address, sizeof address, keep_address, l);
    l->list = open_list("links", MAX_INTERFACES);
    ask(route, RTM_GETLINK, NLM_F_DUMP, &link, sizeof link, print_link, l);
    close_list();
}

/* What the namespace this process is in holds. */
static void print_inside(const struct spots *spots, const int *fds)
{
    static struct links l;
    int route = open_netlink(NETLINK_ROUTE), netfilter = open_netlink(NETLINK_NETFILTER);
    memset(&l, 0, sizeof l);
    l.questions = open_netlink(NETLINK_ROUTE);
    l.spots = spots;
    l.spot_fds = fds;
    print_links(route, &l);
    print_routes(route);
    print_neighbours(route);
    print_fdb(route, l.any_bridge);
    if (l.any_filtering) print_port_vlans(route);
    print_conntrack(netfilter);
    print_rules(netfilter);
    close(route);
    close(netfilter);
    close(l.questions);
}

/* Prints what GuestNetwork of src/probe/network/types.ts says. Returns 0, or 1 when there is nothing to read. */
static int print_topology(void)
{
    static struct spots spots;
    int fds[MAX_SPOTS], entered = 0;
    if (find_spots(&spots) < 0) return 1;
    uint32_t own = namespace_at(AT_FDCWD, "/proc/self/ns/net");
    truncated = spots.truncated;
    for (unsigned i = 0; i < spots.count; i++) fds[i] = open_spot(&spots.list[i]);
    printf("{\"netview\":1,\"at\":%llu", now_ms());
    struct list list = open_list("namespaces", MAX_SPOTS);
    for (unsigned i = 0; i < spots.count; i++) {
        const struct spot *s = &spots.list[i];
        /* Gone by now, or of a user namespace this process has no say in. */
        if (entered || s->inode != own) {
            if (fds[i] < 0 || setns(fds[i], CLONE_NEWNET) < 0) continue;
            entered = 1;
        }
        if (!next_entry(&list)) break;
        printf("{\"id\":%u,\"initial\":%s", s->inode, s->initial ? "true" : "false");
        print_names(s);
        print_inside(&spots, fds);
        putchar('}');
    }
    close_list();
    printf(",\"truncated\":%s}\n", truncated ? "true" : "false");
    return 0;
}

#endif

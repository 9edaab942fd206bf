/*
 * The interfaces of the network namespace the caller is in, asked of the kernel by rtnetlink(7):
 * one dump of links and one of addresses.
 */
#ifndef NSVIEW_NETWORK_H
#define NSVIEW_NETWORK_H

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model.h"

/* From linux/if.h, which cannot be included beside the C library's own net/if.h. */
#define FLAG_UP 0x1u
#define FLAG_LOWER_UP 0x10000u

static void copy_text(char *into, size_t size, const struct rtattr *attribute)
{
    size_t n = RTA_PAYLOAD(attribute);
    if (n >= size) n = size - 1;
    memcpy(into, RTA_DATA(attribute), n);
    into[n] = 0;
}

static unsigned number(const struct rtattr *attribute)
{
    unsigned value = 0;
    if (RTA_PAYLOAD(attribute) >= sizeof value) memcpy(&value, RTA_DATA(attribute), sizeof value);
    return value;
}

/* IFLA_LINKINFO holds attributes of its own; the kind ("veth", "bridge") is one of them. */
static void read_kind(struct interface *to, struct rtattr *info)
{
    int left = (int)RTA_PAYLOAD(info);
    for (struct rtattr *a = RTA_DATA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFLA_INFO_KIND) copy_text(to->kind, sizeof to->kind, a);
}

static void add_link(struct namespace *n, struct nlmsghdr *message)
{
    if (n->interface_count == MAX_INTERFACES) return;
    struct ifinfomsg *link = NLMSG_DATA(message);
    struct interface *to = &n->interfaces[n->interface_count++];
    to->index = (unsigned)link->ifi_index;
    to->up = (link->ifi_flags & FLAG_UP) != 0;
    to->carrier = (link->ifi_flags & FLAG_LOWER_UP) != 0;
    int left = (int)IFLA_PAYLOAD(message);
    for (struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFLA_IFNAME) copy_text(to->name, sizeof to->name, a);
        else if (a->rta_type == IFLA_LINK) to->peer = number(a);
        else if (a->rta_type == IFLA_LINK_NETNSID) to->peer_elsewhere = 1;
        else if ((a->rta_type & NLA_TYPE_MASK) == IFLA_LINKINFO) read_kind(to, a);
    }
    if (to->peer == to->index && !to->peer_elsewhere) to->peer = 0;
}

/* IFA_LOCAL is the interface's own address; IFA_ADDRESS is that or, on a point-to-point link, the other end's. */
static void add_address(struct namespace *n, struct nlmsghdr *message)
{
    struct ifaddrmsg *address = NLMSG_DATA(message);
    struct interface *to = NULL;
    for (unsigned i = 0; i < n->interface_count; i++)
        if (n->interfaces[i].index == address->ifa_index) to = &n->interfaces[i];
    if (!to || to->addresses == MAX_ADDRESSES) return;
    const void *bytes = NULL;
    int left = (int)IFA_PAYLOAD(message);
    for (struct rtattr *a = IFA_RTA(address); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !bytes)) bytes = RTA_DATA(a);
    char text[INET6_ADDRSTRLEN];
    if (!bytes || !inet_ntop(address->ifa_family, bytes, text, sizeof text)) return;
    snprintf(to->address[to->addresses++], sizeof to->address[0], "%s/%u", text, address->ifa_prefixlen);
}

/* Asks for a dump and hands over every message of it. Returns 0, or -1 when the kernel would not answer. */
static int dump(int socket, int type, struct namespace *n, void (*add)(struct namespace *, struct nlmsghdr *))
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body; /* an address dump reads only its first byte, the family */
    } request = {.header = {.nlmsg_len = sizeof request, .nlmsg_type = (unsigned short)type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    if (send(socket, &request, sizeof request, 0) < 0) return -1;
    static char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (;;) {
        ssize_t got = recv(socket, buffer, sizeof buffer, 0);
        if (got <= 0) return -1;
        unsigned left = (unsigned)got;
        for (struct nlmsghdr *at = (void *)buffer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE) return 0;
            if (at->nlmsg_type == NLMSG_ERROR) return -1;
            add(n, at);
        }
    }
}

static int read_interfaces(struct namespace *n)
{
    n->interfaces = calloc(MAX_INTERFACES, sizeof *n->interfaces);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (!n->interfaces || fd < 0) return -1;
    int result = dump(fd, RTM_GETLINK, n, add_link);
    if (result == 0) result = dump(fd, RTM_GETADDR, n, add_address);
    close(fd);
    return result;
}

#endif

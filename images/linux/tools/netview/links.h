/*
 * The interfaces of a namespace, by RTM_GETLINK, with their addresses and what is special about their kind.
 */
#ifndef NETVIEW_LINKS_H
#define NETVIEW_LINKS_H

#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>

#include "netlink.h"
#include "output.h"
#include "spots.h"

#define MAX_INTERFACES 64
#define MAX_ADDRESSES 256 /* of all interfaces of a namespace */

/* From linux/if.h, which cannot be included beside the C library's own net/if.h. */
#define FLAG_UP 0x1u
#define FLAG_LOWER_UP 0x10000u

/* Times of bridges are in the kernel's ticks for programs, USER_HZ. */
#define TICKS_PER_SECOND 100

struct address {
    unsigned link;
    char text[INET6_ADDRSTRLEN + 4];
};

/* What is known of the namespace while its links are printed. */
struct links {
    struct list list;
    struct address addresses[MAX_ADDRESSES];
    unsigned address_count;
    uint64_t proxies[64]; /* bit n of the set: the interface with index n answers ARP for others */
    int any_bridge, any_filtering;
    int questions;        /* a second socket, for questions while a dump is being read */
    const int *spot_fds;
    const struct spots *spots;
    int32_t ids[MAX_SPOTS]; /* what each namespace is called from here, asked when it is first needed */
    int ids_known;
};

/* IFA_LOCAL is the interface's own address; IFA_ADDRESS is that or, on a point-to-point link, the other end's. */
static void keep_address(const struct nlmsghdr *message, void *context)
{
    struct links *l = context;
    const struct ifaddrmsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body);
    char text[INET6_ADDRSTRLEN];
    address_of(body->ifa_family, a.at[IFA_LOCAL] ? a.at[IFA_LOCAL] : a.at[IFA_ADDRESS], text);
    if (l->address_count == MAX_ADDRESSES) truncated = 1;
    if (!text[0] || l->address_count == MAX_ADDRESSES) return;
    struct address *to = &l->addresses[l->address_count++];
    to->link = body->ifa_index;
    snprintf(to->text, sizeof to->text, "%s/%u", text, body->ifa_prefixlen);
}

/* A namespace gives others numbers of its own, which IFLA_LINK_NETNSID uses (RTM_GETNSID). */
static void keep_id(const struct nlmsghdr *message, void *context)
{
    int32_t *id = context;
    struct attributes a = attributes_of(message, sizeof(struct rtgenmsg));
    *id = a.at[NETNSA_NSID] ? (int32_t)u32_of(a.at[NETNSA_NSID]) : -1;
}

static void read_ids(struct links *l)
{
    struct {
        struct rtgenmsg body;
        char padding[3];
        struct rtattr header;
        uint32_t fd;
    } question = {.header = {.rta_len = RTA_LENGTH(4), .rta_type = NETNSA_FD}};
    l->ids_known = 1;
    for (unsigned i = 0; i < l->spots->count; i++) {
        l->ids[i] = -1;
        question.fd = (uint32_t)l->spot_fds[i];
        if (l->spot_fds[i] >= 0) ask(l->questions, RTM_GETNSID, 0, &question, sizeof question, keep_id, &l->ids[i]);
    }
}

/* The number on nsfs of the namespace that is called `id` from here, or 0. */
static uint32_t inode_of_id(struct links *l, int32_t id)
{
    if (!l->ids_known) read_ids(l);
    for (unsigned i = 0; i < l->spots->count; i++)
        if (id >= 0 && l->ids[i] == id) return l->spots->list[i].inode;
    return 0;
}

static void print_counters(const char *name, uint64_t packets, uint64_t bytes, uint64_t dropped)
{
    printf(",\"%s\":{\"packets\":%llu,\"bytes\":%llu,\"dropped\":%llu}", name, (unsigned long long)packets,
           (unsigned long long)bytes, (unsigned long long)dropped);
}

static void print_statistics(const struct rtattr *a)
{
    struct rtnl_link_stats64 stats = {0};
    if (a) memcpy(&stats, RTA_DATA(a), RTA_PAYLOAD(a) < sizeof stats ? RTA_PAYLOAD(a) : sizeof stats);
    print_counters("sent", stats.tx_packets, stats.tx_bytes, stats.tx_dropped);
    print_counters("received", stats.rx_packets, stats.rx_bytes, stats.rx_dropped);
}

static void print_bridge(struct links *l, struct attributes *data)
{
    int filtering = u8_of(data->at[IFLA_BR_VLAN_FILTERING]);
    l->any_bridge = 1;
    l->any_filtering |= filtering;
    printf(",\"bridge\":{\"stp\":%s,\"vlanFiltering\":%s,\"ageing\":%u}",
           u32_of(data->at[IFLA_BR_STP_STATE]) ? "true" : "false", filtering ? "true" : "false",
           u32_of(data->at[IFLA_BR_AGEING_TIME]) / TICKS_PER_SECOND);
}

/*
 * The other end, or the device below: IFLA_LINK, in the namespace IFLA_LINK_NETNSID where that is another.
 * A device that is its own link has none.
 */
static void print_peer(struct links *l, unsigned index, const struct attributes *a, const char *kind, struct attributes *data)
{
    unsigned peer = u32_of(a->at[IFLA_LINK]);
    if (!strcmp(kind, "vxlan")) peer = u32_of(data->at[IFLA_VXLAN_LINK]);
    if (!a->at[IFLA_LINK_NETNSID]) {
        if (peer != index) print_number_if("peer", peer);
        return;
    }
    uint32_t inode = inode_of_id(l, (int32_t)u32_of(a->at[IFLA_LINK_NETNSID]));
    print_number_if("peer", inode ? peer : 0);
    print_number_if("peerNamespace", inode);
}

static void print_port(const struct attributes *info)
{
    static const char *const states[] = {"disabled", "listening", "learning", "forwarding", "blocking"};
    if (!has_text(info->at[IFLA_INFO_SLAVE_KIND], "bridge")) return;
    struct attributes port = nest(info->at[IFLA_INFO_SLAVE_DATA]);
    unsigned state = u8_of(port.at[IFLA_BRPORT_STATE]);
    if (state < sizeof states / sizeof *states) print_text("portState", states[state]);
}

static void print_addresses(const struct links *l, unsigned index)
{
    const char *before = "";
    fputs(",\"addresses\":[", stdout);
    for (unsigned i = 0; i < l->address_count; i++) {
        if (l->addresses[i].link != index) continue;
        printf("%s\"%s\"", before, l->addresses[i].text);
        before = ",";
    }
    putchar(']');
}

/*
 * What the interface is: of a device made by software, what the kernel says; netback's are devices on the bus
 * of Xen's backends, and any other device that is on a bus is a card.
 */
static void kind_of(const struct ifinfomsg *body, const struct attributes *a, const struct attributes *info, char kind[16])
{
    text_of(info->at[IFLA_INFO_KIND], kind, 16);
    if (body->ifi_type == ARPHRD_LOOPBACK) strcpy(kind, "loopback");
    else if (has_text(a->at[IFLA_PARENT_DEV_BUS_NAME], "xen-backend")) strcpy(kind, "vif");
}

static void print_link(const struct nlmsghdr *message, void *context)
{
    struct links *l = context;
    const struct ifinfomsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body), info = nest(a.at[IFLA_LINKINFO]);
    struct attributes data = nest(info.at[IFLA_INFO_DATA]);
    const struct rtattr *mac = a.at[IFLA_ADDRESS], *permanent = a.at[IFLA_PERM_ADDRESS];
    unsigned index = (unsigned)body->ifi_index;
    char name[16], kind[16];
    if (!next_entry(&l->list)) return;
    text_of(a.at[IFLA_IFNAME], name, sizeof name);
    kind_of(body, &a, &info, kind);
    printf("{\"index\":%u", index);
    print_text("name", name);
    print_text("kind", kind);
    if (mac) print_mac_if("mac", RTA_DATA(mac), RTA_PAYLOAD(mac));
    if (permanent) print_mac_if("permanent", RTA_DATA(permanent), RTA_PAYLOAD(permanent));
    print_number("mtu", u32_of(a.at[IFLA_MTU]));
    print_yes("up", (body->ifi_flags & FLAG_UP) != 0);
    print_yes("carrier", (body->ifi_flags & FLAG_LOWER_UP) != 0);
    print_yes("promiscuous", u32_of(a.at[IFLA_PROMISCUITY]) != 0);
    print_number_if("master", u32_of(a.at[IFLA_MASTER]));
    print_peer(l, index, &a, kind, &data);
    if (!strcmp(kind, "vlan")) print_number_if("vlan", u16_of(data.at[IFLA_VLAN_ID]));
    if (!strcmp(kind, "vxlan")) print_number("vni", u32_of(data.at[IFLA_VXLAN_ID]));
    if (!strcmp(kind, "bridge")) print_bridge(l, &data);
    print_port(&info);
    if (index < 64 * 64 && (l->proxies[index / 64] >> index % 64 & 1)) print_yes("proxyArp", 1);
    print_addresses(l, index);
    print_statistics(a.at[IFLA_STATS64]);
    putchar('}');
}

/* The settings of each interface and of all together (RTM_GETNETCONF, NETCONFA_IFINDEX_ALL). */
struct settings {
    struct links *links;
    int forwarding;
};

static void read_setting(const struct nlmsghdr *message, void *context)
{
    struct settings *s = context;
    struct attributes a = attributes_of(message, sizeof(struct netconfmsg));
    int index = (int)u32_of(a.at[NETCONFA_IFINDEX]);
    int proxy = s->links && u32_of(a.at[NETCONFA_PROXY_NEIGH]);
    if (index == NETCONFA_IFINDEX_ALL) {
        s->forwarding = u32_of(a.at[NETCONFA_FORWARDING]) != 0;
        if (proxy) memset(s->links->proxies, 0xff, sizeof s->links->proxies); /* it holds for each of them */
    } else if (proxy && index >= 0 && index < 64 * 64) {
        s->links->proxies[index / 64] |= 1ull << index % 64;
    }
}

/* The network namespace's forwarding of one family; of IPv4, `links` learns who answers ARP for others. */
static int read_settings(int fd, int family, struct links *links)
{
    struct settings settings = {.links = links};
    struct netconfmsg body = {.ncm_family = (uint8_t)family};
    ask(fd, RTM_GETNETCONF, NLM_F_DUMP, &body, sizeof body, read_setting, &settings);
    return settings.forwarding;
}

#endif

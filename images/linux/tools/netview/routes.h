/*
 * How a namespace decides where a packet goes: its routes, its neighbours, and what its bridges have learned.
 */
#ifndef NETVIEW_ROUTES_H
#define NETVIEW_ROUTES_H

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>

#include "netlink.h"
#include "output.h"

#define MAX_ROUTES 256
#define MAX_NEIGHBOURS 256
#define MAX_FDB 256
#define MAX_VLANS 256

#define CLOCK_TICKS 100 /* USER_HZ: how the kernel tells ages to programs */

/* `10.0.0.0/24`, or `default`. */
static void destination_of(const struct rtmsg *body, const struct attributes *a, char into[INET6_ADDRSTRLEN + 4])
{
    char text[INET6_ADDRSTRLEN];
    address_of(body->rtm_family, a->at[RTA_DST], text);
    if (text[0]) snprintf(into, INET6_ADDRSTRLEN + 4, "%s/%u", text, body->rtm_dst_len);
    else if (body->rtm_dst_len) snprintf(into, INET6_ADDRSTRLEN + 4, "%s/%u", body->rtm_family == AF_INET ? "0.0.0.0" : "::", body->rtm_dst_len);
    else strcpy(into, "default");
}

/* One way of a route: it may have several (RTA_MULTIPATH), each printed as a route of its own. */
struct way {
    unsigned link;
    const struct rtattr *gateway, *via;
};

static void print_way(struct list *list, const struct rtmsg *body, const struct attributes *a, const struct way *way)
{
    static const char *const types[] = {"unspecified", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole",
                                        "unreachable", "prohibit", "throw", "nat", "xresolve"};
    char to[INET6_ADDRSTRLEN + 4], text[INET6_ADDRSTRLEN];
    if (!next_entry(list)) return;
    destination_of(body, a, to);
    printf("{\"family\":%d", body->rtm_family == AF_INET ? 4 : 6);
    print_text("to", to);
    print_text_if("via", address_of(body->rtm_family, way->gateway, text));
    /* RTA_VIA: a gateway of the other family, which is in front of its address. */
    if (way->via && RTA_PAYLOAD(way->via) >= 18 && inet_ntop(AF_INET6, (const char *)RTA_DATA(way->via) + 2, text, sizeof text))
        print_text("via", text);
    print_number_if("link", way->link);
    print_text_if("source", address_of(body->rtm_family, a->at[RTA_PREFSRC], text));
    print_number_if("metric", u32_of(a->at[RTA_PRIORITY]));
    print_text("type", body->rtm_type < sizeof types / sizeof *types ? types[body->rtm_type] : "unknown");
    print_text("table", (a->at[RTA_TABLE] ? u32_of(a->at[RTA_TABLE]) : body->rtm_table) == RT_TABLE_MAIN ? "main" : "local");
    putchar('}');
}

static void print_ways(struct list *list, const struct rtmsg *body, const struct attributes *a, const struct rtattr *ways)
{
    const struct rtnexthop *hop = RTA_DATA(ways);
    for (int left = (int)RTA_PAYLOAD(ways); RTNH_OK(hop, left); left -= NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
        struct attributes own = attributes(RTNH_DATA(hop), (int)(hop->rtnh_len - sizeof *hop));
        struct way way = {(unsigned)hop->rtnh_ifindex, own.at[RTA_GATEWAY], own.at[RTA_VIA]};
        print_way(list, body, a, &way);
    }
}

/* Of the tables, main and local; of what they hold, not what the kernel remembers of single destinations. */
static void print_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body);
    unsigned table = a.at[RTA_TABLE] ? u32_of(a.at[RTA_TABLE]) : body->rtm_table;
    if (body->rtm_family != AF_INET && body->rtm_family != AF_INET6) return;
    if (body->rtm_flags & RTM_F_CLONED || (table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL)) return;
    struct way way = {u32_of(a.at[RTA_OIF]), a.at[RTA_GATEWAY], a.at[RTA_VIA]};
    if (a.at[RTA_MULTIPATH]) print_ways(context, body, &a, a.at[RTA_MULTIPATH]);
    else print_way(context, body, &a, &way);
}

static const char *state_of(unsigned state)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{NUD_PERMANENT, "permanent"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"}, {NUD_DELAY, "delay"},
                 {NUD_PROBE, "probe"}, {NUD_INCOMPLETE, "incomplete"}, {NUD_FAILED, "failed"}, {NUD_NOARP, "noarp"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (state & names[i].bit) return names[i].name;
    return "none";
}

/*
 * What needs no asking (multicast, the loopback's own) is left out, as `ip neighbour` leaves it out. An entry
 * of those answered for others has no state.
 */
static void print_neighbour(const struct nlmsghdr *message, void *context)
{
    const struct ndmsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body);
    const struct rtattr *mac = a.at[NDA_LLADDR];
    int proxy = (body->ndm_flags & NTF_PROXY) != 0;
    char text[INET6_ADDRSTRLEN];
    if (body->ndm_family != AF_INET && body->ndm_family != AF_INET6) return;
    if (!proxy && (body->ndm_state == NUD_NONE || body->ndm_state & NUD_NOARP)) return;
    if (!address_of(body->ndm_family, a.at[NDA_DST], text)[0] || !next_entry(context)) return;
    printf("{\"address\":\"%s\"", text);
    if (mac) print_mac_if("mac", RTA_DATA(mac), RTA_PAYLOAD(mac));
    print_number("link", (unsigned)body->ndm_ifindex);
    print_text("state", proxy ? "permanent" : state_of(body->ndm_state));
    if (proxy) print_yes("proxy", 1);
    putchar('}');
}

/*
 * The dump has the addresses every interface listens to as well; those of a bridge name their master. An
 * entry of the bridge itself has the bridge as its port.
 */
static void print_fdb_entry(const struct nlmsghdr *message, void *context)
{
    const struct ndmsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body);
    const struct rtattr *mac = a.at[NDA_LLADDR], *cache = a.at[NDA_CACHEINFO];
    int permanent = (body->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
    if (!a.at[NDA_MASTER] || !mac || RTA_PAYLOAD(mac) != 6 || !next_entry(context)) return;
    printf("{\"port\":%u,\"bridge\":%u", (unsigned)body->ndm_ifindex, u32_of(a.at[NDA_MASTER]));
    print_mac_if("mac", RTA_DATA(mac), 6);
    print_number_if("vlan", u16_of(a.at[NDA_VLAN]));
    print_yes("permanent", permanent);
    if (!permanent && cache && RTA_PAYLOAD(cache) >= sizeof(struct nda_cacheinfo)) {
        const struct nda_cacheinfo *times = RTA_DATA(cache);
        printf(",\"age\":%u.%02u", times->ndm_updated / CLOCK_TICKS, times->ndm_updated % CLOCK_TICKS);
    }
    putchar('}');
}

/* Which VLANs the ports of bridges that filter by them are in (IFLA_BRIDGE_VLAN_INFO, ranges). */
static void print_vlans(const struct nlmsghdr *message, void *context)
{
    const struct ifinfomsg *body = NLMSG_DATA(message);
    struct attributes a = attributes_of(message, sizeof *body);
    const struct rtattr *spec = a.at[IFLA_AF_SPEC];
    unsigned from = 0;
    int left = spec ? (int)RTA_PAYLOAD(spec) : 0;
    for (const struct rtattr *at = spec ? RTA_DATA(spec) : NULL; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        struct bridge_vlan_info info;
        if (at->rta_type != IFLA_BRIDGE_VLAN_INFO || RTA_PAYLOAD(at) < sizeof info) continue;
        memcpy(&info, RTA_DATA(at), sizeof info);
        if (info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
            from = info.vid;
            continue;
        }
        if (!next_entry(context)) return;
        printf("{\"port\":%d,\"from\":%u,\"to\":%u", body->ifi_index,
               info.flags & BRIDGE_VLAN_INFO_RANGE_END ? from : info.vid, info.vid);
        print_yes("pvid", (info.flags & BRIDGE_VLAN_INFO_PVID) != 0);
        print_yes("untagged", (info.flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0);
        putchar('}');
    }
}

static void print_routes(int fd)
{
    struct rtmsg body = {.rtm_family = AF_UNSPEC};
    struct list list = open_list("routes", MAX_ROUTES);
    ask(fd, RTM_GETROUTE, NLM_F_DUMP, &body, sizeof body, print_route, &list);
    close_list();
}

static void print_neighbours(int fd)
{
    struct ndmsg known = {.ndm_family = AF_UNSPEC}, answered_for = {.ndm_family = AF_UNSPEC, .ndm_flags = NTF_PROXY};
    struct list list = open_list("neighbours", MAX_NEIGHBOURS);
    ask(fd, RTM_GETNEIGH, NLM_F_DUMP, &known, sizeof known, print_neighbour, &list);
    ask(fd, RTM_GETNEIGH, NLM_F_DUMP, &answered_for, sizeof answered_for, print_neighbour, &list);
    close_list();
}

static void print_fdb(int fd, int any_bridge)
{
    /* The kernel reads this one's body as a link's when it is as long as one. */
    struct ndmsg body = {.ndm_family = AF_BRIDGE};
    struct list list = open_list("fdb", MAX_FDB);
    if (any_bridge) ask(fd, RTM_GETNEIGH, NLM_F_DUMP, &body, sizeof body, print_fdb_entry, &list);
    close_list();
}

static void print_port_vlans(int fd)
{
    struct {
        struct ifinfomsg body;
        struct rtattr header;
        uint32_t mask;
    } question = {.body = {.ifi_family = AF_BRIDGE}, .header = {.rta_len = RTA_LENGTH(4), .rta_type = IFLA_EXT_MASK},
                  .mask = RTEXT_FILTER_BRVLAN_COMPRESSED};
    struct list list = open_list("vlans", MAX_VLANS);
    ask(fd, RTM_GETLINK, NLM_F_DUMP, &question, sizeof question, print_vlans, &list);
    close_list();
}

#endif

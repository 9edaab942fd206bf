/*
 * The connections a namespace tracks, by ctnetlink (IPCTNL_MSG_CT_GET), which needs no tool.
 */
#ifndef NETVIEW_CONNTRACK_H
#define NETVIEW_CONNTRACK_H

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "netlink.h"
#include "output.h"

#define MAX_CONNECTIONS 256

static const char *protocol_name(unsigned number)
{
    static const struct {
        unsigned number;
        const char *name;
    } names[] = {{IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {IPPROTO_ICMP, "icmp"}, {IPPROTO_ICMPV6, "icmpv6"},
                 {IPPROTO_GRE, "gre"}, {IPPROTO_SCTP, "sctp"}};
    static char text[8];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    snprintf(text, sizeof text, "%u", number);
    return text;
}

/* Numbers of conntrack's messages are in the network's order. */
static void print_port_if(const char *name, const struct rtattr *a)
{
    if (a) print_number(name, ntohs(u16_of(a)));
}

/* Of ICMP, the identifier stands in the place of both ports. */
static void print_tuple(const char *name, const struct rtattr *tuple)
{
    struct attributes t = nest(tuple), ip = nest(t.at[CTA_TUPLE_IP]), proto = nest(t.at[CTA_TUPLE_PROTO]);
    char text[INET6_ADDRSTRLEN];
    int v4 = ip.at[CTA_IP_V4_SRC] != NULL, family = v4 ? AF_INET : AF_INET6;
    const struct rtattr *id = proto.at[CTA_PROTO_ICMP_ID] ? proto.at[CTA_PROTO_ICMP_ID] : proto.at[CTA_PROTO_ICMPV6_ID];
    printf(",\"%s\":{\"source\":\"%s\"", name, address_of(family, ip.at[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], text));
    print_text("destination", address_of(family, ip.at[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST], text));
    print_port_if("sourcePort", id ? id : proto.at[CTA_PROTO_SRC_PORT]);
    print_port_if("destinationPort", id ? id : proto.at[CTA_PROTO_DST_PORT]);
    putchar('}');
}

static void print_connection(const struct nlmsghdr *message, void *context)
{
    static const char *const states[] = {"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT",
                                         "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"};
    struct attributes a = attributes_of(message, sizeof(struct nfgenmsg));
    struct attributes original = nest(a.at[CTA_TUPLE_ORIG]), proto = nest(original.at[CTA_TUPLE_PROTO]);
    struct attributes info = nest(a.at[CTA_PROTOINFO]), tcp = nest(info.at[CTA_PROTOINFO_TCP]);
    unsigned status = ntohl(u32_of(a.at[CTA_STATUS])), state = u8_of(tcp.at[CTA_PROTOINFO_TCP_STATE]);
    if (!next_entry(context)) return;
    printf("{\"protocol\":\"%s\"", protocol_name(u8_of(proto.at[CTA_PROTO_NUM])));
    print_tuple("original", a.at[CTA_TUPLE_ORIG]);
    print_tuple("reply", a.at[CTA_TUPLE_REPLY]);
    if (a.at[CTA_PROTOINFO] && state < sizeof states / sizeof *states) print_text("state", states[state]);
    print_number("timeout", ntohl(u32_of(a.at[CTA_TIMEOUT])));
    print_yes("assured", (status & IPS_ASSURED) != 0);
    print_yes("unreplied", !(status & IPS_SEEN_REPLY));
    putchar('}');
}

static void keep_count(const struct nlmsghdr *message, void *context)
{
    struct attributes a = attributes_of(message, sizeof(struct nfgenmsg));
    *(unsigned *)context = ntohl(u32_of(a.at[CTA_STATS_GLOBAL_ENTRIES]));
}

/* The dump walks the whole of the table; how many there are is asked first. */
static void print_conntrack(int fd)
{
    struct nfgenmsg body = {.nfgen_family = AF_UNSPEC};
    struct list list = open_list("conntrack", MAX_CONNECTIONS);
    unsigned count = 0, subsystem = NFNL_SUBSYS_CTNETLINK << 8;
    ask(fd, (int)(subsystem | IPCTNL_MSG_CT_GET_STATS), 0, &body, sizeof body, keep_count, &count);
    if (count) ask(fd, (int)(subsystem | IPCTNL_MSG_CT_GET), NLM_F_DUMP, &body, sizeof body, print_connection, &list);
    close_list();
}

#endif

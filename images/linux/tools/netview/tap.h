/*
 * A tap: the frames of all interfaces of one network namespace, by a packet(7) socket.
 *
 * A socket keeps its namespace alive, and the interfaces in it. A tap must not outlive what it looks at, or a
 * deleted container's veth would stay: it is closed when neither a process nor a name leads to the namespace
 * (reader.h watches for both).
 */
#ifndef NETVIEW_TAP_H
#define NETVIEW_TAP_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <time.h>

#include "netlink.h"
#include "ring.h"

#define BATCH 64
#define ROOM 131072 /* SO_RCVBUF: beyond it the kernel drops, and counts */

struct tap {
    uint32_t inode; /* of the namespace; 0: not in use */
    int packets, events, watched; /* packet and rtnetlink sockets; a pidfd of a member, or -1 */
};

/*
 * Frames of Ethernet only: what else there is (tunnels of IP in IP) has no addresses a reader would understand.
 * The loopback hands every frame over twice, on its way out and on its way in; the second is taken. The number
 * a filter returns is how many bytes are kept (Documentation/networking/filter.rst).
 */
static struct sock_filter ethernet[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_ETHER, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, KEPT_BYTES),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

/* A packet socket of the namespace the caller is in. The filter is there before the first frame. */
static int open_packets(void)
{
    struct sock_fprog program = {.len = sizeof ethernet / sizeof *ethernet, .filter = ethernet};
    struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int one = 1, room = ROOM, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) == 0 &&
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0 && bind(fd, (void *)&all, sizeof all) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Tells of interfaces that come and go: one that goes may have been put into a namespace not known yet. */
static int open_events(void)
{
    struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (void *)&links, sizeof links) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static void close_tap(struct tap *t)
{
    if (t->packets >= 0) close(t->packets);
    if (t->events >= 0) close(t->events);
    if (t->watched >= 0) close(t->watched);
    t->inode = 0;
}

/* Taps the namespace the caller is in. */
static void open_tap(struct tap *t, uint32_t inode)
{
    t->inode = inode;
    t->watched = -1;
    t->packets = open_packets();
    t->events = open_events();
    if (t->packets < 0) close_tap(t);
}

/* What the kernel says about a frame beside its bytes: when it had it, its length, and a VLAN tag it took out. */
static void read_notes(struct msghdr *message, struct frame *f, struct tpacket_auxdata *aux)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(c), sizeof at);
            f->seconds = (uint32_t)at.tv_sec;
            f->nanoseconds = (uint32_t)at.tv_nsec;
        }
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) memcpy(aux, CMSG_DATA(c), sizeof *aux);
    }
}

/* Puts the tag back behind the addresses, where it was on the wire. */
static void put_tag_back(struct frame *f, const struct tpacket_auxdata *aux)
{
    unsigned protocol = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q;
    if (!(aux->tp_status & TP_STATUS_VLAN_VALID) || f->kept < 12) return;
    memmove(f->bytes + 16, f->bytes + 12, f->kept - 12u);
    f->bytes[12] = (uint8_t)(protocol >> 8);
    f->bytes[13] = (uint8_t)protocol;
    f->bytes[14] = (uint8_t)(aux->tp_vlan_tci >> 8);
    f->bytes[15] = (uint8_t)aux->tp_vlan_tci;
    f->kept += VLAN_BYTES;
    f->length += VLAN_BYTES;
}

static struct frame batch[BATCH];

/* Reads up to `room` frames into `batch` from number `filled` on. Returns how many. */
static unsigned read_tap(const struct tap *t, unsigned filled, unsigned room)
{
    static struct mmsghdr messages[BATCH];
    static struct iovec bytes[BATCH];
    static struct sockaddr_ll from[BATCH];
    static char notes[BATCH][128] __attribute__((aligned(8)));
    for (unsigned i = 0; i < room; i++) {
        bytes[i] = (struct iovec){batch[filled + i].bytes, KEPT_BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &bytes[i],
                                              .msg_iovlen = 1, .msg_control = notes[i], .msg_controllen = sizeof notes[i]};
    }
    int got = recvmmsg(t->packets, messages, room, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        struct frame *f = &batch[filled + (unsigned)i];
        struct tpacket_auxdata aux = {.tp_len = messages[i].msg_len};
        read_notes(&messages[i].msg_hdr, f, &aux);
        f->namespace = t->inode;
        f->link = (uint32_t)from[i].sll_ifindex;
        f->out = from[i].sll_pkttype == PACKET_OUTGOING;
        f->kept = (uint16_t)messages[i].msg_len;
        f->length = aux.tp_len;
        put_tag_back(f, &aux);
    }
    return got > 0 ? (unsigned)got : 0;
}

/* How many frames the kernel had no room for since it was asked last. */
static unsigned drops(const struct tap *t)
{
    struct tpacket_stats stats = {0};
    socklen_t size = sizeof stats;
    return getsockopt(t->packets, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0 ? stats.tp_drops : 0;
}

#endif

/*
 * Questions to the kernel by netlink(7), and the attributes of its answers. Every answer comes from the
 * network namespace the socket was made in, whichever one the caller is in when it asks.
 */
#ifndef NETVIEW_NETLINK_H
#define NETVIEW_NETLINK_H

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ATTRIBUTE 63

/* The attributes of one message or of one nest by their types; those that are not there are NULL. */
struct attributes {
    const struct rtattr *at[MAX_ATTRIBUTE + 1];
};

static struct attributes attributes(const void *first, int left)
{
    struct attributes found = {0};
    for (const struct rtattr *a = first; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        unsigned type = a->rta_type & NLA_TYPE_MASK;
        if (type <= MAX_ATTRIBUTE) found.at[type] = a;
    }
    return found;
}

/* The attributes behind a message's fixed part of `size` bytes. */
static struct attributes attributes_of(const struct nlmsghdr *message, size_t size)
{
    size_t before = NLMSG_LENGTH(0) + NLMSG_ALIGN(size);
    if (message->nlmsg_len < before) return (struct attributes){0};
    return attributes((const char *)message + before, (int)(message->nlmsg_len - before));
}

static struct attributes nest(const struct rtattr *a)
{
    return a ? attributes(RTA_DATA(a), (int)RTA_PAYLOAD(a)) : (struct attributes){0};
}

static uint8_t u8_of(const struct rtattr *a)
{
    return a && RTA_PAYLOAD(a) >= 1 ? *(const uint8_t *)RTA_DATA(a) : 0;
}

static uint16_t u16_of(const struct rtattr *a)
{
    uint16_t value = 0;
    if (a && RTA_PAYLOAD(a) >= sizeof value) memcpy(&value, RTA_DATA(a), sizeof value);
    return value;
}

static uint32_t u32_of(const struct rtattr *a)
{
    uint32_t value = 0;
    if (a && RTA_PAYLOAD(a) >= sizeof value) memcpy(&value, RTA_DATA(a), sizeof value);
    return value;
}

/* Copies a string attribute; "" where there is none. */
static void text_of(const struct rtattr *a, char *into, size_t size)
{
    size_t n = a ? RTA_PAYLOAD(a) : 0;
    if (n >= size) n = size - 1;
    if (n) memcpy(into, RTA_DATA(a), n);
    into[n] = 0;
}

static int has_text(const struct rtattr *a, const char *text)
{
    char found[32];
    text_of(a, found, sizeof found);
    return strcmp(found, text) == 0;
}

/* An IPv4 or IPv6 address as text, or "" where the attribute is missing or of another length. */
static const char *address_of(int family, const struct rtattr *a, char into[INET6_ADDRSTRLEN])
{
    size_t size = family == AF_INET ? 4 : 16;
    if (!a || RTA_PAYLOAD(a) < size || !inet_ntop(family, RTA_DATA(a), into, INET6_ADDRSTRLEN)) into[0] = 0;
    return into;
}

static int open_netlink(int protocol)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

typedef void message_reader(const struct nlmsghdr *message, void *context);

/*
 * Sends a request of `size` bytes behind the header and hands every message of the answer to `each`: with
 * NLM_F_DUMP until the kernel says it was all, otherwise one. Returns 0, or -1 when the kernel refuses.
 */
static int ask(int fd, int type, int flags, const void *body, size_t size, message_reader *each, void *context)
{
    struct {
        struct nlmsghdr header;
        char body[128];
    } request = {.header = {.nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = (uint16_t)type,
                            .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)}};
    static char answer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
    memcpy(request.body, body, size);
    if (send(fd, &request, request.header.nlmsg_len, 0) < 0) return -1;
    for (;;) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got <= 0) return -1;
        unsigned left = (unsigned)got;
        for (const struct nlmsghdr *at = (void *)answer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE) return 0;
            if (at->nlmsg_type == NLMSG_ERROR) return -1;
            each(at, context);
            if (!(flags & NLM_F_DUMP)) return 0;
        }
    }
}

#endif

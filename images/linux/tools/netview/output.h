/*
 * The document as it is being printed: lists are printed while the kernel's answers are read, so that nothing
 * has to be kept. Every list is bounded; what does not fit sets `truncated`.
 */
#ifndef NETVIEW_OUTPUT_H
#define NETVIEW_OUTPUT_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "../json-text.h"

static int truncated;

/* A list under way: opened with its name, then one call of `next_entry` for each entry. */
struct list {
    unsigned count, most;
};

static struct list open_list(const char *name, unsigned most)
{
    printf(",\"%s\":[", name);
    return (struct list){.most = most};
}

static void close_list(void) { putchar(']'); }

/* Whether there is room for one more; if so, what separates it from the one before is printed. */
static int next_entry(struct list *l)
{
    if (l->count == l->most) {
        truncated = 1;
        return 0;
    }
    fputs(l->count++ ? ",\n" : "\n", stdout);
    return 1;
}

static void print_text(const char *name, const char *text)
{
    printf(",\"%s\":", name);
    json_text(text);
}

/* Left out of the document where there is none. */
static void print_text_if(const char *name, const char *text)
{
    if (*text) print_text(name, text);
}

static void print_number(const char *name, unsigned number) { printf(",\"%s\":%u", name, number); }

static void print_number_if(const char *name, unsigned number)
{
    if (number) print_number(name, number);
}

static void print_yes(const char *name, int yes) { printf(",\"%s\":%s", name, yes ? "true" : "false"); }

/* `bytes` of a MAC address; other lengths, of tunnels and of IP over other media, are not printed. */
static void print_mac_if(const char *name, const uint8_t *bytes, size_t length)
{
    if (length == 6)
        printf(",\"%s\":\"%02x:%02x:%02x:%02x:%02x:%02x\"", name, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

/* Milliseconds since 1970 by this machine's clock. */
static unsigned long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

#endif

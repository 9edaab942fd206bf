/*
 * The frames seen last. Each is numbered when it is put in, from 1; the kernel's drops take numbers as well, so
 * what a reader missed is what is missing between its numbers.
 */
#ifndef NETVIEW_RING_H
#define NETVIEW_RING_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "output.h"

#define KEPT_FRAMES 1024
#define KEPT_BYTES 320      /* of each: all headers there can be, and the beginning of what they carry */
#define VLAN_BYTES 4        /* a tag the kernel has taken out and is put back */
#define FRAMES_AN_ANSWER 512

struct frame {
    uint64_t seq;
    uint64_t at; /* nanoseconds since 1970, when the kernel had it */
    uint32_t namespace, link, length;
    uint16_t kept;
    uint8_t out;
    uint8_t bytes[KEPT_BYTES + VLAN_BYTES];
};

struct ring {
    struct frame frames[KEPT_FRAMES]; /* the one with number n at n % KEPT_FRAMES */
    uint64_t next;                    /* the number the next one gets */
};

static void keep_frame(struct ring *r, const struct frame *frame)
{
    struct frame *to = &r->frames[r->next % KEPT_FRAMES];
    memcpy(to, frame, offsetof(struct frame, bytes) + frame->kept);
    to->seq = r->next++;
}

/* Groups of three bytes as four characters (RFC 4648, section 4). */
static void print_base64(const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[(KEPT_BYTES + VLAN_BYTES + 2) / 3 * 4], *to = text;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < count) group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < count) group |= bytes[i + 2];
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = i + 1 < count ? digits[group >> 6 & 63] : '=';
        *to++ = i + 2 < count ? digits[group & 63] : '=';
    }
    fwrite(text, 1, (size_t)(to - text), stdout);
}

static void print_frame(const struct frame *f)
{
    printf("{\"seq\":%llu,\"at\":%llu.%06u,\"namespace\":%u,\"link\":%u,\"direction\":\"%s\",\"length\":%u,\"bytes\":\"",
           (unsigned long long)f->seq, (unsigned long long)(f->at / 1000000), (unsigned)(f->at % 1000000), f->namespace, f->link,
           f->out ? "out" : "in", f->length);
    print_base64(f->bytes, f->kept);
    fputs("\"}", stdout);
}

/*
 * Prints what GuestFrames of src/probe/network/types.ts says, of the frames from number `from` on. A number that
 * was not given yet is another reader's: then everything is new.
 */
static void print_frames(const struct ring *r, uint64_t from)
{
    uint64_t oldest = r->next > KEPT_FRAMES ? r->next - KEPT_FRAMES : 1, at, given = 0;
    if (from < 1 || from > r->next) from = 1;
    printf("{\"netview\":1,\"at\":%llu,\"frames\":[", now_ms());
    for (at = from < oldest ? oldest : from; at < r->next && given < FRAMES_AN_ANSWER; at++) {
        const struct frame *f = &r->frames[at % KEPT_FRAMES];
        if (f->seq != at) continue; /* a number that was taken by a drop */
        fputs(given++ ? ",\n" : "\n", stdout);
        print_frame(f);
    }
    printf("],\"next\":%llu,\"lost\":%llu}\n", (unsigned long long)at, (unsigned long long)(at - from - given));
}

#endif

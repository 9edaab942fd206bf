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
#define FRAMES_AN_ANSWER 256

struct frame {
    uint64_t seq;
    uint32_t seconds, nanoseconds; /* since 1970, when the kernel had it */
    uint32_t namespace, link, length;
    uint16_t kept;
    uint8_t out;
    uint8_t bytes[KEPT_BYTES + VLAN_BYTES];
};

struct ring {
    struct frame frames[KEPT_FRAMES]; /* the n-th that was kept at n % KEPT_FRAMES */
    uint64_t kept;                    /* how many ever were */
    uint64_t next;                    /* the number the next one gets */
};

static void keep_frame(struct ring *r, const struct frame *frame)
{
    struct frame *to = &r->frames[r->kept++ % KEPT_FRAMES];
    memcpy(to, frame, offsetof(struct frame, bytes) + frame->kept);
    to->seq = r->next++;
}

/* Groups of three bytes as four characters (RFC 4648, section 4). Returns the end of the text. */
static char *base64(const uint8_t *bytes, unsigned count, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; count >= 3; count -= 3, bytes += 3) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = digits[group >> 6 & 63];
        *to++ = digits[group & 63];
    }
    if (!count) return to;
    *to++ = digits[bytes[0] >> 2];
    *to++ = digits[(bytes[0] & 3) << 4 | (count == 2 ? bytes[1] >> 4 : 0)];
    *to++ = count == 2 ? digits[(bytes[1] & 15) << 2] : '=';
    *to++ = '=';
    return to;
}

/* There are many of these, on a machine without 64-bit division: numbers are printed in parts that fit. */
static void print_frame(const struct frame *f)
{
    char text[(KEPT_BYTES + VLAN_BYTES + 2) / 3 * 4];
    if (f->seq > UINT32_MAX) printf("{\"seq\":%llu", (unsigned long long)f->seq);
    else printf("{\"seq\":%u", (unsigned)f->seq);
    printf(",\"at\":%u%03u.%06u,\"namespace\":%u,\"link\":%u,\"direction\":\"%s\",\"length\":%u,\"bytes\":\"", f->seconds,
           f->nanoseconds / 1000000, f->nanoseconds % 1000000, f->namespace, f->link, f->out ? "out" : "in", f->length);
    fwrite(text, 1, (size_t)(base64(f->bytes, f->kept, text) - text), stdout);
    fputs("\"}", stdout);
}

/*
 * Prints what GuestFrames of src/probe/network/types.ts says, of the frames from number `from` on. A number that
 * was not given yet is another reader's: then everything is new.
 */
static void print_frames(const struct ring *r, uint64_t from)
{
    uint64_t next = r->next, given = 0;
    if (from < 1 || from > next) from = 1;
    printf("{\"netview\":1,\"at\":%llu,\"frames\":[", now_ms());
    for (uint64_t i = r->kept > KEPT_FRAMES ? r->kept - KEPT_FRAMES : 0; i < r->kept; i++) {
        const struct frame *f = &r->frames[i % KEPT_FRAMES];
        if (f->seq < from) continue;
        if (given == FRAMES_AN_ANSWER) {
            next = f->seq;
            break;
        }
        fputs(given++ ? ",\n" : "\n", stdout);
        print_frame(f);
    }
    printf("],\"next\":%llu,\"lost\":%llu}\n", (unsigned long long)next, (unsigned long long)(next - from - given));
}

#endif

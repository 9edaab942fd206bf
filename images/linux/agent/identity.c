/*
 * IDENTITY: makes a machine that was cloned from a snapshot itself: its own name, time, MAC addresses
 * and random numbers. Everything is checked before anything is applied.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_ENTROPY 512

struct field {
    uint8_t tag;
    size_t size;
    const uint8_t *value;
};

/* Takes the next field off the list; false when the list is at its end or broken (*size not 0). */
static bool next_field(const uint8_t **list, size_t *size, struct field *field)
{
    if (*size < 3) return false;
    field->tag = (*list)[0];
    field->size = (*list)[1] | (*list)[2] << 8;
    field->value = *list + 3;
    if (*size < 3 + field->size) return false;
    *list += 3 + field->size;
    *size -= 3 + field->size;
    return true;
}

/* Reads "name=aa:bb:cc:dd:ee:ff" into the form the ioctl wants. */
static bool parse_mac(const struct field *field, struct ifreq *request)
{
    char text[IFNAMSIZ + 18], name[IFNAMSIZ], rest;
    unsigned byte[6];
    if (field->size >= sizeof text) return false;
    memcpy(text, field->value, field->size);
    text[field->size] = 0;
    char *equals = strchr(text, '=');
    if (!equals || equals == text || equals - text >= IFNAMSIZ) return false;
    *equals = 0;
    strcpy(name, text);
    if (sscanf(equals + 1, "%2x:%2x:%2x:%2x:%2x:%2x%c", byte, byte + 1, byte + 2, byte + 3, byte + 4, byte + 5, &rest) != 6)
        return false;
    memset(request, 0, sizeof *request);
    strcpy(request->ifr_name, name);
    request->ifr_hwaddr.sa_family = ARPHRD_ETHER;
    for (int i = 0; i < 6; i++) request->ifr_hwaddr.sa_data[i] = byte[i];
    return true;
}

/* What is wrong with a field, or NULL. */
static const char *fault_of(const struct field *field)
{
    struct ifreq request;
    switch (field->tag) {
    case HOST_NAME: return field->size < 1 || field->size > 64 ? "a host name has 1 to 64 bytes" : NULL;
    case TIME: return field->size != 8 ? "a time has 8 bytes" : NULL;
    case MAC: return parse_mac(field, &request) ? NULL : "a MAC address is written name=aa:bb:cc:dd:ee:ff";
    case ENTROPY: return field->size < 1 || field->size > MAX_ENTROPY ? "entropy has 1 to 512 bytes" : NULL;
    default: return "the tag is unknown";
    }
}

static int apply_time(const struct field *field)
{
    uint64_t milliseconds;
    memcpy(&milliseconds, field->value, sizeof milliseconds);
    struct timespec time = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 };
    return clock_settime(CLOCK_REALTIME, &time);
}

/* Some drivers (ne2k) change their address only while the interface is down. */
static int apply_mac(const struct field *field)
{
    struct ifreq request, flags;
    parse_mac(field, &request);
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0) return -1;
    int result = ioctl(any, SIOCSIFHWADDR, &request);
    if (result && errno == EBUSY) {
        memcpy(flags.ifr_name, request.ifr_name, IFNAMSIZ);
        ioctl(any, SIOCGIFFLAGS, &flags);
        flags.ifr_flags &= ~IFF_UP;
        ioctl(any, SIOCSIFFLAGS, &flags);
        result = ioctl(any, SIOCSIFHWADDR, &request);
        int error = errno;
        flags.ifr_flags |= IFF_UP;
        ioctl(any, SIOCSIFFLAGS, &flags);
        errno = error;
    }
    int error = errno;
    close(any);
    errno = error;
    return result;
}

static int apply_entropy(const struct field *field)
{
    struct {
        struct rand_pool_info info;
        uint8_t bytes[MAX_ENTROPY];
    } pool = { .info = { .entropy_count = field->size * 8, .buf_size = field->size } };
    memcpy(pool.bytes, field->value, field->size);
    if (ioctl(RANDOM_FD, RNDADDENTROPY, &pool)) return -1;
    return ioctl(RANDOM_FD, RNDRESEEDCRNG);
}

static int apply(const struct field *field)
{
    switch (field->tag) {
    case HOST_NAME: return sethostname((const char *)field->value, field->size);
    case TIME: return apply_time(field);
    case MAC: return apply_mac(field);
    default: return apply_entropy(field);
    }
}

void identity_apply(uint32_t number, const uint8_t *payload, size_t size)
{
    struct field field;
    const uint8_t *list = payload;
    size_t left = size;
    while (next_field(&list, &left, &field)) {
        const char *fault = fault_of(&field);
        if (fault) return answer_error(number, "Identity field %u: %s. Nothing was changed.", field.tag, fault);
    }
    if (left) return answer_error(number, "The last identity field is cut short. Nothing was changed.");

    while (next_field(&payload, &size, &field))
        if (apply(&field))
            return answer_error(number, "Identity field %u was refused: %s.", field.tag, strerror(errno));
    answer_exit(number, EXITED, 0);
}

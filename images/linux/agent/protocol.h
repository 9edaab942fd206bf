/*
 * The numbers of PROTOCOL.md, version 1.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdint.h>

#define PROTOCOL_VERSION 1
#define AGENT_PORT "ringside.agent"

/* A frame: length u32, then call u32, kind u8, payload. The length counts what follows it. */
#define LENGTH_BYTES 4
#define CALL_AND_KIND 5
#define HEADER_BYTES (LENGTH_BYTES + CALL_AND_KIND)
#define MIN_LENGTH CALL_AND_KIND
#define MAX_LENGTH 65536

enum host_kind {
    RUN = 0x01,
    PUT = 0x02,
    DATA = 0x03,
    END = 0x04,
    GET = 0x05,
    KILL = 0x06,
    IDENTITY = 0x07,
    CONSOLE = 0x08,
    SUPPLIED = 0x09,
    PING = 0x0a,
};

enum guest_kind {
    HELLO = 0x81,
    STDOUT = 0x82,
    STDERR = 0x83,
    CONTENT = 0x84,
    EXIT = 0x85,
    ERROR = 0x86,
    DIED = 0x87,
    WANT = 0x88,
    PONG = 0x8a,
};

enum exit_how { EXITED = 0, SIGNALLED = 1, TIME_LIMIT = 2 };

enum identity_tag { HOST_NAME = 1, TIME = 2, MAC = 3, ENTROPY = 4 };

/* i386 is little-endian as the protocol is; memcpy because a payload may start at any address. */
static inline uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
    __builtin_memcpy(at, &value, sizeof value);
}

#endif

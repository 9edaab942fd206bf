/*
 * tput: how much TCP carries between two machines, over one connection.
 *
 * The server counts until the client closes; the client writes for the time it was given, closes its side,
 * and waits until the server has everything: its time is that of all bytes on the wire, none in a buffer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536

static const char usage[] =
    "usage: tput s PORT               waits for one connection, reads it to its end\n"
    "       tput c HOST PORT SECONDS  writes to it for that time\n"
    "Each prints the bytes carried and the microseconds it took.\n";

static char chunk[CHUNK];

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "tput: %s: %s\n", what, why);
    exit(1);
}

static uint64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct addrinfo *resolve(const char *host, const char *port, int flags)
{
    struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = flags }, *found;
    int error = getaddrinfo(host, port, &wanted, &found);
    if (error) fail(host ? host : port, gai_strerror(error));
    return found;
}

/* The side that reads: answers with its own end of stream once it has seen the other's. */
static uint64_t serve(const char *port, uint64_t *began)
{
    struct addrinfo *address = resolve("::", port, AI_PASSIVE | AI_NUMERICHOST);
    int one = 1, listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (listener < 0 || bind(listener, address->ai_addr, address->ai_addrlen) || listen(listener, 1))
        fail(port, strerror(errno));
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) fail("accept", strerror(errno));
    close(listener);
    *began = microseconds();
    uint64_t bytes = 0;
    for (ssize_t size; (size = read(connection, chunk, CHUNK));) {
        if (size < 0) fail("read", strerror(errno));
        bytes += size;
    }
    close(connection);
    return bytes;
}

static uint64_t send_for(const char *host, const char *port, double seconds, uint64_t *began)
{
    struct addrinfo *address = resolve(host, port, 0);
    int connection = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, address->ai_addr, address->ai_addrlen)) fail(host, strerror(errno));
    *began = microseconds();
    uint64_t bytes = 0, end = *began + (uint64_t)(seconds * 1e6);
    while (microseconds() < end) {
        ssize_t size = send(connection, chunk, CHUNK, MSG_NOSIGNAL);
        if (size < 0) fail("write", strerror(errno));
        bytes += size;
    }
    shutdown(connection, SHUT_WR);
    if (read(connection, chunk, 1)) fail(host, "it did not read to the end");
    close(connection);
    return bytes;
}

int main(int argc, char **argv)
{
    uint64_t began, bytes;
    char *end = NULL;
    double seconds = argc == 5 ? strtod(argv[4], &end) : 0;
    if (argc == 3 && !strcmp(argv[1], "s")) bytes = serve(argv[2], &began);
    else if (argc == 5 && !strcmp(argv[1], "c") && !*end && seconds > 0 && seconds <= 3600)
        bytes = send_for(argv[2], argv[3], seconds, &began);
    else {
        fputs(usage, stderr);
        return 2;
    }
    printf("bytes=%llu microseconds=%llu\n", (unsigned long long)bytes, (unsigned long long)(microseconds() - began));
    return 0;
}

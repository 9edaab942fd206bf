/*
 * Layers: a stub asks for one with the line "layer NAME" on our socket, we ask the host with WANT, and
 * the host's SUPPLIED goes back to the stub as one line, "0" or a sentence.
 *
 * There are two sockets. The abstract one, @ringside, is reached from any root folder but only in the
 * first network namespace; the one in the file system from every network namespace ("ip netns exec red
 * nft …") but only where /run is this machine's. A stub tries both.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_NAME 32

struct client {
    int socket;     /* 0: this place is free (0 is never a socket here) */
    uint32_t want;  /* number of the WANT it waits for; 0: its line is not complete */
    size_t have;
    char line[MAX_NAME + 8];
};

static int listeners[MAX_LISTENERS];
static struct client clients[MAX_CLIENTS];
static uint32_t last_want;

static int listen_at(const struct sockaddr_un *address, socklen_t size)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    if (bind(listener, (const struct sockaddr *)address, size) || listen(listener, MAX_CLIENTS)) {
        complain("%s: %s", address->sun_path[0] ? address->sun_path : "@ringside", strerror(errno));
        close(listener);
        return -1;
    }
    return listener;
}

void layers_open(void)
{
    /* Not from 1: the host may still answer a WANT of an agent that died. */
    last_want = now_ms();

    struct sockaddr_un abstract = { .sun_family = AF_UNIX, .sun_path = "\0ringside" };
    listeners[0] = listen_at(&abstract, offsetof(struct sockaddr_un, sun_path) + 9);

    struct sockaddr_un file = { .sun_family = AF_UNIX, .sun_path = LAYER_SOCKET };
    unlink(file.sun_path); /* of an agent that died */
    listeners[1] = listen_at(&file, sizeof file);
    chmod(file.sun_path, 0666);
}

int layers_listener(int index)
{
    return listeners[index];
}

int layers_client(int index)
{
    return clients[index].socket ? clients[index].socket : -1;
}

/* When every place is taken, the stub waits in the kernel's queue: it is not accepted yet. */
void layers_accept(int index)
{
    for (int i = 0; i < MAX_CLIENTS; i++)
        if (!clients[i].socket) {
            int socket = accept4(listeners[index], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket >= 0) clients[i] = (struct client){ .socket = socket };
            return;
        }
}

static void forget(struct client *client)
{
    close(client->socket);
    *client = (struct client){ 0 };
}

static void answer(struct client *client, const char *text)
{
    char line[MAX_ERROR];
    int size = snprintf(line, sizeof line, "%s\n", text);
    if (size >= (int)sizeof line) size = sizeof line - 1;
    send(client->socket, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    forget(client);
}

static bool is_name(const char *text)
{
    if (!*text || strlen(text) > MAX_NAME) return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '-') return false;
    return true;
}

static uint32_t ask(const char *name, size_t length)
{
    uint32_t number = ++last_want ? last_want : ++last_want;
    output_frame(&output, number, WANT, name, length);
    return number;
}

void layers_want(const char *names)
{
    for (size_t length; (length = strcspn(names, ",")); names += length + (names[length] == ',')) ask(names, length);
}

/* Several stubs may want the same layer; the host is asked once. */
static void want(struct client *client, const char *name)
{
    for (int i = 0; i < MAX_CLIENTS; i++)
        if (clients[i].want && !strcmp(clients[i].line, client->line)) {
            client->want = clients[i].want;
            return;
        }
    client->want = ask(name, strlen(name));
}

void layers_readable(int index)
{
    struct client *client = &clients[index];
    ssize_t size = read(client->socket, client->line + client->have, sizeof client->line - 1 - client->have);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0 || client->want) return forget(client);
    client->have += size;
    client->line[client->have] = 0;
    char *end = strchr(client->line, '\n');
    if (!end && client->have < sizeof client->line - 1) return;
    if (end) *end = 0;
    if (!end || strncmp(client->line, "layer ", 6) || !is_name(client->line + 6))
        return answer(client, "the request is not \"layer NAME\"");
    want(client, client->line + 6);
}

void layers_supplied(uint32_t number, const uint8_t *payload, size_t size)
{
    char text[MAX_ERROR];
    uint32_t status = size >= 4 ? get32(payload) : 1;
    if (!status) snprintf(text, sizeof text, "0");
    else if (size > 4) snprintf(text, sizeof text, "%.*s", (int)(size - 4), payload + 4);
    else snprintf(text, sizeof text, "the host could not supply it");
    bool heard = false;
    for (int i = 0; i < MAX_CLIENTS; i++)
        if (clients[i].want && clients[i].want == number) {
            answer(&clients[i], text);
            heard = true;
        }
    if (status && !heard) complain("a layer did not come: %s", text);
}

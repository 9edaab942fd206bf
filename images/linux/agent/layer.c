/*
 * The stub of a tool that lives in a layer: asks the agent for the layer, then becomes the real tool.
 *
 * Called by a tool's name (a symbolic link to this program at the real tool's own path, which the layer
 * replaces), or as "layer NAME" to fetch a layer and nothing else.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The layer of each tool: lines "PATH LAYER", written by the build (steps/initramfs.sh). */
#define TOOLS "/usr/lib/ringside/tools"

/* A layer that is there before this many milliseconds is not worth a word. */
#define QUIET_MS 150

static int connect_to(const struct sockaddr_un *address, socklen_t size)
{
    int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (agent < 0 || connect(agent, (const struct sockaddr *)address, size) == 0) return agent;
    close(agent);
    return -1;
}

static int connect_to_agent(void)
{
    struct sockaddr_un file = { .sun_family = AF_UNIX, .sun_path = LAYER_SOCKET };
    int agent = connect_to(&file, sizeof file);
    if (agent >= 0) return agent;
    struct sockaddr_un abstract = { .sun_family = AF_UNIX, .sun_path = "\0ringside" };
    return connect_to(&abstract, offsetof(struct sockaddr_un, sun_path) + 9);
}

/* Fetches a layer. Returns 0, or 1 after saying on stderr why it did not come. */
static int fetch(const char *layer)
{
    char reply[512] = "";
    size_t have = 0;
    int agent = connect_to_agent();
    if (agent < 0 || dprintf(agent, "layer %s\n", layer) < 0) {
        fprintf(stderr, "ringside: the %s layer is not loaded, and there is nobody to ask for it here\n", layer);
        return 1;
    }
    struct pollfd waiting = { .fd = agent, .events = POLLIN };
    if (poll(&waiting, 1, QUIET_MS) == 0) fprintf(stderr, "ringside: fetching the %s layer …\n", layer);
    for (ssize_t size; have < sizeof reply - 1 && (size = read(agent, reply + have, sizeof reply - 1 - have)) > 0;)
        have += size;
    close(agent);
    reply[have] = 0;
    reply[strcspn(reply, "\n")] = 0;
    if (!strcmp(reply, "0")) return 0;
    fprintf(stderr, "ringside: the %s layer did not come: %s\n", layer, *reply ? reply : "the agent ended; try again");
    return 1;
}

/* Finds the real tool's path and layer by its name. */
static int look_up(const char *name, char path[128], char layer[64])
{
    char line[256];
    int found = 0;
    FILE *tools = fopen(TOOLS, "re");
    while (tools && !found && fgets(line, sizeof line, tools)) {
        if (sscanf(line, "%127s %63s", path, layer) != 2) continue;
        char *slash = strrchr(path, '/');
        found = slash && !strcmp(slash + 1, name);
    }
    if (tools) fclose(tools);
    return found;
}

/* Whether what is at the path now is still this program. */
static int still_stub(const char *path)
{
    struct stat there, ours;
    return stat(path, &there) || stat("/proc/self/exe", &ours) || (there.st_ino == ours.st_ino && there.st_dev == ours.st_dev);
}

int layer_main(int argc, char **argv)
{
    char path[128], layer[64];
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    if (!strcmp(name, "layer")) {
        if (argc == 2) return fetch(argv[1]);
        fprintf(stderr, "usage: layer NAME\n");
        return 2;
    }
    if (!look_up(name, path, layer)) {
        fprintf(stderr, "ringside: no layer has a tool called %s\n", name);
        return 127;
    }
    if (fetch(layer)) return 127;
    if (still_stub(path)) {
        fprintf(stderr, "ringside: the %s layer is there, but %s is not in it\n", layer, path);
        return 127;
    }
    execv(path, argv);
    fprintf(stderr, "ringside: %s: %s\n", path, strerror(errno));
    return 126;
}

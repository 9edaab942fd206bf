/*
 * Finding a virtio console port by the name the host gave it.
 *
 * The driver learns its ports from control messages (virtio 1.2, 5.3.6.2), so a port appears some
 * time after the device, and its name after the port: the caller asks again until it is there.
 */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"

static int named(const char *port, const char *name)
{
    char path[128], value[64];
    snprintf(path, sizeof path, PORTS "/%.64s/name", port);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t size = read(file, value, sizeof value - 1);
    close(file);
    if (size <= 0) return 0;
    value[size] = 0;
    value[strcspn(value, "\n")] = 0;
    return !strcmp(value, name);
}

int find_port(const char *name, char *node, size_t size)
{
    DIR *ports = opendir(PORTS);
    if (!ports) return 0;
    int found = 0;
    for (struct dirent *port; !found && (port = readdir(ports));)
        if (port->d_name[0] != '.' && named(port->d_name, name)) {
            snprintf(node, size, "%s", port->d_name);
            found = 1;
        }
    closedir(ports);
    return found;
}

/*
 * ethtool: what a card does for the kernel (offloads), and which driver it has. Of the tool of that name this is
 * the part a lab of networks needs, with its words: -k, -K, -i, and a device alone.
 *
 * By the ioctl SIOCETHTOOL (linux/ethtool.h), whose older commands ask for one offload each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const char usage[] =
    "usage: ethtool DEVICE                          is there a link?\n"
    "       ethtool -i DEVICE                       its driver\n"
    "       ethtool -k DEVICE                       its offloads\n"
    "       ethtool -K DEVICE NAME on|off …         sets them: rx tx sg tso gso gro\n";

static const struct {
    const char *name, *words;
    uint32_t get, set;
} offloads[] = {
    {"rx", "rx-checksumming", ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM},
    {"tx", "tx-checksumming", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM},
    {"sg", "scatter-gather", ETHTOOL_GSG, ETHTOOL_SSG},
    {"tso", "tcp-segmentation-offload", ETHTOOL_GTSO, ETHTOOL_STSO},
    {"gso", "generic-segmentation-offload", ETHTOOL_GGSO, ETHTOOL_SGSO},
    {"gro", "generic-receive-offload", ETHTOOL_GGRO, ETHTOOL_SGRO},
};
#define OFFLOADS (sizeof offloads / sizeof *offloads)

static struct ifreq request;
static int any_socket;

/* One command; what it asks for is written into `command`. Returns 0, or -1 with errno set. */
static int command_device(void *command)
{
    request.ifr_data = command;
    return ioctl(any_socket, SIOCETHTOOL, &request);
}

static int fail(const char *what)
{
    fprintf(stderr, "ethtool: %s: %s: %s\n", request.ifr_name, what, strerror(errno));
    return 1;
}

static int print_offloads(void)
{
    printf("Features for %s:\n", request.ifr_name);
    for (size_t i = 0; i < OFFLOADS; i++) {
        struct ethtool_value value = {.cmd = offloads[i].get};
        if (command_device(&value) < 0) return fail(offloads[i].words);
        printf("%s: %s\n", offloads[i].words, value.data ? "on" : "off");
    }
    return 0;
}

/* The kernel takes what a device cannot do without a word: what it made of it is read again. */
static int set_offload(const char *name, const char *how)
{
    uint32_t on = strcmp(how, "on") == 0;
    for (size_t i = 0; i < OFFLOADS && (on || strcmp(how, "off") == 0); i++) {
        struct ethtool_value value = {.cmd = offloads[i].set, .data = on}, now = {.cmd = offloads[i].get};
        if (strcmp(offloads[i].name, name)) continue;
        if (command_device(&value) < 0) return fail(offloads[i].words);
        if (command_device(&now) == 0 && (now.data != 0) == on) return 0;
        fprintf(stderr, "ethtool: %s: %s stays %s\n", request.ifr_name, offloads[i].words, on ? "off" : "on");
        return 1;
    }
    fputs(usage, stderr); /* no such offload, or neither on nor off */
    return 2;
}

static int print_driver(void)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    if (command_device(&info) < 0) return fail("driver");
    printf("driver: %.32s\nversion: %.32s\nbus-info: %.32s\n", info.driver, info.version, info.bus_info);
    return 0;
}

static int print_link(void)
{
    struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
    if (command_device(&value) < 0) return fail("link");
    printf("Settings for %s:\n\tLink detected: %s\n", request.ifr_name, value.data ? "yes" : "no");
    return 0;
}

static int print_usage(int result)
{
    fputs(usage, result ? stderr : stdout);
    return result;
}

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : "";
    int option = *first == '-', result = 0;
    if (strcmp(first, "-h") == 0 || strcmp(first, "--help") == 0) return print_usage(0);
    if (argc < 2 + option) return print_usage(2);
    strncpy(request.ifr_name, argv[1 + option], sizeof request.ifr_name - 1);
    any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!option && argc == 2) return print_link();
    if (strcmp(first, "-k") == 0 && argc == 3) return print_offloads();
    if (strcmp(first, "-i") == 0 && argc == 3) return print_driver();
    if (strcmp(first, "-K") || argc < 5 || argc % 2 == 0) return print_usage(2);
    for (int i = 3; i < argc && result == 0; i += 2) result = set_offload(argv[i], argv[i + 1]);
    return result;
}

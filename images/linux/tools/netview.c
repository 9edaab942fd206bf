/*
 * netview: the network of this machine as its kernel knows it, for the picture a person is looking at: every
 * network namespace with its interfaces, bridges, routes, neighbours, connections and rules; and the frames that
 * pass them.
 *
 * What there is, is read anew each time and costs one pass over /proc and a few questions for each namespace.
 * Frames cannot be read afterwards, so a reader stays behind that collects them while someone asks.
 *
 *   netview/spots.h      which namespaces there are
 *   netview/topology.h   what is in each:
 *   netview/links.h        interfaces
 *   netview/routes.h       routes, neighbours, what bridges learned
 *   netview/conntrack.h    connections
 *   netview/rules.h        rules
 *   netview/reader.h     the reader:
 *   netview/tap.h          frames of a namespace
 *   netview/ring.h         those seen last
 *   netview/client.h     asking it
 *   netview/netlink.h, output.h  questions to the kernel, and the document
 */
#define _GNU_SOURCE
#include <stddef.h>

#include "netview/client.h"
#include "netview/topology.h"

static const char usage[] =
    "usage: netview --json | --frames NUMBER | --stop\n"
    "Prints this machine's network as JSON.\n"
    "  --json           every network namespace: interfaces, routes, neighbours, bridges'\n"
    "                   tables, connections, rules\n"
    "  --frames NUMBER  frames that passed an interface, from that number on, which\n"
    "                   counts from 1. The first time starts a reader (netview, in ps);\n"
    "                   it collects until ten seconds after it was last asked\n"
    "  --stop           ends the reader\n";

int main(int argc, char **argv)
{
    static char buffer[65536];
    const char *how = argc > 1 ? argv[1] : "";
    int result = 2;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (argc == 2 && strcmp(how, "--json") == 0) {
        if ((result = print_topology()) != 0) fputs("netview: /proc/1/ns/net cannot be read: it needs root and a /proc\n", stderr);
    } else if (argc == 3 && strcmp(how, "--frames") == 0) {
        if ((result = ask_reader(FRAMES, strtoull(argv[2], NULL, 10))) != 0)
            fputs(geteuid() ? "netview: frames are for root\n" : "netview: the reader of frames did not answer\n", stderr);
    } else if (argc == 2 && strcmp(how, "--stop") == 0) {
        result = ask_reader(STOP, 0);
    } else {
        int help = argc == 2 && (strcmp(how, "--help") == 0 || strcmp(how, "-h") == 0);
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    return fflush(stdout) == 0 ? result : 1;
}

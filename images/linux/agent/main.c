/*
 * Picks the part by the name we were started with.
 */
#include "guest.h"

#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    if (getpid() == 1) return init_main();
    if (!strcmp(name, "ringside-agent")) return agent_main(argc > 1 ? argv[1] : NULL);
    return layer_main(argc, argv);
}

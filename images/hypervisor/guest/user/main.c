/* All programs are this one; the name it was called by says which. */
#include "user.h"
#include "../programs.h"

#define X(name) int main_##name(int argc, char **argv);
PROGRAMS(X)
#undef X

static const struct { const char *name; int (*main)(int argc, char **argv); } programs[] = {
#define X(name) { #name, main_##name },
    PROGRAMS(X)
#undef X
};

static const char *base_name(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/')
            name = path + 1;
    return name;
}

int main(int argc, char **argv)
{
    for (u32 i = 0; i < COUNT(programs) && argc > 0; i++)
        if (strcmp(base_name(argv[0]), programs[i].name) == 0)
            return programs[i].main(argc, argv);
    return complain("box", argc ? argv[0] : "(no name)", -ENOENT);
}

int main_help(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (u32 i = 0; i < COUNT(programs); i++)
        printf("%s%s", i ? " " : "", programs[i].name);
    printf("\n");
    return 0;
}

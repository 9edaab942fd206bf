/* From the first C function to the first process. */
#include "kernel.h"

struct start_info start;
struct shared_info *shared;

/* The word `name` on the command line, outside quotes: what follows it, or NULL. */
static const char *boot_find(const char *name)
{
    const char *s = start.command_line;
    u32 length = strlen(name);
    bool quoted = false, fresh = true;
    for (; *s; s++) {
        if (fresh && !quoted && strncmp(s, name, length) == 0 && (!s[length] || strchr(" =", s[length])))
            return s + length;
        if (*s == '"')
            quoted = !quoted;
        fresh = *s == ' ';
    }
    return NULL;
}

bool boot_option(const char *name)
{
    return boot_find(name) != NULL;
}

bool boot_text(const char *name, char *to, u32 bytes)
{
    const char *s = boot_find(name);
    if (!s || *s++ != '=')
        return false;
    char end = ' ';
    if (*s == '"')
        end = *s++;
    u32 n = 0;
    while (*s && *s != end && n + 1 < bytes)
        to[n++] = *s++;
    to[n] = 0;
    return true;
}

void kernel_start(const struct start_info *given)
{
    start = *given;
    start.command_line[sizeof start.command_line - 1] = 0;
    if (start.nr_frames > NR_FRAMES)
        start.nr_frames = NR_FRAMES;
    shared = (struct shared_info *)(GUEST_BASE + start.shared_gpa);
    pt_ops_init();
    frames_init();
    traps_init();
    machine_init();
    paging_init();
    tty_init();
    ramfs_init();
    timer_init();
    process_start("init");
}

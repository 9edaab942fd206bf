/*
 * The first process. Its domain's role and the command line say what it starts: one command (`run="…"`)
 * whose status is also the machine's, the ring's backend, an endless computation, or a shell on each terminal.
 */
#include "user.h"
#include "../../abi/guest.h"

/*
 * `run=…` on the kernel's command line, or `run1=…` in domain 1 alone: its text, or NULL. Without quotes a dash
 * stands for a space, since the options of a machine have none: run1=fuzz-7-999-wild.
 */
static const char *run_text(const char *line, u32 domid)
{
    static char text[256];
    for (; *line; line++) {
        if (strncmp(line, "run", 3))
            continue;
        const char *from = line + 3 + (line[3] == (char)('0' + domid));
        if (*from++ != '=')
            continue;
        char end = *from == '"' ? '"' : ' ';
        from += end == '"';
        u32 n = 0;
        while (from[n] && from[n] != end)
            n++;
        copy_string(text, from, n + 1);
        for (u32 i = 0; i < n && end == ' '; i++)
            text[i] = text[i] == '-' ? ' ' : text[i];
        return text;
    }
    return NULL;
}

static int start(const char *terminal, char *const argv[])
{
    int pid = fork();
    if (pid)
        return pid;
    for (int fd = 0; fd < 3; fd++) {
        close(fd);
        open(terminal, OPEN_READ);
    }
    exec(argv[0], argv);
    exit(127);
}

static void reap_until(int pid, u32 *status)
{
    while (wait(-1, status) != pid)
        ;
}

static void run_and_end(const char *command)
{
    char *argv[] = { "sh", "-c", (char *)command, NULL };
    u32 status;
    int pid = start("tty0", argv);
    reap_until(pid, &status);
    system_call(SYS_end, status > 255 ? 255 : status, 0, 0);
}

static void keep_shells(void)
{
    char *student[] = { "sh", NULL }, *machine[] = { "sh", "-m", NULL };
    int shell = start("tty0", student), control = start("tty1", machine);
    for (;;) {
        u32 status;
        int pid = wait(-1, &status);
        if (pid == shell)
            shell = start("tty0", student);
        if (pid == control)
            control = start("tty1", machine);
    }
}

int main_init(int argc, char **argv)
{
    static struct system_info info;
    (void)argc, (void)argv;
    system_info(&info);
    const char *command = run_text(info.command_line, info.domid);
    if (info.role != ROLE_SHELL)
        run_and_end(info.role == ROLE_BACKEND ? "backend" : "spin");
    if (command)
        run_and_end(command);
    keep_shells();
    return 1;
}

/*
 * Asking the reader, and starting it when there is none.
 */
#ifndef NETVIEW_CLIENT_H
#define NETVIEW_CLIENT_H

#include <sys/wait.h>

#include "reader.h"

#define PATIENCE_S 5

/* The socket's address; an abstract name is as long as the address says. */
static socklen_t reader_address(struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, socket_name, sizeof socket_name - 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof socket_name);
}

/* Anyone can take an abstract name: who listens is believed only when it is root. */
static int reach_reader(void)
{
    struct sockaddr_un address;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = reader_address(&address), who_size = sizeof who;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (void *)&address, size) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_size) == 0 && who.uid == 0)
        return fd;
    close(fd);
    return -1;
}

/* Nothing of whoever asked first is kept: no descriptor, no folder, no session. */
static void become_reader(int listener)
{
    setsid();
    if (fork() != 0) _exit(0);
    dup2(listener, 3);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    for (int fd = 4; fd < 1024; fd++) close(fd);
    for (int fd = 0; fd < 3; fd++) open("/dev/null", O_RDWR);
    if (chdir("/") < 0) _exit(1);
    signal(SIGPIPE, SIG_IGN);
    read_frames(3);
}

/* The name can be taken once: of two who start a reader, one finds the other's. */
static void start_reader(void)
{
    struct sockaddr_un address;
    socklen_t size = reader_address(&address);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (void *)&address, size) < 0 || listen(listener, 8) < 0) {
        if (listener >= 0) close(listener);
        return;
    }
    pid_t child = fork();
    if (child == 0) become_reader(listener);
    close(listener);
    if (child > 0) waitpid(child, NULL, 0);
}

/* Asks the reader and copies what it answers to the standard output. Returns 0, or 1 when it did not answer. */
static int ask_reader(enum question question, uint64_t from)
{
    struct ask ask = {.question = question, .from = from};
    static char answer[16384];
    ssize_t got;
    if (geteuid() != 0) return 1;
    int any = 0, fd = reach_reader();
    if (fd < 0 && question == STOP) return 0;
    if (fd < 0) {
        start_reader();
        fd = reach_reader();
    }
    if (fd < 0 || send(fd, &ask, sizeof ask, MSG_NOSIGNAL) != sizeof ask) return 1;
    while ((got = recv(fd, answer, sizeof answer, 0)) > 0) {
        any = 1;
        fwrite(answer, 1, (size_t)got, stdout);
    }
    return question == STOP || (any && got == 0) ? 0 : 1;
}

#endif

/*
 * One program plays every part of ours in the guest; main.c picks the part by name. One file costs
 * less than three, and init can start the agent from its own open file even when the student has
 * mounted something over the folder it came from.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* File descriptors the agent inherits from init (see start_agent in init.c). */
enum inherited {
    PORT_FD = 3,    /* the agent's virtio port, open for both directions */
    CONTROL_FD = 4, /* a pipe to init: the environment of the console's next shell */
    NULL_FD = 5,    /* /dev/null */
    RANDOM_FD = 6,  /* /dev/urandom */
    PROC_FD = 7,    /* the folder /proc */
};

/* The longest environment CONSOLE may carry: what a pipe takes in one piece (PIPE_BUF). */
#define MAX_ENVIRONMENT 4096

/* Where stubs reach the agent from any network namespace (layers.c). */
#define LAYER_SOCKET "/run/ringside.sock"

int init_main(void);
int agent_main(const char *layers); /* the layers it asks the host for by itself, with commas; or NULL */
int layer_main(int argc, char **argv);

/* mounts.c */
void mount_everything(void);
void set_up_network(void);

/* ports.c: the device node of the virtio port with this name, or 0 while it has not appeared. */
int find_port(const char *name, char *node, size_t size);

/* console.c */
struct console {
    pid_t shell;       /* 0: none is running */
    uint64_t start_at; /* when to start the next one, in ms of now_ms(); 0: not wanted yet */
    uint64_t started;
    char device[32];   /* below /dev; of several with commas between them, the first that is there */
    char environment[MAX_ENVIRONMENT];
    size_t environment_size;
};
void console_environment(struct console *console, const char *block, size_t size);
void console_start(struct console *console, int dev);
void console_ended(struct console *console);

/* Monotonic time in milliseconds. */
uint64_t now_ms(void);

/* One line in the kernel's log, where it survives whatever happened to the terminals. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

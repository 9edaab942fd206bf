/*
 * What the parts of the agent share: the table of calls and the ways to answer them.
 */
#ifndef AGENT_H
#define AGENT_H

#include "frames.h"
#include "guest.h"
#include "protocol.h"

#include <poll.h>
#include <stdbool.h>

#define MAX_CALLS 64
#define MAX_ERROR 480 /* bytes of a sentence; see OUTPUT_INPUT in frames.h */

enum pipe_end { PIPE_OUT, PIPE_ERR, PIPE_FAILURE, PIPES };

struct call {
    enum { FREE, RUNNING, PUTTING, GETTING } state;
    uint32_t number;

    /* RUNNING */
    pid_t shell;
    int pipes[PIPES];      /* -1: closed. PIPE_FAILURE brings errno when the shell could not start */
    bool exited, timed_out;
    int status;            /* as of wait(2), once exited */
    uint64_t deadline;     /* ms of now_ms(); 0: none */
    uint32_t unread[2];    /* once exited: bytes of PIPE_OUT, PIPE_ERR that were written before that */

    /* PUTTING, GETTING */
    int file;
    char *path, *temporary;
};

extern struct output output;

/* calls.c */
struct call *call_find(uint32_t number);
struct call *call_new(uint32_t number); /* NULL: the ERROR was sent */
void call_exit(struct call *call, uint8_t how, int32_t value);
void call_error(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void answer_exit(uint32_t number, uint8_t how, int32_t value);
void answer_error(uint32_t number, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct call *call_at(int index);

/* run.c */
void run_start(uint32_t number, const uint8_t *payload, size_t size);
void run_kill(struct call *call);
void run_children(void);
void run_readable(struct call *call, int pipe);
void run_settle(struct call *call, uint64_t now);
void run_drop(int index);
int run_left_behind(int index); /* descriptor of a pipe whose call has ended, or -1 */
#define MAX_LEFT_BEHIND 64

/* files.c */
void put_start(uint32_t number, const uint8_t *payload, size_t size);
void put_data(struct call *call, const uint8_t *payload, size_t size);
void put_end(struct call *call);
void get_start(uint32_t number, const uint8_t *payload, size_t size);
void get_step(struct call *call);
void file_forget(struct call *call);

/* identity.c */
void identity_apply(uint32_t number, const uint8_t *payload, size_t size);

/* layers.c */
#define MAX_LISTENERS 2
#define MAX_CLIENTS 16
void layers_open(void);
void layers_want(const char *names); /* with commas between them */
int layers_listener(int index);
int layers_client(int index);
void layers_accept(int index);
void layers_readable(int index);
void layers_supplied(uint32_t number, const uint8_t *payload, size_t size);

#endif

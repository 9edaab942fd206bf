/*
 * PUT and GET: whole files.
 *
 * A PUT writes beside its path and renames at the end, so nobody ever sees half a file, a program that
 * is running can be replaced, and a symbolic link at the path is replaced rather than followed.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of a payload as a string of our own, or NULL after an ERROR. */
static char *path_of(uint32_t number, const uint8_t *bytes, size_t size)
{
    if (!size || bytes[0] != '/' || size >= PATH_MAX || memchr(bytes, 0, size)) {
        answer_error(number, "The path of a file must be absolute and shorter than %d bytes.", PATH_MAX);
        return NULL;
    }
    char *path = strndup((const char *)bytes, size);
    if (!path) answer_error(number, "The machine has no memory left for a file's name.");
    return path;
}

static void make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
}

void file_forget(struct call *call)
{
    if (call->file >= 0) close(call->file);
    if (call->temporary) unlink(call->temporary);
    free(call->temporary);
    free(call->path);
    call->file = -1;
    call->path = call->temporary = NULL;
}

static void file_failed(struct call *call, const char *what)
{
    int error = errno;
    char path[256];
    snprintf(path, sizeof path, "%s", call->path);
    file_forget(call);
    call_error(call, "%s could not be %s: %s.", path, what, strerror(error));
}

void put_start(uint32_t number, const uint8_t *payload, size_t size)
{
    if (size < 4) return answer_error(number, "PUT without a mode.");
    char *path = path_of(number, payload + 4, size - 4);
    if (!path) return;
    struct call *call = call_new(number);
    if (!call) return free(path);

    call->state = PUTTING;
    call->path = path;
    make_parents(path);
    int folder = strrchr(path, '/') - path;
    if (asprintf(&call->temporary, "%.*s/.ringside-%u", folder, path, number) < 0) call->temporary = NULL;
    if (call->temporary) {
        unlink(call->temporary); /* an agent that died may have left one */
        call->file = open(call->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (call->file < 0 || fchmod(call->file, get32(payload) & 07777)) file_failed(call, "written");
}

void put_data(struct call *call, const uint8_t *payload, size_t size)
{
    while (size) {
        ssize_t written = write(call->file, payload, size);
        if (written < 0) return file_failed(call, "written");
        payload += written;
        size -= written;
    }
}

void put_end(struct call *call)
{
    if (rename(call->temporary, call->path)) return file_failed(call, "written");
    free(call->temporary);
    call->temporary = NULL;
    file_forget(call);
    call_exit(call, EXITED, 0);
}

void get_start(uint32_t number, const uint8_t *payload, size_t size)
{
    char *path = path_of(number, payload, size);
    if (!path) return;
    struct call *call = call_new(number);
    if (!call) return free(path);

    call->state = GETTING;
    call->path = path;
    call->file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (call->file < 0) file_failed(call, "read");
}

/* Sends one frame of the file; the caller made sure that the output has room. */
void get_step(struct call *call)
{
    uint8_t *place = output_place(&output, MAX_DATA);
    ssize_t size = read(call->file, place, MAX_DATA);
    if (size > 0) output_add(&output, call->number, CONTENT, size);
    else if (size == 0) {
        file_forget(call);
        call_exit(call, EXITED, 0);
    } else if (errno != EAGAIN) file_failed(call, "read");
}

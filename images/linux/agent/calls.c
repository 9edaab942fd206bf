/*
 * The calls that are under way, and how each of them ends: with exactly one EXIT or ERROR.
 */
#include "agent.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct output output;

static struct call calls[MAX_CALLS];

struct call *call_at(int index)
{
    return &calls[index];
}

struct call *call_find(uint32_t number)
{
    for (int i = 0; i < MAX_CALLS; i++)
        if (calls[i].state != FREE && calls[i].number == number) return &calls[i];
    return NULL;
}

struct call *call_new(uint32_t number)
{
    if (call_find(number)) {
        answer_error(number, "Call %u is under way already.", number);
        return NULL;
    }
    for (int i = 0; i < MAX_CALLS; i++)
        if (calls[i].state == FREE) {
            calls[i] = (struct call){ .number = number, .file = -1, .pipes = { -1, -1, -1 } };
            return &calls[i];
        }
    answer_error(number, "%d calls are under way in this machine; wait for one of them to end.", MAX_CALLS);
    return NULL;
}

void answer_exit(uint32_t number, uint8_t how, int32_t value)
{
    uint8_t payload[5] = { how };
    put32(payload + 1, value);
    output_frame(&output, number, EXIT, payload, sizeof payload);
}

static void answer_error_list(uint32_t number, const char *format, va_list arguments)
{
    char text[MAX_ERROR];
    int size = vsnprintf(text, sizeof text, format, arguments);
    if (size >= (int)sizeof text) size = sizeof text - 1;
    output_frame(&output, number, ERROR, text, size);
}

void answer_error(uint32_t number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_error_list(number, format, arguments);
    va_end(arguments);
}

void call_exit(struct call *call, uint8_t how, int32_t value)
{
    answer_exit(call->number, how, value);
    call->state = FREE;
}

void call_error(struct call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_error_list(call->number, format, arguments);
    va_end(arguments);
    call->state = FREE;
}

#include "frames.h"
#include "protocol.h"

#include <string.h>

enum parsed input_frame(const struct input *input, struct frame *frame)
{
    if (input->have < LENGTH_BYTES) return PARSED_MORE;
    uint32_t length = get32(input->bytes);
    if (length < MIN_LENGTH || length > MAX_LENGTH) return PARSED_LOST;
    if (input->have < LENGTH_BYTES + length) return PARSED_MORE;
    frame->call = get32(input->bytes + 4);
    frame->kind = input->bytes[8];
    frame->payload = input->bytes + HEADER_BYTES;
    frame->size = length - CALL_AND_KIND;
    return PARSED_FRAME;
}

void input_done(struct input *input)
{
    size_t size = LENGTH_BYTES + get32(input->bytes);
    input->have -= size;
    memmove(input->bytes, input->bytes + size, input->have);
}

size_t output_used(const struct output *output)
{
    return output->end - output->begin;
}

uint8_t *output_place(struct output *output, size_t size)
{
    if (output->end + HEADER_BYTES + size > sizeof output->bytes) {
        memmove(output->bytes, output->bytes + output->begin, output_used(output));
        output->end -= output->begin;
        output->begin = 0;
    }
    return output->bytes + output->end + HEADER_BYTES;
}

void output_add(struct output *output, uint32_t call, uint8_t kind, size_t size)
{
    uint8_t *at = output->bytes + output->end;
    put32(at, CALL_AND_KIND + size);
    put32(at + 4, call);
    at[8] = kind;
    output->end += HEADER_BYTES + size;
}

void output_frame(struct output *output, uint32_t call, uint8_t kind, const void *payload, size_t size)
{
    uint8_t *place = output_place(output, size);
    if (size) memcpy(place, payload, size);
    output_add(output, call, kind, size);
}

size_t output_piece(const struct output *output, size_t limit)
{
    size_t size = 0;
    while (output->begin + size < output->end) {
        size_t next = LENGTH_BYTES + get32(output->bytes + output->begin + size);
        if (size && size + next > limit) break;
        size += next;
    }
    return size;
}

void output_written(struct output *output, size_t size)
{
    output->begin += size;
    if (output->begin == output->end) output->begin = output->end = 0;
}

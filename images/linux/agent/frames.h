/*
 * Frames over the agent's port: bytes in, frames out of them; frames in, bytes out of them.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct frame {
    uint32_t call;
    uint8_t kind;
    const uint8_t *payload;
    size_t size;
};

/* Bytes the host sent that are not yet a whole frame, or a whole frame not yet looked at. */
struct input {
    size_t have;
    uint8_t bytes[4 + 65536];
};

enum parsed { PARSED_MORE, PARSED_FRAME, PARSED_LOST };

/* Looks at the first frame in `input`; its payload points into it. PARSED_MORE: not all there yet. */
enum parsed input_frame(const struct input *input, struct frame *frame);

/* Drops the frame that input_frame() found. */
void input_done(struct input *input);

/*
 * What waits to be written. Three marks keep it bounded and never stuck:
 *   below OUTPUT_DATA   a pipe or a file may be read for more (at most MAX_DATA bytes a frame);
 *   below OUTPUT_INPUT  the next frame of the host may be looked at, whose answer is at most one
 *                       frame of the longest kind (PONG);
 *   above that          there is room for the EXIT or ERROR of every call there can be.
 */
#define MAX_DATA 16384
#define OUTPUT_DATA 32768
#define OUTPUT_INPUT 49152
#define OUTPUT_SIZE (OUTPUT_INPUT + 4 + 65536 + 65536)

struct output {
    size_t begin, end;
    uint8_t bytes[OUTPUT_SIZE];
};

size_t output_used(const struct output *output);

/* Room for the payload of a frame whose size is known only after reading: write into it, then add. */
uint8_t *output_place(struct output *output, size_t size);
void output_add(struct output *output, uint32_t call, uint8_t kind, size_t size);

/* A whole frame at once. */
void output_frame(struct output *output, uint32_t call, uint8_t kind, const void *payload, size_t size);

/*
 * How many bytes from the front one write(2) should take: whole frames, as many as fit `limit`, or the
 * first one alone if it is longer. The port driver takes up to 32 KiB in one piece or nothing, so an
 * agent that is killed leaves no half frame behind.
 */
size_t output_piece(const struct output *output, size_t limit);
void output_written(struct output *output, size_t size);

#endif

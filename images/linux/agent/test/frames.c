/*
 * Tests of frames.c on the computer that builds: a program that says what failed, or nothing.
 */
#include "../frames.h"
#include "../protocol.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void expect(int holds, const char *sentence)
{
    if (holds) return;
    fprintf(stderr, "frames: not true: %s\n", sentence);
    failures++;
}

static void feed(struct input *input, const void *bytes, size_t size)
{
    memcpy(input->bytes + input->have, bytes, size);
    input->have += size;
}

static void test_input(void)
{
    static struct input input;
    struct frame frame;
    const uint8_t two[] = { 7, 0, 0, 0, 1, 2, 0, 0, PING, 'a', 'b', 5, 0, 0, 0, 9, 0, 0, 0, END };

    for (size_t size = 0; size < 11; size++) {
        input.have = 0;
        feed(&input, two, size);
        expect(input_frame(&input, &frame) == PARSED_MORE, "a cut frame waits for the rest");
    }
    input.have = 0;
    feed(&input, two, sizeof two);
    expect(input_frame(&input, &frame) == PARSED_FRAME, "a whole frame is found");
    expect(frame.call == 0x201 && frame.kind == PING && frame.size == 2 && !memcmp(frame.payload, "ab", 2),
           "its fields are read");
    input_done(&input);
    expect(input_frame(&input, &frame) == PARSED_FRAME && frame.kind == END && frame.size == 0, "then the next one");
    input_done(&input);
    expect(input.have == 0, "and nothing is left");
}

static void test_lost(void)
{
    static struct input input;
    struct frame frame;
    const uint32_t lengths[] = { 0, 4, 65537, 0xffffffff };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        input.have = 0;
        feed(&input, &lengths[i], 4);
        expect(input_frame(&input, &frame) == PARSED_LOST, "a length out of range loses the stream");
    }
}

static void test_output(void)
{
    static struct output output;
    static uint8_t payload[MAX_DATA];
    output_frame(&output, 1, STDOUT, "abc", 3);
    output_frame(&output, 1, EXIT, "\0\0\0\0\0", 5);
    expect(output_piece(&output, 100) == 12 + 14, "frames that fit are written together");
    expect(output_piece(&output, 20) == 12, "a frame is not cut");
    expect(output_piece(&output, 3) == 12, "not even when it is longer than a piece");
    expect(get32(output.bytes) == 8 && output.bytes[8] == STDOUT, "a frame is laid out as the protocol says");
    output_written(&output, 12);
    expect(output_used(&output) == 14, "what was written is gone");

    /* Long use: the front moves on, the buffer does not overflow and no byte is lost. */
    size_t added = 0, written = 0;
    for (int i = 0; i < 5000; i++) {
        if (output_used(&output) < OUTPUT_DATA) {
            output_frame(&output, i, STDOUT, payload, 1 + i * 37 % MAX_DATA);
            added++;
        }
        size_t piece = output_piece(&output, 32768);
        for (size_t at = 0; at < piece; at += 4 + get32(output.bytes + output.begin + at)) written++;
        output_written(&output, piece);
    }
    while (output_used(&output)) {
        size_t piece = output_piece(&output, 32768);
        for (size_t at = 0; at < piece; at += 4 + get32(output.bytes + output.begin + at)) written++;
        output_written(&output, piece);
    }
    expect(written == added + 1, "every frame comes out once");
}

int main(void)
{
    test_input();
    test_lost();
    test_output();
    return failures > 0;
}

/*
 * io pio|ring|wake <requests> [<depth>]: the port-I/O device, or the ring with domain 1 at its other end; and
 * that other end. Measured like a benchmark, the last in the list. `wake` measures nothing: it looks for
 * wake-ups that get lost between STI and HLT.
 */
#include "user.h"

enum {
#define X(name) BENCH_##name,
    BENCHMARKS(X)
#undef X
};

int main_io(int argc, char **argv)
{
    static const char *const devices[] = { [IO_PIO] = "pio", [IO_RING] = "ring", [IO_WAKE] = "wake" };
    struct io_run run = { .count = argc > 2 ? parse_number(argv[2]) : 256, .depth = argc > 3 ? parse_number(argv[3]) : 1 };
    while (run.device < COUNT(devices) && argc > 1 && strcmp(argv[1], devices[run.device]))
        run.device++;
    if (argc < 2 || run.device == COUNT(devices))
        return complain("io", "io pio|ring|wake <requests> [<depth>]", -EINVAL);
    run.mark = MARK_BEGIN(BENCH_io + 1, run.count);
    int error = system_call(SYS_io, (u32)&run, 0, 0);
    if (error)
        return complain("io", argv[1], error);
    printf("io %s: requests=%u depth=%u bad=%u notified=%u interrupts=%u\n", argv[1], run.count, run.device == IO_RING ? run.depth : 1,
        run.bad, run.notified, run.interrupts);
    return run.bad != 0;
}

int main_backend(int argc, char **argv)
{
    (void)argc, (void)argv;
    int error = system_call(SYS_serve, 0, 0, 0);
    return error ? complain("backend", "serve", error) : 0;
}

/* Computes for ever, and says now and then which part of the time it got. */
int main_spin(int argc, char **argv)
{
    u32 seconds = argc > 1 ? parse_number(argv[1]) : 5;
    u32 rounds = 0, from = ticks_now();
    for (;;) {
        for (volatile u32 i = 0; i < 100000; i++)
            ;
        rounds++;
        u32 passed = ticks_now() - from;
        if (passed < seconds * 100)
            continue;
        printf("spin: %u rounds in %u.%02u s\n", rounds, passed / 100, passed % 100);
        rounds = 0;
        from = ticks_now();
    }
}

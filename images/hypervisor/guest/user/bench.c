/*
 * bench [<name> [<n>]]: one benchmark or all, n times, between marks 2k and 2k + 1 (syscalls.h). The names
 * are lmbench's; map, forkcow, cr3 and zero are page-table work by the kernel itself. Each is done once
 * before it is measured, and no tick, no output comes between the marks.
 */
#include "../lib/probes.h"
#include "user.h"

#define MMAP_PAGES 16u
#define FAULT_PAGES 256u

struct bench { const char *name; void (*run)(u32 n); u32 usual; };

static u32 number; /* k of the one that runs */
static bool measured;

static void begin(u32 times)
{
    if (measured)
        mark(MARK_BEGIN(number, times));
}

static void finish(void)
{
    if (measured)
        mark(MARK_END(number));
}

static void bench_null(u32 n)
{
    begin(n);
    for (u32 i = 0; i < n; i++)
        getpid();
    finish();
}

static void spawn(u32 n, char *const argv[])
{
    begin(n);
    for (u32 i = 0; i < n; i++) {
        int pid = fork();
        if (pid == 0) {
            if (argv)
                exec(argv[0], argv);
            exit(0);
        }
        wait(pid, NULL);
    }
    finish();
}

static void bench_fork(u32 n)
{
    spawn(n, NULL);
}

static void bench_exec(u32 n)
{
    char *argv[] = { "true", NULL };
    spawn(n, argv);
}

static void bench_sh(u32 n)
{
    char *argv[] = { "sh", "-c", "true", NULL };
    spawn(n, argv);
}

static void pass_token(int from, int to, u32 n)
{
    char token = 0;
    for (u32 i = 0; i < n; i++) {
        read(from, &token, 1);
        write(to, &token, 1);
    }
}

/* A byte goes to the other process and back: two switches a round. */
static void bench_ctx(u32 n)
{
    int there[2], back[2];
    char token = 0;
    pipe(there);
    pipe(back);
    int pid = fork();
    if (pid == 0) {
        pass_token(there[0], back[1], n + 2);
        exit(0);
    }
    for (u32 i = 0; i < n + 2; i++) { /* the first two find both processes in step */
        if (i == 2)
            begin(n);
        write(there[1], &token, 1);
        read(back[0], &token, 1);
    }
    finish();
    wait(pid, NULL);
    for (u32 i = 0; i < 2; i++)
        close(there[i]), close(back[i]);
}

static void bench_mmap(u32 n)
{
    begin(n);
    for (u32 i = 0; i < n; i++) {
        u8 *memory = mmap(MMAP_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
        for (u32 page = 0; page < MMAP_PAGES; page++)
            *(volatile u32 *)(memory + page * PAGE_SIZE) = page;
        munmap(memory, MMAP_PAGES * PAGE_SIZE);
    }
    finish();
}

static void bench_prot(u32 n)
{
    u32 *memory = (u32 *)mmap(PAGE_SIZE, PROT_READ | PROT_WRITE);
    *(volatile u32 *)memory = 1;
    mprotect(memory, PAGE_SIZE, PROT_READ);
    onfault(remember_fault);
    begin(n);
    for (u32 i = 0; i < n; i++)
        write_guarded((u32)memory, i);
    finish();
    onfault(NULL);
    munmap(memory, PAGE_SIZE);
}

static void bench_fault(u32 n)
{
    if (n > FAULT_PAGES)
        n = FAULT_PAGES;
    u8 *memory = mmap(n * PAGE_SIZE, PROT_READ | PROT_WRITE);
    begin(n);
    for (u32 i = 0; i < n; i++)
        *(volatile u32 *)(memory + i * PAGE_SIZE) = i;
    finish();
    munmap(memory, n * PAGE_SIZE);
}

/* `times`: how much of it lies between two marks, as some work marks each of its rounds. */
static void by_kernel(u32 kind, u32 n, u32 times)
{
    int error = system_call(SYS_measure, kind, n, measured ? MARK_BEGIN(number, times) : 0);
    if (error)
        complain("bench", "measure", error);
}

static void bench_map(u32 n) { by_kernel(MEASURE_MAP, n, n); }
static void bench_forkcow(u32 n) { by_kernel(MEASURE_FORKCOW, n, 1); }
static void bench_cr3(u32 n) { by_kernel(MEASURE_CR3, n, n); }
static void bench_zero(u32 n) { by_kernel(MEASURE_ZERO, n, 1); }
static void bench_syscalls(u32 n) { bench_null(n * 100); }

static const struct bench benches[] = {
#define X(name, usual) { #name, bench_##name, usual },
    BENCH_WORK(X)
#undef X
};

static void run(u32 i, u32 n)
{
    number = i + 1;
    measured = false;
    benches[i].run(1);
    measured = true;
    system_call(SYS_timer, 0, 0, 0);
    benches[i].run(n);
    system_call(SYS_timer, 1, 0, 0);
    printf("bench %s %u done\n", benches[i].name, n);
}

int main_bench(int argc, char **argv)
{
    bool all = argc < 2 || strcmp(argv[1], "all") == 0, found = false;
    for (u32 i = 0; i < COUNT(benches); i++) {
        if (!all && strcmp(argv[1], benches[i].name))
            continue;
        run(i, argc > 2 ? parse_number(argv[2]) : benches[i].usual);
        found = true;
    }
    return found ? 0 : complain("bench", argv[1], -ENOENT);
}

/*
 * soak [<rounds> [<seed>]]: processes, pipes, memory and files for as long as asked, each checked against
 * what it must give; in the end not a frame may be missing.
 */
#include "../lib/probes.h"
#include "user.h"

static u32 random_state, forks, execs, bytes_piped, pages, faults, files, failures;

static u32 draw(u32 below)
{
    return next_random(&random_state) % below;
}

static void expect(bool right, const char *what)
{
    if (right)
        return;
    failures++;
    say(2, "soak: %s\n", what);
}

/* The child changes its copy; ours must not change. */
static void fork_keeps_memory(void)
{
    u32 n = 1 + draw(12);
    u32 *memory = (u32 *)mmap(n * PAGE_SIZE, PROT_READ | PROT_WRITE);
    if (failed(memory)) {
        expect(false, "no memory");
        return;
    }
    for (u32 i = 0; i < n; i++)
        memory[i * 1024 + i] = i;
    int pid = fork();
    if (pid == 0) {
        u32 bad = 0;
        for (u32 i = 0; i < n; i++) {
            bad += memory[i * 1024 + i] != i || memory[i * 1024 + i + 1];
            memory[i * 1024 + i] = 1000 + i;
            bad += memory[i * 1024 + i] != 1000 + i;
        }
        exit(bad ? 1 : 7);
    }
    expect(pid > 0 && wait_status(pid) == 7, "a child saw wrong memory");
    for (u32 i = 0; i < n; i++)
        expect(memory[i * 1024 + i] == i, "a child changed our memory");
    munmap(memory, n * PAGE_SIZE);
    forks++;
    pages += 2 * n;
}

static void exec_answers(void)
{
    char *yes[] = { "true", NULL }, *no[] = { "sh", "-c", "false || exit 3", NULL };
    bool positive = draw(2);
    int pid = fork();
    if (pid == 0) {
        exec(positive ? "true" : "sh", positive ? yes : no);
        exit(99);
    }
    expect(pid > 0 && wait_status(pid) == (positive ? 0 : 3), "a program gave the wrong answer");
    execs++;
}

/* Longer than the pipe holds, so that both sides have to wait. */
static void pipe_carries(void)
{
    static u8 block[600];
    int fds[2];
    u32 seed = draw(1 << 20), blocks = 1 + draw(20), state = seed, bad = 0, got = 0;
    if (pipe(fds)) {
        expect(false, "no pipe");
        return;
    }
    int pid = fork();
    if (pid == 0) {
        close(fds[0]);
        for (u32 i = 0; i < blocks; i++) {
            for (u32 k = 0; k < sizeof block; k++)
                block[k] = next_random(&state);
            write(fds[1], block, sizeof block);
        }
        exit(0);
    }
    close(fds[1]);
    for (int n; (n = read(fds[0], block, sizeof block)) > 0; got += n)
        for (int k = 0; k < n; k++)
            bad += block[k] != (u8)next_random(&state);
    close(fds[0]);
    expect(wait_status(pid) == 0 && !bad && got == blocks * sizeof block, "a pipe changed what it carried");
    bytes_piped += got;
}

static void protection_holds(void)
{
    u32 n = 2 + draw(6), hole = draw(n), value;
    u8 *memory = mmap(n * PAGE_SIZE, PROT_READ | PROT_WRITE);
    if (failed(memory)) {
        expect(false, "no memory");
        return;
    }
    onfault(remember_fault);
    u32 at = (u32)memory + hole * PAGE_SIZE;
    expect(write_guarded(at, 42), "a page could not be written");
    mprotect((void *)at, PAGE_SIZE, PROT_READ);
    expect(!write_guarded(at, 43) && read_guarded(at, &value) && value == 42, "a protected page was written");
    mprotect((void *)at, PAGE_SIZE, PROT_READ | PROT_WRITE);
    expect(write_guarded(at, 44), "a page stayed protected");
    munmap((void *)at, PAGE_SIZE);
    expect(!read_guarded(at, &value), "an unmapped page could be read");
    munmap(memory, n * PAGE_SIZE);
    onfault(NULL);
    faults += 2;
}

static void files_keep(void)
{
    static u8 block[3000];
    u32 n = 1 + draw(sizeof block), state = n;
    for (u32 i = 0; i < n; i++)
        block[i] = next_random(&state);
    int fd = open("soak.tmp", OPEN_WRITE);
    expect(write(fd, block, n) == (int)n, "a file could not be written");
    close(fd);
    memset(block, 0, n);
    fd = open("soak.tmp", OPEN_READ);
    expect(read(fd, block, n) == (int)n, "a file could not be read");
    close(fd);
    state = n;
    u32 bad = 0;
    for (u32 i = 0; i < n; i++)
        bad += block[i] != (u8)next_random(&state);
    expect(!bad && !unlink("soak.tmp"), "a file changed");
    files++;
}

/* Several at once, some of which are killed. */
static void crowd(void)
{
    int pids[6];
    u32 n = 2 + draw(5);
    for (u32 i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            if (i & 1)
                for (;;)
                    yield();
            for (volatile u32 k = 0; k < 20000; k++)
                ;
            exit(i);
        }
    }
    for (u32 i = 0; i < n; i++) {
        if (i & 1)
            kill(pids[i]);
        expect(wait_status(pids[i]) == (i & 1 ? 137 : (int)i), "a process ended in the wrong way");
    }
    forks += n;
}

int main_soak(int argc, char **argv)
{
    static void (*const parts[])(void) = { fork_keeps_memory, exec_answers, pipe_carries, protection_holds, files_keep, crowd };
    u32 rounds = argc > 1 ? parse_number(argv[1]) : 100;
    random_state = argc > 2 ? parse_number(argv[2]) : 1;
    u32 before = 0, after;
    for (u32 i = 0; i < rounds + COUNT(parts); i++) {
        if (i == COUNT(parts)) /* whatever is touched for the first time has been by now */
            before = free_frames();
        parts[i < COUNT(parts) ? i : draw(COUNT(parts))]();
    }
    after = free_frames();
    printf("soak: rounds=%u forks=%u execs=%u piped=%u pages=%u faults=%u files=%u lost=%d failures=%u\n", rounds, forks, execs,
        bytes_piped, pages, faults, files, before - after, failures);
    return failures || before != after;
}

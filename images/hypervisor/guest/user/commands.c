/* The small commands. */
#include "user.h"

int main_echo(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%s%s", argv[i], i + 1 < argc ? " " : "");
    printf("\n");
    return 0;
}

int main_true(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 0;
}

int main_false(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 1;
}

/* Calls `use` with everything in the files named, or in standard input. */
static int each_piece(int argc, char **argv, void (*use)(const u8 *bytes, u32 n))
{
    static u8 buffer[512];
    int status = 0, n;
    for (int i = 1; i < argc || i == 1; i++) {
        int fd = i < argc ? open(argv[i], OPEN_READ) : 0;
        if (fd < 0) {
            status = complain(argv[0], argv[i], fd);
            continue;
        }
        while ((n = read(fd, buffer, sizeof buffer)) > 0)
            use(buffer, n);
        if (n < 0)
            status = complain(argv[0], i < argc ? argv[i] : "(input)", n);
        if (fd)
            close(fd);
    }
    return status;
}

static void copy_out(const u8 *bytes, u32 n)
{
    write(1, bytes, n);
}

int main_cat(int argc, char **argv)
{
    return each_piece(argc, argv, copy_out);
}

static u32 lines, words, bytes_seen;
static bool in_word;

static void count_words(const u8 *bytes, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        bool space = bytes[i] <= ' ';
        lines += bytes[i] == '\n';
        words += !space && !in_word;
        in_word = !space;
    }
    bytes_seen += n;
}

int main_wc(int argc, char **argv)
{
    int status = each_piece(argc, argv, count_words);
    printf("%u %u %u\n", lines, words, bytes_seen);
    return status;
}

static u8 dump_line[16];
static u32 dump_at;

static void dump_flush(void)
{
    u32 n = dump_at & 15 ? dump_at & 15 : 16;
    if (!dump_at)
        return;
    printf("%08x ", (dump_at - 1) & ~15u);
    for (u32 i = 0; i < 16; i++)
        if (i < n)
            printf(" %02x", dump_line[i]);
        else
            printf("   ");
    printf("  ");
    for (u32 i = 0; i < n; i++)
        printf("%c", dump_line[i] >= ' ' && dump_line[i] < 127 ? dump_line[i] : '.');
    printf("\n");
}

static void dump(const u8 *bytes, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        dump_line[dump_at++ & 15] = bytes[i];
        if (!(dump_at & 15))
            dump_flush();
    }
}

int main_hexdump(int argc, char **argv)
{
    int status = each_piece(argc, argv, dump);
    if (dump_at & 15)
        dump_flush();
    return status;
}

int main_ls(int argc, char **argv)
{
    struct file_info info;
    bool all = argc > 1 && strcmp(argv[1], "-a") == 0;
    u32 programs = 0;
    for (u32 i = 0; system_call(SYS_list, i, (u32)&info, 0) == 0; i++) {
        programs += info.program;
        if (!info.program || all)
            printf("%6u %s\n", info.bytes, info.name);
    }
    if (!all)
        printf("and %u programs (help, ls -a)\n", programs);
    return 0;
}

int main_rm(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        int error = unlink(argv[i]);
        if (error)
            status = complain("rm", argv[i], error);
    }
    return status;
}

/* Pairs of hexadecimal digits become bytes; anything else between them is skipped. */
static int hex_out(int fd, const char *text, int *half)
{
    for (; *text; text++) {
        char c = *text | 32;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            continue;
        if (*half < 0) {
            *half = digit;
            continue;
        }
        u8 byte = *half << 4 | digit;
        int error = write(fd, &byte, 1);
        *half = -1;
        if (error < 0)
            return error;
    }
    return 0;
}

/* write <path> <hex>…, or the digits on standard input: how a program comes in from outside. */
int main_write(int argc, char **argv)
{
    static char line[512];
    int half = -1, error = 0;
    if (argc < 2)
        return complain("write", "write <path> [<hex> ...]", -EINVAL);
    int fd = open(argv[1], OPEN_WRITE);
    if (fd < 0)
        return complain("write", argv[1], fd);
    for (int i = 2; i < argc && !error; i++)
        error = hex_out(fd, argv[i], &half);
    while (argc == 2 && !error && read_line(0, line, sizeof line) >= 0)
        error = hex_out(fd, line, &half);
    if (!error && half >= 0)
        error = -EINVAL;
    return error ? complain("write", argv[1], error) : 0;
}

/* run <file> [argument …]: the file as a program, flat ones at USER_BASE. */
int main_run(int argc, char **argv)
{
    if (argc < 2)
        return complain("run", "run <file>", -EINVAL);
    return complain("run", argv[1], exec(argv[1], argv + 1));
}

int main_ps(int argc, char **argv)
{
    static const char *const states[] = { "-", "ready", "waiting", "ended" };
    struct process_info info;
    (void)argc, (void)argv;
    printf("  PID PARENT STATE   PAGES TICKS NAME\n");
    for (u32 i = 0; system_call(SYS_processes, i, (u32)&info, 0) == 0; i++)
        printf("%5u %6u %-7s %5u %5u %s\n", info.pid, info.parent, states[info.state & 3], info.pages, info.ticks, info.name);
    return 0;
}

/* kill <pid>… or -<job>…: a job is all that came of one line, by the number of its first process. */
int main_kill(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        bool job = argv[i][0] == '-';
        int number = parse_number(argv[i] + job), error = kill(job ? -number : number);
        if (error)
            status = complain("kill", argv[i], error);
    }
    return status;
}

/* sleep <seconds>, or <n>t for ticks of 10 ms */
int main_sleep(int argc, char **argv)
{
    u32 n = argc > 1 ? parse_number(argv[1]) : 1;
    bool in_ticks = argc > 1 && argv[1][strlen(argv[1]) - 1] == 't';
    return sleep(in_ticks ? n : n * 100) ? 1 : 0;
}

int main_free(int argc, char **argv)
{
    static struct system_info info;
    (void)argc, (void)argv;
    system_info(&info);
    printf("%u of %u frames free\n", info.frames_free, info.frames);
    return 0;
}

int main_uname(int argc, char **argv)
{
    static struct system_info info;
    (void)argc, (void)argv;
    system_info(&info);
    printf("Ringside teaching kernel, i386, %s, domain %u\n", mode_text(&info), info.domid);
    return 0;
}

int main_mode(int argc, char **argv)
{
    static struct system_info info;
    (void)argc, (void)argv;
    system_info(&info);
    printf("%s\n", mode_text(&info));
    return 0;
}

int main_uptime(int argc, char **argv)
{
    (void)argc, (void)argv;
    u32 ticks = ticks_now();
    printf("%u.%02u s\n", ticks / 100, ticks % 100);
    return 0;
}

static void print_run(const struct mapping_info *first, u32 pages)
{
    u32 f = first->flags;
    printf("va:%08x pa:%08x %4u %c%c%c%c%c%c\n", first->va, first->pa, pages, f & PTE_P ? 'P' : '-', f & PTE_W ? 'W' : '-',
        f & PTE_U ? 'U' : '-', f & PTE_A ? 'A' : '-', f & PTE_D ? 'D' : '-', f & PTE_G ? 'G' : '-');
}

/* Its own mappings, as the kernel believes them: runs of pages that follow each other on both sides. */
int main_map(int argc, char **argv)
{
    struct mapping_info first, info;
    u32 pages = 0;
    (void)argc, (void)argv;
    printf("virtual     physical   pages flags\n");
    for (u32 va = 0; system_call(SYS_mapping, va, (u32)&info, 0) == 0; va = info.va + PAGE_SIZE) {
        u32 next = pages * PAGE_SIZE;
        if (pages && info.va == first.va + next && info.pa == first.pa + next && info.flags == first.flags) {
            pages++;
            continue;
        }
        if (pages)
            print_run(&first, pages);
        first = info;
        pages = 1;
    }
    if (pages)
        print_run(&first, pages);
    return 0;
}

/* touch <pages>: writes to that many fresh pages, checks them, gives them back. */
int main_touch(int argc, char **argv)
{
    u32 pages = argc > 1 ? parse_number(argv[1]) : 1;
    u8 *memory = mmap(pages * PAGE_SIZE, PROT_READ | PROT_WRITE);
    if (failed(memory))
        return complain("touch", "mmap", (int)memory);
    for (u32 i = 0; i < pages; i++)
        *(volatile u32 *)(memory + i * PAGE_SIZE) = i;
    for (u32 i = 0; i < pages; i++)
        if (*(volatile u32 *)(memory + i * PAGE_SIZE) != i)
            return complain("touch", "a page changed", -EFAULT);
    munmap(memory, pages * PAGE_SIZE);
    printf("%u pages\n", pages);
    return 0;
}

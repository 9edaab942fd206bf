/*
 * The shell: words, quotes, `;`, `&&`, `||`, `|`, `>`, `<`, `&`, `$?`, `#`.
 *
 * `sh` reads lines with a prompt, `sh -c line` runs one, and `sh -m` serves a program at the other end of
 * a terminal: no prompt, and after each line's output a byte 0x1E, the exit status in decimal, a newline.
 */
#include "user.h"

#define MAX_LINE 1024u
#define MAX_WORDS 20u
#define MAX_STAGES 6u

/* One command of a pipeline. */
struct stage { char *argv[MAX_WORDS + 1]; u32 argc; char *from, *to; };
struct pipeline { struct stage stage[MAX_STAGES]; u32 stages; bool background; };

enum token { WORD, PIPE, SEMICOLON, AND, OR, BACKGROUND, TO, FROM, END, BAD };
struct reader { const char *at; char *free, *limit; char *word; enum token token; };

static int last_status, terminal;
static bool serving, interactive;

static bool blank(char c) { return c == ' ' || c == '\t'; }
static bool ends_word(char c) { return !c || blank(c) || strchr(";&|<>", c); }

static void put(struct reader *r, char c)
{
    if (r->free < r->limit)
        *r->free++ = c;
}

static void put_status(struct reader *r)
{
    char digits[12], *d = digits + sizeof digits;
    u32 value = last_status;
    *--d = 0;
    do
        *--d = '0' + value % 10;
    while (value /= 10);
    while (*d)
        put(r, *d++);
}

static bool read_word(struct reader *r)
{
    char quote = 0;
    r->word = r->free;
    for (; *r->at && (quote || !ends_word(*r->at)); r->at++) {
        if (quote ? *r->at == quote : *r->at == '"' || *r->at == '\'')
            quote = quote ? 0 : *r->at;
        else if (r->at[0] == '$' && r->at[1] == '?' && quote != '\'')
            put_status(r), r->at++;
        else
            put(r, *r->at);
    }
    put(r, 0);
    return !quote && r->free < r->limit;
}

static enum token next(struct reader *r)
{
    static const struct { const char *text; enum token token; } signs[] = {
        { "&&", AND }, { "||", OR }, { "|", PIPE }, { ";", SEMICOLON }, { "&", BACKGROUND }, { ">", TO }, { "<", FROM },
    };
    while (blank(*r->at))
        r->at++;
    if (!*r->at || *r->at == '#')
        return r->token = END;
    for (u32 i = 0; i < COUNT(signs); i++)
        if (strncmp(r->at, signs[i].text, strlen(signs[i].text)) == 0) {
            r->at += strlen(signs[i].text);
            return r->token = signs[i].token;
        }
    return r->token = read_word(r) ? WORD : BAD;
}

static bool read_stage(struct reader *r, struct stage *s)
{
    memset(s, 0, sizeof *s);
    for (;; next(r)) {
        if (r->token == WORD) {
            if (s->argc == MAX_WORDS)
                return false;
            s->argv[s->argc++] = r->word;
        } else if (r->token == TO || r->token == FROM) {
            char **name = r->token == TO ? &s->to : &s->from;
            if (next(r) != WORD)
                return false;
            *name = r->word;
        } else {
            return r->token != BAD && s->argc;
        }
    }
}

static bool read_pipeline(struct reader *r, struct pipeline *p)
{
    memset(p, 0, sizeof *p);
    for (;;) {
        if (p->stages == MAX_STAGES || !read_stage(r, &p->stage[p->stages++]))
            return false;
        if (r->token != PIPE)
            break;
        next(r);
    }
    p->background = r->token == BACKGROUND;
    return true;
}

static void redirect(const char *name, u32 mode, int fd)
{
    int file = open(name, mode);
    if (file < 0)
        exit(complain("sh", name, file));
    dup2(file, fd);
    close(file);
}

static void run_stage(struct stage *s, int in, int out)
{
    if (in >= 0)
        dup2(in, 0), close(in);
    if (out >= 0)
        dup2(out, 1), close(out);
    if (s->from)
        redirect(s->from, OPEN_READ, 0);
    if (s->to)
        redirect(s->to, OPEN_WRITE, 1);
    int error = exec(s->argv[0], s->argv);
    complain("sh", s->argv[0], error);
    exit(127);
}

/* All stages of a pipeline are one job, which ^C ends. */
static void join_job(int pid, int job)
{
    system_call(SYS_job, pid, job, 0);
}

static int start_pipeline(struct pipeline *p, int pids[])
{
    int in = -1, fds[2], job = 0;
    for (u32 i = 0; i < p->stages; i++) {
        fds[0] = fds[1] = -1;
        if (i + 1 < p->stages && pipe(fds) < 0)
            return i;
        int pid = pids[i] = fork();
        if (pid == 0) {
            if (fds[0] >= 0)
                close(fds[0]);
            run_stage(&p->stage[i], in, fds[1]);
        }
        job = job ? job : pid;
        if (pid > 0 && serving)
            join_job(pid, job);
        if (in >= 0)
            close(in);
        if (fds[1] >= 0)
            close(fds[1]);
        in = fds[0];
        if (pid < 0)
            return complain("sh", "fork", pid), i;
    }
    return p->stages;
}

static void run_pipeline(struct pipeline *p)
{
    int pids[MAX_STAGES];
    int started = start_pipeline(p, pids);
    if (p->background) {
        if (interactive && started)
            printf("[%d]\n", pids[0]);
        last_status = 0;
        return;
    }
    if (interactive && started)
        system_call(SYS_foreground, terminal, pids[0], 0);
    for (int i = 0; i < started; i++)
        last_status = wait_status(pids[i]);
    if (interactive)
        system_call(SYS_foreground, terminal, 0, 0);
    if (started < (int)p->stages)
        last_status = 126;
}

static bool built_in(struct pipeline *p)
{
    struct stage *s = &p->stage[0];
    if (p->stages == 1 && strcmp(s->argv[0], "exit") == 0)
        exit(s->argc > 1 ? (int)parse_number(s->argv[1]) : last_status);
    if (p->stages == 1 && strcmp(s->argv[0], "exec") == 0 && s->argc > 1) {
        complain("sh", s->argv[1], exec(s->argv[1], s->argv + 1));
        last_status = 127;
        return true;
    }
    return false;
}

static bool skip(enum token joined)
{
    return (joined == AND && last_status) || (joined == OR && !last_status);
}

static int run_line(const char *line)
{
    static char words[MAX_LINE * 2];
    static struct pipeline p;
    struct reader r = { line, words, words + sizeof words, NULL, END };
    enum token joined = SEMICOLON;
    for (next(&r); r.token != END; next(&r)) {
        if (!read_pipeline(&r, &p)) {
            say(2, "sh: this line makes no sense\n");
            return last_status = 2;
        }
        if (!skip(joined) && !built_in(&p))
            run_pipeline(&p);
        joined = r.token;
        if (joined == END)
            break;
    }
    return last_status;
}

/* Children that were left in the background are asked for between lines. */
static void collect_ended(void)
{
    u32 status;
    while (system_call(SYS_wait, -1, (u32)&status, 1) > 0)
        ;
}

static int serve_terminal(bool machine)
{
    static char line[MAX_LINE];
    serving = true;
    interactive = !machine;
    for (;;) {
        if (!machine)
            printf("$ ");
        if (read_line(0, line, sizeof line) < 0)
            return last_status;
        run_line(line);
        collect_ended();
        if (machine)
            printf("\x1e%d\n", last_status);
    }
}

int main_sh(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "-c") == 0)
        return run_line(argv[2]);
    return serve_terminal(argc > 1 && strcmp(argv[1], "-m") == 0);
}

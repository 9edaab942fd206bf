/*
 * The rules of a namespace, as the tools that made them print them, with their counters: `iptables-save -c`,
 * and `nft list ruleset` where the layer with nft is there.
 *
 * Neither is started where there are no rules. Looking must not change what is looked at: asking iptables of a
 * table makes the table, and asking netfilter's netlink of nf_tables loads its module. So the tables there are
 * are read from /proc/net, and nf_tables is asked only when it is loaded.
 */
#ifndef NETVIEW_RULES_H
#define NETVIEW_RULES_H

#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "netlink.h"
#include "output.h"

#define MAX_RULES 256
#define MAX_LINE 512 /* of a rule; more is cut off */

extern char **environ;

/* What stands on both sides of the words under way. */
struct ruleset {
    struct list list;
    char table[80], chain[80];
    unsigned depth; /* of braces, in nft's words */
};

static void print_rule(struct ruleset *r, const char *rule, unsigned long long packets, unsigned long long bytes)
{
    if (!next_entry(&r->list)) return;
    fputs("{\"table\":", stdout);
    json_text(r->table);
    print_text("chain", r->chain);
    print_text("rule", rule);
    printf(",\"packets\":%llu,\"bytes\":%llu}", packets, bytes);
}

/* Splits the first word off. Returns what follows it. */
static char *after_word(char *at)
{
    at += strcspn(at, " ");
    if (*at) *at++ = 0;
    return at;
}

static void set_text(char *into, size_t size, const char *text) { snprintf(into, size, "%s", text); }

/*
 * A line of iptables-save -c: `*table`, `:CHAIN POLICY [packets:bytes]` where a chain of the student's own has
 * the policy `-`, or `[packets:bytes] -A CHAIN words`.
 */
static void read_iptables_line(struct ruleset *r, char *line)
{
    unsigned long long packets = 0, bytes = 0;
    if (*line == '*') set_text(r->table, sizeof r->table, line + 1);
    if (*line == ':') {
        char *policy = after_word(line), *counters = after_word(policy), rule[64];
        if (sscanf(counters, "[%llu:%llu]", &packets, &bytes) != 2 || *policy == '-') return;
        set_text(r->chain, sizeof r->chain, line + 1);
        snprintf(rule, sizeof rule, "policy %.32s", policy);
        print_rule(r, rule, packets, bytes);
    }
    if (*line == '[') {
        char *option = after_word(line), *chain = after_word(option), *words = after_word(chain);
        if (sscanf(line, "[%llu:%llu]", &packets, &bytes) != 2 || strcmp(option, "-A")) return;
        set_text(r->chain, sizeof r->chain, chain);
        print_rule(r, words, packets, bytes);
    }
}

/* The policy of a base chain stands in the line that says which hook it is on. */
static void read_hook_line(struct ruleset *r, const char *line)
{
    char rule[64];
    const char *policy = strstr(line, "policy ");
    if (!policy) return;
    snprintf(rule, sizeof rule, "%.*s", (int)strcspn(policy, ";"), policy);
    print_rule(r, rule, 0, 0);
}

/* A line of nft list ruleset: tables hold chains, and chains hold rules; sets, maps and the like are passed over. */
static void read_nft_line(struct ruleset *r, char *line)
{
    unsigned long long packets = 0, bytes = 0;
    line += strspn(line, "\t ");
    size_t length = strlen(line);
    int opens = length && line[length - 1] == '{', closes = strcmp(line, "}") == 0;
    if (opens) line[length - (length > 1 ? 2 : 1)] = 0;
    if (opens && r->depth == 0 && strncmp(line, "table ", 6) == 0) set_text(r->table, sizeof r->table, line + 6);
    if (opens && r->depth == 1) set_text(r->chain, sizeof r->chain, strncmp(line, "chain ", 6) == 0 ? line + 6 : "");
    if (!opens && !closes && r->depth == 2 && r->chain[0] && *line) {
        const char *counter = strstr(line, "counter packets ");
        if (counter) sscanf(counter, "counter packets %llu bytes %llu", &packets, &bytes);
        if (strncmp(line, "type ", 5) == 0 && strstr(line, " hook ")) read_hook_line(r, line);
        else print_rule(r, line, packets, bytes);
    }
    if (opens) r->depth++;
    else if (closes && r->depth) r->depth--;
}

/* Runs a tool in the namespace the caller is in and reads its lines. */
static void read_tool(char *const words[], struct ruleset *r, void (*read_line)(struct ruleset *, char *))
{
    int pipe_ends[2];
    char line[MAX_LINE];
    pid_t child;
    posix_spawn_file_actions_t actions;
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) return;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    FILE *output = fdopen(pipe_ends[0], "r");
    while (output && !failed && fgets(line, sizeof line, output)) {
        size_t length = strcspn(line, "\n");
        int whole = line[length] == '\n';
        line[length] = 0;
        read_line(r, line);
        for (int c; !whole && (c = fgetc(output)) != EOF && c != '\n';) {}
    }
    if (output) fclose(output);
    if (!failed) waitpid(child, NULL, 0);
}

/* Whether there is anything in a file of a few lines. */
static int holds_something(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int any = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0) close(fd);
    return any;
}

static void note_any(const struct nlmsghdr *message, void *context)
{
    (void)message;
    *(int *)context = 1;
}

static int any_nft_table(int fd)
{
    struct nfgenmsg body = {.nfgen_family = AF_UNSPEC};
    int any = 0;
    if (access("/sys/module/nf_tables", F_OK) == 0)
        ask(fd, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, NLM_F_DUMP, &body, sizeof body, note_any, &any);
    return any;
}

/* At the path of a tool whose layer is not there stands a link to the program that asks for it. */
static int has_nft(void)
{
    char target[8];
    return access("/usr/sbin/nft", X_OK) == 0 && readlink("/usr/sbin/nft", target, sizeof target) < 0;
}

/* The rules of the namespace the caller is in; `fd` is a netfilter socket made there. */
static void print_rules(int fd)
{
    static char *const iptables[] = {"iptables-save", "-c", NULL}, *const nft[] = {"nft", "list", "ruleset", NULL};
    struct ruleset r = {.list = open_list("rules", MAX_RULES)};
    if (holds_something("/proc/net/ip_tables_names")) read_tool(iptables, &r, read_iptables_line);
    if (any_nft_table(fd) && has_nft()) read_tool(nft, &r, read_nft_line);
    close_list();
}

#endif

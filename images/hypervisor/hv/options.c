/*
 * The boot options, from the multiboot command line:
 *   mode=shadow|vtlb|pv|native  verify=1  oos=1  ptwr=1  batch=0  dom1=backend|spin|shell  mode1=…
 *   weight0=…  cap0=…  bug=N  -- <the guest's own command line>
 * Words that are none of these are passed over (QEMU puts the file's name first).
 */
#include "hv.h"

struct options options = {
    .mode = MODE_SHADOW, .domains = 1, .batch = 1, .weight = { 256, 256, 256 }, .guest_line = "",
};

static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* If the word at `text` begins with `name`, what follows it, else NULL. */
static const char *after(const char *text, const char *name)
{
    while (*name)
        if (*text++ != *name++)
            return NULL;
    return text;
}

static bool word_is(const char *text, const char *word)
{
    const char *rest = after(text, word);
    return rest && (*rest == 0 || is_space(*rest));
}

static u32 number(const char *text)
{
    u32 value = 0;

    while (*text >= '0' && *text <= '9')
        value = 10 * value + (u32)(*text++ - '0');
    return value;
}

static u32 choice(const char *text, const char *const *words, u32 count, u32 otherwise)
{
    for (u32 i = 0; i < count; i++)
        if (word_is(text, words[i]))
            return i;
    return otherwise;
}

/* "weight0=", "cap1=" and the like: the number of a domain, then a value. */
static void per_domain(const char *text, u32 *values)
{
    u32 domid = (u32)(*text - '0');

    if (domid < MAX_DOMAINS && text[1] == '=')
        values[domid] = number(text + 2);
}

static void option(const char *word)
{
    static const char *const modes[] = { "native", "shadow", "vtlb", "pv" };
    static const char *const roles[] = { "shell", "backend", "spin" };
    static const struct { const char *name; u32 *value; } numbers[] = {
        { "verify=", &options.verify }, { "oos=", &options.oos }, { "ptwr=", &options.ptwr },
        { "batch=", &options.batch }, { "bug=", &options.bug },
    };
    const char *rest;

    for (u32 i = 0; i < COUNT(numbers); i++)
        if ((rest = after(word, numbers[i].name)))
            *numbers[i].value = number(rest);
    if ((rest = after(word, "mode=")))
        options.mode = choice(rest, modes, COUNT(modes), options.mode);
    if ((rest = after(word, "mode1=")))
        options.mode1 = choice(rest, modes, COUNT(modes), 0);
    if ((rest = after(word, "dom1="))) {
        options.role1 = choice(rest, roles, COUNT(roles), ROLE_SHELL);
        options.domains = 2;
    }
    if ((rest = after(word, "weight")))
        per_domain(rest, options.weight);
    if ((rest = after(word, "cap")))
        per_domain(rest, options.cap);
}

void options_parse(const char *line)
{
    while (*line) {
        while (is_space(*line))
            line++;
        if (word_is(line, "--")) {
            options.guest_line = line + 2 + (line[2] != 0);
            break;
        }
        if (*line)
            option(line);
        while (*line && !is_space(*line))
            line++;
    }
    if (options.mode1 == MODE_NATIVE) /* not said, or impossible beside another domain */
        options.mode1 = options.mode;
}

/* From argv to values. What flags there are, what they are called and what they accept is all in
 * the tables; this file knows only how people write them:
 *
 *     --jobs 5  --jobs=5  -n 5  -n5  --timeline  --no-timeline  -qh  --  -
 *
 * Abbreviations of long flags are refused, as they would change their meaning when a flag is added.
 * Of several mistakes the first is reported, but all words are looked at, because --help excuses
 * mistakes wherever it stands. Main thread; nothing is owned but what the caller passes. */
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SUGGESTION_BYTES = 48, METAVAR_BYTES = 160 };

struct parser {
    const struct option_grammar *grammar;
    struct option_outcome *outcome;
    int argc;
    char *const *argv;
    int next;    /* index of the word to look at next */
    bool failed; /* *e has the first mistake */
    struct err *e;
};

/* A row, the set that its value belongs to, and whether it was written --no-NAME. */
struct found {
    struct param_set *set;
    const struct param *row;
    bool unset;
};

__attribute__((format(printf, 2, 3))) static void complain(struct parser *p, const char *format,
                                                           ...)
{
    char text[sizeof p->e->text];
    va_list args;
    if (p->failed)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(p->e, STATUS_USAGE, "%s", text);
    p->failed = true;
}

static struct found find_exactly(const struct option_grammar *g, const char *name, size_t length)
{
    for (unsigned i = 0; i < g->set_count; i++) {
        const struct param *row = param_find(g->sets[i]->table, name, length);
        if (row != NULL)
            return (struct found){.set = g->sets[i], .row = row};
    }
    return (struct found){0};
}

static struct found find_long(const struct option_grammar *g, const char *name, size_t length)
{
    struct found f = find_exactly(g, name, length);
    if (f.row != NULL || length < 3 || memcmp(name, "no-", 3) != 0)
        return f;
    f = find_exactly(g, name + 3, length - 3);
    if (f.row == NULL || f.row->type != PARAM_TYPE_FLAG)
        return (struct found){0};
    f.unset = true;
    return f;
}

static struct found find_short(const struct option_grammar *g, char letter)
{
    for (unsigned i = 0; i < g->set_count; i++) {
        const struct param *row = param_find_letter(g->sets[i]->table, letter);
        if (row != NULL)
            return (struct found){.set = g->sets[i], .row = row};
    }
    return (struct found){0};
}

/* The flag that was probably meant, or NULL. Rows without help are not for people. */
static const char *nearest_long(const struct option_grammar *g, const char *name, size_t length)
{
    const char *names[OPTION_SETS_MOST * PARAM_MOST + 2];
    char word[SUGGESTION_BYTES];
    size_t count = 0;
    if (length >= sizeof word)
        return NULL;
    memcpy(word, name, length);
    word[length] = '\0';
    for (unsigned i = 0; i < g->set_count; i++)
        for (const struct param *row = g->sets[i]->table; row->name != NULL; row++)
            if (row->help != NULL)
                names[count++] = row->name;
    names[count++] = "help";
    names[count] = NULL;
    return param_nearest(word, names);
}

static void complain_of_unknown(struct parser *p, const char *name, size_t length)
{
    const char *near = nearest_long(p->grammar, name, length);
    const struct param *others = p->grammar->elsewhere;
    bool negated = length > 3 && memcmp(name, "no-", 3) == 0;
    if (negated && find_exactly(p->grammar, name + 3, length - 3).row != NULL)
        complain(p, "unknown option '--%.*s': --no-NAME takes back flags only, and --%.*s is none",
                 (int)length, name, (int)length - 3, name + 3);
    else if (others != NULL && param_find(others, name, length) != NULL)
        complain(p, "--%.*s %s", (int)length, name, p->grammar->elsewhere_why);
    else if (near != NULL)
        complain(p, "unknown option '--%.*s' (did you mean '--%s'?); see 'uvlab help %s'",
                 (int)length, name, near, p->grammar->topic);
    else
        complain(p, "unknown option '--%.*s'; see 'uvlab help %s'", (int)length, name,
                 p->grammar->topic);
}

/* The word behind a flag, as its value; NULL after a complaint. A word that looks like a flag is
 * not taken: `--output --format json` would otherwise write a file called "--format". */
static const char *separate_value(struct parser *p, const struct param *row)
{
    char metavar[METAVAR_BYTES];
    const char *word = p->next < p->argc ? p->argv[p->next] : NULL;
    param_metavar(row, metavar, sizeof metavar);
    if (word == NULL) {
        complain(p, "--%s: needs a value (%s)", row->name, metavar);
        return NULL;
    }
    if (word[0] == '-' && word[1] != '\0' && strchr(".0123456789", word[1]) == NULL) {
        complain(p, "--%s: needs a value (%s); if '%s' is meant, write --%s=%s", row->name, metavar,
                 word, row->name, word);
        return NULL;
    }
    p->next++;
    return word;
}

static void store(struct parser *p, struct found f, const char *value)
{
    struct err unheard;
    if (f.unset) {
        *(bool *)((char *)f.set->values + f.row->offset) = false;
        f.set->source[f.row - f.set->table] = PARAM_FROM_FLAG;
    } else if (param_set_value(f.set, f.row, value, p->failed ? &unheard : p->e) < 0) {
        p->failed = true;
    }
}

static void parse_long(struct parser *p, const char *word)
{
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    struct found f = find_long(p->grammar, name, length);
    bool help = length == strlen("help") && memcmp(name, "help", length) == 0;
    if (!help && f.row == NULL) {
        complain_of_unknown(p, name, length);
    } else if (help || f.row->type == PARAM_TYPE_FLAG) {
        if (value != NULL)
            complain(p, "--%.*s: takes no value", (int)length, name);
        else if (help)
            p->outcome->help = true;
        else
            store(p, f, NULL);
    } else {
        if (value == NULL)
            value = separate_value(p, f.row);
        if (value != NULL)
            store(p, f, value);
    }
}

/* A word of short flags: any number that take no value, then at most one that takes the rest of the
 * word, or else the next word. */
static void parse_short(struct parser *p, const char *word)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        struct found f = find_short(p->grammar, *letter);
        if (*letter == 'h') {
            p->outcome->help = true;
        } else if (f.row == NULL) {
            complain(p, "unknown option '-%c'; see 'uvlab help %s'", *letter, p->grammar->topic);
            return;
        } else if (f.row->type == PARAM_TYPE_FLAG) {
            store(p, f, NULL);
        } else {
            const char *value = letter[1] != '\0' ? letter + 1 : separate_value(p, f.row);
            if (value != NULL)
                store(p, f, value);
            return;
        }
    }
}

static void parse_operand(struct parser *p, const char *word)
{
    struct option_outcome *o = p->outcome;
    const char *row = p->grammar->operand;
    if (row != NULL) {
        struct param_set *set = p->grammar->sets[0];
        store(p, (struct found){.set = set, .row = param_find(set->table, row, strlen(row))}, word);
    } else if (o->operand_count < p->grammar->operands_most)
        o->operands[o->operand_count++] = word;
    else
        complain(p, "unexpected argument '%s'; see 'uvlab help %s'", word, p->grammar->topic);
}

int options_parse(const struct option_grammar *grammar, int argc, char *const *argv,
                  struct option_outcome *outcome, struct err *e)
{
    struct parser p = {.grammar = grammar, .outcome = outcome, .argc = argc, .argv = argv, .e = e};
    bool only_operands = false;
    *outcome = (struct option_outcome){0};
    for (unsigned i = 0; i < grammar->set_count; i++) {
        struct err unheard;
        if (param_set_defaults(grammar->sets[i], p.failed ? &unheard : e) < 0)
            p.failed = true;
    }
    while (p.next < argc) {
        const char *word = argv[p.next++];
        if (only_operands || word[0] != '-' || word[1] == '\0')
            parse_operand(&p, word);
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else if (word[1] == '-')
            parse_long(&p, word);
        else
            parse_short(&p, word);
    }
    return p.failed && !outcome->help ? -1 : 0;
}

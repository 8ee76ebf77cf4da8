/* The help texts: what the tables say, laid out for a terminal of 80 columns. Whoever adds an
 * experiment, a command or an option writes nothing here. Pure functions of constant tables. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/common.h"
#include "cli/describe.h"
#include "cli/registry.h"

enum {
    WIDTH = 79,         /* the last column of a terminal stays free: some wrap when it is filled */
    OPTION_COLUMN = 26, /* where the help of an option begins */
    NAME_COLUMN = 18,   /* where the summary of a command begins */
    METAVAR_BYTES = 160,
};

static size_t columns_of(const char *s, size_t bytes)
{
    size_t columns = 0;
    for (size_t i = 0; i < bytes; i++)
        columns += ((unsigned char)s[i] & 0xc0) != 0x80; /* not a continuation of UTF-8 */
    return columns;
}

/* Appends the words of s from column `at` on, and a line feed; further lines begin at `indent`. */
static void add_wrapped(struct text *t, size_t at, size_t indent, const char *s)
{
    bool first = true;
    while (*s != '\0') {
        size_t bytes = strcspn(s, " ");
        size_t columns = columns_of(s, bytes);
        if (!first && at + 1 + columns > WIDTH) {
            text_add(t, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            text_add(t, " ");
            at++;
        }
        text_add_bytes(t, s, bytes);
        at += columns;
        first = false;
        s += bytes;
        s += strspn(s, " ");
    }
    text_add(t, "\n");
}

/* "  NAME            what it is", wrapped. */
static void add_row(struct text *t, const char *name, size_t column, const char *what)
{
    size_t at = 2 + columns_of(name, strlen(name));
    text_add(t, "  %s", name);
    if (at + 2 > column) {
        text_add(t, "\n");
        at = 0;
    }
    text_add(t, "%*s", (int)(column - at), "");
    add_wrapped(t, column, column, what);
}

static void add_option(struct text *t, const struct param *p)
{
    char metavar[METAVAR_BYTES];
    struct text left = TEXT_EMPTY, right = TEXT_EMPTY, limits = TEXT_EMPTY;
    bool choices = false;
    param_metavar(p, metavar, sizeof metavar);
    if (p->type == PARAM_TYPE_CHOICE &&
        strlen("  -x, -- ") + strlen(p->name) + strlen(metavar) > WIDTH) {
        snprintf(metavar, sizeof metavar, "WORD");
        choices = true;
    }
    if (p->letter != 0)
        text_add(&left, "-%c, ", p->letter);
    else
        text_add(&left, "    ");
    text_add(&left, "--%s%s%s", p->name, metavar[0] != '\0' ? " " : "", metavar);
    describe_limits(p, choices, &limits);
    text_add(&right, limits.length > 0 ? "%s [%s]" : "%s", p->help, text_get(&limits));
    if (text_ok(&left) && text_ok(&right) && text_ok(&limits))
        add_row(t, text_get(&left), OPTION_COLUMN, text_get(&right));
    else
        t->failed = true;
    text_free(&left);
    text_free(&right);
    text_free(&limits);
}

static void add_options(struct text *t, const char *title, const struct param *table,
                        enum describe_part part)
{
    bool any = false;
    for (const struct param *p = table; p->name != NULL; p++) {
        if (!describe_includes(p, part))
            continue;
        if (!any)
            text_add(t, "\n%s:\n", title);
        any = true;
        add_option(t, p);
    }
}

static void add_values_note(struct text *t)
{
    text_add(t, "\n");
    add_wrapped(t, 0, 0,
                "Numbers may be written 64k or 1e6, durations 100ms, 5s or 2min, sizes 64k or 1M; "
                "in numbers k is 1000, in sizes 1024. --no-NAME takes a flag back. When an option "
                "is repeated, the last one counts, unless it may be given several times.");
}

static void add_examples(struct text *t, const char *const *examples)
{
    if (examples == NULL || examples[0] == NULL)
        return;
    text_add(t, "\nExamples:\n");
    for (size_t i = 0; examples[i] != NULL; i++)
        text_add(t, "  %s\n", examples[i]);
}

static void add_exit_statuses(struct text *t, bool with_claims)
{
    text_add(t, "\nExit status:\n");
    for (const struct exit_status_row *row = exit_status_rows; row->text != NULL; row++) {
        char number[8];
        if (row->status == STATUS_CLAIM && !with_claims)
            continue;
        snprintf(number, sizeof number, "%d", (int)row->status);
        add_row(t, number, 7, row->text);
    }
}

void help_experiment(const struct experiment *x, struct text *t)
{
    char metavar[METAVAR_BYTES];
    text_add(t, "uvlab %s: ", x->name);
    add_wrapped(t, strlen("uvlab : ") + strlen(x->name), 0, x->question);
    if (x->about != NULL) {
        text_add(t, "\n");
        add_wrapped(t, 0, 0, x->about);
    }
    text_add(t, "\nUsage: uvlab %s [OPTION]...", x->name);
    if (x->operand != NULL)
        text_add(t, " %s...", describe_operand(x, metavar, sizeof metavar));
    text_add(t, "\n");
    add_options(t, "What is measured", x->params, DESCRIBE_ALL);
    add_options(t, "How it is measured (every experiment)", common_params, DESCRIBE_MEASURE);
    add_options(t, "How it is shown (every experiment)", common_params, DESCRIBE_VIEW);
    add_values_note(t);
    add_examples(t, x->examples);
    add_exit_statuses(t, true);
}

static void add_about(struct text *t, const struct command *c)
{
    if (c->about == NULL)
        return;
    text_add(t, "\n");
    add_wrapped(t, 0, 0, c->about);
    for (size_t i = 0; c->more != NULL && c->more[i] != NULL; i++) {
        text_add(t, "\n");
        add_wrapped(t, 0, 0, c->more[i]);
    }
}

/* The rows of the options that all experiments share which a sweep hands on are few: not listed. */
void help_sweep(const struct experiment *x, struct text *t)
{
    char metavar[METAVAR_BYTES];
    text_add(t, "uvlab sweep %s: ", x->name);
    add_wrapped(t, strlen("uvlab sweep : ") + strlen(x->name), 0, command_sweep.summary);
    text_add(t, "\nUsage: uvlab sweep %s [OPTION]...", x->name);
    if (x->operand != NULL)
        text_add(t, " %s...", describe_operand(x, metavar, sizeof metavar));
    text_add(t, "\n");
    add_about(t, &command_sweep);
    add_options(t, "What is measured (options that take a value may have several)", x->params,
                DESCRIBE_ALL);
    add_options(t, "How it is swept", command_sweep.params, DESCRIBE_MEASURE);
    add_options(t, "How it is shown", command_sweep.params, DESCRIBE_VIEW);
    add_values_note(t);
    add_examples(t, command_sweep.examples);
    add_exit_statuses(t, false);
}

static bool has_options(const struct command *c)
{
    for (const struct param *p = c->params; p->name != NULL; p++)
        if (describe_includes(p, DESCRIBE_ALL))
            return true;
    return false;
}

void help_command(const struct command *c, struct text *t)
{
    text_add(t, "uvlab %s: ", c->name);
    add_wrapped(t, strlen("uvlab : ") + strlen(c->name), 0, c->summary);
    if (c->of_experiment)
        text_add(t, "\nUsage: uvlab %s %s [OPTION]...\n", c->name, c->operand);
    else
        text_add(t, "\nUsage: uvlab %s%s%s%s\n", c->name, has_options(c) ? " [OPTION]..." : "",
                 c->operand != NULL ? " " : "", c->operand != NULL ? c->operand : "");
    add_about(t, c);
    if (c->operand_words != NULL && c->operand_words[0] != NULL) {
        text_add(t, "\n%s is one of:", c->operand);
        for (size_t i = 0; c->operand_words[i] != NULL; i++)
            text_add(t, " %s", c->operand_words[i]);
        text_add(t, "\n");
    }
    add_options(t, "Options", c->params, DESCRIBE_ALL);
    add_examples(t, c->examples);
    if (c->of_experiment)
        add_exit_statuses(t, false);
}

void help_overview(struct text *t)
{
    add_wrapped(t, 0, 0,
                "uvlab: a laboratory for the event loop. It runs an experiment on libuv, follows "
                "every asynchronous call from its submission to its callback, and says what it "
                "waited for.");
    text_add(t, "\nUsage: uvlab EXPERIMENT [OPTION]...\n"
                "       uvlab COMMAND [OPTION]...\n"
                "\nExperiments:\n");
    for (size_t i = 0; registry[i] != NULL; i++)
        add_row(t, registry[i]->name, NAME_COLUMN, registry[i]->question);
    text_add(t, "\nCommands:\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        add_row(t, commands[i]->name, NAME_COLUMN, commands[i]->summary);
    text_add(t, "\nOptions:\n");
    add_row(t, "-h, --help", NAME_COLUMN, "this text; behind a name, the help of that name");
    add_row(t, "-V, --version", NAME_COLUMN,
            "the versions of uvlab and of the libraries it is linked with");
    add_exit_statuses(t, true);
    text_add(t,
             "\n'uvlab help NAME' explains an experiment or a command, 'man uvlab' everything.\n");
}

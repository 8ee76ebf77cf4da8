/* The parts of the manual page that are in the tables, as mdoc: `uvlab help --roff` prints them
 * all, each behind a line "@NAME", and scripts/manpage puts them where docs/uvlab.1.in names them.
 * Pure. */
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

#include "base/version.h"
#include "cli/common.h"
#include "cli/describe.h"
#include "cli/registry.h"

enum { LINE_BYTES = 76, METAVAR_BYTES = 160 };

/* What a character of prose becomes: backslashes and what would be typographic (a quote, a hyphen
 * that is a minus) are escaped. */
static const char *escape_of(char c, bool word_begins)
{
    if (c == '-')
        return word_begins ? "\\-" : NULL;
    return c == '\\' ? "\\e" : c == '\'' ? "\\(aq" : NULL;
}

/* Appends text as roff, in lines of less than LINE_BYTES. Every sentence begins a line, as mdoc
 * wants it, and no line looks like a request. */
static void add_prose(struct text *t, const char *s)
{
    size_t line_start = t->length;
    for (size_t i = 0; s[i] != '\0'; i++) {
        bool word_begins = i == 0 || strchr(" -('", s[i - 1]) != NULL;
        bool sentence_ends = i > 0 && strchr(".?!", s[i - 1]) != NULL;
        bool line_is_full = t->length - line_start + strcspn(s + i + 1, " ") + 1 > LINE_BYTES;
        const char *escape = escape_of(s[i], word_begins);
        if (s[i] == ' ' && (sentence_ends || line_is_full)) {
            text_add(t, "\n");
            line_start = t->length;
            continue;
        }
        if (t->length == line_start && s[i] == '.')
            text_add(t, "\\&");
        if (escape != NULL)
            text_add(t, "%s", escape);
        else
            text_add_bytes(t, s + i, 1);
    }
}

/* A command line: all minus signs are minus signs. */
static void add_literal(struct text *t, const char *s)
{
    for (; *s != '\0'; s++)
        text_add(t, *s == '-' ? "\\-" : *s == '\\' ? "\\e" : *s == '\'' ? "\\(aq" : "%c", *s);
}

/* ".It Fl n , Fl -jobs Ar N", the help, and the limits as a second sentence. */
static void add_option(struct text *t, const struct param *p)
{
    char metavar[160];
    struct text limits = TEXT_EMPTY;
    text_add(t, ".It ");
    if (p->letter != 0)
        text_add(t, "Fl %c , ", p->letter);
    text_add(t, "Fl -%s", p->name);
    if (param_metavar(p, metavar, sizeof metavar)[0] != '\0')
        text_add(t, " Ar %s",
                 p->type == PARAM_TYPE_CHOICE && p->metavar == NULL ? "word" : metavar);
    text_add(t, "\n");
    add_prose(t, p->help);
    text_add(t, ".\n");
    describe_limits(p, true, &limits);
    if (limits.length > 0) {
        limits.data[0] = (char)toupper((unsigned char)limits.data[0]);
        add_prose(t, text_get(&limits));
        text_add(t, ".\n");
    }
    if (!text_ok(&limits))
        t->failed = true;
    text_free(&limits);
}

static void add_options(struct text *t, const struct param *table, enum describe_part part)
{
    bool any = false;
    for (const struct param *p = table; p->name != NULL; p++) {
        if (!describe_includes(p, part))
            continue;
        if (!any)
            text_add(t, ".Bl -tag -width Ds\n");
        any = true;
        add_option(t, p);
    }
    if (any)
        text_add(t, ".El\n");
}

static void add_experiment(struct text *t, const struct experiment *x)
{
    char metavar[METAVAR_BYTES];
    text_add(t, ".Ss uvlab %s", x->name);
    if (x->operand != NULL)
        text_add(t, " Ar %s ...", describe_operand(x, metavar, sizeof metavar));
    text_add(t, "\n");
    add_prose(t, x->question);
    text_add(t, "\n.Pp\n");
    if (x->about != NULL) {
        add_prose(t, x->about);
        text_add(t, "\n");
    }
    add_options(t, x->params, DESCRIBE_ALL);
}

/* " Oo Fl -runs Ar N Oc": an Op would take in all that follows it. */
static void add_synopsis(struct text *t, const struct param *p)
{
    char metavar[METAVAR_BYTES];
    text_add(t, " Oo Fl -%s", p->name);
    if (param_metavar(p, metavar, sizeof metavar)[0] != '\0')
        text_add(t, " Ar %s",
                 p->type == PARAM_TYPE_CHOICE && p->metavar == NULL ? "word" : metavar);
    text_add(t, " Oc");
}

static void add_command(struct text *t, const struct command *c)
{
    text_add(t, ".It Ic %s", c->name);
    if (c->of_experiment)
        text_add(t, " Ar %s Op Ar option ...", c->operand);
    for (const struct param *p = c->params; p->name != NULL && !c->of_experiment; p++)
        if (p->help != NULL)
            add_synopsis(t, p);
    if (c->operand != NULL && c->operand[0] == '[')
        text_add(t, " Op Ar %.*s", (int)strcspn(c->operand + 1, "]"), c->operand + 1);
    else if (c->operand != NULL && !c->of_experiment)
        text_add(t, " Ar %s", c->operand);
    text_add(t, "\n");
    add_prose(t, c->summary);
    text_add(t, ".\n");
    if (c->about != NULL) {
        add_prose(t, c->about);
        text_add(t, "\n");
    }
    for (size_t i = 0; c->more != NULL && c->more[i] != NULL; i++) {
        text_add(t, ".Pp\n");
        add_prose(t, c->more[i]);
        text_add(t, "\n");
    }
    add_options(t, c->params, DESCRIBE_ALL);
}

/* Lines that are not filled, as a command that is broken cannot be copied. */
static void add_lines(struct text *t, const char *const *lines)
{
    for (size_t i = 0; lines != NULL && lines[i] != NULL; i++) {
        add_literal(t, lines[i]);
        text_add(t, "\n");
    }
}

static void add_examples(struct text *t)
{
    text_add(t, ".Bd -literal -offset 2n\n");
    for (size_t i = 0; registry[i] != NULL; i++)
        add_lines(t, registry[i]->examples);
    for (size_t i = 0; commands[i] != NULL; i++)
        add_lines(t, commands[i]->examples);
    text_add(t, ".Ed\n");
}

void roff_blocks(struct text *t)
{
    text_add(t, "@version\nThis page is about version " UVLAB_VERSION ".\n@commands\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        add_command(t, commands[i]);
    text_add(t, "@experiments\n");
    for (size_t i = 0; registry[i] != NULL; i++)
        add_experiment(t, registry[i]);
    text_add(t, "@measure\n");
    add_options(t, common_params, DESCRIBE_MEASURE);
    text_add(t, "@view\n");
    add_options(t, common_params, DESCRIBE_VIEW);
    text_add(t, "@examples\n");
    add_examples(t);
    text_add(t, "@statuses\n");
    for (const struct exit_status_row *row = exit_status_rows; row->text != NULL; row++) {
        text_add(t, ".It %d\n", (int)row->status);
        add_prose(t, row->text);
        text_add(t, ".\n");
    }
}

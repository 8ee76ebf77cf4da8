/* Completion for fish: a line per option, each with the condition under which it is offered. In
 * fish's single quotes, backslash and quote are escaped by a backslash. Pure. */
#include "cli/completion.h"

#include <stdio.h>

#include "base/version.h"

enum { CONDITION_BYTES = 80 };

static void add_quoted(struct text *t, const char *s)
{
    text_add(t, "'");
    for (; *s != '\0'; s++)
        text_add(t, *s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
    text_add(t, "'");
}

/* `condition` is what has to hold for the option to be offered; with `several`, words may be a
 * list. */
static void add_option(struct text *t, const char *condition, const struct param *p, bool several)
{
    enum completion_value value = completion_value(p);
    text_add(t, "complete -c uvlab -n '%s' -l %s", condition, p->name);
    if (p->letter != 0)
        text_add(t, " -s %c", p->letter);
    if (value == VALUE_PATH)
        text_add(t, " -r -F");
    else if (value != VALUE_NONE)
        text_add(t, " -x");
    if (value == VALUE_CHOICE) {
        text_add(t, " -a '%s", several ? "(__uvlab_list " : "");
        for (size_t i = 0; p->choices[i] != NULL; i++)
            text_add(t, "%s%s", i == 0 ? "" : " ", p->choices[i]);
        text_add(t, "%s'", several ? ")" : "");
    }
    text_add(t, " -d ");
    add_quoted(t, p->help);
    text_add(t, "\n");
}

/* Behind a command that takes an experiment, and behind that, come the experiment's options. */
static void add_pairs(struct text *t, const struct completion_word *c)
{
    struct completion_word x;
    char condition[CONDITION_BYTES];
    for (size_t i = 0; completion_word(i, &x); i++) {
        if (x.command != NULL)
            continue;
        snprintf(condition, sizeof condition, "__uvlab_pair %s %s", c->name, x.name);
        for (const struct param *p = x.tables[0]; p->name != NULL; p++)
            if (p->help != NULL)
                add_option(t, condition, p, true);
    }
}

static void add_word(struct text *t, const struct completion_word *w)
{
    char condition[CONDITION_BYTES];
    text_add(t, "complete -c uvlab -n __uvlab_none -a %s -d ", w->name);
    add_quoted(t, w->what);
    text_add(t, "\n");
    if (completion_takes_paths(w)) {
        text_add(t, "complete -c uvlab -n '__uvlab_first %s' -F\n", w->name);
    } else if (w->command != NULL && w->command->operands_most > 0) {
        text_add(t, "complete -c uvlab -n '__uvlab_first %s' -a '", w->name);
        if (completion_of_servers(w))
            text_add(t, "(__uvlab_servers)");
        completion_operands(w, t);
        text_add(t, "'\n");
    }
    snprintf(condition, sizeof condition, "__uvlab_first %s", w->name);
    for (size_t i = 0; i < 2 && w->tables[i] != NULL; i++)
        for (const struct param *p = w->tables[i]; p->name != NULL; p++)
            if (p->help != NULL)
                add_option(t, condition, p, false);
    if (w->command != NULL && w->command->of_experiment)
        add_pairs(t, w);
}

void complete_fish(struct text *t)
{
    struct completion_word w;
    text_add(t, "# fish completion for uvlab " UVLAB_VERSION ", made by: uvlab completion fish\n"
                "function __uvlab_none\n"
                "    test (count (commandline -opc)) -eq 1\n"
                "end\n"
                "function __uvlab_first\n"
                "    set -l words (commandline -opc)\n"
                "    test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
                "end\n"
                "function __uvlab_pair\n"
                "    set -l words (commandline -opc)\n"
                "    __uvlab_first $argv[1]; and test (count $words) -ge 3; and test $words[3] = "
                "$argv[2]\n"
                "end\n"
                "function __uvlab_list\n"
                "    set -l now (commandline -ct | string replace -r '^(--[^=]*=|-[^-])' '')\n"
                "    set -l before (string match -r '.*,' -- \"$now\")\n"
                "    for word in $argv\n"
                "        contains -- $word (string split , -- \"$before\")\n"
                "        or echo \"$before$word\"\n"
                "    end\n"
                "end\n"
                "function __uvlab_servers\n"
                "    set -l words (commandline -opc)\n"
                "    $words[1] servers --names 2>/dev/null\n"
                "end\n"
                "complete -c uvlab -f\n"
                "complete -c uvlab -s h -l help -d 'explain it'\n"
                "complete -c uvlab -n __uvlab_none -s V -l version -d 'tell the versions'\n");
    for (size_t i = 0; completion_word(i, &w); i++)
        add_word(t, &w);
}

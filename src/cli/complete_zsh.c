/* Completion for zsh: a list of specifications for _arguments per experiment or command. The script
 * works as a file _uvlab in $fpath and, evaluated, in ~/.zshrc. Pure. */
#include "cli/completion.h"

#include <string.h>

#include "base/version.h"

/* Appends s for a place inside single quotes where also the characters of `special` mean something,
 * which a backslash takes from them. */
static void add_escaped(struct text *t, const char *s, const char *special)
{
    for (; *s != '\0'; s++) {
        if (*s == '\'')
            text_add(t, "'\\''");
        else if (strchr(special, *s) != NULL)
            text_add(t, "\\%c", *s);
        else
            text_add_bytes(t, s, 1);
    }
}

/* The option itself, up to its help: without its mark an option is offered until it was given; '*'
 * stands for any number of times. */
static void add_flag(struct text *t, const struct param *p, bool takes_value)
{
    bool repeats = p->type == PARAM_TYPE_LIST;
    if (p->letter == 0) {
        text_add(t, "'%s--%s%s", repeats ? "*" : "", p->name, takes_value ? "=" : "");
        return;
    }
    if (repeats)
        text_add(t, "'*'");
    else
        text_add(t, "'(-%c --%s)'", p->letter, p->name);
    text_add(t, "{-%c%s,--%s%s}'", p->letter, takes_value ? "+" : "", p->name,
             takes_value ? "=" : "");
}

/* The words that the value can be; with `several`, a list of them with commas. */
static void add_choices(struct text *t, const struct param *p, bool several)
{
    if (several)
        text_add(t, "_values -s , %s", p->name);
    for (size_t i = 0; p->choices[i] != NULL; i++)
        text_add(t, "%s%s", i > 0 || several ? " " : "(", p->choices[i]);
    text_add(t, "%s", several ? "" : ")");
}

static void add_option(struct text *t, const struct param *p, bool several)
{
    char metavar[160];
    enum completion_value value = completion_value(p);
    text_add(t, "            ");
    add_flag(t, p, value != VALUE_NONE);
    text_add(t, "[");
    add_escaped(t, p->help, "[]\\:");
    text_add(t, "]");
    if (value != VALUE_NONE) {
        text_add(t, ":");
        if (value == VALUE_CHOICE)
            text_add(t, "%s", p->name);
        else
            add_escaped(t, param_metavar(p, metavar, sizeof metavar), "\\:");
        text_add(t, ":");
    }
    if (value == VALUE_PATH)
        text_add(t, "_files");
    if (value == VALUE_CHOICE)
        add_choices(t, p, several);
    text_add(t, "' \\\n");
}

/* "(-n --jobs)"{-n+,--jobs=}"[help]:N:" */
void complete_zsh_option(struct text *t, const struct param *p)
{
    add_option(t, p, false);
}

static void add_table(struct text *t, const struct param *table, bool several)
{
    for (const struct param *p = table; p->name != NULL; p++)
        if (p->help != NULL)
            add_option(t, p, several);
}

/* Behind a command that takes an experiment, and behind that, come the options of both. */
static void add_pairs(struct text *t, const struct completion_word *c)
{
    struct completion_word x;
    text_add(t, "        if ((CURRENT > 2)); then\n"
                "            shift words\n"
                "            ((CURRENT--))\n"
                "            case $words[1] in\n");
    for (size_t i = 0; completion_word(i, &x); i++) {
        if (x.command != NULL)
            continue;
        text_add(t, "            %s)\n            _arguments -s -S \\\n", x.name);
        add_table(t, x.tables[0], true);
        add_table(t, c->tables[0], false);
        text_add(t, "            '(- *)'{-h,--help}'[explain it]'\n            ;;\n");
    }
    text_add(t, "            esac\n"
                "            return\n"
                "        fi\n");
}

static void add_word(struct text *t, const struct completion_word *w)
{
    text_add(t, "    %s)\n", w->name);
    if (w->command != NULL && w->command->of_experiment)
        add_pairs(t, w);
    text_add(t, "        _arguments -s -S \\\n");
    for (size_t i = 0; i < 2 && w->tables[i] != NULL; i++)
        add_table(t, w->tables[i], false);
    if (completion_of_servers(w)) {
        text_add(t, "            '1:name:_uvlab_servers' \\\n");
    } else if (completion_takes_paths(w)) {
        text_add(t, "            '*:file:_files' \\\n");
    } else if (w->command != NULL && w->command->operands_most > 0) {
        text_add(t, "            '1:%s:(", w->command->operand_words != NULL ? "word" : "name");
        completion_operands(w, t);
        text_add(t, ")' \\\n");
    }
    text_add(t, "            '(- *)'{-h,--help}'[explain it]'\n        ;;\n");
}

void complete_zsh(struct text *t)
{
    struct completion_word w;
    text_add(t, "#compdef uvlab\n"
                "# zsh completion for uvlab " UVLAB_VERSION ", made by: uvlab completion zsh\n"
                "_uvlab_servers()\n"
                "{\n"
                "    local -a names=(${(f)\"$($uvlab servers --names 2>/dev/null)\"})\n"
                "    compadd -- $names\n"
                "}\n"
                "_uvlab()\n"
                "{\n"
                "    local uvlab=${(Q)words[1]}\n"
                "    if ((CURRENT == 2)); then\n"
                "        local -a names=(\n");
    for (size_t i = 0; completion_word(i, &w); i++) {
        text_add(t, "            '%s:", w.name);
        add_escaped(t, w.what, "\\:");
        text_add(t, "'\n");
    }
    text_add(t, "        )\n"
                "        local -a flags=(--help --version)\n"
                "        _describe 'experiment or command' names\n"
                "        [[ $PREFIX == -* ]] && compadd -- $flags\n"
                "        return\n"
                "    fi\n"
                "    shift words\n"
                "    ((CURRENT--))\n"
                "    case $words[1] in\n");
    for (size_t i = 0; completion_word(i, &w); i++)
        add_word(t, &w);
    text_add(t, "    esac\n"
                "}\n"
                "if [[ $funcstack[1] == _uvlab ]]; then\n"
                "    _uvlab \"$@\"\n"
                "else\n"
                "    compdef _uvlab uvlab\n"
                "fi\n");
}

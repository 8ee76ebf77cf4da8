/* Completion for bash: one function with two case statements, by what the word before needs and by
 * the experiment or command. Bash gives `--name=value` as three words, as '=' ends a word there;
 * a list of values with commas is one word.
 * Pure. */
#include "cli/completion.h"

#include "base/version.h"

static void add_names(struct text *t, const struct completion_word *w)
{
    for (size_t i = 0; i < 2 && w->tables[i] != NULL; i++)
        for (const struct param *p = w->tables[i]; p->name != NULL; p++)
            if (p->help != NULL)
                text_add(t, "--%s ", p->name);
    text_add(t, "--help");
}

/* "    threadpool:--work | threadpool:-w) words='...' ;;". With `several`, words may be a list. */
static void add_value(struct text *t, const char *word, const struct param *p, bool several)
{
    enum completion_value value = completion_value(p);
    if (value == VALUE_NONE || p->help == NULL)
        return;
    text_add(t, "    %s:--%s", word, p->name);
    if (p->letter != 0)
        text_add(t, " | %s:-%c", word, p->letter);
    if (value == VALUE_PATH) {
        text_add(t, ") files=yes ;;\n");
        return;
    }
    text_add(t, ") words='");
    for (size_t i = 0; value == VALUE_CHOICE && p->choices[i] != NULL; i++)
        text_add(t, "%s%s", i == 0 ? "" : " ", p->choices[i]);
    text_add(t, "'%s ;;\n", several && value == VALUE_CHOICE ? " list=yes" : "");
}

/* Behind a command that takes an experiment and its options come the options of both; `first` is
 * then both words. */
static void add_pair_flags(struct text *t, const struct completion_word *c,
                           const struct completion_word *x)
{
    text_add(t, "    '%s %s') flags='", c->name, x->name);
    for (const struct param *p = x->tables[0]; p->name != NULL; p++)
        text_add(t, "--%s ", p->name);
    add_names(t, c);
    text_add(t, "' ;;\n");
}

static void add_pair_values(struct text *t, const struct completion_word *c,
                            const struct completion_word *x)
{
    struct text both = TEXT_EMPTY;
    text_add(&both, "'%s %s'", c->name, x->name);
    for (const struct param *p = x->tables[0]; p->name != NULL; p++)
        add_value(t, text_get(&both), p, true);
    for (const struct param *p = c->tables[0]; p->name != NULL; p++)
        add_value(t, text_get(&both), p, false);
    t->failed |= !text_ok(&both);
    text_free(&both);
}

static void add_pairs(struct text *t, void (*add)(struct text *, const struct completion_word *,
                                                  const struct completion_word *))
{
    struct completion_word c, x;
    for (size_t i = 0; completion_word(i, &c); i++) {
        if (c.command == NULL || !c.command->of_experiment)
            continue;
        for (size_t j = 0; completion_word(j, &x); j++)
            if (x.command == NULL)
                add(t, &c, &x);
    }
}

static void add_words(struct text *t)
{
    struct completion_word w;
    for (size_t i = 0; completion_word(i, &w); i++)
        if (w.command != NULL && w.command->of_experiment)
            text_add(t,
                     "    if [[ $first == %s ]] && ((COMP_CWORD > 2)); then\n"
                     "        first+=\" ${COMP_WORDS[2]}\"\n"
                     "    fi\n",
                     w.name);
    text_add(t, "    case $first in\n");
    for (size_t i = 0; completion_word(i, &w); i++) {
        text_add(t, "    %s) flags='", w.name);
        add_names(t, &w);
        text_add(t, "' operands='");
        completion_operands(&w, t);
        text_add(t, "'%s%s ;;\n", completion_of_servers(&w) ? " servers=yes" : "",
                 completion_takes_paths(&w) ? " paths=yes" : "");
    }
    add_pairs(t, add_pair_flags);
    text_add(t, "    esac\n"
                "    case $first:$before in\n");
    add_pairs(t, add_pair_values);
    for (size_t i = 0; completion_word(i, &w); i++)
        for (size_t j = 0; j < 2 && w.tables[j] != NULL; j++)
            for (const struct param *p = w.tables[j]; p->name != NULL; p++)
                add_value(t, w.name, p, false);
    text_add(t, "    *) if [[ $now == -* ]]; then\n"
                "           words=$flags\n"
                "       elif [[ -n $servers ]]; then\n"
                "           words=$(\"${COMP_WORDS[0]}\" servers --names 2>/dev/null)\n"
                "       else\n"
                "           words=$operands files=$paths\n"
                "       fi ;;\n"
                "    esac\n");
}

void complete_bash(struct text *t)
{
    struct completion_word w;
    text_add(
        t, "# bash completion for uvlab " UVLAB_VERSION ", made by: uvlab completion bash\n"
           "_uvlab()\n"
           "{\n"
           "    local first=${COMP_WORDS[1]} now=${COMP_WORDS[COMP_CWORD]} before=\n"
           "    local words='' flags='' operands='' servers='' files='' paths='' list='' word=''\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD > 1)); then\n"
           "        before=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    fi\n"
           "    if [[ $now == = ]]; then\n"
           "        now=\n"
           "    elif [[ $before == = ]]; then\n"
           "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    fi\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        first=\n"
           "        operands='");
    for (size_t i = 0; completion_word(i, &w); i++)
        text_add(t, "%s%s", i == 0 ? "" : " ", w.name);
    text_add(t, "'\n"
                "        flags='--help --version'\n"
                "    fi\n");
    add_words(t);
    text_add(t, "    if [[ -n $list && $now == *,* ]]; then\n"
                "        list=${now%%,*},\n"
                "        for word in $words; do\n"
                "            if [[ ,$list != *,$word,* && $word == \"${now##*,}\"* ]]; then\n"
                "                COMPREPLY+=(\"$list$word\")\n"
                "            fi\n"
                "        done\n"
                "    elif [[ -n $files ]]; then\n"
                "        compopt -o filenames 2>/dev/null\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$now\")\n"
                "    else\n"
                "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$now\")\n"
                "    fi\n"
                "}\n"
                "complete -F _uvlab uvlab\n");
}

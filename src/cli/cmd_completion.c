/* `uvlab completion SHELL`: a script for the shell, with everything that the tables know in it, so
 * that pressing the tab key starts no process; but names of running servers are asked for. Here is
 * what the three scripts have in common; the scripts are in complete_*.c. Pure functions of
 * constant tables. */
#include "cli/command.h"
#include "cli/common.h"
#include "cli/completion.h"
#include "cli/registry.h"

#include <string.h>

bool completion_word(size_t i, struct completion_word *w)
{
    size_t experiments = 0;
    while (registry[experiments] != NULL)
        experiments++;
    if (i < experiments) {
        const struct experiment *x = registry[i];
        *w = (struct completion_word){x->name, x->question, {x->params, common_params}, NULL};
        return true;
    }
    for (size_t j = 0; commands[j] != NULL; j++) {
        const struct command *c = commands[j];
        *w = (struct completion_word){c->name, c->summary, {c->params, NULL}, c};
        if (j == i - experiments)
            return true;
    }
    return false;
}

enum completion_value completion_value(const struct param *p)
{
    if (p->type == PARAM_TYPE_FLAG)
        return VALUE_NONE;
    if (p->type == PARAM_TYPE_CHOICE)
        return VALUE_CHOICE;
    return (p->flags & PARAM_PATH) != 0 ? VALUE_PATH : VALUE_ANY;
}

bool completion_takes_paths(const struct completion_word *w)
{
    return w->command != NULL && w->command->operand_words == command_path_word;
}

bool completion_of_servers(const struct completion_word *w)
{
    return w->command != NULL && w->command->operand_words == command_server_word;
}

void completion_operands(const struct completion_word *w, struct text *t)
{
    struct completion_word other;
    const char *separator = "";
    if (w->command == NULL || w->command->operands_most == 0)
        return;
    if (w->command->operand_words != NULL) {
        for (size_t i = 0; w->command->operand_words[i] != NULL; i++) {
            text_add(t, "%s%s", separator, w->command->operand_words[i]);
            separator = " ";
        }
        return;
    }
    for (size_t i = 0; completion_word(i, &other); i++) {
        if (w->command->of_experiment && other.command != NULL)
            continue;
        text_add(t, "%s%s", separator, other.name);
        separator = " ";
    }
}

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static const struct param completion_params[] = {PARAM_END};

static int completion_run(const void *options, const char *const *operands, struct err *e)
{
    static void (*const scripts[])(struct text *) = {complete_bash, complete_zsh, complete_fish};
    struct text t = TEXT_EMPTY;
    (void)options;
    if (operands[0] == NULL)
        return err_set(e, STATUS_USAGE, "completion: which shell (bash, zsh or fish)?");
    for (size_t i = 0; shells[i] != NULL; i++) {
        if (strcmp(shells[i], operands[0]) == 0) {
            scripts[i](&t);
            return command_print(&t, e);
        }
    }
    return err_set(e, STATUS_USAGE, "completion: no script for '%s': there are bash, zsh and fish",
                   operands[0]);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "a completion script for bash, zsh or fish",
    .about = "For bash, put 'eval \"$(uvlab completion bash)\"' into ~/.bashrc; the same for zsh, "
             "behind compinit, in ~/.zshrc. For fish: uvlab completion fish > "
             "~/.config/fish/completions/uvlab.fish",
    .operand = "SHELL",
    .operands_most = 1,
    .operand_words = shells,
    .params = completion_params,
    .run = completion_run,
};

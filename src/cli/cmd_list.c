/* `uvlab list`: the experiments and the question that each answers, in teaching order. */
#include "cli/command.h"
#include "cli/registry.h"

#include <string.h>

struct list_options {
    bool names;
};

static const struct param list_params[] = {
    PARAM_FLAG(struct list_options, names, "names", 0, 0, "only the names, one a line"),
    PARAM_END,
};

static int list_run(const void *options, const char *const *operands, struct err *e)
{
    const struct list_options *o = options;
    struct text t = TEXT_EMPTY;
    size_t widest = 0;
    (void)operands;
    for (size_t i = 0; registry[i] != NULL; i++)
        if (strlen(registry[i]->name) > widest)
            widest = strlen(registry[i]->name);
    for (size_t i = 0; registry[i] != NULL; i++) {
        if (o->names)
            text_add(&t, "%s\n", registry[i]->name);
        else
            text_add(&t, "%-*s  %s\n", (int)widest, registry[i]->name, registry[i]->question);
    }
    return command_print(&t, e);
}

const struct command command_list = {
    .name = "list",
    .summary = "the experiments, and what each of them answers",
    .params = list_params,
    .options_size = sizeof(struct list_options),
    .run = list_run,
};

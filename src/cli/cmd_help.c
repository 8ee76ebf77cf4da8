/* `uvlab help [NAME]`: explains the whole, an experiment or a command. */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/registry.h"

struct help_options {
    bool roff;
};

static const struct param help_params[] = {
    /* For the build of the manual page, not for people: hence without help. */
    PARAM_FLAG(struct help_options, roff, "roff", 0, 0, NULL),
    PARAM_END,
};

static int help_run(const void *options, const char *const *operands, struct err *e)
{
    const struct help_options *o = options;
    const char *name = operands[0];
    struct text t = TEXT_EMPTY;
    if (o->roff) {
        roff_blocks(&t);
    } else if (name == NULL) {
        help_overview(&t);
    } else if (registry_find(name) != NULL) {
        help_experiment(registry_find(name), &t);
    } else if (command_find(name) != NULL) {
        help_command(command_find(name), &t);
    } else {
        command_unknown(name, e);
        return err_prefix(e, "help");
    }
    return command_print(&t, e);
}

const struct command command_help = {
    .name = "help",
    .summary = "what there is, or what an experiment or a command can do",
    .operand = "[NAME]",
    .operands_most = 1,
    .params = help_params,
    .options_size = sizeof(struct help_options),
    .run = help_run,
};

/* `uvlab help [NAME]`: explains the whole, an experiment, a command, or a command together with the
 * experiment that it is about (sweep threadpool). */
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

static int help_both(const char *name, const char *of, struct err *e)
{
    const struct command *c = command_find(name);
    const struct experiment *x = registry_find(of);
    struct text t = TEXT_EMPTY;
    if (c == NULL || !c->of_experiment)
        return err_set(e, STATUS_USAGE, "help: unexpected argument '%s'; see 'uvlab help help'",
                       of);
    if (x == NULL)
        return err_set(e, STATUS_USAGE, "help: no experiment '%s'; see 'uvlab list'", of);
    help_sweep(x, &t);
    return command_print(&t, e);
}

static int help_run(const void *options, const char *const *operands, struct err *e)
{
    const struct help_options *o = options;
    const char *name = operands[0];
    struct text t = TEXT_EMPTY;
    if (o->roff) {
        roff_blocks(&t);
    } else if (name == NULL) {
        help_overview(&t);
    } else if (operands[1] != NULL) {
        return help_both(name, operands[1], e);
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
    .about =
        "Of a command that takes an experiment and its options, the experiment may be named, too: "
        "uvlab help sweep threadpool.",
    .operand = "[NAME]...",
    .operands_most = 2,
    .params = help_params,
    .options_size = sizeof(struct help_options),
    .run = help_run,
};

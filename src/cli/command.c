/* The list of commands, and what all of them do alike: parse their options, show their help, print
 * one text. Main thread. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/registry.h"
#include "output/out.h"

const struct command *const commands[] = {
    &command_list,       &command_env,  &command_sweep, &command_compare, &command_serve,
    &command_servers,    &command_show, &command_monit, &command_delete,  &command_origin,
    &command_completion, &command_help, NULL,
};

const char *const command_free_word[] = {NULL};
const char *const command_path_word[] = {NULL};
const char *const command_server_word[] = {NULL};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int command_unknown(const char *word, struct err *e)
{
    enum { NAMES_MOST = 64 };
    const char *names[NAMES_MOST + 1], *near;
    size_t count = 0;
    for (size_t i = 0; registry[i] != NULL && count < NAMES_MOST; i++)
        names[count++] = registry[i]->name;
    for (size_t i = 0; commands[i] != NULL && count < NAMES_MOST; i++)
        names[count++] = commands[i]->name;
    names[count] = NULL;
    near = param_nearest(word, names);
    if (near != NULL)
        return err_set(e, STATUS_USAGE,
                       "no experiment or command '%s' (did you mean '%s'?); see 'uvlab help'", word,
                       near);
    return err_set(e, STATUS_USAGE, "no experiment or command '%s'; see 'uvlab help'", word);
}

enum exit_status command_report(const struct err *e)
{
    fprintf(stderr, "uvlab: %s\n", e->text);
    return e->status;
}

int command_print(struct text *t, struct err *e)
{
    struct out *o;
    int status = -1;
    if (!text_ok(t)) {
        err_no_memory(e, "the text");
    } else if ((o = out_open(NULL, e)) != NULL) {
        out_bytes(o, text_get(t), t->length);
        status = out_close(o, e) < 0 ? -1 : STATUS_OK;
    }
    text_free(t);
    return status;
}

static int parse_and_run(const struct command *c, void *options, int argc, char *const *argv,
                         struct err *e)
{
    struct param_set set = {.table = c->params, .values = options};
    struct option_grammar grammar = {
        .sets = {&set}, .set_count = 1, .operands_most = c->operands_most, .topic = c->name};
    struct option_outcome outcome;
    if (options_parse(&grammar, argc, argv, &outcome, e) < 0)
        return err_prefix(e, "%s", c->name);
    if (outcome.help) {
        struct text t = TEXT_EMPTY;
        help_command(c, &t);
        return command_print(&t, e);
    }
    return c->run(options, outcome.operands, e);
}

int command_run(const struct command *c, int argc, char *const *argv, struct err *e)
{
    void *options;
    int status;
    if (c->main != NULL)
        return c->main(argc, argv, e);
    options = mem_zeroed(1, c->options_size > 0 ? c->options_size : 1);
    if (options == NULL)
        return err_no_memory(e, "the options");
    status = parse_and_run(c, options, argc, argv, e);
    mem_free(options);
    return status;
}

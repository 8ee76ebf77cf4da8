/* `uvlab show NAME`: a running server, worker by worker. Main thread. */
#include "cli/command.h"

#include <inttypes.h>

#include "cli/server_facts.h"
#include "cli/server_table.h"
#include "net/control.h"

enum { FORMAT_TABLE, FORMAT_JSON };

struct show_command {
    unsigned format;
};

static const char *const formats[] = {"table", "json", NULL};

static const struct param show_params[] = {
    PARAM_CHOICE(struct show_command, format, "format", 'f', 0, "table", formats,
                 "how to write it; json is what the server itself says"),
    PARAM_END,
};

static int show_run(const void *options, const char *const *operands, struct err *e)
{
    const struct show_command *o = options;
    const char *name = operands[0];
    struct text answer = TEXT_EMPTY, t = TEXT_EMPTY;
    struct server_facts facts = {0};
    int rc = name == NULL ? err_set(e, STATUS_USAGE, "needs a NAME; see 'uvlab servers'") : 0;
    if (rc == 0)
        rc = control_ask(name, CONTROL_SHOW, 0, &answer, e);
    if (rc == 0 && o->format == FORMAT_JSON)
        return command_print(&answer, e);
    if (rc == 0)
        rc = server_facts_parse(&facts, text_get(&answer), answer.length, e);
    if (rc == 0) {
        server_table_head(&facts, &t);
        server_table_workers(&facts, NULL, UINT32_MAX, &t);
        server_table_log(&facts, UINT32_MAX, &t);
    }
    server_facts_free(&facts);
    text_free(&answer);
    if (rc == 0)
        return command_print(&t, e);
    text_free(&t);
    return err_prefix(e, "show");
}

const struct command command_show = {
    .name = "show",
    .summary = "what a server does that runs under a name, worker by worker",
    .about = "The workers with their figures, and the last lines of the server's log.",
    .operand = "NAME",
    .operands_most = 1,
    .operand_words = command_server_word,
    .params = show_params,
    .options_size = sizeof(struct show_command),
    .run = show_run,
};

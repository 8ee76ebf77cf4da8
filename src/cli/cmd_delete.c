/* `uvlab delete NAME`: ends a server that runs under a name. Main thread. */
#include "cli/command.h"

#include <inttypes.h>

#include "cli/server_facts.h"
#include "net/control.h"

static const struct param delete_params[] = {PARAM_END};

/* Beyond the server's own time of grace, for killing what is left. */
static const uint64_t extra_ns = UINT64_C(10000000000);

static int delete_run(const void *options, const char *const *operands, struct err *e)
{
    const char *name = operands[0];
    struct server_facts facts = {0};
    struct text answer = TEXT_EMPTY, t = TEXT_EMPTY;
    int rc = name == NULL ? err_set(e, STATUS_USAGE, "needs a NAME; see 'uvlab servers'") : 0;
    (void)options;
    if (rc == 0)
        rc = server_facts_ask(&facts, name, e);
    if (rc == 0)
        rc = control_ask(name, CONTROL_END, facts.grace_ns + extra_ns, &answer, e);
    if (rc == 0)
        text_add(&t, "%s (pid %" PRIu64 ") has ended\n", name, facts.pid);
    server_facts_free(&facts);
    text_free(&answer);
    if (rc == 0)
        return command_print(&t, e);
    return err_prefix(e, "delete");
}

const struct command command_delete = {
    .name = "delete",
    .summary = "ends a server that runs under a name",
    .about = "What is under way is answered first, for as long as the server's --grace; returns "
             "when it has ended.",
    .operand = "NAME",
    .operands_most = 1,
    .operand_words = command_server_word,
    .params = delete_params,
    .run = delete_run,
};

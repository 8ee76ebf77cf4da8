/* `uvlab servers`: the servers of this user that run under a name. Main thread. */
#include "cli/command.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/server_facts.h"
#include "net/control.h"

enum { FORMAT_TABLE, FORMAT_JSON, NAME_COLUMNS_MOST = CONTROL_NAME_MOST };

struct servers_command {
    unsigned format;
    bool names;
};

static const char *const formats[] = {"table", "json", NULL};

static const struct param servers_params[] = {
    PARAM_CHOICE(struct servers_command, format, "format", 'f', 0, "table", formats,
                 "how to write the list"),
    PARAM_FLAG(struct servers_command, names, "names", 0, 0,
               "only the names, one a line, without asking the servers"),
    PARAM_END,
};

static unsigned count_serving(const struct server_facts *f)
{
    unsigned count = 0;
    for (unsigned i = 0; i < f->worker_count; i++)
        count += strcmp(f->workers[i].state, "serving") == 0;
    return count;
}

static uint64_t count_restarts(const struct server_facts *f)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < f->worker_count; i++)
        if (i == 0 || f->workers[i].worker != f->workers[i - 1].worker)
            count += f->workers[i].restarts;
    return count;
}

static void add_row(struct text *t, const struct server_facts *f)
{
    char up[UNITS_TEXT_BYTES];
    units_format_duration(up, f->uptime_ns, "u");
    text_add(t, "%-16s  %8" PRIu64 "  %7u  %8" PRIu64 "  %9s  %-8s  %s\n", f->name, f->pid,
             count_serving(f), count_restarts(f), up, f->state, f->url);
}

static void add_element(struct text *t, const struct text *answer, bool is_first)
{
    size_t length = answer->length;
    text_add(t, "%s", is_first ? "" : ",\n ");
    while (length > 0 && text_get(answer)[length - 1] == '\n')
        length--;
    text_add_bytes(t, text_get(answer), length);
}

/* One server: a row, or an element of the array. A leftover of one that was killed is passed over;
 * so is one that does not answer in time, or nothing that can be understood, after it was said. */
static void add_server(struct text *t, const char *name, unsigned format, unsigned *count)
{
    struct server_facts facts = {0};
    struct text answer = TEXT_EMPTY;
    struct err e;
    if (control_ask(name, CONTROL_SHOW, 0, &answer, &e) < 0) {
        if (strstr(e.text, "there is no server") == NULL)
            command_report(&e);
    } else if (server_facts_parse(&facts, text_get(&answer), answer.length, &e) < 0) {
        err_prefix(&e, "servers: %s", name);
        command_report(&e);
    } else if (format == FORMAT_JSON) {
        add_element(t, &answer, (*count)++ == 0);
    } else {
        if ((*count)++ == 0)
            text_add(t, "%-16s  %8s  %7s  %8s  %9s  %-8s  %s\n", "name", "pid", "workers",
                     "restarts", "up", "state", "URL");
        add_row(t, &facts);
    }
    server_facts_free(&facts);
    text_free(&answer);
}

/* Takes the names one after the other out of lines, which it breaks up; NULL: that were all. */
static char *next_name(char **lines)
{
    char *name = *lines, *end = name != NULL ? strchr(name, '\n') : NULL;
    if (end == NULL)
        return NULL;
    *end = '\0';
    *lines = end + 1;
    return name;
}

static int print_names(struct text *names, struct err *e)
{
    struct text t = TEXT_EMPTY;
    char *lines = names->data;
    for (const char *name; (name = next_name(&lines)) != NULL;)
        if (control_runs(name))
            text_add(&t, "%s\n", name);
    text_free(names);
    return command_print(&t, e);
}

static int servers_run(const void *options, const char *const *operands, struct err *e)
{
    const struct servers_command *o = options;
    struct text names = TEXT_EMPTY, t = TEXT_EMPTY;
    unsigned count = 0;
    int rc = control_names(&names, e);
    char *lines = names.data;
    (void)operands;
    if (rc == 0 && o->names)
        return print_names(&names, e);
    if (o->format == FORMAT_JSON)
        text_add(&t, "[");
    for (const char *name; rc == 0 && (name = next_name(&lines)) != NULL;)
        add_server(&t, name, o->format, &count);
    text_free(&names);
    if (o->format == FORMAT_JSON)
        text_add(&t, "]\n");
    else if (count == 0)
        text_add(&t, "no server runs under a name (uvlab serve --name NAME)\n");
    if (rc == 0)
        return command_print(&t, e);
    text_free(&t);
    return err_prefix(e, "servers");
}

const struct command command_servers = {
    .name = "servers",
    .summary = "the servers that run under a name (uvlab serve --name NAME)",
    .params = servers_params,
    .options_size = sizeof(struct servers_command),
    .run = servers_run,
};

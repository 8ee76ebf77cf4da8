/* The line of a run is put together from its process's document, member by member, and the figures
 * that a sweep computes with are read from that line: the same way whether the run has just ended
 * or is found in a journal. Numbers pass cJSON as doubles, which hold nanoseconds exactly for a
 * hundred days. Main thread. */
#include "sweep/run_document.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "base/text.h"
#include "measure/wall.h"
#include "sweep/json_part.h"

/* Members that the line takes over from the document's run, in this order. The first five are there
 * in any case. */
static const struct taken {
    const char *key;
    bool always;
} taken[] = {
    {"elapsed_ns", true}, {"cpu_ns", true},   {"pool_cpu_ns", true},
    {"loop", true},       {"calls", true},    {"summary", true},
    {"load", false},      {"cluster", false}, {"blocking", false},
};

/* --- Building. --- */

static cJSON *text_or_null(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

static bool put_head(cJSON *line, const struct sweep_run *run)
{
    char started[WALL_TEXT_BYTES];
    bool exited = run->exit_status >= 0;

    return json_part_put(line, "point", json_part_number(run->point)) &&
           json_part_put(line, "round", json_part_number(run->round)) &&
           json_part_put(line, "started_at",
                         cJSON_CreateString(wall_write(started, run->started_ms))) &&
           json_part_put(line, "process_ns", json_part_number(run->process_ns)) &&
           json_part_put(line, "exit_status",
                         exited ? cJSON_CreateNumber(run->exit_status) : cJSON_CreateNull()) &&
           json_part_put(line, "error", text_or_null(run->error));
}

/* Moves a member from one object to another. */
static bool take(cJSON *line, cJSON *from, const char *key, bool always)
{
    cJSON *item = from == NULL ? NULL : cJSON_DetachItemFromObjectCaseSensitive(from, key);

    if (item != NULL)
        return json_part_put(line, key, item);
    return !always || json_part_put(line, key, cJSON_CreateNull());
}

/* What of the environment is not the same for all runs. */
static const char *const seen_keys[] = {"others_cpu_ns", "stolen_ns", "watched_ns"};

static bool put_machine(cJSON *line, const cJSON *document)
{
    const cJSON *environment = json_part_member(document, "environment");
    cJSON *machine;

    if (!cJSON_IsObject(environment))
        return true;
    machine = cJSON_CreateObject();
    if (!json_part_put(line, "machine", machine))
        return false;
    for (size_t i = 0; i < sizeof seen_keys / sizeof seen_keys[0]; i++) {
        const cJSON *item = json_part_member(environment, seen_keys[i]);

        if (!json_part_put(machine, seen_keys[i],
                           cJSON_IsNumber(item) ? cJSON_CreateNumber(item->valuedouble)
                                                : cJSON_CreateNull()))
            return false;
    }
    return true;
}

/* `document` and `measured`, its run, lose what the line takes; both may be NULL. */
static cJSON *build(const struct sweep_run *run, cJSON *document, cJSON *measured, bool spans)
{
    cJSON *line = cJSON_CreateObject();
    bool ok = line != NULL && put_head(line, run);

    for (size_t i = 0; ok && i < sizeof taken / sizeof taken[0]; i++)
        ok = take(line, measured, taken[i].key, taken[i].always);
    ok = ok && (measured != NULL ? take(line, document, "warnings", true)
                                 : json_part_put(line, "warnings", cJSON_CreateArray()));
    ok = ok && (measured == NULL || put_machine(line, document));
    if (ok && spans)
        ok = measured != NULL ? take(line, measured, "spans", true)
                              : json_part_put(line, "spans", cJSON_CreateArray());
    if (ok)
        return line;
    cJSON_Delete(line);
    return NULL;
}

/* --- Reading. --- */

/* A whole number that a double holds exactly; else unknown. */
static uint64_t number_of(const cJSON *object, const char *key)
{
    const cJSON *item = json_part_member(object, key);
    const double most = 9007199254740992.0;

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= most))
        return SWEEP_UNKNOWN;
    return (uint64_t)item->valuedouble;
}

/* A sum of durations that is longer is none; what is computed of three of them still fits into 64
 * bits. */
static const double sum_most_ns = 6e18;

/* One of the durations of the calls: its median, and the sum that its mean tells. */
static void read_part(const cJSON *calls, const char *key, uint64_t count, uint64_t *median_ns,
                      uint64_t *sum_ns)
{
    const cJSON *part = json_part_member(calls, key), *mean = json_part_member(part, "mean");
    double sum = cJSON_IsNumber(mean) ? mean->valuedouble * (double)count : -1;

    *median_ns = number_of(part, "p50");
    *sum_ns = sum >= 0 && sum <= sum_most_ns ? (uint64_t)sum : SWEEP_UNKNOWN;
}

static void read_calls(const cJSON *calls, struct sweep_calls *c)
{
    uint64_t unused;

    c->count = number_of(calls, "count");
    c->errors = number_of(calls, "errors");
    read_part(calls, "total_ns", c->count, &c->total_ns, &unused);
    read_part(calls, "waited_ns", c->count, &c->waited_ns, &c->waited_sum_ns);
    read_part(calls, "ran_ns", c->count, &c->ran_ns, &c->ran_sum_ns);
    read_part(calls, "returned_ns", c->count, &c->returned_ns, &c->returned_sum_ns);
}

/* CPU time of a server that is the experiment's own; 0 where there is none. */
static uint64_t cpu_of_server(const cJSON *line)
{
    const cJSON *cluster = json_part_member(line, "cluster"),
                *blocking = json_part_member(line, "blocking");

    if (cluster == NULL && blocking == NULL)
        return 0;
    return number_of(cluster != NULL ? cluster : blocking, "cpu_ns");
}

/* The latency is that of the load, or of the fast route that slow work is to leave alone. */
static void read_figures(struct sweep_run *run, const cJSON *line)
{
    const cJSON *load = json_part_member(line, "load"),
                *latency = json_part_member(load, "latency_ns"),
                *fast = json_part_member(json_part_member(line, "blocking"), "fast"),
                *machine = json_part_member(line, "machine");
    bool is_load = load != NULL;

    run->elapsed_ns = number_of(line, "elapsed_ns");
    run->cpu_ns = number_of(line, "cpu_ns");
    run->helpers_cpu_ns = cpu_of_server(line);
    run->answered = number_of(load, "answered");
    run->latency_p50_ns = is_load ? number_of(latency, "p50") : number_of(fast, "p50_ns");
    run->latency_p99_ns = is_load ? number_of(latency, "p99") : number_of(fast, "p99_ns");
    read_calls(json_part_member(line, "calls"), &run->calls);
    run->others_cpu_ns = number_of(machine, "others_cpu_ns");
    run->stolen_ns = number_of(machine, "stolen_ns");
    run->watched_ns = number_of(machine, "watched_ns");
}

/* What put_head() wrote. False when it is not that; *short_of_memory says if that is why. */
static bool read_head(struct sweep_run *run, const cJSON *line, bool *short_of_memory)
{
    const cJSON *started = json_part_member(line, "started_at"),
                *status = json_part_member(line, "exit_status");
    const cJSON *error = json_part_member(line, "error");
    uint64_t point = number_of(line, "point"), round = number_of(line, "round");

    run->process_ns = number_of(line, "process_ns");
    if (point > UINT32_MAX || round > UINT32_MAX || run->process_ns == SWEEP_UNKNOWN ||
        !cJSON_IsString(started) || !wall_read(started->valuestring, &run->started_ms) ||
        (!cJSON_IsNull(status) && number_of(line, "exit_status") > 255) ||
        (!cJSON_IsNull(error) && !cJSON_IsString(error)))
        return false;
    run->point = (uint32_t)point;
    run->round = (uint32_t)round;
    run->exit_status = cJSON_IsNull(status) ? -1 : (int)status->valuedouble;
    if (cJSON_IsNull(error)) /* it counts, then */
        return run->exit_status == STATUS_OK || run->exit_status == STATUS_FAILED;
    run->error = mem_copy_text(error->valuestring);
    if (run->error == NULL)
        *short_of_memory = true;
    else
        text_make_printable(run->error);
    return run->error != NULL;
}

int run_document_read(struct sweep_run *run, const char *line, size_t length, struct err *e)
{
    bool short_of_memory = false;
    cJSON *object = json_part_parse(line, length, &short_of_memory);
    int rc = 0;

    *run = (struct sweep_run){0};
    if (!text_is_utf8(line, length) || !cJSON_IsObject(object) ||
        !read_head(run, object, &short_of_memory)) {
        rc = short_of_memory ? err_no_memory(e, "a run")
                             : err_set(e, STATUS_FAILED, "is no run of a sweep");
    } else {
        read_figures(run, object);
        run->json = json_part_print(object);
        if (run->json == NULL)
            rc = err_no_memory(e, "a run");
    }
    cJSON_Delete(object);
    if (rc != 0)
        sweep_run_free(run);
    return rc;
}

int run_document_take(struct sweep *s, uint32_t *rounds, const char *line, size_t length,
                      struct err *e)
{
    struct sweep_run run;

    if (run_document_read(&run, line, length, e) != 0)
        return -1;
    if (run.point >= s->point_count || run.round != rounds[run.point]) {
        sweep_run_free(&run);
        return err_set(e, STATUS_FAILED, "is no run that is due");
    }
    rounds[run.point]++;
    return sweep_add_run(s, &run, e);
}

/* --- What a process left. --- */

/* The measured run of a document, or NULL when it is none of this sweep. */
static cJSON *measured_of(const cJSON *document, const struct sweep *s)
{
    const cJSON *schema = json_part_member(document, "schema"),
                *name = json_part_member(document, "experiment");
    const cJSON *runs = json_part_member(document, "runs");
    cJSON *run;

    if (!cJSON_IsString(schema) || strcmp(schema->valuestring, "uvlab.result/1") != 0 ||
        !cJSON_IsString(name) || strcmp(name->valuestring, s->experiment->name) != 0 ||
        !cJSON_IsArray(runs))
        return NULL;
    cJSON_ArrayForEach(run, runs)
    {
        const cJSON *role = json_part_member(run, "role");
        if (cJSON_IsString(role) && strcmp(role->valuestring, "measured") == 0)
            return run;
    }
    return NULL;
}

/* "uvlab: threadpool: why" is said by the child; where it stands now everybody knows who it was. */
static const char *without_prefix(const char *said, const struct sweep *s)
{
    size_t name = strlen(s->experiment->name);

    if (strncmp(said, "uvlab: ", 7) == 0)
        said += 7;
    if (strncmp(said, s->experiment->name, name) == 0 && strncmp(said + name, ": ", 2) == 0)
        said += name + 2;
    return said;
}

/* A load goes on when requests fail. One of which few do tells of the server all the same. */
static bool is_load_that_mostly_worked(const struct process_outcome *out, const cJSON *measured)
{
    const cJSON *load = json_part_member(measured, "load"), *kind;
    const cJSON *errors = json_part_member(load, "errors");
    double wanted = (double)number_of(load, "asked_for"), failed = 0;

    if (out->status != STATUS_FAILED || !cJSON_IsObject(errors))
        return false;
    cJSON_ArrayForEach(kind, errors) failed += cJSON_IsNumber(kind) ? kind->valuedouble : 0;
    return failed > 0 && failed * 100 <= wanted * SWEEP_FAILED_PERCENT_MOST;
}

/* Why the run does not count; "" when it does. */
static void say_why(const struct sweep *s, const struct process_plan *plan,
                    const struct process_outcome *out, const cJSON *measured, char *why,
                    size_t bytes)
{
    bool has_run = measured != NULL;

    process_describe(plan, out, why, bytes);
    if (why[0] != '\0' || is_load_that_mostly_worked(out, measured))
        return;
    if (out->status != STATUS_OK && out->said[0] != '\0')
        snprintf(why, bytes, "%s", without_prefix(out->said, s));
    else if (out->status != STATUS_OK)
        snprintf(why, bytes, "ended with status %d", out->status);
    else if (!has_run)
        snprintf(why, bytes, "wrote no result that can be read");
    why[text_cut(why, bytes - 1)] = '\0';
    text_make_printable(why);
}

int run_context_take(struct run_context *context, const cJSON *document, struct err *e)
{
    const cJSON *parameters = json_part_member(document, "parameters");
    const cJSON *environment = json_part_member(document, "environment");

    if (!cJSON_IsObject(parameters) || !cJSON_IsObject(environment))
        return 0;
    context->parameters = json_part_print(parameters);
    context->environment = json_part_print(environment);
    if (context->parameters != NULL && context->environment != NULL)
        return 0;
    run_context_free(context);
    return err_no_memory(e, "what a run tells of the machine");
}

void run_context_free(struct run_context *c)
{
    mem_free(c->parameters);
    mem_free(c->environment);
    *c = (struct run_context){0};
}

/* The line of the run, and from it the rest of *run. */
static int make_line(struct sweep_run *run, cJSON *document, cJSON *measured, bool spans,
                     struct err *e)
{
    cJSON *line = build(run, document, measured, spans);

    if (line != NULL) {
        read_figures(run, line);
        run->json = json_part_print(line);
    }
    cJSON_Delete(line);
    return run->json != NULL ? 0 : err_no_memory(e, "a run");
}

int run_document_make(struct sweep_run *run, const struct sweep *s, const struct process_plan *plan,
                      const struct process_outcome *out, bool spans, struct run_context *context,
                      struct err *e)
{
    bool short_of_memory = false;
    cJSON *document = json_part_parse(text_get(&out->output), out->output.length, &short_of_memory);
    cJSON *measured = measured_of(document, s);
    char why[PROCESS_SAID_BYTES];
    int rc = short_of_memory ? err_no_memory(e, "a run") : 0;

    *context = (struct run_context){0};
    run->started_ms = out->started_ms;
    run->process_ns = out->took_ns;
    run->exit_status = out->end == PROCESS_EXITED ? out->status : -1;
    run->error = run->json = NULL;
    say_why(s, plan, out, measured, why, sizeof why);
    if (rc == 0 && why[0] != '\0') {
        run->error = mem_copy_text(why);
        if (run->error == NULL)
            rc = err_no_memory(e, "a run");
    }
    if (rc == 0 && measured != NULL)
        rc = run_context_take(context, document, e);
    if (rc == 0)
        rc = make_line(run, document, measured, spans, e);
    cJSON_Delete(document);
    if (rc != 0) {
        sweep_run_free(run);
        run_context_free(context);
    }
    return rc;
}

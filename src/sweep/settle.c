/* What the first document decides. All of these read what a run of uvlab wrote, or a journal that
 * anybody may have written into; what is not as it should be counts as not said. Main thread. */
#include "sweep/settle.h"

#include <stdio.h>
#include <string.h>

#include "analysis/sweep_machine.h"
#include "sweep/json_part.h"

enum { SHOWN_BYTES = 96 };

/* Parameters that the sweep sets for each run, and that say nothing about the points. */
static const char *const of_the_sweep[] = {"runs", "warmup", "measured_only", NULL};

/* What makes it another machine. */
static const char *const machine_keys[] = {"cpu",    "cpus_online", "cpus_allowed", "cpu_quota",
                                           "kernel", "libuv",       "openssl",      NULL};

/* What is not known becomes NULL. The texts have been read before, so that only memory can fail. */
static int parse(const char *text, cJSON **item, struct err *e)
{
    *item = text == NULL ? NULL : cJSON_Parse(text);
    return text == NULL || *item != NULL ? 0 : err_no_memory(e, "the parameters of the sweep");
}

/* --- By what. --- */

static const struct sweep_run *first_good_run(const struct sweep *s)
{
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].error == NULL)
            return &s->runs[i];
    return NULL;
}

/* A document has no parameters of the axes, whose values are alike in this. */
static bool is_positive(const struct sweep *s, const cJSON *parameters, const char *key)
{
    const cJSON *item = json_part_member(parameters, key);
    char of_axis[PARAM_KEY_BYTES];

    for (unsigned i = 0; i < s->axis_count; i++)
        if (strcmp(param_key(s->axes[i].param, of_axis), key) == 0)
            return s->axes[i].values[0].number > 0;
    return cJSON_IsNumber(item) && item->valuedouble > 0;
}

static int choose_for_load(struct sweep *s, const struct run_context *context, struct err *e)
{
    cJSON *parameters;

    if (parse(context->parameters, &parameters, e) != 0)
        return -1;
    s->by = SWEEP_BY_ELAPSED;
    if (is_positive(s, parameters, "rate"))
        s->by = SWEEP_BY_P99;
    else if (is_positive(s, parameters, "duration_ns"))
        s->by = SWEEP_BY_REQUEST;
    cJSON_Delete(parameters);
    return 0;
}

/* Whether the run asked for a fast route: it has the latency, or nothing was answered there, and
 * its line says so all the same. */
static int find_fast_route(const struct sweep_run *run, bool *has, struct err *e)
{
    cJSON *line;

    *has = run->latency_p99_ns != SWEEP_UNKNOWN;
    if (*has)
        return 0;
    if (parse(run->json, &line, e) != 0)
        return -1;
    *has = cJSON_IsObject(json_part_member(json_part_member(line, "blocking"), "fast"));
    cJSON_Delete(line);
    return 0;
}

static int choose(struct sweep *s, const struct sweep_run *run, bool fast_route,
                  const struct run_context *context, struct err *e)
{
    if (run->answered != SWEEP_UNKNOWN)
        return choose_for_load(s, context, e);
    s->by = fast_route ? SWEEP_BY_P99 : SWEEP_BY_ELAPSED;
    return 0;
}

/* Of what is no load. */
static int refuse_by(const struct sweep *s, bool fast_route, struct err *e)
{
    if (s->by == SWEEP_BY_ELAPSED || s->by == SWEEP_BY_CPU)
        return 0;
    if (!fast_route)
        return err_set(e, STATUS_USAGE,
                       "--by: %s makes no load, so that there is only elapsed and cpu",
                       s->experiment->name);
    if (s->by != SWEEP_BY_REQUEST)
        return 0;
    return err_set(e, STATUS_USAGE,
                   "--by: %s asks at a rate, so that there is no time for each request, but p99, "
                   "latency, elapsed and cpu",
                   s->experiment->name);
}

int settle_by(struct sweep *s, const struct run_context *context, struct err *e)
{
    const struct sweep_run *run = first_good_run(s);
    bool fast_route = false, is_settled = s->by == SWEEP_BY_ELAPSED || s->by == SWEEP_BY_CPU;

    if (run == NULL || is_settled)
        return 0;
    if (run->answered == SWEEP_UNKNOWN && find_fast_route(run, &fast_route, e) != 0)
        return -1;
    if (s->by == SWEEP_BY_AUTO && choose(s, run, fast_route, context, e) != 0)
        return -1;
    return run->answered == SWEEP_UNKNOWN ? refuse_by(s, fast_route, e) : 0;
}

/* --- Another machine. --- */

/* The member as a text that a message bears. */
static int show(const cJSON *object, const char *key, char buf[SHOWN_BYTES], struct err *e)
{
    const cJSON *item = json_part_member(object, key);
    char *text = item != NULL ? cJSON_PrintUnformatted(item) : NULL;

    if (item != NULL && text == NULL)
        return err_no_memory(e, "a warning");
    snprintf(buf, SHOWN_BYTES, "%s", text != NULL ? text : "unknown");
    cJSON_free(text);
    return 0;
}

static int compare(struct sweep *s, const char *what, const cJSON *a, const cJSON *b,
                   const char *key, struct err *e)
{
    char was[SHOWN_BYTES], is[SHOWN_BYTES];

    if (show(a, key, was, e) != 0 || show(b, key, is, e) != 0)
        return -1;
    if (strcmp(was, is) == 0)
        return 0;
    return sweep_warn(s, e, "earlier runs of this sweep had another %s: %s was %s, and is %s", what,
                      key, was, is);
}

static bool is_axis(const struct sweep *s, const char *key)
{
    char of_axis[PARAM_KEY_BYTES];

    for (unsigned i = 0; i < s->axis_count; i++)
        if (strcmp(param_key(s->axes[i].param, of_axis), key) == 0)
            return true;
    return false;
}

static bool is_of_the_sweep(const char *key)
{
    for (size_t i = 0; of_the_sweep[i] != NULL; i++)
        if (strcmp(of_the_sweep[i], key) == 0)
            return true;
    return false;
}

static int compare_parameters(struct sweep *s, const cJSON *a, const cJSON *b, struct err *e)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, b)
    {
        if (item->string != NULL && !is_axis(s, item->string) && !is_of_the_sweep(item->string) &&
            compare(s, "parameter", a, b, item->string, e) != 0)
            return -1;
    }
    return 0;
}

static int compare_machines(struct sweep *s, const cJSON *a, const cJSON *b, struct err *e)
{
    for (size_t i = 0; machine_keys[i] != NULL; i++)
        if (compare(s, "machine", a, b, machine_keys[i], e) != 0)
            return -1;
    return 0;
}

/* Compares what two texts have in common. */
static int compare_texts(struct sweep *s, const char *earlier, const char *now,
                         int (*items)(struct sweep *, const cJSON *, const cJSON *, struct err *),
                         struct err *e)
{
    cJSON *a = NULL, *b = NULL;
    int rc = parse(earlier, &a, e);

    if (rc == 0)
        rc = parse(now, &b, e);
    if (rc == 0)
        rc = items(s, a, b, e);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return rc;
}

int settle_compare(struct sweep *s, const struct run_context *earlier,
                   const struct run_context *now, struct err *e)
{
    if (compare_texts(s, earlier->environment, now->environment, compare_machines, e) != 0)
        return -1;
    return compare_texts(s, earlier->parameters, now->parameters, compare_parameters, e);
}

/* --- Into the sweep. --- */

/* Both are there. */
static int keep(struct sweep *s, cJSON *parameters, const cJSON *environment, struct err *e)
{
    const cJSON *cpus = json_part_member(environment, "cpus_allowed");
    const cJSON *quota = json_part_member(environment, "cpu_quota");
    char key[PARAM_KEY_BYTES];

    for (unsigned i = 0; i < s->axis_count; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(parameters, param_key(s->axes[i].param, key));
    for (size_t i = 0; of_the_sweep[i] != NULL; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(parameters, of_the_sweep[i]);
    if (cJSON_IsNumber(cpus) && cpus->valuedouble >= 1 && cpus->valuedouble < 1e6)
        s->cpus_allowed = (unsigned)cpus->valuedouble;
    if (cJSON_IsNumber(quota) && quota->valuedouble > 0 && quota->valuedouble < s->cpus_allowed)
        s->cpu_quota = quota->valuedouble;
    s->parameters = json_part_print(parameters);
    s->environment = json_part_print(environment);
    if (s->parameters == NULL || s->environment == NULL)
        return err_no_memory(e, "the parameters of the sweep");
    return 0;
}

/* --- What makes figures doubtful. --- */

static int warn_of_machine(struct sweep *s, struct err *e)
{
    struct sweep_machine m = sweep_machine_of(s);
    const struct sweep_taken *others = &m.others, *lost = &m.hypervisor;
    char when[SWEEP_WHEN_BYTES];

    if (others->runs > 0 &&
        sweep_warn(s, e,
                   "the machine was busy %s: other processes used %s%.1f CPUs; figures scatter by "
                   "that: measure again when it is quiet",
                   sweep_machine_when(&m, others, when), m.watched > 1 ? "up to " : "",
                   others->most) != 0)
        return -1;
    if (lost->runs > 0 &&
        sweep_warn(s, e,
                   "the hypervisor took CPUs away %s, %s%.2f of them; figures scatter by that: "
                   "measure again when its other guests are quiet",
                   sweep_machine_when(&m, lost, when), m.watched > 1 ? "up to " : "",
                   lost->most) != 0)
        return -1;
    return 0;
}

/* The quota of a control group is less than the CPUs that a process may run on. */
static int warn_of_quota(struct sweep *s, struct err *e)
{
    if (s->cpu_quota == 0)
        return 0;
    return sweep_warn(
        s, e,
        "a control group limits each run to %.2f of the %u CPUs: once these are used, "
        "more threads or workers wait",
        s->cpu_quota, s->cpus_allowed);
}

static int warn_of_requests(struct sweep *s, struct err *e)
{
    size_t runs = 0;

    for (size_t i = 0; i < s->run_count; i++)
        runs += s->runs[i].error == NULL && s->runs[i].exit_status != STATUS_OK;
    if (runs == 0)
        return 0;
    return sweep_warn(s, e,
                      "some requests failed in %zu of %zu runs, at most %d %% of each: what they "
                      "took is in no latency",
                      runs, s->run_count, SWEEP_FAILED_PERCENT_MOST);
}

/* --- All of it. --- */

int settle_context(struct sweep *s, const struct run_context *context, struct err *e)
{
    cJSON *parameters = NULL, *environment = NULL;
    int rc = parse(context->parameters, &parameters, e);

    if (s->by == SWEEP_BY_AUTO)
        s->by = SWEEP_BY_ELAPSED;
    if (rc == 0)
        rc = parse(context->environment, &environment, e);
    if (rc == 0 && parameters != NULL && environment != NULL)
        rc = keep(s, parameters, environment, e);
    if (rc == 0)
        rc = warn_of_quota(s, e);
    if (rc == 0)
        rc = warn_of_machine(s, e);
    if (rc == 0)
        rc = warn_of_requests(s, e);
    cJSON_Delete(parameters);
    cJSON_Delete(environment);
    return rc;
}

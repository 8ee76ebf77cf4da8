/* What the first document decides. All of these read what a run of uvlab wrote, or a journal that
 * anybody may have written into; what is not as it should be counts as not said. Main thread. */
#include "sweep/settle.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"

enum { SHOWN_BYTES = 96 };

/* Parameters that the sweep sets for each run, and that say nothing about the points. */
static const char *const of_the_sweep[] = {"runs", "warmup", "measured_only", NULL};

/* What makes it another machine. */
static const char *const machine_keys[] = {"cpu",    "cpus_online", "cpus_allowed", "cpu_quota",
                                           "kernel", "libuv",       "openssl",      NULL};

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static cJSON *parse(const char *text)
{
    return text == NULL ? NULL : cJSON_Parse(text);
}

/* --- By what. --- */

static const struct sweep_run *first_good_run(const struct sweep *s)
{
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].error == NULL)
            return &s->runs[i];
    return NULL;
}

static bool is_positive(const cJSON *parameters, const char *key)
{
    const cJSON *item = member(parameters, key);

    return cJSON_IsNumber(item) && item->valuedouble > 0;
}

static enum sweep_by best_for_load(const struct run_context *context)
{
    cJSON *parameters = parse(context->parameters);
    enum sweep_by by = SWEEP_BY_ELAPSED;

    if (is_positive(parameters, "rate"))
        by = SWEEP_BY_P99;
    else if (is_positive(parameters, "duration_ns"))
        by = SWEEP_BY_REQUEST;
    cJSON_Delete(parameters);
    return by;
}

int settle_by(struct sweep *s, const struct run_context *context, struct err *e)
{
    const struct sweep_run *run = first_good_run(s);

    if (run == NULL)
        return 0;
    if (s->by == SWEEP_BY_AUTO)
        s->by = run->answered != SWEEP_UNKNOWN ? best_for_load(context) : SWEEP_BY_ELAPSED;
    if (s->by != SWEEP_BY_ELAPSED && s->by != SWEEP_BY_CPU && run->answered == SWEEP_UNKNOWN)
        return err_set(e, STATUS_USAGE,
                       "--by: %s makes no load, so that there is only elapsed and cpu",
                       s->experiment->name);
    return 0;
}

/* --- Another machine. --- */

/* The member as a text that a message bears. */
static int show(const cJSON *object, const char *key, char buf[SHOWN_BYTES], struct err *e)
{
    const cJSON *item = member(object, key);
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

static int compare_parameters(struct sweep *s, const cJSON *a, const cJSON *b, struct err *e)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, b)
    {
        if (item->string != NULL && !is_axis(s, item->string) &&
            compare(s, "parameter", a, b, item->string, e) != 0)
            return -1;
    }
    return 0;
}

int settle_compare(struct sweep *s, const struct run_context *earlier,
                   const struct run_context *now, struct err *e)
{
    cJSON *a = parse(earlier->environment), *b = parse(now->environment);
    int rc = 0;

    for (size_t i = 0; rc == 0 && machine_keys[i] != NULL; i++)
        rc = compare(s, "machine", a, b, machine_keys[i], e);
    cJSON_Delete(a);
    cJSON_Delete(b);
    a = parse(earlier->parameters);
    b = parse(now->parameters);
    if (rc == 0)
        rc = compare_parameters(s, a, b, e);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return rc;
}

/* --- Into the sweep. --- */

static char *print(const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item), *copy = NULL;

    if (text != NULL)
        copy = mem_copy_text(text);
    cJSON_free(text);
    return copy;
}

int settle_context(struct sweep *s, const struct run_context *context, struct err *e)
{
    cJSON *parameters = parse(context->parameters), *environment = parse(context->environment);
    const cJSON *cpus = member(environment, "cpus_allowed");
    char key[PARAM_KEY_BYTES];
    int rc = 0;

    if (s->by == SWEEP_BY_AUTO)
        s->by = SWEEP_BY_ELAPSED;
    for (unsigned i = 0; parameters != NULL && i < s->axis_count; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(parameters, param_key(s->axes[i].param, key));
    for (size_t i = 0; parameters != NULL && of_the_sweep[i] != NULL; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(parameters, of_the_sweep[i]);
    if (parameters != NULL && environment != NULL) {
        s->parameters = print(parameters);
        s->environment = print(environment);
        if (cJSON_IsNumber(cpus) && cpus->valuedouble >= 1 && cpus->valuedouble < 1e6)
            s->cpus_allowed = (unsigned)cpus->valuedouble;
        if (s->parameters == NULL || s->environment == NULL)
            rc = err_no_memory(e, "the parameters of the sweep");
    } else if (context->parameters != NULL) {
        rc = err_no_memory(e, "the parameters of the sweep");
    }
    cJSON_Delete(parameters);
    cJSON_Delete(environment);
    return rc;
}

/* The JSON document of a sweep, schema uvlab.sweep/1 (docs/uvlab.sweep-1.schema.json), around its
 * runs, which are written as whoever ran them made them. There may be thousands of points and many
 * thousands of runs: they are streamed, and only what surrounds them is built. Main thread. */
#include <math.h>

#include "output/document.h"
#include "output/json_text.h"
#include "output/sweep_parts.h"

static cJSON *complete(cJSON *item, bool ok)
{
    if (ok)
        return item;
    cJSON_Delete(item);
    return NULL;
}

/* null when it is not known. */
static cJSON *number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static cJSON *figure(const struct sweep_figure *f)
{
    cJSON *o;

    if (f->count == 0)
        return cJSON_CreateNull();
    o = cJSON_CreateObject();
    return complete(o, o != NULL && json_put(o, "median", number(f->median)) &&
                           json_put(o, "low", number(f->low)) &&
                           json_put(o, "high", number(f->high)));
}

/* --- What was asked for --- */

static cJSON *axis_default(const struct sweep *s, const struct sweep_axis *axis)
{
    return param_is_number(axis->param) ? json_number(sweep_axis_default(s, axis))
                                        : json_text(axis->param->preset);
}

static cJSON *axis_values(const struct sweep_axis *axis)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (uint32_t i = 0; ok && i < axis->count; i++)
        ok = json_put(array, NULL,
                      param_is_number(axis->param) ? json_number(axis->values[i].number)
                                                   : json_text(axis->values[i].text));
    return complete(array, ok);
}

static cJSON *axis_item(const struct sweep *s, const struct sweep_axis *axis)
{
    char key[DOCUMENT_KEY_BYTES];
    cJSON *o = cJSON_CreateObject();

    return complete(o, o != NULL && json_put(o, "name", json_text(axis->param->name)) &&
                           json_put(o, "key", json_text(document_key(axis->param, key))) &&
                           json_put(o, "values", axis_values(axis)) &&
                           json_put(o, "default", axis_default(s, axis)) &&
                           json_put(o, "means", cJSON_CreateBool(sweep_axis_is_means(axis))));
}

static cJSON *axes_item(const struct sweep *s)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (unsigned i = 0; ok && i < s->axis_count; i++)
        ok = json_put(array, NULL, axis_item(s, &s->axes[i]));
    return complete(array, ok);
}

static cJSON *texts(const char *const *list, size_t count)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < count; i++)
        ok = json_put(array, NULL, json_text(list[i]));
    return complete(array, ok);
}

static const char *end_name(enum sweep_end ended)
{
    static const char *const names[] = {
        [SWEEP_ENDED_KNOWN] = "known",       [SWEEP_ENDED_RUNS] = "runs",
        [SWEEP_ENDED_TIME] = "time limit",   [SWEEP_ENDED_SIGNAL] = "signal",
        [SWEEP_ENDED_FAILURES] = "failures",
    };

    return names[ended];
}

static bool put_settings(cJSON *head, const struct sweep *s)
{
    uint64_t wanted = s->runs_wanted == 0 ? SWEEP_UNKNOWN : s->runs_wanted;

    return json_put(head, "seed", json_number(s->seed)) &&
           json_put(head, "warmup_runs", json_number(s->warmup)) &&
           json_put(head, "runs_wanted", json_number(wanted)) &&
           json_put(head, "time_limit_ns", json_number(s->time_limit_ns)) &&
           json_put(head, "precision", number((double)s->precision_ppm / 1e6)) &&
           json_put(head, "margin", number((double)s->margin_ppm / 1e6)) &&
           json_put(head, "confidence", number(SWEEP_CONFIDENCE)) &&
           json_put(head, "by", json_text(sweep_by_key(s))) &&
           json_put(head, "started_at", json_text(s->started_at)) &&
           json_put(head, "took_ns", json_number(s->took_ns)) &&
           json_put(head, "interrupted", cJSON_CreateBool(s->interrupted)) &&
           json_put(head, "ended_by", json_text(end_name(s->ended)));
}

static cJSON *build_head(const struct sweep *s)
{
    cJSON *head = cJSON_CreateObject();

    return complete(head, head != NULL && json_put(head, "schema", json_text("uvlab.sweep/1")) &&
                              json_put(head, "experiment", json_text(s->experiment->name)) &&
                              json_put(head, "arguments", texts(s->arguments, s->argument_count)) &&
                              json_put(head, "axes", axes_item(s)) &&
                              json_put(head, "parameters", sweep_parameters(s)) &&
                              json_put(head, "environment", sweep_environment(s)) &&
                              put_settings(head, s));
}

/* --- Points --- */

static cJSON *value_item(const struct sweep_figure *f)
{
    cJSON *o = figure(f);

    if (o == NULL || cJSON_IsNull(o))
        return o;
    return complete(o, json_put(o, "min", number(f->min)) && json_put(o, "max", number(f->max)) &&
                           json_put(o, "unit", json_text("ns")));
}

static cJSON *shares_item(const struct sweep_point *point)
{
    cJSON *o;

    if (isnan(point->waited_share))
        return cJSON_CreateNull();
    o = cJSON_CreateObject();
    return complete(o, o != NULL && json_put(o, "waited", number(point->waited_share)) &&
                           json_put(o, "ran", number(point->ran_share)) &&
                           json_put(o, "returned", number(point->returned_share)));
}

static cJSON *outliers_item(const struct sweep_point *point)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (uint32_t i = 0; ok && i < point->outlier_count; i++)
        ok = json_put(array, NULL, json_number(point->outliers[i]));
    return complete(array, ok);
}

static bool put_figures(cJSON *o, const struct sweep_point *point)
{
    return json_put(o, "elapsed_ns", figure(&point->elapsed_ns)) &&
           json_put(o, "cpu_ns", figure(&point->cpu_ns)) &&
           json_put(o, "waited_ns", figure(&point->waited_ns)) &&
           json_put(o, "ran_ns", figure(&point->ran_ns)) &&
           json_put(o, "returned_ns", figure(&point->returned_ns)) &&
           json_put(o, "shares", shares_item(point)) &&
           json_put(o, "requests_per_s", figure(&point->requests_per_s)) &&
           json_put(o, "outliers", outliers_item(point));
}

static cJSON *point_item(const struct sweep_points *p, uint32_t i)
{
    const struct sweep_point *point = &p->list[i];
    cJSON *o = cJSON_CreateObject();

    return complete(o, o != NULL &&
                           json_put(o, "parameters", sweep_point_values(p, i, SWEEP_VALUES_ALL)) &&
                           json_put(o, "runs", json_number(point->runs)) &&
                           json_put(o, "failed", json_number(point->failed)) &&
                           json_put(o, "error", json_text(point->error)) &&
                           json_put(o, "value", value_item(&point->value)) &&
                           json_put(o, "relative", figure(&point->relative)) &&
                           json_put(o, "verdict", json_text(sweep_verdict_name(point->verdict))) &&
                           put_figures(o, point));
}

static bool write_points(const struct sweep_points *p, struct out *o)
{
    bool ok = true;

    out_text(o, "  \"points\": [");
    for (uint32_t i = 0; ok && i < p->count; i++) {
        cJSON *item = point_item(p, i);

        out_text(o, i == 0 ? "\n    " : ",\n    ");
        ok = item != NULL && json_write(o, item, 4, 0);
        cJSON_Delete(item);
    }
    out_text(o, p->count == 0 ? "],\n" : "\n  ],\n");
    return ok;
}

static void write_runs(const struct sweep *s, struct out *o)
{
    out_text(o, "  \"runs\": [");
    for (size_t i = 0; i < s->run_count; i++) {
        out_text(o, i == 0 ? "\n    " : ",\n    ");
        out_text(o, s->runs[i].json);
    }
    out_text(o, s->run_count == 0 ? "],\n" : "\n  ],\n");
}

/* --- The answer --- */

static cJSON *point_or_null(const struct sweep_points *p, uint32_t point)
{
    return point == SWEEP_NO_POINT ? cJSON_CreateNull()
                                   : sweep_point_values(p, point, SWEEP_VALUES_MEANS);
}

/* Those as good as what is recommended or, when nothing is, as the best. */
static cJSON *equal_item(const struct sweep_points *p, const struct sweep_answer *a)
{
    uint32_t but = a->recommended != SWEEP_NO_POINT ? a->recommended : a->best;
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (uint32_t i = 0; ok && i < p->count; i++) {
        bool is_equal = p->list[i].verdict == SWEEP_EQUAL || p->list[i].verdict == SWEEP_BEST;

        if (i != but && is_equal && p->list[i].group == p->list[a->first].group)
            ok = json_put(array, NULL, sweep_point_values(p, i, SWEEP_VALUES_MEANS));
    }
    return complete(array, ok);
}

static cJSON *default_item(const struct sweep_points *p, const struct sweep_answer *a)
{
    cJSON *o;

    if (a->preset == SWEEP_NO_POINT)
        return cJSON_CreateNull();
    o = cJSON_CreateObject();
    return complete(o, o != NULL && json_put(o, "parameters", point_or_null(p, a->preset)) &&
                           json_put(o, "relative", figure(&a->preset_relative)));
}

static cJSON *answer_item(const struct sweep_points *p, const struct sweep_answer *a)
{
    cJSON *o = cJSON_CreateObject();

    return complete(
        o,
        o != NULL && json_put(o, "where", sweep_point_values(p, a->first, SWEEP_VALUES_OTHERS)) &&
            json_put(o, "recommended", point_or_null(p, a->recommended)) &&
            json_put(o, "best", point_or_null(p, a->best)) &&
            json_put(o, "equal", equal_item(p, a)) && json_put(o, "default", default_item(p, a)) &&
            json_put(o, "reasons", texts((const char *const *)a->reasons, a->reason_count)));
}

static bool write_answers(const struct sweep_shown *shown, struct out *o)
{
    const struct sweep_answers *a = &shown->answers;
    bool ok = true;

    out_text(o, "  \"answers\": [");
    for (uint32_t g = 0; ok && g < a->count; g++) {
        cJSON *item = answer_item(&shown->points, &a->list[g]);

        out_text(o, g == 0 ? "\n    " : ",\n    ");
        ok = item != NULL && json_write(o, item, 4, 1);
        cJSON_Delete(item);
    }
    out_text(o, "\n  ],\n");
    return ok;
}

static bool write_recommended(const struct sweep_shown *shown, struct out *o)
{
    const struct sweep_answers *a = &shown->answers;
    cJSON *item =
        point_or_null(&shown->points, a->count == 1 ? a->list[0].recommended : SWEEP_NO_POINT);
    bool ok;

    out_text(o, "  \"recommended\": ");
    ok = item != NULL && json_write(o, item, 2, 0);
    cJSON_Delete(item);
    out_text(o, ",\n");
    return ok;
}

static bool write_warnings(const struct sweep *s, struct out *o)
{
    cJSON *item = texts((const char *const *)s->warnings, s->warning_count);
    bool ok;

    out_text(o, "  \"warnings\": ");
    ok = item != NULL && json_write(o, item, 2, 1);
    cJSON_Delete(item);
    return ok;
}

static bool write_document(const struct sweep_shown *shown, const cJSON *head, struct out *o)
{
    out_text(o, "{\n  ");
    if (!json_write_members(o, head, 2, 1))
        return false;
    out_text(o, ",\n");
    if (!write_points(&shown->points, o))
        return false;
    write_runs(shown->sweep, o);
    if (!write_recommended(shown, o) || !write_answers(shown, o) ||
        !write_warnings(shown->sweep, o))
        return false;
    out_text(o, "\n}\n");
    return true;
}

int view_sweep_json(const struct sweep_shown *shown, struct out *o, struct err *e)
{
    cJSON *head = build_head(shown->sweep);
    bool ok = head != NULL && write_document(shown, head, o);

    cJSON_Delete(head);
    return ok ? 0 : err_no_memory(e, "the JSON document of the sweep");
}

/* The views of a sweep. What they show beyond its runs (points, answers) is computed here, once.
 * Main thread. */
#include "output/sweep_view.h"

#include <string.h>

#include "output/document.h"
#include "output/json_text.h"
#include "output/sweep_parts.h"

const char *sweep_by_key(const struct sweep *s)
{
    static const char *const keys[] = {
        [SWEEP_BY_AUTO] = "elapsed_ns", /* until the first run has ended */
        [SWEEP_BY_ELAPSED] = "elapsed_ns",
        [SWEEP_BY_REQUEST] = "request_ns",
        [SWEEP_BY_LATENCY] = "latency_p50_ns",
        [SWEEP_BY_P99] = "latency_p99_ns",
        [SWEEP_BY_CPU] = "cpu_ns",
    };

    return keys[s->by];
}

cJSON *sweep_parameters(const struct sweep *s)
{
    return s->parameters == NULL ? cJSON_CreateNull() : cJSON_CreateRaw(s->parameters);
}

cJSON *sweep_environment(const struct sweep *s)
{
    return s->environment == NULL ? cJSON_CreateNull() : cJSON_CreateRaw(s->environment);
}

cJSON *sweep_point_values(const struct sweep_points *p, uint32_t point, enum sweep_values which)
{
    const struct sweep *s = p->sweep;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    for (unsigned i = 0; ok && i < s->axis_count; i++) {
        const struct sweep_axis *axis = &s->axes[i];
        const struct sweep_value *value = &axis->values[sweep_value_of(s, point, i)];
        bool is_means = p->means == 0 || sweep_axis_is_means(axis);
        char key[DOCUMENT_KEY_BYTES];

        if (which == SWEEP_VALUES_ALL || is_means == (which == SWEEP_VALUES_MEANS))
            ok = json_put(object, document_key(axis->param, key),
                          param_is_number(axis->param) ? json_number(value->number)
                                                       : json_text(value->text));
    }
    if (ok)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static int show(const struct sweep_shown *shown, unsigned format, const struct view_style *style,
                struct out *o, struct err *e)
{
    const char *name = view_names[format];

    if (strcmp(name, "json") == 0)
        return view_sweep_json(shown, o, e);
    if (strcmp(name, "ndjson") == 0)
        return view_sweep_ndjson(shown, o, e);
    if (strcmp(name, "csv") == 0)
        return view_sweep_csv(shown, o, e);
    if (strcmp(name, "trace") == 0)
        return view_sweep_trace(shown, o, e);
    return view_sweep_table(shown, style, o, e);
}

int view_sweep(const struct sweep *s, unsigned format, const struct view_style *style,
               struct out *o, struct err *e)
{
    struct sweep_shown shown = {.sweep = s};
    int rc = sweep_points_make(&shown.points, s, e);

    if (rc != 0)
        return rc;
    rc = sweep_answers_make(&shown.answers, &shown.points, e);
    if (rc == 0)
        rc = show(&shown, format, style, o, e);
    sweep_answers_free(&shown.answers);
    sweep_points_free(&shown.points);
    return rc;
}

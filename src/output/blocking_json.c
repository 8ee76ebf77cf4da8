/* What `runs[].blocking` of a document says (docs/uvlab.result-1.schema.json). Main thread. */
#include "output/blocking_json.h"

#include "analysis/blocking_summary.h"
#include "output/json_text.h"

static cJSON *complete(cJSON *item, bool ok)
{
    if (ok)
        return item;
    cJSON_Delete(item);
    return NULL;
}

static cJSON *slow_item(const struct blocking_summary *s)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && json_put(object, "count", json_number(s->slow)) &&
                                json_put(object, "first_ns", json_number(s->slow_first_ns)) &&
                                json_put(object, "last_ns", json_number(s->slow_last_ns)));
}

static cJSON *fast_item(const struct blocking_summary *s)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && json_put(object, "count", json_number(s->fast)) &&
                                json_put(object, "p50_ns", json_number(s->fast_p50_ns)) &&
                                json_put(object, "p99_ns", json_number(s->fast_p99_ns)) &&
                                json_put(object, "max_ns", json_number(s->fast_max_ns)));
}

cJSON *blocking_json(const struct run *run)
{
    const struct blocking_facts *f = run->blocking;
    struct blocking_summary s;
    cJSON *object;

    if (!blocking_summary_make(&s, run, 1, f->where))
        return NULL;
    object = cJSON_CreateObject();
    return complete(
        object,
        object != NULL && json_put(object, "where", json_text(blocking_where_names[f->where])) &&
            json_put(object, "work_ns", json_number(f->work_ns)) &&
            json_put(object, "threads", json_number(f->threads)) &&
            json_put(object, "loop_lag_ns", json_number(f->loop_lag_ns)) &&
            json_put(object, "cpu_ns", json_number(f->cpu_ns)) &&
            json_put(object, "slow", slow_item(&s)) && json_put(object, "fast", fast_item(&s)));
}

/* What `runs[].load` of a document says (docs/uvlab.result-1.schema.json). Main thread. */
#include "output/load_json.h"

#include "analysis/load_summary.h"
#include "output/json_text.h"

static cJSON *complete(cJSON *object, bool ok)
{
    if (ok)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *percentiles(const struct load_percentiles *p)
{
    cJSON *object;

    if (p->count == 0)
        return cJSON_CreateNull();
    object = cJSON_CreateObject();
    return complete(object, object != NULL && json_put(object, "count", json_number(p->count)) &&
                                json_put(object, "min", json_number(p->min)) &&
                                json_put(object, "mean", json_number(p->mean)) &&
                                json_put(object, "p50", json_number(p->p50)) &&
                                json_put(object, "p90", json_number(p->p90)) &&
                                json_put(object, "p99", json_number(p->p99)) &&
                                json_put(object, "p999", json_number(p->p999)) &&
                                json_put(object, "max", json_number(p->max)));
}

static cJSON *errors(const struct load_facts *f)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    for (unsigned i = 0; ok && i < LOAD_ERRORS; i++)
        ok = json_put(object, load_error_names[i], json_number(f->errors[i]));
    return complete(object, ok);
}

static cJSON *rate(double per_second)
{
    return per_second > 0 ? cJSON_CreateNumber(per_second) : cJSON_CreateNull();
}

/* [least, greatest, count] of each bucket that is not empty. */
static cJSON *buckets(const struct histogram *h)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (unsigned i = 0; ok && i < HISTOGRAM_BUCKETS; i++) {
        cJSON *bucket;

        if (h->buckets[i] == 0)
            continue;
        bucket = cJSON_CreateArray();
        ok = json_put(array, NULL, bucket) &&
             json_put(bucket, NULL, json_number(histogram_least(i))) &&
             json_put(bucket, NULL, json_number(histogram_greatest(i))) &&
             json_put(bucket, NULL, json_number(h->buckets[i]));
    }
    return complete(array, ok);
}

static bool put_counts(cJSON *object, const struct load_facts *f)
{
    return json_put(object, "asked_for", json_number(f->submitted)) &&
           json_put(object, "answered", json_number(f->answered)) &&
           json_put(object, "errors", errors(f)) &&
           json_put(object, "cancelled", json_number(f->cancelled)) &&
           json_put(object, "unsent", json_number(f->unsent)) &&
           json_put(object, "retried", json_number(f->retried)) &&
           json_put(object, "connections", json_number(f->connections)) &&
           json_put(object, "ended", json_number(f->ended)) &&
           json_put(object, "threads", json_number(f->threads)) &&
           json_put(object, "sent_bytes", json_number(f->sent_bytes)) &&
           json_put(object, "received_bytes", json_number(f->received_bytes)) &&
           json_put(object, "spans", json_number(f->spans));
}

static bool put_rates(cJSON *object, const struct load_facts *f, const struct load_summary *s)
{
    return json_put(object, "requests_per_s", rate(s->requests_per_s)) &&
           json_put(object, "rate_wanted", rate(f->rate_wanted)) &&
           json_put(object, "rate_due", rate(f->rate_due)) &&
           json_put(object, "rate_got", rate(s->rate_got));
}

cJSON *load_json(const struct run *run)
{
    const struct load_facts *f = run->load;
    cJSON *object = cJSON_CreateObject();
    struct load_summary s;
    struct err ignored; /* there is but one reason */
    bool ok = object != NULL && load_summary_make(&s, run, &ignored) == 0;

    ok = ok && put_counts(object, f) && put_rates(object, f, &s) &&
         json_put(object, "latency_ns", percentiles(&s.latency)) &&
         json_put(object, "uncorrected_ns", percentiles(&s.uncorrected)) &&
         json_put(object, "late_ns", percentiles(&s.late)) &&
         json_put(object, "exact", cJSON_CreateBool(s.exact));
    if (ok && f->histogram_only)
        ok = json_put(object, "histogram", buckets(f->rate_wanted > 0 ? &f->since_due : &f->total));
    return complete(object, ok);
}

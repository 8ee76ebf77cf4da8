/* The JSON document, schema uvlab.result/1 (docs/uvlab.result-1.schema.json). What is small is
 * built first, so that running out of memory is known before anything is written; the runs, which
 * can hold a million spans, are streamed in between. Main thread; reads the result. */
#include "analysis/summary.h"
#include "output/blocking_json.h"
#include "output/cluster_json.h"
#include "output/document.h"
#include "output/json_text.h"
#include "output/load_json.h"
#include "output/view.h"

/* The document around its runs. */
struct frame {
    cJSON *head, *tail;
};

static bool build_head(cJSON *head, const struct result *r)
{
    return head != NULL && json_put(head, "schema", json_text("uvlab.result/1")) &&
           json_put(head, "experiment", json_text(r->experiment->name)) &&
           json_put(head, "parameters", document_parameters(r)) &&
           json_put(head, "environment", document_environment(r)) &&
           json_put(head, "started_at", json_text(r->started_at)) &&
           json_put(head, "interrupted", cJSON_CreateBool(r->interrupted)) &&
           json_put(head, "warmup_runs", json_number(r->warmup_runs));
}

/* The statistics of one duration; null when it was never known. */
static cJSON *stats_item(const struct stats *s)
{
    cJSON *object;

    if (s->count == 0)
        return cJSON_CreateNull();
    object = cJSON_CreateObject();
    if (object != NULL && json_put(object, "min", json_number(s->min)) &&
        json_put(object, "mean", json_number(s->mean)) &&
        json_put(object, "p50", json_number(s->p50)) &&
        json_put(object, "p90", json_number(s->p90)) &&
        json_put(object, "p99", json_number(s->p99)) &&
        json_put(object, "max", json_number(s->max)) &&
        json_put(object, "stddev", json_number(s->stddev)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *summary_item(const struct summary_row *row)
{
    cJSON *object = cJSON_CreateObject();

    if (object != NULL && json_put(object, "count", json_number(row->count)) &&
        json_put(object, "errors", json_number(row->errors)) &&
        json_put(object, "total_ns", stats_item(&row->total)) &&
        json_put(object, "waited_ns", stats_item(&row->waited)) &&
        json_put(object, "ran_ns", stats_item(&row->ran)) &&
        json_put(object, "returned_ns", stats_item(&row->returned)) &&
        json_put(object, "cpu_ns", stats_item(&row->cpu)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *runs_item(const struct summary_runs *runs)
{
    cJSON *object;

    if (runs->count == 0)
        return cJSON_CreateNull();
    object = cJSON_CreateObject();
    if (object != NULL && json_put(object, "count", json_number(runs->count)) &&
        json_put(object, "elapsed_ns", stats_item(&runs->elapsed)) &&
        json_put(object, "cpu_ns", stats_item(&runs->cpu)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *kinds_item(const struct summary *summary)
{
    cJSON *kinds = cJSON_CreateObject();

    for (size_t i = 0; kinds != NULL && i < summary->count; i++) {
        if (json_put(kinds, summary->rows[i].kind->kind, summary_item(&summary->rows[i])))
            continue;
        cJSON_Delete(kinds);
        return NULL;
    }
    return kinds;
}

static bool build_tail(cJSON *tail, const struct result *r, const struct summary *summary,
                       const struct summary_runs *runs)
{
    return tail != NULL && json_put(tail, "summary_runs", runs_item(runs)) &&
           json_put(tail, "summary", kinds_item(summary)) &&
           json_put(tail, "warnings", document_warnings(r)) &&
           json_put(tail, "claims", document_claims(r));
}

static int frame_make(struct frame *f, const struct result *r, struct err *e)
{
    struct summary summary;
    struct summary_runs runs;
    bool built;

    *f = (struct frame){NULL, NULL};
    if (summary_of_runs(&runs, r, e) != 0 || summary_make(&summary, r, e) != 0)
        return -1;
    f->head = cJSON_CreateObject();
    f->tail = cJSON_CreateObject();
    built = build_head(f->head, r) && build_tail(f->tail, r, &summary, &runs);
    summary_free(&summary);
    return built ? 0 : err_no_memory(e, "the JSON document");
}

static void write_spans(const struct run *run, bool wanted, struct out *o)
{
    struct span s;

    if (!wanted) {
        out_text(o, "      \"spans_left_out\": ");
        out_number(o, run->recorder.count);
        out_text(o, ",\n      \"spans\": []\n");
        return;
    }
    out_text(o, "      \"spans\": [");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        out_text(o, i == 0 ? "\n        {" : ",\n        {");
        view_span_members(&s, o);
        out_text(o, "}");
    }
    out_text(o, run->recorder.count == 0 ? "]\n" : "\n      ]\n");
}

/* What its calls came to, for whoever reads no spans; of what was measured alone, as there may be
 * thousands of trials. */
static bool write_summaries(const struct result *r, const struct run *run, struct out *o)
{
    struct summary kinds, calls;
    struct err ignored; /* there is but one reason */
    cJSON *item;
    bool ok;

    if (run->pass->role != PASS_MEASURED)
        return true;
    if (summary_make_of_run(&kinds, r, run, &ignored) != 0)
        return false;
    if (summary_make_of_calls(&calls, r, run, &ignored) != 0) {
        summary_free(&kinds);
        return false;
    }
    item = cJSON_CreateObject();
    ok = item != NULL && json_put(item, "summary", kinds_item(&kinds)) &&
         json_put(item, "calls",
                  calls.count > 0 ? summary_item(&calls.rows[0]) : cJSON_CreateNull());
    summary_free(&kinds);
    summary_free(&calls);
    out_text(o, "      ");
    ok = ok && json_write_members(o, item, 6, 1);
    cJSON_Delete(item);
    out_text(o, ",\n");
    return ok;
}

static bool write_load(const struct run *run, struct out *o)
{
    cJSON *load;
    bool ok;

    if (run->load == NULL)
        return true;
    load = load_json(run);
    out_text(o, "      \"load\": ");
    ok = load != NULL && json_write(o, load, 6, 1);
    cJSON_Delete(load);
    out_text(o, ",\n");
    return ok;
}

static bool write_cluster(const struct result *r, const struct run *run, struct out *o)
{
    cJSON *cluster;
    bool ok;

    if (run->cluster == NULL)
        return true;
    cluster = cluster_json(run, result_option(r, "tls", 0) != 0);
    out_text(o, "      \"cluster\": ");
    ok = cluster != NULL && json_write(o, cluster, 3, 1);
    cJSON_Delete(cluster);
    out_text(o, ",\n");
    return ok;
}

static bool write_blocking(const struct run *run, struct out *o)
{
    cJSON *blocking;
    bool ok;

    if (run->blocking == NULL)
        return true;
    blocking = blocking_json(run);
    out_text(o, "      \"blocking\": ");
    ok = blocking != NULL && json_write(o, blocking, 6, 1);
    cJSON_Delete(blocking);
    out_text(o, ",\n");
    return ok;
}

static bool write_run(const struct result *r, const struct run *run, bool spans, struct out *o)
{
    cJSON *override = document_override(r, run);
    bool ok;

    out_text(o, "    {\n      \"role\": ");
    json_out_string(o, document_role(run));
    out_text(o, ",\n      \"parameters\": ");
    ok = override != NULL && json_write(o, override, 0, 0);
    cJSON_Delete(override);
    out_text(o, ",\n      \"interrupted\": ");
    out_text(o, run->interrupted ? "true" : "false");
    out_text(o, ",\n      \"elapsed_ns\": ");
    json_out_number(o, run->elapsed_ns);
    out_text(o, ",\n      \"cpu_ns\": ");
    json_out_number(o, run->cpu_ns);
    out_text(o, ",\n      \"pool_cpu_ns\": ");
    json_out_number(o, run->pool_cpu_ns);
    out_text(o, ",\n      \"loop\": {\"iterations\":");
    json_out_number(o, run->loop_facts.iterations);
    out_text(o, ",\"idle_ns\":");
    json_out_number(o, run->loop_facts.idle_ns);
    out_text(o, ",\"max_lag_ns\":");
    json_out_number(o, run->loop_facts.max_lag_ns);
    out_text(o, "},\n");
    ok = ok && write_summaries(r, run, o);
    ok = ok && write_load(run, o) && write_cluster(r, run, o) && write_blocking(run, o);
    write_spans(run, spans, o);
    out_text(o, "    }");
    return ok;
}

static bool write_document(const struct frame *f, const struct result *r, bool spans, struct out *o)
{
    out_text(o, "{\n  ");
    if (!json_write_members(o, f->head, 2, 1))
        return false;
    out_text(o, ",\n  \"runs\": [");
    for (uint32_t i = 0; i < r->run_count; i++) {
        out_text(o, i == 0 ? "\n" : ",\n");
        if (!write_run(r, &r->runs[i], spans, o))
            return false;
    }
    out_text(o, r->run_count == 0 ? "],\n  " : "\n  ],\n  ");
    if (!json_write_members(o, f->tail, 2, 2))
        return false;
    out_text(o, "\n}\n");
    return true;
}

int view_json(const struct result *r, const struct view_style *style, struct out *o, struct err *e)
{
    struct frame f;
    int rc = frame_make(&f, r, e);

    if (rc == 0 && !write_document(&f, r, !style->no_spans, o))
        rc = err_no_memory(e, "the JSON document");
    cJSON_Delete(f.head);
    cJSON_Delete(f.tail);
    return rc;
}

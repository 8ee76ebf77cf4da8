/* A trace in Chrome's trace event format, for Perfetto and chrome://tracing. A run is a process, a
 * lane is a thread of it.
 *
 *   loop      what its thread submitted and called back, as marks. How long that took is not
 *             recorded: marks are drawn 1 microsecond wide, or up to the next one.
 *   pool N    what ran there. A thread runs one call at a time, so these are complete events.
 *   (async)   what overlaps: waiting, returning, and what ran elsewhere than on a pool thread. Of a
 *             sort that fits into no more rows some are left out; otherData tells how many.
 *   worker N  a process that served requests, as it told of them itself: its loop's calls overlap,
 *             those on its threads (worker N pool M) do not
 *   kills     a mark through all tracks of a run, when a worker was killed
 *   arrows    from a submission to its start, from its end to its callback.
 *   counters  calls that wait in the pool's queue, threads that are busy.
 *
 * What is unknown is left out; what had not ended when the run was given up is left open.
 * Main thread; reads the result. */
#include <stdio.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/cluster_facts.h"
#include "output/document.h"
#include "output/json_text.h"
#include "output/table.h"
#include "output/trace_draw.h"
#include "output/view.h"
#include "output/worker_lanes.h"

/* The counters of a run, and what of them has been written. */
struct levels {
    int64_t queued, busy, shown_queued, shown_busy;
};

/* Calls of the pool's own queue. Of one that was called back without a start only a cancelled one
 * is known to have been in the queue until then. */
static bool is_queued(const struct trace_event *event, const struct span *s)
{
    if (!(s->kind->traits & SPAN_POOLED) || event->has_parts || s->submitted_ns == SPAN_UNKNOWN)
        return false;
    if (span_is_phase(s)) /* a lookup by libcurl, on a thread of its own */
        return false;
    return s->started_ns != SPAN_UNKNOWN || s->called_back_ns == SPAN_UNKNOWN ||
           s->status == UV_ECANCELED;
}

static void count(struct levels *l, enum trace_instant instant, const struct span *s)
{
    bool has_started = s->started_ns != SPAN_UNKNOWN;

    if (instant == TRACE_SUBMITTED) {
        l->queued++;
    } else if (instant == TRACE_STARTED) {
        l->queued--;
        l->busy++;
    } else if (instant == TRACE_FINISHED && has_started) {
        l->busy--;
    } else if (instant == TRACE_CALLED_BACK && !has_started) {
        l->queued--;
    }
}

static void out_counter(struct tracer *t, const struct trace_event *event, const char *name,
                        const char *unit, int64_t level)
{
    trace_open_timed(t, "C", event->run, LANE_LOOP, event->at_ns);
    out_format(t->out, ",\"name\":\"%s\",\"args\":{\"%s\":%lld}", name, unit, (long long)level);
    trace_end(t);
}

/* Written after the last event of a moment, when they have changed. */
static void out_levels(struct tracer *t, size_t i, struct levels *l)
{
    const struct trace_event *event = &t->events.list[i], *next = event + 1;

    if (i + 1 < t->events.count && next->at_ns == event->at_ns && next->run == event->run)
        return;
    if (l->queued != l->shown_queued)
        out_counter(t, event, "queue depth", "calls", l->shown_queued = l->queued);
    if (l->busy != l->shown_busy)
        out_counter(t, event, "busy threads", "threads", l->shown_busy = l->busy);
}

static void out_events(struct tracer *t, struct levels *levels)
{
    struct span s;

    for (size_t i = 0; i < t->events.count; i++) {
        const struct trace_event *event = &t->events.list[i];
        struct levels *l = &levels[event->run];

        if (event->instant == TRACE_KILLED) {
            trace_draw_kill(t, event);
        } else {
            recorder_get(&t->result->runs[event->run].recorder, event->span, &s);
            trace_draw(t, i, &s);
            if (is_queued(event, &s))
                count(l, event->instant, &s);
        }
        out_levels(t, i, l);
    }
}

static void out_metadata(struct tracer *t, uint32_t run, int lane, const char *what,
                         const char *name, uint64_t order)
{
    trace_open(t, "M", run, lane);
    out_format(t->out, ",\"name\":\"%s_name\",\"args\":{\"name\":\"%s\"}}", what, name);
    trace_open(t, "M", run, lane);
    out_format(t->out, ",\"name\":\"%s_sort_index\",\"args\":{\"sort_index\":%llu}", what,
               (unsigned long long)order);
    trace_end(t);
}

static bool uses_os_lane(const struct recorder *r)
{
    struct span s;

    for (uint32_t i = 0; i < r->count; i++) {
        recorder_get(r, i, &s);
        if (s.lane == LANE_OS)
            return true;
    }
    return false;
}

static void name_worker(struct tracer *t, uint32_t run, int lane)
{
    char name[SPAN_TEXT_BYTES];

    out_metadata(t, run, lane, "thread", span_lane_name(lane, name), (uint64_t)lane);
}

/* A worker may have been killed before it answered anything, several times. */
static void name_killed(struct tracer *t, uint32_t run, const struct worker_lanes *workers)
{
    const struct cluster_facts *f = t->result->runs[run].cluster;

    for (uint32_t i = 0; f != NULL && i < f->kill_count; i++) {
        int lane = lane_of_worker(f->killed[i].worker, 0);
        uint32_t place = worker_lanes_place(workers, lane), before = 0;

        if (place < workers->count && workers->lanes[place] == lane)
            continue;
        while (f->killed[before].worker != f->killed[i].worker)
            before++;
        if (before == i)
            name_worker(t, run, lane);
    }
}

static bool name_workers(struct tracer *t, uint32_t run)
{
    struct worker_lanes workers;
    bool ok = worker_lanes_find(&workers, &t->result->runs[run]);

    for (uint32_t i = 0; ok && i < workers.count; i++)
        name_worker(t, run, workers.lanes[i]);
    if (ok)
        name_killed(t, run, &workers);
    worker_lanes_free(&workers);
    return ok;
}

/* False when memory is short. */
static bool name_tracks(struct tracer *t, uint32_t run)
{
    const struct run *of = &t->result->runs[run];
    char name[SPAN_TEXT_BYTES];

    if (of->pass->role == PASS_MEASURED)
        snprintf(name, sizeof name, "run %u", (unsigned)run + 1);
    else
        snprintf(name, sizeof name, "run %u (%s)", (unsigned)run + 1, document_role(of));
    out_metadata(t, run, LANE_LOOP, "process", name, run + 1);
    for (int lane = LANE_LOOP; lane <= (int)of->pool_size; lane++)
        out_metadata(t, run, lane, "thread", span_lane_name(lane, name), (unsigned)lane);
    if (uses_os_lane(&of->recorder))
        out_metadata(t, run, LANE_OS, "thread", span_lane_name(LANE_OS, name), LANE_OS);
    return name_workers(t, run);
}

static cJSON *other_data(const struct result *r)
{
    cJSON *object = cJSON_CreateObject();

    if (object != NULL && json_put(object, "experiment", json_text(r->experiment->name)) &&
        json_put(object, "started_at", json_text(r->started_at)) &&
        json_put(object, "interrupted", cJSON_CreateBool(r->interrupted)) &&
        json_put(object, "parameters", document_parameters(r)) &&
        json_put(object, "environment", document_environment(r)) &&
        json_put(object, "warnings", document_warnings(r)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

/* The time unit is that in which the recorded times are exact, and not only a way to show them:
 * with "ms" chrome://tracing takes slices for nested that lie less than a microsecond apart. */
static bool write_trace(struct tracer *t, struct levels *levels, cJSON *other)
{
    bool ok = true;

    out_text(t->out, "{\"traceEvents\":[");
    for (uint32_t run = 0; ok && run < t->result->run_count; run++)
        ok = name_tracks(t, run);
    if (!ok)
        return false;
    out_events(t, levels);
    out_text(t->out, "\n],\n\"displayTimeUnit\":\"ns\",\n\"otherData\":");
    ok = json_put(other, "slices_left_out", json_number(t->left_out)) &&
         json_write(t->out, other, 0, 2);
    out_text(t->out, "}\n");
    return ok;
}

/* What is kept for each run while it is drawn, in one piece of memory; NULL when it is short. */
static struct trace_rows *make_rows(const struct result *r)
{
    size_t spans = 0, runs = r->run_count;
    struct trace_rows *rows;
    uint8_t *drawn;

    for (uint32_t run = 0; run < runs; run++)
        spans += r->runs[run].recorder.count;
    rows = mem_zeroed(1, (runs + 1) * sizeof *rows + spans);
    if (rows == NULL)
        return NULL;
    drawn = (uint8_t *)(rows + runs + 1);
    for (uint32_t run = 0; run < runs; run++) {
        rows[run].drawn = drawn;
        drawn += r->runs[run].recorder.count;
    }
    return rows;
}

int view_trace(const struct result *r, const struct view_style *style, struct out *o, struct err *e)
{
    struct tracer t = {.result = r, .out = o};
    struct levels *levels;
    cJSON *other;
    int rc;

    (void)style;
    rc = trace_events_collect(&t.events, r, e);
    if (rc != 0)
        return rc;
    other = other_data(r);
    levels = mem_zeroed(r->run_count + 1, sizeof *levels);
    t.rows = make_rows(r);
    if (other == NULL || levels == NULL || t.rows == NULL || !write_trace(&t, levels, other))
        rc = err_no_memory(e, "the trace");
    cJSON_Delete(other);
    mem_free(levels);
    mem_free(t.rows);
    trace_events_free(&t.events);
    return rc;
}

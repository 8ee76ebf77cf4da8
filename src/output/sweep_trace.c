/* A sweep as Chrome trace events, for Perfetto: a process per point, so that the points lie below
 * each other and one sees how they took turns and what a slow minute did to whom. A run is a slice
 * from when its process was started to when it had ended; what it came to are its arguments.
 *
 * When a run began is known to the millisecond only: a slice is cut where the next one of its point
 * begins. Main thread; reads the sweep. */
#include <inttypes.h>
#include <stdio.h>

#include "output/json_text.h"
#include "output/sweep_parts.h"

enum { NAME_BYTES = 400 };

static void out_head(struct out *o, const char *phase, uint32_t point, bool *any)
{
    out_text(o, *any ? ",\n" : "\n");
    *any = true;
    out_format(o, "{\"ph\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32, phase, point + 1,
               point + 1);
}

static void name_point(const struct sweep *s, uint32_t point, bool *any, struct out *o)
{
    char name[NAME_BYTES];

    out_head(o, "M", point, any);
    out_text(o, ",\"name\":\"process_name\",\"args\":{\"name\":");
    json_out_string(o, s->axis_count == 0 ? s->experiment->name
                                          : sweep_point_name(s, point, name, sizeof name));
    out_text(o, "}}");
    out_head(o, "M", point, any);
    out_format(o, ",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%" PRIu32 "}}", point);
    out_head(o, "M", point, any);
    out_text(o, ",\"name\":\"thread_name\",\"args\":{\"name\":\"runs\"}}");
}

static void out_argument(struct out *o, const char *key, uint64_t value)
{
    out_format(o, ",\"%s\":", key);
    json_out_number(o, value);
}

static void out_arguments(struct out *o, const struct sweep_run *run)
{
    out_format(o, ",\"args\":{\"round\":%" PRIu32, run->round);
    out_argument(o, "elapsed_ns", run->elapsed_ns);
    out_argument(o, "cpu_ns", run->cpu_ns);
    out_argument(o, "total_ns", run->calls.total_ns);
    out_argument(o, "waited_ns", run->calls.waited_ns);
    out_argument(o, "ran_ns", run->calls.ran_ns);
    out_argument(o, "returned_ns", run->calls.returned_ns);
    if (run->error != NULL) {
        out_text(o, ",\"error\":");
        json_out_string(o, run->error);
    }
    out_text(o, "}}");
}

/* `most_ns`: until the next run of the point. */
static void out_run(struct out *o, const struct sweep_run *run, uint64_t begin_ms, uint64_t most_ns,
                    bool *any)
{
    uint64_t took_ns = run->process_ns == SWEEP_UNKNOWN ? 0 : run->process_ns;

    if (took_ns > most_ns)
        took_ns = most_ns;
    out_head(o, "X", run->point, any);
    out_format(o, ",\"ts\":%" PRIu64 ",\"dur\":%" PRIu64 ".%03u",
               (run->started_ms - begin_ms) * 1000, took_ns / 1000, (unsigned)(took_ns % 1000));
    out_format(o, ",\"name\":\"round %" PRIu32 "%s\",\"cat\":\"run\"", run->round + 1,
               run->error == NULL ? "" : " (failed)");
    if (run->error != NULL)
        out_text(o, ",\"cname\":\"terrible\"");
    out_arguments(o, run);
}

static uint64_t begin_of(const struct sweep *s)
{
    uint64_t begin_ms = UINT64_MAX;

    for (size_t i = 0; i < s->run_count; i++)
        begin_ms = s->runs[i].started_ms < begin_ms ? s->runs[i].started_ms : begin_ms;
    return begin_ms;
}

/* How long the slice of the i-th run of the point may be: until the next. */
static uint64_t most_ns_of(const struct sweep_points *p, const struct sweep_point *of, uint32_t i)
{
    const struct sweep_run *run = &p->sweep->runs[p->order[of->first + i]], *next;

    if (i + 1 == of->total)
        return UINT64_MAX;
    next = &p->sweep->runs[p->order[of->first + i + 1]];
    return next->started_ms <= run->started_ms ? UINT64_MAX
                                               : (next->started_ms - run->started_ms) * 1000000;
}

static void out_point(const struct sweep_points *p, uint32_t point, uint64_t begin_ms, bool *any,
                      struct out *o)
{
    const struct sweep_point *of = &p->list[point];

    name_point(p->sweep, point, any, o);
    for (uint32_t i = 0; i < of->total; i++)
        out_run(o, &p->sweep->runs[p->order[of->first + i]], begin_ms, most_ns_of(p, of, i), any);
}

static cJSON *other_data(const struct sweep *s)
{
    cJSON *o = cJSON_CreateObject();

    if (o != NULL && json_put(o, "experiment", json_text(s->experiment->name)) &&
        json_put(o, "started_at", json_text(s->started_at)) &&
        json_put(o, "interrupted", cJSON_CreateBool(s->interrupted)) &&
        json_put(o, "parameters", sweep_parameters(s)) &&
        json_put(o, "environment", sweep_environment(s)))
        return o;
    cJSON_Delete(o);
    return NULL;
}

int view_sweep_trace(const struct sweep_shown *shown, struct out *o, struct err *e)
{
    cJSON *other = other_data(shown->sweep);
    uint64_t begin_ms = begin_of(shown->sweep);
    bool any = false, ok = other != NULL;

    if (ok) {
        out_text(o, "{\"traceEvents\":[");
        for (uint32_t i = 0; i < shown->points.count; i++)
            out_point(&shown->points, i, begin_ms, &any, o);
        out_text(o, "\n],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":");
        ok = json_write(o, other, 0, 1);
        out_text(o, "}\n");
    }
    cJSON_Delete(other);
    return ok ? 0 : err_no_memory(e, "the trace of the sweep");
}

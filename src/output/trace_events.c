/* A trace is a list of events in the order of time. Spans are recorded one by one and overlap, so
 * their instants are collected and sorted here; this is the one view that needs memory for it.
 * Main thread; reads the result. */
#include "output/trace_events.h"

#include <stdlib.h>

#include "base/mem.h"
#include "measure/cluster_facts.h"

_Static_assert(sizeof(struct trace_event) == 16, "a million spans have five million of them");

static int compare(const void *left, const void *right)
{
    const struct trace_event *a = left, *b = right;

    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    if (a->instant != b->instant)
        return a->instant < b->instant ? -1 : 1;
    return a->span < b->span ? -1 : a->span > b->span;
}

static void add(struct trace_events *events, uint64_t at_ns, struct trace_event like,
                enum trace_instant instant)
{
    if (at_ns == SPAN_UNKNOWN)
        return;
    like.at_ns = at_ns;
    like.instant = instant;
    events->list[events->count++] = like;
}

static uint32_t kills_of(const struct run *run)
{
    return run->cluster == NULL ? 0 : run->cluster->kill_count;
}

/* `parents` has a byte for each span of the largest run. */
static void collect_run(struct trace_events *events, const struct result *r, uint32_t run,
                        bool *parents)
{
    const struct recorder *recorder = &r->runs[run].recorder;
    struct span s;

    for (uint32_t i = 0; i < recorder->count; i++)
        parents[i] = false;
    for (uint32_t i = 0; i < recorder->count; i++) {
        uint32_t parent = recorder->on_loop[i].parent;

        if (parent != SPAN_NONE)
            parents[parent] = true;
    }
    for (uint32_t i = 0; i < kills_of(&r->runs[run]); i++) {
        struct trace_event like = {.span = i, .run = run & 0xffffff};

        add(events, r->runs[run].cluster->killed[i].killed_ns, like, TRACE_KILLED);
    }
    for (uint32_t i = 0; i < recorder->count; i++) {
        struct trace_event like = {.span = i, .run = run & 0xffffff, .has_parts = parents[i]};
        uint64_t ran_ns;

        recorder_get(recorder, i, &s);
        ran_ns = span_ran_ns(&s);
        add(events, s.submitted_ns, like, TRACE_SUBMITTED);
        add(events, s.started_ns, like, TRACE_STARTED);
        if (ran_ns != SPAN_UNKNOWN && ran_ns > 0)
            add(events, s.finished_ns - 1, like, TRACE_FINISHING);
        add(events, s.finished_ns, like, TRACE_FINISHED);
        add(events, s.called_back_ns, like, TRACE_CALLED_BACK);
    }
}

int trace_events_collect(struct trace_events *events, const struct result *r, struct err *e)
{
    size_t instants = 0, most = 0;
    bool *parents;

    *events = (struct trace_events){NULL, 0};
    for (uint32_t run = 0; run < r->run_count; run++) {
        size_t count = r->runs[run].recorder.count;

        instants += count * TRACE_INSTANTS + kills_of(&r->runs[run]);
        most = count > most ? count : most;
    }
    if (instants == 0)
        return 0;
    parents = mem_alloc((most + 1) * sizeof *parents);
    events->list = mem_alloc(instants * sizeof *events->list);
    if (parents == NULL || events->list == NULL) {
        mem_free(parents);
        trace_events_free(events);
        return err_no_memory(e, "the events of the trace");
    }
    for (uint32_t run = 0; run < r->run_count; run++)
        collect_run(events, r, run, parents);
    mem_free(parents);
    qsort(events->list, events->count, sizeof *events->list, compare);
    return 0;
}

void trace_events_free(struct trace_events *events)
{
    mem_free(events->list);
    *events = (struct trace_events){NULL, 0};
}

uint64_t trace_events_gap(const struct trace_events *events, size_t i, uint64_t most_ns)
{
    const struct trace_event *from = &events->list[i];

    for (size_t k = i + 1; k < events->count; k++) {
        const struct trace_event *next = &events->list[k];
        uint64_t gap_ns = next->at_ns - from->at_ns;

        if (gap_ns >= most_ns)
            break;
        if (gap_ns > 0 && next->run == from->run &&
            (next->instant == TRACE_SUBMITTED || next->instant == TRACE_CALLED_BACK))
            return gap_ns;
    }
    return most_ns;
}

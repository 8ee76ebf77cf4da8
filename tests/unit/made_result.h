/* Results made by hand, for tests of what looks at results: spans with the instants that a test
 * wants, recorded by the recorder itself. A tick is a nanosecond here. */
#ifndef UVLAB_TESTS_MADE_RESULT_H
#define UVLAB_TESTS_MADE_RESULT_H

#include <string.h>

#include "base/mem.h"
#include "measure/result.h"

static const struct pass made_measured = {.role = PASS_MEASURED};
static const struct pass made_baseline = {.role = PASS_BASELINE};

enum { MADE_RUNS_MOST = 32 };

/* An empty result of `experiment`, with room for MADE_RUNS_MOST runs. Free with result_free(). */
static inline void made_result(struct result *r, const struct experiment *experiment)
{
    memset(r, 0, sizeof *r);
    r->experiment = experiment;
    r->runs = mem_zeroed(MADE_RUNS_MOST, sizeof *r->runs);
    assert_non_null(r->runs);
}

/* Adds a run with room for `capacity` spans of the given kinds, of which `extras` (enum
 * recorder_extra) are recorded. */
static inline struct run *made_run_with(struct result *r, const struct pass *pass,
                                        uint32_t capacity, const struct span_kind *const *kinds,
                                        unsigned extras)
{
    struct run *run = &r->runs[r->run_count++];
    struct err e;

    assert_true(r->run_count <= MADE_RUNS_MOST);
    run->experiment = r->experiment;
    run->pass = pass;
    run->pool_cpu_ns = SPAN_UNKNOWN;
    assert_int_equal(recorder_init(&run->recorder, capacity, kinds, extras, &e), 0);
    run->recorder.scale = (struct clock_scale){.mult = 1, .shift = 0, .ticks_per_ns = 1};
    return run;
}

/* The same, which records what the experiment does. */
static inline struct run *made_run(struct result *r, const struct pass *pass, uint32_t capacity,
                                   const struct span_kind *const *kinds)
{
    return made_run_with(r, pass, capacity, kinds, r->experiment->records);
}

/* The instants of a span; those that are SPAN_UNKNOWN are not recorded. */
struct made_span {
    unsigned kind;
    int lane;
    int status;
    uint64_t submitted, started, finished, called_back;
};

/* Adds a span and returns its index. */
static inline uint32_t made_span(struct run *run, struct made_span s)
{
    struct recorder *r = &run->recorder;
    uint32_t i = recorder_open(r, 1, s.kind, r->count + 1);

    r->on_loop[i].submitted = s.submitted;
    if (s.started != SPAN_UNKNOWN)
        span_started(&r->on_worker[i], s.started, s.lane);
    if (s.finished != SPAN_UNKNOWN)
        span_finished(&r->on_worker[i], s.finished, s.status);
    if (s.called_back != SPAN_UNKNOWN)
        span_called_back(r, i, s.called_back, s.status);
    return i;
}

/* The same as a part of the call of index `whole`. */
static inline uint32_t made_part(struct run *run, uint32_t whole, struct made_span s)
{
    uint32_t i = made_span(run, s);

    recorder_parent(&run->recorder, i, whole);
    return i;
}

/* The same with the CPU time of its thread. */
static inline uint32_t made_span_with_cpu(struct run *run, struct made_span s, uint64_t cpu_ns)
{
    uint32_t i = made_span(run, s);

    span_cpu(&run->recorder.on_worker[i], cpu_ns);
    return i;
}

#endif

/* Runs of `blocking` made by hand: slow requests with what was done for them, and requests for the
 * fast route. */
#ifndef UVLAB_TESTS_MADE_BLOCKING_H
#define UVLAB_TESTS_MADE_BLOCKING_H

#include "made_result.h"

#include "experiments/blocking/blocking.h"

#undef UNKNOWN
#undef MS
#define UNKNOWN SPAN_UNKNOWN
#define MS UINT64_C(1000000)

extern const struct experiment experiment_blocking;

static struct result result;
static struct blocking_options options;
static struct run *run;

/* A run with its work there; the one that is being made from now on. */
static inline struct run *made_blocking_run(const struct pass *pass, enum blocking_where where)
{
    run = made_run(&result, pass, 128, experiment_blocking.kinds);
    run->blocking = mem_zeroed(1, sizeof *run->blocking);
    assert_non_null(run->blocking);
    *run->blocking = (struct blocking_facts){.where = where,
                                             .threads = 1,
                                             .requests = 2,
                                             .work_ns = 100,
                                             .loop_lag_ns = UNKNOWN,
                                             .cpu_ns = UNKNOWN};
    run->elapsed_ns = 1000 * MS;
    return run;
}

/* A measured run on the loop. */
static inline int made_blocking(void **state)
{
    (void)state;
    made_result(&result, &experiment_blocking);
    options = (struct blocking_options){.where = BLOCKING_LOOP};
    result.options.table = experiment_blocking.params;
    result.options.values = &options;
    result.plan.pass_count = 1;
    result.others_cpu_ns = result.stolen_ns = 0;
    result.watched_ns = 1000 * MS;
    made_blocking_run(&made_measured, BLOCKING_LOOP);
    return 0;
}

static inline int made_blocking_end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static inline uint32_t made_request(unsigned kind, int status, uint64_t submitted, uint64_t started,
                                    uint64_t finished, uint64_t called_back)
{
    uint32_t i = made_span(run, (struct made_span){.kind = kind,
                                                   .lane = lane_of_worker(1, 0),
                                                   .status = status,
                                                   .submitted = submitted,
                                                   .started = started,
                                                   .finished = finished,
                                                   .called_back = called_back});

    recorder_http(&run->recorder, i)->answer = status == SPAN_OK ? 200 : 500;
    return i;
}

/* A slow request that was asked for then, and whose work was done from `started` to `finished`. */
static inline void made_slow(uint64_t submitted, uint64_t started, uint64_t finished)
{
    static const enum load_kind of_place[] = {
        [BLOCKING_LOOP] = LOAD_KIND_BLOCK,
        [BLOCKING_POOL] = LOAD_KIND_SPIN,
        [BLOCKING_WORKER] = LOAD_KIND_THREAD,
        [BLOCKING_PROCESS] = LOAD_KIND_PROCESS,
    };
    uint32_t of =
        made_request(BLOCKING_KIND_SLOW, SPAN_OK, submitted, submitted + 1, finished, finished + 1);

    made_part(run, of,
              (struct made_span){.kind = of_place[run->blocking->where],
                                 .lane = lane_of_worker(1, 0),
                                 .submitted = started,
                                 .started = started,
                                 .finished = finished,
                                 .called_back = finished});
}

/* One for the fast route that was due then, and had from `started` to `finished`. */
static inline uint32_t made_fast(uint64_t due, uint64_t started, uint64_t finished)
{
    uint32_t i = made_request(LOAD_KIND_REQUEST, SPAN_OK, due + 1, started, finished, finished + 1);

    recorder_due(&run->recorder, i, due);
    return i;
}

#endif

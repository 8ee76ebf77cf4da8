/* Sweeps made by hand, for tests of what looks at sweeps: axes with the values that a test wants,
 * and runs whose figures it says, scattered by a generator of its own that knows no chance. */
#ifndef UVLAB_TESTS_MADE_SWEEP_H
#define UVLAB_TESTS_MADE_SWEEP_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "measure/pool.h"
#include "measure/sweep_facts.h"

struct made_options {
    uint64_t threads, workers, connections, jobs, pause_ns;
    unsigned work;
    const char *file;
};

static const char *const made_works[] = {"sleep", "spin", "file", NULL};

enum { MADE_THREADS, MADE_WORKERS, MADE_CONNECTIONS, MADE_JOBS, MADE_PAUSE, MADE_WORK, MADE_FILE };

/* clang-format off */
static const struct param made_params[] = {
    POOL_PARAM_THREADS(struct made_options, threads),
    { PARAM_NUMBER_(struct made_options, workers, PARAM_TYPE_COUNT, "workers", 'w', "max", 1, 1024, ""),
      .flags = PARAM_MEANS, .word = "max" },
    { PARAM_NUMBER_(struct made_options, connections, PARAM_TYPE_COUNT, "connections", 'c', "10", 1,
                    100000, ""), .flags = PARAM_MEANS },
    PARAM_COUNT(struct made_options, jobs, "jobs", 'n', "5", 1, 1000, ""),
    PARAM_DURATION(struct made_options, pause_ns, "pause", 0, "10ms", 1, UINT64_MAX - 1, ""),
    PARAM_CHOICE(struct made_options, work, "work", 0, 0, "sleep", made_works, ""),
    PARAM_STRING(struct made_options, file, "file", 0, PARAM_OPTIONAL, NULL, NULL, ""),
    PARAM_END,
};
/* clang-format on */

static const struct experiment made_swept = {.name = "made", .params = made_params};

/* A sweep with no axis yet, of what takes 10 % of its means to know. Free with sweep_free(). */
static inline void made_sweep(struct sweep *s)
{
    *s = (struct sweep){.experiment = &made_swept,
                        .point_count = 1,
                        .seed = 7,
                        .time_limit_ns = SWEEP_UNKNOWN,
                        .precision_ppm = 20000,
                        .margin_ppm = 20000,
                        .by = SWEEP_BY_ELAPSED,
                        .cpus_allowed = 2,
                        .took_ns = 1000000000};
    strcpy(s->started_at, "2026-01-31T09:30:00.000Z");
}

/* Adds an axis; the texts are split at ';'. */
static inline void made_axis(struct sweep *s, unsigned row, const char *texts)
{
    struct sweep_axis *axis = &s->axes[s->axis_count++];

    axis->param = &made_params[row];
    axis->values = mem_zeroed(SWEEP_VALUES_MOST, sizeof *axis->values);
    assert_non_null(axis->values);
    for (const char *end; texts != NULL; texts = *end == '\0' ? NULL : end + 1) {
        struct sweep_value *value = &axis->values[axis->count++];
        struct text t = TEXT_EMPTY;

        end = strchrnul(texts, ';');
        text_add_bytes(&t, texts, (size_t)(end - texts));
        assert_true(text_ok(&t));
        value->text = t.data;
        if (axis->param->type == PARAM_TYPE_COUNT)
            assert_int_equal(units_parse_count(value->text, &value->number), 0);
        if (axis->param->type == PARAM_TYPE_DURATION)
            assert_int_equal(units_parse_duration(value->text, &value->number), 0);
    }
    s->point_count *= axis->count;
}

/* From -1 to 1, evenly; the same for the same arguments. */
static inline double made_noise(uint32_t point, uint32_t round)
{
    uint64_t x = (uint64_t)point * 0x9e3779b97f4a7c15 + (uint64_t)(round + 1) * 0xbf58476d1ce4e5b9;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    x ^= x >> 31;
    return (double)(x >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

/* What the runs of a point are like, in milliseconds; 0 where it is unknown. */
struct made_point {
    double elapsed_ms, cpu_ms;
    double waited_ms, ran_ms, returned_ms; /* of every call */
    uint32_t calls, answered;
    double noise;      /* part of the elapsed time, to both sides */
    const char *error; /* of every run */
    double helpers_ms; /* CPU time of other processes */
};

static inline uint64_t made_ns(double ms)
{
    return ms > 0 ? (uint64_t)(ms * 1e6 + 0.5) : SWEEP_UNKNOWN;
}

static inline uint64_t made_sum(uint64_t ns, uint32_t calls)
{
    return ns == SWEEP_UNKNOWN ? ns : ns * (calls > 0 ? calls : 1);
}

static inline void made_json(struct sweep_run *run)
{
    struct text t = TEXT_EMPTY;

    text_add(&t, "{\"point\":%" PRIu32 ",\"round\":%" PRIu32, run->point, run->round);
    text_add(&t, ",\"started_at\":\"2026-01-31T09:30:00.000Z\",\"process_ns\":%" PRIu64,
             run->process_ns);
    text_add(&t, ",\"exit_status\":%d,\"error\":%s", run->exit_status,
             run->error == NULL ? "null" : "\"it failed\"");
    if (run->elapsed_ns == SWEEP_UNKNOWN)
        text_add(&t, ",\"elapsed_ns\":null");
    else
        text_add(&t, ",\"elapsed_ns\":%" PRIu64, run->elapsed_ns);
    text_add(&t, ",\"cpu_ns\":null,\"pool_cpu_ns\":null,\"loop\":null,\"calls\":null,\"summary\":"
                 "{},\"warnings\":[]}");
    assert_true(text_ok(&t));
    run->json = t.data;
}

static inline void made_sweep_run(struct sweep *s, uint32_t point, uint32_t round,
                                  struct made_point like)
{
    double scale = 1 + like.noise * made_noise(point, round);
    struct sweep_run run = {
        .point = point,
        .round = round,
        .started_ms = 1769851800000 + 1000 * s->run_count,
        .process_ns = 900000000,
        .elapsed_ns = made_ns(like.elapsed_ms * scale),
        .cpu_ns = made_ns(like.cpu_ms * scale),
        .helpers_cpu_ns = (uint64_t)(like.helpers_ms * 1e6),
        .answered = like.answered > 0 ? like.answered : SWEEP_UNKNOWN,
        .latency_p50_ns = SWEEP_UNKNOWN,
        .latency_p99_ns = SWEEP_UNKNOWN,
        .calls = {.count = like.calls > 0 ? like.calls : SWEEP_UNKNOWN,
                  .waited_ns = made_ns(like.waited_ms * scale),
                  .ran_ns = made_ns(like.ran_ms * scale),
                  .returned_ns = made_ns(like.returned_ms * scale),
                  .total_ns = made_ns((like.waited_ms + like.ran_ms + like.returned_ms) * scale)},
    };
    struct err e;

    run.calls.waited_sum_ns = made_sum(run.calls.waited_ns, like.calls);
    run.calls.ran_sum_ns = made_sum(run.calls.ran_ns, like.calls);
    run.calls.returned_sum_ns = made_sum(run.calls.returned_ns, like.calls);
    if (like.error != NULL) {
        run.error = mem_copy_text(like.error);
        assert_non_null(run.error);
        run.exit_status = 1;
        run.elapsed_ns = SWEEP_UNKNOWN;
    }
    made_json(&run);
    assert_int_equal(sweep_add_run(s, &run, &e), 0);
}

/* `rounds` runs of every point, which `likes` describes in order. */
static inline void made_rounds(struct sweep *s, uint32_t rounds, const struct made_point *likes)
{
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < s->point_count; i++) {
            uint32_t point = round % 2 == 0 ? i : s->point_count - 1 - i;

            made_sweep_run(s, point, round, likes[point]);
        }
    }
}

#endif

/* Runs with requests, by an experiment of the tests' own: what is to be requested lies in `made`,
 * and its spans are there afterwards. run_once() proves that each run leaves nothing on its loop.
 */
#ifndef UVLAB_TESTS_MADE_FETCH_H
#define UVLAB_TESTS_MADE_FETCH_H

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "measure/clock.h"
#include "measure/pool.h"
#include "measure/run.h"
#include "net/curl_lib.h"
#include "net/fetch.h"

enum { MADE_COUNT_MOST = 200, MADE_TARGETS_MOST = 4 };

static const struct span_kind *const made_kinds[] = {FETCH_KIND_ROWS, NULL};

static struct {
    struct fetch_settings settings;
    struct fetch_target targets[MADE_TARGETS_MOST];
    unsigned target_count;
    uint32_t count;
    bool cancels, cancels_at_once; /* in the middle; before the loop runs */
    bool blocks;                   /* the pool, until all requests are called back */
    struct fetch_client *client;
    struct fetch_batch *batch;
    uv_timer_t timer;
    uv_check_t check;
    uv_sem_t taken, gate;
    uv_work_t blockers[2]; /* of both threads of the pool */
    struct run run;
    struct pass pass;
    struct span spans[FETCH_SPANS_EACH * MADE_COUNT_MOST];
    char urls[MADE_TARGETS_MOST][256];
} made;

static int made_prepare(struct run *run, struct err *e)
{
    made.batch = fetch_batch_new(run, made.client, made.targets, made.target_count, 0, made.count,
                                 made.count == 1 ? 0 : 1, e);
    return made.batch == NULL ? -1 : 0;
}

static void made_cancel(struct run *run)
{
    (void)run;
    fetch_batch_cancel(made.batch);
}

static void made_timer_cb(uv_timer_t *timer)
{
    fetch_batch_cancel(made.batch);
    uv_close((uv_handle_t *)timer, NULL);
}

static void made_block(uv_work_t *work)
{
    (void)work;
    uv_sem_post(&made.taken);
    uv_sem_wait(&made.gate);
}

static void made_unblocked_cb(uv_work_t *work, int status)
{
    (void)work, (void)status;
}

static void made_unblock(void)
{
    uv_sem_post(&made.gate);
    uv_sem_post(&made.gate);
}

static void made_unblock_cb(uv_check_t *check)
{
    struct span s;

    for (uint32_t i = 0; i < made.count; i++) {
        recorder_get(&made.run.recorder, fetch_batch_span(made.batch, i), &s);
        if (s.called_back_ns == SPAN_UNKNOWN)
            return;
    }
    made_unblock();
    uv_close((uv_handle_t *)check, NULL);
}

/* Requests are submitted while no thread of the pool is free. */
static void made_submit_and_block(uv_loop_t *loop)
{
    uv_sem_init(&made.taken, 0);
    uv_sem_init(&made.gate, 0);
    uv_queue_work(loop, &made.blockers[0], made_block, made_unblocked_cb);
    uv_queue_work(loop, &made.blockers[1], made_block, made_unblocked_cb);
    uv_sem_wait(&made.taken);
    uv_sem_wait(&made.taken);
    fetch_batch_submit(made.batch, 0, made.count);
    if (made.cancels_at_once) {
        fetch_batch_cancel(made.batch);
        made_unblock();
    } else {
        uv_check_init(loop, &made.check);
        uv_check_start(&made.check, made_unblock_cb);
    }
}

static int made_start(struct run *run, struct err *e)
{
    (void)e;
    if (made.cancels) {
        uv_timer_init(run->loop, &made.timer);
        uv_timer_start(&made.timer, made_timer_cb, 50, 0);
    }
    if (made.cancels_at_once || made.blocks)
        made_submit_and_block(run->loop);
    else
        fetch_batch_submit(made.batch, 0, made.count);
    return 0;
}

static void made_cleanup(struct run *run)
{
    (void)run;
    fetch_batch_free(made.batch);
    made.batch = NULL;
}

static const struct experiment made_experiment = {
    .name = "made",
    .kinds = made_kinds,
    .records = RECORD_HTTP,
    .prepare = made_prepare,
    .start = made_start,
    .cancel = made_cancel,
    .cleanup = made_cleanup,
};

static inline void made_target(const char *base, const char *path)
{
    unsigned i = made.target_count++;
    struct err e;

    assert_true(i < MADE_TARGETS_MOST);
    snprintf(made.urls[i], sizeof made.urls[i], "%s%s", base, path);
    assert_int_equal(fetch_target_parse(&made.targets[i], made.urls[i], &made.settings, &e), 0);
}

static inline void made_client(void)
{
    struct err e = {.text = ""};

    assert_int_equal(fetch_settings_check(&made.settings, &e), 0);
    made.client = fetch_client_new(&made.settings, &e);
    if (made.client == NULL)
        fail_msg("%s", e.text);
}

/* Runs `count` requests and reads the spans. */
static inline void made_run(uint32_t count)
{
    struct err e = {.text = ""};

    assert_true(count <= MADE_COUNT_MOST);
    if (made.client == NULL)
        made_client();
    made.count = count;
    made.pass.spans = count * FETCH_SPANS_EACH;
    run_free(&made.run);
    memset(&made.run, 0, sizeof made.run);
    made.run.experiment = &made_experiment;
    made.run.pass = &made.pass;
    made.run.pool_size = 2;
    if (run_once(&made.run, &e) != 0)
        fail_msg("%s", e.text);
    if (made.cancels_at_once || made.blocks) {
        uv_sem_destroy(&made.taken);
        uv_sem_destroy(&made.gate);
    }
    assert_false(made.run.recorder.foreign_callback);
    for (uint32_t i = 0; i < made.run.recorder.count; i++)
        recorder_get(&made.run.recorder, i, &made.spans[i]);
}

/* The part of that kind of the request that is span number `request` (from 1); NULL: it has none.
 */
static inline const struct span *made_part(uint32_t request, const char *kind)
{
    for (uint32_t i = 0; i < made.run.recorder.count; i++)
        if (made.spans[i].parent == request && strcmp(made.spans[i].kind->kind, kind) == 0)
            return &made.spans[i];
    return NULL;
}

static inline uint32_t made_parts(uint32_t request)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < made.run.recorder.count; i++)
        count += made.spans[i].parent == request;
    return count;
}

/* What every request and its parts have to keep to, whatever became of it. */
static inline void made_check_order(void)
{
    for (uint32_t i = 0; i < made.run.recorder.count; i++) {
        const struct span *s = &made.spans[i], *whole;

        assert_int_not_equal(s->status, SPAN_UNFINISHED);
        assert_true(s->submitted_ns != SPAN_UNKNOWN);
        if (s->started_ns != SPAN_UNKNOWN) {
            assert_true(s->submitted_ns <= s->started_ns);
            assert_true(s->started_ns <= s->finished_ns);
        }
        if (s->called_back_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN)
            assert_true(s->finished_ns <= s->called_back_ns);
        if (s->parent == SPAN_NONE) {
            assert_true(s->called_back_ns != SPAN_UNKNOWN);
            continue;
        }
        whole = &made.spans[s->parent - 1];
        assert_true(s->submitted_ns >= whole->submitted_ns);
        assert_int_equal(s->ordinal, whole->ordinal);
        if (strcmp(s->kind->kind, "dns") == 0)
            continue;
        assert_true(s->called_back_ns == SPAN_UNKNOWN);
        assert_true(s->started_ns >= whole->started_ns);
        assert_true(s->finished_ns <= whole->finished_ns);
        assert_int_equal(s->lane, LANE_OS);
        if (i > 0 && made.spans[i - 1].parent == s->parent)
            assert_true(made.spans[i - 1].finished_ns <= s->started_ns);
    }
}

static inline int made_setup(void **state)
{
    (void)state;
    memset(&made.settings, 0, sizeof made.settings);
    memset(made.targets, 0, sizeof made.targets);
    made.target_count = 0;
    made.cancels = made.cancels_at_once = made.blocks = false;
    return 0;
}

static inline int made_teardown(void **state)
{
    (void)state;
    fetch_client_free(made.client);
    made.client = NULL;
    run_free(&made.run);
    memset(&made.run, 0, sizeof made.run);
    return 0;
}

static inline int made_group_setup(void **state)
{
    struct pool_facts facts;
    struct err e;

    (void)state;
    if (clock_init(CLOCK_CHOICE_AUTO, &e) != 0)
        return -1;
    return pool_start(2, &facts, &e);
}

static inline int made_group_teardown(void **state)
{
    (void)state;
    curl_lib_close();
    return 0;
}

#define FETCHED(test) cmocka_unit_test_setup_teardown(test, made_setup, made_teardown)

#endif

/* What a session asks of an experiment, and when: made for the purpose, with a timer for all its
 * work, so that nothing here needs a pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/session.h"

enum { SHARED = 42, CALLS = 16 };

/* What was called, a letter each, and what is to be done. */
static struct {
    char calls[CALLS];
    size_t count;
    bool open_fails, start_fails;
    int whole_status, part_status;
    uint64_t descriptors, kept_bytes;
    int shared;
} script;

static void note(char call)
{
    assert_true(script.count + 1 < CALLS);
    script.calls[script.count++] = call;
}

static const struct span_kind whole = {"whole", "whole", PHASE_TIMERS, NULL, 0};
static const struct span_kind part = {"part", "part", PHASE_TIMERS, NULL, 0};
static const struct span_kind *const kinds[] = {&whole, &part, NULL};

static int plan(struct param_set *set, struct plan *p, struct err *e)
{
    (void)set;
    (void)e;
    p->passes[p->pass_count++] =
        (struct pass){.role = PASS_MEASURED, .spans = 2, .kept_bytes = script.kept_bytes};
    p->descriptors = script.descriptors;
    return 0;
}

static int open_all(struct result *r, struct err *e)
{
    note('o');
    if (script.open_fails)
        return err_set(e, STATUS_FAILED, "cannot be opened");
    script.shared = SHARED;
    r->shared = &script.shared;
    return 0;
}

static void close_all(struct result *r)
{
    note('c');
    assert_ptr_equal(r->shared, &script.shared);
    result_warn(r, "seen at the end");
    r->shared = NULL;
}

static int prepare(struct run *run, struct err *e)
{
    uv_timer_t *timer = mem_zeroed(1, sizeof *timer);

    note('p');
    assert_ptr_equal(run->shared, &script.shared);
    if (timer == NULL)
        return err_no_memory(e, "a timer");
    run->state = timer;
    recorder_open(&run->recorder, 1, 0, 0);
    recorder_open(&run->recorder, 1, 1, 0);
    recorder_parent(&run->recorder, 1, 0);
    return 0;
}

static void timer_cb(uv_timer_t *timer)
{
    uint64_t ticks = clock_ticks_after();
    struct run *run = timer->data;

    span_called_back(&run->recorder, 1, ticks, script.part_status);
    span_called_back(&run->recorder, 0, ticks, script.whole_status);
}

static int start(struct run *run, struct err *e)
{
    uv_timer_t *timer = run->state;

    note('s');
    if (script.start_fails)
        return err_set(e, STATUS_FAILED, "cannot be started");
    uv_timer_init(run->loop, timer);
    timer->data = run;
    span_submitted(&run->recorder, 0);
    span_submitted(&run->recorder, 1);
    uv_timer_start(timer, timer_cb, 0, 0);
    return 0;
}

static void cleanup(struct run *run)
{
    note('-');
    mem_free(run->state);
}

static const struct param params[] = {PARAM_END};
static const struct experiment experiment = {
    .name = "hooks",
    .question = "Who is asked when?",
    .params = params,
    .kinds = kinds,
    .plan = plan,
    .open = open_all,
    .close = close_all,
    .prepare = prepare,
    .start = start,
    .cleanup = cleanup,
};

static struct result result;
static struct err err;

static int begin(void **state)
{
    (void)state;
    memset(&script, 0, sizeof script);
    memset(&result, 0, sizeof result);
    memset(&err, 0, sizeof err);
    result.experiment = &experiment;
    result.options.table = params;
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static int run(uint64_t runs)
{
    struct session_options session = {.runs = runs, .warmup = runs > 1};

    if (session_plan(&result, &session, &err) != 0)
        return -1;
    return session_run(&result, &session, NULL, NULL, &err);
}

static bool is_warned(const char *text)
{
    for (size_t i = 0; i < result.warnings.count; i++) {
        if (strcmp(result.warnings.items[i], text) == 0)
            return true;
    }
    return false;
}

/* Once around all runs, also those that only warm up. */
static void what_runs_share_is_opened_once_and_closed_once(void **state)
{
    (void)state;
    assert_int_equal(run(2), 0);
    assert_string_equal(script.calls, "ops-ps-ps-c");
    assert_int_equal(result.run_count, 2);
    assert_null(result.shared);
    assert_true(is_warned("seen at the end"));
    assert_true(result.runs[0].pool_cpu_ns == SPAN_UNKNOWN); /* there is no pool */
}

static void nothing_is_run_or_closed_when_it_cannot_be_opened(void **state)
{
    (void)state;
    script.open_fails = true;
    assert_int_equal(run(1), -1);
    assert_int_equal(err.status, STATUS_FAILED);
    assert_string_equal(err.text, "cannot be opened");
    assert_string_equal(script.calls, "o");
    assert_int_equal(result.run_count, 0);
}

static void a_run_that_cannot_start_is_cleaned_up_and_all_closed(void **state)
{
    (void)state;
    script.start_fails = true;
    assert_int_equal(run(1), -1);
    assert_string_equal(err.text, "cannot be started");
    assert_string_equal(script.calls, "ops-c");
    assert_null(result.shared);
}

static void more_files_than_may_be_open_are_refused_before_anything(void **state)
{
    (void)state;
    script.descriptors = UINT64_C(1) << 40;
    assert_int_equal(run(1), -1);
    assert_int_equal(err.status, STATUS_FAILED);
    assert_non_null(
        strstr(err.text, "this needs 1099511627840 file descriptors, and the limit is "));
    assert_non_null(strstr(err.text, "(ulimit -Hn)"));
    assert_string_equal(script.calls, "");
}

static void what_runs_keep_counts_for_each_of_them(void **state)
{
    struct session_options session = {.runs = 1};

    (void)state;
    script.kept_bytes = UINT64_C(1) << 32;
    session.runs = 1000000;
    assert_int_equal(session_plan(&result, &session, &err), -1);
    assert_int_equal(err.status, STATUS_FAILED);
    assert_non_null(strstr(err.text, "not enough memory: this needs "));
    assert_string_equal(script.calls, "");
}

/* Its call tells whether it mattered. */
static void a_failed_part_does_not_fail_the_run(void **state)
{
    struct span s;

    (void)state;
    script.part_status = UV_ENOENT;
    assert_int_equal(run(1), 0);
    recorder_get(&result.runs[0].recorder, 1, &s);
    assert_int_equal(s.status, UV_ENOENT);
    assert_false(result.runs[0].failed);
    assert_false(result_has_failures(&result));
}

static void a_failed_call_does(void **state)
{
    (void)state;
    script.whole_status = UV_ECONNREFUSED;
    assert_int_equal(run(1), 0);
    assert_true(result.runs[0].failed);
    assert_true(result_has_failures(&result));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCRIPTED(test) cmocka_unit_test_setup_teardown(test, begin, end)
        SCRIPTED(what_runs_share_is_opened_once_and_closed_once),
        SCRIPTED(nothing_is_run_or_closed_when_it_cannot_be_opened),
        SCRIPTED(a_run_that_cannot_start_is_cleaned_up_and_all_closed),
        SCRIPTED(more_files_than_may_be_open_are_refused_before_anything),
        SCRIPTED(what_runs_keep_counts_for_each_of_them),
        SCRIPTED(a_failed_part_does_not_fail_the_run),
        SCRIPTED(a_failed_call_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

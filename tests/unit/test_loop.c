/* The experiment `loop`: its plan, real runs of it (whole, cancelled, failed), and its judges,
 * which are shown right, wrong and incomplete runs of old and new versions of libuv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "experiments/loop/loop.h"
#include "measure/pool.h"

extern const struct experiment experiment_loop;

/* --- The plan. --- */

static int plan_with(const char *option, const char *value, struct plan *plan, struct err *e)
{
    struct loop_options options = {0};
    struct param_set set = {.table = experiment_loop.params, .values = &options};

    *plan = (struct plan){0};
    assert_int_equal(param_set_defaults(&set, e), 0);
    if (option != NULL) {
        const struct param *row = param_find(set.table, option, strlen(option));

        assert_non_null(row);
        if (param_set_value(&set, row, value, e) != 0)
            return -1;
    }
    return experiment_loop.plan(&set, plan, e);
}

static void the_plan_has_a_measured_pass_and_trials(void **state)
{
    struct plan plan;
    struct err e;

    (void)state;
    assert_int_equal(plan_with(NULL, NULL, &plan, &e), 0);
    assert_int_equal(plan.pass_count, 2);
    assert_int_equal(plan.passes[0].role, PASS_MEASURED);
    assert_int_equal(plan.passes[1].role, PASS_TRIAL);
    assert_int_equal(plan.passes[1].runs, 100);
    assert_true(plan.uses_pool);

    assert_int_equal(plan_with("trials", "7", &plan, &e), 0);
    assert_int_equal(plan.passes[1].runs, 7);
    assert_int_equal(plan_with("trials", "0", &plan, &e), 0);
    assert_int_equal(plan.pass_count, 1);
    assert_int_equal(plan_with("threads", "3", &plan, &e), 0);
    assert_int_equal(plan.threads, 3);
}

static void the_plan_refuses_what_cannot_be(void **state)
{
    static const struct {
        const char *option, *value;
        enum exit_status status;
        const char *says;
    } cases[] = {
        {"timeout", "1500us", STATUS_USAGE, "1.5ms"},
        {"timeout", "0", STATUS_USAGE, "timeout"},
        {"timeout", "-1ms", STATUS_USAGE, "timeout"},
        {"timeout", "2h", STATUS_USAGE, "timeout"},
        {"trials", "1e7", STATUS_USAGE, "trials"},
        {"trials", "5x", STATUS_USAGE, "trials"},
        {"busy-start", "2s", STATUS_USAGE, "busy-start"},
        {"threads", "0", STATUS_USAGE, "threads"},
        {"threads", "1025", STATUS_USAGE, "threads"},
        {"file", "no/such/file", STATUS_FAILED, "no such file"},
        {"file", "", STATUS_USAGE, "the name is empty"},
        {"file", "/", STATUS_FAILED, "is a directory"},
        {"file", "/dev/null", STATUS_FAILED, "not a regular file"},
    };
    struct plan plan;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(plan_with(cases[i].option, cases[i].value, &plan, &e), -1);
        assert_int_equal(e.status, cases[i].status);
        assert_non_null(strstr(e.text, cases[i].says));
    }
}

/* --- Real runs. --- */

static const struct pass measured_pass = {
    .role = PASS_MEASURED,
    .runs = 1,
    .spans = SPANS_MEASURED,
};
static const struct pass trial_pass = {.role = PASS_TRIAL, .runs = 1, .spans = SPANS_TRIAL};

static struct run run_of(const struct experiment *x, const struct pass *pass,
                         const struct loop_options *options)
{
    return (struct run){.experiment = x, .pass = pass, .options = options, .pool_size = 2};
}

static struct span span_at(const struct run *run, uint32_t i)
{
    struct span s;

    recorder_get(&run->recorder, i, &s);
    return s;
}

/* Everything came back, in order of cause: nothing before it was submitted, nothing before what
 * armed it, no part before its whole was asked for. */
static void check_causes(const struct run *run)
{
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s = span_at(run, i);

        assert_int_equal(s.status, SPAN_OK);
        assert_true(s.called_back_ns >= s.submitted_ns);
        if (s.armed_by != SPAN_NONE)
            assert_true(s.submitted_ns >= span_at(run, s.armed_by - 1).called_back_ns);
        if (s.parent != SPAN_NONE)
            assert_true(s.submitted_ns >= span_at(run, s.parent - 1).submitted_ns);
        if (s.kind->phase == PHASE_TIMERS) {
            assert_true(s.started_ns >= s.submitted_ns);
            assert_true(s.finished_ns == s.started_ns);
            assert_true(s.called_back_ns >= s.finished_ns);
        }
    }
}

static void a_measured_run_brings_everything_back(void **state)
{
    struct loop_options options = {.timeout_ns = 2000000};
    struct run run = run_of(&experiment_loop, &measured_pass, &options);
    uint32_t parts = 0, jobs = 0;
    struct err e;

    (void)state;
    assert_int_equal(run_once(&run, &e), 0);
    assert_false(run.failed);
    assert_null(run.state);
    assert_int_equal(run.recorder.count, SPANS_MEASURED);
    assert_false(run.recorder.foreign_callback);
    check_causes(&run);
    for (uint32_t i = 0; i < run.recorder.count; i++) {
        struct span s = span_at(&run, i);

        assert_true(s.iteration <= run.loop_facts.iterations);
        parts += s.parent != SPAN_NONE;
        if (s.kind == experiment_loop.kinds[KIND_JOB]) {
            jobs++;
            assert_in_range(s.lane, 1, 2);
            assert_true(s.started_ns >= s.submitted_ns && s.finished_ns >= s.started_ns);
        }
        if (s.kind->phase == PHASE_CHECK || s.kind->phase == PHASE_CLOSING)
            assert_true(s.started_ns == SPAN_UNKNOWN && s.finished_ns == SPAN_UNKNOWN);
    }
    assert_int_equal(parts, 4);
    assert_int_equal(jobs, 1);
    run_free(&run);
}

static void a_trial_has_a_timer_and_an_immediate(void **state)
{
    struct loop_options options = {.timeout_ns = 2000000, .busy_start_ns = 2000000};
    struct run run = run_of(&experiment_loop, &trial_pass, &options);
    struct err e;

    (void)state;
    assert_int_equal(run_once(&run, &e), 0);
    assert_int_equal(run.recorder.count, SPANS_TRIAL);
    check_causes(&run);
    assert_ptr_equal(span_at(&run, 0).kind, experiment_loop.kinds[KIND_TIMEOUT]);
    assert_ptr_equal(span_at(&run, 1).kind, experiment_loop.kinds[KIND_IMMEDIATE]);
    /* busy for so long, it was due when the loop started */
    assert_true(span_at(&run, 0).called_back_ns < span_at(&run, 1).called_back_ns);
    run_free(&run);
}

/* A file that vanishes after the plan has looked at it: a failed call, and everything else goes on.
 */
static void a_missing_file_is_a_failed_call(void **state)
{
    struct loop_options options = {.timeout_ns = 1000000, .file = "no/such/file"};
    struct run run = run_of(&experiment_loop, &measured_pass, &options);
    uint32_t failed = 0;
    struct err e;

    (void)state;
    assert_int_equal(run_once(&run, &e), 0);
    assert_true(run.failed);
    assert_int_equal(run.recorder.count, SPANS_MEASURED - 3); /* no fstat, no read, no close */
    for (uint32_t i = 0; i < run.recorder.count; i++)
        failed += span_at(&run, i).status == UV_ENOENT;
    assert_int_equal(failed, 2);
    run_free(&run);
}

static int start_and_cancel(struct run *run, struct err *e)
{
    int rc = experiment_loop.start(run, e);

    experiment_loop.cancel(run);
    return rc;
}

static int start_and_fail(struct run *run, struct err *e)
{
    experiment_loop.start(run, e);
    return err_set(e, STATUS_FAILED, "made to fail");
}

/* run_once() fails when anything is left on the loop: cancelling must close all there is. */
static void a_cancelled_run_leaves_nothing(void **state)
{
    struct loop_options options = {.timeout_ns = 3600000000000};
    struct experiment cancelled = experiment_loop, failing = experiment_loop;
    struct run run;
    struct err e;

    (void)state;
    cancelled.start = start_and_cancel;
    run = run_of(&cancelled, &measured_pass, &options);
    assert_int_equal(run_once(&run, &e), 0);
    for (uint32_t i = 0; i < run.recorder.count; i++)
        assert_true(span_at(&run, i).kind->phase != PHASE_CHECK ||
                    span_at(&run, i).called_back_ns == SPAN_UNKNOWN);
    run_free(&run);
    run = run_of(&cancelled, &trial_pass, &options);
    assert_int_equal(run_once(&run, &e), 0);
    run_free(&run);

    failing.start = start_and_fail;
    run = run_of(&failing, &measured_pass, &options);
    assert_int_equal(run_once(&run, &e), -1);
    assert_string_equal(e.text, "made to fail");
    run_free(&run);
}

static int group_setup(void **state)
{
    struct pool_facts facts;
    struct err e;

    (void)state;
    if (clock_init(CLOCK_CHOICE_AUTO, &e) != 0)
        return -1;
    return pool_start(2, &facts, &e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_has_a_measured_pass_and_trials),
        cmocka_unit_test(the_plan_refuses_what_cannot_be),
        cmocka_unit_test(a_measured_run_brings_everything_back),
        cmocka_unit_test(a_trial_has_a_timer_and_an_immediate),
        cmocka_unit_test(a_missing_file_is_a_failed_call),
        cmocka_unit_test(a_cancelled_run_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}

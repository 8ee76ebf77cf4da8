/* The judges of the experiment `loop`: shown right, wrong and incomplete runs of old and new
 * versions of libuv, made by hand, and real ones at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "experiments/loop/loop.h"
#include "measure/pool.h"

extern const struct experiment experiment_loop;

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

/* --- The judges. --- */

enum { MADE_RUNS = 6, MADE_SPANS = 16 };

/* A result made by hand: runs whose spans are given one by one. */
struct made {
    struct loop_options options;
    struct result result;
    struct run runs[MADE_RUNS];
};

static void made_begin(struct made *m, const char *libuv_version)
{
    *m = (struct made){0};
    m->result.experiment = &experiment_loop;
    m->result.options.table = experiment_loop.params;
    m->result.options.values = &m->options;
    m->result.runs = m->runs;
    snprintf(m->result.host.libuv, sizeof m->result.host.libuv, "%s", libuv_version);
}

static struct run *made_run(struct made *m, const struct pass *pass)
{
    struct run *run = &m->runs[m->result.run_count++];
    struct err e;

    *run = run_of(&experiment_loop, pass, &m->options);
    assert_int_equal(
        recorder_init(&run->recorder, MADE_SPANS, experiment_loop.kinds, RECORD_CAUSES, &e), 0);
    run->recorder.scale.mult = 1; /* a tick is a nanosecond */
    return run;
}

/* Adds a span whose callback is the next one, and returns its id; iteration as the judges see it.
 */
static uint32_t made_span(struct run *run, enum loop_kind kind, uint32_t armed_by,
                          uint32_t iteration)
{
    struct recorder *r = &run->recorder;
    uint32_t i = recorder_open(r, 1, kind, 0);

    if (armed_by != SPAN_NONE)
        recorder_armed_by(r, i, armed_by - 1);
    r->on_loop[i].submitted = 1;
    r->on_loop[i].called_back = 2 + i;
    r->on_loop[i].iteration = iteration;
    if (iteration > 0 && span_at(run, i).iteration != iteration)
        r->on_loop[i].iteration++; /* recorder_get() takes one off for what runs after check */
    if (iteration > run->loop_facts.iterations)
        run->loop_facts.iterations = iteration;
    return i + 1;
}

static void made_end(struct made *m)
{
    for (uint32_t i = 0; i < m->result.run_count; i++)
        run_free(&m->runs[i]);
}

/* The verdict of claim `id`; its evidence must contain `says`. */
static enum verdict verdict_on(const struct made *m, const char *id, const char *says)
{
    for (const struct claim *c = experiment_loop.claims; c->id != NULL; c++) {
        struct text evidence = TEXT_EMPTY;
        enum verdict verdict;

        if (strcmp(c->id, id) != 0)
            continue;
        verdict = c->judge(&m->result, &evidence);
        assert_true(text_ok(&evidence));
        if (strstr(text_get(&evidence), says) == NULL)
            fail_msg("%s: '%s' does not say '%s'", id, text_get(&evidence), says);
        text_free(&evidence);
        return verdict;
    }
    fail_msg("there is no claim '%s'", id);
    return VERDICT_NOT_TESTED;
}

static enum verdict verdict_on_kinds(const char *libuv_version, const char *claim, const char *says,
                                     const int pairs[][2], size_t count)
{
    enum verdict verdict;
    struct made m;
    struct run *run;

    made_begin(&m, libuv_version);
    run = made_run(&m, &measured_pass);
    for (size_t i = 0; i < count; i++)
        made_span(run, (enum loop_kind)pairs[i][0], SPAN_NONE, (uint32_t)pairs[i][1]);
    verdict = verdict_on(&m, claim, says);
    made_end(&m);
    return verdict;
}

#define ON_KINDS(version, claim, says, ...)                                                        \
    verdict_on_kinds(version, claim, says, (const int[][2]){__VA_ARGS__},                          \
                     sizeof((const int[][2]){__VA_ARGS__}) / sizeof(int[2]))

static void phases_are_judged_by_version(void **state)
{
    static const char claim[] = "phases-in-order";

    (void)state;
    assert_int_equal(ON_KINDS("1.44.2", claim, "1.44.2", {KIND_TIMEOUT, 1}, {KIND_WRITE, 1},
                              {KIND_IDLE, 1}, {KIND_PREPARE, 1}, {KIND_DATA, 1},
                              {KIND_IMMEDIATE, 1}, {KIND_CLOSE, 1}, {KIND_TIMEOUT, 3}),
                     VERDICT_HOLDS);
    /* the same iteration with the timer last is right in 1.45 alone, and the other way round */
    assert_int_equal(ON_KINDS("1.44.2", claim, "timeout", {KIND_CLOSE, 1}, {KIND_TIMEOUT, 1}),
                     VERDICT_FAILS);
    assert_int_equal(ON_KINDS("1.46.0", claim, "1.46.0", {KIND_CLOSE, 1}, {KIND_TIMEOUT, 1}),
                     VERDICT_HOLDS);
    assert_int_equal(ON_KINDS("1.46.0", claim, "idle", {KIND_TIMEOUT, 1}, {KIND_IDLE, 1}),
                     VERDICT_FAILS);
    /* pending may come again directly after poll, but not later */
    assert_int_equal(ON_KINDS("1.44.2", claim, "", {KIND_DATA, 1}, {KIND_WRITE, 1}, {KIND_DATA, 1},
                              {KIND_IMMEDIATE, 1}),
                     VERDICT_HOLDS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "", {KIND_IMMEDIATE, 1}, {KIND_WRITE, 1}),
                     VERDICT_FAILS);
    /* iterations never go back; an unknown one proves nothing */
    assert_int_equal(ON_KINDS("1.44.2", claim, "", {KIND_IDLE, 2}, {KIND_CLOSE, 1}), VERDICT_FAILS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "unknown", {KIND_IDLE, 0}, {KIND_IDLE, 1}),
                     VERDICT_NOT_TESTED);
    /* but for the timers that newer versions call before the first iteration */
    assert_int_equal(ON_KINDS("1.46.0", claim, "in 1 of", {KIND_TIMEOUT, 0}, {KIND_IDLE, 1}),
                     VERDICT_HOLDS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "unknown", {KIND_TIMEOUT, 0}, {KIND_IDLE, 1}),
                     VERDICT_NOT_TESTED);
}

static void closes_are_judged_by_version(void **state)
{
    static const char claim[] = "closes-last";

    (void)state;
    assert_int_equal(ON_KINDS("1.44.2", claim, "2 close", {KIND_DATA, 1}, {KIND_CLOSE, 1},
                              {KIND_TIMEOUT, 2}, {KIND_LAST_CLOSE, 2}),
                     VERDICT_HOLDS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "immediate", {KIND_CLOSE, 1}, {KIND_IMMEDIATE, 1}),
                     VERDICT_FAILS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "timeout", {KIND_CLOSE, 1}, {KIND_TIMEOUT, 1}),
                     VERDICT_FAILS);
    assert_int_equal(ON_KINDS("1.46.0", claim, "timers", {KIND_CLOSE, 1}, {KIND_TIMEOUT, 1}),
                     VERDICT_HOLDS);
    assert_int_equal(ON_KINDS("1.44.2", claim, "nothing", {KIND_IDLE, 1}), VERDICT_NOT_TESTED);
}

static void from_io_the_immediate_must_be_first(void **state)
{
    static const char claim[] = "immediate-first-after-io";
    struct made m;
    struct run *run;
    uint32_t cause;

    (void)state;
    made_begin(&m, "1.44.2");
    run = made_run(&m, &measured_pass);
    cause = made_span(run, KIND_IDLE, SPAN_NONE, 1); /* no I/O: its order does not matter */
    made_span(run, KIND_TIMEOUT, cause, 2);
    made_span(run, KIND_IMMEDIATE, cause, 2);
    assert_int_equal(verdict_on(&m, claim, "no I/O callback"), VERDICT_NOT_TESTED);
    cause = made_span(run, KIND_DATA, SPAN_NONE, 3);
    made_span(run, KIND_IMMEDIATE, cause, 3);
    made_span(run, KIND_TIMEOUT, cause, 4);
    assert_int_equal(verdict_on(&m, claim, "'socket data'"), VERDICT_HOLDS);
    cause = made_span(run, KIND_FILE, SPAN_NONE, 5);
    made_span(run, KIND_TIMEOUT, cause, 6);
    made_span(run, KIND_IMMEDIATE, cause, 6);
    assert_int_equal(verdict_on(&m, claim, "'file'"), VERDICT_FAILS);
    made_end(&m);
}

static void made_trial(struct made *m, enum loop_kind first, enum loop_kind second)
{
    struct run *run = made_run(m, &trial_pass);

    made_span(run, first, SPAN_NONE, 1);
    made_span(run, second, SPAN_NONE, 1);
}

static void from_the_main_program_both_orders_must_be_seen(void **state)
{
    static const char claim[] = "main-order-not-promised", due[] = "due-timer-first";
    struct made m;

    (void)state;
    made_begin(&m, "1.44.2");
    assert_int_equal(verdict_on(&m, claim, "no trial"), VERDICT_NOT_TESTED);
    made_trial(&m, KIND_TIMEOUT, KIND_IMMEDIATE);
    assert_int_equal(verdict_on(&m, claim, "not seen"), VERDICT_NOT_TESTED);
    assert_int_equal(verdict_on(&m, due, "--busy-start"), VERDICT_NOT_TESTED);
    m.options.busy_start_ns = 2000000;
    assert_int_equal(verdict_on(&m, claim, "was due"), VERDICT_NOT_TESTED);
    assert_int_equal(verdict_on(&m, due, "in 1 and"), VERDICT_HOLDS);
    made_trial(&m, KIND_IMMEDIATE, KIND_TIMEOUT);
    assert_int_equal(verdict_on(&m, due, "of 2 trials"), VERDICT_FAILS);
    m.options.busy_start_ns = 0;
    assert_int_equal(verdict_on(&m, claim, "in 1 and the immediate in 1 of 2"), VERDICT_HOLDS);
    /* an interrupted trial does not count */
    made_trial(&m, KIND_IMMEDIATE, KIND_TIMEOUT);
    m.runs[2].interrupted = true;
    assert_int_equal(verdict_on(&m, claim, "of 2 trials"), VERDICT_HOLDS);
    made_end(&m);
}

static void the_end_must_be_exact(void **state)
{
    static const char claim[] = "ends-with-the-last";
    struct made m;
    struct run *run;
    uint32_t cause;

    (void)state;
    made_begin(&m, "1.44.2");
    run = made_run(&m, &measured_pass);
    assert_int_equal(verdict_on(&m, claim, "nothing was called back"), VERDICT_NOT_TESTED);
    cause = made_span(run, KIND_LATER_TIMER, SPAN_NONE, 4);
    assert_int_equal(verdict_on(&m, claim, "armed by the main program"), VERDICT_HOLDS);
    made_span(run, KIND_LAST_CLOSE, cause, 4);
    assert_int_equal(verdict_on(&m, claim, "armed by later timer"), VERDICT_HOLDS);
    run->loop_facts.iterations = 5; /* it went on although nothing was alive */
    assert_int_equal(verdict_on(&m, claim, "iteration 5"), VERDICT_FAILS);
    run->loop_facts.iterations = 4;
    recorder_open(&run->recorder, 1, KIND_JOB, 0); /* it ended although something was */
    assert_int_equal(verdict_on(&m, claim, "1 of 3"), VERDICT_FAILS);
    made_end(&m);
}

/* What really happens on the machine at hand satisfies every claim but those that were not tested.
 */
static void claims_hold_for_real_runs(void **state)
{
    struct made m;
    struct err e;

    (void)state;
    made_begin(&m, uv_version_string());
    m.options = (struct loop_options){.timeout_ns = 2000000, .busy_start_ns = 2000000};
    for (int i = 0; i < 3; i++) {
        struct run *run = &m.runs[m.result.run_count++];

        *run = run_of(&experiment_loop, i == 0 ? &measured_pass : &trial_pass, &m.options);
        assert_int_equal(run_once(run, &e), 0);
    }
    assert_int_equal(verdict_on(&m, "phases-in-order", "26 callbacks"), VERDICT_HOLDS);
    assert_int_equal(verdict_on(&m, "immediate-first-after-io", "2 I/O"), VERDICT_HOLDS);
    assert_int_equal(verdict_on(&m, "main-order-not-promised", ""), VERDICT_NOT_TESTED);
    assert_int_equal(verdict_on(&m, "due-timer-first", "of 2 trials"), VERDICT_HOLDS);
    assert_int_equal(verdict_on(&m, "ends-with-the-last", "all 26"), VERDICT_HOLDS);
    assert_int_equal(verdict_on(&m, "closes-last", "3 close"), VERDICT_HOLDS);
    made_end(&m);
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
        cmocka_unit_test(phases_are_judged_by_version),
        cmocka_unit_test(closes_are_judged_by_version),
        cmocka_unit_test(from_io_the_immediate_must_be_first),
        cmocka_unit_test(from_the_main_program_both_orders_must_be_seen),
        cmocka_unit_test(the_end_must_be_exact),
        cmocka_unit_test(claims_hold_for_real_runs),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}

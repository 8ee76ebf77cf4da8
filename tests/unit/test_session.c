/* Real runs of the thread pool, judged by order, cause and counts; and of a run that is broken off.
 * All of them share one process, and therefore one pool of three threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include <uv.h>

#include "analysis/claims.h"
#include "analysis/summary.h"
#include "base/mem.h"
#include "experiments/threadpool/threadpool.h"
#include "made_root.h"
#include "measure/session.h"

extern const struct experiment experiment_threadpool;

enum { THREADS = 3 };

static struct threadpool_options options;
static struct result result;

static void set(const char *name, const char *value)
{
    const struct param *p = param_find(experiment_threadpool.params, name, strlen(name));
    struct err e;

    assert_non_null(p);
    assert_int_equal(param_set_value(&result.options, p, value, &e), 0);
}

static int begin(void **state)
{
    struct err e;

    (void)state;
    memset(&result, 0, sizeof result);
    memset(&options, 0, sizeof options);
    result.experiment = &experiment_threadpool;
    result.options.table = experiment_threadpool.params;
    result.options.values = &options;
    if (param_set_defaults(&result.options, &e) != 0)
        return -1;
    set("threads", "3");
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

/* The pool is mustered once; later sessions of this process find it as it is. */
static void run(uint64_t runs)
{
    struct session_options session = {.runs = runs};
    struct err e = {0};

    if (session_plan(&result, &session, &e) != 0 ||
        session_run(&result, &session, NULL, NULL, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(claims_judge(&result, &e), 0);
}

static struct span get(uint32_t run_index, uint32_t i)
{
    struct span s;

    recorder_get(&result.runs[run_index].recorder, i, &s);
    return s;
}

static enum verdict verdict_of(const char *id)
{
    for (size_t i = 0; i < result.verdict_count; i++)
        if (strcmp(result.verdicts[i].claim->id, id) == 0)
            return result.verdicts[i].verdict;
    fail_msg("no claim '%s'", id);
    return VERDICT_FAILS;
}

static void check_instants(const struct span *s)
{
    assert_int_equal(s->status, SPAN_OK);
    assert_true(s->submitted_ns <= s->started_ns);
    assert_true(s->started_ns <= s->finished_ns);
    assert_true(s->finished_ns <= s->called_back_ns);
    assert_true(s->lane >= 1 && s->lane <= THREADS);
    assert_true(s->iteration >= 1);
}

static void sleeping_calls_run_side_by_side(void **state)
{
    (void)state;
    set("work", "sleep");
    set("duration", "60ms");
    set("jobs", "7");
    run(1);
    assert_int_equal(result.pool.size, THREADS);
    assert_int_equal(result.run_count, 1);
    assert_int_equal(result.runs[0].recorder.count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        struct span s = get(0, i);

        check_instants(&s);
        assert_true(span_ran_ns(&s) >= 60000000);
        assert_true(s.cpu_ns < span_ran_ns(&s));
    }
    assert_int_equal(verdict_of("side-by-side"), VERDICT_HOLDS);
    assert_int_equal(verdict_of("pool-size"), VERDICT_HOLDS);
    assert_int_equal(verdict_of("first-beyond-waits"), VERDICT_HOLDS);
    assert_int_equal(verdict_of("first-come-first-served"), VERDICT_HOLDS);
    assert_int_equal(verdict_of("lookups-take-half"), VERDICT_NOT_TESTED);
    assert_int_equal(verdict_of("threads-beyond-cpus"), VERDICT_NOT_TESTED);
    assert_int_equal(verdict_of("one-by-one"), VERDICT_HOLDS);
    assert_true(result.runs[0].loop_facts.iterations >= 2);
    assert_true(result.runs[0].loop_facts.idle_ns > 0);
}

static void every_one_of_many_tiny_calls_is_kept_in_order(void **state)
{
    (void)state;
    set("work", "none");
    set("jobs", "50000");
    run(2);
    assert_int_equal(result.run_count, 2);
    for (uint32_t r = 0; r < 2; r++) {
        for (uint32_t i = 0; i < 50000; i++) {
            struct span s = get(r, i);

            check_instants(&s);
        }
    }
    assert_int_equal(verdict_of("first-come-first-served"), VERDICT_HOLDS);
    assert_int_equal(verdict_of("one-by-one"), VERDICT_HOLDS);
    for (size_t i = 0; i < result.warnings.count; i++)
        assert_null(strstr(result.warnings.items[i], "backwards"));
}

/* Whether or not the name resolves here, each lookup is seen to begin and to end on a thread. */
static void lookups_are_seen_on_their_threads(void **state)
{
    (void)state;
    set("work", "dns");
    set("jobs", "8");
    run(1);
    for (uint32_t i = 0; i < 8; i++) {
        struct span s = get(0, i);

        assert_true(s.submitted_ns <= s.started_ns && s.started_ns <= s.finished_ns);
        assert_true(s.finished_ns <= s.called_back_ns);
        assert_true(s.lane >= 1 && s.lane <= THREADS);
    }
    assert_int_equal(verdict_of("lookups-take-half"), VERDICT_HOLDS);
}

static void a_name_that_does_not_resolve_is_a_failed_call(void **state)
{
    (void)state;
    set("work", "dns");
    set("host", "does-not-exist.invalid");
    set("jobs", "2");
    run(1);
    assert_true(result_has_failures(&result));
    assert_true(get(0, 0).status < 0);
    assert_true(get(0, 0).finished_ns != SPAN_UNKNOWN);
}

static void a_name_that_libuv_refuses_is_a_failed_call(void **state)
{
    char name[400];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    set("work", "dns");
    set("host", name);
    run(1);
    assert_true(get(0, 0).status < 0);
    assert_true(get(0, 0).started_ns == SPAN_UNKNOWN);
}

static void a_mix_keeps_its_order_and_numbers(void **state)
{
    char name[SPAN_TEXT_BYTES];
    struct span s;

    (void)state;
    set("mix", "sleep:2,none,sleep:1");
    set("duration", "1ms");
    run(1);
    assert_int_equal(options.jobs, 4);
    s = get(0, 1);
    assert_string_equal(span_name(&s, name), "sleep 2");
    s = get(0, 2);
    assert_string_equal(span_name(&s, name), "job 1");
    s = get(0, 3);
    assert_string_equal(span_name(&s, name), "sleep 3");
}

static void refuse(const char *mix, const char *message)
{
    struct session_options session = {.runs = 1};
    struct err e = {0};

    set("mix", mix);
    assert_int_equal(session_plan(&result, &session, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, message);
}

static void a_wrong_mix_is_refused(void **state)
{
    (void)state;
    refuse("", "--mix: no kind of work '' (see --work)");
    refuse("pbkdf2:4,", "--mix: no kind of work '' (see --work)");
    refuse("pbkdf2:4,fil", "--mix: no kind of work 'fil' (see --work)");
    refuse("sleep,pbkdf2=4", "--mix: no kind of work 'pbkdf2=4' (write pbkdf2:4)");
    refuse("nothing=4", "--mix: no kind of work 'nothing=4' (see --work)");
    refuse("pbkdf2:0", "--mix: pbkdf2:0: the number of calls must be from 1 to 1000000000");
    refuse("pbkdf2:", "--mix: pbkdf2:: the number of calls must be from 1 to 1000000000");
    refuse("pbkdf2:1x", "--mix: pbkdf2:1x: the number of calls must be from 1 to 1000000000");
}

static void options_of_other_work_are_refused(void **state)
{
    struct session_options session = {.runs = 1};
    struct err e = {0};

    (void)state;
    set("work", "sleep");
    set("duration", "1ms");
    assert_int_equal(session_plan(&result, &session, &e), 0);
    set("iterations", "10");
    assert_int_equal(session_plan(&result, &session, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "--iterations is for pbkdf2, and --work is sleep");
    result.options.source[param_find(result.options.table, "work", 4) - result.options.table] =
        PARAM_FROM_DEFAULT;
    refuse("sleep", "--iterations is for pbkdf2, and --mix has none of that");
    refuse("pbkdf2:1", "--duration is for spin and sleep, and --mix has none of that");
    set("mix", "sleep,pbkdf2:2");
    assert_int_equal(session_plan(&result, &session, &e), 0);
}

/* What each kind of work says that it looks at is an option. */
static void work_names_options_that_exist(void **state)
{
    (void)state;
    for (unsigned i = 0; work_at(i) != NULL; i++)
        for (const char *const *name = work_at(i)->options; name != NULL && *name != NULL; name++)
            assert_non_null(param_find(experiment_threadpool.params, *name, strlen(*name)));
}

static void more_than_memory_holds_is_refused(void **state)
{
    struct session_options session = {.runs = 1000000};
    struct err e = {0};

    (void)state;
    set("jobs", "1e9");
    assert_int_equal(session_plan(&result, &session, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_non_null(strstr(e.text, "not enough memory"));
}

/* What a view needs for a million spans, beside ten runs of them, is refused as well. */
static void what_looking_at_it_takes_is_counted(void **state)
{
    struct session_options session = {.runs = 10};
    struct err e = {0};

    (void)state;
    set("work", "none");
    set("jobs", "1e6");
    put("/proc/meminfo", "MemAvailable: 1300000 kB\n");
    assert_int_equal(session_plan(&result, &session, &e), 0);
    session.bytes_per_span_of_run = 100; /* takes the place of the run's own */
    assert_int_equal(session_plan(&result, &session, &e), 0);
    session.bytes_per_span = 60;
    assert_int_equal(session_plan(&result, &session, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_non_null(strstr(e.text, "not enough memory"));
    session.runs = 5;
    assert_int_equal(session_plan(&result, &session, &e), 0);
    session.bytes_per_span_of_run = 1000;
    assert_int_equal(session_plan(&result, &session, &e), -1);
}

static int begin_in_root(void **state)
{
    return make_root(state) != 0 ? -1 : begin(state);
}

static int end_in_root(void **state)
{
    return end(state) != 0 ? -1 : remove_root(state);
}

static void a_baseline_is_a_pass_of_its_own(void **state)
{
    struct summary summary;
    struct err e;

    (void)state;
    set("work", "spin");
    set("duration", "2ms");
    set("jobs", "4");
    options.baseline = true;
    run(2);
    assert_int_equal(result.run_count, 2 + 3);
    assert_int_equal(result.runs[4].pass->role, PASS_BASELINE);
    assert_int_equal(result.runs[4].recorder.count, 1);
    assert_int_equal(summary_make(&summary, &result, &e), 0);
    assert_int_equal(summary.rows[0].count, 8);
    summary_free(&summary);
}

/* The signal comes before the run: what is queued is cancelled, what runs is waited for, and
 * nothing is lost or claimed. Has to be the last test, as an interrupted process stays interrupted.
 */
static void an_interrupted_run_keeps_what_it_has(void **state)
{
    uint32_t ok = 0, cancelled = 0;

    (void)state;
    run_catch_signals(NULL);
    set("work", "sleep");
    set("duration", "100ms");
    set("jobs", "30");
    {
        struct session_options session = {.runs = 5};
        struct run one = {.experiment = &experiment_threadpool, .options = &options};
        struct err e = {0};

        assert_int_equal(session_plan(&result, &session, &e), 0);
        one.pass = &result.plan.passes[0];
        raise(SIGINT);
        assert_true(run_interrupted());
        assert_int_equal(run_once(&one, &e), 0);
        assert_true(one.interrupted);
        assert_false(one.detached);
        for (uint32_t i = 0; i < one.recorder.count; i++) {
            struct span s;

            recorder_get(&one.recorder, i, &s);
            ok += s.status == SPAN_OK;
            cancelled += s.status == UV_ECANCELED;
            assert_true(s.status != UV_ECANCELED || s.started_ns == SPAN_UNKNOWN);
        }
        run_free(&one);
    }
    assert_int_equal(ok + cancelled, 30);
    assert_true(cancelled > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_OPTIONS(test) cmocka_unit_test_setup_teardown(test, begin, end)
        WITH_OPTIONS(sleeping_calls_run_side_by_side),
        WITH_OPTIONS(every_one_of_many_tiny_calls_is_kept_in_order),
        WITH_OPTIONS(lookups_are_seen_on_their_threads),
        WITH_OPTIONS(a_name_that_does_not_resolve_is_a_failed_call),
        WITH_OPTIONS(a_name_that_libuv_refuses_is_a_failed_call),
        WITH_OPTIONS(a_mix_keeps_its_order_and_numbers),
        WITH_OPTIONS(a_wrong_mix_is_refused),
        WITH_OPTIONS(options_of_other_work_are_refused),
        WITH_OPTIONS(work_names_options_that_exist),
        WITH_OPTIONS(more_than_memory_holds_is_refused),
        cmocka_unit_test_setup_teardown(what_looking_at_it_takes_is_counted, begin_in_root,
                                        end_in_root),
        WITH_OPTIONS(a_baseline_is_a_pass_of_its_own),
        WITH_OPTIONS(an_interrupted_run_keeps_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The experiment `workers`: its plan, and runs of it in which threads or their loops cannot be had:
 * the requests that wanted them fail, the others do not, and nothing is left on the loop. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "experiments/workers/workers.h"

extern const struct experiment experiment_workers;

/* Which of the threads and of the loops that are made from now on, counted from 1, are refused. The
 * first loop is the run's own. The program's own functions come before libuv's. */
struct refusal {
    atomic_uint made;
    unsigned from, to; /* inclusive; 0: none */
};
static struct refusal threads, loops;

static bool is_refused(struct refusal *r)
{
    unsigned number = atomic_fetch_add(&r->made, 1) + 1;

    return r->from != 0 && number >= r->from && number <= r->to;
}

int uv_thread_create_ex(uv_thread_t *thread, const uv_thread_options_t *options, uv_thread_cb entry,
                        void *argument)
{
    int (*next)(uv_thread_t *, const uv_thread_options_t *, uv_thread_cb, void *);
    void *symbol = dlsym(RTLD_NEXT, "uv_thread_create_ex");

    memcpy(&next, &symbol, sizeof next);
    return is_refused(&threads) ? UV_EAGAIN : next(thread, options, entry, argument);
}

int uv_loop_init(uv_loop_t *loop)
{
    int (*next)(uv_loop_t *);
    void *symbol = dlsym(RTLD_NEXT, "uv_loop_init");

    memcpy(&next, &symbol, sizeof next);
    return is_refused(&loops) ? UV_EMFILE : next(loop);
}

/* --- A run. --- */

static struct workers_options options;
static struct pass pass;
static struct run run;

static void run_with(unsigned thread_from, unsigned thread_to, unsigned loop_from, unsigned loop_to)
{
    struct err e;

    atomic_store(&threads.made, 0);
    atomic_store(&loops.made, 0);
    threads.from = thread_from;
    threads.to = thread_to;
    loops.from = loop_from;
    loops.to = loop_to;
    pass.spans = (uint32_t)(3 * (pass.role == PASS_TRIAL ? options.trials : options.requests));
    run = (struct run){.experiment = &experiment_workers, .pass = &pass, .options = &options};
    assert_int_equal(run_once(&run, &e), 0);
    threads.from = loops.from = 0;
}

/* How many spans of that kind ended with that status; all of them were called back. */
static unsigned ended(enum workers_kind kind, int status)
{
    unsigned count = 0;
    struct span s;

    for (uint32_t i = 0; i < run.recorder.count; i++) {
        recorder_get(&run.recorder, i, &s);
        assert_true(s.called_back_ns != SPAN_UNKNOWN);
        count += s.kind == workers_kinds[kind] && s.status == status;
    }
    return count;
}

static int begin(void **state)
{
    (void)state;
    options = (struct workers_options){.requests = 6, .workers = 2, .count = 1000, .trials = 4};
    pass = (struct pass){.role = PASS_MEASURED};
    return 0;
}

static int end(void **state)
{
    (void)state;
    run_free(&run);
    return 0;
}

static void all_is_counted_where_nothing_is_refused(void **state)
{
    (void)state;
    run_with(0, 0, 0, 0);
    assert_int_equal(ended(KIND_REQUEST, SPAN_OK), 6);
    assert_int_equal(ended(KIND_COUNT, SPAN_OK), 6);
    assert_int_equal(ended(KIND_START, SPAN_OK), 6);
    assert_false(run.failed);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(workers_counted(&run)[i], 1000);
}

static void a_request_without_a_thread_fails_alone(void **state)
{
    (void)state;
    run_with(2, 3, 0, 0);
    assert_int_equal(ended(KIND_REQUEST, UV_EAGAIN), 2);
    assert_int_equal(ended(KIND_START, UV_EAGAIN), 2);
    assert_int_equal(ended(KIND_REQUEST, SPAN_OK), 4);
    assert_true(run.failed);
}

static void without_any_thread_all_fail(void **state)
{
    (void)state;
    run_with(1, 100, 0, 0);
    assert_int_equal(ended(KIND_REQUEST, UV_EAGAIN), 6);
    assert_int_equal(ended(KIND_COUNT, UV_EAGAIN), 6);
}

static void a_request_without_a_loop_fails_alone(void **state)
{
    (void)state;
    run_with(0, 0, 3, 3); /* the run's is the first */
    assert_int_equal(ended(KIND_REQUEST, UV_EMFILE), 1);
    assert_int_equal(ended(KIND_START, UV_EMFILE), 1);
    assert_int_equal(ended(KIND_REQUEST, SPAN_OK), 5);
}

static void a_kept_thread_that_fails_has_a_successor(void **state)
{
    (void)state;
    options.reuse = true;
    run_with(1, 1, 2, 2);
    assert_int_equal(ended(KIND_REQUEST, UV_EAGAIN), 1);
    assert_int_equal(ended(KIND_REQUEST, UV_EMFILE), 1);
    assert_int_equal(ended(KIND_REQUEST, SPAN_OK), 4);
}

static void trials_go_on_after_a_failure(void **state)
{
    (void)state;
    pass.role = PASS_TRIAL;
    run_with(2, 2, 4, 4); /* of four threads the second; of their loops the third, the last one */
    assert_int_equal(ended(KIND_PING, SPAN_OK), 2);
    assert_int_equal(ended(KIND_START, UV_EAGAIN), 1);
    assert_int_equal(ended(KIND_START, UV_EMFILE), 1);
    assert_int_equal(ended(KIND_PING, UV_EAGAIN), 1);
    assert_int_equal(ended(KIND_PING, UV_EMFILE), 1);
}

static void the_loop_counts_one_after_another(void **state)
{
    (void)state;
    options.where = WHERE_LOOP;
    run_with(0, 0, 0, 0);
    assert_int_equal(ended(KIND_REQUEST, SPAN_OK), 6);
    assert_int_equal(ended(KIND_START, SPAN_OK), 0);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(workers_counted(&run)[i], 1000);
}

/* --- The plan. --- */

static int plan_with(const char *const *given, struct plan *plan, struct err *e)
{
    struct workers_options o = {0};
    struct param_set set = {.table = experiment_workers.params, .values = &o};

    *plan = (struct plan){0};
    assert_int_equal(param_set_defaults(&set, e), 0);
    for (; *given != NULL; given += 2) {
        const struct param *row = param_find(set.table, given[0], strlen(given[0]));

        assert_non_null(row);
        assert_int_equal(param_set_value(&set, row, given[1], e), 0);
    }
    return experiment_workers.plan(&set, plan, e);
}

static void the_plan_has_the_passes_that_were_asked_for(void **state)
{
    static const char *const none[] = {NULL};
    /* more workers than any machine that this runs on has CPUs */
    static const char *const many[] = {"baseline", "", "requests", "4096", "trials", "0", NULL};
    static const char *const loop[] = {"where", "loop", NULL};
    struct plan plan;
    struct err e;

    (void)state;
    assert_int_equal(plan_with(none, &plan, &e), 0);
    assert_int_equal(plan.pass_count, 2);
    assert_int_equal(plan.passes[0].spans, 6);
    assert_int_equal(plan.passes[1].role, PASS_TRIAL);
    assert_int_equal(plan.passes[1].spans, 300);
    assert_true(plan.descriptors >= 2 * COUNTER_DESCRIPTORS);
    assert_false(plan.uses_pool);

    assert_int_equal(plan_with(loop, &plan, &e), 0);
    assert_int_equal(plan.pass_count, 1);
    assert_int_equal(plan.passes[0].spans, 4);
    assert_int_equal(plan.descriptors, 0);

    assert_int_equal(plan_with(many, &plan, &e), 0);
    assert_int_equal(plan.pass_count, 3);
    assert_int_equal(plan.passes[1].role, PASS_BASELINE);
    assert_string_equal(plan.passes[1].override, "where");
    assert_int_equal(plan.passes[2].role, PASS_BASELINE);
    assert_string_equal(plan.passes[2].override, "workers");
    assert_true(plan.passes[2].override_value >= 1);
    assert_int_equal(plan.descriptors, 1024 * COUNTER_DESCRIPTORS);
}

static void the_plan_refuses_what_nothing_looks_at(void **state)
{
    static const char *const options_of_threads[] = {"workers", "reuse", "trials", "baseline"};
    struct plan plan;
    struct err e;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        const char *given[] = {"where", "loop", options_of_threads[i], "2", NULL};

        e.status = STATUS_OK;
        assert_int_equal(plan_with(given, &plan, &e), -1);
        assert_int_equal(e.status, STATUS_USAGE);
        assert_non_null(strstr(e.text, options_of_threads[i]));
    }
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(all_is_counted_where_nothing_is_refused),
        RUN(a_request_without_a_thread_fails_alone),
        RUN(without_any_thread_all_fail),
        RUN(a_request_without_a_loop_fails_alone),
        RUN(a_kept_thread_that_fails_has_a_successor),
        RUN(trials_go_on_after_a_failure),
        RUN(the_loop_counts_one_after_another),
        cmocka_unit_test(the_plan_has_the_passes_that_were_asked_for),
        cmocka_unit_test(the_plan_refuses_what_nothing_looks_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

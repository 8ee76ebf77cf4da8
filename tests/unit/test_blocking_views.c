/* What the table and the JSON say of `blocking`, of runs made by hand; and what it plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drawn.h"
#include "made_blocking.h"

#include "analysis/blocking_summary.h"
#include "output/blocking_json.h"

static const struct view_style style = {.columns = 80};

static int begin(void **state)
{
    int rc = made_blocking(state);

    result.host.cpus_online = result.host.cpus_allowed = 2;
    result.host.cpu_quota = -1;
    run->cpu_ns = MS;
    return rc;
}

static void make_loop(void)
{
    made_fast(1 * MS, 1 * MS + 10, 1 * MS + 20);
    made_slow(10 * MS, 11 * MS, 111 * MS - 1);
    made_slow(10 * MS, 111 * MS, 210 * MS - 1);
    made_fast(20 * MS, 210 * MS, 220 * MS - 1);
    made_fast(30 * MS, 211 * MS, 221 * MS - 1);
    made_fast(300 * MS, 300 * MS + 10, 300 * MS + 20);
    run->blocking->loop_lag_ns = 200 * MS;
    run->blocking->cpu_ns = 150 * MS;
}

static void places_stand_below_each_other(void **state)
{
    char *text;

    (void)state;
    make_loop();
    made_blocking_run(&made_baseline, BLOCKING_PROCESS);
    made_slow(10 * MS, 11 * MS, 110 * MS - 1);
    text = drawn_text(&result, NULL, style);
    assert_true(drawn_width(text) <= 80);
    assert_drawn(text,
                 "\nwhere        first     last   count      p50      p99      max  held up      "
                 "CPU\n");
    assert_drawn(text,
                 "\nloop        101 ms   200 ms       2   196 ms   200 ms   200 ms   200 ms   "
                 "150 ms\n");
    assert_drawn(text,
                 "\nprocess     100 ms   100 ms       0        -        -        -        -        "
                 "-\n");
    assert_not_drawn(text, "\nworker  ");
    free(text);
}

static void only_what_was_due_meanwhile_counts(void **state)
{
    struct blocking_summary s;

    (void)state;
    make_loop();
    assert_true(blocking_summary_make(&s, result.runs, result.run_count, BLOCKING_LOOP));
    assert_int_equal(s.runs, 1);
    assert_int_equal(s.slow, 2);
    assert_int_equal(s.fast, 2);
    assert_true(s.slow_first_ns == 101 * MS && s.slow_last_ns == 200 * MS);
    assert_true(s.fast_max_ns == 200 * MS && s.fast_p50_ns == (200 + 191) * MS / 2);
    assert_true(s.loop_lag_ns == 200 * MS && s.cpu_ns == 150 * MS);
    assert_true(blocking_summary_make(&s, result.runs, result.run_count, BLOCKING_POOL));
    assert_int_equal(s.runs, 0);
}

static void several_runs_are_told_together(void **state)
{
    struct blocking_summary s;

    (void)state;
    make_loop();
    made_blocking_run(&made_measured, BLOCKING_LOOP);
    made_slow(0, 1, 300 * MS - 1);
    made_fast(1 * MS, 2 * MS, 3 * MS - 1);
    run->blocking->loop_lag_ns = 299 * MS;
    run->blocking->cpu_ns = 50 * MS;
    made_blocking_run(&made_measured, BLOCKING_LOOP); /* nothing came back in this one */
    made_request(BLOCKING_KIND_SLOW, SPAN_FAILED_RESET, 1, UNKNOWN, UNKNOWN, 100);
    run->blocking->cpu_ns = 100 * MS;
    assert_true(blocking_summary_make(&s, result.runs, result.run_count, BLOCKING_LOOP));
    assert_int_equal(s.runs, 3);
    assert_int_equal(s.slow, 3);
    assert_int_equal(s.fast, 3);
    assert_true(s.slow_first_ns == (101 + 300) * MS / 2 && s.slow_last_ns == 250 * MS);
    assert_true(s.loop_lag_ns == 299 * MS && s.cpu_ns == 100 * MS);
    run->blocking->cpu_ns = UNKNOWN;
    assert_true(blocking_summary_make(&s, result.runs, result.run_count, BLOCKING_LOOP));
    assert_true(s.cpu_ns == UNKNOWN);
}

static char *json_of(void)
{
    cJSON *item = blocking_json(run);
    char *text = cJSON_PrintUnformatted(item);

    cJSON_Delete(item);
    assert_non_null(text);
    return text;
}

static void a_document_has_the_same(void **state)
{
    char *text;

    (void)state;
    make_loop();
    text = json_of();
    assert_string_equal(
        text, "{\"where\":\"loop\",\"work_ns\":100,\"threads\":1,\"loop_lag_ns\":200000000,"
              "\"cpu_ns\":150000000,\"slow\":{\"count\":2,\"first_ns\":101000000,\"last_ns\":"
              "200000000},\"fast\":{\"count\":2,\"p50_ns\":195500000,\"p99_ns\":200000000,"
              "\"max_ns\":200000000}}");
    cJSON_free(text);
    made_blocking_run(&made_baseline, BLOCKING_WORKER);
    text = json_of();
    assert_string_equal(text,
                        "{\"where\":\"worker\",\"work_ns\":100,\"threads\":1,\"loop_lag_ns\":null,"
                        "\"cpu_ns\":null,\"slow\":{\"count\":0,\"first_ns\":null,\"last_ns\":null},"
                        "\"fast\":{\"count\":0,\"p50_ns\":null,\"p99_ns\":null,\"max_ns\":null}}");
    cJSON_free(text);
}

/* --- The plan. --- */

static int planned(struct plan *plan, struct blocking_options *o, struct err *e)
{
    struct param_set set = {.table = experiment_blocking.params, .values = o};

    *plan = (struct plan){0};
    return experiment_blocking.plan(&set, plan, e);
}

static void each_place_has_a_pass(void **state)
{
    struct plan plan;
    struct err e;

    (void)state;
    for (unsigned where = 0; where < BLOCKING_PLACES; where++) {
        struct blocking_options o = {
            .where = where, .work_ns = 500 * MS, .requests = 2, .rate = 100};
        bool seen[BLOCKING_PLACES] = {false};

        assert_int_equal(planned(&plan, &o, &e), 0);
        assert_int_equal(plan.pass_count, BLOCKING_PLACES);
        assert_true(plan.passes[0].role == PASS_MEASURED && plan.passes[0].override == NULL);
        assert_true(plan.passes[0].spans > 2 * 100); /* for a second of probes, and more */
        for (unsigned i = 0; i < plan.pass_count; i++) {
            assert_true(i == 0 || plan.passes[i].role == PASS_BASELINE);
            seen[blocking_where_of(&plan.passes[i], &o)] = true;
        }
        for (unsigned i = 0; i < BLOCKING_PLACES; i++)
            assert_true(seen[i]);
        assert_int_equal(o.threads, POOL_DEFAULT);
    }
}

static void only_whole_milliseconds_are_accepted(void **state)
{
    struct blocking_options o = {.work_ns = 1500000, .requests = 2, .rate = 100};
    struct plan plan;
    struct err e;

    (void)state;
    assert_int_equal(planned(&plan, &o, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, made_blocking_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_stand_below_each_other),  TEST(only_what_was_due_meanwhile_counts),
        TEST(several_runs_are_told_together), TEST(a_document_has_the_same),
        TEST(each_place_has_a_pass),          TEST(only_whole_milliseconds_are_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What runs say of points: figures over those that count, ratios round by round, groups, verdicts,
 * outliers; each against values that can be worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "analysis/sweep_points.h"
#include "tests/unit/made_sweep.h"

static struct sweep s;
static struct sweep_points p;

static int make(void **state)
{
    (void)state;
    made_sweep(&s);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    sweep_points_free(&p);
    sweep_free(&s);
    return 0;
}

static void measure(void)
{
    struct err e;

    assert_int_equal(sweep_points_make(&p, &s, &e), 0);
}

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("%.12g instead of %.12g", value, wanted);
}

/* A run of `ms`. */
static void add(uint32_t point, uint32_t round, double ms)
{
    made_sweep_run(&s, point, round, (struct made_point){.elapsed_ms = ms, .cpu_ms = ms / 2});
}

static void add_failed(uint32_t point, uint32_t round)
{
    made_sweep_run(&s, point, round, (struct made_point){.error = round == 0 ? "first" : "last"});
}

static void test_figures(void **state)
{
    const double ms[] = {7, 1, 5, 3, 2, 6, 4, 8, 9};

    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    for (uint32_t i = 0; i < 9; i++)
        add(0, i, ms[i]);
    measure();
    assert_int_equal(p.list[0].runs, 9);
    assert_int_equal(p.list[0].failed, 0);
    assert_null(p.list[0].error);
    assert_int_equal(p.list[0].value.count, 9);
    assert_near(p.list[0].value.median, 5e6);
    assert_near(p.list[0].value.min, 1e6);
    assert_near(p.list[0].value.max, 9e6);
    assert_near(p.list[0].value.low, 2e6); /* of nine the second and the eighth: 96.1 % */
    assert_near(p.list[0].value.high, 8e6);
    assert_near(p.list[0].cpu_ns.median, 2.5e6);
    assert_near(p.list[0].cpus.median, 0.5);
    assert_true(isnan(p.list[0].waited_ns.median));
    assert_true(isnan(p.list[0].waited_share));
    assert_int_equal(p.list[0].waited_ns.count, 0);
    assert_near(p.list[0].relative.median, 1);
    assert_int_equal(p.list[0].verdict, SWEEP_BEST);
}

static void test_few_runs_have_no_interval(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 0; i < 5; i++)
        add(0, i, 10 + i);
    measure();
    assert_near(p.list[0].value.median, 12e6);
    assert_true(isnan(p.list[0].value.low));
    assert_int_equal(p.list[0].verdict, SWEEP_TOO_FEW);
    assert_int_equal(p.list[1].value.count, 0);
    assert_true(isnan(p.list[1].value.median));
    assert_true(isnan(p.list[1].relative.median));
    assert_int_equal(p.list[1].verdict, SWEEP_TOO_FEW);
    assert_int_equal(p.best[0], 0);
}

static void test_helpers_count_as_cpu(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    made_sweep_run(&s, 0, 0,
                   (struct made_point){.elapsed_ms = 100, .cpu_ms = 50, .helpers_ms = 130});
    measure();
    assert_near(p.list[0].cpus.median, 1.8);
    assert_near(p.list[0].cpu_ns.median, 50e6);
}

/* A slow minute hits both: their ratio knows nothing of it. Runs come in any order. */
static void test_ratios_are_by_round(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 8; i-- > 0;) {
        double slow = i < 4 ? 1 : 10;

        add(0, i, 20 * slow);
        add(1, i, 10 * slow);
    }
    add(0, 8, 1000); /* the other has no such round */
    measure();
    assert_int_equal(p.list[0].relative.count, 8);
    assert_near(p.list[0].relative.median, 2);
    assert_near(p.list[0].relative.low, 2);
    assert_near(p.list[0].relative.high, 2);
    assert_int_equal(p.list[0].verdict, SWEEP_WORSE);
    assert_near(sweep_points_ratio(&p, 1, 0).median, 0.5);
}

static void test_rounds_that_failed_have_no_ratio(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 0; i < 8; i++) {
        if (i < 3)
            add_failed(0, i);
        else
            add(0, i, 30);
        add(1, i, 10);
    }
    add(1, 3, 99); /* a round that comes twice counts once */
    measure();
    assert_int_equal(p.list[0].runs, 5);
    assert_int_equal(p.list[0].failed, 3);
    assert_string_equal(p.list[0].error, "last");
    assert_int_equal(p.list[0].relative.count, 5);
    assert_int_equal(p.list[0].verdict, SWEEP_TOO_FEW);
}

static void test_all_of_a_point_failed(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 0; i < 6; i++)
        add(1, i, 10);
    add_failed(0, 0);
    add_failed(0, 1);
    measure();
    assert_int_equal(p.list[0].verdict, SWEEP_FAILED);
    assert_int_equal(p.list[1].verdict, SWEEP_BEST);
    assert_int_equal(p.list[0].value.count, 0);
}

/* The margin is 2 %. */
static void test_verdicts(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3;4;5;6");
    for (uint32_t i = 0; i < 6; i++) {
        add(4, i, i < 5 ? 101 : 109.9); /* not beyond what may be lost */
        add(5, i, i < 5 ? 101 : 110.1); /* its median says equal, its interval does not */
        add(0, i, 100);
        add(1, i, 101.9);             /* not beyond */
        add(2, i, i < 3 ? 101 : 104); /* its median is, its interval is not */
        add(3, i, 102.1 + (double)i); /* all of it is */
    }
    measure();
    assert_int_equal(p.list[0].verdict, SWEEP_BEST);
    assert_int_equal(p.list[1].verdict, SWEEP_EQUAL);
    assert_int_equal(p.list[2].verdict, SWEEP_UNDECIDED);
    assert_int_equal(p.list[3].verdict, SWEEP_WORSE);
    assert_int_equal(p.list[4].verdict, SWEEP_EQUAL);
    assert_int_equal(p.list[5].verdict, SWEEP_UNDECIDED);
    assert_string_equal(sweep_verdict_name(SWEEP_UNDECIDED), "undecided");
    assert_string_equal(sweep_verdict_name(SWEEP_TOO_FEW), "too few runs");
}

/* One lucky run is no best. */
static void test_the_best_has_enough_runs(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    add(0, 0, 1);
    for (uint32_t i = 0; i < 6; i++)
        add(1, i, 10);
    measure();
    assert_int_equal(p.best[0], 1);
    assert_int_equal(p.list[0].verdict, SWEEP_TOO_FEW);
}

static void test_groups(void **state)
{
    (void)state;
    made_axis(&s, MADE_WORK, "sleep;spin");
    made_axis(&s, MADE_THREADS, "1;2;4");
    made_axis(&s, MADE_JOBS, "10;20");
    for (uint32_t point = 0; point < 12; point++)
        add(point, 0, 10 + point);
    measure();
    assert_int_equal(p.means, 1);
    assert_int_equal(p.group_count, 4);
    for (uint32_t point = 0; point < 12; point++) {
        assert_int_equal(p.list[point].group,
                         2 * sweep_value_of(&s, point, 0) + sweep_value_of(&s, point, 2));
    }
    assert_int_equal(p.best[0], 0);
    assert_int_equal(p.best[1], 1);
    assert_int_equal(p.best[2], 6);
    assert_int_equal(p.best[3], 7);
}

static void test_shares(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 0; i < 2; i++) {
        made_sweep_run(&s, 0, i,
                       (struct made_point){.elapsed_ms = 9,
                                           .waited_ms = 4 + 2 * i,
                                           .ran_ms = 4,
                                           .returned_ms = 1,
                                           .calls = 7});
        made_sweep_run(&s, 1, i, (struct made_point){.elapsed_ms = 9, .ran_ms = 4});
    }
    measure();
    assert_near(p.list[0].waited_share, 0.5);
    assert_near(p.list[0].ran_share, 0.4);
    assert_near(p.list[0].returned_share, 0.1);
    assert_near(p.list[0].waited_ns.median, 5e6);
    assert_near(p.list[0].total_ns.median, 10e6);
    assert_near(p.list[0].calls, 7);
    assert_near(p.list[0].waited_mean_ns.median, 5e6);
    assert_near(p.list[0].ran_mean_ns.median, 4e6);
    assert_true(isnan(p.list[1].ran_share)); /* a part is not known */
    assert_near(p.list[1].ran_ns.median, 4e6);
}

/* Nor is what a run with many calls says more than what another says. */
static void test_one_slow_run_moves_no_share(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    for (uint32_t i = 0; i < 7; i++)
        made_sweep_run(&s, 0, i,
                       (struct made_point){.elapsed_ms = 9,
                                           .waited_ms = i == 3 ? 4000 : 4,
                                           .ran_ms = 5,
                                           .returned_ms = 1,
                                           .calls = i == 3 ? 1000 : 10});
    made_sweep_run(&s, 0, 7, (struct made_point){.elapsed_ms = 9}); /* it made no call */
    s.runs[7].calls.count = 0;
    measure();
    assert_int_equal(p.list[0].waited_mean_ns.count, 7);
    assert_near(p.list[0].waited_mean_ns.median, 4e6);
    assert_near(p.list[0].waited_mean_ns.high, 4e9);
    assert_near(p.list[0].waited_share, 0.4);
    assert_near(p.list[0].ran_share, 0.5);
}

static void test_outliers(void **state)
{
    const double ms[] = {10, 11, 30, 12, 13, 14, 15, 1}; /* quartiles 10.75 and 14.25 */

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3");
    add(1, 0, 5);
    for (uint32_t i = 8; i-- > 0;)
        add(0, i, ms[i]);
    for (uint32_t i = 0; i < 5; i++)
        add(2, i, i == 4 ? 1000 : 10); /* too few to tell */
    measure();
    assert_int_equal(p.list[0].outlier_count, 1);
    assert_int_equal(p.list[0].outliers[0], 6); /* the run of 30 ms: above 14.25 + 3 * 3.5 */
    assert_near((double)s.runs[6].elapsed_ns, 30e6);
    assert_int_equal(p.list[1].outlier_count, 0);
    assert_int_equal(p.list[2].outlier_count, 0);
    assert_near(p.list[0].value.max, 30e6); /* it is part of the figures all the same */
}

/* The margin is 2 %: where all runs but one are equal, the fences are no distance at all. */
static void test_outliers_are_beyond_the_margin(void **state)
{
    const double ms[] = {100, 100, 100, 100, 100, 101.9, 98.1, 100, 97.9, 102.1};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    for (uint32_t i = 0; i < 10; i++) {
        add(0, i, i < 8 ? ms[i] : 100);
        add(1, i, ms[i]);
    }
    for (uint32_t i = 10; i < 20; i++) /* so that the quartiles of the second are equal, too */
        add(1, i, 100);
    measure();
    assert_int_equal(p.list[0].outlier_count, 0);
    assert_int_equal(p.list[1].outlier_count, 2);
    assert_int_equal(p.list[1].outliers[0], 17);
    assert_int_equal(p.list[1].outliers[1], 19);
}

static void test_requests(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    s.by = SWEEP_BY_REQUEST;
    made_sweep_run(&s, 0, 0, (struct made_point){.elapsed_ms = 500, .answered = 1000});
    made_sweep_run(&s, 0, 1, (struct made_point){.elapsed_ms = 500});
    measure();
    assert_near(p.list[0].requests_per_s.median, 2000);
    assert_near(p.list[0].value.median, 500e3);
    assert_int_equal(p.list[0].value.count, 1);
    assert_int_equal(p.list[0].runs, 2);
}

/* What a journal says that somebody has written into. */
static void test_requests_of_nobody(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    made_sweep_run(&s, 0, 0, (struct made_point){.elapsed_ms = 1e-6, .answered = UINT32_MAX});
    made_sweep_run(&s, 0, 1, (struct made_point){.elapsed_ms = 500, .answered = 1000});
    s.runs[1].elapsed_ns = 0;
    measure();
    assert_int_equal(p.list[0].requests_per_s.count, 0);
}

static void test_defaults(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1");
    made_axis(&s, MADE_WORKERS, "1");
    made_axis(&s, MADE_PAUSE, "1ms");
    made_axis(&s, MADE_WORK, "spin");
    assert_int_equal(sweep_axis_default(&s, &s.axes[0]), POOL_DEFAULT);
    assert_int_equal(sweep_axis_default(&s, &s.axes[1]), 2);
    assert_int_equal(sweep_axis_default(&s, &s.axes[2]), 10000000);
    assert_true(sweep_axis_default(&s, &s.axes[3]) == SWEEP_UNKNOWN);
    s.cpu_quota = 0.5; /* of which a worker makes some use */
    assert_int_equal(sweep_axis_default(&s, &s.axes[1]), 1);
    s.cpus_allowed = 8;
    s.cpu_quota = 2.5;
    assert_int_equal(sweep_axis_default(&s, &s.axes[1]), 3);
    s.cpus_allowed = 0;
    assert_true(sweep_axis_default(&s, &s.axes[1]) == SWEEP_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures, make, unmake),
        cmocka_unit_test_setup_teardown(test_few_runs_have_no_interval, make, unmake),
        cmocka_unit_test_setup_teardown(test_helpers_count_as_cpu, make, unmake),
        cmocka_unit_test_setup_teardown(test_ratios_are_by_round, make, unmake),
        cmocka_unit_test_setup_teardown(test_rounds_that_failed_have_no_ratio, make, unmake),
        cmocka_unit_test_setup_teardown(test_all_of_a_point_failed, make, unmake),
        cmocka_unit_test_setup_teardown(test_verdicts, make, unmake),
        cmocka_unit_test_setup_teardown(test_the_best_has_enough_runs, make, unmake),
        cmocka_unit_test_setup_teardown(test_groups, make, unmake),
        cmocka_unit_test_setup_teardown(test_shares, make, unmake),
        cmocka_unit_test_setup_teardown(test_outliers, make, unmake),
        cmocka_unit_test_setup_teardown(test_one_slow_run_moves_no_share, make, unmake),
        cmocka_unit_test_setup_teardown(test_outliers_are_beyond_the_margin, make, unmake),
        cmocka_unit_test_setup_teardown(test_requests, make, unmake),
        cmocka_unit_test_setup_teardown(test_requests_of_nobody, make, unmake),
        cmocka_unit_test_setup_teardown(test_defaults, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

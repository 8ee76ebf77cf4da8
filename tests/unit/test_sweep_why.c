/* Why a point is as good as it is, and why there is no answer: what calls share, what others on the
 * machine had, and nothing where the runs do not show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/answered_sweep.h"

/* Calls that share something else than CPUs. */
static void make_shared(double noise)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 400, .cpu_ms = 80, .waited_ms = 150, .ran_ms = 100, .calls = 8},
        {.elapsed_ms = 200, .cpu_ms = 80, .waited_ms = 75, .ran_ms = 100, .calls = 8},
        {.elapsed_ms = 200, .cpu_ms = 80, .waited_ms = 10, .ran_ms = 180, .calls = 8},
    };
    struct made_point noisy[3];

    made_axis(&s, MADE_THREADS, "1;2;4");
    for (int i = 0; i < 3; i++) {
        noisy[i] = likes[i];
        noisy[i].noise = noise;
    }
    made_rounds(&s, 9, noisy);
}

static void test_shared(void **state)
{
    (void)state;
    make_shared(0.005);
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_says(0, "beyond --threads 2 a call runs longer as it waits less: with --threads 4 it "
                   "runs 180 ms instead of 99.8 ms and waits ");
    assert_says(0, ": what the calls share is the limit (uvlab itself used 0.40 of 2 CPUs)");
    assert_says(0, "on average: what is added is put to use");
}

/* Waiting that has become running is no gain to speak of. */
static void test_waiting_becomes_running(void **state)
{
    (void)state;
    make_shared(0.005);
    for (size_t i = 0; i < s.run_count; i++) {
        if (s.runs[i].point == 1)
            s.runs[i].calls.ran_sum_ns = 8 * UINT64_C(170000000);
    }
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_says(0, "with --threads 2, on average, but there it runs longer");
    assert_silent(0, "put to use");
}

/* What others had is no limit of what the calls share. */
static void test_shared_with_others(void **state)
{
    (void)state;
    make_shared(0.005);
    watched(0.4, 1.5, 0);
    answer();
    assert_says(0, "beyond --threads 2 a call runs longer as it waits less");
    assert_says(0, ": other processes had CPUs meanwhile, 1.5 in the mean of the runs");
    assert_silent(0, "share is the limit");
}

/* The averages say the same; their intervals meet. So it is when there are none. */
static void test_shared_in_noise(void **state)
{
    (void)state;
    make_shared(0.9);
    for (size_t i = 0; i < s.run_count; i++) /* which is decided by the elapsed time */
        s.runs[i].elapsed_ns = s.runs[i].point == 0 ? 400000000 : 200000000;
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_silent(0, "runs longer");
    assert_silent(0, "put to use");
}

static void test_runs_and_waits_longer(void **state)
{
    (void)state;
    make_shared(0.005);
    for (size_t i = 0; i < s.run_count; i++) {
        if (s.runs[i].point == 2)
            s.runs[i].calls.waited_sum_ns = 8 * UINT64_C(80000000);
    }
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_silent(0, "runs longer");
    assert_silent(0, "the limit");
}

/* Noise that somebody made is told as such, before anything else. */
static void test_busy(void **state)
{
    const struct made_point like = {.elapsed_ms = 300, .noise = 0.5};
    const struct made_point likes[] = {like, like, like};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3");
    made_rounds(&s, 9, likes);
    watched(0.3, 1.6, 0);
    s.runs[0].others_cpu_ns = 0;
    s.runs[1].others_cpu_ns = SWEEP_UNKNOWN;
    s.runs[2].watched_ns = 100000000; /* too short to tell */
    s.runs[3].watched_ns = SWEEP_UNKNOWN;
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_non_null(strstr(answers.list[0].reasons[0],
                           "the machine was busy, which probably is why: other processes used up "
                           "to 1.6 CPUs in 23 of 25 runs; measure again when it is quiet"));
    assert_says(0, "(--runs ");
}

static void test_hypervisor(void **state)
{
    const struct made_point like = {.elapsed_ms = 300, .noise = 0.5};
    const struct made_point likes[] = {like, like, like};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3");
    made_rounds(&s, 9, likes);
    watched(0.3, 0.05, 0.25);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_non_null(strstr(answers.list[0].reasons[0], "the hypervisor took CPUs away"));
    assert_non_null(strstr(answers.list[0].reasons[0], "up to 0.25 in 27 of 27 runs"));
}

/* Where the answer holds all the same, nothing needs an excuse. */
static void test_busy_and_clear(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 300, .noise = 0.003},
                                       {.elapsed_ms = 200, .noise = 0.003}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 9, likes);
    watched(0.3, 1.6, 0.25);
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_silent(0, "busy");
    assert_silent(0, "hypervisor");
}

/* The smallest has the lowest median, and still another may be much better. */
static void test_noise_of_a_rival(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100, .noise = 0.003},
                                       {.elapsed_ms = 101, .noise = 0.6}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 7, likes);
    for (size_t i = 0; i < s.run_count; i++) { /* whatever the noise was */
        if (s.runs[i].point == 1)
            s.runs[i].elapsed_ns = s.runs[i].round % 3 == 0   ? 120000000
                                   : s.runs[i].round % 3 == 1 ? 101000000
                                                              : 70000000;
    }
    answer();
    assert_int_equal(answers.list[0].best, 0);
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "--threads 2 could be as much as 30 % better than --threads 1");
}

/* The least of what may be used is the limit, and is called by its name. */
static void test_quota(void **state)
{
    (void)state;
    make_shared(0.005);
    s.cpus_allowed = 8;
    s.cpu_quota = 1.5;
    for (size_t i = 0; i < s.run_count; i++)
        s.runs[i].cpu_ns = s.runs[i].elapsed_ns / 100 * 140;
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_says(0, ": the control group's quota of 1.50 CPUs is the limit (1.40 of 8 CPUs used)");
    assert_silent(0, "share is the limit");
    assert_silent(0, "the CPUs are");
}

/* Where nothing is gained by waiting less, the largest says so, too. */
static void test_quota_of_the_largest(void **state)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 400, .cpu_ms = 400, .waited_ms = 150, .ran_ms = 100, .calls = 8},
        {.elapsed_ms = 200, .cpu_ms = 280, .waited_ms = 75, .ran_ms = 100, .calls = 8},
    };

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 9, likes);
    s.cpus_allowed = 8;
    s.cpu_quota = 1.5;
    answer();
    assert_says(0, "--threads 2 uses 1.40 of 8 CPUs: the control group's quota of 1.50 CPUs is "
                   "the limit");
    assert_silent(0, "may be better still");
}

/* 90 % of it are not used; it is told all the same. */
static void test_quota_not_used(void **state)
{
    (void)state;
    make_shared(0.005);
    s.cpu_quota = 1.5;
    answer();
    assert_says(0, ": what the calls share is the limit (uvlab itself used 0.40 of 2 CPUs, with a "
                   "quota of 1.50)");
    assert_silent(0, "control group");
}

/* Runs shorter than a period of the quota. */
static void test_quota_not_met(void **state)
{
    (void)state;
    make_shared(0.005);
    s.cpu_quota = 1.5;
    for (size_t i = 0; i < s.run_count; i++)
        s.runs[i].cpu_ns = s.runs[i].elapsed_ns / 100 * 195;
    answer();
    assert_says(0, ": the CPUs are the limit (1.95 of 2 CPUs used)");
    assert_silent(0, "quota");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_noise_of_a_rival, make, unmake),
        cmocka_unit_test_setup_teardown(test_shared, make, unmake),
        cmocka_unit_test_setup_teardown(test_waiting_becomes_running, make, unmake),
        cmocka_unit_test_setup_teardown(test_shared_with_others, make, unmake),
        cmocka_unit_test_setup_teardown(test_shared_in_noise, make, unmake),
        cmocka_unit_test_setup_teardown(test_runs_and_waits_longer, make, unmake),
        cmocka_unit_test_setup_teardown(test_quota, make, unmake),
        cmocka_unit_test_setup_teardown(test_quota_of_the_largest, make, unmake),
        cmocka_unit_test_setup_teardown(test_quota_not_used, make, unmake),
        cmocka_unit_test_setup_teardown(test_quota_not_met, make, unmake),
        cmocka_unit_test_setup_teardown(test_busy, make, unmake),
        cmocka_unit_test_setup_teardown(test_hypervisor, make, unmake),
        cmocka_unit_test_setup_teardown(test_busy_and_clear, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

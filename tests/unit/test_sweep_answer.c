/* The answer of a sweep, in cases whose answer is known: what is recommended, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/answered_sweep.h"

/* Eight jobs that sleep 100 ms each: rounds of as many as there are threads. */
static struct made_point sleeping(uint32_t threads, uint32_t jobs)
{
    uint32_t batches = (jobs + threads - 1) / threads;

    return (struct made_point){.elapsed_ms = 100.0 * batches + 0.2,
                               .cpu_ms = 1,
                               .waited_ms = 100.0 * (batches - 1) / 2 + 0.05,
                               .ran_ms = 100.1,
                               .returned_ms = 0.03,
                               .calls = jobs,
                               .noise = 0.005};
}

/* Jobs of 100 ms of CPU time on 2 CPUs: beyond as many threads they share them. */
static struct made_point spinning(uint32_t threads, uint32_t jobs)
{
    uint32_t used = threads < 2 ? threads : 2;

    return (struct made_point){.elapsed_ms = 100.0 * jobs / used,
                               .cpu_ms = 99.0 * jobs,
                               .waited_ms = 50.0 * (jobs - threads) / used + 0.05,
                               .ran_ms = 100.0 * threads / used,
                               .returned_ms = 0.03,
                               .calls = jobs,
                               .noise = 0.01};
}

static void test_sleep(void **state)
{
    struct made_point likes[8];

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3;4;5;6;7;8");
    for (uint32_t i = 0; i < 8; i++)
        likes[i] = sleeping(i + 1, 8);
    made_rounds(&s, 7, likes);
    answer();
    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.list[0].recommended, 7);
    assert_int_equal(answers.list[0].best, 7);
    assert_int_equal(answers.list[0].preset, 3);
    assert_says(0, "--threads 8 takes 100 ms");
    assert_says(0, "the least of all");
    assert_says(0, "--threads 7, the next smaller, takes 2.00 times as long");
    assert_says(0, "--threads 4, the default, loses: against --threads 8 it takes 2.0");
    assert_says(0, "--threads 8 is one for each of the 8 calls of a run");
    assert_silent(0, "more may be better");
    assert_silent(0, "CPUs");
}

static void test_spin(void **state)
{
    struct made_point likes[8];

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3;4;5;6;7;8");
    for (uint32_t i = 0; i < 8; i++)
        likes[i] = spinning(i + 1, 8);
    made_rounds(&s, 8, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_says(0, "--threads 1, the next smaller, takes 2");
    assert_says(0, "--threads 4, the default, is as good");
    assert_says(0, "the CPUs are the limit (1.98 of 2 CPUs used)");
    assert_says(0, "beyond --threads 2 a call runs longer as it waits less");
    assert_says(0, "instead of 150 ms: the CPUs are");
}

/* Made quick by the page cache: threads buy nothing. */
static void test_file_reads(void **state)
{
    const struct made_point like = {.elapsed_ms = 3,
                                    .cpu_ms = 1.5,
                                    .waited_ms = 0.2,
                                    .ran_ms = 0.5,
                                    .returned_ms = 0.3,
                                    .calls = 20,
                                    .noise = 0.008};
    const struct made_point likes[] = {like, like, like, like};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;4;8");
    made_rounds(&s, 12, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 0);
    assert_says(0, "--threads 1 takes 3.0");
    assert_says(0, "are as good, within noise and the margin of 2 %");
    assert_says(0, "--threads 4, the default, is as good");
    assert_silent(0, "next smaller");
    assert_silent(0, "CPUs are the limit");
    assert_silent(0, "longer: ");
}

/* Requests of a load for 1 s, answered by worker processes: the CPUs that count are theirs. */
static void test_cluster(void **state)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 1000, .cpu_ms = 300, .helpers_ms = 990, .answered = 20000, .noise = 0.004},
        {.elapsed_ms = 1000, .cpu_ms = 500, .helpers_ms = 1490, .answered = 30000, .noise = 0.004},
        {.elapsed_ms = 1000, .cpu_ms = 500, .helpers_ms = 1490, .answered = 29900, .noise = 0.004},
    };

    (void)state;
    made_axis(&s, MADE_WORKERS, "1;2;4");
    s.by = SWEEP_BY_REQUEST;
    made_rounds(&s, 10, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_int_equal(answers.list[0].preset, 1); /* max: 2 CPUs */
    assert_says(0, "--workers 2 takes 33.3 µs a request");
    assert_says(0, "--workers 1, the next smaller, takes 1.50 times as long a request");
    assert_says(0, "--workers 2 is also the default");
    assert_says(0, "--workers 2 uses 1.99 of 2 CPUs: they are the limit");
}

/* More connections than the server keeps busy only queue. */
static void test_connections(void **state)
{
    struct made_point likes[] = {
        {.elapsed_ms = 1000, .ran_ms = 0.1, .answered = 10000},
        {.elapsed_ms = 1000, .ran_ms = 0.11, .answered = 36000},
        {.elapsed_ms = 1000, .ran_ms = 0.4, .answered = 40000},
        {.elapsed_ms = 1000, .ran_ms = 1.6, .answered = 40100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof likes / sizeof likes[0]; i++) {
        likes[i].noise = 0.003;
        likes[i].cpu_ms = 900;
        likes[i].waited_ms = likes[i].returned_ms = 0.001;
    }
    made_axis(&s, MADE_CONNECTIONS, "1;4;16;64");
    s.by = SWEEP_BY_REQUEST;
    made_rounds(&s, 10, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 2);
    assert_says(0, "--connections 4, the next smaller, takes 11.0 % longer a request");
    assert_says(0, "--connections 10, the default, was not tried");
    assert_says(0, "beyond --connections 16 a request takes longer from its sending to its answer");
    assert_says(0, " are answered a second");
}

static void test_noise(void **state)
{
    const struct made_point like = {.elapsed_ms = 100, .noise = 0.5};
    const struct made_point likes[] = {like, like, like, like, like};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3;4;5");
    made_rounds(&s, 9, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_true(answers.list[0].best != SWEEP_NO_POINT);
    assert_true(strstr(answers.list[0].reasons[0], "differ too much") != NULL ||
                strstr(answers.list[0].reasons[0], "may be worse") != NULL);
    assert_says(0, "(--runs ");
    assert_says(0, "the lowest median");
    assert_silent(0, "as good, within noise");
    assert_silent(0, "busy");
}

/* A median that is not beyond the margin says nothing when its interval goes anywhere. */
static void test_equal_is_known(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100}, {.elapsed_ms = 100}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 9, likes);
    for (size_t i = 0; i < s.run_count; i++) {
        if (s.runs[i].point == 0)
            s.runs[i].elapsed_ns = s.runs[i].round % 3 == 0   ? 145000000
                                   : s.runs[i].round % 3 == 1 ? 100800000
                                                              : 99000000;
    }
    answer();
    assert_int_equal(answers.list[0].best, 1);
    assert_int_equal(points.list[0].verdict, SWEEP_UNDECIDED);
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "--threads 1 could be as much as 45 % worse than --threads 2; very roughly");
    assert_silent(0, "as good");
    assert_silent(0, "--margin");
}

/* Every other run of --threads 2 takes `slow_ns`; those of --threads 4 take 100 ms. */
static void make_undecided(uint32_t rounds, uint64_t slow_ns)
{
    const struct made_point likes[] = {{.elapsed_ms = 104, .noise = 0.03},
                                       {.elapsed_ms = 100, .noise = 0.001}};

    made_axis(&s, MADE_THREADS, "2;4");
    made_rounds(&s, rounds, likes);
    for (size_t i = 0; i < s.run_count; i++) {
        if (s.runs[i].point == 0)
            s.runs[i].elapsed_ns = s.runs[i].round % 2 == 0 ? slow_ns : 101000000;
    }
    answer();
    assert_int_equal(points.list[0].verdict, SWEEP_UNDECIDED);
}

static void expect_undecided(void)
{
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "--threads 2 may be worse than the best or not: it takes ");
}

static void test_undecided(void **state)
{
    (void)state;
    make_undecided(9, 115000000);
    expect_undecided();
    assert_says(0, "; very roughly ");
    assert_says(0, " runs of each would tell, if the machine stays as it is (--runs ");
}

/* Nobody has shown that it is worse, and no more than a tenth can be lost. */
static void test_undecided_by_little(void **state)
{
    (void)state;
    make_undecided(9, 105000000);
    assert_int_equal(answers.list[0].recommended, 0);
    assert_says(0,
                "is the smallest that is not worse than the best beyond noise and margin: against "
                "--threads 4 it takes ");
    assert_silent(0, "may be worse");
}

/* Of so few that the interval is that of the extremes nobody can say how it would narrow. */
static void test_undecided_by_few(void **state)
{
    (void)state;
    make_undecided(8, 115000000);
    expect_undecided();
    assert_says(0, "; --runs 12 or more: with 8 a single slow run spoils the interval");
    assert_silent(0, "roughly");
}

/* Who does not mind 20 % gets an answer with less than that lost, and hears of no tenth. */
static void test_wide_margin(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 115, .noise = 0.005},
                                       {.elapsed_ms = 100, .noise = 0.001}};

    (void)state;
    s.margin_ppm = 200000;
    made_axis(&s, MADE_THREADS, "2;4");
    made_rounds(&s, 8, likes);
    answer();
    assert_int_equal(points.list[0].verdict, SWEEP_EQUAL);
    assert_int_equal(answers.list[0].recommended, 0);
    assert_silent(0, "differ too much");
}

/* And one whose interval goes beyond that does not, and is told of more runs than there were. */
static void test_beyond_a_wide_margin(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 115}, {.elapsed_ms = 100, .noise = 0.001}};

    (void)state;
    s.margin_ppm = 200000;
    made_axis(&s, MADE_THREADS, "2;4");
    made_rounds(&s, 12, likes);
    for (size_t i = 0; i < s.run_count; i++) {
        if (s.runs[i].point == 0 && s.runs[i].round % 4 == 0)
            s.runs[i].elapsed_ns = 125000000;
    }
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "--threads 2 could be as much as 25 % worse than --threads 4");
    assert_says(0, "; very roughly 48 runs of each would tell, if the machine stays as it is "
                   "(--runs 48)");
}

static void test_single_point(void **state)
{
    const struct made_point like = {.elapsed_ms = 100, .noise = 0.01};

    (void)state;
    made_axis(&s, MADE_THREADS, "4");
    made_rounds(&s, 7, &like);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_int_equal(answers.list[0].best, 0);
    assert_says(0, "a single value was tried");
    assert_says(0, "--threads 4 takes 99.9 ms");
}

static void test_all_failed(void **state)
{
    const struct made_point like = {.elapsed_ms = 1, .error = "cannot open 'x': no such file"};
    const struct made_point likes[] = {like, like};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 2, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_int_equal(answers.list[0].best, SWEEP_NO_POINT);
    assert_int_equal(points.list[0].verdict, SWEEP_FAILED);
    assert_says(0, "not one run counts");
    assert_says(0, "--threads 1 and 2 failed in 4 of 4 runs: cannot open 'x': no such file");
}

static void test_nothing_ran(void **state)
{
    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    answer();
    assert_int_equal(points.list[1].verdict, SWEEP_TOO_FEW);
    assert_says(0, "nothing has run yet");
}

/* One that fails is no smallest; one that could be it, had it not failed, is none either. */
static void test_some_failed(void **state)
{
    struct made_point likes[] = {{.elapsed_ms = 100, .noise = 0.01, .error = "killed"},
                                 {.elapsed_ms = 100, .noise = 0.01, .error = "now and then"},
                                 {.elapsed_ms = 100, .noise = 0.01},
                                 {.elapsed_ms = 101, .noise = 0.01}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2;3;4");
    made_rounds(&s, 2, likes);
    likes[1].error = NULL;
    for (uint32_t round = 2; round < 9; round++) {
        for (uint32_t point = 1; point < 4; point++) {
            if (point != 1 || round < 5)
                made_sweep_run(&s, point, round, likes[point]);
        }
    }
    answer();
    assert_int_equal(points.list[1].verdict, SWEEP_TOO_FEW);
    assert_int_equal(answers.list[0].recommended, 2);
    assert_says(0, "--threads 1 failed in 2 of 2 runs: killed");
    assert_says(0, "--threads 2 failed in 2 of 5 runs: now and then");
}

static void test_only_one_is_left(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100, .error = "killed"},
                                       {.elapsed_ms = 100, .noise = 0.01}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 7, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "no other value has a run that counts");
}

static void test_too_few_rounds(void **state)
{
    const struct made_point likes[] = {sleeping(1, 4), sleeping(4, 4)};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;4");
    made_rounds(&s, 5, likes);
    answer();
    assert_int_equal(points.list[1].verdict, SWEEP_TOO_FEW);
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_int_equal(answers.list[0].best, 1);
    assert_says(0, "too few runs for an answer: 5 of each, and 6 are needed (--runs 6 or more)");
}

static void test_too_few_common_rounds(void **state)
{
    const struct made_point likes[] = {sleeping(1, 4), sleeping(4, 4)};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;4");
    made_rounds(&s, 5, likes);
    for (uint32_t round = 5; round < 9; round++)
        made_sweep_run(&s, 1, round, likes[1]);
    answer();
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_says(0, "--threads 1 has 5 in rounds that the best has as well, and 6 are needed");
}

/* Values in any order; the largest is the best, and calls still wait for it. */
static void test_larger_may_be_better(void **state)
{
    const struct made_point likes[] = {sleeping(2, 8), sleeping(1, 8)};

    (void)state;
    made_axis(&s, MADE_THREADS, "2;1");
    made_rounds(&s, 8, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 0);
    assert_says(0, "--threads 1, the next smaller, takes ");
    assert_says(0, "--threads 2 is the largest that was tried: more may be better still");
    assert_says(0, "--threads 4, the default, was not tried");
}

static void test_two_axes(void **state)
{
    struct made_point likes[9];

    (void)state;
    made_axis(&s, MADE_THREADS, "4;1;2");
    made_axis(&s, MADE_WORKERS, "1;2;4");
    for (uint32_t i = 0; i < 9; i++) { /* two of either are needed */
        uint64_t threads = s.axes[0].values[i / 3].number, workers = s.axes[1].values[i % 3].number;
        double slow = (threads < 2 ? 2 : 1) * (workers < 2 ? 1.3 : 1);

        likes[i] = (struct made_point){.elapsed_ms = 100 * slow, .cpu_ms = 50, .noise = 0.005};
    }
    made_rounds(&s, 9, likes);
    answer();
    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.list[0].recommended, 7); /* threads 2, workers 2 */
    assert_int_equal(answers.list[0].preset, 1);      /* threads 4, workers 2 */
    assert_says(0, "--threads 2 --workers 2 takes 100 ms");
    assert_says(0, "--threads 1 --workers 2, the next smaller, takes 2");
    assert_says(0, "--threads 2 --workers 1, the next smaller, takes 29.");
    assert_says(0, "--threads 4 --workers 2, the default, is as good");
}

static void test_groups(void **state)
{
    struct made_point likes[8];

    (void)state;
    made_axis(&s, MADE_WORK, "sleep;spin");
    made_axis(&s, MADE_THREADS, "1;2;4;8");
    for (uint32_t i = 0; i < 4; i++) {
        likes[i] = sleeping(1U << i, 8);
        likes[4 + i] = spinning(1U << i, 8);
    }
    made_rounds(&s, 9, likes);
    answer();
    assert_int_equal(answers.count, 2);
    assert_int_equal(answers.list[0].recommended, 3);
    assert_int_equal(answers.list[1].recommended, 5);
    assert_int_equal(answers.list[1].first, 4);
    assert_silent(0, "CPUs");
    assert_says(1, "the CPUs are the limit");
    assert_silent(1, "--work");
}

/* The amount of work in front of the means, and behind it. */
static void test_groups_by_jobs(void **state)
{
    struct made_point likes[4];

    (void)state;
    made_axis(&s, MADE_THREADS, "2;4");
    made_axis(&s, MADE_JOBS, "2;4");
    likes[0] = sleeping(2, 2);
    likes[1] = sleeping(2, 4);
    likes[2] = sleeping(4, 2);
    likes[3] = sleeping(4, 4);
    made_rounds(&s, 9, likes);
    answer();
    assert_int_equal(answers.count, 2);
    assert_int_equal(answers.list[0].recommended, 0);
    assert_int_equal(answers.list[1].recommended, 3);
    assert_says(1, "--threads 4 is one for each of the 4 calls");
}

static void test_no_means(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100, .noise = 0.003},
                                       {.elapsed_ms = 120, .noise = 0.003}};

    (void)state;
    made_axis(&s, MADE_WORK, "sleep;spin");
    made_rounds(&s, 7, likes);
    answer();
    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.list[0].recommended, SWEEP_NO_POINT);
    assert_int_equal(answers.list[0].best, 0);
    assert_says(0, "only threads, workers and connections have a smallest good value");
    assert_says(0, "--work sleep takes 100 ms");
    assert_says(0, "--work spin takes more than that, beyond noise and the margin of 2 %");
}

/* As exact as it is written: no interval, and no 0.0 %. */
static void test_no_difference_at_all(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100}, {.elapsed_ms = 100}};

    (void)state;
    made_axis(&s, MADE_THREADS, "2;4");
    made_rounds(&s, 7, likes);
    answer();
    assert_says(0, "--threads 2 takes 100 ms, the least of all");
    assert_says(0, "against --threads 2 it takes as long");
    assert_silent(0, "0.0 %");
    assert_silent(0, "100 ms to 100 ms");
}

/* What is compared is named once. */
static void test_words_of_requests(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 1000, .answered = 100000, .noise = 0.001},
                                       {.elapsed_ms = 1000, .answered = 100050, .noise = 0.01}};

    (void)state;
    made_axis(&s, MADE_CONNECTIONS, "1;10");
    s.by = SWEEP_BY_REQUEST;
    made_rounds(&s, 9, likes);
    answer();
    assert_says(0, "--connections 10, the default, ");
    assert_says(0, " a request (between ");
    assert_silent(0, " less a request and ");
    assert_silent(0, " a request)");
}

static void test_judged_otherwise(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100, .cpu_ms = 50, .noise = 0.003},
                                       {.elapsed_ms = 100, .cpu_ms = 80, .noise = 0.003}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    s.by = SWEEP_BY_CPU;
    made_rounds(&s, 7, likes);
    answer();
    assert_int_equal(answers.list[0].recommended, 0);
    assert_says(0, "--threads 1 uses 50.0 ms of CPU time");
}

static void test_latency(void **state)
{
    const struct made_point likes[] = {{.elapsed_ms = 100, .noise = 0.003},
                                       {.elapsed_ms = 50, .noise = 0.003}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    s.by = SWEEP_BY_P99;
    made_rounds(&s, 7, likes);
    for (size_t i = 0; i < s.run_count; i++)
        s.runs[i].latency_p99_ns = s.runs[i].elapsed_ns;
    answer();
    assert_int_equal(answers.list[0].recommended, 1);
    assert_says(0, "--threads 2 has a p99 latency of 49.9 ms");
    assert_says(0, "--threads 1, the next smaller, has a p99 latency 2.00 times as long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sleep, make, unmake),
        cmocka_unit_test_setup_teardown(test_spin, make, unmake),
        cmocka_unit_test_setup_teardown(test_file_reads, make, unmake),
        cmocka_unit_test_setup_teardown(test_cluster, make, unmake),
        cmocka_unit_test_setup_teardown(test_connections, make, unmake),
        cmocka_unit_test_setup_teardown(test_noise, make, unmake),
        cmocka_unit_test_setup_teardown(test_equal_is_known, make, unmake),
        cmocka_unit_test_setup_teardown(test_undecided, make, unmake),
        cmocka_unit_test_setup_teardown(test_undecided_by_little, make, unmake),
        cmocka_unit_test_setup_teardown(test_undecided_by_few, make, unmake),
        cmocka_unit_test_setup_teardown(test_wide_margin, make, unmake),
        cmocka_unit_test_setup_teardown(test_beyond_a_wide_margin, make, unmake),
        cmocka_unit_test_setup_teardown(test_single_point, make, unmake),
        cmocka_unit_test_setup_teardown(test_all_failed, make, unmake),
        cmocka_unit_test_setup_teardown(test_nothing_ran, make, unmake),
        cmocka_unit_test_setup_teardown(test_some_failed, make, unmake),
        cmocka_unit_test_setup_teardown(test_only_one_is_left, make, unmake),
        cmocka_unit_test_setup_teardown(test_too_few_rounds, make, unmake),
        cmocka_unit_test_setup_teardown(test_too_few_common_rounds, make, unmake),
        cmocka_unit_test_setup_teardown(test_larger_may_be_better, make, unmake),
        cmocka_unit_test_setup_teardown(test_two_axes, make, unmake),
        cmocka_unit_test_setup_teardown(test_groups, make, unmake),
        cmocka_unit_test_setup_teardown(test_groups_by_jobs, make, unmake),
        cmocka_unit_test_setup_teardown(test_no_means, make, unmake),
        cmocka_unit_test_setup_teardown(test_no_difference_at_all, make, unmake),
        cmocka_unit_test_setup_teardown(test_words_of_requests, make, unmake),
        cmocka_unit_test_setup_teardown(test_judged_otherwise, make, unmake),
        cmocka_unit_test_setup_teardown(test_latency, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

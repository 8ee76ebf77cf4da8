/* The answer of a sweep, in cases whose answer is known: what is recommended, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/sweep_answer.h"
#include "tests/unit/made_sweep.h"

static struct sweep s;
static struct sweep_points points;
static struct sweep_answers answers;

static int make(void **state)
{
    (void)state;
    made_sweep(&s);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    sweep_answers_free(&answers);
    sweep_points_free(&points);
    sweep_free(&s);
    return 0;
}

static void answer(void)
{
    struct err e;

    assert_int_equal(sweep_points_make(&points, &s, &e), 0);
    assert_int_equal(sweep_answers_make(&answers, &points, &e), 0);
    for (uint32_t g = 0; getenv("SHOW") != NULL && g < answers.count; g++) {
        printf("  group %u recommends %d\n", g, (int)answers.list[g].recommended);
        for (unsigned i = 0; i < answers.list[g].reason_count; i++)
            printf("    - %s\n", answers.list[g].reasons[i]);
    }
}

/* Whether a reason of the group has the text in it. */
static void assert_says(uint32_t group, const char *text)
{
    const struct sweep_answer *a = &answers.list[group];

    for (unsigned i = 0; i < a->reason_count; i++) {
        if (strstr(a->reasons[i], text) != NULL)
            return;
    }
    for (unsigned i = 0; i < a->reason_count; i++)
        print_message("said: %s\n", a->reasons[i]);
    fail_msg("nobody says: %s", text);
}

static void assert_silent(uint32_t group, const char *text)
{
    const struct sweep_answer *a = &answers.list[group];

    for (unsigned i = 0; i < a->reason_count; i++) {
        if (strstr(a->reasons[i], text) != NULL)
            fail_msg("should not be said: %s", a->reasons[i]);
    }
}

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
    assert_says(0, "--threads 7, the next smaller, takes 2 times as long");
    assert_says(0, "--threads 4, the default, loses: against --threads 8 it takes 2 times as long");
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
    assert_says(0, "--threads 4, the default, loses nothing");
    assert_says(0, "the CPUs are the limit (1.98 of 2 CPUs used)");
    assert_says(0, "beyond --threads 2 a call runs longer as it waits less");
    assert_says(0, "instead of 150 ms: the CPUs are");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sleep, make, unmake),
        cmocka_unit_test_setup_teardown(test_spin, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

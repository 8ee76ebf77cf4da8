/* How far a sweep is, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep_lab.h"

#include "cli/sweep_line.h"

static const uint64_t second_ns = UINT64_C(1000000000);

static void expect(uint64_t runs_wanted, uint32_t round, uint32_t rounds, uint64_t left_ns,
                   const char *wanted)
{
    const struct sweep_progress p = {round, rounds, 1, left_ns};
    char line[SWEEP_LINE_BYTES];
    struct sweep s;
    sweep_lab_sweep(&s, "1,2");
    s.runs_wanted = runs_wanted;
    assert_string_equal(sweep_line(&s, &p, line), wanted);
    sweep_free(&s);
}

static void six_rounds_are_the_least_and_no_estimate(void **state)
{
    (void)state;
    expect(0, 0, 6, SWEEP_UNKNOWN, "threadpool: round 1 of at least 6: threads 2");
    expect(0, 5, 6, SWEEP_UNKNOWN, "threadpool: round 6 of at least 6: threads 2");
    expect(0, 2, 14, SWEEP_UNKNOWN, "threadpool: round 3 of about 14: threads 2");
    expect(0, 6, 6, SWEEP_UNKNOWN, "threadpool: round 7: threads 2");
    expect(0, 20, 14, SWEEP_UNKNOWN, "threadpool: round 21: threads 2");
    expect(0, 3, 0, SWEEP_UNKNOWN, "threadpool: round 4: threads 2");
    expect(3, 0, 3, SWEEP_UNKNOWN, "threadpool: round 1 of 3: threads 2");
}

static void what_is_left_stands_before_the_point(void **state)
{
    (void)state;
    expect(9, 1, 9, 40 * second_ns, "threadpool: round 2 of 9, about 40 s left: threads 2");
    expect(9, 1, 9, 200 * second_ns, "threadpool: round 2 of 9, about 3 min left: threads 2");
    expect(9, 1, 9, second_ns / 2, "threadpool: round 2 of 9: threads 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_rounds_are_the_least_and_no_estimate),
        cmocka_unit_test(what_is_left_stands_before_the_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

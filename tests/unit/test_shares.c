/* The shares of runs made by hand: sums, parts, and what ran side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/summary.h"
#include "tests/unit/made_result.h"

#define UNKNOWN SPAN_UNKNOWN

static const struct span_kind hash = {.kind = "pbkdf2", .label = "hash"};
static const struct span_kind open_call = {.kind = "fs.open", .label = "open"};
static const struct span_kind job = {.kind = "none", .label = "job", .traits = SPAN_BLURRED};
static const struct span_kind *const kinds[] = {&hash, &open_call, &job, NULL};
enum { HASH, OPEN, JOB };

static const struct experiment nothing = {.name = "nothing"};

static struct result shares_result;

static struct run *shares_run(void)
{
    made_result(&shares_result, &nothing);
    return made_run(&shares_result, &made_measured, 8, kinds);
}

static struct run_shares shares_of(const struct run *run)
{
    struct run_shares shares;

    summary_shares(run, &shares);
    result_free(&shares_result);
    return shares;
}

/* The start of such a job may be stamped early by CLOCK_BLUR_NS. */
static void test_blurred_starts_overlap_only_for_certain(void **state)
{
    struct run *run = shares_run();
    struct run_shares s;

    (void)state;
    made_span(run, (struct made_span){JOB, 1, 0, 0, 5000, 9000, 9100});
    made_span(run,
              (struct made_span){JOB, 2, 0, 0, 8001, 8900, 9200}); /* over before it is certain */
    made_span(run, (struct made_span){JOB, 3, 0, 0, 8000, 9500, 9600});
    s = shares_of(run);
    assert_true(s.blurred);
    assert_int_equal(s.most_at_once, 1);
    run = shares_run();
    made_span(run, (struct made_span){JOB, 1, 0, 0, 5000, 9000, 9100});
    made_span(run, (struct made_span){JOB, 2, 0, 0, 7999, UNKNOWN, UNKNOWN});
    s = shares_of(run);
    assert_true(s.blurred);
    assert_int_equal(s.most_at_once, 2);
    run = shares_run();
    made_span(run, (struct made_span){HASH, 1, 0, 0, 5000, 9000, 9100});
    assert_false(shares_of(run).blurred);
}

static void test_shares_are_sums(void **state)
{
    struct run *run = shares_run();
    struct run_shares s;

    (void)state;
    made_span_with_cpu(run, (struct made_span){HASH, 1, 0, 0, 10, 30, 35}, 18);
    made_span_with_cpu(run, (struct made_span){HASH, 2, 0, 0, 12, 40, 41}, 25);
    made_span(run, (struct made_span){HASH, 2, UV_EIO, 0, 40, 50, 52});
    made_span(run, (struct made_span){HASH, 1, UV_ECANCELED, 0, UNKNOWN, UNKNOWN, 60});
    made_span(run, (struct made_span){HASH, 3, 0, 0, 35, UNKNOWN, UNKNOWN});
    s = shares_of(run);
    assert_int_equal(s.known, 3); /* of the others an instant is unknown */
    assert_int_equal(s.waited_ns, 10 + 12 + 40);
    assert_int_equal(s.ran_ns, 20 + 28 + 10);
    assert_int_equal(s.returned_ns, 5 + 1 + 2);
    assert_int_equal(s.cpu_ns, 43);
    assert_int_equal(s.calls, 5);
    assert_int_equal(s.failed, 2);
    assert_int_equal(s.unfinished, 1);
    assert_int_equal(s.lanes, 3);
    assert_int_equal(s.most_at_once, 2);
}

static void test_parts_are_not_counted_again(void **state)
{
    struct run *run = shares_run();
    struct run_shares s;
    uint32_t whole, part;

    (void)state;
    whole = made_span(run, (struct made_span){HASH, LANE_UNKNOWN, 0, 0, 10, 30, 35});
    part = made_span(run, (struct made_span){OPEN, 4, UV_EIO, 0, 10, 20, 22});
    recorder_parent(&run->recorder, part, whole);
    s = shares_of(run);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.failed, 0);
    assert_int_equal(s.waited_ns, 10);
    assert_int_equal(s.ran_ns, 20);
    assert_int_equal(s.lanes, 1); /* the part's thread did run it */
    assert_int_equal(s.most_at_once, 1);
}

static void test_only_pool_threads_are_lanes(void **state)
{
    struct run *run = shares_run();
    struct run_shares s;

    (void)state;
    made_span(run, (struct made_span){HASH, LANE_LOOP, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, LANE_OS, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, LANE_UNKNOWN, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, 1024, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, 64, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, 64, 0, 0, 1, 2, 3});
    s = shares_of(run);
    assert_int_equal(s.lanes, 3);
    assert_int_equal(s.most_at_once, 7);
}

static void test_calls_one_after_another_do_not_overlap(void **state)
{
    struct run *run = shares_run();

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 20, 30, 31});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, 20, 21});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 30, 40, 41});
    assert_int_equal(shares_of(run).most_at_once, 1);
}

static void test_the_most_that_ran_at_once(void **state)
{
    struct run *run = shares_run();

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, 100, 101});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 20, 30, 101});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 29, 50, 101});
    made_span(run, (struct made_span){HASH, 3, 0, 0, 60, 70, 101});
    assert_int_equal(shares_of(run).most_at_once, 3);
}

static void test_calls_without_an_end_run_on(void **state)
{
    struct run *run = shares_run();

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 500, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 3, 0, 0, 20, 30, 31});
    made_span(run, (struct made_span){HASH, 3, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN});
    assert_int_equal(shares_of(run).most_at_once, 2);
}

static void test_calls_too_short_to_be_seen(void **state)
{
    struct run *run = shares_run();

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, 10, 11});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, 10, 11});
    assert_int_equal(shares_of(run).most_at_once, 1);
}

static void test_nothing_ran(void **state)
{
    struct run *run = shares_run();
    struct run_shares s;

    (void)state;
    made_span(run, (struct made_span){HASH, 0, 0, 5, UNKNOWN, UNKNOWN, 9});
    s = shares_of(run);
    assert_int_equal(s.most_at_once, 0);
    assert_int_equal(s.lanes, 0);
    assert_int_equal(s.waited_ns, 0);
    assert_int_equal(s.calls, 1);
}

static void test_sums_stop_at_the_largest_value(void **state)
{
    struct run *run = shares_run();

    (void)state;
    for (int i = 0; i < 3; i++)
        made_span(run, (struct made_span){HASH, 1, 0, 0, UNKNOWN - 2, UNKNOWN - 1, UNKNOWN - 1});
    assert_true(shares_of(run).waited_ns == UNKNOWN - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blurred_starts_overlap_only_for_certain),
        cmocka_unit_test(test_shares_are_sums),
        cmocka_unit_test(test_parts_are_not_counted_again),
        cmocka_unit_test(test_only_pool_threads_are_lanes),
        cmocka_unit_test(test_calls_one_after_another_do_not_overlap),
        cmocka_unit_test(test_the_most_that_ran_at_once),
        cmocka_unit_test(test_calls_without_an_end_run_on),
        cmocka_unit_test(test_calls_too_short_to_be_seen),
        cmocka_unit_test(test_nothing_ran),
        cmocka_unit_test(test_sums_stop_at_the_largest_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

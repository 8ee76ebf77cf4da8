/* Who had a thread of the pool before whom, on runs made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "analysis/lanes.h"
#include "measure/work.h"

enum { PBKDF2 = WORK_PBKDF2, DNS = WORK_DNS, NONE = WORK_NONE };

static const struct claim claims[] = {
    {"lookups", "lookups take half of the threads", lanes_judge_lookups},
    {NULL, NULL, NULL},
};
static const struct experiment nothing = {.name = "nothing", .claims = claims};

static struct result result;
static struct run *run;
static struct span before;
static bool overlaps;

static int begin(void **state)
{
    (void)state;
    made_result(&result, &nothing);
    result.pool.size = 4;
    run = made_run(&result, &made_measured, 16, work_span_kinds);
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static uint32_t call(unsigned kind, int lane, uint64_t submitted, uint64_t started,
                     uint64_t finished)
{
    return made_span(run, (struct made_span){.kind = kind,
                                             .lane = lane,
                                             .submitted = submitted,
                                             .started = started,
                                             .finished = finished,
                                             .called_back = finished + 10});
}

static struct span span_at(uint32_t i)
{
    struct span s;

    recorder_get(&run->recorder, i, &s);
    return s;
}

/* The id of the call that had the thread of call `i` before it; 0: none. */
static uint32_t id_before(uint32_t i)
{
    struct span s = span_at(i);

    return lanes_before(run, &s, &before, &overlaps) ? before.id : 0;
}

static uint32_t id_waited_for(uint32_t i)
{
    struct span s = span_at(i);

    return lanes_waited_for(run, &s, &before) ? before.id : 0;
}

static void the_last_on_the_same_thread_was_before(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 200);
    call(PBKDF2, 1, 0, 200, 300);
    call(PBKDF2, 2, 0, 300, 390);
    call(PBKDF2, 1, 0, 400, 500);
    call(PBKDF2, 1, 0, 500, 600);
    assert_int_equal(id_before(3), 2);
    assert_false(overlaps);
    assert_int_equal(id_before(1), 1);
    assert_int_equal(id_before(0), 0);
    assert_int_equal(id_before(2), 0);
}

static void what_ran_at_the_same_time_on_a_thread_overlaps(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 200);
    call(PBKDF2, 1, 0, 199, 300);
    id_before(0);
    assert_true(overlaps);
    id_before(1);
    assert_true(overlaps);
}

/* Starts of jobs that do nothing are stamped early by a microsecond at most. */
static void the_blur_of_the_clock_is_no_overlap(void **state)
{
    (void)state;
    call(NONE, 1, 0, 5000, 6000);
    call(NONE, 1, 0, 5001, 7000);
    assert_int_equal(id_before(1), 1);
    assert_false(overlaps);
    id_before(0);
    assert_false(overlaps);
    call(NONE, 1, 0, 5900, 8000);
    id_before(2);
    assert_true(overlaps);
}

static void a_call_waits_for_what_runs_when_it_is_submitted(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 200);
    call(PBKDF2, 1, 199, 250, 300);
    call(PBKDF2, 1, 300, 350, 400);
    call(PBKDF2, 2, 0, 350, 400);
    assert_int_equal(id_waited_for(1), 1);
    assert_int_equal(id_waited_for(2), 0); /* its thread was free already */
    assert_int_equal(id_waited_for(3), 0);
}

static void off_the_pool_nothing_waits_for_a_thread(void **state)
{
    (void)state;
    call(PBKDF2, LANE_OS, 0, 100, 200);
    call(PBKDF2, LANE_OS, 0, 200, 300);
    call(PBKDF2, 1, 0, 100, 200);
    call(PBKDF2, 1, 0, SPAN_UNKNOWN, SPAN_UNKNOWN);
    assert_int_equal(id_waited_for(1), 0);
    assert_int_equal(id_waited_for(3), 0);
    assert_false(lanes_is_pool(LANE_UNKNOWN));
    assert_false(lanes_is_pool(LANE_LOOP));
    assert_true(lanes_is_pool(1));
    assert_true(lanes_is_pool(POOL_MOST));
    assert_false(lanes_is_pool(POOL_MOST + 1));
    assert_false(lanes_is_pool(LANE_OS));
}

static void a_thread_was_free_when_fewer_ran_something(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 200);
    call(PBKDF2, 1, 0, 200, 300);
    call(PBKDF2, 2, 0, 100, 300);
    call(PBKDF2, LANE_OS, 0, 100, 300);
    assert_true(lanes_one_was_free(run, 3, 100, 300));
    assert_false(lanes_one_was_free(run, 2, 100, 300));
    assert_true(lanes_one_was_free(run, 1, 300, 400));
    assert_true(lanes_one_was_free(run, 1, 50, 100));
    assert_false(lanes_one_was_free(run, 1, 50, 101));
    assert_false(lanes_one_was_free(run, 1, 299, 400));
}

static uint32_t id_overtaking(uint32_t i)
{
    struct span s = span_at(i), by;

    return lanes_overtaken(run, &s, &by) ? by.id : 0;
}

/* Started when the thread that was to run the earlier one was not free yet. */
static void a_call_is_overtaken_by_one_submitted_later(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 900);
    call(PBKDF2, 1, 10, 910, 1000);
    call(PBKDF2, 2, 10, 800, 850); /* not later */
    call(PBKDF2, 2, 20, 905, 950); /* its thread may only have been the first to stamp */
    call(DNS, 3, 20, 300, 400);
    call(PBKDF2, LANE_OS, 20, 300, 400);
    assert_int_equal(id_overtaking(1), 0);
    call(PBKDF2, 4, 20, 899, 990);
    assert_int_equal(id_overtaking(1), 7);
    assert_int_equal(id_overtaking(0), 0);
    assert_int_equal(id_overtaking(4), 0);
    assert_int_equal(id_overtaking(5), 0);
}

static void the_blur_of_the_clock_is_no_overtaking(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 5000);
    call(PBKDF2, 1, 10, 5001, 9000);
    call(NONE, 2, 20, 4500, 6000);
    assert_int_equal(id_overtaking(1), 0);
    call(NONE, 3, 20, 3900, 4000);
    assert_int_equal(id_overtaking(1), 4);
}

/* --- lookups --- */

static void lookups_one_after_another_on_half_of_the_threads_hold(void **state)
{
    (void)state;
    result.pool.size = 3;
    call(DNS, 1, 0, 100, 200);
    call(DNS, 2, 0, 150, 250);
    call(DNS, 3, 0, 200, 300);
    call(PBKDF2, 2, 0, 260, 300);
    expect_verdict(&result, "lookups", VERDICT_HOLDS,
                   "at most 2 of 3 lookups ran at the same moment; 2 of 3 threads may");
    call(DNS, 2, 0, 299, 400);
    expect_verdict(&result, "lookups", VERDICT_HOLDS, "at most 2 of 4 lookups");
    call(DNS, 1, 0, 299, 400);
    expect_verdict(&result, "lookups", VERDICT_FAILS, "at most 3 of 5 lookups");
}

static void lookups_that_are_parts_count_as_well(void **state)
{
    uint32_t whole = call(PBKDF2, LANE_OS, 0, 100, 200);

    (void)state;
    result.pool.size = 2;
    for (int lane = 1; lane <= 2; lane++)
        made_part(
            run, whole,
            (struct made_span){
                .kind = DNS, .lane = lane, .started = 100, .finished = 200, .called_back = 210});
    expect_verdict(&result, "lookups", VERDICT_FAILS, "at most 2 of 2 lookups");
}

static void too_few_lookups_prove_nothing(void **state)
{
    (void)state;
    call(PBKDF2, 1, 0, 100, 200);
    expect_verdict(&result, "lookups", VERDICT_NOT_TESTED, "no call was a name lookup");
    call(DNS, 1, 0, 200, 300);
    call(DNS, 2, 0, 200, 300);
    expect_verdict(&result, "lookups", VERDICT_NOT_TESTED, "no more lookups than may run");
    result.pool.size = 1;
    expect_verdict(&result, "lookups", VERDICT_NOT_TESTED, "a pool of one thread");
}

/* libcurl's own resolver tells only when it has ended. */
static void lookups_of_unknown_start_prove_nothing(void **state)
{
    (void)state;
    result.pool.size = 2;
    for (int i = 0; i < 3; i++)
        call(DNS, LANE_UNKNOWN, 0, SPAN_UNKNOWN, 100);
    expect_verdict(&result, "lookups", VERDICT_NOT_TESTED, "no call was a name lookup");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_A_RUN(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ON_A_RUN(the_last_on_the_same_thread_was_before),
        ON_A_RUN(what_ran_at_the_same_time_on_a_thread_overlaps),
        ON_A_RUN(the_blur_of_the_clock_is_no_overlap),
        ON_A_RUN(a_call_waits_for_what_runs_when_it_is_submitted),
        ON_A_RUN(off_the_pool_nothing_waits_for_a_thread),
        ON_A_RUN(a_thread_was_free_when_fewer_ran_something),
        ON_A_RUN(a_call_is_overtaken_by_one_submitted_later),
        ON_A_RUN(the_blur_of_the_clock_is_no_overtaking),
        ON_A_RUN(lookups_one_after_another_on_half_of_the_threads_hold),
        ON_A_RUN(lookups_that_are_parts_count_as_well),
        ON_A_RUN(too_few_lookups_prove_nothing),
        ON_A_RUN(lookups_of_unknown_start_prove_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

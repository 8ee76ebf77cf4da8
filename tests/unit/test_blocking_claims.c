/* The claims of `blocking` on runs made by hand: each can hold, fail, and be not tested, and is
 * judged by what began before what ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_blocking.h"

static void expect(const char *id, enum verdict verdict, const char *evidence)
{
    expect_verdict(&result, id, verdict, evidence);
}

/* --- second-doubles --- */

static void one_after_the_other_holds(void **state)
{
    (void)state;
    made_slow(100, 110, 209);
    made_slow(100, 210, 309);
    expect("second-doubles", VERDICT_HOLDS,
           "1 waited for the one before; slow 1 took 110 ns, and slow 3 210 ns, which is 1.91");
}

static void one_within_the_other_refutes(void **state)
{
    (void)state;
    made_slow(100, 110, 210);
    made_slow(100, 209, 309);
    expect("second-doubles", VERDICT_FAILS, "slow 3 was begun before the one before it had ended");
}

static void a_single_one_says_nothing(void **state)
{
    (void)state;
    expect("second-doubles", VERDICT_NOT_TESTED, "there were not two slow requests");
    made_slow(100, 110, 210);
    expect("second-doubles", VERDICT_NOT_TESTED, "there were not two slow requests");
    made_slow(300, 310, 410);
    expect("second-doubles", VERDICT_NOT_TESTED, "no slow request was asked for before another");
}

static void the_loop_may_be_beside_what_was_measured(void **state)
{
    (void)state;
    run->blocking->where = BLOCKING_POOL;
    made_slow(100, 110, 210);
    made_slow(100, 111, 211); /* on the pool this may be so */
    expect("second-doubles", VERDICT_NOT_TESTED, "no such run was made");
    made_blocking_run(&made_baseline, BLOCKING_LOOP);
    made_slow(100, 110, 209);
    made_slow(100, 210, 309);
    expect("second-doubles", VERDICT_HOLDS, "1 waited");
}

static void one_run_of_several_refutes(void **state)
{
    (void)state;
    made_slow(100, 110, 209);
    made_slow(100, 210, 309);
    made_blocking_run(&made_measured, BLOCKING_LOOP);
    made_slow(100, 110, 210);
    made_slow(100, 209, 309);
    expect("second-doubles", VERDICT_FAILS, "was begun before the one before it had ended");
}

/* --- fast-waits --- */

static void what_is_due_while_it_is_blocked_waits(void **state)
{
    (void)state;
    made_slow(100, 110, 210);
    made_fast(90, 95, 96);    /* before */
    made_fast(110, 211, 212); /* the first that is due within it */
    made_fast(209, 215, 216);
    made_fast(210, 217, 218); /* after */
    expect("fast-waits", VERDICT_HOLDS,
           "2 were due while it was blocked, and all of them begun "
           "only after that, up to 101 ns late");
}

static void one_that_is_begun_meanwhile_refutes(void **state)
{
    (void)state;
    made_slow(100, 110, 210);
    made_fast(120, 211, 212);
    made_fast(130, 140, 150);
    expect("fast-waits", VERDICT_FAILS, "fast 4 was due and begun while the loop was blocked");
}

static void what_was_not_due_meanwhile_says_nothing(void **state)
{
    (void)state;
    made_slow(100, 110, 210);
    made_fast(300, 310, 320);
    expect("fast-waits", VERDICT_NOT_TESTED, "none was due while the loop was blocked");
}

/* --- lag-is-the-work --- */

static void a_hold_up_of_the_work_or_more_holds(void **state)
{
    (void)state;
    made_slow(100, 110, 210);
    expect("lag-is-the-work", VERDICT_NOT_TESTED, "told of no hold-up");
    run->blocking->loop_lag_ns = 100;
    expect("lag-is-the-work", VERDICT_HOLDS, "held up for 100 ns; the work took 100 ns");
    run->blocking->loop_lag_ns = 99;
    expect("lag-is-the-work", VERDICT_FAILS, "held up for 99 ns; the work took 100 ns");
}

/* --- fast-goes-on --- */

static void three_places(uint64_t started, uint64_t finished, unsigned probes, uint64_t lag)
{
    for (unsigned where = BLOCKING_POOL; where < BLOCKING_PLACES; where++) {
        made_blocking_run(&made_baseline, where);
        made_slow(100, 110, 210);
        run->blocking->loop_lag_ns = lag;
        for (unsigned i = 0; i < probes; i++)
            made_fast(120 + i, started, finished);
    }
}

static void answers_meanwhile_hold(void **state)
{
    (void)state;
    three_places(150, 160, 1, 1);
    expect("fast-goes-on", VERDICT_HOLDS, "pool: 1 of 1; worker: 1 of 1; process: 1 of 1");
}

static void no_answer_of_many_refutes(void **state)
{
    (void)state;
    three_places(150, 210, 10, 100);
    expect("fast-goes-on", VERDICT_FAILS, "pool: 0 of 10; worker: 0 of 10; process: 0 of 10");
}

static void no_answer_of_a_few_says_nothing(void **state)
{
    (void)state;
    three_places(150, 210, 9, 100);
    expect("fast-goes-on", VERDICT_NOT_TESTED, "pool: 0 of 9");
}

static void a_loop_that_was_free_refutes_nothing(void **state)
{
    (void)state;
    three_places(150, 210, 10, 99);
    expect("fast-goes-on", VERDICT_NOT_TESTED, "pool: 0 of 10");
    run->blocking->loop_lag_ns = UNKNOWN;
    expect("fast-goes-on", VERDICT_NOT_TESTED, "pool: 0 of 10");
}

static void each_place_has_to_hold(void **state)
{
    (void)state;
    three_places(150, 160, 1, 1);
    for (unsigned i = 0; i < 10; i++) /* in the process, beside the one that was answered */
        made_fast(130, 300, 310);
    expect("fast-goes-on", VERDICT_HOLDS, "process: 1 of 11");
    made_blocking_run(&made_baseline, BLOCKING_WORKER);
    made_slow(100, 110, 210);
    run->blocking->loop_lag_ns = 150;
    for (unsigned i = 0; i < 10; i++)
        made_fast(130, 300, 310);
    expect("fast-goes-on", VERDICT_FAILS, "worker: 0 of 10");
}

/* --- pool-queues --- */

static void beyond_its_threads_they_wait(void **state)
{
    (void)state;
    made_blocking_run(&made_baseline, BLOCKING_POOL);
    made_slow(100, 110, 210);
    expect("pool-queues", VERDICT_NOT_TESTED, "there was a thread for every slow request");
    made_slow(100, 210, 310);
    expect("pool-queues", VERDICT_NOT_TESTED, "answered 0 times");
    made_fast(120, 130, 140);
    expect("pool-queues", VERDICT_HOLDS,
           "of 2 slow requests 1 at most were worked on at once by 1 thread; meanwhile /fast was "
           "answered 1 time");
}

static void more_at_once_than_threads_refutes(void **state)
{
    (void)state;
    made_blocking_run(&made_baseline, BLOCKING_POOL);
    made_slow(100, 110, 210);
    made_slow(100, 209, 310);
    made_fast(120, 130, 140);
    expect("pool-queues", VERDICT_FAILS, "2 at most were worked on at once");
}

static void what_was_interrupted_is_not_judged(void **state)
{
    (void)state;
    made_slow(100, 110, 209);
    made_slow(100, 150, 309);
    run->interrupted = true;
    made_blocking_run(&made_measured, BLOCKING_LOOP);
    expect("second-doubles", VERDICT_NOT_TESTED, "there were not two slow requests");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_blocking, made_blocking_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_after_the_other_holds),
        TEST(one_within_the_other_refutes),
        TEST(a_single_one_says_nothing),
        TEST(the_loop_may_be_beside_what_was_measured),
        TEST(one_run_of_several_refutes),
        TEST(what_is_due_while_it_is_blocked_waits),
        TEST(one_that_is_begun_meanwhile_refutes),
        TEST(what_was_not_due_meanwhile_says_nothing),
        TEST(a_hold_up_of_the_work_or_more_holds),
        TEST(answers_meanwhile_hold),
        TEST(no_answer_of_many_refutes),
        TEST(no_answer_of_a_few_says_nothing),
        TEST(a_loop_that_was_free_refutes_nothing),
        TEST(each_place_has_to_hold),
        TEST(beyond_its_threads_they_wait),
        TEST(more_at_once_than_threads_refutes),
        TEST(what_was_interrupted_is_not_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The claims of the thread pool's experiment, on runs made by hand: each can hold, fail, and be not
 * tested, and allows what the pool allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "experiments/threadpool/threadpool.h"

extern const struct experiment experiment_threadpool;

enum { PBKDF2 = 0, DNS = 4, NONE = 8 };
enum { MS = 1000000 };

static struct result result;
static struct threadpool_options options;
static struct run *run;

static int begin(void **state)
{
    (void)state;
    made_result(&result, &experiment_threadpool);
    result.options.table = experiment_threadpool.params;
    result.options.values = &options;
    result.pool = (struct pool_facts){.size = 2, .expected = 2, .counted = true};
    result.host.cpus_online = result.host.cpus_allowed = 2;
    result.host.cpu_quota = -1;
    result.plan.pass_count = 1;
    options.jobs = 4;
    run = made_run(&result, &made_measured, 64, work_span_kinds);
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static uint32_t call(unsigned kind, int lane, uint64_t started, uint64_t finished)
{
    uint64_t number = run->recorder.count;

    return made_span(run, (struct made_span){.kind = kind,
                                             .lane = lane,
                                             .submitted = number,
                                             .started = started,
                                             .finished = finished,
                                             .called_back = finished + 1 + number});
}

static void expect(const char *id, enum verdict verdict, const char *evidence)
{
    expect_verdict(&result, id, verdict, evidence);
}

/* --- side by side --- */

static void two_that_overlap_ran_side_by_side(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 2, 199, 300);
    expect("side-by-side", VERDICT_HOLDS, "up to 2 calls ran at the same moment, on 2 threads");
}

/* Their starts may be stamped a microsecond early: only what overlaps beyond that does. */
static void jobs_that_do_nothing_must_overlap_beyond_the_blur(void **state)
{
    (void)state;
    call(NONE, 1, 1000, 9000);
    call(NONE, 2, 8500, 12000);
    expect("side-by-side", VERDICT_NOT_TESTED, "before it can be told");
    call(NONE, 1, 10500, 12000);
    expect("side-by-side", VERDICT_HOLDS, "at least 2 calls ran at the same moment");
}

/* A pool whose threads keep each other out. */
static void threads_that_take_turns_did_not_run_side_by_side(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 100 * MS);
    call(PBKDF2, 2, 101 * MS, 200 * MS);
    call(PBKDF2, 1, 201 * MS, 300 * MS);
    expect("side-by-side", VERDICT_NOT_TESTED, "before another had woken up");
    call(PBKDF2, 2, 301 * MS, 400 * MS);
    expect("side-by-side", VERDICT_FAILS,
           "no two of 4 calls ran at the same moment, though threads took turns");
    call(PBKDF2, 1, 401 * MS, 402 * MS);
    expect("side-by-side", VERDICT_FAILS, "no two of 5 calls");
}

/* However long they are: the machine may have no CPU for another. */
static void long_calls_on_one_thread_prove_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 8; i++)
        call(PBKDF2, 1, (i * 100 + 1) * MS, (i + 1) * 100 * MS);
    expect("side-by-side", VERDICT_NOT_TESTED, "before another had woken up");
}

static void short_calls_in_a_row_prove_nothing(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 1, 300, 400);
    expect("side-by-side", VERDICT_NOT_TESTED, "before another had woken up");
}

static void one_thread_or_one_call_cannot_run_side_by_side(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    expect("side-by-side", VERDICT_NOT_TESTED, "only one call");
    result.pool.size = 1;
    call(PBKDF2, 1, 300, 400);
    expect("side-by-side", VERDICT_NOT_TESTED, "one thread");
}

/* --- the pool's size --- */

static void the_size_is_what_was_counted(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    expect("pool-size", VERDICT_HOLDS, "2 threads appeared");
    result.pool.expected = 3;
    expect("pool-size", VERDICT_FAILS, "3 were expected");
    result.pool.expected = 2;
    result.pool.counted = false;
    expect("pool-size", VERDICT_NOT_TESTED, "no /proc");
}

static void calls_on_more_threads_than_there_are_refute_the_size(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 2, 100, 200);
    call(PBKDF2, 3, 100, 200);
    expect("pool-size", VERDICT_FAILS, "at most 3 of them");
}

/* --- the first call beyond the pool's size --- */

static void the_third_call_takes_a_freed_thread(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 2 * MS);
    call(PBKDF2, 2, 110, 3 * MS);
    call(PBKDF2, 1, 2 * MS + 500, 4 * MS);
    expect("first-beyond-waits", VERDICT_HOLDS, "started on pool 1 500 ns after hash 1");
}

static void the_third_call_may_find_a_thread_that_woke_late(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 1, 300, 400);
    call(PBKDF2, 2, 310, 500);
    expect("first-beyond-waits", VERDICT_HOLDS, "pool 2, which had run nothing yet");
}

static void a_third_call_on_a_busy_thread_refutes(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 2 * MS);
    call(PBKDF2, 2, 110, 3 * MS);
    call(PBKDF2, 1, 1 * MS, 4 * MS);
    expect("first-beyond-waits", VERDICT_FAILS, "while another call was running there");
    expect("first-come-first-served", VERDICT_FAILS, "while another call was running there");
}

static void a_thread_that_a_later_call_had_freed_refutes(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 2 * MS);
    call(PBKDF2, 1, 3 * MS, 4 * MS);
    call(PBKDF2, 2, 7 * MS, 8 * MS);
    call(PBKDF2, 2, 5 * MS, 6 * MS);
    expect("first-beyond-waits", VERDICT_FAILS, "hash 3 ran on pool 2 after hash 4, which was");
}

static void a_lookup_as_first_beyond_proves_nothing(void **state)
{
    (void)state;
    call(DNS, 1, 100, 2 * MS);
    call(DNS, 1, 2 * MS, 3 * MS);
    call(DNS, 1, 3 * MS, 4 * MS);
    expect("first-beyond-waits", VERDICT_NOT_TESTED, "is a lookup");
}

static void the_blur_of_the_clock_is_allowed_to_the_third_call(void **state)
{
    (void)state;
    call(NONE, 1, 5000, 6000);
    call(NONE, 2, 5000, 9000);
    call(NONE, 1, 5900, 9000);
    expect("first-beyond-waits", VERDICT_HOLDS, "started on pool 1 0 ns after job 1");
}

static void no_more_calls_than_threads_prove_nothing(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 2, 100, 200);
    expect("first-beyond-waits", VERDICT_NOT_TESTED, "no more calls than threads");
}

/* --- first come, first served --- */

static void stamps_may_be_swapped_where_both_threads_were_free(void **state)
{
    (void)state;
    call(PBKDF2, 1, 120, 200);
    call(PBKDF2, 2, 110, 200);
    expect("first-come-first-served", VERDICT_HOLDS,
           "1 of them carries an earlier start than a call submitted before it, whose thread");
}

static void overtaking_refutes(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 5 * MS);
    call(PBKDF2, 2, 100, 2 * MS);
    call(PBKDF2, 1, 6 * MS, 7 * MS); /* waited for pool 1 ... */
    call(PBKDF2, 2, 3 * MS, 4 * MS); /* ... while this one was taken first */
    expect("first-come-first-served", VERDICT_FAILS,
           "hash 4 started before the thread that hash 3 was waiting for");
}

static void lookups_may_be_overtaken_by_others_but_not_by_lookups(void **state)
{
    (void)state;
    call(DNS, 1, 100, 5 * MS);
    call(DNS, 1, 6 * MS, 7 * MS);
    call(PBKDF2, 2, 200, 300);
    expect("first-come-first-served", VERDICT_HOLDS, "true of all 3 calls");
    call(DNS, 2, 4 * MS, 5 * MS);
    expect("first-come-first-served", VERDICT_FAILS, "lookup 4 started before");
}

/* A job that does nothing is stamped without a fence, so its start may be early by a microsecond.
 */
static void the_blur_of_the_clock_is_allowed_to_jobs_that_do_nothing(void **state)
{
    (void)state;
    call(NONE, 1, 5000, 6000);
    call(NONE, 2, 5000, 5500);
    call(NONE, 1, 6010, 6100);
    call(NONE, 2, 5700, 5800);
    expect("first-come-first-served", VERDICT_HOLDS, "true of all 4 calls");
    call(NONE, 1, 9000, 9100);
    call(NONE, 1, 9300, 9400);
    call(NONE, 2, 8000, 8100);
    expect("first-come-first-served", VERDICT_FAILS, "job 7 started before");
}

/* --- lookups --- */

static void lookups_on_half_of_the_threads_hold(void **state)
{
    (void)state;
    call(DNS, 1, 100, 200);
    call(DNS, 2, 200, 300);
    expect("lookups-take-half", VERDICT_HOLDS, "at most 1 of 2 lookups ran at the same moment; 1");
}

static void lookups_on_more_than_half_fail(void **state)
{
    (void)state;
    call(DNS, 1, 100, 200);
    call(DNS, 2, 199, 300);
    expect("lookups-take-half", VERDICT_FAILS, "at most 2 of 2 lookups");
}

static void without_lookups_nothing_is_known_of_them(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    expect("lookups-take-half", VERDICT_NOT_TESTED, "no call was a name lookup");
}

/* --- more threads than CPUs --- */

static void stretch(uint64_t ran_ns, uint64_t cpu_ns, uint64_t alone_ran_ns, uint64_t alone_cpu_ns)
{
    struct run *alone = made_run(&result, &made_baseline, 1, work_span_kinds);

    result.pool.size = 4;
    result.plan.pass_count = 2;
    for (int lane = 1; lane <= 4; lane++)
        span_cpu(recorder_worker(&run->recorder, call(PBKDF2, lane, 100, 100 + ran_ns)), cpu_ns);
    made_span_with_cpu(alone,
                       (struct made_span){.kind = PBKDF2,
                                          .lane = 1,
                                          .submitted = 1,
                                          .started = 100,
                                          .finished = 100 + alone_ran_ns,
                                          .called_back = 200 + alone_ran_ns},
                       alone_cpu_ns);
}

static void running_twice_as_long_for_the_same_cpu_is_stretched(void **state)
{
    (void)state;
    stretch(800 * MS, 410 * MS, 400 * MS, 399 * MS);
    expect("threads-beyond-cpus", VERDICT_HOLDS, "ran 2.00 times as long for 1.03 times the CPU");
}

static void using_as_much_more_cpu_is_not_stretched(void **state)
{
    (void)state;
    stretch(800 * MS, 780 * MS, 400 * MS, 399 * MS);
    expect("threads-beyond-cpus", VERDICT_FAILS, "for 1.95 times the CPU");
}

static void a_busy_machine_proves_nothing(void **state)
{
    (void)state;
    stretch(1600 * MS, 410 * MS, 800 * MS, 399 * MS);
    expect("threads-beyond-cpus", VERDICT_NOT_TESTED, "the machine was busy");
}

/* Each had used less than all of what it ran, and more than alone: caches, shared cores. */
static void where_both_grew_nothing_is_proved(void **state)
{
    (void)state;
    stretch(880 * MS, 700 * MS, 400 * MS, 399 * MS);
    expect("threads-beyond-cpus", VERDICT_NOT_TESTED, "both grew");
}

static void short_calls_need_not_have_shared_a_cpu(void **state)
{
    (void)state;
    stretch(39 * MS, 38 * MS, 20 * MS, 20 * MS); /* 20 ms for each of two threads too many */
    expect("threads-beyond-cpus", VERDICT_NOT_TESTED, "no call ran for 40.0 ms");
}

/* Four threads, but never more than two calls on the two CPUs for most of what any of them ran. */
static void calls_that_did_not_overlap_prove_nothing_of_cpus(void **state)
{
    (void)state;
    stretch(400 * MS, 399 * MS, 400 * MS, 399 * MS);
    run->recorder.count = 0;
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t begin_ns = 100 + i * 160 * MS;

        span_cpu(recorder_worker(&run->recorder,
                                 call(PBKDF2, (int)i + 1, begin_ns, begin_ns + 400 * MS)),
                 395 * MS);
    }
    expect("threads-beyond-cpus", VERDICT_NOT_TESTED, "no call spent most of what it ran among");
}

/* Of four that overlap, and nine one after another, only the four are looked at. */
static void calls_that_ran_alone_are_left_out(void **state)
{
    (void)state;
    stretch(800 * MS, 410 * MS, 400 * MS, 399 * MS);
    for (uint64_t i = 0; i < 9; i++)
        span_cpu(recorder_worker(&run->recorder,
                                 call(PBKDF2, 1, (1000 + 500 * i) * MS, (1400 + 500 * i) * MS)),
                 400 * MS);
    expect("threads-beyond-cpus", VERDICT_HOLDS, "ran 2.00 times as long for 1.03 times the CPU");
}

static void without_a_baseline_stretch_is_not_tested(void **state)
{
    (void)state;
    result.pool.size = 4;
    call(PBKDF2, 1, 100, 200);
    expect("threads-beyond-cpus", VERDICT_NOT_TESTED, "--baseline");
}

/* --- one by one --- */

static void callbacks_of_one_instant_are_a_batch(void **state)
{
    (void)state;
    made_span(run, (struct made_span){PBKDF2, 1, 0, 1, 100, 200, 300});
    made_span(run, (struct made_span){PBKDF2, 2, 0, 2, 100, 200, 301});
    expect("one-by-one", VERDICT_HOLDS,
           "2 callbacks in 1 iteration of the loop, the closest two 1 ns apart");
    made_span(run, (struct made_span){PBKDF2, 2, 0, 3, 200, 250, 301});
    expect("one-by-one", VERDICT_HOLDS,
           "3 callbacks in 1 iteration of the loop, "
           "some closer to each other than the clock can tell");
}

/* Whichever was recorded first: the sort must put the earlier iteration first. */
static void callbacks_of_one_instant_may_be_of_two_iterations(void **state)
{
    (void)state;
    run->recorder.iteration = 3;
    made_span(run, (struct made_span){PBKDF2, 1, 0, 1, 100, 200, 300});
    run->recorder.iteration = 2;
    made_span(run, (struct made_span){PBKDF2, 2, 0, 2, 100, 200, 300});
    expect("one-by-one", VERDICT_HOLDS, "2 callbacks in 2 iterations of the loop");
}

static void callbacks_that_go_back_in_iterations_refute(void **state)
{
    (void)state;
    run->recorder.iteration = 3;
    call(PBKDF2, 1, 100, 200);
    run->recorder.iteration = 2;
    call(PBKDF2, 2, 150, 300);
    expect("one-by-one", VERDICT_FAILS,
           "a call of iteration 2 was called back after one of iteration 3");
}

static void a_callback_on_another_thread_refutes(void **state)
{
    (void)state;
    call(PBKDF2, 1, 100, 200);
    call(PBKDF2, 2, 150, 300);
    run->recorder.foreign_callback = true;
    expect("one-by-one", VERDICT_FAILS, "on another thread");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_A_RUN(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ON_A_RUN(two_that_overlap_ran_side_by_side),
        ON_A_RUN(jobs_that_do_nothing_must_overlap_beyond_the_blur),
        ON_A_RUN(threads_that_take_turns_did_not_run_side_by_side),
        ON_A_RUN(long_calls_on_one_thread_prove_nothing),
        ON_A_RUN(short_calls_in_a_row_prove_nothing),
        ON_A_RUN(one_thread_or_one_call_cannot_run_side_by_side),
        ON_A_RUN(the_size_is_what_was_counted),
        ON_A_RUN(calls_on_more_threads_than_there_are_refute_the_size),
        ON_A_RUN(the_third_call_takes_a_freed_thread),
        ON_A_RUN(the_third_call_may_find_a_thread_that_woke_late),
        ON_A_RUN(a_third_call_on_a_busy_thread_refutes),
        ON_A_RUN(a_thread_that_a_later_call_had_freed_refutes),
        ON_A_RUN(a_lookup_as_first_beyond_proves_nothing),
        ON_A_RUN(the_blur_of_the_clock_is_allowed_to_the_third_call),
        ON_A_RUN(no_more_calls_than_threads_prove_nothing),
        ON_A_RUN(stamps_may_be_swapped_where_both_threads_were_free),
        ON_A_RUN(overtaking_refutes),
        ON_A_RUN(lookups_may_be_overtaken_by_others_but_not_by_lookups),
        ON_A_RUN(the_blur_of_the_clock_is_allowed_to_jobs_that_do_nothing),
        ON_A_RUN(lookups_on_half_of_the_threads_hold),
        ON_A_RUN(lookups_on_more_than_half_fail),
        ON_A_RUN(without_lookups_nothing_is_known_of_them),
        ON_A_RUN(running_twice_as_long_for_the_same_cpu_is_stretched),
        ON_A_RUN(using_as_much_more_cpu_is_not_stretched),
        ON_A_RUN(a_busy_machine_proves_nothing),
        ON_A_RUN(where_both_grew_nothing_is_proved),
        ON_A_RUN(short_calls_need_not_have_shared_a_cpu),
        ON_A_RUN(calls_that_did_not_overlap_prove_nothing_of_cpus),
        ON_A_RUN(calls_that_ran_alone_are_left_out),
        ON_A_RUN(without_a_baseline_stretch_is_not_tested),
        ON_A_RUN(callbacks_of_one_instant_are_a_batch),
        ON_A_RUN(callbacks_of_one_instant_may_be_of_two_iterations),
        ON_A_RUN(callbacks_that_go_back_in_iterations_refute),
        ON_A_RUN(a_callback_on_another_thread_refutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

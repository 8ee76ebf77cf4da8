/* The claims of `cluster` on runs made by hand: each can hold, fail, and be not tested, and is
 * judged by who had what before whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_cluster.h"

static void expect(const char *id, enum verdict verdict, const char *evidence)
{
    expect_verdict(&result, id, verdict, evidence);
}

/* --- threads-limit --- */

static void hashes_in_turn_hold(void **state)
{
    (void)state;
    made_hash(1, 1, 100, 200);
    made_hash(2, 1, 110, 210);
    made_hash(1, 1, 200, 300); /* an end comes before a start of the same moment */
    expect("threads-limit", VERDICT_HOLDS,
           "2 of 3 ran at the same moment, at most, on 2 threads; 2 workers with 1 each have 2");
}

static void a_hash_too_many_fails(void **state)
{
    (void)state;
    made_hash(1, 1, 100, 200);
    made_hash(2, 1, 110, 210);
    made_hash(1, 2, 199, 300);
    expect("threads-limit", VERDICT_FAILS, "3 of 3 ran at the same moment");
}

static void two_hashes_on_one_thread_fail(void **state)
{
    (void)state;
    made_hash(1, 1, 100, 200);
    made_hash(1, 1, 199, 300);
    expect("threads-limit", VERDICT_FAILS, "two ran at the same moment on worker 1 pool 1");
}

static void more_threads_than_there_are_fail(void **state)
{
    (void)state;
    made_hash(1, 1, 100, 200);
    made_hash(2, 1, 200, 300);
    made_hash(2, 2, 300, 400);
    expect("threads-limit", VERDICT_FAILS, "on 3 threads");
}

static void a_limit_that_was_not_reached_is_not_tested(void **state)
{
    (void)state;
    expect("threads-limit", VERDICT_NOT_TESTED, "no request had anything computed");
    made_hash(1, 1, 100, 200);
    made_hash(2, 1, 110, 210);
    expect("threads-limit", VERDICT_NOT_TESTED, "so that none had to wait");
}

/* --- spread-evenly --- */

static void even_connections_hold(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_answered(2, 2, 10, 20, 30);
    made_answered(1, 3, 10, 20, 30);
    made_answered(1, 1, 40, 50, 60); /* a further request on the first */
    expect("spread-evenly", VERDICT_HOLDS, "connections of the workers: 2, 1; requests: 3, 1");
}

static void uneven_connections_fail(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_answered(1, 2, 10, 20, 30);
    expect("spread-evenly", VERDICT_FAILS, "connections of the workers: 2, 0");
}

static void a_worker_may_have_been_passed_over(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_answered(1, 2, 10, 10 + 101 * MS, 10 + 102 * MS);
    expect("spread-evenly", VERDICT_NOT_TESTED, "may have been passed over");
}

static void what_the_kernel_spreads_is_told_and_not_judged(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_answered(1, 2, 10, 20, 30);
    options.server.scheduling = SCHEDULING_REUSE_PORT;
    expect("spread-evenly", VERDICT_NOT_TESTED,
           "connections of the workers: 2, 0; requests: 2, 0; with reuse-port");
    options.server.scheduling = SCHEDULING_SHARED;
    expect("spread-evenly", VERDICT_NOT_TESTED, "with shared the kernel spread them");
}

static void too_little_to_spread_is_not_tested(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    expect("spread-evenly", VERDICT_NOT_TESTED, "fewer than two connections");
    made_lost(2, false, SPAN_FAILED_RESET, 10, 30);
    made_answered(1, 3, 10, 20, 30);
    expect("spread-evenly", VERDICT_NOT_TESTED, "of 1 requests the worker is not known");
    made_kill(1, 100, 101, 102);
    expect("spread-evenly", VERDICT_NOT_TESTED, "some were killed");
    run->cluster->workers = 1;
    expect("spread-evenly", VERDICT_NOT_TESTED, "there is only one worker");
}

/* --- blocked-holds-up, blocked-alone --- */

/* Worker 1 is blocked from 100 to 1000 by request 1. */
static void block_worker_1(void)
{
    made_work(made_answered(1, 1, 10, 90, 1001), LOAD_KIND_BLOCK, 1, 0, 100, 1000);
}

static void its_own_requests_wait(void **state)
{
    (void)state;
    block_worker_1();
    made_answered(1, 2, 20, 1002, 1003);
    made_answered(1, 3, 500, 1004, 1005);
    expect("blocked-holds-up", VERDICT_HOLDS,
           "2 waited for the end of it; request 3 for the last 979 ns of request 1");
}

static void one_of_its_own_that_did_not_wait_refutes(void **state)
{
    (void)state;
    block_worker_1();
    made_answered(1, 2, 20, 500, 1003);
    expect("blocked-holds-up", VERDICT_FAILS, "request 3 was begun while its worker was blocked");
}

static void blocks_follow_one_another(void **state)
{
    (void)state;
    block_worker_1();
    made_work(made_answered(1, 2, 20, 1002, 2001), LOAD_KIND_BLOCK, 1, 0, 1003, 2000);
    expect("blocked-holds-up", VERDICT_HOLDS,
           "1 waited for the end of it; request 3 for the last 979 ns of request 1");
}

static void what_came_later_says_nothing(void **state)
{
    (void)state;
    expect("blocked-holds-up", VERDICT_NOT_TESTED, "no worker was blocked");
    expect("blocked-alone", VERDICT_NOT_TESTED, "no worker was blocked");
    block_worker_1();
    made_answered(1, 2, 1100, 1200, 1300);
    made_answered(2, 3, 1100, 1200, 1300);
    expect("blocked-holds-up", VERDICT_NOT_TESTED, "no request was on its way");
    expect("blocked-alone", VERDICT_NOT_TESTED, "no request was on its way");
    run->cluster->workers = 1;
    expect("blocked-alone", VERDICT_NOT_TESTED, "there is only one worker");
}

static void others_go_on(void **state)
{
    (void)state;
    block_worker_1();
    made_answered(2, 2, 20, 300, 310);
    expect("blocked-alone", VERDICT_HOLDS, "1 was begun by a worker while another was blocked");
}

static void all_others_waiting_refutes(void **state)
{
    (void)state;
    block_worker_1();
    for (unsigned i = 2; i <= 4; i++)
        made_answered(2, i, 20 + 100 * i, 1001, 1002);
    expect("blocked-alone", VERDICT_FAILS,
           "3 that were on their way to one worker while another was blocked were begun only");
    result.others_cpu_ns = 200 * MS;
    expect("blocked-alone", VERDICT_NOT_TESTED, "as may happen on a busy machine");
}

static void one_that_waits_for_seconds_refutes(void **state)
{
    (void)state;
    made_work(made_answered(1, 1, 10, 90, 5001 * MS), LOAD_KIND_BLOCK, 1, 0, 100, 5000 * MS);
    made_answered(2, 2, 200, 5001 * MS, 5002 * MS);
    expect("blocked-alone", VERDICT_FAILS, "had been there for 5.00 s");
}

static void one_that_is_a_little_late_refutes_nothing(void **state)
{
    (void)state;
    block_worker_1();
    made_answered(2, 2, 200, 1001, 1002);
    expect("blocked-alone", VERDICT_NOT_TESTED, "as may happen on a busy machine");
}

static void who_is_blocked_itself_is_no_example(void **state)
{
    (void)state;
    block_worker_1();
    made_work(made_answered(2, 2, 10, 90, 1101), LOAD_KIND_BLOCK, 2, 0, 100, 1100);
    for (unsigned i = 3; i <= 6; i++)
        made_answered(2, i, 200, 1102, 1103);
    expect("blocked-alone", VERDICT_NOT_TESTED, "no request was on its way to one worker");
}

/* --- killed-alone --- */

static void a_request_inside_a_killed_worker_is_lost(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_lost(1, true, SPAN_FAILED_RESET, 40, 120);
    made_kill(1, 100, 110, 150 + 20 * MS);
    expect("killed-alone", VERDICT_HOLDS,
           "1 killed, 1 replaced, after 20.0 ms at most; 1 request lost inside them, 0 elsewhere");
}

static void a_request_of_another_worker_refutes(void **state)
{
    (void)state;
    made_answered(2, 1, 10, 20, 30);
    made_lost(1, true, SPAN_FAILED_RESET, 40, 120);
    made_kill(1, 100, 110, 150);
    expect("killed-alone", VERDICT_FAILS, "0 requests lost inside them, 1 elsewhere");
}

static void a_request_lost_before_any_kill_refutes(void **state)
{
    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_lost(1, true, SPAN_FAILED_RESET, 40, 90);
    made_kill(1, 100, 110, 150);
    expect("killed-alone", VERDICT_FAILS, "1 elsewhere");
}

/* The connection was made to the successor. */
static void a_request_of_the_successor_refutes(void **state)
{
    (void)state;
    made_answered(1, 1, 160, 170, 180);
    made_lost(1, true, SPAN_FAILED_RESET, 190, 200);
    made_kill(1, 100, 110, 150);
    expect("killed-alone", VERDICT_FAILS, "1 elsewhere");
}

static void nobody_knows_whose_a_new_connection_was(void **state)
{
    (void)state;
    made_lost(1, false, SPAN_FAILED_RESET, 40, 120);
    made_kill(1, 100, 110, 150);
    expect("killed-alone", VERDICT_HOLDS,
           "and 1 on connections that nothing had been answered on, 0 elsewhere");
    made_lost(2, false, SPAN_FAILED_RESET, 120, 140);
    expect("killed-alone", VERDICT_FAILS, "1 elsewhere");
}

/* The primary has the listening sockets. */
static void a_refused_connection_refutes(void **state)
{
    (void)state;
    made_lost(1, false, SPAN_FAILED_CONNECT, 40, 120);
    made_kill(1, 100, 110, 150);
    expect("killed-alone", VERDICT_FAILS, "1 elsewhere");
    options.server.tls = true; /* a handshake is with a worker */
    expect("killed-alone", VERDICT_HOLDS, "0 elsewhere");
}

static void who_is_not_replaced_refutes(void **state)
{
    (void)state;
    made_kill(1, 100, 110, 150);
    made_kill(2, 200, 210, UNKNOWN);
    expect("killed-alone", VERDICT_FAILS, "2 killed, 1 replaced");
}

static void without_a_kill_nothing_is_tested(void **state)
{
    (void)state;
    expect("killed-alone", VERDICT_NOT_TESTED, "--kill-every");
    run->cluster->kills = true;
    expect("killed-alone", VERDICT_NOT_TESTED, "the load was over before");
}

/* --- workers-beyond-cpus --- */

/* A run whose first answer comes after so long, and its last. */
static void timed(const struct pass *pass, unsigned workers, uint64_t first_ms, uint64_t last_ms)
{
    run = made_cluster_run(pass, workers, 1);
    made_answered(1, 1, 10, 20, 9 + first_ms * MS);
    made_answered(2, 2, 10, 20, 9 + last_ms * MS);
}

static void three_of_each(uint64_t many_first, uint64_t many_last, uint64_t few_first,
                          uint64_t few_last)
{
    run->interrupted = true; /* the one that is there already */
    result.plan.pass_count = 2;
    for (uint64_t i = 0; i < 3; i++) {
        timed(&made_measured, 6, many_first + i, many_last + i);
        timed(&made_baseline, 2, few_first + i, few_last + i);
    }
}

static void a_later_first_answer_holds(void **state)
{
    (void)state;
    three_of_each(300, 310, 100, 305);
    expect("workers-beyond-cpus", VERDICT_HOLDS,
           "the first answer came after 300 ms to 302 ms with 6 workers, after 100 ms to 102 ms "
           "with 2; the last answer came after 310 ms to 312 ms with 6 workers, after 305 ms to "
           "307 ms with 2");
}

static void an_earlier_first_answer_refutes(void **state)
{
    (void)state;
    three_of_each(90, 310, 100, 305);
    expect("workers-beyond-cpus", VERDICT_FAILS, "the first answer came after 90.0 ms");
    result.others_cpu_ns = 200 * MS;
    expect("workers-beyond-cpus", VERDICT_NOT_TESTED, "the machine was busy");
}

static void an_earlier_last_answer_refutes(void **state)
{
    (void)state;
    three_of_each(300, 301, 100, 400);
    expect("workers-beyond-cpus", VERDICT_FAILS, "after 400 ms to 402 ms with 2");
}

static void noise_says_nothing(void **state)
{
    (void)state;
    three_of_each(101, 310, 100, 305);
    expect("workers-beyond-cpus", VERDICT_NOT_TESTED, "within the noise");
}

static void few_runs_say_nothing(void **state)
{
    (void)state;
    expect("workers-beyond-cpus", VERDICT_NOT_TESTED, "it takes more workers than CPUs");
    result.plan.pass_count = 2;
    timed(&made_measured, 6, 300, 310);
    timed(&made_baseline, 2, 100, 305);
    expect("workers-beyond-cpus", VERDICT_NOT_TESTED, "3 runs at least");
    result.runs[1].failed = true;
    expect("workers-beyond-cpus", VERDICT_NOT_TESTED, "some requests failed");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_cluster, made_cluster_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hashes_in_turn_hold),
        TEST(a_hash_too_many_fails),
        TEST(two_hashes_on_one_thread_fail),
        TEST(more_threads_than_there_are_fail),
        TEST(a_limit_that_was_not_reached_is_not_tested),
        TEST(even_connections_hold),
        TEST(uneven_connections_fail),
        TEST(a_worker_may_have_been_passed_over),
        TEST(what_the_kernel_spreads_is_told_and_not_judged),
        TEST(too_little_to_spread_is_not_tested),
        TEST(its_own_requests_wait),
        TEST(one_of_its_own_that_did_not_wait_refutes),
        TEST(blocks_follow_one_another),
        TEST(what_came_later_says_nothing),
        TEST(others_go_on),
        TEST(all_others_waiting_refutes),
        TEST(one_that_waits_for_seconds_refutes),
        TEST(one_that_is_a_little_late_refutes_nothing),
        TEST(who_is_blocked_itself_is_no_example),
        TEST(a_request_inside_a_killed_worker_is_lost),
        TEST(a_request_of_another_worker_refutes),
        TEST(a_request_lost_before_any_kill_refutes),
        TEST(a_request_of_the_successor_refutes),
        TEST(nobody_knows_whose_a_new_connection_was),
        TEST(a_refused_connection_refutes),
        TEST(who_is_not_replaced_refutes),
        TEST(without_a_kill_nothing_is_tested),
        TEST(a_later_first_answer_holds),
        TEST(an_earlier_first_answer_refutes),
        TEST(an_earlier_last_answer_refutes),
        TEST(noise_says_nothing),
        TEST(few_runs_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

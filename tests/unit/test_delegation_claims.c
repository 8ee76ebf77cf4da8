/* The claims of os-delegation that are its own, on runs made by hand: each can hold, fail, and be
 * not tested. Those about the pool are in test_request_claims.c and test_lanes.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "experiments/os_delegation/os_delegation.h"

extern const struct experiment experiment_os_delegation;

enum { MS = 1000000 };

static struct result result;
static struct delegation_options options;
static struct run *run;

static int begin(void **state)
{
    (void)state;
    made_result(&result, &experiment_os_delegation);
    options = (struct delegation_options){.requests = 3};
    result.options.table = experiment_os_delegation.params;
    result.options.values = &options;
    result.pool = (struct pool_facts){.size = 4, .expected = 4, .counted = true};
    run = made_run(&result, &made_measured, 32, experiment_os_delegation.kinds);
    run->elapsed_ns = 120 * MS;
    run->cpu_ns = 20 * MS;
    run->pool_cpu_ns = 0;
    run->loop_facts = (struct loop_facts){.idle_ns = 100 * MS, .max_lag_ns = 4 * MS};
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static void expect(const char *id, enum verdict verdict, const char *evidence)
{
    expect_verdict(&result, id, verdict, evidence);
}

static uint32_t request_with(int status, uint64_t submitted, uint64_t started, uint64_t finished)
{
    return made_span(run, (struct made_span){.kind = FETCH_KIND_REQUEST,
                                             .lane = LANE_OS,
                                             .status = status,
                                             .submitted = submitted,
                                             .started = started,
                                             .finished = finished,
                                             .called_back = finished + 10});
}

static uint32_t request(uint64_t submitted, uint64_t started, uint64_t finished)
{
    return request_with(SPAN_OK, submitted, started, finished);
}

static void lookup(uint32_t of, int lane, uint64_t started, uint64_t finished)
{
    made_part(run, of,
              (struct made_span){.kind = FETCH_KIND_DNS,
                                 .lane = lane,
                                 .submitted = 10,
                                 .started = started,
                                 .finished = finished,
                                 .called_back = finished + 5});
}

/* --- all at once --- */

static void requests_that_were_all_under_way_hold(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    request(1500, 4000, 101 * MS);
    request(2000, 99 * MS, 102 * MS);
    expect("all-at-once", VERDICT_HOLDS,
           "3 were asked for within 1.00 \xc2\xb5s; the first of them came back 100 ms after the "
           "last was asked for; 3 were under way at the same moment");
}

static void one_that_is_asked_for_when_another_is_back_refutes(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    request(100 * MS + 10, 101 * MS, 200 * MS);
    expect("all-at-once", VERDICT_FAILS,
           "2 were asked for within 100 ms, and one came back before the last was");
}

/* A client that queues what it was asked for and makes one request at a time. */
static void requests_one_after_another_refute(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    request(1500, 100 * MS + 10, 200 * MS);
    expect("all-at-once", VERDICT_FAILS, "; 1 was under way at the same moment");
}

/* It had no CPU between the two. */
static void a_loop_that_was_held_up_between_requests_refutes_nothing(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    request(1500, 100 * MS + 10, 200 * MS);
    run->loop_facts.max_lag_ns = 90 * MS;
    expect("all-at-once", VERDICT_NOT_TESTED, "as one was over before another had been begun");
    run->loop_facts.max_lag_ns = 4 * MS;
    expect("all-at-once", VERDICT_FAILS, "");
}

static void a_near_server_may_answer_one_before_the_next_is_begun(void **state)
{
    (void)state;
    request(1000, 3000, 3 * MS);
    request(1500, 4 * MS, 6 * MS);
    expect("all-at-once", VERDICT_NOT_TESTED, "as one was over before another had been begun");
    request(1700, 5 * MS, 6 * MS);
    expect("all-at-once", VERDICT_NOT_TESTED, "2 were under way at the same moment, as one was");
}

/* A pool of one or two threads looks up one name at a time. */
static void slow_lookups_may_keep_requests_apart(void **state)
{
    (void)state;
    lookup(request(1000, 60 * MS, 120 * MS), 1, 100, 59 * MS);
    lookup(request(1500, 121 * MS, 200 * MS), 1, 60 * MS, 120 * MS);
    expect("all-at-once", VERDICT_NOT_TESTED, "as one was over before another had been begun");
}

static void fewer_than_two_that_succeed_prove_nothing(void **state)
{
    (void)state;
    expect("all-at-once", VERDICT_NOT_TESTED, "there is only one request");
    request(1000, 3000, 100 * MS);
    expect("all-at-once", VERDICT_NOT_TESTED, "there is only one request");
    /* refused at once, while the others were still to be asked for */
    request_with(UV_ECONNREFUSED, 1100, SPAN_UNKNOWN, 1200);
    expect("all-at-once", VERDICT_NOT_TESTED, "fewer than two requests succeeded");
    request(1300, 3000, 100 * MS);
    expect("all-at-once", VERDICT_NOT_TESTED, "and 1 of them failed");
}

/* --- the loop was free --- */

static void a_loop_that_was_held_up_shortly_holds(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    expect("loop-free", VERDICT_HOLDS,
           "the loop was kept from its callbacks for 4.00 ms at most, and waited idle for 100 ms "
           "of 120 ms; the shortest request took 100 ms");
}

static void a_loop_that_waited_for_a_request_refutes(void **state)
{
    (void)state;
    request(1000, 3000, 100 * MS);
    request(1000, 100 * MS, 110 * MS);
    run->loop_facts = (struct loop_facts){.idle_ns = 0, .max_lag_ns = 111 * MS};
    expect("loop-free", VERDICT_FAILS, "was kept from its callbacks for 111 ms at most");
}

/* A hundred thousand hashes take their time to queue; and beside them the loop's thread may have no
 * CPU. */
static void a_loop_that_computed_or_had_no_cpu_refutes_nothing(void **state)
{
    (void)state;
    request(100 * MS, 101 * MS, 105 * MS);
    request(100 * MS, 105 * MS, 109 * MS);
    run->loop_facts.max_lag_ns = 100 * MS;
    run->cpu_ns = 500 * MS;
    run->pool_cpu_ns = 420 * MS;
    expect("loop-free", VERDICT_NOT_TESTED, "too little more");
    run->cpu_ns = 440 * MS;
    expect("loop-free", VERDICT_FAILS, "100 ms at most");
    options.load_pool = 100000;
    expect("loop-free", VERDICT_NOT_TESTED, "too little more");
    options.load_pool = 0;
    run->cpu_ns = SPAN_UNKNOWN;
    expect("loop-free", VERDICT_NOT_TESTED, "too little more");
    run->cpu_ns = 440 * MS;
    request(100 * MS, 101 * MS, 105 * MS); /* begun with another: that did not keep it */
    expect("loop-free", VERDICT_NOT_TESTED, "too little more");
}

static void handshakes_that_take_half_of_a_request_prove_nothing(void **state)
{
    (void)state;
    request(1000, 3000, 6 * MS);
    run->loop_facts.max_lag_ns = 4 * MS;
    expect("loop-free", VERDICT_NOT_TESTED,
           "to tell waiting from the work of handshakes (--origin-delay 1s makes it longer)");
    options.http.urls.count = 1;
    expect("loop-free", VERDICT_NOT_TESTED, "to tell waiting from the work of handshakes");
}

static void without_a_success_nothing_is_known_of_the_loop(void **state)
{
    (void)state;
    request_with(UV_ECONNREFUSED, 1000, 3000, 100 * MS);
    expect("loop-free", VERDICT_NOT_TESTED, "no request succeeded");
}

/* --- as a whole --- */

static void every_claim_has_an_answer_for_the_default_run(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        lookup(request(1000 + i, 3 * MS, 103 * MS), 1 + i % 2, 2000 + i / 2 * MS, MS + i / 2 * MS);
    expect("all-at-once", VERDICT_HOLDS, "3 were under way");
    expect("no-thread-between", VERDICT_HOLDS, "ran 3 lookups, each over before its connection");
    expect("loop-free", VERDICT_HOLDS, "kept from its callbacks");
    expect("full-pool-does-not-matter", VERDICT_NOT_TESTED, "the requests have lookups");
    expect("lookup-waits", VERDICT_NOT_TESTED, "fewer hashes than threads");
    expect("lookups-take-half", VERDICT_HOLDS, "at most 2 of 3 lookups");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_A_RUN(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ON_A_RUN(requests_that_were_all_under_way_hold),
        ON_A_RUN(one_that_is_asked_for_when_another_is_back_refutes),
        ON_A_RUN(requests_one_after_another_refute),
        ON_A_RUN(a_loop_that_was_held_up_between_requests_refutes_nothing),
        ON_A_RUN(a_near_server_may_answer_one_before_the_next_is_begun),
        ON_A_RUN(slow_lookups_may_keep_requests_apart),
        ON_A_RUN(fewer_than_two_that_succeed_prove_nothing),
        ON_A_RUN(a_loop_that_was_held_up_shortly_holds),
        ON_A_RUN(a_loop_that_waited_for_a_request_refutes),
        ON_A_RUN(a_loop_that_computed_or_had_no_cpu_refutes_nothing),
        ON_A_RUN(handshakes_that_take_half_of_a_request_prove_nothing),
        ON_A_RUN(without_a_success_nothing_is_known_of_the_loop),
        ON_A_RUN(every_claim_has_an_answer_for_the_default_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

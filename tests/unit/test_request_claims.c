/* Claims about requests and the pool that several experiments make, on runs made by hand: each can
 * hold, fail, and be not tested, and allows what the pool allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "analysis/request_claims.h"

enum { MS = 1000000 };
enum { REQUEST, LOOKUP, BODY, HASH };

static const struct span_kind request_kind = {"http", "request", PHASE_POLL, NULL, SPAN_HTTP};
static const struct span_kind lookup_kind = {"dns", "lookup", PHASE_POLL, NULL,
                                             SPAN_POOLED | SPAN_SLOW_IO};
static const struct span_kind body_kind = {"http.body", "body", PHASE_NONE, NULL, 0};
static const struct span_kind hash_kind = {"pbkdf2", "hash", PHASE_POLL, NULL,
                                           SPAN_POOLED | SPAN_CPU_BOUND};
static const struct span_kind *const kinds[] = {
    [REQUEST] = &request_kind, [LOOKUP] = &lookup_kind, [BODY] = &body_kind,
    [HASH] = &hash_kind,       [HASH + 1] = NULL,
};

static const struct claim claims[] = {
    {"no-thread", "no request used a thread", requests_judge_no_thread},
    {"full-pool", "a full pool does not matter", requests_judge_full_pool},
    {"lookup-waits", "a lookup waits for a hash", requests_judge_lookup_waits},
    {"lookup-first", "a lookup takes a thread first", requests_judge_lookup_first},
    {NULL, NULL, NULL},
};
static const struct experiment requesting = {
    .name = "requesting", .claims = claims, .records = RECORD_HTTP};

static struct result result;
static struct run *run;

static int begin(void **state)
{
    (void)state;
    made_result(&result, &requesting);
    result.pool.size = 2;
    run = made_run(&result, &made_measured, 32, kinds);
    run->cpu_ns = 20 * MS;
    run->pool_cpu_ns = 0;
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

/* Submitted at 10, and called back 5 ns after it was finished. */
static struct made_span ran(unsigned kind, int lane, uint64_t started, uint64_t finished)
{
    return (struct made_span){.kind = kind,
                              .lane = lane,
                              .submitted = 10,
                              .started = started,
                              .finished = finished,
                              .called_back = finished == SPAN_UNKNOWN ? finished : finished + 5};
}

static uint32_t request(uint64_t started, uint64_t finished)
{
    return made_span(run, ran(REQUEST, LANE_OS, started, finished));
}

static uint32_t lookup(uint32_t of, int lane, uint64_t started, uint64_t finished)
{
    return made_part(run, of, ran(LOOKUP, lane, started, finished));
}

static uint32_t hash(int lane, uint64_t started, uint64_t finished)
{
    return made_span(run, ran(HASH, lane, started, finished));
}

static void cpu(uint32_t span, uint64_t ns)
{
    span_cpu(recorder_worker(&run->recorder, span), ns);
}

/* --- no thread --- */

static void an_idle_pool_holds(void **state)
{
    (void)state;
    run->pool_cpu_ns = 90000;
    request(100, 100 * MS);
    request(100, 100 * MS);
    expect("no-thread", VERDICT_HOLDS,
           "nothing of 2 requests was seen on the pool's threads; the pool's threads used 90.0 "
           "\xc2\xb5s of CPU, and the rest of the process 19.9 ms");
}

static void cpu_time_of_an_idle_pool_refutes(void **state)
{
    (void)state;
    run->pool_cpu_ns = 5 * MS;
    request(100, 100 * MS);
    expect("no-thread", VERDICT_FAILS, "the pool's threads used 5.00 ms of CPU");
}

/* A thousand threads on their way to sleep cost more than a request. */
static void threads_may_be_on_their_way_to_sleep(void **state)
{
    (void)state;
    result.pool.size = 1024;
    run->cpu_ns = 8 * MS;
    run->pool_cpu_ns = 5 * MS;
    request(100, 100 * MS);
    expect("no-thread", VERDICT_HOLDS, "used 5.00 ms of CPU");
}

static void unknown_cpu_time_proves_nothing_where_nothing_else_would(void **state)
{
    (void)state;
    run->pool_cpu_ns = SPAN_UNKNOWN;
    request(100, 100 * MS);
    expect("no-thread", VERDICT_NOT_TESTED, "which is not known");
    run->pool_cpu_ns = 400 * MS;
    run->cpu_ns = 420 * MS;
    hash(1, 100, 400 * MS); /* --cpu-time off */
    expect("no-thread", VERDICT_NOT_TESTED, "which is not known");
}

static void lookups_over_before_the_connections_hold(void **state)
{
    (void)state;
    lookup(request(300, 100 * MS), 1, 100, 200);
    expect("no-thread", VERDICT_HOLDS,
           "of 1 request the pool's threads ran 1 lookup, over before the connection was begun");
    lookup(request(500, 100 * MS), 2, 100, 500);
    expect("no-thread", VERDICT_HOLDS, "of 2 requests the pool's threads ran 2 lookups, each over");
    expect("lookup-first", VERDICT_HOLDS,
           "the lookup of request 1 ran on pool 1 for 100 ns before the connection was begun");
}

/* The name has no address, or nothing more was done before it took too long. */
static void lookups_without_connections_hold_as_well(void **state)
{
    (void)state;
    lookup(request(SPAN_UNKNOWN, SPAN_UNKNOWN), 1, 100, 200);
    expect("no-thread", VERDICT_HOLDS,
           "of 1 request the pool's threads ran 1 lookup, after which no connection was begun");
    lookup(request(300, 100 * MS), 1, 200, 300);
    expect("no-thread", VERDICT_HOLDS,
           "ran 2 lookups, those of the 1 that had a connection over before it was begun");
}

static void cpu_time_beyond_lookups_and_hashes_proves_nothing(void **state)
{
    (void)state;
    cpu(lookup(request(3 * MS, 100 * MS), 1, 100, 2 * MS), 1 * MS);
    cpu(hash(2, 100, 400 * MS), 400 * MS);
    run->pool_cpu_ns = 401 * MS + 50000;
    run->cpu_ns = 421 * MS + 50000;
    expect("no-thread", VERDICT_HOLDS,
           "; beyond their calls the pool's threads used 50.0 \xc2\xb5s of CPU, and the rest of "
           "the process 20.0 ms");
    run->pool_cpu_ns += 10 * MS;
    run->cpu_ns += 10 * MS;
    expect("no-thread", VERDICT_NOT_TESTED, "beyond their calls the pool's threads used 10.1 ms");
}

static void anything_else_of_a_request_on_the_pool_refutes(void **state)
{
    uint32_t whole = request(300, 100 * MS);

    (void)state;
    lookup(whole, 1, 100, 200);
    made_part(run, whole, ran(BODY, 2, 400, 500));
    expect("no-thread", VERDICT_FAILS, "the body 3 of request 1 ran on pool 2");
}

static void a_request_on_the_pool_refutes(void **state)
{
    (void)state;
    made_span(run, ran(REQUEST, 2, 100, 200));
    expect("no-thread", VERDICT_FAILS, "request 1 ran on pool 2");
}

static void a_connection_before_its_lookup_has_ended_refutes(void **state)
{
    (void)state;
    lookup(request(300, 100 * MS), 1, 100, 200);
    lookup(request(300, 100 * MS), 1, 200, 301);
    expect("no-thread", VERDICT_FAILS, "the connection of request 3 was begun before its lookup");
    expect("lookup-first", VERDICT_FAILS, "the connection of request 3 was begun before its");
}

static void without_requests_nothing_is_known_of_them(void **state)
{
    (void)state;
    hash(1, 100, 200);
    hash(2, 100, 200);
    expect("no-thread", VERDICT_NOT_TESTED, "no request");
    expect("full-pool", VERDICT_NOT_TESTED, "no request");
    expect("lookup-waits", VERDICT_NOT_TESTED, "no request had a lookup on the pool");
    expect("lookup-first", VERDICT_NOT_TESTED, "no request had a lookup on the pool");
}

/* --- a full pool --- */

static void a_request_that_is_back_while_hashes_hold_all_threads_holds(void **state)
{
    (void)state;
    hash(2, 60, 300 * MS); /* stamped in the other order */
    hash(1, 50, 200 * MS);
    hash(1, 201 * MS, 400 * MS);
    request(20, 100 * MS);
    expect("full-pool", VERDICT_HOLDS,
           "request 4 came back after 100 ms, when hashes held all 2 threads; the first of them "
           "ended at 200 ms");
}

static void a_request_back_before_all_threads_are_taken_proves_nothing(void **state)
{
    (void)state;
    hash(1, 50, 200 * MS);
    hash(2, 50 * MS, 300 * MS); /* it woke late */
    request(20, 40 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "a hash had ended before the first request came back");
    request(20, 60 * MS);
    expect("full-pool", VERDICT_HOLDS, "request 4 came back");
}

static void a_request_that_is_slower_than_the_hashes_proves_nothing(void **state)
{
    (void)state;
    hash(1, 50, 60 * MS);
    hash(2, 50, 60 * MS);
    request(20, 100 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "with longer ones (--iterations)");
}

static void a_request_begun_only_after_a_hash_refutes(void **state)
{
    (void)state;
    hash(1, 50, 60 * MS);
    hash(2, 50, 70 * MS);
    run->loop_facts.max_lag_ns = 30 * MS;
    request(61 * MS, 100 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "with more of them (--requests) it could be seen");
    request(62 * MS, 100 * MS);
    expect("full-pool", VERDICT_FAILS,
           "none of 2 requests was begun before a hash had ended: request 3 waited 61.0 ms, and "
           "the loop was never held up for more than 30.0 ms");
    request(100, 110 * MS); /* one was not kept: so the others had other reasons */
    expect("full-pool", VERDICT_NOT_TESTED, "a hash had ended before");
}

/* However late that is: it may have had no CPU. */
static void requests_that_the_loop_itself_begins_late_refute_nothing(void **state)
{
    (void)state;
    hash(1, 50, 60 * MS);
    hash(2, 50, 70 * MS);
    request(64 * MS, 100 * MS);
    request(900 * MS, 990 * MS);
    run->loop_facts.max_lag_ns = 32 * MS;
    expect("full-pool", VERDICT_NOT_TESTED, "a hash had ended before");
}

static void a_late_loop_or_a_lookup_elsewhere_refutes_nothing(void **state)
{
    uint32_t late;

    (void)state;
    hash(1, 50, 2 * MS);
    hash(2, 50, 2 * MS);
    run->loop_facts.max_lag_ns = 2 * MS;
    late = request(3 * MS, 100 * MS);
    request(3 * MS, 100 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "a hash had ended before");
    run->recorder.on_worker[late].started = 80 * MS; /* libcurl's resolver took the time */
    lookup(late, LANE_UNKNOWN, SPAN_UNKNOWN, 79 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "a hash had ended before");
}

static void requests_that_fail_prove_nothing_of_a_full_pool(void **state)
{
    struct made_span failed = ran(REQUEST, LANE_OS, 20, 100 * MS);

    (void)state;
    failed.status = UV_ECONNREFUSED;
    hash(1, 50, 200 * MS);
    hash(2, 50, 200 * MS);
    made_span(run, failed);
    expect("full-pool", VERDICT_NOT_TESTED, "no request succeeded");
}

static void a_pool_that_is_not_full_proves_nothing(void **state)
{
    uint32_t whole;

    (void)state;
    hash(1, 50, 200 * MS);
    hash(1, SPAN_UNKNOWN, SPAN_UNKNOWN); /* never ran */
    whole = request(20, 100 * MS);
    expect("full-pool", VERDICT_NOT_TESTED, "fewer hashes than threads");
    lookup(whole, 2, 12, 15);
    expect("full-pool", VERDICT_NOT_TESTED, "the requests have lookups");
    expect("lookup-waits", VERDICT_NOT_TESTED, "fewer hashes than threads");
}

/* --- lookups behind hashes --- */

static void a_lookup_that_takes_the_thread_of_a_hash_holds(void **state)
{
    (void)state;
    hash(1, 50, 300 * MS);
    hash(2, 60, 200 * MS);
    lookup(request(202 * MS, 300 * MS), 2, 200 * MS + 10, 201 * MS);
    expect("lookup-waits", VERDICT_HOLDS,
           "the lookup of request 3 waited 200 ms, until pool 2 was done with hash 2");
}

/* Three threads, of which the third wakes when a hash is over already. */
static void a_lookup_may_take_a_thread_that_woke_late(void **state)
{
    (void)state;
    result.pool.size = 3;
    hash(1, 50, 100 * MS);
    hash(2, 60, 300 * MS);
    hash(1, 100 * MS + 5, 300 * MS);
    lookup(request(202 * MS, 300 * MS), 3, 100 * MS + 10, 201 * MS);
    expect("lookup-waits", VERDICT_HOLDS,
           "the lookup of request 4 waited 100 ms, and ran on pool 3 after a hash had ended");
}

static void a_lookup_before_any_hash_has_ended_refutes(void **state)
{
    (void)state;
    hash(1, 50, 300 * MS);
    hash(2, 60, 200 * MS);
    lookup(request(302 * MS, 400 * MS), 2, 201 * MS, 202 * MS);
    lookup(request(302 * MS, 400 * MS), 2, 200 * MS - 1, 201 * MS);
    expect("lookup-waits", VERDICT_FAILS, "the lookup of request 5 started before any hash");
}

static void a_lookup_with_nothing_to_wait_for_proves_nothing(void **state)
{
    struct made_span late = ran(LOOKUP, 1, 400, 500);

    (void)state;
    hash(1, 50, 300);
    hash(2, 60, 300);
    late.submitted = 350;
    made_part(run, request(600, 700), late);
    expect("lookup-waits", VERDICT_NOT_TESTED, "a hash had ended before the first lookup was");
}

static void a_lookup_that_never_ran_proves_nothing(void **state)
{
    (void)state;
    lookup(request(SPAN_UNKNOWN, SPAN_UNKNOWN), 1, SPAN_UNKNOWN, SPAN_UNKNOWN);
    expect("lookup-first", VERDICT_NOT_TESTED, "no request had a lookup on the pool");
    expect("lookup-waits", VERDICT_NOT_TESTED, "no request had a lookup on the pool");
    lookup(request(SPAN_UNKNOWN, SPAN_UNKNOWN), 1, 100, 200); /* no connection after it */
    expect("lookup-first", VERDICT_NOT_TESTED, "and a connection after it");
}

/* Every run counts: what fails in one of them fails. */
static void the_second_run_can_refute(void **state)
{
    (void)state;
    lookup(request(300, 100 * MS), 1, 100, 200);
    run = made_run(&result, &made_measured, 4, kinds);
    lookup(request(300, 100 * MS), 1, 100, 301);
    expect("lookup-first", VERDICT_FAILS, "run 2 of 2: the connection of request 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_A_RUN(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ON_A_RUN(an_idle_pool_holds),
        ON_A_RUN(cpu_time_of_an_idle_pool_refutes),
        ON_A_RUN(threads_may_be_on_their_way_to_sleep),
        ON_A_RUN(unknown_cpu_time_proves_nothing_where_nothing_else_would),
        ON_A_RUN(lookups_over_before_the_connections_hold),
        ON_A_RUN(lookups_without_connections_hold_as_well),
        ON_A_RUN(cpu_time_beyond_lookups_and_hashes_proves_nothing),
        ON_A_RUN(anything_else_of_a_request_on_the_pool_refutes),
        ON_A_RUN(a_request_on_the_pool_refutes),
        ON_A_RUN(a_connection_before_its_lookup_has_ended_refutes),
        ON_A_RUN(without_requests_nothing_is_known_of_them),
        ON_A_RUN(a_request_that_is_back_while_hashes_hold_all_threads_holds),
        ON_A_RUN(a_request_back_before_all_threads_are_taken_proves_nothing),
        ON_A_RUN(a_request_that_is_slower_than_the_hashes_proves_nothing),
        ON_A_RUN(a_request_begun_only_after_a_hash_refutes),
        ON_A_RUN(requests_that_the_loop_itself_begins_late_refute_nothing),
        ON_A_RUN(a_late_loop_or_a_lookup_elsewhere_refutes_nothing),
        ON_A_RUN(requests_that_fail_prove_nothing_of_a_full_pool),
        ON_A_RUN(a_pool_that_is_not_full_proves_nothing),
        ON_A_RUN(a_lookup_that_takes_the_thread_of_a_hash_holds),
        ON_A_RUN(a_lookup_may_take_a_thread_that_woke_late),
        ON_A_RUN(a_lookup_before_any_hash_has_ended_refutes),
        ON_A_RUN(a_lookup_with_nothing_to_wait_for_proves_nothing),
        ON_A_RUN(a_lookup_that_never_ran_proves_nothing),
        ON_A_RUN(the_second_run_can_refute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

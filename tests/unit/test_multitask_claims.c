/* The claims of multitask, on runs made by hand: each can hold, fail, and be not tested, and allows
 * what the pool allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "experiments/multitask/multitask.h"

extern const struct experiment experiment_multitask;

enum { MS = 1000000 };
enum { ROW_FILE = FETCH_KINDS, HASH = FETCH_KINDS + FILE_KINDS };
enum {
    WHOLE = ROW_FILE + FILE_KIND_WHOLE,
    OPEN = ROW_FILE + FILE_KIND_OPEN,
    FSTAT = ROW_FILE + FILE_KIND_FSTAT,
    READ = ROW_FILE + FILE_KIND_READ,
    CLOSE = ROW_FILE + FILE_KIND_CLOSE,
};

static struct result result;
static struct multitask_options options;
static struct run *run;

static int begin(void **state)
{
    (void)state;
    made_result(&result, &experiment_multitask);
    options = (struct multitask_options){.fs_api = FILE_API_JOBS};
    result.options.table = experiment_multitask.params;
    result.options.values = &options;
    result.pool = (struct pool_facts){.size = 2, .expected = 2, .counted = true};
    run = made_run(&result, &made_measured, 64, experiment_multitask.kinds);
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

/* Called back 5 ns after it was finished. */
static struct made_span ran(unsigned kind, int lane, uint64_t submitted, uint64_t started,
                            uint64_t finished)
{
    return (struct made_span){.kind = kind,
                              .lane = lane,
                              .submitted = submitted,
                              .started = started,
                              .finished = finished,
                              .called_back = finished + 5};
}

static uint32_t request(uint64_t started, uint64_t finished)
{
    return made_span(run, ran(FETCH_KIND_REQUEST, LANE_OS, 0, started, finished));
}

static uint32_t hash(int lane, uint64_t started, uint64_t finished)
{
    return made_span(run, ran(HASH, lane, 50, started, finished));
}

/* A read whose steps are told apart; the whole comes back with its last. */
static uint32_t whole(uint64_t finished)
{
    return made_span(run, ran(WHOLE, LANE_UNKNOWN, 10, 100, finished));
}

static uint32_t step(unsigned kind, uint32_t of, int lane, uint64_t submitted, uint64_t started,
                     uint64_t finished)
{
    return made_part(run, of, ran(kind, lane, submitted, started, finished));
}

/* A step by uv_fs_*(), of which only the ends are seen. */
static void unseen_step(unsigned kind, uint32_t of, uint64_t submitted, uint64_t called_back)
{
    struct made_span s = ran(kind, LANE_UNKNOWN, submitted, SPAN_UNKNOWN, SPAN_UNKNOWN);

    s.called_back = called_back;
    made_part(run, of, s);
}

static uint32_t read_in_one_trip(int lane, uint64_t started, uint64_t finished)
{
    options.fs_api = FILE_API_ONE_TRIP;
    return made_span(run, ran(WHOLE, lane, 10, started, finished));
}

/* --- the read waits for a hash --- */

/* As many hashes as threads: the second step takes the thread of the one that ends first. */
static uint32_t classic(void)
{
    uint32_t read = whole(205 * MS);

    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 300 * MS);
    hash(1, 210, 200 * MS);
    step(FSTAT, read, 1, 220, 200 * MS + 10, 201 * MS);
    step(READ, read, 1, 202 * MS, 203 * MS, 204 * MS);
    step(CLOSE, read, 1, 204 * MS + 1, 204 * MS + 2, 205 * MS);
    return read;
}

static void a_step_that_takes_the_thread_of_a_hash_holds(void **state)
{
    (void)state;
    classic();
    expect("read-waits-for-hash", VERDICT_HOLDS,
           "file fstat 5 waited 200 ms for a thread and ran 1.00 ms: pool 1 took it after hash 4");
    expect("read-before-hashes", VERDICT_NOT_TESTED, "as many hashes as threads");
    expect("read-comes-last", VERDICT_NOT_TESTED, "more than one thread");
    expect("read-alone", VERDICT_NOT_TESTED, "there are hashes");
    expect("one-trip-before-hashes", VERDICT_NOT_TESTED, "several trips");
    expect("request-first", VERDICT_NOT_TESTED, "a request that succeeds");
}

/* Of three threads the last wakes up when two have done all hashes. */
static void a_step_may_run_on_a_thread_that_woke_late(void **state)
{
    uint32_t read = whole(105 * MS);

    (void)state;
    result.pool.size = 3;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 100 * MS);
    hash(1, 210, 300 * MS);
    hash(2, 100 * MS + 5, 300 * MS);
    step(FSTAT, read, 3, 220, 100 * MS + 6, 101 * MS);
    expect("read-waits-for-hash", VERDICT_HOLDS,
           "file fstat 6 waited 100 ms, until a hash had ended, and ran 1.00 ms on pool 3");
}

static void a_later_step_that_overtakes_the_hashes_refutes(void **state)
{
    uint32_t read = whole(250 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 300 * MS);
    hash(1, 230 * MS, 400 * MS);
    step(FSTAT, read, 1, 220, 230, 240);
    step(CLOSE, read, 1, 250, 310 * MS, 311 * MS); /* the read does come back after a hash */
    expect("read-waits-for-hash", VERDICT_FAILS, "file fstat 5 started before any hash had ended");
}

/* A pool that is last in, first out. */
static void a_first_step_behind_a_hash_refutes(void **state)
{
    uint32_t read = whole(205 * MS);

    (void)state;
    hash(1, 100, 200 * MS);
    hash(2, 110, 300 * MS);
    step(OPEN, read, 1, 10, 201 * MS, 202 * MS);
    step(FSTAT, read, 1, 203 * MS, 203 * MS + 10, 204 * MS);
    expect("read-waits-for-hash", VERDICT_FAILS,
           "file open 4, the first step, waited for hash 2, which was asked for after it");
}

static void hashes_that_are_over_before_the_second_step_prove_nothing(void **state)
{
    uint32_t read = whole(900);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 200);
    hash(1, 210, 250);
    step(FSTAT, read, 1, 300, 310, 400);
    step(CLOSE, read, 1, 500, 510, 900);
    expect("read-waits-for-hash", VERDICT_NOT_TESTED,
           "a hash had ended before a second step was asked for");
}

static void of_several_reads_all_wait(void **state)
{
    uint32_t other;

    (void)state;
    classic();
    other = whole(400 * MS);
    step(OPEN, other, 2, 11, 100, 105);
    step(FSTAT, other, 2, 220, 300 * MS + 10, 301 * MS);
    expect("read-waits-for-hash", VERDICT_HOLDS, "file fstat 5 waited 200 ms");
    step(READ, other, 2, 220, 150 * MS, 151 * MS);
    expect("read-waits-for-hash", VERDICT_FAILS, "file read 11 started before any hash had ended");
}

/* The callback of the step is after its start, and all that is seen of it. */
static void by_uv_fs_the_callback_decides(void **state)
{
    uint32_t read = whole(210 * MS);

    (void)state;
    options.fs_api = FILE_API_UV;
    unseen_step(OPEN, read, 10, 210);
    hash(2, 110, 300 * MS);
    hash(1, 210, 200 * MS);
    unseen_step(FSTAT, read, 220, 201 * MS);
    expect("read-waits-for-hash", VERDICT_HOLDS,
           "file fstat 5 was asked for at 220 ns and came back at 201 ms; the first hash ended at "
           "200 ms");
    unseen_step(READ, read, 220, 199 * MS);
    expect("read-waits-for-hash", VERDICT_FAILS, "file read 6 came back before any hash had ended");
}

static void fewer_hashes_one_thread_or_one_trip_are_other_claims(void **state)
{
    (void)state;
    classic();
    result.pool.size = 3;
    expect("read-waits-for-hash", VERDICT_NOT_TESTED, "fewer hashes than threads");
    result.pool.size = 1;
    expect("read-waits-for-hash", VERDICT_NOT_TESTED, "a single thread");
    result.pool.size = 2;
    options.fs_api = FILE_API_ONE_TRIP;
    expect("read-waits-for-hash", VERDICT_NOT_TESTED, "no later step");
}

static void a_failed_call_says_nothing_but_a_failed_request_does_not_matter(void **state)
{
    struct made_span failed = ran(FETCH_KIND_REQUEST, LANE_OS, 0, 5, 1000);

    (void)state;
    classic();
    failed.status = UV_ECONNREFUSED;
    made_span(run, failed);
    expect("read-waits-for-hash", VERDICT_HOLDS, "");
    expect("request-first", VERDICT_NOT_TESTED, "a request that succeeds");
    failed.kind = HASH;
    failed.status = SPAN_FAILED_CRYPTO;
    made_span(run, failed);
    expect("read-waits-for-hash", VERDICT_NOT_TESTED, "a read or a hash failed");
    request(5, 100 * MS);
    expect("request-first", VERDICT_NOT_TESTED, "a read or a hash failed");
}

/* --- before every hash --- */

static void a_read_with_a_thread_of_its_own_comes_first(void **state)
{
    uint32_t read = whole(900);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 200 * MS);
    step(FSTAT, read, 1, 300, 310, 900);
    expect("read-before-hashes", VERDICT_HOLDS, "file 1 came back at 905 ns, and hash 3 at 200 ms");
}

/* However long that takes: on a machine without a CPU to spare a thread may not wake up at all. */
static void a_free_thread_that_never_wakes_refutes_nothing(void **state)
{
    uint32_t read = whole(205 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 200 * MS);
    step(FSTAT, read, 2, 300, 201 * MS, 202 * MS);
    expect("read-before-hashes", VERDICT_NOT_TESTED,
           ": file fstat 4 waited 201 ms, until hash 3 had ended, as lookups or other reads held");
}

/* A pool that prefers requests' parts to steps of reads, say. */
static void a_read_behind_what_was_asked_for_later_refutes(void **state)
{
    uint32_t read = whole(205 * MS), asked = request(302 * MS, 400 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 200 * MS);
    step(FSTAT, read, 2, 300, 201 * MS, 202 * MS);
    step(FETCH_KIND_DNS, asked, 1, 400, 500, 600); /* lookups have a queue of their own */
    expect("read-before-hashes", VERDICT_NOT_TESTED, "or these woke too late");
    step(FSTAT, whole(204 * MS), 1, 400, 700, 800);
    expect("read-before-hashes", VERDICT_FAILS,
           ": file fstat 5 waited 201 ms, and file fstat 8, which was asked for after it, started "
           "before");
}

static void a_lookup_may_hold_the_thread_that_is_left(void **state)
{
    uint32_t read = whole(205 * MS), asked = request(302 * MS, 400 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 200 * MS);
    step(FETCH_KIND_DNS, asked, 1, 5, 250, 300 * MS);
    step(FSTAT, read, 2, 300, 201 * MS, 202 * MS);
    expect("read-before-hashes", VERDICT_NOT_TESTED, "as lookups or other reads held the threads");
}

/* The thread of the hash was there before the one that had been woken. */
static void a_free_thread_may_wake_late(void **state)
{
    uint32_t read = whole(8 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 5 * MS);
    step(FSTAT, read, 2, 4 * MS, 5 * MS + 10, 6 * MS);
    expect("read-before-hashes", VERDICT_NOT_TESTED, "or these woke too late");
}

static void a_slow_file_or_a_late_loop_refutes_nothing(void **state)
{
    uint32_t read = whole(900 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    hash(2, 110, 5 * MS);
    step(FSTAT, read, 1, 300, 310, 400);
    step(READ, read, 1, 7 * MS, 7 * MS + 10,
         899 * MS); /* submitted only when the loop came to it */
    expect("read-before-hashes", VERDICT_NOT_TESTED, "it may have taken longer itself");
}

static void of_several_reads_the_last_has_to_come_before(void **state)
{
    (void)state;
    result.pool.size = 3;
    whole(900);
    hash(2, 110, 5 * MS);
    whole(6 * MS);
    expect("read-before-hashes", VERDICT_NOT_TESTED, "file 3 came back at 6.00 ms, and hash 2");
}

/* --- of one trip --- */

static void a_read_of_one_trip_comes_first(void **state)
{
    (void)state;
    read_in_one_trip(1, 100, 900);
    hash(2, 110, 200 * MS);
    hash(1, 910, 200 * MS);
    expect("one-trip-before-hashes", VERDICT_HOLDS, "file 1 came back at 905 ns, and hash 2");
    expect("read-before-hashes", VERDICT_NOT_TESTED, "as many hashes as threads");
}

static void a_read_of_one_trip_behind_a_hash_refutes(void **state)
{
    (void)state;
    hash(1, 100, 200 * MS);
    hash(2, 110, 300 * MS);
    read_in_one_trip(1, 201 * MS, 202 * MS);
    expect("one-trip-before-hashes", VERDICT_FAILS,
           ": file 3 waited 201 ms, and hash 1, which was asked for after it, started before");
}

static void a_large_file_of_one_trip_refutes_nothing(void **state)
{
    (void)state;
    read_in_one_trip(1, 100, 900 * MS);
    hash(2, 110, 200 * MS);
    expect("one-trip-before-hashes", VERDICT_NOT_TESTED, "it may have taken longer itself");
}

/* --- last --- */

static void behind_all_hashes_on_a_single_thread(void **state)
{
    uint32_t read = whole(410 * MS);

    (void)state;
    result.pool.size = 1;
    step(OPEN, read, 1, 10, 100, 200);
    hash(1, 210, 200 * MS);
    hash(1, 201 * MS, 400 * MS);
    step(FSTAT, read, 1, 300, 401 * MS, 402 * MS);
    expect("read-comes-last", VERDICT_HOLDS, "file 1 came back at 410 ms, and hash 4 at 400 ms");
    hash(1, 411 * MS, 600 * MS);
    expect("read-comes-last", VERDICT_FAILS, "file 1 came back at 410 ms, and hash 6 at 600 ms");
    options.fs_api = FILE_API_ONE_TRIP;
    expect("read-comes-last", VERDICT_NOT_TESTED, "stands before the hashes");
}

/* --- alone --- */

static void a_read_alone_waits_for_nobody(void **state)
{
    uint32_t read = whole(3 * MS);

    (void)state;
    step(OPEN, read, 1, 10, 100, 200);
    step(FSTAT, read, 1, 300, 310, 400);
    expect("read-alone", VERDICT_HOLDS, "it came back after 3.00 ms, and found no thread taken");
    expect("read-waits-for-hash", VERDICT_NOT_TESTED, "there are no hashes");
    expect("read-comes-last", VERDICT_NOT_TESTED, "there are no hashes");
    step(READ, read, 1, 390, 410, 500);
    expect("read-alone", VERDICT_FAILS, "file read 4 waited until its thread was done with file");
    options.fs_api = FILE_API_UV;
    expect("read-alone", VERDICT_NOT_TESTED, "starts are not seen");
}

static void a_read_alone_may_wait_for_a_lookup(void **state)
{
    uint32_t asked = request(302 * MS, 400 * MS);

    (void)state;
    step(FETCH_KIND_DNS, asked, 1, 5, 50, 100 * MS);
    read_in_one_trip(1, 101 * MS, 102 * MS);
    expect("read-alone", VERDICT_NOT_TESTED, "file 3 waited until its thread was done with lookup");
}

static void several_reads_or_none_are_not_alone(void **state)
{
    (void)state;
    expect("read-alone", VERDICT_NOT_TESTED, "no file is read");
    expect("one-trip-before-hashes", VERDICT_NOT_TESTED, "no file is read");
    whole(3 * MS);
    whole(3 * MS);
    expect("read-alone", VERDICT_NOT_TESTED, "several reads");
}

/* --- the request --- */

static void a_request_that_is_answered_soon_comes_first(void **state)
{
    (void)state;
    request(5, 30 * MS);
    hash(1, 60, 200 * MS);
    hash(2, 60, 300 * MS);
    expect("request-first", VERDICT_HOLDS,
           "request 1 came back at 30.0 ms, after 30.0 ms, and the first hash at 200 ms");
    expect("request-ignores-pool", VERDICT_HOLDS, "request 1 came back after 30.0 ms, when hashes");
    expect("lookup-takes-thread", VERDICT_NOT_TESTED, "no request had a lookup");
}

static void an_answered_request_that_comes_back_after_a_hash_refutes(void **state)
{
    uint32_t late = request(5, 30 * MS);

    (void)state;
    hash(1, 60, 200 * MS);
    run->recorder.on_loop[late].called_back = 201 * MS;
    expect("request-first", VERDICT_FAILS, "although it had been answered before");
}

/* Neither is longer than the hash, but both together are. */
static void a_lookup_and_an_answer_may_take_longer_than_a_hash(void **state)
{
    uint32_t asked = request(151 * MS, 300 * MS);

    (void)state;
    step(FETCH_KIND_DNS, asked, 1, 5, 50, 150 * MS);
    hash(2, 60, 200 * MS);
    expect("request-first", VERDICT_NOT_TESTED, "together took longer than a hash");
    expect("lookup-takes-thread", VERDICT_HOLDS, "the lookup of request 1 ran on pool 1 for 150");
}

static void of_several_requests_the_last_has_to_come_before(void **state)
{
    (void)state;
    request(5, 30 * MS);
    hash(1, 60, 200 * MS);
    request(5, 250 * MS);
    expect("request-first", VERDICT_NOT_TESTED, "request 3 came back at 250 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ON_A_RUN(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ON_A_RUN(a_step_that_takes_the_thread_of_a_hash_holds),
        ON_A_RUN(a_step_may_run_on_a_thread_that_woke_late),
        ON_A_RUN(a_later_step_that_overtakes_the_hashes_refutes),
        ON_A_RUN(a_first_step_behind_a_hash_refutes),
        ON_A_RUN(hashes_that_are_over_before_the_second_step_prove_nothing),
        ON_A_RUN(of_several_reads_all_wait),
        ON_A_RUN(by_uv_fs_the_callback_decides),
        ON_A_RUN(fewer_hashes_one_thread_or_one_trip_are_other_claims),
        ON_A_RUN(a_failed_call_says_nothing_but_a_failed_request_does_not_matter),
        ON_A_RUN(a_read_with_a_thread_of_its_own_comes_first),
        ON_A_RUN(a_free_thread_that_never_wakes_refutes_nothing),
        ON_A_RUN(a_read_behind_what_was_asked_for_later_refutes),
        ON_A_RUN(a_lookup_may_hold_the_thread_that_is_left),
        ON_A_RUN(a_free_thread_may_wake_late),
        ON_A_RUN(a_slow_file_or_a_late_loop_refutes_nothing),
        ON_A_RUN(of_several_reads_the_last_has_to_come_before),
        ON_A_RUN(a_read_of_one_trip_comes_first),
        ON_A_RUN(a_read_of_one_trip_behind_a_hash_refutes),
        ON_A_RUN(a_large_file_of_one_trip_refutes_nothing),
        ON_A_RUN(behind_all_hashes_on_a_single_thread),
        ON_A_RUN(a_read_alone_waits_for_nobody),
        ON_A_RUN(a_read_alone_may_wait_for_a_lookup),
        ON_A_RUN(several_reads_or_none_are_not_alone),
        ON_A_RUN(a_request_that_is_answered_soon_comes_first),
        ON_A_RUN(an_answered_request_that_comes_back_after_a_hash_refutes),
        ON_A_RUN(a_lookup_and_an_answer_may_take_longer_than_a_hash),
        ON_A_RUN(of_several_requests_the_last_has_to_come_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The claims of the worker threads' experiment, on runs made by hand: each can hold, fail, and be
 * not tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "made_result.h"

#include "experiments/workers/workers.h"

extern const struct experiment experiment_workers;

enum { MS = 1000000, REQUESTS_MOST = 8 };

static const struct pass few_pass = {
    .role = PASS_BASELINE, .override = "workers", .override_value = 2};
static const struct pass loop_pass = {
    .role = PASS_BASELINE, .override = "where", .override_value = WHERE_LOOP};
static const struct pass trial_pass = {.role = PASS_TRIAL};

static struct result result;
static struct workers_options options;
static struct run *run;
static uint64_t *counted; /* of `run` */

static void begin_run(const struct pass *pass)
{
    run = made_run(&result, pass, 64, workers_kinds);
    counted = mem_zeroed(REQUESTS_MOST, sizeof *counted);
    assert_non_null(counted);
    recorder_keep(&run->recorder, counted);
    run->elapsed_ns = 1;
}

static int begin(void **state)
{
    (void)state;
    made_result(&result, &experiment_workers);
    options = (struct workers_options){.requests = 4, .count = 200 * MS, .workers = 4};
    result.options.table = experiment_workers.params;
    result.options.values = &options;
    result.host.cpus_online = result.host.cpus_allowed = 2;
    result.host.cpu_quota = -1;
    result.plan.pass_count = 1;
    begin_run(&made_measured);
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return 0;
}

static int lane_of(unsigned worker)
{
    return worker == 0 ? LANE_LOOP : lane_of_worker(worker, 0);
}

/* A request whose thread's loop was there at `ready` and that was counted from `started` to
 * `finished`, on a worker's thread or (0) the loop. Returns the index of its count. */
static uint32_t request(unsigned worker, uint64_t ready, uint64_t started, uint64_t finished,
                        uint64_t cpu_ns)
{
    static const uint64_t submitted = 1;
    struct made_span s = {.kind = KIND_REQUEST,
                          .lane = lane_of(worker),
                          .submitted = submitted,
                          .started = started,
                          .finished = finished,
                          .called_back = finished + 10};
    uint32_t whole = made_span(run, s), count;

    s.kind = KIND_COUNT;
    count = made_part(run, whole, s);
    if (cpu_ns != 0)
        span_cpu(recorder_worker(&run->recorder, count), cpu_ns);
    if (worker != 0) {
        s.kind = KIND_START;
        s.started = ready - 1;
        s.finished = ready;
        s.called_back = ready + 10;
        made_part(run, whole, s);
    }
    return count;
}

static void expect(const char *id, enum verdict verdict, const char *evidence)
{
    expect_verdict(&result, id, verdict, evidence);
}

/* --- counted-all --- */

static void two_counts(uint64_t a, uint64_t b, uint64_t cpu_ns)
{
    request(1, 50, 100, 100 * MS, cpu_ns);
    request(2, 50, 100, 100 * MS, cpu_ns);
    counted[0] = a;
    counted[1] = b;
}

static void counts_that_are_complete_hold(void **state)
{
    (void)state;
    two_counts(200 * MS, 200 * MS, 80 * MS);
    expect("counted-all", VERDICT_HOLDS, "2 counts came to exactly that, by increments of 0.40 ns");
}

static void without_cpu_time_what_they_ran_tells(void **state)
{
    (void)state;
    two_counts(200 * MS, 200 * MS, 0);
    expect("counted-all", VERDICT_HOLDS, "0.50 ns");
}

static void a_count_that_ends_early_fails(void **state)
{
    (void)state;
    two_counts(200 * MS, 200 * MS - 1, 80 * MS);
    expect("counted-all", VERDICT_FAILS, "came to 199999999 instead of 200000000");
}

static void a_loop_that_the_compiler_deleted_fails(void **state)
{
    (void)state;
    two_counts(200 * MS, 200 * MS, 30);
    expect("counted-all", VERDICT_FAILS, "0.00 ns");
}

static void short_counts_are_not_judged_by_their_speed(void **state)
{
    (void)state;
    options.count = 10;
    two_counts(10, 10, 0);
    expect("counted-all", VERDICT_HOLDS, "2 counts");
}

static void a_count_that_failed_is_not_tested(void **state)
{
    (void)state;
    two_counts(200 * MS, 0, 80 * MS);
    run->recorder.on_loop[4].status = UV_EAGAIN; /* the count of the second request */
    expect("counted-all", VERDICT_NOT_TESTED, "1 of 2 counts failed");
}

/* --- loop-free --- */

static void a_loop_that_is_hardly_held_up_holds(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 0);
    request(2, 50, 100, 300 * MS, 0);
    run->loop_facts.max_lag_ns = 2 * MS;
    expect("loop-free", VERDICT_HOLDS, "held up for 2.00 ms at most");
    begin_run(&loop_pass);
    run->loop_facts.max_lag_ns = 500 * MS;
    expect("loop-free", VERDICT_HOLDS, "; counting itself, it was for 500 ms");
}

static void a_loop_held_up_for_a_whole_count_fails(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 150 * MS);
    request(2, 50, 100, 300 * MS, 150 * MS);
    run->loop_facts.max_lag_ns = 300 * MS;
    run->cpu_ns = 300 * MS + 200 * MS;
    expect("loop-free", VERDICT_FAILS, "held up for 300 ms");
}

static void a_loop_that_had_no_cpu_is_not_tested(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 150 * MS);
    request(2, 50, 100, 300 * MS, 150 * MS);
    run->loop_facts.max_lag_ns = 300 * MS;
    run->cpu_ns = 310 * MS;
    expect("loop-free", VERDICT_NOT_TESTED, "kept it from a CPU");
    request(2, 50, 100, 300 * MS, 0); /* of which it is not known */
    run->cpu_ns = 900 * MS;
    expect("loop-free", VERDICT_NOT_TESTED, "kept it from a CPU");
}

static void a_loop_held_up_for_a_part_of_a_count_is_not_tested(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 0);
    run->loop_facts.max_lag_ns = 90 * MS;
    expect("loop-free", VERDICT_NOT_TESTED, "kept it from a CPU");
}

static void short_counts_do_not_tell_of_the_loop(void **state)
{
    (void)state;
    request(1, 50, 100, 20 * MS, 0);
    run->loop_facts.max_lag_ns = 20 * MS;
    expect("loop-free", VERDICT_NOT_TESTED, "too short");
}

static void a_loop_that_counts_is_held_up(void **state)
{
    (void)state;
    options.where = WHERE_LOOP;
    request(0, 0, 100, 20 * MS, 0);
    request(0, 0, 20 * MS, 60 * MS, 0);
    run->loop_facts.max_lag_ns = 60 * MS;
    expect("loop-free", VERDICT_HOLDS, "the loop was held up for 60.0 ms, and its longest count");
    run->loop_facts.max_lag_ns = 30 * MS;
    expect("loop-free", VERDICT_FAILS, "30.0 ms");
}

/* --- side-by-side --- */

static void counts_that_overlap_hold(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 0);
    request(2, 50, 150 * MS, 300 * MS, 0);
    request(3, 50, 199 * MS, 300 * MS, 0);
    expect("side-by-side", VERDICT_HOLDS, "3 counts were under way at the same moment");
}

static void threads_that_take_turns_fail(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        request(i + 1, 50, 100 + i * 200 * (uint64_t)MS, 100 + (i + 1) * 200 * (uint64_t)MS, 0);
    expect("side-by-side", VERDICT_FAILS, "no two counts ran at the same moment");
}

static void few_or_short_turns_are_not_tested(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        request(i + 1, 50, 100 + i * 200 * (uint64_t)MS, 100 + (i + 1) * 200 * (uint64_t)MS, 0);
    expect("side-by-side", VERDICT_NOT_TESTED, "a larger --count");
    result.runs[0].recorder.count = 0;
    for (unsigned i = 0; i < 6; i++)
        request(i + 1, 50, 100 + i * 2 * (uint64_t)MS, 100 + (i + 1) * 2 * (uint64_t)MS, 0);
    expect("side-by-side", VERDICT_NOT_TESTED, "a larger --count");
}

static void one_worker_or_cpu_is_not_tested(void **state)
{
    (void)state;
    request(1, 50, 100, 200 * MS, 0);
    result.host.cpus_allowed = 1;
    expect("side-by-side", VERDICT_NOT_TESTED, "only one CPU");
    options.workers = 1;
    expect("side-by-side", VERDICT_NOT_TESTED, "only one worker");
    options.where = WHERE_LOOP;
    expect("side-by-side", VERDICT_NOT_TESTED, "one after another");
}

/* --- beyond-cpus --- */

/* Four counts in the current run: all at once, or two by two; each has `cpu_ns` of CPU. */
static void four_counts(bool at_once, uint64_t elapsed, uint64_t cpu_ns)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t started = at_once || i < 2 ? 100 : elapsed / 2;
        uint64_t finished = at_once || i >= 2 ? elapsed : elapsed / 2;

        request(at_once ? i + 1 : i % 2 + 1, 50, started, finished, cpu_ns);
    }
    run->elapsed_ns = elapsed;
}

static void more_threads_that_take_as_long_hold(void **state)
{
    (void)state;
    four_counts(true, 400 * MS, 199 * MS);
    begin_run(&few_pass);
    four_counts(false, 402 * MS, 200 * MS);
    expect("beyond-cpus", VERDICT_HOLDS, "4 threads took 400 ms and 2 took 402 ms");
}

static void more_cpu_time_than_there_is_fails(void **state)
{
    (void)state;
    four_counts(true, 200 * MS, 199 * MS);
    begin_run(&few_pass);
    four_counts(false, 402 * MS, 200 * MS);
    expect("beyond-cpus", VERDICT_FAILS, "with 3.98 and");
}

static void few_threads_without_their_cpus_are_not_tested(void **state)
{
    (void)state;
    four_counts(true, 400 * MS, 199 * MS);
    begin_run(&few_pass);
    four_counts(false, 800 * MS, 200 * MS);
    expect("beyond-cpus", VERDICT_NOT_TESTED, "did not have them to themselves");
}

static void what_cannot_be_compared_is_not_tested(void **state)
{
    (void)state;
    four_counts(true, 400 * MS, 0);
    expect("beyond-cpus", VERDICT_NOT_TESTED, "--baseline");
    options.requests = 3;
    expect("beyond-cpus", VERDICT_NOT_TESTED, "cannot be divided");
    options.requests = 4;
    begin_run(&few_pass);
    four_counts(false, 402 * MS, 0);
    expect("beyond-cpus", VERDICT_NOT_TESTED, "CPU time they used is not known");
    options.workers = 2;
    expect("beyond-cpus", VERDICT_NOT_TESTED, "no more worker threads than CPUs");
    options.where = WHERE_LOOP;
    expect("beyond-cpus", VERDICT_NOT_TESTED, "no worker thread");
}

/* --- message-waits-for-loop --- */

static void trial(enum workers_kind kind, uint64_t submitted, uint64_t called_back)
{
    made_span(run, (struct made_span){.kind = kind,
                                      .lane = lane_of(1),
                                      .submitted = submitted,
                                      .started = submitted + 1,
                                      .finished = submitted + 2,
                                      .called_back = called_back});
}

static void a_count_behind_its_loop_holds(void **state)
{
    (void)state;
    request(1, 5000, 7000, 200 * MS, 0);
    request(2, 6000, 9000, 200 * MS, 0);
    expect("message-waits-for-loop", VERDICT_HOLDS, "2 of 2 began 2.00 µs or more after it");
    begin_run(&trial_pass);
    trial(KIND_START, 1000, 31000);
    trial(KIND_PING, 1000, 9000);
    trial(KIND_END, 1000, 21000);
    trial(KIND_START, 100000, 150000);
    expect("message-waits-for-loop", VERDICT_HOLDS,
           "to start a thread took 40.0 µs, an empty message there and back 8.00 µs, to end it "
           "20.0 µs");
}

static void a_count_before_its_loop_fails(void **state)
{
    (void)state;
    request(1, 5000, 4000, 200 * MS, 0);
    expect("message-waits-for-loop", VERDICT_FAILS, "began before its thread's loop");
}

static void no_thread_is_not_tested(void **state)
{
    (void)state;
    request(0, 0, 4000, 200 * MS, 0);
    expect("message-waits-for-loop", VERDICT_NOT_TESTED, "no thread was started");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_that_are_complete_hold),
        TEST(without_cpu_time_what_they_ran_tells),
        TEST(a_count_that_ends_early_fails),
        TEST(a_loop_that_the_compiler_deleted_fails),
        TEST(short_counts_are_not_judged_by_their_speed),
        TEST(a_count_that_failed_is_not_tested),
        TEST(a_loop_that_is_hardly_held_up_holds),
        TEST(a_loop_held_up_for_a_whole_count_fails),
        TEST(a_loop_that_had_no_cpu_is_not_tested),
        TEST(a_loop_held_up_for_a_part_of_a_count_is_not_tested),
        TEST(short_counts_do_not_tell_of_the_loop),
        TEST(a_loop_that_counts_is_held_up),
        TEST(counts_that_overlap_hold),
        TEST(threads_that_take_turns_fail),
        TEST(few_or_short_turns_are_not_tested),
        TEST(one_worker_or_cpu_is_not_tested),
        TEST(more_threads_that_take_as_long_hold),
        TEST(more_cpu_time_than_there_is_fails),
        TEST(few_threads_without_their_cpus_are_not_tested),
        TEST(what_cannot_be_compared_is_not_tested),
        TEST(a_count_behind_its_loop_holds),
        TEST(a_count_before_its_loop_fails),
        TEST(no_thread_is_not_tested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

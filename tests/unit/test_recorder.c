/* The recorder and the span: what is written comes back, what was not is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/phases.h"
#include "measure/recorder.h"

static const struct span_kind hash = {"pbkdf2", "hash", PHASE_POLL, NULL, SPAN_POOLED};
static const struct span_kind closing = {"close", "close", PHASE_CLOSING, NULL, 0};
static const struct span_kind timer = {"timer", "timer", PHASE_TIMERS, NULL, 0};
static const struct span_kind request = {"http", "request", PHASE_POLL, NULL, SPAN_HTTP};
static const struct span_kind *const kinds[] = {&hash, &closing, &timer, &request, NULL};
enum { REQUEST = 3 };

static struct recorder recorder;

static int make(void **state)
{
    struct err e;

    (void)state;
    if (recorder_init(&recorder, 8, kinds, RECORD_CAUSES, &e) != 0)
        return -1;
    recorder.scale = (struct clock_scale){.mult = 1, .shift = 0};
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    recorder_free(&recorder);
    return 0;
}

static struct span get(uint32_t i)
{
    struct span s;

    recorder_get(&recorder, i, &s);
    return s;
}

static void nothing_is_known_of_a_span_that_was_only_opened(void **state)
{
    struct span s;

    (void)state;
    assert_int_equal(recorder_open(&recorder, 1, 0, 0), 0);
    s = get(0);
    assert_int_equal(s.id, 1);
    assert_true(s.parent == SPAN_NONE && s.armed_by == SPAN_NONE);
    assert_true(s.submitted_ns == SPAN_UNKNOWN && s.started_ns == SPAN_UNKNOWN);
    assert_true(s.finished_ns == SPAN_UNKNOWN && s.called_back_ns == SPAN_UNKNOWN);
    assert_true(s.cpu_ns == SPAN_UNKNOWN);
    assert_int_equal(s.lane, LANE_UNKNOWN);
    assert_int_equal(s.iteration, 0);
    assert_int_equal(s.status, SPAN_UNFINISHED);
    assert_true(span_waited_ns(&s) == SPAN_UNKNOWN && span_total_ns(&s) == SPAN_UNKNOWN);
}

static void instants_give_the_three_durations(void **state)
{
    struct span s;

    (void)state;
    recorder_open(&recorder, 2, 0, 1);
    recorder.on_loop[1].submitted = 100;
    span_started(recorder_worker(&recorder, 1), 150, 3);
    span_finished(recorder_worker(&recorder, 1), 450, SPAN_OK);
    span_cpu(recorder_worker(&recorder, 1), 299);
    span_called_back(&recorder, 1, 475, 0);
    s = get(1);
    assert_int_equal(s.id, 2);
    assert_int_equal(s.ordinal, 2);
    assert_int_equal(s.lane, 3);
    assert_int_equal(span_waited_ns(&s), 50);
    assert_int_equal(span_ran_ns(&s), 300);
    assert_int_equal(span_returned_ns(&s), 25);
    assert_int_equal(span_total_ns(&s), 375);
    assert_int_equal(s.cpu_ns, 299);
    assert_int_equal(s.status, SPAN_OK);
    assert_false(recorder.foreign_callback);
}

static void a_duration_that_would_be_negative_is_unknown(void **state)
{
    struct span s = {.submitted_ns = 10, .started_ns = 9, .finished_ns = 12};

    (void)state;
    assert_true(span_waited_ns(&s) == SPAN_UNKNOWN);
    assert_int_equal(span_ran_ns(&s), 3);
}

static void the_status_of_the_work_counts_unless_libuv_has_one(void **state)
{
    (void)state;
    recorder_open(&recorder, 2, 0, 1);
    span_finished(recorder_worker(&recorder, 0), 5, UV_ENOENT);
    span_called_back(&recorder, 0, 6, 0);
    assert_int_equal(get(0).status, UV_ENOENT);
    span_called_back(&recorder, 1, 6, UV_ECANCELED);
    assert_int_equal(get(1).status, UV_ECANCELED);
    assert_true(get(1).started_ns == SPAN_UNKNOWN);
}

static void relations_are_ids(void **state)
{
    (void)state;
    recorder_open(&recorder, 3, 0, 0);
    recorder_parent(&recorder, 1, 0);
    recorder_armed_by(&recorder, 2, 1);
    assert_int_equal(get(1).parent, 1);
    assert_int_equal(get(2).armed_by, 2);
}

/* The runner advances the count in the check phase; a closing callback, which comes after it, still
 * belongs to the iteration before, a timer (libuv before 1.45) to the one that begins. */
static void phases_after_check_belong_to_the_iteration_that_ends(void **state)
{
    bool timers_first = phases_of(uv_version())[0] == PHASE_TIMERS;

    (void)state;
    recorder_open(&recorder, 1, 1, 0);
    recorder_open(&recorder, 1, 2, 0);
    recorder.iteration = 4;
    span_called_back(&recorder, 0, 1, 0);
    span_called_back(&recorder, 1, 2, 0);
    assert_int_equal(get(0).iteration, 3);
    assert_int_equal(get(1).iteration, timers_first ? 4 : 3);
}

static void call_back(void *unused)
{
    (void)unused;
    span_called_back(&recorder, 0, 1, 0);
}

static void a_callback_on_another_thread_is_noticed(void **state)
{
    uv_thread_t thread;

    (void)state;
    recorder_open(&recorder, 1, 0, 0);
    assert_int_equal(uv_thread_create(&thread, call_back, NULL), 0);
    uv_thread_join(&thread);
    assert_true(recorder.foreign_callback);
}

/* One that is over is complete, also when the run is given up. */
static void a_phase_needs_no_callback(void **state)
{
    uint32_t whole = recorder_open(&recorder, 1, 0, 1), phase = recorder_open(&recorder, 1, 0, 1);
    struct span_on_worker *old = recorder.on_worker;
    struct span s;
    struct err e;

    (void)state;
    recorder_parent(&recorder, phase, whole);
    recorder_get(&recorder, phase, &s);
    assert_int_equal(s.status, SPAN_UNFINISHED);
    assert_false(span_is_phase(&s));
    span_submitted(&recorder, phase);
    span_started(recorder_worker(&recorder, phase), clock_ticks(), LANE_OS);
    span_finished(recorder_worker(&recorder, phase), clock_ticks(), UV_ECONNRESET);
    recorder_phase(&recorder, phase);
    assert_int_equal(recorder_detach(&recorder, &e), 0);
    recorder_get(&recorder, phase, &s);
    assert_int_equal(s.status, UV_ECONNRESET);
    assert_true(span_is_phase(&s));
    assert_true(s.called_back_ns == SPAN_UNKNOWN && s.finished_ns != SPAN_UNKNOWN);
    recorder_get(&recorder, whole, &s);
    assert_int_equal(s.status, SPAN_UNFINISHED);
    mem_free(old); /* no thread has it here */
}

/* A run that is given up: whoever still runs goes on writing to the old memory, and the report does
 * not change under its reader. */
static void detaching_keeps_late_writers_away(void **state)
{
    struct span_on_worker *late;
    struct err e;

    (void)state;
    recorder_open(&recorder, 2, 0, 1);
    recorder.on_loop[0].submitted = recorder.on_loop[1].submitted = 1;
    for (uint32_t i = 0; i < 2; i++)
        span_started(recorder_worker(&recorder, i), 2, (int)i + 1);
    span_finished(recorder_worker(&recorder, 0), 3, SPAN_OK);
    span_called_back(&recorder, 0, 4, 0);
    late = recorder_worker(&recorder, 1);
    assert_int_equal(recorder_detach(&recorder, &e), 0);
    span_finished(late, 99, SPAN_OK);
    assert_int_equal(get(0).finished_ns, 3);
    assert_true(get(1).finished_ns == SPAN_UNKNOWN);
    assert_int_equal(get(1).started_ns, 2);
    assert_int_equal(get(1).lane, 2);
    assert_int_equal(get(1).status, SPAN_UNFINISHED);
    mem_free(late - 1); /* in the program nobody may: threads write there until it exits */
}

static void a_span_is_at_most_128_bytes(void **state)
{
    (void)state;
    assert_true(recorder_bytes_per_span(RECORD_CAUSES) <= 128);
}

static void requests_have_facts_where_they_are_recorded(void **state)
{
    struct recorder with;
    struct span s;
    struct err e;

    (void)state;
    recorder_open(&recorder, 1, REQUEST, 1);
    assert_null(get(0).http); /* not recorded */
    assert_int_equal(recorder_init(&with, 2, kinds, RECORD_HTTP, &e), 0);
    recorder_open(&with, 1, 0, 1);
    recorder_open(&with, 1, REQUEST, 1);
    recorder_get(&with, 0, &s);
    assert_null(s.http); /* no request */
    recorder_get(&with, 1, &s);
    assert_non_null(s.http);
    assert_int_equal(s.http->answer, 0);
    assert_int_equal(s.http->received_bytes, 0);
    assert_null(s.http->error);
    assert_null(span_http_version(s.http));
    assert_true(s.armed_by == SPAN_NONE);
    *recorder_http(&with, 1) = (struct span_http){.answer = 204, .version = 20, .reused = true};
    assert_int_equal(s.http->answer, 204);
    assert_true(s.http->reused);
    assert_string_equal(span_http_version(s.http), "2");
    recorder_free(&with);
    assert_true(recorder_bytes_per_span(RECORD_HTTP) ==
                recorder_bytes_per_span(0) + sizeof(struct span_http));
}

/* Freed with the recorder, which the address sanitizer and valgrind see; also when it is cut loose
 * from its threads. */
static void memory_that_is_kept_lives_as_long_as_the_recorder(void **state)
{
    struct span_on_worker *late;
    struct recorder with;
    struct span s;
    struct err e;
    char *text;

    (void)state;
    assert_int_equal(recorder_init(&with, 1, kinds, RECORD_HTTP, &e), 0);
    recorder_open(&with, 1, REQUEST, 1);
    text = mem_alloc(16);
    assert_non_null(text);
    snprintf(text, 16, "no connection");
    recorder_keep(&with, text);
    recorder_http(&with, 0)->error = text;
    late = recorder_worker(&with, 0);
    assert_int_equal(recorder_detach(&with, &e), 0);
    recorder_get(&with, 0, &s);
    assert_string_equal(s.http->error, "no connection");
    recorder_free(&with);
    assert_null(with.kept);
    mem_free(late);
}

static void versions_of_http(void **state)
{
    static const struct {
        uint8_t version;
        const char *name;
    } versions[] = {{10, "1.0"}, {11, "1.1"}, {20, "2"}, {30, "3"}};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct span_http http = {.version = versions[i].version};

        assert_string_equal(span_http_version(&http), versions[i].name);
    }
}

static void failures_by_libcurl_are_of_a_sort(void **state)
{
    char buf[SPAN_TEXT_BYTES];

    (void)state;
    assert_string_equal(span_status_text(SPAN_FAILED_CURL - 7, buf), "connect: no connection");
    assert_string_equal(span_status_text(SPAN_FAILED_CURL - 60, buf),
                        "certificate: it is not trusted");
    assert_string_equal(span_status_text(SPAN_FAILED_CURL - 2, buf), "curl: error 2 of libcurl");
    assert_string_equal(span_status_text(SPAN_FAILED_CURL_LAST, buf), "curl: error 99 of libcurl");
    for (int code = 1; code <= 99; code++)
        assert_non_null(strchr(span_status_text(SPAN_FAILED_CURL - code, buf), ':'));
}

static void names_and_lanes(void **state)
{
    char buf[SPAN_TEXT_BYTES];
    struct span s = {.kind = &hash, .ordinal = 3};

    (void)state;
    assert_string_equal(span_name(&s, buf), "hash 3");
    s.ordinal = 0;
    assert_string_equal(span_name(&s, buf), "hash");
    assert_string_equal(span_lane_name(LANE_UNKNOWN, buf), "-");
    assert_string_equal(span_lane_name(LANE_LOOP, buf), "loop");
    assert_string_equal(span_lane_name(LANE_OS, buf), "os");
    assert_string_equal(span_lane_name(1024, buf), "pool 1024");
    assert_string_equal(span_lane_name(lane_of_worker(3, 0), buf), "worker 3");
    assert_string_equal(span_lane_name(lane_of_worker(1024, 1024), buf), "worker 1024 pool 1024");
    assert_true(lane_is_thread(1) && lane_is_thread(1024) && lane_is_thread(lane_of_worker(1, 0)));
    assert_false(lane_is_thread(LANE_UNKNOWN) || lane_is_thread(LANE_LOOP) ||
                 lane_is_thread(LANE_OS));
    assert_string_equal(span_status_text(SPAN_OK, buf), "ok");
    assert_string_equal(span_status_text(UV_ENOENT, buf), "ENOENT: no such file or directory");
    assert_string_equal(span_status_text(UV_ECANCELED, buf), "cancelled");
    assert_string_equal(span_status_text(SPAN_UNFINISHED, buf), "unfinished");
    assert_string_equal(span_status_text(SPAN_FAILED_GREW, buf),
                        "the file is larger than it was planned for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_RECORDER(test) cmocka_unit_test_setup_teardown(test, make, unmake)
        WITH_RECORDER(nothing_is_known_of_a_span_that_was_only_opened),
        WITH_RECORDER(instants_give_the_three_durations),
        cmocka_unit_test(a_duration_that_would_be_negative_is_unknown),
        WITH_RECORDER(the_status_of_the_work_counts_unless_libuv_has_one),
        WITH_RECORDER(relations_are_ids),
        WITH_RECORDER(phases_after_check_belong_to_the_iteration_that_ends),
        WITH_RECORDER(a_callback_on_another_thread_is_noticed),
        WITH_RECORDER(a_phase_needs_no_callback),
        WITH_RECORDER(detaching_keeps_late_writers_away),
        cmocka_unit_test(a_span_is_at_most_128_bytes),
        WITH_RECORDER(requests_have_facts_where_they_are_recorded),
        cmocka_unit_test(memory_that_is_kept_lives_as_long_as_the_recorder),
        cmocka_unit_test(versions_of_http),
        cmocka_unit_test(failures_by_libcurl_are_of_a_sort),
        cmocka_unit_test(names_and_lanes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

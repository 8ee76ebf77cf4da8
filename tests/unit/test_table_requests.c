/* How requests are shown to people: made by hand, with parts on the pool and on the lane of the
 * operating system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/drawn_requests.h"

static const struct view_style plain = {.columns = 80};
static const struct view_style wide = {.columns = 120};
static const struct view_style all = {.columns = 80, .all_rows = true};

enum { CONNECT_FAILED = SPAN_FAILED_CURL - 7 };

static struct result r;

static int make(void **state)
{
    (void)state;
    drawn_result(&r, &requested_experiment);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    result_free(&r);
    return 0;
}

/* Adds a request that failed, of two spans. */
static uint32_t refused(struct run *run, const char *said)
{
    uint32_t i = made_span(
        run, (struct made_span){REQUEST, LANE_OS, CONNECT_FAILED, MS, 3 * MS, 4 * MS, 5 * MS});

    *recorder_http(&run->recorder, i) = (struct span_http){.error = said};
    requested_part(run, i,
                   (struct made_span){LOOKUP, 1, UV_EAI_NONAME, MS, MS, 2 * MS, 2 * MS + MS / 2});
    run->failed = true;
    return i;
}

/* The answer beside the call that it is of; what does not apply is empty. */
static void answers_word_by_word(void **state)
{
    static const char expected[] =
        "requested: Who went where?\n"
        "2 requests (http) in 10 parts, pool of 4 threads (default), 2 CPUs\n"
        "\n"
        "call          waited     ran returned called back ran on answer      bytes\n"
        "request 1    2.00 ms 98.0 ms  1.00 ms  102.000 ms os     200        20 B\n"
        "  dns           0 ns 1.00 ms  1.00 ms    3.000 ms pool 1\n"
        "  connect       0 ns 1.00 ms                      os\n"
        "  tls           0 ns 8.00 ms                      os\n"
        "  first byte    0 ns 88.0 ms                      os\n"
        "  body          0 ns 1.00 ms                      os\n"
        "request 2    4.00 ms 98.0 ms  1.00 ms  104.000 ms os     200 reused  4 KiB\n"
        "  dns        2.00 ms 1.00 ms  1.00 ms    5.000 ms pool 2\n"
        "  connect       0 ns 1.00 ms                      os\n"
        "  tls           0 ns 8.00 ms                      os\n"
        "  first byte    0 ns 88.0 ms                      os\n"
        "  body          0 ns 1.00 ms                      os\n"
        "too narrow to show: submitted\n"
        "\n"
        "elapsed   120 ms from the first submission to the last callback\n"
        "calls     3 % waiting, 96 % running, <1 % returning (of their time, added up);\n"
        "          at most 2 ran at once\n"
        "CPU       40.0 ms = 0.33 of 2 CPUs (pool 500 us)\n"
        "loop      0 iterations, idle 0 ns, longest hold-up 0 ns\n";
    struct run *run = requested_run(&r, 12);
    char *text;

    (void)state;
    recorder_http(&run->recorder, requested(run, 1, MS, 1))->received_bytes = 20;
    recorder_http(&run->recorder, requested(run, 2, 3 * MS, 2))->reused = true;
    text = drawn_text(&r, NULL, plain);
    assert_string_equal(text, expected);
    free(text);
}

static void threads_alone_are_called_so(void **state)
{
    struct run *run = requested_run(&r, 2);
    char *text;

    (void)state;
    made_span(run, (struct made_span){POOL_HASH, 1, 0, 0, 0, MS, MS});
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "  thread ");
    assert_not_drawn(text, "ran on");
    free(text);
}

/* A lookup that failed did not fail its request, which went on to an address. */
static void a_failed_part_is_seen_where_its_call_succeeded(void **state)
{
    struct run *run = requested_run(&r, 12);
    char *text;

    (void)state;
    requested(run, 1, MS, 1);
    requested(run, 2, MS, 2);
    run->recorder.on_loop[1].status = UV_EAI_NONAME;
    text = drawn_text(&r, NULL, wide);
    assert_false(result_has_failures(&r));
    assert_drawn(text, " status\n");
    assert_drawn(text, " EAI_NONAME\n");
    assert_drawn(text, "\nfailed    1 part (dns) of a call that succeeded: EAI_NONAME: unknown");
    free(text);
    run->recorder.on_loop[7].status = UV_EAI_NONAME;
    text = drawn_text(&r, NULL, wide);
    assert_drawn(text, "\nfailed    2 parts (dns) of calls that succeeded: EAI_NONAME: unknown");
    free(text);
    run->recorder.on_loop[1].status = run->recorder.on_loop[7].status = 0;
    text = drawn_text(&r, NULL, wide);
    assert_not_drawn(text, "status");
    assert_not_drawn(text, "failed");
    free(text);
}

static void failed_requests_say_what_libcurl_said(void **state)
{
    struct run *run = requested_run(&r, 20);
    char *text;

    (void)state;
    refused(run, "Failed to connect to localhost port 1: \033[1mno");
    refused(run, "another text");
    requested(run, 1, MS, 1);
    made_span(run, (struct made_span){POOL_HASH, 2, UV_EIO, 0, 0, MS, MS});
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\nfailed    2 calls: connect: no connection (Failed to connect to "
                       "localhost\n          port 1: ?[1mno)\n");
    assert_drawn(text, "\nfailed    1 call: EIO: i/o error\n");
    assert_not_drawn(text, "another text");
    assert_not_drawn(text, "that succeeded"); /* their lookups failed too, but so did they */
    assert_drawn(text, "  5.000 ms os     -      0 B   connect\n");
    free(text);
}

/* More sorts of failures than are named are counted. */
static void many_sorts_of_failures_are_counted(void **state)
{
    struct run *run = requested_run(&r, 40);
    char *text;

    (void)state;
    for (int i = 0; i < 6; i++)
        made_span(run, (struct made_span){POOL_HASH, 1, CONNECT_FAILED - i, 0, 0, MS, MS});
    requested(run, 1, MS, 1);
    run->recorder.on_loop[7].status = UV_EAI_NONAME;
    text = drawn_text(&r, NULL, all);
    assert_drawn(text, "\nfailed    2 more calls\n");
    assert_drawn(text, "\nfailed    1 more parts of calls that succeeded\n");
    free(text);
}

static void requests_are_called_so_in_the_head(void **state)
{
    struct run *run = requested_run(&r, 60);
    uint32_t first;
    char *text;

    (void)state;
    first = recorder_open(&run->recorder, 2, REQUEST, 1);
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n2 requests (http), pool of");
    free(text);
    /* Parts that were opened kind by kind, so that those of a call do not follow each other. */
    for (unsigned kind = LOOKUP; kind <= TLS; kind++) {
        uint32_t part = recorder_open(&run->recorder, 2, kind, 0);
        recorder_parent(&run->recorder, part, first);
        recorder_parent(&run->recorder, part + 1, first + 1);
    }
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n2 requests (http) in 6 parts, pool of");
    free(text);
    recorder_open(&run->recorder, 1, POOL_HASH, 1);
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n0 callbacks (3 calls: 2 http, 1 pbkdf2; 2 of them in 6 parts), pool");
    free(text);
}

/* What libcurl tells afterwards is no callback; the lookup's is one, and the request's. */
static void parts_of_the_system_are_not_called_back(void **state)
{
    struct run *run = requested_run(&r, 7);
    char *text;

    (void)state;
    requested(run, 1, MS, 1);
    made_span(run, (struct made_span){POOL_HASH, 2, 0, 0, 0, MS, MS});
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n3 callbacks (2 calls: 1 http, 1 pbkdf2; one of them in 5 parts), pool");
    free(text);
}

/* What os-delegation makes by default. */
static void seven_requests_show_their_parts(void **state)
{
    struct view_style style = {.columns = 80, .timeline = true};
    struct run *run = requested_run(&r, 42);
    char *text;

    (void)state;
    for (uint32_t i = 0; i < 7; i++)
        requested(run, i + 1, MS, (int)i % 4 + 1);
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "\n  first byte ");
    assert_not_drawn(text, "left out");
    free(text);
}

/* 9 requests and all their parts are more rows than a screen has: the parts give way. */
static void parts_give_way_before_calls_do(void **state)
{
    struct view_style style = {.columns = 80, .timeline = true};
    struct run *run = requested_run(&r, 54);
    char *text;

    (void)state;
    for (uint32_t i = 0; i < 9; i++)
        requested(run, i + 1, MS, (int)i % 4 + 1);
    run->recorder.on_loop[1].status = UV_EAI_NONAME;
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "\nrequest 9 ");
    assert_drawn(text, "\n(45 parts of these calls left out; --all shows them)\n");
    assert_drawn(text, "\n... 45 parts of these calls left out (--all draws them)\n");
    assert_not_drawn(text, "\n  dns");
    assert_not_drawn(text, "p99");
    assert_not_drawn(text, "status"); /* what failed has no row; the foot tells it */
    assert_drawn(text, "1 part (dns) of a call that succeeded");
    free(text);
    style.all_rows = true;
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "\n  first byte ");
    assert_drawn(text, "status\n");
    assert_not_drawn(text, "left out");
    free(text);
}

static void many_requests_are_left_out(void **state)
{
    struct run *run = requested_run(&r, 600);
    char *text;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        requested(run, i + 1, MS + i, (int)i % 4 + 1);
    text = drawn_text(&r, run, plain);
    assert_drawn(text, "\nrequest 42 ");
    assert_drawn(text, "\n... 50 calls left out (--all draws them)\nrequest 93 ");
    assert_drawn(text, "\nrequest 100 ");
    assert_drawn(text, "\n... 500 parts of these calls left out (--all draws them)\n");
    assert_not_drawn(text, "\n  dns");
    free(text);
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\nhttp: 100 calls\n");
    assert_drawn(text, "\ndns: 100 calls\n");
    free(text);
}

/* 101 columns of time, a millisecond each: waiting until the connection begins, then under way; of
 * the parts only the one that the pool ran is called back. */
static void a_request_and_its_parts_as_a_picture(void **state)
{
    static const struct {
        const char *name;
        int from, runs;
        const char *waits, *back;
    } rows[] = {{"request 1", 0, 98, "..", "-|"}, {"  dns", 0, 1, "", "-|"},
                {"  connect", 2, 1, "", ""},      {"  tls", 3, 8, "", ""},
                {"  first byte", 11, 88, "", ""}, {"  body", 99, 1, "", ""}};
    struct run *run = requested_run(&r, 6);
    char bar[100], row[200], *text;

    (void)state;
    requested(run, 1, 0, 1);
    run->recorder.on_loop[0].submitted = run->recorder.on_loop[1].submitted = 0;
    memset(bar, '#', sizeof bar);
    text = drawn_text(&r, run, (struct view_style){.columns = 124});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(row, sizeof row, "\n%-14s%*s%s%.*s%s ", rows[i].name, rows[i].from, "",
                 rows[i].waits, rows[i].runs, bar, rows[i].back);
        assert_drawn(text, row);
    }
    assert_drawn(text, "-|  os\n");
    assert_drawn(text, "  pool 1\n");
    free(text);
}

/* Requests under way at once lie below each other; a row is used again when it is free. */
static void the_lane_of_the_system_has_rows_as_needed(void **state)
{
    const struct view_style style = {.columns = 100, .by_lane = true};
    struct run *run = requested_run(&r, 24);
    char *text;

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        requested(run, i + 1, MS + i * 5 * MS, (int)i + 1);
    requested(run, 4, 150 * MS, 1); /* when all others are over */
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\npool 1 ");
    assert_drawn(text, "2 calls, 1 %\n");
    assert_drawn(text, "\nos          #request 1####");
    assert_drawn(text, "=request 4====");
    assert_drawn(text, "  4 calls\n             #request 2####");
    assert_drawn(text, "##\n               #request 3####");
    assert_drawn(text, "##\nloop ");
    assert_drawn(text, "  8 callbacks\n");
    assert_not_drawn(text, "left out");
    free(text);
}

static void the_lane_of_the_system_has_an_end(void **state)
{
    struct view_style style = {.columns = 100, .by_lane = true};
    struct run *run = requested_run(&r, 600);
    char *text;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        requested(run, i + 1, MS, 1);
    text = drawn_text(&r, run, style);
    assert_drawn(text, "#request 16#");
    assert_not_drawn(text, "#request 17#");
    assert_drawn(text, "  100 calls\n");
    assert_drawn(text, "\n... 84 calls left out (--all draws them)\nloop ");
    free(text);
    style.all_rows = true;
    text = drawn_text(&r, run, style);
    assert_drawn(text, "#request 100#");
    assert_not_drawn(text, "left out");
    free(text);
}

/* A read in steps: the steps held threads, and the read as a whole did not. */
static struct run *a_read_in_steps(void)
{
    struct run *run = requested_run(&r, 8);
    uint32_t whole;

    run->pool_size = 1;
    whole = made_span(run, (struct made_span){WHOLE_READ, 1, 0, 0, 0, 90 * MS, 91 * MS});
    requested_part(run, whole, (struct made_span){STEP, 1, 0, 0, 0, MS, 2 * MS});
    made_span(run, (struct made_span){POOL_HASH, 1, 0, MS, 2 * MS, 80 * MS, 80 * MS});
    made_span(run, (struct made_span){REQUEST, LANE_OS, 0, 0, 3 * MS, 50 * MS, 60 * MS});
    requested_part(run, whole, (struct made_span){STEP, 1, 0, 2 * MS, 80 * MS, 90 * MS, 91 * MS});
    return run;
}

static void the_whole_holds_no_thread(void **state)
{
    struct run *run = a_read_in_steps();
    char *text;

    (void)state;
    assert_true(table_waited_for(run, 0) == SPAN_NONE);
    assert_int_equal(table_waited_for(run, 4), 2);
    assert_true(table_waited_for(run, 2) == SPAN_NONE); /* the step had left when it came */
    assert_true(table_waited_for(run, 3) == SPAN_NONE); /* whoever waited for it, no thread did */
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\nqueued    fstat of file 1 waited 78.0 ms for a thread: pool 1 took it "
                       "after\n          hash 3\n");
    free(text);
    text = drawn_text(&r, run, (struct view_style){.columns = 80, .by_lane = true});
    assert_drawn(text, "  3 calls, 98 %\n"); /* two steps and a hash */
    assert_not_drawn(text, "file 1");
    assert_drawn(text, "\nos  ");
    free(text);
}

static void parts_that_waited_are_counted_as_such(void **state)
{
    struct run *run = a_read_in_steps();
    char *text;

    (void)state;
    made_span(run, (struct made_span){POOL_HASH, 1, 0, 3 * MS, 90 * MS, 95 * MS, 95 * MS});
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text,
                 "\nqueued    2 calls or parts of calls waited for a thread that others held:\n"
                 "          hash 6 (87.0 ms, pool 1 after fstat of file 1), fstat of file 1\n"
                 "          (78.0 ms, pool 1 after hash 3)\n");
    free(text);
}

static void pool_time_is_told_where_it_is_known(void **state)
{
    struct run *run = requested_run(&r, 6);
    char *text;

    (void)state;
    requested(run, 1, MS, 1);
    run->pool_cpu_ns = 0; /* nobody used it: worth knowing */
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, " CPUs (pool 0 ns)\n");
    free(text);
    run->pool_cpu_ns = UNKNOWN;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "CPU       40.0 ms = 0.33 of 2 CPUs\n");
    free(text);
    run->pool_size = 0;
    run->pool_cpu_ns = 5;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "CPU       40.0 ms = 0.33 of 2 CPUs\n");
    free(text);
}

static void requests_fit_at_every_width(void **state)
{
    struct run *run = requested_run(&r, 40);

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        requested(run, i + 1, MS + i * 5 * MS, (int)i + 1);
    refused(run, "a text that is so long that it has to be broken into several lines, whatever");
    for (unsigned columns = 60; columns <= 200; columns += 4) {
        for (unsigned bits = 0; bits < 8; bits++) {
            struct view_style style = {.columns = columns, .timeline = true};
            char *text;
            style.unicode = (bits & 1) != 0;
            style.by_lane = (bits & 2) != 0;
            style.all_rows = (bits & 4) != 0;
            text = drawn_text(&r, NULL, style);
            if (drawn_width(text) > columns)
                fail_msg("%zu of %u columns:\n%s", drawn_width(text), columns, text);
            assert_null(strstr(text, " \n"));
            free(text);
        }
    }
}

#ifdef UVLAB_TORTURE
/* Every allocation fails in turn: a clean error or a whole table, and (under ASan) no leak. */
static void running_out_of_memory_is_an_error(void **state)
{
    struct view_style style = {.columns = 80, .timeline = true};
    struct run *run = requested_run(&r, 60);
    unsigned long failed = 0;

    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        requested(run, i + 1, MS, 1);
    for (unsigned long nth = 1; nth < 100; nth++) {
        struct err e = {.text = ""};
        struct out *o = out_open("/dev/null", &e);
        assert_non_null(o);
        style.by_lane = nth % 2 == 0;
        mem_fuse_arm((nth + 1) / 2);
        if (view_table(&r, &style, o, &e) != 0) {
            failed++;
            assert_int_equal(e.status, STATUS_FAILED);
            assert_true(e.text[0] != '\0');
        }
        mem_fuse_arm(0);
        out_abandon(o);
    }
    assert_true(failed > 20 && failed < 98);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#define MADE(test) cmocka_unit_test_setup_teardown(test, make, unmake)
        MADE(answers_word_by_word),
        MADE(threads_alone_are_called_so),
        MADE(a_failed_part_is_seen_where_its_call_succeeded),
        MADE(failed_requests_say_what_libcurl_said),
        MADE(many_sorts_of_failures_are_counted),
        MADE(requests_are_called_so_in_the_head),
        MADE(parts_of_the_system_are_not_called_back),
        MADE(seven_requests_show_their_parts),
        MADE(parts_give_way_before_calls_do),
        MADE(many_requests_are_left_out),
        MADE(a_request_and_its_parts_as_a_picture),
        MADE(the_lane_of_the_system_has_rows_as_needed),
        MADE(the_lane_of_the_system_has_an_end),
        MADE(the_whole_holds_no_thread),
        MADE(parts_that_waited_are_counted_as_such),
        MADE(pool_time_is_told_where_it_is_known),
        MADE(requests_fit_at_every_width),
#ifdef UVLAB_TORTURE
        MADE(running_out_of_memory_is_an_error),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

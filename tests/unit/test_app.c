/* The routes of the app: what they answer, what the answers say of what happened, and what is
 * refused. Instants are compared with each other, never with a duration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/clock.h"
#include "measure/pool.h"
#include "served_app.h"

enum { POOL_THREADS = 2 };

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static bool has_status(const char *answer, const char *status)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 && strncmp(answer + 9, status, 3) == 0;
}

/* The order of the others is what span_field_parse() demands. */
static void check_worked(const struct span_field *f, const char *kind)
{
    assert_string_equal(f->kind, kind);
    assert_true(f->received_ns != SPAN_UNKNOWN && f->submitted_ns != SPAN_UNKNOWN);
    assert_true(f->started_ns != SPAN_UNKNOWN && f->finished_ns != SPAN_UNKNOWN);
    assert_true(f->called_back_ns != SPAN_UNKNOWN);
}

static void every_route_answers_and_tells_what_happened(void **state)
{
    static const struct {
        const char *target, *body, *kind;
        unsigned thread_most;
    } all[] = {
        {"/", "Hi there", "pbkdf2", POOL_THREADS},
        {"/block?ms=1", "Blocked the loop", "block", 0},
        {"/sleep?ms=1", "Slept", "sleep", 0},
        {"/spin?ms=1", "Spun", "spin", POOL_THREADS},
        {"/count?n=1e6", "Counted", "count", LANE_OWN_THREAD + 1},
        {"/fast", "This was fast", "", 0},
        {"/fast?x=1", "This was fast", "", 0},
        {"http://localhost/fast", "This was fast", "", 0},
        {"/block?x=y&ms=0", "Blocked the loop", "block", 0},
        {"/sleep?ms=0", "Slept", "sleep", 0},
        {"/spin?ms=0", "Spun", "spin", POOL_THREADS},
    };
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *answer = served_app_get(s.port, all[i].target);
        struct span_field f = served_app_span(answer);
        if (!has_status(answer, "200") || strcmp(body_of(answer), all[i].body) != 0)
            fail_msg("%s: %s", all[i].target, answer);
        assert_non_null(strstr(answer, "\r\nServer-Timing: "));
        assert_non_null(strstr(answer, "ran;dur="));
        if (all[i].kind[0] != '\0')
            check_worked(&f, all[i].kind);
        else
            assert_true(f.kind[0] == '\0' && f.submitted_ns == SPAN_UNKNOWN);
        assert_true(f.thread <= all[i].thread_most);
        assert_true((f.thread > 0) == (all[i].thread_most > 0));
        free(answer);
    }
    assert_int_equal(board_get(&s.slot->own.requests), sizeof all / sizeof all[0]);
    served_app_stop(&s);
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *request, *status, *says;
    } all[] = {
        {"GET /nothing", "404", "/block?ms="},
        {"GET /fast/", "404", ""},
        {"GET *", "404", ""},
        {"POST /nothing", "404", ""},
        {"POST /fast", "405", "GET and HEAD"},
        {"DELETE /", "405", "GET and HEAD"},
        {"OPTIONS /stats", "405", "GET and HEAD"},
        {"GET /block?ms=x", "400", "from 0 to 600000"},
        {"GET /block?ms=", "400", "from 0 to 600000"},
        {"GET /block?ms", "400", "from 0 to 600000"},
        {"GET /block?ms=-1", "400", "from 0 to 600000"},
        {"GET /block?ms=600001", "400", "from 0 to 600000"},
        {"GET /block?ms=1&ms=1", "400", "once"},
        {"GET /block?ms=1%00", "400", "from 0 to 600000"},
        {"GET /sleep?ms=99999999999999999999999999", "400", "from 0 to 600000"},
        {"GET /spin?ms=0.5", "400", "whole"},
        {"GET /spin?ms=1111111111111111111111111111111111111111111111", "400", "whole"},
        {"GET /count?n=0", "400", "from 1 to 1e12"},
        {"GET /count?n=1e13", "400", "from 1 to 1e12"},
        {"GET /count?n=many", "400", "from 1 to 1e12"},
    };
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char request[256], *answer;
        snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", all[i].request);
        answer = served_talk(s.port, request);
        if (!has_status(answer, all[i].status) || strstr(body_of(answer), all[i].says) == NULL)
            fail_msg("%s: %s", all[i].request, answer);
        assert_true((strstr(answer, "\r\nAllow: GET, HEAD\r\n") != NULL) ==
                    has_status(answer, "405"));
        assert_true(served_app_span(answer).received_ns != SPAN_UNKNOWN);
        free(answer);
    }
    served_app_stop(&s);
}

static void answers_of_the_server_itself_tell_too(void **state)
{
    struct served_app s;
    char *answer;
    (void)state;
    served_app_start(&s, served_app_defaults);
    answer = served_talk(s.port, "rubbish\r\n\r\n");
    assert_true(has_status(answer, "400"));
    assert_true(served_app_span(answer).received_ns != SPAN_UNKNOWN);
    free(answer);
    served_app_stop(&s);
}

static void head_is_as_get_without_the_body(void **state)
{
    static const char *const targets[] = {"/", "/fast", "/sleep?ms=1", "/file", "/stats", "/no"};
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char request[128], *answer;
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 targets[i]);
        answer = served_talk(s.port, request);
        assert_non_null(strstr(answer, "\r\nContent-Length: "));
        assert_null(strstr(answer, "Content-Length: 0\r\n"));
        assert_string_equal(body_of(answer), "");
        served_app_span(answer);
        free(answer);
    }
    served_app_stop(&s);
}

static struct span_field hear(int fd)
{
    char *answer = served_app_hear(fd);
    struct span_field f = served_app_span(answer);
    assert_true(has_status(answer, "200"));
    free(answer);
    return f;
}

/* The other request is sent while the loop is blocked, as far as can be told from here; it is never
 * received before the end. */
static void block_holds_everyone_up_and_sleep_nobody(void **state)
{
    struct span_field slow, fast;
    struct served_app s;
    int one, other;
    (void)state;
    served_app_start(&s, served_app_defaults);
    one = served_connect(s.port);
    other = served_connect(s.port);
    served_app_ask(other, "/fast");
    hear(other);
    served_app_await(&s.slot->own.in_flight, 0);
    served_app_ask(one, "/block?ms=100");
    for (int i = 0; i < 100 && board_get(&s.slot->own.in_flight) == 0; i++)
        usleep(1000); /* it blocks now */
    served_app_ask(other, "/fast");
    fast = hear(other);
    slow = hear(one);
    assert_true(fast.received_ns >= slow.finished_ns);

    served_app_await(&s.slot->own.in_flight, 0);
    served_app_ask(one, "/sleep?ms=600000");
    served_app_await(&s.slot->own.in_flight, 1);
    served_app_ask(other, "/fast");
    hear(other);
    served_app_await(&s.slot->own.in_flight, 1);
    served_reset(one);
    served_app_await(&s.slot->own.in_flight, 0);
    close(other);
    served_app_stop(&s);
}

static void received_is_when_the_first_byte_came(void **state)
{
    static const char rest[] = "st HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char two[] = "GET /sleep?ms=2 HTTP/1.1\r\nHost: x\r\n\r\n"
                              "GET /fast HTTP/1.1\r\nHost: x\r\n\r\n";
    struct span_field first, second;
    struct served_app s;
    uint64_t between_ns;
    int fd, other;
    (void)state;
    served_app_start(&s, served_app_defaults);
    fd = served_connect(s.port);
    other = served_connect(s.port);
    assert_true(served_send(fd, "GET /fa", 7));
    for (int i = 0; i < 2; i++) { /* then the loop has read it */
        served_app_ask(other, "/fast");
        hear(other);
    }
    between_ns = clock_read_monotonic();
    assert_true(served_send(fd, rest, sizeof rest - 1));
    first = hear(fd);
    assert_true(first.received_ns < between_ns && first.answered_ns > between_ns);
    /* Two that come together are received at the same time, though one waits for the other. */
    assert_true(served_send(fd, two, sizeof two - 1));
    first = hear(fd);
    second = hear(fd);
    assert_true(second.received_ns <= first.called_back_ns);
    assert_true(second.answered_ns >= first.answered_ns);
    close(fd);
    close(other);
    served_app_stop(&s);
}

static void counts_follow_each_other_on_their_thread(void **state)
{
    struct span_field spans[3];
    struct served_app s;
    int fds[3];
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (int i = 0; i < 3; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], "/count?n=3e6");
        spans[i] = hear(fds[i]);
        check_worked(&spans[i], "count");
    }
    for (int i = 0; i < 2; i++)
        served_app_ask(fds[i], "/count?n=3e6");
    spans[0] = hear(fds[0]);
    spans[1] = hear(fds[1]);
    assert_true(spans[0].finished_ns <= spans[1].started_ns ||
                spans[1].finished_ns <= spans[0].started_ns);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    served_app_stop(&s);
}

static void the_pool_runs_no_more_than_it_has_threads(void **state)
{
    enum { REQUESTS = 5 };
    struct span_field spans[REQUESTS];
    struct served_app s;
    int fds[REQUESTS];
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (int i = 0; i < REQUESTS; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], "/spin?ms=20");
    }
    for (int i = 0; i < REQUESTS; i++)
        spans[i] = hear(fds[i]);
    for (int i = 0; i < REQUESTS; i++)
        for (int k = 0; k < i; k++)
            if (spans[i].thread == spans[k].thread)
                assert_true(spans[i].started_ns >= spans[k].finished_ns ||
                            spans[k].started_ns >= spans[i].finished_ns);
    for (int i = 0; i < REQUESTS; i++)
        close(fds[i]);
    served_app_stop(&s);
}

static void the_file_comes_as_it_is(void **state)
{
    char path[] = "/tmp/uvlab-test-XXXXXX", *answer;
    struct app_options options = served_app_defaults;
    struct served_app s;
    struct span_field f;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "some\ncontent\n", 13), 13);
    options.file = path;
    served_app_start(&s, options);
    answer = served_app_get(s.port, "/file");
    assert_true(has_status(answer, "200"));
    assert_string_equal(body_of(answer), "some\ncontent\n");
    f = served_app_span(answer);
    check_worked(&f, "fs.readFile");
    assert_true(f.thread >= 1 && f.thread <= POOL_THREADS);
    free(answer);
    assert_int_equal(write(fd, "more\n", 5), 5); /* it may grow, */
    answer = served_app_get(s.port, "/file");
    assert_string_equal(body_of(answer), "some\ncontent\nmore\n");
    free(answer);
    assert_int_equal(ftruncate(fd, 0), 0); /* shrink, */
    answer = served_app_get(s.port, "/file");
    assert_true(has_status(answer, "200"));
    assert_string_equal(body_of(answer), "");
    free(answer);
    assert_int_equal(unlink(path), 0); /* and go */
    answer = served_app_get(s.port, "/file");
    if (!has_status(answer, "500"))
        fail_msg("%s", answer);
    free(answer);
    answer = served_app_get(s.port, "/fast");
    assert_true(has_status(answer, "200"));
    free(answer);
    close(fd);
    served_app_stop(&s);
}

static void stats_are_json_with_the_worker_in_it(void **state)
{
    struct served_app s;
    char *answer;
    cJSON *document;
    const cJSON *worker;
    (void)state;
    served_app_start(&s, served_app_defaults);
    free(served_app_get(s.port, "/fast"));
    answer = served_app_get(s.port, "/stats");
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    document = cJSON_Parse(body_of(answer));
    worker = cJSON_GetArrayItem(cJSON_GetObjectItem(document, "workers"), 0);
    assert_int_equal(cJSON_GetObjectItem(worker, "worker")->valueint, SERVED_APP_WORKER);
    assert_int_equal(cJSON_GetObjectItem(worker, "requests")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(worker, "in_flight")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(worker, "accepted")->valueint, 2);
    assert_true(cJSON_GetObjectItem(worker, "memory_bytes")->valuedouble > 100000);
    assert_true(cJSON_GetObjectItem(worker, "cpu_ns")->valuedouble > 0);
    assert_int_equal(cJSON_GetObjectItem(worker, "pool_running")->valueint, 0);
    cJSON_Delete(document);
    free(answer);
    served_app_stop(&s);
}

static void the_board_sees_lag_and_the_pool(void **state)
{
    struct served_app s;
    int fds[POOL_THREADS + 1];
    (void)state;
    served_app_start(&s, served_app_defaults);
    free(served_app_get(s.port, "/block?ms=50"));
    for (int i = 0; i < 3000 && board_get(&s.slot->own.loop_lag_ns) < 50000000; i++)
        usleep(1000);
    assert_true(board_get(&s.slot->own.loop_lag_ns) >= 50000000);
    for (int i = 0; i <= POOL_THREADS; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], "/spin?ms=3000");
    }
    served_app_await(&s.slot->own.pool_running, POOL_THREADS);
    served_app_await(&s.slot->own.pool_queued, 1);
    served_app_await(&s.slot->own.connections, POOL_THREADS + 1);
    for (int i = 0; i <= POOL_THREADS; i++)
        served_reset(fds[i]);
    served_app_await(&s.slot->own.in_flight, 0);
    served_app_stop(&s);
}

static void wrong_options_are_refused_and_leave_nothing(void **state)
{
    struct app_options options = served_app_defaults;
    struct err e = {0};
    uv_loop_t loop;
    (void)state;
    options.board = board_new(1, &e);
    options.slot = board_slot(options.board, 1, 0);
    options.file = "/nonexistent/file";
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(app_new(&loop, &options, &e));
    assert_int_equal(e.status, STATUS_FAILED);
    options.file = "";
    assert_null(app_new(&loop, &options, &e));
    assert_int_equal(e.status, STATUS_USAGE);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    board_free(options.board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_answers_and_tells_what_happened),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_reason),
        cmocka_unit_test(answers_of_the_server_itself_tell_too),
        cmocka_unit_test(head_is_as_get_without_the_body),
        cmocka_unit_test(block_holds_everyone_up_and_sleep_nobody),
        cmocka_unit_test(received_is_when_the_first_byte_came),
        cmocka_unit_test(counts_follow_each_other_on_their_thread),
        cmocka_unit_test(the_pool_runs_no_more_than_it_has_threads),
        cmocka_unit_test(the_file_comes_as_it_is),
        cmocka_unit_test(stats_are_json_with_the_worker_in_it),
        cmocka_unit_test(the_board_sees_lag_and_the_pool),
        cmocka_unit_test(wrong_options_are_refused_and_leave_nothing),
    };
    struct pool_facts facts;
    struct err e;
    int failed;
    if (clock_init(CLOCK_CHOICE_AUTO, &e) < 0 || pool_start(POOL_THREADS, &facts, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_library_shutdown(); /* the pool's threads end before OpenSSL does */
    return failed;
}

/* What is made for one request of the app: threads and processes. They compute, they are told
 * apart, they end with their request, and with the app; and the longest hold-up of its loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/clock.h"
#include "measure/pool.h"
#include "net/app_child.h"
#include "served_app.h"

#define MS UINT64_C(1000000)

static bool has_status(const char *answer, const char *status)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 && strncmp(answer + 9, status, 3) == 0;
}

static struct span_field ask(unsigned port, const char *target, const char *kind)
{
    char *answer = served_app_get(port, target);
    struct span_field f = served_app_span(answer);
    if (!has_status(answer, "200"))
        fail_msg("%s: %s", target, answer);
    free(answer);
    assert_string_equal(f.kind, kind);
    assert_true(f.started_ns != SPAN_UNKNOWN && f.finished_ns != SPAN_UNKNOWN);
    assert_true(f.received_ns <= f.submitted_ns && f.submitted_ns <= f.started_ns);
    assert_true(f.started_ns <= f.finished_ns && f.finished_ns <= f.called_back_ns);
    assert_true(f.called_back_ns <= f.answered_ns);
    return f;
}

static void no_child_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void each_computes_on_its_own(void **state)
{
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    assert_int_equal(ask(s.port, "/thread?ms=1", "thread").thread, LANE_OWN_THREAD + 1);
    assert_int_equal(ask(s.port, "/thread?ms=0", "thread").thread > LANE_OWN_THREAD, true);
    assert_int_equal(ask(s.port, "/process?ms=1", "process").thread, LANE_OWN_CHILD + 1);
    assert_int_equal(ask(s.port, "/process?ms=0", "process").thread > LANE_OWN_CHILD, true);
    served_app_stop(&s);
    no_child_is_left();
}

/* Two that are asked for one after the other, of which each waits for nothing. */
static void two_have_lanes_of_their_own(void **state)
{
    static const char *const targets[] = {"/thread?ms=200", "/process?ms=200"};
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < 2; i++) {
        struct span_field spans[2];
        int fds[2];
        for (int k = 0; k < 2; k++) {
            fds[k] = served_connect(s.port);
            served_app_ask(fds[k], targets[i]);
        }
        served_app_await(&s.slot->own.in_flight, 2); /* neither is answered before */
        for (int k = 0; k < 2; k++) {
            char *answer = served_app_hear(fds[k]);
            spans[k] = served_app_span(answer);
            free(answer);
            close(fds[k]);
        }
        assert_int_not_equal(spans[0].thread, spans[1].thread);
        served_app_await(&s.slot->own.in_flight, 0);
    }
    served_app_stop(&s);
}

static void other_clients_are_served_meanwhile(void **state)
{
    static const char *const targets[] = {"/thread?ms=600000", "/process?ms=600000"};
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < 2; i++) {
        int fd = served_connect(s.port);
        char *answer;
        served_app_ask(fd, targets[i]);
        served_app_await(&s.slot->own.in_flight, 1);
        answer = served_app_get(s.port, "/fast");
        assert_true(has_status(answer, "200"));
        free(answer);
        served_reset(fd); /* which ends what was made for it */
        served_app_await(&s.slot->own.in_flight, 0);
    }
    served_app_stop(&s);
    no_child_is_left();
}

static void the_end_may_come_meanwhile(void **state)
{
    static const char *const targets[] = {"/thread?ms=600000", "/process?ms=600000",
                                          "/thread?ms=600000", "/process?ms=600000"};
    enum { COUNT = sizeof targets / sizeof targets[0] };
    struct served_app s;
    int fds[COUNT];
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (int i = 0; i < COUNT; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], targets[i]);
        served_app_await(&s.slot->own.in_flight, (uint64_t)i + 1);
    }
    served_app_stop(&s);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    no_child_is_left();
}

static void there_are_no_more_than_so_many(void **state)
{
    struct served_app s;
    char *answer;
    int fds[APP_HELPERS_MOST];
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (unsigned i = 0; i < APP_HELPERS_MOST; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], "/process?ms=600000");
        served_app_await(&s.slot->own.in_flight, i + 1);
    }
    answer = served_app_get(s.port, "/process?ms=0");
    assert_true(has_status(answer, "503"));
    assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
    free(answer);
    for (unsigned i = 0; i < APP_HELPERS_MOST; i++)
        served_reset(fds[i]);
    served_app_await(&s.slot->own.in_flight, 0);
    do { /* a place is free when its process has ended, which is soon */
        answer = served_app_get(s.port, "/process?ms=0");
        assert_true(has_status(answer, "200") || has_status(answer, "503"));
        fds[0] = has_status(answer, "200");
        free(answer);
    } while (!fds[0]);
    served_app_stop(&s);
    no_child_is_left();
}

static void what_a_process_says_is_not_believed(void **state)
{
    static const char *const programs[] = {"/nonexistent", "/bin/true", "/bin/false", "/bin/echo",
                                           "/etc/passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct app_options options = served_app_defaults;
        struct served_app s;
        char *answer;
        options.program = programs[i];
        served_app_start(&s, options);
        answer = served_app_get(s.port, "/process?ms=1");
        if (!has_status(answer, "500"))
            fail_msg("%s: %s", programs[i], answer);
        assert_int_equal(served_app_span(answer).started_ns == SPAN_UNKNOWN, true);
        free(answer);
        answer = served_app_get(s.port, "/fast");
        assert_true(has_status(answer, "200"));
        free(answer);
        served_app_stop(&s);
        no_child_is_left();
    }
}

static void what_it_says_is_read(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "1\n",
        "1 2",
        "2 1\n",
        "1 2 3\n",
        "a b\n",
        "1 b\n",
        "1 2\n3 4\n",
        "999999999999999999999999 2\n",
        "00000000000000000000000000000000000000000000000000000000000000000000000000001 2\n"};
    uint64_t started, finished;
    (void)state;
    assert_true(app_child_said("1 2\n", 4, &started, &finished));
    assert_true(started == 1 && finished == 2);
    assert_true(app_child_said("5 5\n", 4, &started, &finished));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (app_child_said(wrong[i], strlen(wrong[i]), &started, &finished))
            fail_msg("'%s'", wrong[i]);
}

static void wrong_values_are_refused(void **state)
{
    static const char *const targets[] = {"/thread?ms=x", "/thread?ms=600001", "/process?ms=-1",
                                          "/process?ms=1&ms=2", "/process?ms=0.5"};
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char *answer = served_app_get(s.port, targets[i]);
        if (!has_status(answer, "400") || strstr(answer, "from 0 to 600000") == NULL)
            fail_msg("%s: %s", targets[i], answer);
        free(answer);
    }
    served_app_stop(&s);
}

/* An answer that comes after another one of the same loop tells that its iteration is complete. */
static void the_longest_hold_up_is_that_of_the_interval(void **state)
{
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    assert_true(board_watched_lag_ns(s.slot) == UINT64_MAX);
    board_watch_lag(s.slot);
    for (int i = 0; i < 2; i++)
        free(served_app_get(s.port, "/fast"));
    free(served_app_get(s.port, "/block?ms=30"));
    free(served_app_get(s.port, "/fast"));
    assert_true(board_watched_lag_ns(s.slot) != UINT64_MAX);
    assert_true(board_watched_lag_ns(s.slot) >= 30 * MS);
    served_app_stop(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_computes_on_its_own),
        cmocka_unit_test(two_have_lanes_of_their_own),
        cmocka_unit_test(other_clients_are_served_meanwhile),
        cmocka_unit_test(the_end_may_come_meanwhile),
        cmocka_unit_test(there_are_no_more_than_so_many),
        cmocka_unit_test(what_a_process_says_is_not_believed),
        cmocka_unit_test(what_it_says_is_read),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(the_longest_hold_up_is_that_of_the_interval),
    };
    struct pool_facts facts;
    struct err e;
    sigset_t children;
    if (app_child_is(argc, argv))
        app_child_main(argv);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD); /* which would interrupt the tests' own reading */
    pthread_sigmask(SIG_BLOCK, &children, NULL);
    if (clock_init(CLOCK_CHOICE_AUTO, &e) < 0 || pool_start(2, &facts, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

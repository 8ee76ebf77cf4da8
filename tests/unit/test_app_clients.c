/* Clients of the app that go away while something is done for them, that are replaced under way, or
 * that are left behind by the end: no harm comes of them, and nothing is lost that need not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/clock.h"
#include "measure/pool.h"
#include "net/certificate.h"
#include "served_app.h"

enum { POOL_THREADS = 2 };

static void check_alive(unsigned port)
{
    char *answer = served_app_get(port, "/fast");
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    free(answer);
}

/* Long ones and short ones, so that the client goes at every point of what is done. */
static void clients_may_go_away_while_work_is_done(void **state)
{
    static const char *const targets[] = {
        "/",
        "/spin?ms=1",
        "/spin?ms=20",
        "/sleep?ms=1",
        "/sleep?ms=600000",
        "/count?n=1e6",
        "/count?n=1e12",
        "/file",
        "/stats",
        "/block?ms=1",
    };
    struct served_app s;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (int round = 0; round < 8; round++) {
        for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
            int fd = served_connect(s.port);
            served_app_ask(fd, targets[i]);
            usleep((useconds_t)(round * round * 50));
            served_reset(fd);
        }
        check_alive(s.port);
    }
    served_app_await(&s.slot->own.in_flight, 0);
    served_app_await(&s.slot->own.pool_queued, 0);
    served_app_await(&s.slot->own.pool_running, 0);
    served_app_stop(&s);
}

/* What nobody waits for any more does not keep the pool from what somebody waits for: the queue
 * would take longer than anybody's patience. */
static void what_waits_for_a_client_that_went_is_not_done(void **state)
{
    enum { MANY = 40 };
    struct served_app s;
    int fds[MANY];
    char *answer;
    (void)state;
    served_app_start(&s, served_app_defaults);
    for (int i = 0; i < MANY; i++) {
        fds[i] = served_connect(s.port);
        served_app_ask(fds[i], "/spin?ms=600000");
        served_app_await(&s.slot->own.in_flight, (uint64_t)i + 1);
    }
    served_app_await(&s.slot->own.pool_running, POOL_THREADS);
    for (int i = 0; i < MANY; i++)
        served_reset(fds[i]);
    served_app_await(&s.slot->own.in_flight, 0);
    answer = served_app_get(s.port, "/");
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    free(answer);
    served_app_stop(&s);
}

static void files_in_memory_are_bounded(void **state)
{
    static const char head[] = "HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char path[] = "/tmp/uvlab-test-XXXXXX", *answer;
    struct app_options options = served_app_defaults;
    struct served_app s;
    int file = mkstemp(path), slow;
    bool there_is_room = false;
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, APP_FILE_BYTES / 2 + 1), 0); /* of which no block exists */
    options.file = path;
    served_app_start(&s, options);
    slow = served_connect(s.port);
    served_app_ask(slow, "/file"); /* and reads nothing */
    served_app_await(&s.slot->own.in_flight, 1);
    answer = served_app_get(s.port, "/file");
    assert_int_equal(strncmp(answer, "HTTP/1.1 503", 12), 0);
    assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
    free(answer);
    check_alive(s.port);
    served_reset(slow);
    for (int i = 0; i < 3000 && !there_is_room; i++) { /* until the reading has come to its end */
        answer = served_talk(s.port, head);
        there_is_room = strncmp(answer, "HTTP/1.1 200", 12) == 0;
        free(answer);
        usleep(10000);
    }
    assert_true(there_is_room);
    served_app_stop(&s);
    close(file);
    unlink(path);
}

static void the_end_may_come_while_work_is_done(void **state)
{
    static const char *const targets[] = {"/spin?ms=600000",
                                          "/spin?ms=600000",
                                          "/spin?ms=600000",
                                          "/count?n=1e12",
                                          "/count?n=1e12",
                                          "/sleep?ms=600000",
                                          "/file"};
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
}

/* --- From one app to the next. --- */

struct handing {
    struct served_app *old, *next;
    atomic_uint given, drained;
    int fd;
};

static void adopt_job(void *context)
{
    const struct handing *h = context;
    assert_int_equal(app_adopt(h->next->app, h->fd), 0);
}

static void give_cb(void *context, int fd)
{
    struct handing *h = context;
    h->fd = fd;
    atomic_fetch_add(&h->given, 1);
    served_app_do(h->next, adopt_job, h);
}

static void drained_cb(void *context)
{
    struct handing *h = context;
    atomic_fetch_add(&h->drained, 1);
}

static void drain_job(void *context)
{
    struct handing *h = context;
    app_drain(h->old->app, 1000000, give_cb, drained_cb, h);
}

static char *heard(int fd, const char *kind)
{
    char *answer = served_app_hear(fd);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    assert_string_equal(served_app_span(answer).kind, kind);
    assert_null(strstr(answer, "Connection: close"));
    return answer;
}

static void work_under_way_is_answered_and_its_client_moves(void **state)
{
    struct served_app old, next;
    struct handing h = {&old, &next, 0, 0, -1};
    int busy, resting;
    (void)state;
    served_app_start(&old, served_app_defaults);
    served_app_start(&next, served_app_defaults);
    busy = served_connect(old.port);
    resting = served_connect(old.port);
    served_app_ask(resting, "/fast");
    free(heard(resting, ""));
    served_app_await(&old.slot->own.in_flight, 0);
    served_app_ask(busy, "/sleep?ms=100");
    served_app_await(&old.slot->own.in_flight, 1);
    served_app_do(&old, drain_job, &h);
    free(heard(busy, "sleep"));
    served_app_ask(busy, "/");
    free(heard(busy, "pbkdf2"));
    served_app_ask(resting, "/fast");
    free(heard(resting, ""));
    served_await(&h.drained, 1);
    assert_int_equal(atomic_load(&h.given), 2);
    assert_int_equal(board_get(&old.slot->own.given), 2);
    assert_int_equal(board_get(&old.slot->own.requests), 2);
    served_app_await(&next.slot->own.requests, 2);
    close(busy);
    close(resting);
    served_app_stop(&old);
    served_app_stop(&next);
}

/* --- TLS. --- */

static void it_serves_with_tls_as_well(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct certificate certificate = {0};
    struct app_options options = served_app_defaults;
    struct err e = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct served_app s;
    char answer[2048];
    SSL *ssl;
    int fd, n;
    (void)state;
    assert_int_equal(certificate_make(&certificate, &e), 0);
    options.tls = certificate_server_context(&certificate, &e);
    assert_non_null(options.tls);
    served_app_start(&s, options);
    fd = served_connect(s.port);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    assert_int_equal(SSL_write(ssl, request, sizeof request - 1), (int)sizeof request - 1);
    n = SSL_read(ssl, answer, sizeof answer - 1); /* one record */
    assert_true(n > 0);
    answer[n] = '\0';
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\nHi there");
    assert_string_equal(served_app_span(answer).kind, "pbkdf2");
    SSL_free(ssl);
    close(fd);
    served_app_stop(&s);
    SSL_CTX_free(context);
    SSL_CTX_free(options.tls);
    certificate_free(&certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_may_go_away_while_work_is_done),
        cmocka_unit_test(what_waits_for_a_client_that_went_is_not_done),
        cmocka_unit_test(files_in_memory_are_bounded),
        cmocka_unit_test(the_end_may_come_while_work_is_done),
        cmocka_unit_test(work_under_way_is_answered_and_its_client_moves),
        cmocka_unit_test(it_serves_with_tls_as_well),
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

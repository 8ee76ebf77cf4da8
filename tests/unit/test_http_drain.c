/* Draining: no request is lost, whatever a connection was doing when its server was told to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/certificate.h"
#include "served.h"

#define HOST "Host: localhost\r\n"
#define GRACE_NS 100000000

/* An old server, told to drain, and what becomes of its connections. */
struct draining {
    struct served old, next;
    bool gives; /* to `next` */
    atomic_uint drained, given;
    int send_before;    /* a client whose request shall lie in the socket when it is given; or -1 */
    size_t found_bytes; /* that lay there */
    uint64_t grace_ns;
};

struct adoption {
    struct served *server;
    int fd;
};

static void adopt(void *context)
{
    const struct adoption *a = context;
    assert_int_equal(http_server_adopt(a->server->server, a->fd), 0);
}

static void give_cb(void *context, int fd)
{
    struct draining *d = context;
    struct adoption adoption = {&d->next, fd};
    int bytes = 0;
    if (d->send_before >= 0) {
        while (bytes == 0) /* it was sent, and so it comes */
            assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
        d->found_bytes += (size_t)bytes;
    }
    atomic_fetch_add(&d->given, 1);
    served_do(&d->next, adopt, &adoption);
}

static void drained_cb(void *context)
{
    struct draining *d = context;
    atomic_fetch_add(&d->drained, 1);
}

static void drain(void *context)
{
    static const char request[] = "GET /moved HTTP/1.1\r\n" HOST "\r\n";
    struct draining *d = context;
    const struct http_draining how = {.grace_ns = d->grace_ns,
                                      .give = d->gives ? give_cb : NULL,
                                      .drained = drained_cb,
                                      .context = d};
    if (d->send_before >= 0)
        assert_true(served_send(d->send_before, request, sizeof request - 1));
    http_server_drain(d->old.server, &how);
    assert_int_equal(atomic_load(&d->drained), 0);
}

static void start(struct draining *d, bool gives, SSL_CTX *tls)
{
    struct http_server_options options = http_server_defaults;
    memset(d, 0, sizeof *d);
    d->gives = gives;
    d->send_before = -1;
    d->grace_ns = GRACE_NS;
    options.tls = tls;
    served_start(&d->old, options);
    served_start_deaf(&d->next, http_server_defaults);
}

static void stop(struct draining *d)
{
    served_stop(&d->old);
    served_stop(&d->next);
    assert_true(atomic_load(&d->drained) <= 1);
}

/* Sends, and reads one answer whose body is `body`, or to the end. True if it says that the
 * connection ends. */
static bool ask(int fd, const char *request, const char *body)
{
    char answer[1024] = "", *end = NULL;
    size_t used = 0;
    bool says_close;
    if (request != NULL)
        assert_true(served_send(fd, request, strlen(request)));
    while (end == NULL || used < (size_t)(end + 4 - answer) + strlen(body)) {
        char *byte = served_read(fd, 1, NULL, NULL);
        assert_true(byte[0] != '\0' && used + 1 < sizeof answer);
        answer[used++] = byte[0];
        answer[used] = '\0';
        free(byte);
        end = strstr(answer, "\r\n\r\n");
    }
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_string_equal(end + 4, body);
    says_close = strstr(answer, "Connection: close\r\n") != NULL;
    return says_close;
}

#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static void a_connection_that_rests_goes_on_elsewhere(void **state)
{
    struct draining d;
    int fd, fresh;
    (void)state;
    start(&d, true, NULL);
    fd = served_connect(d.old.port);
    fresh = served_connect(d.old.port); /* has not asked for anything yet */
    assert_false(ask(fresh, GET("/0"), "/0"));
    assert_false(ask(fd, GET("/1"), "/1"));
    served_do(&d.old, drain, &d);
    assert_false(ask(fd, GET("/2"), "/2"));
    assert_false(ask(fresh, GET("/3"), "/3"));
    served_await(&d.drained, 1);
    assert_int_equal(atomic_load(&d.old.requests), 2);
    assert_int_equal(atomic_load(&d.next.requests), 2);
    close(fd);
    close(fresh);
    stop(&d);
}

static void a_request_that_lies_in_the_socket_moves_with_it(void **state)
{
    struct draining d;
    (void)state;
    start(&d, true, NULL);
    d.send_before = served_connect(d.old.port);
    assert_false(ask(d.send_before, GET("/1"), "/1"));
    served_do(&d.old, drain, &d);
    assert_true(d.found_bytes > 0);
    assert_false(ask(d.send_before, NULL, "/moved"));
    assert_int_equal(atomic_load(&d.next.requests), 1);
    served_await(&d.drained, 1);
    close(d.send_before);
    stop(&d);
}

static void a_request_that_was_begun_is_answered_before_the_move(void **state)
{
    struct draining d;
    int fd, other;
    (void)state;
    start(&d, true, NULL);
    fd = served_connect(d.old.port);
    other = served_connect(d.old.port);
    assert_true(served_send(fd, "GET /be", 7));
    assert_false(ask(other, GET("/o"), "/o")); /* by then the beginning has been read, or */
    assert_false(ask(other, GET("/o"), "/o")); /* will be before the loop does anything else */
    served_do(&d.old, drain, &d);
    assert_int_equal(atomic_load(&d.drained), 0);
    assert_false(ask(fd, "gun HTTP/1.1\r\n" HOST "\r\n", "/begun"));
    assert_int_equal(atomic_load(&d.old.requests), 3);
    assert_false(ask(fd, GET("/2"), "/2"));
    assert_int_equal(atomic_load(&d.next.requests), 1);
    served_await(&d.drained, 1);
    close(fd);
    close(other);
    stop(&d);
}

static void requests_that_came_together_are_answered_before_the_move(void **state)
{
    enum { COUNT = 50 };
    char requests[COUNT * 64], body[32];
    struct draining d;
    size_t used = 0;
    int fd;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        used +=
            (size_t)snprintf(requests + used, sizeof requests - used,
                             "GET /%s%d HTTP/1.1\r\n" HOST "\r\n", i % 10 == 0 ? "later" : "", i);
    start(&d, true, NULL);
    fd = served_connect(d.old.port);
    assert_true(served_send(fd, requests, used));
    served_await(&d.old.requests, 1);
    served_do(&d.old, drain, &d);
    for (int i = 0; i < COUNT; i++) {
        snprintf(body, sizeof body, "/%s%d", i % 10 == 0 ? "later" : "", i);
        assert_false(ask(fd, NULL, body));
    }
    assert_false(ask(fd, GET("/after"), "/after"));
    assert_int_equal(atomic_load(&d.old.requests) + atomic_load(&d.next.requests), COUNT + 1);
    assert_true(atomic_load(&d.next.requests) >= 1);
    served_await(&d.drained, 1);
    close(fd);
    stop(&d);
}

/* --- Many clients, who ask one request after the other while their server is replaced. --- */

enum { CLIENTS = 8, ASKED_EACH = 300 };

struct client {
    uv_thread_t thread;
    int fd;
    atomic_uint *begun;
};

static void client_main(void *context)
{
    struct client *c = context;
    for (int i = 0; i < ASKED_EACH; i++) {
        ask(c->fd, GET("/x"), "/x");
        atomic_fetch_add(c->begun, 1);
    }
}

static void nothing_is_lost_under_load(void **state)
{
    struct client clients[CLIENTS];
    atomic_uint begun = 0;
    struct draining d;
    (void)state;
    start(&d, true, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].fd = served_connect(d.old.port);
        clients[i].begun = &begun;
        assert_int_equal(uv_thread_create(&clients[i].thread, client_main, &clients[i]), 0);
    }
    while (atomic_load(&begun) < CLIENTS * ASKED_EACH / 3)
        usleep(100);
    served_do(&d.old, drain, &d);
    for (int i = 0; i < CLIENTS; i++)
        uv_thread_join(&clients[i].thread);
    served_await(&d.drained, 1);
    assert_int_equal(atomic_load(&d.old.requests) + atomic_load(&d.next.requests),
                     CLIENTS * ASKED_EACH);
    assert_int_equal(atomic_load(&d.given), CLIENTS);
    assert_true(atomic_load(&d.next.requests) > 0);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i].fd);
    stop(&d);
}

/* --- Where they cannot go on elsewhere. --- */

static void without_a_successor_the_last_answer_says_close(void **state)
{
    struct draining d;
    int busy, resting;
    bool reset;
    char *rest;
    (void)state;
    start(&d, false, NULL);
    busy = served_connect(d.old.port);
    resting = served_connect(d.old.port);
    assert_false(ask(resting, GET("/1"), "/1"));
    assert_true(served_send(busy, GET("/held") GET("/2"), strlen(GET("/held") GET("/2"))));
    served_await(&d.old.requests, 2);
    served_do(&d.old, drain, &d);
    served_release(&d.old);
    assert_false(ask(busy, NULL, "/held")); /* as the next one came with it */
    assert_true(ask(busy, NULL, "/2"));
    free(served_read(busy, SIZE_MAX, NULL, &reset));
    assert_false(reset);
    rest = served_read(resting, SIZE_MAX, NULL, &reset); /* ends after the grace */
    assert_string_equal(rest, "");
    assert_false(reset);
    free(rest);
    close(busy);
    close(resting);
    served_await(&d.drained, 1);
    stop(&d);
}

static void in_the_grace_a_request_is_answered(void **state)
{
    struct draining d;
    int fd;
    (void)state;
    start(&d, false, NULL);
    d.grace_ns = (uint64_t)60 * 1000000000;
    fd = served_connect(d.old.port);
    assert_false(ask(fd, GET("/1"), "/1"));
    served_do(&d.old, drain, &d);
    assert_true(ask(fd, GET("/2"), "/2"));
    close(fd);
    served_await(&d.drained, 1);
    stop(&d);
}

static void with_no_connection_it_is_drained_at_once(void **state)
{
    struct draining d;
    (void)state;
    start(&d, true, NULL);
    served_do(&d.old, drain, &d);
    served_await(&d.drained, 1);
    stop(&d);
}

static void whoever_comes_late_is_passed_on(void **state)
{
    struct adoption adoption;
    struct draining d;
    int ends[2];
    (void)state;
    start(&d, true, NULL);
    served_do(&d.old, drain, &d);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    adoption = (struct adoption){&d.old, ends[1]};
    served_do(&d.old, adopt, &adoption);
    assert_false(ask(ends[0], GET("/late"), "/late"));
    assert_int_equal(atomic_load(&d.next.requests), 1);
    close(ends[0]);
    stop(&d);
}

/* --- TLS. --- */

static SSL *tls_client(SSL_CTX *context, int fd)
{
    SSL *ssl = SSL_new(context);
    assert_non_null(ssl);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

/* What comes until the end, which must be one that TLS announces. */
static void tls_ask_to_the_end(SSL *ssl, const char *request, char *answer, size_t room)
{
    size_t used = 0;
    int n = 1;
    if (request != NULL)
        assert_int_equal(SSL_write(ssl, request, (int)strlen(request)), (int)strlen(request));
    while (n > 0) {
        n = SSL_read(ssl, answer + used, (int)(room - 1 - used));
        used += n > 0 ? (size_t)n : 0;
    }
    answer[used] = '\0';
    assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_ZERO_RETURN);
}

static void connections_with_tls_are_ended_in_order(void **state)
{
    struct certificate certificate = {0};
    struct err e = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method()), *server;
    SSL *busy, *resting;
    struct draining d;
    char answer[1024];
    int fds[2];
    (void)state;
    assert_int_equal(certificate_make(&certificate, &e), 0);
    server = certificate_server_context(&certificate, &e);
    assert_non_null(server);
    start(&d, true, server);
    fds[0] = served_connect(d.old.port);
    fds[1] = served_connect(d.old.port);
    busy = tls_client(context, fds[0]);
    resting = tls_client(context, fds[1]);
    assert_int_equal(SSL_write(busy, GET("/held"), sizeof GET("/held") - 1),
                     sizeof GET("/held") - 1);
    served_await(&d.old.requests, 1);
    served_do(&d.old, drain, &d);
    served_release(&d.old);
    tls_ask_to_the_end(busy, NULL, answer, sizeof answer);
    assert_int_equal(served_count(answer, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(served_count(answer, "Connection: close\r\n"), 1);
    tls_ask_to_the_end(resting, NULL, answer, sizeof answer);
    assert_string_equal(answer, "");
    assert_int_equal(atomic_load(&d.given), 0);
    SSL_free(busy);
    SSL_free(resting);
    close(fds[0]);
    close(fds[1]);
    served_await(&d.drained, 1);
    stop(&d);
    SSL_CTX_free(context);
    SSL_CTX_free(server);
    certificate_free(&certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_rests_goes_on_elsewhere),
        cmocka_unit_test(a_request_that_lies_in_the_socket_moves_with_it),
        cmocka_unit_test(a_request_that_was_begun_is_answered_before_the_move),
        cmocka_unit_test(requests_that_came_together_are_answered_before_the_move),
        cmocka_unit_test(nothing_is_lost_under_load),
        cmocka_unit_test(without_a_successor_the_last_answer_says_close),
        cmocka_unit_test(in_the_grace_a_request_is_answered),
        cmocka_unit_test(with_no_connection_it_is_drained_at_once),
        cmocka_unit_test(whoever_comes_late_is_passed_on),
        cmocka_unit_test(connections_with_tls_are_ended_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

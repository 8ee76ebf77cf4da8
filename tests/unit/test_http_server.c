/* The HTTP server over real sockets: what it answers, in which order, and what it does with clients
 * that are wrong, hostile, slow or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "served.h"

#define HOST "Host: localhost\r\n"
#define SHORT_NS 100000000

static char megabyte[1024 * 1024];

/* Answers to one connection's bytes: their statuses in order, and the connection's end. */
struct exchange {
    const char *sent;
    const char *statuses; /* "200 400" */
};

static bool say(int fd, const char *text)
{
    return served_send(fd, text, strlen(text));
}

static void check_statuses(const struct exchange *x, const char *answer)
{
    char found[64] = "";
    size_t used = 0;
    for (const char *at = strstr(answer, "HTTP/1.1 "); at != NULL; at = strstr(at + 1, "HTTP/1.1 "))
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.3s", used > 0 ? " " : "",
                                 at + strlen("HTTP/1.1 "));
    if (strcmp(found, x->statuses) != 0)
        fail_msg("'%s' was answered with '%s', not '%s':\n%s", x->sent, found, x->statuses, answer);
}

static void check_exchanges(const struct exchange *all, size_t count)
{
    struct served s;
    served_start(&s, http_server_defaults);
    for (size_t i = 0; i < count; i++) {
        char *answer = served_talk(s.port, all[i].sent);
        check_statuses(&all[i], answer);
        free(answer);
    }
    served_stop(&s);
}

static void whole_requests_are_answered(void **state)
{
    static const struct exchange all[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", "200"},
        {"GET / HTTP/1.0\r\n\r\n", "200"},
        {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "200"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" HOST "\r\n",
         "200 200"},
        {"POST / HTTP/1.1\r\n" HOST
         "Transfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nExpect: "
         "no\r\nT: u\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
         "200 200"},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
         "200"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200 200"},
        {"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200"},
        {"PROPFIND / HTTP/1.1\r\n" HOST "\r\n", "200"},
        /* The client may ask for another protocol; there is none, and it gets its answer. */
        {"GET / HTTP/1.1\r\n" HOST
         "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
         "200 200"},
        {"GET /later1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n", "200 200"},
        {"", ""},
        {"\r\n", ""},
    };
    (void)state;
    check_exchanges(all, sizeof all / sizeof all[0]);
}

static void wrong_requests_are_refused(void **state)
{
    static const struct exchange all[] = {
        {"rubbish\r\n\r\n", "400"},
        {"\x16\x03\x01\x02\x01\x01", "400"},
        {"GET / FTP/1.1\r\n" HOST "\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", "400"},
        {"GET / HTTP/1.1\r\n" HOST "bad header\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc", "400"},
        {"GET / HTTP/1.1\r\nHos", "400"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc", "400"},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", "505"},
        {"GET / HTTP/3\r\n" HOST "\r\n", "505"},
        {"GET /\r\n\r\n", "505"},
        {"BREW / HTTP/1.1\r\n" HOST "\r\n", "501"},
        {"GETTER / HTTP/1.1\r\n" HOST "\r\n", "501"},
        {"CONNECT localhost:80 HTTP/1.1\r\n" HOST "\r\n", "501"},
        {"POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\nContent-Length: 1\r\n\r\na", "417"},
        /* After an answer as well. */
        {"GET / HTTP/1.1\r\n" HOST "\r\nrubbish\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "200 400"},
    };
    (void)state;
    check_exchanges(all, sizeof all / sizeof all[0]);
}

/* Requests of which two servers could think that they end at different places. */
static void smuggling_is_refused(void **state)
{
    static const struct exchange all[] = {
#define P "POST / HTTP/1.1\r\n" HOST
        {P "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
        {P "Content-Length: 3, 4\r\n\r\nabcd", "400"},
        {P "Content-Length: -1\r\n\r\n", "400"},
        {P "Content-Length: 1e1\r\n\r\n", "400"},
        {P "Content-Length: 99999999999999999999999999\r\n\r\n", "400"},
        {P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400"},
        {P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {P "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "400"},
        {P "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {P "Transfer-Encoding: gzip\r\n\r\nabc", "501"},
        {P "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"},
        {P "Transfer-Encoding: chunkedchunkedchunkedchunkedchunkedchunkedchunked\r\n\r\n0\r\n\r\n",
         "501"},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {P "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"},
        {P "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "400"},
        {P "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "400"},
#undef P
    };
    (void)state;
    check_exchanges(all, sizeof all / sizeof all[0]);
}

static void an_answer_says_what_it_has_to(void **state)
{
    struct served s;
    char *answer;
    (void)state;
    served_start(&s, http_server_defaults);
    answer = served_talk(s.port, "GET /what?x=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(answer, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(answer, "\r\nContent-Length: 9\r\n"));
    assert_non_null(strstr(answer, " GMT\r\n"));
    assert_null(strstr(answer, "Connection:"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n/what?x=1");
    free(answer);
    answer = served_talk(s.port, "GET / HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
    free(answer);
    answer = served_talk(s.port, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert_non_null(strstr(answer, "\r\nConnection: keep-alive\r\n"));
    free(answer);
    served_stop(&s);
}

static void head_has_the_length_and_no_body(void **state)
{
    struct served s;
    char *answer;
    const char *rest;
    (void)state;
    served_start(&s, http_server_defaults);
    answer =
        served_talk(s.port, "HEAD /four5 HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
    rest = strstr(answer, "\r\n\r\n");
    assert_int_equal(strncmp(rest, "\r\n\r\nHTTP/1.1 200", 16), 0);
    free(answer);
    answer = served_talk(s.port, "HEAD / HTTP/1.1\r\n\r\n");
    assert_int_equal(strncmp(answer, "HTTP/1.1 400", 12), 0);
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    served_stop(&s);
}

/* Of these a client believes that nothing follows the head. */
static void some_answers_have_neither_length_nor_body(void **state)
{
    static const struct exchange both = {"two in a row", "204 304 200"};
    struct served s;
    char *answer;
    const char *last;
    (void)state;
    served_start(&s, http_server_defaults);
    answer = served_talk(s.port, "GET /204 HTTP/1.1\r\n" HOST "\r\nHEAD /304 HTTP/1.1\r\n" HOST
                                 "\r\nGET /200 HTTP/1.1\r\n" HOST "\r\n");
    check_statuses(&both, answer);
    assert_int_equal(served_count(answer, "Content-Length:"), 1);
    last = strstr(answer, "HTTP/1.1 200");
    assert_memory_equal(last - 4, "\r\n\r\n", 4);
    assert_int_equal(served_count(answer, "\r\n\r\n/"), 1);
    free(answer);
    served_stop(&s);
}

static void a_request_may_come_in_two_parts_or_in_many(void **state)
{
    static const char request[] =
        "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        "GET /b HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    const size_t length = sizeof request - 1;
    struct served s;
    (void)state;
    served_start(&s, http_server_defaults);
    /* Part 0 stands for a byte at a time. */
    for (size_t part = 0; part < length; part++) {
        int fd = served_connect(s.port);
        char *answer;
        if (part > 0) {
            assert_true(served_send(fd, request, part));
            usleep(200); /* so that the server most likely sees it as two */
            assert_true(served_send(fd, request + part, length - part));
        } else {
            for (size_t i = 0; i < length; i++)
                assert_true(served_send(fd, request + i, 1));
        }
        answer = served_read(fd, SIZE_MAX, NULL, NULL);
        assert_int_equal(served_count(answer, "HTTP/1.1 200"), 2);
        assert_true(strstr(answer, "\r\n\r\n/a") < strstr(answer, "\r\n\r\n/b"));
        free(answer);
        close(fd);
    }
    served_stop(&s);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    enum { COUNT = 2000 };
    struct served s;
    char *requests = malloc(COUNT * 64), *answer;
    const char *at;
    size_t used = 0;
    (void)state;
    assert_non_null(requests);
    for (unsigned i = 0; i < COUNT; i++)
        used += (size_t)sprintf(requests + used, "GET /%s%u. HTTP/1.1\r\n" HOST "\r\n",
                                i % 100 == 0 ? "later" : "", i);
    served_start(&s, http_server_defaults);
    at = answer = served_talk(s.port, requests);
    for (unsigned i = 0; i < COUNT; i++) {
        char body[32];
        sprintf(body, "\r\n\r\n/%s%u.", i % 100 == 0 ? "later" : "", i);
        at = strstr(at, body);
        assert_non_null(at);
    }
    assert_int_equal(served_count(answer, "HTTP/1.1 200"), COUNT);
    free(answer);
    free(requests);
    served_stop(&s);
}

/* Sends the same bytes until the server has had enough, and answers with what it said. */
static char *send_until_refused(unsigned port, const char *begin, const char *more)
{
    int fd = served_connect(port);
    char *answer;
    bool goes = served_send(fd, begin, strlen(begin));
    for (int i = 0; goes && i < 40; i++)
        goes = served_send(fd, more, strlen(more));
    answer = served_read(fd, SIZE_MAX, NULL, NULL);
    close(fd);
    return answer;
}

static void what_is_too_large_is_refused(void **state)
{
    static const char chunked[] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
    static const struct {
        const char *begin, *status;
    } all[] = {
        {"GET / HTTP/1.1\r\n" HOST "X: ", "HTTP/1.1 431"},
        {"GET /", "HTTP/1.1 431"},
        {"GET / HTTP/1.1\r\n", "HTTP/1.1 431"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 40000000\r\n\r\n", "HTTP/1.1 413"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n8000000\r\n",
         "HTTP/1.1 413"},
        {"POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 40000000\r\n\r\n",
         "HTTP/1.1 413"},
    };
    struct served s;
    char *answer;
    (void)state;
    memset(megabyte, 'x', sizeof megabyte - 1);
    served_start(&s, http_server_defaults);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        answer = send_until_refused(s.port, all[i].begin, megabyte);
        if (strncmp(answer, all[i].status, strlen(all[i].status)) != 0)
            fail_msg("'%s...': %s instead of %s", all[i].begin, answer, all[i].status);
        free(answer);
    }
    /* Many small fields, many small chunks, a trailer without end. */
    for (size_t i = 0; i + 6 < sizeof megabyte; i += 6)
        memcpy(megabyte + i, "a: b\r\n", 6);
    megabyte[sizeof megabyte - 1] = '\0';
    answer = send_until_refused(s.port, "GET / HTTP/1.1\r\n" HOST, megabyte);
    assert_int_equal(strncmp(answer, "HTTP/1.1 431", 12), 0);
    free(answer);
    for (size_t i = 0; i + 6 < sizeof megabyte; i += 6)
        memcpy(megabyte + i, "1\r\nx\r\n", 6);
    megabyte[sizeof megabyte - 1 - (sizeof megabyte - 1) % 6] = '\0';
    answer = send_until_refused(s.port, chunked, megabyte);
    assert_int_equal(strncmp(answer, "HTTP/1.1 413", 12), 0);
    free(answer);
    assert_int_equal(atomic_load(&s.requests), 0);
    served_stop(&s);
}

static void a_client_that_expects_it_is_told_to_go_on(void **state)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    static const char head[] =
        "POST /x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    struct served s;
    int fd;
    char *answer;
    (void)state;
    served_start(&s, http_server_defaults);
    fd = served_connect(s.port);
    assert_true(served_send(fd, head, sizeof head - 1));
    answer = served_read(fd, sizeof go_on - 1, NULL, NULL);
    assert_string_equal(answer, go_on);
    free(answer);
    assert_int_equal(atomic_load(&s.requests), 0);
    assert_true(say(fd, "abc"));
    shutdown(fd, SHUT_WR);
    answer = served_read(fd, SIZE_MAX, NULL, NULL);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    free(answer);
    close(fd);
    served_stop(&s);
}

static void a_large_answer_arrives_whole(void **state)
{
    struct served s;
    char *answer, *body;
    size_t length;
    int fd;
    (void)state;
    served_start(&s, http_server_defaults);
    fd = served_connect(s.port);
    assert_true(say(fd, "GET /big HTTP/1.0\r\n\r\n"));
    answer = served_read(fd, SIZE_MAX, &length, NULL);
    body = strstr(answer, "\r\n\r\n") + 4;
    assert_int_equal(length - (size_t)(body - answer), SERVED_BIG_BYTES);
    for (size_t i = 0; i < SERVED_BIG_BYTES; i++)
        if (body[i] != (char)('0' + i % 10))
            fail_msg("byte %zu is '%c'", i, body[i]);
    free(answer);
    close(fd);
    served_stop(&s);
}

static void clients_that_vanish_do_no_harm(void **state)
{
    static const char *const begun[] = {
        "GET /",
        "GET /later HTTP/1.1\r\n" HOST "\r\n",
        "GET /never HTTP/1.1\r\n" HOST "\r\n",
        "GET /big HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\nabc",
        "GET /later HTTP/1.1\r\n" HOST "\r\nGET /never HTTP/1.1\r\n" HOST "\r\n"};
    struct served s;
    char *answer;
    (void)state;
    served_start(&s, http_server_defaults);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++) {
            int fd = served_connect(s.port);
            assert_true(served_send(fd, begun[i], strlen(begun[i])));
            usleep((useconds_t)round * 100);
            served_reset(fd);
        }
    }
    answer = served_talk(s.port, "GET /still HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(served_count(answer, "HTTP/1.1 200"), 1);
    free(answer);
    served_stop(&s);
}

static void the_handler_hears_of_a_client_that_went_away(void **state)
{
    struct served s;
    int fd;
    (void)state;
    served_start(&s, http_server_defaults);
    fd = served_connect(s.port);
    assert_true(say(fd, "GET /never HTTP/1.0\r\n\r\n"));
    served_await(&s.requests, 1);
    served_reset(fd);
    served_await(&s.gone, 1);
    served_stop(&s);
}

/* Each is given up without an answer, or with 408 when it had begun to ask. */
static void slow_clients_are_given_up(void **state)
{
    static const struct exchange all[] = {
        {"", ""},
        {"GET / HTTP/1.1\r\nHost: loc", "408"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc", "408"},
        {"GET / HTTP/1.1\r\n" HOST "\r\n", "200"},
        {"GET / HTTP/1.1\r\n" HOST "\r\nGE", "200 408"},
    };
    struct http_server_options options = http_server_defaults;
    struct served s;
    (void)state;
    options.header_ns = options.body_ns = options.idle_ns = options.linger_ns = 5 * SHORT_NS;
    served_start(&s, options);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int fd = served_connect(s.port);
        char *answer;
        assert_true(served_send(fd, all[i].sent, strlen(all[i].sent)));
        answer = served_read(fd, SIZE_MAX, NULL, NULL);
        check_statuses(&all[i], answer);
        free(answer);
        close(fd);
    }
    served_stop(&s);
}

/* The limit is for the whole of the header, and not for the time between two bytes. */
static void a_client_that_drips_is_given_up(void **state)
{
    struct http_server_options options = http_server_defaults;
    static const struct exchange drips = {"a byte at a time", "408"};
    struct served s;
    bool goes = true;
    char *answer;
    int fd;
    (void)state;
    options.header_ns = SHORT_NS;
    served_start(&s, options);
    fd = served_connect(s.port);
    for (int i = 0; goes && i < 3000; i++) { /* an endless target */
        char byte = i < 5 ? "GET /"[i] : 'x', unused;
        goes = served_send(fd, &byte, 1) && recv(fd, &unused, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
        usleep(SHORT_NS / 1000 / 50);
    }
    assert_false(goes);
    answer = served_read(fd, SIZE_MAX, NULL, NULL);
    check_statuses(&drips, answer);
    assert_int_equal(atomic_load(&s.requests), 0);
    free(answer);
    close(fd);
    served_stop(&s);
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
    struct http_server_options options = http_server_defaults;
    struct served s;
    bool reset;
    size_t got;
    int fd;
    (void)state;
    options.drain_ns = SHORT_NS;
    served_start(&s, options);
    fd = served_connect(s.port);
    assert_true(say(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n"));
    served_await(&s.gone, 1);
    free(served_read(fd, SIZE_MAX, &got, &reset));
    assert_true(reset);
    assert_true(got < SERVED_BIG_BYTES);
    close(fd);
    served_stop(&s);
}

static void one_too_many_waits_until_another_has_gone(void **state)
{
    struct http_server_options options = http_server_defaults;
    struct served s;
    int first, second, third;
    char *answer;
    (void)state;
    options.connections_most = 2;
    served_start(&s, options);
    first = served_connect(s.port);
    second = served_connect(s.port);
    assert_true(say(first, "GET /never HTTP/1.1\r\n" HOST "\r\n"));
    assert_true(say(second, "GET /never HTTP/1.1\r\n" HOST "\r\n"));
    served_await(&s.requests, 2);
    third = served_connect(s.port);
    assert_true(say(third, "GET /third HTTP/1.0\r\n\r\n"));
    usleep(SHORT_NS / 1000);
    assert_int_equal(atomic_load(&s.requests), 2);
    served_reset(first);
    answer = served_read(third, SIZE_MAX, NULL, NULL);
    assert_int_equal(served_count(answer, "HTTP/1.1 200"), 1);
    free(answer);
    close(second);
    close(third);
    served_stop(&s);
}

static void without_descriptors_it_waits_for_some(void **state)
{
    struct rlimit old, less;
    struct served s;
    const char *preloaded = getenv("LD_PRELOAD");
    int fd, next;
    char *answer;
    (void)state;
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
        skip(); /* valgrind accepts first and looks at the limit afterwards, dropping the client */
    served_start(&s, http_server_defaults);
    free(served_talk(s.port, "GET / HTTP/1.1\r\n" HOST "\r\n"));
    fd = served_connect(s.port); /* accepted or not: its request is answered */
    next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(next >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    less = old;
    less.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    assert_true(say(fd, "GET /1 HTTP/1.0\r\n\r\n"));
    usleep(SHORT_NS / 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    answer = served_read(fd, SIZE_MAX, NULL, NULL);
    assert_int_equal(served_count(answer, "HTTP/1.1 200"), 1);
    free(answer);
    close(fd);
    close(next);
    served_stop(&s);
}

static void closing_breaks_off_what_is_under_way(void **state)
{
    struct served s;
    bool reset;
    int fd;
    (void)state;
    served_start(&s, http_server_defaults);
    fd = served_connect(s.port);
    assert_true(say(fd, "GET /never HTTP/1.1\r\n" HOST "\r\n"));
    served_await(&s.requests, 1);
    served_stop(&s);
    assert_int_equal(atomic_load(&s.gone), 1);
    free(served_read(fd, SIZE_MAX, NULL, &reset));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_requests_are_answered),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(smuggling_is_refused),
        cmocka_unit_test(an_answer_says_what_it_has_to),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(some_answers_have_neither_length_nor_body),
        cmocka_unit_test(a_request_may_come_in_two_parts_or_in_many),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(a_client_that_expects_it_is_told_to_go_on),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(clients_that_vanish_do_no_harm),
        cmocka_unit_test(the_handler_hears_of_a_client_that_went_away),
        cmocka_unit_test(slow_clients_are_given_up),
        cmocka_unit_test(a_client_that_drips_is_given_up),
        cmocka_unit_test(a_client_that_does_not_read_is_cut_off),
        cmocka_unit_test(one_too_many_waits_until_another_has_gone),
        cmocka_unit_test(without_descriptors_it_waits_for_some),
        cmocka_unit_test(closing_breaks_off_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The embedded origin: a process of its own that clients can trust, and that goes with its parent.
 * The clients are plain blocking ones of OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "measure/clock.h"
#include "net/origin.h"
#include "served.h"

enum { PATIENCE_MS = 30000, NS_PER_MS = 1000000 };

static struct origin *started(uint64_t delay_ms, uint64_t size_bytes, bool plain,
                              uint64_t connections)
{
    const struct origin_options options = {.delay_ns = delay_ms * NS_PER_MS,
                                           .size_bytes = size_bytes};
    struct err e = {0};
    struct origin *o = origin_start(&options, plain, connections, &e);
    if (o == NULL)
        fail_msg("%s", e.text);
    return o;
}

/* --- A client. --- */

/* Trusts what is in the text and nothing else. */
static SSL_CTX *trusting(const char *pem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(x509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x509);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    X509_free(x509);
    BIO_free(bio);
    return ctx;
}

/* A connection that has shaken hands, or NULL. */
static SSL *connected(SSL_CTX *ctx, unsigned port)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    int fd = served_connect(port);
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    SSL_set1_host(ssl, "localhost");
    SSL_set_alpn_protos(ssl, protocols, sizeof protocols - 1);
    if (SSL_connect(ssl) == 1)
        return ssl;
    ERR_clear_error();
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void disconnect(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    SSL_free(ssl);
    close(fd);
    ERR_clear_error();
}

static void ask(SSL *ssl, const char *request)
{
    assert_int_equal(SSL_write(ssl, request, (int)strlen(request)), strlen(request));
}

/* Reads the answers until the end, which has to be a close_notify. Returns the number of bytes. */
static size_t read_to_end(SSL *ssl, char *into, size_t room)
{
    size_t used = 0;
    int n = 1;
    while (n > 0) {
        assert_true(used < room);
        n = SSL_read(ssl, into + used, (int)(room - used));
        used += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_ZERO_RETURN);
    into[used < room ? used : room - 1] = '\0';
    return used;
}

#define LAST "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
#define NEXT "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* --- Tests. --- */

static void it_serves_who_trusts_its_certificate(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct origin *o = started(0, 100, false, 10);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = trusting(origin_certificate(o));
        const unsigned char *protocol;
        unsigned protocol_bytes;
        char answer[4096], *body;
        SSL *ssl;
        SSL_CTX_set_min_proto_version(ctx, versions[i]);
        SSL_CTX_set_max_proto_version(ctx, versions[i]);
        ssl = connected(ctx, origin_port(o));
        assert_non_null(ssl);
        SSL_get0_alpn_selected(ssl, &protocol, &protocol_bytes);
        assert_int_equal(protocol_bytes, strlen("http/1.1"));
        assert_memory_equal(protocol, "http/1.1", protocol_bytes);
        ask(ssl, NEXT LAST);
        read_to_end(ssl, answer, sizeof answer);
        assert_int_equal(served_count(answer, "HTTP/1.1 200 OK\r\n"), 2);
        assert_non_null(strstr(answer, "Content-Type: text/plain\r\n"));
        body = strstr(answer, "\r\n\r\n");
        assert_int_equal(strncmp(body + 4 + 100, "HTTP/1.1", 8), 0);
        disconnect(ssl);
        SSL_CTX_free(ctx);
    }
    origin_stop(o);
}

static void another_certificate_is_not_trusted(void **state)
{
    struct origin *o = started(0, 1, false, 10), *other = started(0, 1, false, 10);
    SSL_CTX *ctx = trusting(origin_certificate(other));
    SSL *ssl;
    (void)state;
    assert_null(connected(ctx, origin_port(o)));
    ssl = connected(ctx, origin_port(other));
    assert_non_null(ssl);
    disconnect(ssl);
    SSL_CTX_free(ctx);
    origin_stop(o);
    origin_stop(other);
}

static void renegotiation_is_refused(void **state)
{
    struct origin *o = started(0, 1, false, 10);
    SSL_CTX *ctx = trusting(origin_certificate(o));
    SSL *ssl;
    char answer[4096];
    (void)state;
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    ssl = connected(ctx, origin_port(o));
    assert_non_null(ssl);
    assert_int_equal(SSL_renegotiate(ssl), 1);
    assert_int_not_equal(SSL_do_handshake(ssl) == 1 && SSL_read(ssl, answer, sizeof answer) > 0, 1);
    disconnect(ssl);
    SSL_CTX_free(ctx);
    assert_true(origin_is_alive(o, false));
    origin_stop(o);
}

static void what_is_no_tls_does_no_harm(void **state)
{
    static const char *const rubbish[] = {NEXT, "", "\x16\x03\x01\xff\xff",
                                          "\x16\x03\x01\x00\x05hello"};
    struct origin *o = started(0, 1, false, 10);
    SSL_CTX *ctx = trusting(origin_certificate(o));
    SSL *ssl;
    (void)state;
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        int fd = served_connect(origin_port(o));
        char *answer;
        served_send(fd, rubbish[i], strlen(rubbish[i]));
        shutdown(fd, SHUT_WR);
        answer = served_read(fd, SIZE_MAX, NULL, NULL);
        assert_null(strstr(answer, "HTTP/1.1"));
        free(answer);
        close(fd);
    }
    ssl = connected(ctx, origin_port(o)); /* and after a good handshake, too */
    assert_non_null(ssl);
    served_send(SSL_get_fd(ssl), "rubbish, and more of it", 23);
    free(served_read(SSL_get_fd(ssl), SIZE_MAX, NULL, NULL));
    disconnect(ssl);
    ssl = connected(ctx, origin_port(o));
    assert_non_null(ssl);
    disconnect(ssl);
    SSL_CTX_free(ctx);
    origin_stop(o);
}

static void the_page_has_the_size_that_was_asked_for(void **state)
{
    static const uint64_t sizes[] = {0, 1, 65535, 65536, 65537, 5000000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct origin *o = started(0, sizes[i], false, 10);
        SSL_CTX *ctx = trusting(origin_certificate(o));
        SSL *ssl = connected(ctx, origin_port(o));
        size_t room = (size_t)sizes[i] + 4096, length;
        char *answer = malloc(room), *body;
        assert_non_null(answer);
        assert_non_null(ssl);
        ask(ssl, LAST);
        length = read_to_end(ssl, answer, room);
        body = strstr(answer, "\r\n\r\n") + 4;
        assert_int_equal(length - (size_t)(body - answer), sizes[i]);
        free(answer);
        disconnect(ssl);
        SSL_CTX_free(ctx);
        origin_stop(o);
    }
}

static void an_answer_is_never_early(void **state)
{
    enum { DELAY_MS = 7, TIMES = 20 };
    struct origin *o = started(DELAY_MS, 10, true, 10);
    int fd = served_connect(origin_port(o));
    (void)state;
    for (int i = 0; i < TIMES; i++) {
        uint64_t asked_ns = clock_read_monotonic();
        assert_true(served_send(fd, NEXT, strlen(NEXT)));
        free(served_read(fd, 1, NULL, NULL));
        assert_true(clock_read_monotonic() - asked_ns >= DELAY_MS * (uint64_t)NS_PER_MS);
        close(fd);
        fd = served_connect(origin_port(o));
    }
    close(fd);
    origin_stop(o);
}

static void plain_is_without_tls(void **state)
{
    struct origin *o = started(0, 10, true, 10);
    char *answer = served_talk(origin_port(o), NEXT), url[64];
    (void)state;
    assert_int_equal(served_count(answer, "HTTP/1.1 200"), 1);
    free(answer);
    assert_null(origin_certificate(o));
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", origin_port(o));
    assert_string_equal(origin_url(o, false), url);
    snprintf(url, sizeof url, "http://localhost:%u/", origin_port(o));
    assert_string_equal(origin_url(o, true), url);
    origin_stop(o);
}

static void many_connections_are_open_at_once(void **state)
{
    enum { COUNT = 500 };
    static SSL *all[COUNT];
    struct origin *o = started(1, 10, false, COUNT);
    SSL_CTX *ctx = trusting(origin_certificate(o));
    char answer[4096];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        all[i] = connected(ctx, origin_port(o));
        assert_non_null(all[i]);
    }
    for (int i = 0; i < COUNT; i++)
        ask(all[i], LAST);
    for (int i = 0; i < COUNT; i++) {
        read_to_end(all[i], answer, sizeof answer);
        assert_int_equal(served_count(answer, "HTTP/1.1 200"), 1);
        disconnect(all[i]);
    }
    SSL_CTX_free(ctx);
    origin_stop(o);
}

static void it_is_seen_when_it_is_gone(void **state)
{
    struct origin *o = started(0, 1, true, 10);
    (void)state;
    assert_true(origin_is_alive(o, false));
    kill(origin_pid(o), SIGINT); /* is for us, not for it */
    free(served_talk(origin_port(o), NEXT));
    assert_true(origin_is_alive(o, false));
    kill(origin_pid(o), SIGTERM);
    for (int i = 0; i < PATIENCE_MS && origin_is_alive(o, false); i++)
        usleep(1000);
    assert_false(origin_is_alive(o, false));
    assert_false(origin_is_alive(o, false));
    origin_stop(o);
}

static void a_stopped_one_is_killed(void **state)
{
    struct origin *o = started(0, 1, true, 10);
    (void)state;
    kill(origin_pid(o), SIGSTOP);
    origin_stop(o);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
}

/* The pipe's end is inherited by all, and held open by none but the living. */
static void it_dies_with_its_parent(void **state)
{
    int held[2], told[2];
    struct pollfd end;
    pid_t parent, origin = 0;
    char byte;
    (void)state;
    assert_int_equal(pipe(held), 0);
    assert_int_equal(pipe(told), 0);
    parent = fork();
    if (parent == 0) {
        struct origin *o;
        dup2(held[1], STDERR_FILENO); /* which the origin keeps */
        close(held[1]);
        o = started(0, 1, false, 10);
        origin = origin_pid(o);
        if (write(told[1], &origin, sizeof origin) != (ssize_t)sizeof origin)
            _exit(1);
        for (;;)
            pause();
    }
    close(held[1]);
    close(told[1]);
    assert_int_equal(read(told[0], &origin, sizeof origin), sizeof origin);
    assert_int_equal(kill(origin, 0), 0);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    end = (struct pollfd){.fd = held[0], .events = POLLIN};
    assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
    assert_int_equal(read(held[0], &byte, 1), 0);
    close(held[0]);
    close(told[0]);
}

/* Someone who waits for the end of our output, or of another pipe, must not wait for the origin. */
static void it_holds_no_inherited_descriptor(void **state)
{
    int ends[2];
    struct origin *o;
    struct pollfd end;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    o = started(0, 1, true, 10);
    close(ends[1]);
    end = (struct pollfd){.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
    assert_true(origin_is_alive(o, false));
    close(ends[0]);
    origin_stop(o);
}

static volatile sig_atomic_t interrupts;

static void interrupt_cb(int number)
{
    (void)number;
    interrupts++;
}

static void our_own_signals_are_as_before(void **state)
{
    struct sigaction ours = {.sa_handler = interrupt_cb}, old, now;
    sigset_t before, after;
    struct origin *o;
    (void)state;
    sigaction(SIGINT, &ours, &old);
    sigprocmask(SIG_SETMASK, NULL, &before);
    o = started(0, 1, false, 10);
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < NSIG; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    sigaction(SIGINT, NULL, &now);
    assert_ptr_equal(now.sa_handler, interrupt_cb);
    raise(SIGINT);
    assert_int_equal(interrupts, 1);
    assert_true(origin_is_alive(o, false));
    origin_stop(o);
    sigaction(SIGINT, &old, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_serves_who_trusts_its_certificate),
        cmocka_unit_test(another_certificate_is_not_trusted),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(what_is_no_tls_does_no_harm),
        cmocka_unit_test(the_page_has_the_size_that_was_asked_for),
        cmocka_unit_test(an_answer_is_never_early),
        cmocka_unit_test(plain_is_without_tls),
        cmocka_unit_test(many_connections_are_open_at_once),
        cmocka_unit_test(it_is_seen_when_it_is_gone),
        cmocka_unit_test(a_stopped_one_is_killed),
        cmocka_unit_test(it_dies_with_its_parent),
        cmocka_unit_test(it_holds_no_inherited_descriptor),
        cmocka_unit_test(our_own_signals_are_as_before),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

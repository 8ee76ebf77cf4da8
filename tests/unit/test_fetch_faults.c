/* Requests that fail: each is a span with an error, libcurl's text, and the part in which it
 * failed. And requests that are cancelled. Nothing is left on the loop in any case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "made_fetch.h"
#include "made_server.h"

static struct made_certificate good, expired, other;
static struct made_server plain, secure;

static int start_servers(void **state)
{
    make_certificate(&good, "DNS:localhost,IP:127.0.0.1", -60);
    make_certificate(&expired, "DNS:localhost,IP:127.0.0.1", -7200);
    make_certificate(&other, "DNS:example.test,IP:127.0.0.2", -60);
    start_server(&plain, NULL);
    start_server(&secure, &good);
    return made_group_setup(state);
}

static int stop_servers(void **state)
{
    stop_server(&plain);
    stop_server(&secure);
    free_certificate(&good);
    free_certificate(&expired);
    free_certificate(&other);
    return made_group_teardown(state);
}

/* The only request failed so, in that part of it (NULL: in none). */
static void assert_failed(CURLcode code, const char *part)
{
    const struct span *s = &made.spans[0];

    made_check_order();
    assert_true(made.run.failed);
    assert_int_equal(s->status, SPAN_FAILED_CURL - (int)code);
    assert_non_null(s->http->error);
    assert_true(strlen(s->http->error) > 0);
    assert_true(s->started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN);
    for (uint32_t i = 0; i < made.run.recorder.count; i++)
        if (made.spans[i].parent == 1)
            assert_int_equal(made.spans[i].status,
                             part != NULL && strcmp(made.spans[i].kind->kind, part) == 0 ? s->status
                                                                                         : SPAN_OK);
    assert_true(part == NULL || made_part(1, part) != NULL);
}

/* --- The server. --- */

static void a_refused_connection(void **state)
{
    struct made_server gone;

    (void)state;
    start_server(&gone, NULL);
    stop_server(&gone);
    made_target(gone.url, "/");
    made_run(1);
    assert_failed(CURLE_COULDNT_CONNECT, "http.connect");
    assert_int_equal(made_parts(1), 1);
}

static void a_server_that_closes_in_the_middle(void **state)
{
    (void)state;
    made_target(plain.url, "/part");
    made_run(1);
    assert_failed(CURLE_PARTIAL_FILE, "http.body");
    assert_int_equal(made.spans[0].http->answer, 200);
    assert_int_equal(made.spans[0].http->received_bytes, 10);
}

static void a_server_that_closes_without_an_answer(void **state)
{
    (void)state;
    made_target(plain.url, "/nothing");
    made_run(1);
    assert_failed(CURLE_GOT_NOTHING, "http.first-byte");
    assert_int_equal(made.spans[0].http->answer, 0);
}

static void a_server_that_sends_rubbish(void **state)
{
    (void)state;
    made_target(plain.url, "/rubbish");
    made_run(1);
    assert_failed(CURLE_UNSUPPORTED_PROTOCOL, "http.first-byte");
    for (const char *c = made.spans[0].http->error; *c != '\0'; c++)
        assert_true((unsigned char)*c >= ' ');
}

static void a_server_that_never_answers(void **state)
{
    (void)state;
    made.settings.timeout_ns = 2000000000; /* a connection is there by then, on any machine */
    made_target(plain.url, "/never");
    made_run(1);
    assert_failed(CURLE_OPERATION_TIMEDOUT, "http.first-byte");
}

static void a_lookup_takes_of_the_time(void **state)
{
    (void)state;
    made.settings.timeout_ns = 1; /* it cannot be back before that */
    made_target(plain.url, "/");
    made.targets[0].is_address = false;
    made_run(1);
    assert_int_equal(made.spans[0].status, SPAN_FAILED_CURL - CURLE_OPERATION_TIMEDOUT);
    assert_true(made_part(1, "dns")->called_back_ns != SPAN_UNKNOWN);
    assert_int_equal(made_parts(1), 1);
}

/* The pool gets free only after that, so the time is kept while lookups are in its queue. */
static void a_lookup_in_the_queue_is_not_waited_for(void **state)
{
    (void)state;
    made.settings.timeout_ns = 20000000;
    made.blocks = true;
    made_target(plain.url, "/");
    made.targets[0].is_address = false;
    made_run(10);
    made_check_order();
    for (uint32_t i = 1; i <= 10; i++) {
        const struct span *s = &made.spans[i - 1];

        assert_int_equal(s->status, SPAN_FAILED_CURL - CURLE_OPERATION_TIMEDOUT);
        assert_non_null(strstr(s->http->error, "the lookup took all of the time"));
        assert_true(s->started_ns == SPAN_UNKNOWN);
        assert_int_equal(made_part(i, "dns")->status, UV_ECANCELED);
        assert_true(span_total_ns(s) >= made.settings.timeout_ns);
    }
}

static void failures_do_not_touch_the_other_requests(void **state)
{
    (void)state;
    made.settings.timeout_ns = 10000000000;
    made_target(plain.url, "/part");
    made_target(plain.url, "/");
    made_target(plain.url, "/nothing");
    made_target(plain.url, "/large");
    made_run(20);
    made_check_order();
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(made.spans[i].status == SPAN_OK, i % 2 == 1);
}

/* --- Certificates. --- */

static void a_certificate_that_is_not_trusted(void **state)
{
    (void)state;
    made.settings.trusted = other.pem;
    made_target(secure.url, "/");
    made_run(1);
    assert_failed(CURLE_PEER_FAILED_VERIFICATION, "http.tls");
    assert_int_equal(made_parts(1), 2);
}

static void fail_with_certificate(const struct made_certificate *c)
{
    struct made_server server;

    start_server(&server, c);
    made.settings.trusted = c->pem;
    made_target(server.url, "/");
    made_run(1);
    stop_server(&server);
    assert_failed(CURLE_PEER_FAILED_VERIFICATION, "http.tls");
}

static void a_certificate_that_has_expired(void **state)
{
    (void)state;
    fail_with_certificate(&expired);
    assert_non_null(strstr(made.spans[0].http->error, "expired"));
}

static void a_certificate_for_another_name(void **state)
{
    (void)state;
    fail_with_certificate(&other);
}

static void an_unverified_certificate(void **state)
{
    (void)state;
    made.settings.insecure = true;
    made_target(secure.url, "/");
    made_run(1);
    assert_false(made.run.failed);
}

static void a_file_with_the_certificate(void **state)
{
    char path[] = "/tmp/uvlab-cacert-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, good.pem, strlen(good.pem)), strlen(good.pem));
    close(fd);
    made.settings.cacert = path;
    made_target(secure.url, "/");
    made_run(1);
    assert_false(made.run.failed);
    unlink(path);
}

static void tls_with_a_server_that_does_not_speak_it(void **state)
{
    char base[64];

    (void)state;
    snprintf(base, sizeof base, "https://127.0.0.1:%u", plain.port);
    made.settings.timeout_ns = 2000000000; /* that server waits for more */
    made_target(base, "/");
    made_run(1);
    assert_failed(CURLE_OPERATION_TIMEDOUT, "http.tls");
}

/* In a mount namespace of this thread, the folder of the system's certificates has ours alone. */
static bool make_system_certificates(void)
{
    static const char folder[] = "/etc/ssl/certs";
    char path[64];
    FILE *f;

    if (access(folder, F_OK) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", "", MS_REC | MS_PRIVATE, "") != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "") != 0)
        return false;
    snprintf(path, sizeof path, "%s/%08lx.0", folder, X509_subject_name_hash(good.x509));
    f = fopen(path, "w");
    if (f == NULL)
        return false;
    fputs(good.pem, f);
    return fclose(f) == 0;
}

static void what_the_system_trusts_is_not_trusted_beside_a_given_certificate(void **state)
{
    if (!make_system_certificates()) {
        print_message("skipped: no mount namespace of its own: %s\n", strerror(errno));
        skip();
    }
    made_target(secure.url, "/");
    made_run(1);
    assert_false(made.run.failed); /* the system's are used by default */
    made_teardown(state);
    made.settings.trusted = other.pem;
    made_run(1);
    assert_failed(CURLE_PEER_FAILED_VERIFICATION, "http.tls");
    made_teardown(state);
    made.settings.trusted = good.pem;
    made_run(1);
    assert_false(made.run.failed);
}

/* --- What runs out. --- */

static void too_few_descriptors(void **state)
{
    struct rlimit before, few;
    uint32_t failed = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 40;
    made_target(plain.url, "/");
    made_client();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    made_run(100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    made_check_order();
    for (uint32_t i = 0; i < 100; i++) {
        if (made.spans[i].status == SPAN_OK)
            continue;
        failed++;
        assert_int_equal(made.spans[i].status, SPAN_FAILED_CURL - CURLE_COULDNT_CONNECT);
        assert_non_null(strstr(made.spans[i].http->error, strerror(EMFILE)));
    }
    assert_in_range(failed, 61, 99);
}

/* --- Cancelling. --- */

static void what_is_under_way_is_cancelled(void **state)
{
    (void)state;
    made.cancels = true;
    made.settings.trusted = good.pem;
    made_target(secure.url, "/never");
    made_run(10);
    made_check_order();
    assert_true(made.run.failed);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(made.spans[i].status, UV_ECANCELED);
        assert_null(made.spans[i].http->error);
    }
}

static void lookups_in_the_queue_are_cancelled(void **state)
{
    (void)state;
    made_target(plain.url, "/");
    made.targets[0].is_address = false;
    made.cancels_at_once = true;
    made_run(10);
    made_check_order();
    for (uint32_t i = 1; i <= 10; i++) {
        assert_int_equal(made.spans[i - 1].status, UV_ECANCELED);
        assert_true(made.spans[i - 1].started_ns == SPAN_UNKNOWN);
        assert_int_equal(made_parts(i), 1);
        assert_int_equal(made_part(i, "dns")->status, UV_ECANCELED);
        assert_true(made_part(i, "dns")->started_ns == SPAN_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCHED(a_refused_connection),
        FETCHED(a_server_that_closes_in_the_middle),
        FETCHED(a_server_that_closes_without_an_answer),
        FETCHED(a_server_that_sends_rubbish),
        FETCHED(a_server_that_never_answers),
        FETCHED(a_lookup_takes_of_the_time),
        FETCHED(a_lookup_in_the_queue_is_not_waited_for),
        FETCHED(failures_do_not_touch_the_other_requests),
        FETCHED(a_certificate_that_is_not_trusted),
        FETCHED(a_certificate_that_has_expired),
        FETCHED(a_certificate_for_another_name),
        FETCHED(an_unverified_certificate),
        FETCHED(a_file_with_the_certificate),
        FETCHED(tls_with_a_server_that_does_not_speak_it),
        FETCHED(too_few_descriptors),
        FETCHED(what_is_under_way_is_cancelled),
        FETCHED(lookups_in_the_queue_are_cancelled),
        FETCHED(what_the_system_trusts_is_not_trusted_beside_a_given_certificate),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}

/* Requests that succeed, as spans: their instants, their parts, who looked the name up, and which
 * connections they went over. The servers are processes of the test's own (made_server.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "made_fetch.h"
#include "made_server.h"

static struct made_certificate certificate;
static struct made_server plain, secure;

static int start_servers(void **state)
{
    make_certificate(&certificate, "DNS:localhost,IP:127.0.0.1", -60);
    start_server(&plain, NULL);
    start_server(&secure, &certificate);
    return made_group_setup(state);
}

static int stop_servers(void **state)
{
    stop_server(&plain);
    stop_server(&secure);
    free_certificate(&certificate);
    return made_group_teardown(state);
}

static void a_request_has_its_phases_as_parts(void **state)
{
    const struct span *s = &made.spans[0];

    (void)state;
    made_target(plain.url, "/");
    made_run(1);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made.run.recorder.count, 4);
    assert_string_equal(s->kind->kind, "http");
    assert_int_equal(s->ordinal, 0);
    assert_int_equal(s->lane, LANE_OS);
    assert_int_equal(s->http->answer, 200);
    assert_int_equal(s->http->version, 11);
    assert_int_equal(s->http->received_bytes, 5);
    assert_false(s->http->reused);
    assert_null(s->http->error);
    assert_non_null(made_part(1, "http.connect"));
    assert_non_null(made_part(1, "http.first-byte"));
    assert_non_null(made_part(1, "http.body"));
    assert_null(made_part(1, "http.tls"));
    assert_null(made_part(1, "dns"));
}

static void a_secure_request_has_its_handshake_too(void **state)
{
    (void)state;
    made.settings.trusted = certificate.pem;
    made_target(secure.url, "/large");
    made_run(1);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made_parts(1), 4);
    assert_true(made_part(1, "http.tls")->started_ns == made_part(1, "http.connect")->finished_ns);
    assert_int_equal(made.spans[0].http->received_bytes, 100000);
}

static void requests_are_under_way_at_once(void **state)
{
    enum { COUNT = 30 };
    uint64_t last_start = 0, first_end = UINT64_MAX;

    (void)state;
    made.settings.trusted = certificate.pem;
    made_target(secure.url, "/");
    made_target(secure.url, "/missing");
    made_run(COUNT);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made.run.recorder.count, 5 * COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct span *s = &made.spans[i];

        assert_int_equal(s->ordinal, i + 1);
        assert_int_equal(s->http->answer, i % 2 == 0 ? 200 : 404);
        assert_false(s->http->reused);
        last_start = s->started_ns > last_start ? s->started_ns : last_start;
        first_end = s->finished_ns < first_end ? s->finished_ns : first_end;
    }
    assert_true(last_start < first_end); /* one turn of the loop begins them all */
    assert_int_equal(fetch_client_reused(made.client), 0);
}

static void an_answer_without_a_body_has_no_such_part(void **state)
{
    (void)state;
    made_target(plain.url, "/empty");
    made_run(1);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made.spans[0].http->answer, 204);
    assert_int_equal(made.spans[0].http->received_bytes, 0);
    assert_int_equal(made_parts(1), 2);
}

static void a_redirect_is_an_answer(void **state)
{
    (void)state;
    made_target(plain.url, "/moved");
    made_run(1);
    assert_false(made.run.failed);
    assert_int_equal(made.spans[0].http->answer, 302);
}

/* Its end is waited for by the request, not by the loop. */
static void an_answer_may_end_after_its_last_byte(void **state)
{
    static const char *const paths[] = {"/until-closed", "/late-end"};
    const struct span *s = &made.spans[0], *body;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        made.target_count = 0;
        made_target(plain.url, paths[i]);
        made_run(1);
        made_check_order();
        assert_false(made.run.failed);
        assert_int_equal(s->http->received_bytes, 5);
        body = made_part(1, "http.body");
        assert_true(body->finished_ns == s->finished_ns);
        assert_true(span_returned_ns(s) < span_ran_ns(body));
        made_teardown(state);
    }
}

static void an_interim_answer_is_not_the_answer(void **state)
{
    (void)state;
    made_target(plain.url, "/hints");
    made_run(1);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made.spans[0].http->answer, 200);
    assert_true(span_ran_ns(made_part(1, "http.body")) <
                span_ran_ns(made_part(1, "http.first-byte")));
    assert_true(span_returned_ns(&made.spans[0]) < span_ran_ns(made_part(1, "http.first-byte")));
}

/* --- Connections. --- */

static void kept_connections_serve_a_later_run(void **state)
{
    enum { COUNT = 5 };

    (void)state;
    made.settings.trusted = certificate.pem;
    made.settings.keep_alive = true;
    made_target(secure.url, "/");
    made_run(COUNT);
    assert_false(made.run.failed);
    assert_int_equal(fetch_client_reused(made.client), 0);
    made_run(COUNT);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(fetch_client_reused(made.client), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(made.spans[i].http->reused);
        assert_int_equal(made_parts(i + 1), 2); /* first byte, body */
        assert_true(made_part(i + 1, "http.first-byte")->started_ns == made.spans[i].started_ns);
    }
}

static void connections_are_not_kept_by_default(void **state)
{
    (void)state;
    made_target(plain.url, "/");
    made_run(3);
    made_run(3);
    assert_false(made.run.failed);
    assert_int_equal(fetch_client_reused(made.client), 0);
    assert_int_equal(made_parts(1), 3);
}

/* libcurl finds out and takes a new one; the request is a good one all the same. */
static void a_kept_connection_that_is_dead_is_replaced(void **state)
{
    (void)state;
    made.settings.keep_alive = true;
    made_target(plain.url, "/dead");
    made_run(1);
    made_run(1);
    made_check_order();
    assert_false(made.run.failed);
    assert_false(made.spans[0].http->reused);
    assert_non_null(made_part(1, "http.connect"));
}

/* --- Names. --- */

/* getaddrinfo() takes an address for a name that it knows; localhost need not be known here. */
static void name_target(const char *name)
{
    made_target(plain.url, "/");
    made.targets[0].is_address = false;
    snprintf(made.targets[0].host, sizeof made.targets[0].host, "%s", name);
}

/* No resolver takes a label of more than 63 characters. */
static const char no_name[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static void the_pool_looks_a_name_up_before_the_request(void **state)
{
    enum { COUNT = 4 };

    (void)state;
    name_target("127.0.0.1");
    made_run(COUNT);
    made_check_order();
    assert_false(made.run.failed);
    for (uint32_t i = 1; i <= COUNT; i++) {
        const struct span *lookup = made_part(i, "dns"), *s = &made.spans[i - 1];

        assert_non_null(lookup);
        assert_in_range(lookup->lane, 1, 2);
        assert_true(lookup->cpu_ns != SPAN_UNKNOWN);
        assert_true(lookup->called_back_ns >= lookup->finished_ns);
        assert_true(s->started_ns >= lookup->called_back_ns);
        assert_int_equal(made_parts(i), 4);
    }
    assert_int_equal(fetch_client_fallbacks(made.client), 0);
}

static void a_request_whose_name_has_no_address_fails(void **state)
{
    const struct span *s = &made.spans[0], *lookup;

    (void)state;
    name_target(no_name);
    made_run(1);
    made_check_order();
    assert_true(made.run.failed);
    lookup = made_part(1, "dns");
    assert_int_equal(made_parts(1), 1);
    assert_true(lookup->status < 0 && lookup->status > SPAN_FAILED_CURL);
    assert_true(lookup->lane > 0);
    assert_int_equal(s->status, SPAN_FAILED_CURL - CURLE_COULDNT_RESOLVE_HOST);
    assert_non_null(strstr(s->http->error, uv_strerror(lookup->status)));
    assert_true(s->started_ns == SPAN_UNKNOWN && s->finished_ns == SPAN_UNKNOWN);
    assert_int_equal(s->http->answer, 0);
}

static void a_fallback_takes_the_place_of_a_failed_lookup(void **state)
{
    (void)state;
    made.settings.trusted = certificate.pem;
    made_target(secure.url, "/");
    made.targets[0].is_address = false;
    snprintf(made.targets[0].host, sizeof made.targets[0].host, "%s", no_name);
    snprintf(made.urls[0], sizeof made.urls[0], "https://localhost:%u/", secure.port);
    made.targets[0].fallback = "127.0.0.1";
    made_run(2);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(made.spans[0].http->answer, 200);
    assert_int_not_equal(made_part(1, "dns")->status, SPAN_OK);
    assert_int_equal(fetch_client_fallbacks(made.client), 2);
}

static void an_address_by_resolve_spares_the_lookup(void **state)
{
    char entry[64], base[64];

    (void)state;
    snprintf(entry, sizeof entry, "example.test:%u:[::1],127.0.0.1", plain.port);
    snprintf(base, sizeof base, "http://EXAMPLE.test:%u", plain.port);
    made.settings.resolve = &(const struct param_list){.count = 1, .items = {entry}};
    for (unsigned dns = FETCH_DNS_POOL; dns <= FETCH_DNS_NONE; dns++) {
        made.settings.dns = dns;
        made.target_count = 0;
        made_target(base, "/");
        made_run(2);
        made_check_order();
        assert_false(made.run.failed);
        assert_null(made_part(1, "dns"));
        made_teardown(state);
    }
}

/* libcurl takes an address for the name as the URL has it, with its final dot. */
static void a_name_may_end_with_a_dot(void **state)
{
    char entry[64], base[64];

    (void)state;
    snprintf(entry, sizeof entry, "+localhost.:%u:127.0.0.1", secure.port);
    snprintf(base, sizeof base, "https://localhost.:%u", secure.port);
    made.settings.trusted = certificate.pem;
    made.settings.resolve = &(const struct param_list){.count = 1, .items = {entry}};
    made.settings.dns = FETCH_DNS_NONE;
    made_target(base, "/");
    made_run(2);
    made_check_order();
    assert_false(made.run.failed);
    made_teardown(state);
    made.settings.resolve = NULL;
    made.settings.dns = FETCH_DNS_POOL;
    made.targets[0].fallback = "127.0.0.1"; /* localhost need not resolve */
    made_run(2);
    made_check_order();
    assert_false(made.run.failed);
    assert_non_null(made_part(1, "dns"));
}

static void without_tls_http2_changes_nothing(void **state)
{
    enum { COUNT = 10 };
    uint64_t last_start = 0, first_end = UINT64_MAX;

    (void)state;
    made.settings.http2 = true;
    made_target(plain.url, "/");
    made_run(COUNT);
    made_check_order();
    assert_false(made.run.failed);
    assert_int_equal(fetch_client_reused(made.client), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct span *s = &made.spans[i];

        assert_int_equal(s->http->version, 11);
        last_start = s->started_ns > last_start ? s->started_ns : last_start;
        first_end = s->finished_ns < first_end ? s->finished_ns : first_end;
    }
    assert_true(last_start < first_end);
}

static void libcurl_answers_localhost_itself(void **state)
{
    char base[64];

    (void)state;
    snprintf(base, sizeof base, "http://localhost:%u", plain.port);
    made.settings.dns = FETCH_DNS_CURL;
    made_target(base, "/");
    made_run(2);
    made_check_order();
    assert_false(made.run.failed);
    assert_null(made_part(1, "dns"));
}

static void of_a_lookup_by_libcurl_only_the_end_is_known(void **state)
{
    const struct span *lookup;
    char base[128];

    (void)state;
    snprintf(base, sizeof base, "http://%s:%u", no_name, plain.port);
    made.settings.dns = FETCH_DNS_CURL;
    made_target(base, "/");
    made_run(1);
    made_check_order();
    assert_true(made.run.failed);
    lookup = made_part(1, "dns");
    assert_non_null(lookup);
    assert_int_equal(lookup->status, SPAN_FAILED_CURL - CURLE_COULDNT_RESOLVE_HOST);
    assert_int_equal(lookup->lane, LANE_UNKNOWN);
    assert_true(lookup->started_ns == SPAN_UNKNOWN);
    assert_true(lookup->finished_ns != SPAN_UNKNOWN);
    assert_int_equal(made.spans[0].status, lookup->status);
    assert_true(strlen(made.spans[0].http->error) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCHED(a_request_has_its_phases_as_parts),
        FETCHED(a_secure_request_has_its_handshake_too),
        FETCHED(requests_are_under_way_at_once),
        FETCHED(an_answer_without_a_body_has_no_such_part),
        FETCHED(a_redirect_is_an_answer),
        FETCHED(an_answer_may_end_after_its_last_byte),
        FETCHED(an_interim_answer_is_not_the_answer),
        FETCHED(kept_connections_serve_a_later_run),
        FETCHED(connections_are_not_kept_by_default),
        FETCHED(a_kept_connection_that_is_dead_is_replaced),
        FETCHED(the_pool_looks_a_name_up_before_the_request),
        FETCHED(a_request_whose_name_has_no_address_fails),
        FETCHED(a_fallback_takes_the_place_of_a_failed_lookup),
        FETCHED(an_address_by_resolve_spares_the_lookup),
        FETCHED(a_name_may_end_with_a_dot),
        FETCHED(without_tls_http2_changes_nothing),
        FETCHED(libcurl_answers_localhost_itself),
        FETCHED(of_a_lookup_by_libcurl_only_the_end_is_known),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}

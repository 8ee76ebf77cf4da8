/* The options of requests: which of them contradict each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/requests.h"

struct asking_options {
    struct requests_options http;
};

static const struct param asking_params[] = {
    REQUESTS_PARAMS(struct asking_options, http, "100ms"),
    PARAM_END,
};

static struct asking_options options;
static struct param_set set;
static struct err e;

static int begin(void **state)
{
    (void)state;
    set = (struct param_set){.table = asking_params, .values = &options};
    assert_int_equal(param_set_defaults(&set, &e), 0);
    return 0;
}

/* As the command line does it. */
static void give(const char *name, const char *value)
{
    const struct param *row = param_find(asking_params, name, strlen(name));

    assert_non_null(row);
    assert_int_equal(param_set_value(&set, row, value, &e), 0);
}

static void expect_accepted(void)
{
    if (requests_check(&set, &options.http, &e) != 0)
        fail_msg("refused: %s", e.text);
}

static void expect_refused(const char *why)
{
    assert_int_equal(requests_check(&set, &options.http, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, why);
}

/* --- options for the other server --- */

static void options_of_the_origin_are_refused_with_a_url(void **state)
{
    static const char *const given[][2] = {{"origin-delay", "5ms"}, {"origin-size", "1k"}};

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        char why[128];

        begin(state);
        give("url", "https://example.com/");
        give(given[i][0], given[i][1]);
        snprintf(why, sizeof why, "--%s is for uvlab's own server, and --url names another",
                 given[i][0]);
        expect_refused(why);
    }
}

static void options_of_a_url_are_refused_without_one(void **state)
{
    static const char *const given[][2] = {{"resolve", "example.com:443:127.0.0.1"},
                                           {"cacert", "certificates.pem"},
                                           {"insecure", NULL},
                                           {"http2", NULL}};

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        char why[128];

        begin(state);
        give(given[i][0], given[i][1]);
        snprintf(why, sizeof why, "--%s is for the server of a --url, and none is given",
                 given[i][0]);
        expect_refused(why);
    }
}

/* --- what is accepted --- */

static void defaults_and_what_fits_together_are_accepted(void **state)
{
    (void)state;
    expect_accepted();
    give("origin-delay", "0");
    expect_accepted();
    give("origin-delay", "1500us");
    give("origin-size", "1M");
    give("timeout", "5s");
    give("keep-alive", NULL);
    expect_accepted();
}

static void options_of_a_url_are_accepted_with_one(void **state)
{
    (void)state;
    give("url", "https://example.com/");
    give("url", "http://127.0.0.1:8080/");
    give("insecure", NULL);
    give("http2", NULL);
    give("resolve", "example.com:443:127.0.0.1");
    expect_accepted();
    assert_int_equal(options.http.urls.count, 2);
}

static void the_defaults_with_a_url_are_no_contradiction(void **state)
{
    (void)state;
    give("url", "https://example.com/"); /* --origin-delay has a default */
    expect_accepted();
}

/* --- URLs --- */

static void a_scheme_that_is_not_http_is_refused(void **state)
{
    (void)state;
    give("url", "https://example.com/");
    give("url", "ftp://example.com/");
    assert_int_equal(requests_check(&set, &options.http, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
}

static void a_name_is_refused_where_nobody_looks_it_up(void **state)
{
    (void)state;
    give("url", "https://example.com/");
    give("dns", "none");
    assert_int_equal(requests_check(&set, &options.http, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    give("resolve", "example.com:443:127.0.0.1");
    expect_accepted();
}

static void the_origin_has_an_address_where_nobody_looks_it_up(void **state)
{
    (void)state;
    give("dns", "none");
    expect_accepted();
}

/* --- descriptors --- */

static void a_name_may_take_more_descriptors_than_a_connection(void **state)
{
    (void)state;
    assert_int_equal(requests_descriptors(&options.http, 7), 7); /* the origin is on loopback */
    give("url", "http://127.0.0.1:8080/");
    assert_int_equal(requests_descriptors(&options.http, 7), 7);
    give("url", "https://example.com/");
    assert_int_equal(requests_descriptors(&options.http, 7), 14);
    give("dns", "curl");
    assert_int_equal(requests_descriptors(&options.http, 7), 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(options_of_the_origin_are_refused_with_a_url, begin),
        cmocka_unit_test_setup(options_of_a_url_are_refused_without_one, begin),
        cmocka_unit_test_setup(defaults_and_what_fits_together_are_accepted, begin),
        cmocka_unit_test_setup(options_of_a_url_are_accepted_with_one, begin),
        cmocka_unit_test_setup(the_defaults_with_a_url_are_no_contradiction, begin),
        cmocka_unit_test_setup(a_scheme_that_is_not_http_is_refused, begin),
        cmocka_unit_test_setup(a_name_is_refused_where_nobody_looks_it_up, begin),
        cmocka_unit_test_setup(the_origin_has_an_address_where_nobody_looks_it_up, begin),
        cmocka_unit_test_setup(a_name_may_take_more_descriptors_than_a_connection, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is said about requests on the command line: URLs, --resolve, --cacert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/curl_lib.h"
#include "net/fetch.h"

static const struct fetch_settings by_pool = {.dns = FETCH_DNS_POOL};

static void parse(struct fetch_target *t, const char *url)
{
    struct err e = {.text = ""};

    if (fetch_target_parse(t, url, &by_pool, &e) != 0)
        fail_msg("%s", e.text);
    assert_ptr_equal(t->url, url);
    assert_null(t->fallback);
}

static void assert_refused(const char *url, const struct fetch_settings *settings, const char *text)
{
    struct fetch_target t;
    struct err e;

    assert_int_equal(fetch_target_parse(&t, url, settings, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, text);
}

static void a_url_has_a_host_and_a_port(void **state)
{
    static const struct {
        const char *url, *host;
        unsigned port;
        bool is_secure, is_address;
    } urls[] = {
        {"https://www.example.com", "www.example.com", 443, true, false},
        {"http://example.com/a?b#c", "example.com", 80, false, false},
        {"HTTPS://example.com:8443/", "example.com", 8443, true, false},
        {"https://example.com./", "example.com.", 443, true, false},
        {"http://127.0.0.1:8080/", "127.0.0.1", 8080, false, true},
        {"http://127.1/", "127.0.0.1", 80, false, true},
        {"https://[::1]:1/", "::1", 1, true, true},
    };
    struct fetch_target t;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        parse(&t, urls[i].url);
        assert_string_equal(t.host, urls[i].host);
        assert_int_equal(t.port, urls[i].port);
        assert_int_equal(t.is_secure, urls[i].is_secure);
        assert_int_equal(t.is_address, urls[i].is_address);
    }
}

static void what_is_no_http_url_is_refused(void **state)
{
    struct fetch_target t;
    struct err e;

    (void)state;
    assert_refused("ftp://example.com/", &by_pool,
                   "--url ftp://example.com/: the scheme must be https or http, not ftp");
    assert_refused("file:///etc/passwd", &by_pool,
                   "--url file:///etc/passwd: the scheme must be https or http, not file");
    assert_refused("example.com", &by_pool,
                   "--url example.com: must begin with https:// or http://");
    assert_refused("http://b\xc3\xbc"
                   "cher.example/",
                   &by_pool,
                   "--url http://b\xc3\xbc"
                   "cher.example/: its host has to be written in ASCII "
                   "(xn--...)");
    assert_refused("", &by_pool, "--url : must begin with https:// or http://");
    assert_int_equal(fetch_target_parse(&t, "https://", &by_pool, &e), -1);
    assert_int_equal(fetch_target_parse(&t, "https://a b/", &by_pool, &e), -1);
    assert_int_equal(fetch_target_parse(&t, "https://a:99999/", &by_pool, &e), -1);
    assert_int_equal(fetch_target_parse(&t, "https://[::1/", &by_pool, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
}

static void a_secret_is_refused_and_not_repeated(void **state)
{
    static const char *const urls[] = {"https://user:secret@example.com/", "https://user@[::1]/",
                                       "http://:secret@example.com", "ftp://user:secret@x/"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_refused(urls[i], &by_pool,
                       "--url: user names and passwords are not supported, as results are shared");
}

static void a_host_may_be_as_long_as_there_is_room(void **state)
{
    char url[300] = "http://";
    struct fetch_target t;
    struct err e;

    (void)state;
    memset(url + 7, 'a', FETCH_HOST_BYTES - 1);
    parse(&t, url);
    assert_int_equal(strlen(t.host), FETCH_HOST_BYTES - 1);
    url[7 + FETCH_HOST_BYTES - 1] = 'a';
    assert_int_equal(fetch_target_parse(&t, url, &by_pool, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
}

static void without_lookups_a_name_needs_an_address(void **state)
{
    const struct param_list list = {
        .count = 3,
        .items = {"EXAMPLE.com:443:192.0.2.1", "[::2]:80:::1", "*:8080:192.0.2.2"},
    };
    struct fetch_settings settings = {.dns = FETCH_DNS_NONE};
    struct fetch_target t;
    struct err e;

    (void)state;
    assert_refused("https://example.com", &settings,
                   "--url https://example.com: with --dns none its host must be an address, or "
                   "--resolve has to give one (--resolve example.com:443:ADDRESS)");
    assert_int_equal(fetch_target_parse(&t, "https://192.0.2.1/", &settings, &e), 0);
    settings.resolve = &list;
    assert_int_equal(fetch_settings_check(&settings, &e), 0);
    assert_int_equal(fetch_target_parse(&t, "https://example.com", &settings, &e), 0);
    assert_int_equal(fetch_target_parse(&t, "http://any:8080", &settings, &e), 0);
    assert_int_equal(fetch_target_parse(&t, "http://example.com", &settings, &e), -1);
}

static void resolve_is_checked(void **state)
{
    static const char *const wrong[] = {
        "",          "host",           "host:80",     "host:80:",         "host:x:1.2.3.4",
        "host:0:::", "host:65536:::1", ":80:1.2.3.4", "host:80:1.2.3",    "host:80:name",
        "-host:80",  "host:80:[::1",   "host:80:,",   "host:80:1.2.3.4,", "host:+80:1.2.3.4",
    };
    static const char *const right[] = {
        "host:80:1.2.3.4",       "+host:80:1.2.3.4", "host:80:::1",
        "host:80:[::1],1.2.3.4", "[::1]:1:::2",
    };
    struct param_list list = {.count = 1};
    struct fetch_settings settings = {.resolve = &list};
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        list.items[0] = wrong[i];
        assert_int_equal(fetch_settings_check(&settings, &e), -1);
        assert_int_equal(e.status, STATUS_USAGE);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        list.items[0] = right[i];
        assert_int_equal(fetch_settings_check(&settings, &e), 0);
    }
}

static void a_file_of_certificates_has_one(void **state)
{
    char path[] = "/tmp/uvlab-cacert-XXXXXX";
    struct fetch_settings settings = {.cacert = "/nonexistent"};
    struct err e;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(fetch_settings_check(&settings, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_string_equal(e.text, "--cacert /nonexistent: No such file or directory");
    settings.cacert = path;
    assert_int_equal(fetch_settings_check(&settings, &e), -1);
    assert_non_null(strstr(e.text, "there is no certificate in it"));
    settings.cacert = "/tmp";
    assert_int_equal(fetch_settings_check(&settings, &e), -1);
    assert_string_equal(e.text, "--cacert /tmp: Is a directory");
    unlink(path);
}

static int close_library(void **state)
{
    (void)state;
    curl_lib_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_has_a_host_and_a_port),
        cmocka_unit_test(what_is_no_http_url_is_refused),
        cmocka_unit_test(a_secret_is_refused_and_not_repeated),
        cmocka_unit_test(a_host_may_be_as_long_as_there_is_room),
        cmocka_unit_test(without_lookups_a_name_needs_an_address),
        cmocka_unit_test(resolve_is_checked),
        cmocka_unit_test(a_file_of_certificates_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, close_library);
}

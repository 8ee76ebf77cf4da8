/* What `uvlab show` and `uvlab monit` make of a server's answer, whoever gave it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/server_facts.h"
#include "cli/server_table.h"

static const char plain[] =
    "{\"name\": \"web\", \"url\": \"http://localhost:1/\", \"state\": \"serving\", \"pid\": 7,"
    " \"scheduling\": \"shared\", \"uptime_ns\": 5000000000, \"workers\": ["
    "{\"worker\": 1, \"pid\": 8, \"state\": \"serving\", \"restarts\": 2, \"requests\": 100,"
    " \"in_flight\": 3, \"connections\": 4, \"loop_lag_ns\": 1000000, \"cpu_ns\": 2000000000,"
    " \"memory_bytes\": 1048576},"
    "{\"worker\": 1, \"pid\": 9, \"state\": \"draining\", \"restarts\": 2, \"requests\": 11},"
    "{\"worker\": 2, \"pid\": null, \"state\": \"waiting\", \"restarts\": 5}],"
    " \"log\": [{\"at_ms\": 0, \"text\": \"one\"}, {\"at_ms\": 1000, \"text\": \"two\"},"
    " {\"at_ms\": 2000, \"text\": \"three\"}]}";

static struct server_facts parsed(const char *answer)
{
    struct server_facts f;
    struct err e;
    assert_int_equal(server_facts_parse(&f, answer, strlen(answer), &e), 0);
    return f;
}

static void check_width(const struct text *t)
{
    assert_true(text_ok(t));
    for (const char *line = text_get(t); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        assert_true(length < 80);
        line += length + (line[length] == '\n');
    }
}

static void test_facts_are_taken_out(void **state)
{
    struct server_facts f = parsed(plain);
    (void)state;
    assert_string_equal(f.name, "web");
    assert_int_equal(f.pid, 7);
    assert_int_equal(f.worker_count, 3);
    assert_int_equal(f.workers[0].requests, 100);
    assert_int_equal(f.workers[2].pid, 0);
    assert_int_equal(cJSON_GetArraySize(f.log), 3);
    server_facts_free(&f);
    server_facts_free(&f);
}

static void test_the_table_sums_up(void **state)
{
    struct server_facts f = parsed(plain);
    struct text t = TEXT_EMPTY;
    const char *all;
    (void)state;
    server_table_head(&f, &t);
    server_table_workers(&f, NULL, UINT32_MAX, &t);
    check_width(&t);
    assert_non_null(strstr(text_get(&t), "waiting"));
    all = strstr(text_get(&t), "\nall ");
    assert_non_null(all);
    assert_non_null(strstr(all, " 111 ")); /* requests */
    assert_non_null(strstr(all, " 7\n"));  /* restarts: a place counts once */
    text_free(&t);
    server_facts_free(&f);
}

static void test_rates_that_are_not_known_are_not_shown(void **state)
{
    const struct worker_rate rates[] = {{1000, 0.5}, {-1, -1}, {-1, -1}};
    struct server_facts f = parsed(plain);
    struct text t = TEXT_EMPTY;
    (void)state;
    server_table_workers(&f, rates, 1, &t);
    check_width(&t);
    assert_non_null(strstr(text_get(&t), "req/s"));
    assert_non_null(strstr(text_get(&t), "and 2 more\n"));
    assert_non_null(strstr(text_get(&t), "50 %"));
    assert_null(strstr(text_get(&t), "-1"));
    text_free(&t);
    server_facts_free(&f);
}

static void test_what_was_not_reported_is_not_zero(void **state)
{
    struct server_facts f =
        parsed("{\"workers\": [{\"worker\": 1, \"pid\": 8, \"state\": \"starting\","
               " \"loop_lag_ns\": null, \"cpu_ns\": null,"
               " \"memory_bytes\": null}]}");
    struct text t = TEXT_EMPTY;
    (void)state;
    assert_true(f.workers[0].cpu_ns == SERVER_UNKNOWN);
    server_table_workers(&f, NULL, UINT32_MAX, &t);
    assert_non_null(strstr(text_get(&t),
                           "starting         0      0     0       -       -        -        0\n"));
    assert_non_null(
        strstr(text_get(&t),
               "all                           0      0     0       -       -        -        0\n"));
    text_free(&t);
    server_facts_free(&f);
    f = parsed(plain); /* the other two have reported nothing */
    server_table_workers(&f, NULL, UINT32_MAX, &t);
    assert_non_null(strstr(text_get(&t), " - "));
    assert_null(strstr(strstr(text_get(&t), "\nall "), " - "));
    text_free(&t);
    server_facts_free(&f);
}

static void test_the_last_lines_of_the_log(void **state)
{
    struct server_facts f = parsed(plain);
    struct text t = TEXT_EMPTY;
    (void)state;
    server_table_log(&f, 2, &t);
    assert_null(strstr(text_get(&t), "one"));
    assert_non_null(strstr(text_get(&t), "two\n"));
    assert_non_null(strstr(text_get(&t), "three\n"));
    text_free(&t);
    server_table_log(&f, 0, &t);
    assert_int_equal(t.length, 0);
    server_facts_free(&f);
}

static void test_answers_that_are_none(void **state)
{
    static const char *const answers[] = {"", "{", "[]", "5", "{}", "{\"workers\": 5}", "\"x\""};
    struct server_facts f;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_int_equal(server_facts_parse(&f, answers[i], strlen(answers[i]), &e), -1);
        assert_int_equal(e.status, STATUS_FAILED);
        server_facts_free(&f);
    }
}

static void test_answers_that_are_odd(void **state)
{
    static const char *const answers[] = {
        "{\"workers\": []}",
        "{\"workers\": [5, null, {}, [], {\"pid\": -1, \"requests\": 1e300, \"state\": 7}]}",
        "{\"workers\": [{}], \"log\": 7, \"name\": \"\\u001b[2J\", \"url\": null}",
        "{\"workers\": [{}], \"log\": [7, null, {\"text\": \"\\u001b[2J\", \"at_ms\": 1e18}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct server_facts f = parsed(answers[i]);
        struct text t = TEXT_EMPTY;
        server_table_head(&f, &t);
        server_table_workers(&f, NULL, UINT32_MAX, &t);
        server_table_log(&f, UINT32_MAX, &t);
        assert_true(text_ok(&t));
        assert_null(strchr(text_get(&t), '\033'));
        text_free(&t);
        server_facts_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_are_taken_out),
        cmocka_unit_test(test_the_table_sums_up),
        cmocka_unit_test(test_rates_that_are_not_known_are_not_shown),
        cmocka_unit_test(test_what_was_not_reported_is_not_zero),
        cmocka_unit_test(test_the_last_lines_of_the_log),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_answers_that_are_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

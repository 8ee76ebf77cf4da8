/* The result's own bookkeeping: warnings, options by name, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/made_result.h"

static const struct experiment nothing = {.name = "nothing"};

static void test_warnings_are_kept_in_order_and_once(void **state)
{
    struct result r;

    (void)state;
    made_result(&r, &nothing);
    result_warn(&r, "%d threads on %d CPUs", 8, 2);
    result_warn(&r, "one run only");
    result_warn(&r, "%s threads on 2 CPUs", "8");
    assert_int_equal(r.warnings.count, 2);
    assert_string_equal(r.warnings.items[0], "8 threads on 2 CPUs");
    assert_string_equal(r.warnings.items[1], "one run only");
    for (int i = 0; i < 100; i++)
        result_warn(&r, "number %d", i);
    assert_int_equal(r.warnings.count, 102);
    assert_string_equal(r.warnings.items[101], "number 99");
    result_free(&r);
    assert_int_equal(r.warnings.count, 0);
    result_warn(&r, "usable after that");
    assert_int_equal(r.warnings.count, 1);
    result_free(&r);
}

static void test_warnings_are_printable_and_whole(void **state)
{
    static char name[5000];
    struct result r;

    (void)state;
    made_result(&r, &nothing);
    result_warn(&r, "UV_THREADPOOL_SIZE=%s", "\x1b[2J\xff");
    assert_string_equal(r.warnings.items[0], "UV_THREADPOOL_SIZE=?[2J?");
    memset(name, 'x', sizeof name - 1);
    result_warn(&r, "%s", name);
    assert_string_equal(r.warnings.items[1], name);
    result_free(&r);
}

struct options {
    uint64_t jobs, duration_ns, size_bytes;
    unsigned work;
    bool busy;
    const char *file;
};

static const char *const works[] = {"pbkdf2", "sleep", "none", NULL};

static const struct param params[] = {
    PARAM_COUNT(struct options, jobs, "jobs", 'n', "5", 1, 100, "jobs"),
    PARAM_DURATION(struct options, duration_ns, "duration", 0, "1ms", 0, 1000000000, "how long"),
    PARAM_SIZE(struct options, size_bytes, "size", 0, "1k", 0, 1 << 20, "how large"),
    PARAM_CHOICE(struct options, work, "work", 0, 0, "pbkdf2", works, "what"),
    PARAM_FLAG(struct options, busy, "busy", 0, 0, "busy"),
    PARAM_STRING(struct options, file, "file", 0, PARAM_OPTIONAL, NULL, "FILE", "which"),
    PARAM_END,
};

static void test_options_by_name(void **state)
{
    struct options o = {UINT64_MAX - 1, 7, 1024, 2, true, "x"};
    struct result r;

    (void)state;
    made_result(&r, &nothing);
    assert_int_equal(result_option(&r, "jobs", 3), 3);
    r.options.table = params;
    r.options.values = &o;
    assert_true(result_option(&r, "jobs", 3) == UINT64_MAX - 1);
    assert_int_equal(result_option(&r, "duration", 3), 7);
    assert_int_equal(result_option(&r, "size", 3), 1024);
    assert_int_equal(result_option(&r, "work", 9), 2);
    assert_int_equal(result_option(&r, "busy", 9), 1);
    assert_int_equal(result_option(&r, "file", 9), 9);
    assert_int_equal(result_option(&r, "job", 9), 9);
    assert_int_equal(result_option(&r, "jobss", 9), 9);
    assert_int_equal(result_option(&r, "", 9), 9);
    result_free(&r);
}

static void test_failures_of_any_run(void **state)
{
    static const struct span_kind *const kinds[] = {NULL};
    struct result r;

    (void)state;
    made_result(&r, &nothing);
    assert_false(result_has_failures(&r));
    made_run(&r, &made_measured, 1, kinds);
    made_run(&r, &made_baseline, 1, kinds);
    assert_false(result_has_failures(&r));
    r.runs[1].failed = true;
    assert_true(result_has_failures(&r));
    result_free(&r);
    assert_int_equal(r.run_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warnings_are_kept_in_order_and_once),
        cmocka_unit_test(test_warnings_are_printable_and_whole),
        cmocka_unit_test(test_options_by_name),
        cmocka_unit_test(test_failures_of_any_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

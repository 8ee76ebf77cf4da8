/* multitask plans for the file as it is, once: one that changes before it is read costs that read
 * its success at most. A real session, of a pool of two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/multitask/multitask.h"
#include "measure/session.h"

extern const struct experiment experiment_multitask;

enum { READS = 2 };

static struct multitask_options options;
static struct result result;
static char path[] = P_tmpdir "/uvlab-planned.XXXXXX";

static void set(const char *name, const char *value)
{
    const struct param *p = param_find(experiment_multitask.params, name, strlen(name));
    struct err e;

    assert_non_null(p);
    assert_int_equal(param_set_value(&result.options, p, value, &e), 0);
}

static int begin(void **state)
{
    struct err e;
    int fd;

    (void)state;
    memcpy(strrchr(path, '.'), ".XXXXXX", sizeof ".XXXXXX");
    fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0)
        return -1;
    memset(&result, 0, sizeof result);
    memset(&options, 0, sizeof options);
    result.experiment = &experiment_multitask;
    result.options.table = experiment_multitask.params;
    result.options.values = &options;
    if (param_set_defaults(&result.options, &e) != 0)
        return -1;
    set("threads", "2");
    set("requests", "0");
    set("hashes", "0");
    set("reads", "2");
    set("file", path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    result_free(&result);
    return unlink(path);
}

/* Plans for a file of one size, and reads one of another. */
static void run(off_t planned_bytes, off_t read_bytes)
{
    struct session_options session = {.runs = 2};
    struct err e = {0};

    assert_int_equal(truncate(path, planned_bytes), 0);
    if (session_plan(&result, &session, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(truncate(path, read_bytes), 0);
    if (session_run(&result, &session, NULL, NULL, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(result.run_count, 2);
}

static void expect_status(int status)
{
    for (uint32_t i = 0; i < result.run_count; i++) {
        const struct recorder *r = &result.runs[i].recorder;
        uint32_t reads = 0;

        assert_true(r->count <= result.plan.passes[0].spans);
        for (uint32_t k = 0; k < r->count; k++) {
            struct span s;

            recorder_get(r, k, &s);
            if (s.kind != &file_span_kinds[FILE_KIND_WHOLE])
                continue;
            assert_int_equal(s.status, status);
            reads++;
        }
        assert_int_equal(reads, READS);
    }
}

static void every_way_to_read(off_t planned_bytes, off_t read_bytes, int status)
{
    for (int api = 0; file_api_names[api] != NULL; api++) {
        if (api > 0) {
            assert_int_equal(end(NULL), 0);
            assert_int_equal(begin(NULL), 0);
        }
        set("fs-api", file_api_names[api]);
        run(planned_bytes, read_bytes);
        expect_status(status);
    }
}

static void a_file_that_stays_as_it_was_is_read(void **state)
{
    (void)state;
    every_way_to_read(3L * FILE_PIECE_BYTES, 3L * FILE_PIECE_BYTES, SPAN_OK);
}

static void a_file_that_grows_before_the_first_run_fails_and_no_more(void **state)
{
    (void)state;
    every_way_to_read(1, 40L * FILE_PIECE_BYTES, SPAN_FAILED_GREW);
}

static void a_file_that_shrinks_before_the_first_run_is_read(void **state)
{
    (void)state;
    every_way_to_read(40L * FILE_PIECE_BYTES, 1, SPAN_OK);
}

/* What was planned for an empty file is as much as one without a size gets. */
static void an_empty_file_may_get_a_size(void **state)
{
    (void)state;
    every_way_to_read(0, 3L * FILE_PIECE_BYTES, SPAN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_A_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)
        WITH_A_FILE(a_file_that_stays_as_it_was_is_read),
        WITH_A_FILE(a_file_that_grows_before_the_first_run_fails_and_no_more),
        WITH_A_FILE(a_file_that_shrinks_before_the_first_run_is_read),
        WITH_A_FILE(an_empty_file_may_get_a_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

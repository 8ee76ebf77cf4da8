/* What the table and the JSON say of a cluster, of runs made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drawn.h"
#undef UNKNOWN
#undef MS
#include "made_cluster.h"

#include "analysis/worker_split.h"
#include "output/cluster_json.h"

static const struct view_style style = {.columns = 80};

static int begin(void **state)
{
    int rc = made_cluster(state);

    result.host.cpus_online = result.host.cpus_allowed = 2;
    result.host.cpu_quota = -1;
    run->elapsed_ns = 100 * MS;
    run->cpu_ns = MS;
    return rc;
}

static char *drawn(void)
{
    char *text = drawn_text(&result, NULL, style);

    assert_true(drawn_width(text) <= 80);
    return text;
}

static void a_line_for_each_worker(void **state)
{
    char *text;

    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_answered(1, 1, 40, 50, 60);
    run->cluster->cpu_ns = 150 * MS;
    text = drawn();
    assert_drawn(text, "\nworker 1  2 requests on 1 connection\n");
    assert_drawn(text, "\nworker 2  0 requests\n");
    assert_drawn(text, "\nserver    CPU 150 ms = 1.50 CPUs, of all its processes\n");
    assert_not_drawn(text, "killed");
    free(text);
}

static void runs_are_added_up(void **state)
{
    char *text;

    (void)state;
    made_answered(1, 1, 10, 20, 30);
    run = made_cluster_run(&made_measured, 2, 1);
    run->elapsed_ns = 100 * MS;
    made_answered(1, 1, 10, 20, 30);
    made_answered(2, 2, 10, 20, 30);
    run = made_cluster_run(&made_baseline, 5, 1);
    made_answered(5, 1, 10, 20, 30);
    text = drawn();
    assert_drawn(text, "\nworker 1  2 requests on 2 connections\n");
    assert_drawn(text, "\nworker 2  1 request on 1 connection\n");
    assert_not_drawn(text, "\nworker 5  "); /* the baseline's */
    free(text);
}

static void of_many_workers_a_few_are_told_of(void **state)
{
    char *text;

    (void)state;
    run->cluster->workers = 200;
    made_answered(200, 1, 10, 20, 30);
    text = drawn();
    assert_drawn(text, "\nworker 16 0 requests\n");
    assert_not_drawn(text, "\nworker 17");
    assert_drawn(text, "184 more workers (--all tells of them)");
    free(text);
}

static void kills_and_what_they_cost(void **state)
{
    char *text;

    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_lost(1, true, SPAN_FAILED_RESET, 40, 120);
    made_kill(1, 100, 110, 100 + 20 * MS);
    made_kill(2, 200, 210, 200 + 40 * MS);
    run->cluster->missed = 1;
    text = drawn();
    assert_drawn(
        text, "\nkilled    2 workers; 2 replaced and serving after 30.0 ms (median), 40.0 ms at\n"
              "          most\n");
    assert_drawn(text, "          1 time no worker was there to be killed\n");
    assert_drawn(text, "\nlost      1 request: 1 inside a killed worker\n");
    made_lost(2, false, SPAN_FAILED_RESET, 90, 120);
    made_lost(3, false, SPAN_FAILED_CONNECT, 90, 120);
    free(text);
    text = drawn();
    assert_drawn(
        text, "\nlost      3 requests: 1 inside a killed worker, 1 on new connections while one\n"
              "          was killed, 1 elsewhere\n");
    free(text);
}

static void nothing_was_lost(void **state)
{
    char *text;

    (void)state;
    made_answered(1, 1, 10, 20, 30);
    made_kill(1, 100, 110, UNKNOWN);
    text = drawn();
    assert_drawn(text, "\nkilled    1 worker\nlost      no request\n");
    free(text);
}

static void the_same_as_json(void **state)
{
    cJSON *json;
    char *text;

    (void)state;
    made_answered(2, 1, 10, 20, 30);
    made_lost(1, true, SPAN_FAILED_RESET, 40, 120);
    made_kill(2, 100, 110, UNKNOWN);
    json = cluster_json(run, false);
    assert_non_null(json);
    text = cJSON_PrintUnformatted(json);
    assert_string_equal(
        text,
        "{\"threads\":1,\"cpu_ns\":null,\"workers\":[{\"worker\":1,\"requests\":0,\"connections\":"
        "0},"
        "{\"worker\":2,\"requests\":1,\"connections\":1}],\"nameless\":1,\"killed\":[{\"worker\":2,"
        "\"pid\":4001,\"successor\":5001,\"killed_ns\":100,\"died_ns\":110,\"serving_ns\":null,"
        "\"replaced_after_ns\":null,\"connections\":0,\"in_flight\":0}],\"missed\":0,"
        "\"lost\":{\"inside\":1,\"unclear\":0,\"elsewhere\":0}}");
    cJSON_free(text);
    cJSON_Delete(json);
}

/* Numbers from an answer are anybody's. */
static void the_highest_number_has_a_row(void **state)
{
    struct worker_split split;

    (void)state;
    made_answered(9999, 1, 10, 20, 30);
    assert_true(worker_split_make(&split, run, 2));
    assert_int_equal(split.count, 9999);
    assert_int_equal(split.rows[9998].requests, 1);
    assert_int_equal(split.nameless, 0);
    worker_split_free(&split);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, made_cluster_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_for_each_worker),
        TEST(runs_are_added_up),
        TEST(of_many_workers_a_few_are_told_of),
        TEST(kills_and_what_they_cost),
        TEST(nothing_was_lost),
        TEST(the_same_as_json),
        TEST(the_highest_number_has_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What `cluster` makes of its options before anything is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "experiments/cluster/cluster.h"
#include "measure/host.h"
#include "measure/session.h"

extern const struct experiment experiment_cluster;

static struct cluster_options options;
static struct result result;
static struct err e;

static int begin(void **state)
{
    (void)state;
    memset(&result, 0, sizeof result);
    memset(&options, 0, sizeof options);
    result.experiment = &experiment_cluster;
    result.options.table = experiment_cluster.params;
    result.options.values = &options;
    return param_set_defaults(&result.options, &e);
}

/* As a flag on the command line would. */
static void set(const char *name, const char *value)
{
    const struct param *p = param_find(experiment_cluster.params, name, strlen(name));

    assert_non_null(p);
    assert_int_equal(param_set_value(&result.options, p, value, &e), 0);
    result.options.source[p - experiment_cluster.params] = PARAM_FROM_FLAG;
}

static int planned(uint64_t runs)
{
    struct session_options session = {.runs = runs};

    return session_plan(&result, &session, &e);
}

static void expect_numbers(uint64_t requests, uint64_t connections)
{
    if (planned(1) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(options.load.requests, requests);
    assert_int_equal(options.load.connections, connections);
}

static void expect_refusal(enum exit_status status, const char *why)
{
    assert_int_equal(planned(1), -1);
    assert_int_equal(e.status, status);
    if (strstr(e.text, why) == NULL)
        fail_msg("'%s' is not in '%s'", why, e.text);
}

static uint64_t cpus(void)
{
    struct host_facts host;

    host_gather(&host);
    return host_cpus_usable(&host);
}

/* --- How many. --- */

static void one_path_is_asked_for_six_times(void **state)
{
    (void)state;
    expect_numbers(6, 6);
    assert_string_equal(cluster_path(&options, 0), "/");
}

static void several_paths_are_asked_for_once_each(void **state)
{
    (void)state;
    set("path", "/block");
    set("path", "/fast");
    expect_numbers(2, 2);
    assert_string_equal(cluster_path(&options, 1), "/fast");
}

static void paths_are_asked_for_one_after_the_other(void **state)
{
    (void)state;
    set("path", "/block");
    set("path", "/fast");
    set("path", "/");
    assert_int_equal(planned(1), 0);
    assert_int_equal(options.load.ramp_ns, 60000000);
    begin(NULL);
    set("path", "/block");
    set("path", "/fast");
    set("ramp", "1ms");
    assert_int_equal(planned(1), 0);
    assert_int_equal(options.load.ramp_ns, 1000000);
    begin(NULL);
    assert_int_equal(planned(1), 0);
    assert_int_equal(options.load.ramp_ns, 0);
    set("path", "/block");
    set("path", "/fast");
    set("duration", "40ms"); /* no room for one */
    assert_int_equal(planned(1), 0);
    assert_int_equal(options.load.ramp_ns, 0);
}

static void as_many_requests_as_connections_and_the_other_way_round(void **state)
{
    (void)state;
    set("concurrency", "50");
    expect_numbers(50, 50);
    begin(NULL);
    set("requests", "2");
    expect_numbers(2, 2);
    begin(NULL);
    set("requests", "500");
    expect_numbers(500, 6);
    begin(NULL);
    set("requests", "500");
    set("concurrency", "50");
    expect_numbers(500, 50);
}

static void a_duration_alone_ends_it(void **state)
{
    (void)state;
    set("duration", "1s");
    expect_numbers(0, 6);
}

static void paths_need_connections_and_requests_of_their_own(void **state)
{
    (void)state;
    set("path", "/");
    set("path", "/fast");
    set("concurrency", "1");
    expect_refusal(STATUS_USAGE, "--concurrency 1: 2 paths need as many");
    set("concurrency", "2");
    set("requests", "1");
    expect_refusal(STATUS_USAGE, "--requests 1: there are 2 paths");
}

/* --- What is decided for the machine. --- */

static void max_is_as_many_as_there_are_cpus(void **state)
{
    (void)state;
    set("workers", "max");
    assert_int_equal(planned(1), 0);
    assert_int_equal(options.server.workers, cpus());
}

static void more_workers_than_cpus_have_a_baseline(void **state)
{
    char many[32];

    (void)state;
    snprintf(many, sizeof many, "%u", (unsigned)cpus() + 1);
    set("workers", many);
    set("concurrency", many);
    assert_int_equal(planned(7), 0);
    assert_int_equal(result.plan.pass_count, 2);
    assert_int_equal(result.plan.passes[0].role, PASS_MEASURED);
    assert_int_equal(result.plan.passes[1].role, PASS_BASELINE);
    assert_int_equal(result.plan.passes[1].runs, 7);
    assert_string_equal(result.plan.passes[1].override, "workers");
    assert_int_equal(result.plan.passes[1].override_value, cpus());
}

static void expect_no_baseline(const char *name, const char *value)
{
    char many[32];

    begin(NULL);
    snprintf(many, sizeof many, "%u", (unsigned)cpus() + 1);
    set("workers", many);
    set("concurrency", many);
    if (name != NULL)
        set(name, value);
    if (planned(1) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(result.plan.pass_count, 1);
}

static void where_it_would_show_nothing_there_is_none(void **state)
{
    (void)state;
    expect_no_baseline("path", "/fast");
    expect_no_baseline("path", "/sleep?ms=1");
    expect_no_baseline("workers", "1");
    expect_no_baseline("kill-every", "1s");
    expect_no_baseline("duration", "1s");
    expect_no_baseline("rate", "10");
    expect_no_baseline("histogram", "");
}

static void paths_that_compute_are_known(void **state)
{
    (void)state;
    assert_true(cluster_path_computes("/"));
    assert_true(cluster_path_computes("/?x"));
    assert_true(cluster_path_computes("/block?ms=5000"));
    assert_true(cluster_path_computes("/spin"));
    assert_true(cluster_path_computes("/count?n=5"));
    assert_false(cluster_path_computes("/fast"));
    assert_false(cluster_path_computes("/blocked"));
    assert_false(cluster_path_computes("/bloc"));
    assert_false(cluster_path_computes("/sleep?ms=/"));
}

/* --- What is refused. --- */

static void expect_path_refused(const char *path, const char *why)
{
    begin(NULL);
    set("path", path);
    expect_refusal(STATUS_USAGE, why);
}

static void paths_that_are_none_are_refused(void **state)
{
    char path[3000];

    (void)state;
    expect_path_refused("", "must begin with /");
    expect_path_refused("fast", "--path fast: must begin with /");
    expect_path_refused("http://localhost/", "must begin with /");
    expect_path_refused("/a b", "written as %20");
    expect_path_refused("/a\r\nHost: b", "written as %20");
    expect_path_refused("/\x7f", "written as %20");
    expect_path_refused("/\xc3\xa4", "written as %20");
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    expect_path_refused(path, "longer than 2,000 bytes");
}

static void what_is_for_servers_of_others_is_refused(void **state)
{
    (void)state;
    set("insecure", "");
    expect_refusal(STATUS_USAGE, "--insecure: the server is uvlab's own");
    begin(NULL);
    set("cacert", "x.pem");
    expect_refusal(STATUS_USAGE, "--cacert: the server is uvlab's own");
}

static void lost_requests_are_not_repeated_where_workers_are_killed(void **state)
{
    (void)state;
    assert_int_equal(planned(1), 0);
    assert_false(options.load.once);
    set("kill-every", "1s");
    assert_int_equal(planned(1), 0);
    assert_true(options.load.once);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_path_is_asked_for_six_times),
        TEST(several_paths_are_asked_for_once_each),
        TEST(paths_are_asked_for_one_after_the_other),
        TEST(as_many_requests_as_connections_and_the_other_way_round),
        TEST(a_duration_alone_ends_it),
        TEST(paths_need_connections_and_requests_of_their_own),
        TEST(max_is_as_many_as_there_are_cpus),
        TEST(more_workers_than_cpus_have_a_baseline),
        TEST(where_it_would_show_nothing_there_is_none),
        TEST(paths_that_compute_are_known),
        TEST(paths_that_are_none_are_refused),
        TEST(what_is_for_servers_of_others_is_refused),
        TEST(lost_requests_are_not_repeated_where_workers_are_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

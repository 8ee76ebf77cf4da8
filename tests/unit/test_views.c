/* The views for programs, read back: every field of a result made by hand, what is unknown, and
 * texts that try to break the format. The trace has a test of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/unit/viewed.h"

static char folder[] = P_tmpdir "/uvlab-views.XXXXXX";

/* A result as most tests want it, and what it needs. */
struct fixture {
    struct result r;
    struct viewed_options options;
    struct param_set common;
    struct viewed_common values;
};
static struct fixture f;

static int make(void **state)
{
    (void)state;
    viewed_result(&f.r, &f.options, &f.common, &f.values);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    result_free(&f.r);
    return 0;
}

static struct run *add_run(const struct pass *pass, uint32_t capacity)
{
    struct run *run = made_run(&f.r, pass, capacity, viewed_kinds);

    viewed_run(run);
    return run;
}

static cJSON *read_document(void)
{
    char *text = viewed_text(view_json, &f.r, "r.json");
    cJSON *document = cJSON_ParseWithOpts(text, NULL, true);

    if (document == NULL)
        fail_msg("no JSON: %s", text);
    free(text);
    return document;
}

/* The member at a path of keys; numbers are places in arrays. */
static const cJSON *at(const cJSON *item, const char *path)
{
    char key[64];

    for (int used = 0; sscanf(path, "%63[^/]%n", key, &used) == 1; path += used) {
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(key))
                                   : cJSON_GetObjectItemCaseSensitive(item, key);
        if (item == NULL)
            fail_msg("there is no %s", key);
        if (path[used] == '/')
            used++;
    }
    return item;
}

static void assert_text(const cJSON *root, const char *path, const char *expected)
{
    const cJSON *item = at(root, path);

    assert_true(cJSON_IsString(item));
    assert_string_equal(item->valuestring, expected);
}

static void assert_number(const cJSON *root, const char *path, double expected)
{
    const cJSON *item = at(root, path);

    assert_true(cJSON_IsNumber(item));
    assert_true(item->valuedouble >= expected && item->valuedouble <= expected);
}

static void assert_nulls(const cJSON *root, const char *const *paths)
{
    for (; *paths != NULL; paths++) {
        if (!cJSON_IsNull(at(root, *paths)))
            fail_msg("%s is not null", *paths);
    }
}

static void test_names(void **state)
{
    static const char *const names[] = {"table", "json", "ndjson", "csv", "trace"};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(view_names[i], names[i]);
        assert_string_equal(view_at(i)->name, names[i]);
        assert_int_equal(view_at(i)->judged, i < 2);
    }
    assert_null(view_names[5]);
    assert_ptr_equal(view_at(1)->write, view_json);
    assert_ptr_equal(view_at(4)->write, view_trace);
}

static void test_document(void **state)
{
    static const char *const keys[] = {"schema",       "experiment",  "parameters",  "environment",
                                       "started_at",   "interrupted", "warmup_runs", "runs",
                                       "summary_runs", "summary",     "warnings",    "claims"};
    const cJSON *member;
    cJSON *d;
    size_t i = 0;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    d = read_document();
    cJSON_ArrayForEach(member, d)
    {
        assert_true(i < sizeof keys / sizeof keys[0]);
        assert_string_equal(member->string, keys[i++]);
    }
    assert_int_equal(i, sizeof keys / sizeof keys[0]);
    assert_text(d, "schema", "uvlab.result/1");
    assert_text(d, "experiment", "viewed");
    assert_text(d, "started_at", "2026-01-31T09:30:00.000Z");
    assert_true(cJSON_IsFalse(at(d, "interrupted")));
    assert_number(d, "warmup_runs", 2);
    assert_text(d, "runs/0/role", "measured");
    assert_int_equal(cJSON_GetArraySize(at(d, "runs/0/parameters")), 0);
    assert_number(d, "runs/0/elapsed_ns", 2000500);
    assert_true(cJSON_IsNull(at(d, "runs/0/cpu_ns")));
    assert_true(cJSON_IsFalse(at(d, "runs/0/interrupted")));
    assert_number(d, "runs/0/loop/iterations", 3);
    assert_number(d, "runs/0/loop/idle_ns", 1000);
    assert_number(d, "runs/0/loop/max_lag_ns", 50);
    assert_text(d, "warnings/0", "one run: no spread");
    assert_text(d, "claims/0/id", "waits");
    assert_text(d, "claims/0/claim", "the last call waits");
    assert_text(d, "claims/0/verdict", "not tested here");
    assert_text(d, "claims/0/evidence", HOSTILE_READ);
    cJSON_Delete(d);
}

static void test_parameters(void **state)
{
    static const char *const nulls[] = {"unset", "nothing", "superseded", NULL};
    const cJSON *p;
    cJSON *d;
    char *text;

    (void)state;
    viewed_spans(add_run(&viewed_override, 8));
    d = read_document();
    p = at(d, "parameters");
    assert_int_equal(cJSON_GetArraySize(p), 13); /* all but the way to show it */
    assert_number(p, "threads", 2);              /* as the pool really is */
    assert_number(p, "nap_time_ns", 1000000000);
    assert_number(p, "buffer_bytes", 1024);
    assert_text(p, "file", HOSTILE_READ);
    assert_text(p, "work", "sleep");
    assert_true(cJSON_IsTrue(at(p, "fast")));
    assert_int_equal(cJSON_GetArraySize(at(p, "url")), 2);
    assert_text(p, "url/0", "https://a/");
    assert_text(p, "url/1", HOSTILE_READ);
    assert_true(cJSON_IsArray(at(p, "empty")));
    assert_int_equal(cJSON_GetArraySize(at(p, "empty")), 0);
    assert_number(p, "runs", 7);
    assert_nulls(p, nulls);
    assert_text(d, "runs/0/role", "baseline");
    assert_int_equal(cJSON_GetArraySize(at(d, "runs/0/parameters")), 1);
    cJSON_Delete(d);

    /* cJSON reads numbers as doubles; the text has them exact. */
    text = viewed_text(view_json, &f.r, "r.json");
    assert_non_null(strstr(text, "\n    \"jobs\": 18446744073709551614,\n"));
    assert_non_null(strstr(text, "{\"nap_time_ns\":9007199254740993}"));
    free(text);
}

static void test_environment(void **state)
{
    static const char *const unknown[] = {"cpu_quota", "memory_bytes",  "kernel",
                                          "libcurl",   "others_cpu_ns", NULL};
    static const char *const no_pool[] = {"environment/pool_size", "environment/pool_size_source",
                                          NULL};
    const cJSON *h;
    cJSON *d;

    (void)state;
    d = read_document();
    h = at(d, "environment");
    assert_text(h, "cpu", HOSTILE_READ);
    assert_number(h, "cpus_online", 8);
    assert_number(h, "cpus_allowed", 2);
    assert_number(h, "load_average", 0.25);
    assert_number(h, "stolen_ns", 5);
    assert_text(h, "clock", "monotonic");
    assert_text(h, "libuv", "1.44.2");
    assert_number(h, "pool_size", 2);
    assert_text(h, "pool_size_source", "UV_THREADPOOL_SIZE");
    assert_nulls(h, unknown);
    cJSON_Delete(d);

    f.r.pool.size = 0;
    f.r.host.cpu_quota = 1.5;
    snprintf(f.r.libcurl, sizeof f.r.libcurl, "7.88.1");
    d = read_document();
    assert_nulls(d, no_pool);
    assert_number(d, "environment/cpu_quota", 1.5);
    assert_text(d, "environment/libcurl", "7.88.1");
    assert_number(d, "parameters/threads", 9);
    cJSON_Delete(d);
}

static void assert_first_spans(const cJSON *spans)
{
    static const char *const unknown[] = {
        "0/parent",      "0/armed_by",  "0/cpu_ns",         "3/lane",        "3/started_ns",
        "3/finished_ns", "3/waited_ns", "3/ran_ns",         "3/returned_ns", "4/node_name",
        "5/phase",       "5/iteration", "5/called_back_ns", "5/total_ns",    NULL};

    assert_text(spans, "0/name", "hash 2");
    assert_text(spans, "0/lane", "pool 2");
    assert_text(spans, "0/phase", "poll");
    assert_text(spans, "0/node_name", "crypto.pbkdf2");
    assert_number(spans, "0/iteration", 1);
    assert_number(spans, "0/finished_ns", 5000000000000);
    assert_number(spans, "0/waited_ns", 900);
    assert_number(spans, "0/ran_ns", 5000000000000 - 2100);
    assert_number(spans, "0/returned_ns", 700);
    assert_number(spans, "0/total_ns", 5000000000700 - 1200);
    assert_text(spans, "0/status", "ok");
    assert_number(spans, "2/ran_ns", 0); /* a timer that is due: known, and none */
    assert_text(spans, "2/lane", "loop");
    assert_text(spans, "3/name", "immediate");
    assert_number(spans, "3/total_ns", 1500);
    assert_number(spans, "4/parent", 5);
    assert_text(spans, "4/status", "cancelled");
    assert_text(spans, "5/name", "an \"odd\", name 7");
    assert_nulls(spans, unknown);
}

static void test_spans(void **state)
{
    cJSON *d;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    d = read_document();
    assert_int_equal(cJSON_GetArraySize(at(d, "runs/0/spans")), 7);
    assert_number(d, "runs/0/spans/0/id", 1);
    assert_number(d, "runs/0/spans/0/cpu_ns", 990000);
    cJSON_Delete(cJSON_DetachItemFromArray(
        cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(d, "runs"), 0), "spans"), 0));
    assert_first_spans(at(d, "runs/0/spans"));
    cJSON_Delete(d);
}

static void test_summary(void **state)
{
    static const char *const unknown[] = {"immediate/ran_ns", "immediate/cpu_ns", "odd/total_ns",
                                          NULL};
    const cJSON *s;
    cJSON *d;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    viewed_spans(add_run(&viewed_override, 8)); /* not measured: does not count */
    d = read_document();
    s = at(d, "summary");
    assert_int_equal(cJSON_GetArraySize(s), 5);
    assert_number(s, "pbkdf2/count", 3);
    assert_number(s, "pbkdf2/errors", 0);
    assert_number(s, "pbkdf2/waited_ns/min", 900);
    assert_number(s, "pbkdf2/waited_ns/p50", 1000);
    assert_number(s, "pbkdf2/waited_ns/max", 1000800);
    assert_true(at(s, "pbkdf2/waited_ns/stddev")->valuedouble > 500000);
    assert_true(cJSON_IsNull(at(s, "pbkdf2/cpu_ns/stddev")));
    assert_number(s, "pbkdf2/cpu_ns/p99", 990000);
    assert_number(s, "fs.read/errors", 1);
    assert_nulls(s, unknown);
    cJSON_Delete(d);
}

/* Of whole measured runs; one that was interrupted, or is not measured, does not count. */
static void test_summary_of_runs(void **state)
{
    const cJSON *s;
    cJSON *d;

    (void)state;
    for (uint64_t i = 0; i < 5; i++)
        add_run(i < 4 ? &made_measured : &viewed_override, 1)->elapsed_ns = 10 + 10 * i;
    f.r.runs[1].interrupted = true;
    f.r.runs[2].cpu_ns = 7;
    d = read_document();
    assert_true(cJSON_IsTrue(at(d, "runs/1/interrupted")));
    s = at(d, "summary_runs");
    assert_number(s, "count", 3);
    assert_number(s, "elapsed_ns/min", 10);
    assert_number(s, "elapsed_ns/mean", 27);
    assert_number(s, "elapsed_ns/p50", 30);
    assert_number(s, "elapsed_ns/p90", 40);
    assert_number(s, "elapsed_ns/p99", 40);
    assert_number(s, "elapsed_ns/max", 40);
    assert_number(s, "elapsed_ns/stddev", 15);
    assert_number(s, "cpu_ns/p50", 7);
    assert_true(cJSON_IsNull(at(s, "cpu_ns/stddev")));
    cJSON_Delete(d);
    for (uint32_t i = 0; i < 4; i++)
        f.r.runs[i].interrupted = true;
    d = read_document();
    assert_true(cJSON_IsNull(at(d, "summary_runs")));
    cJSON_Delete(d);
}

static const struct span_kind request_kind = {"http", "request", PHASE_POLL, NULL, SPAN_HTTP};
static const struct span_kind *const request_kinds[] = {&request_kind, &viewed_kinds_rows[HASH],
                                                        NULL};

/* One that was answered, one that was not, and a call that is no request. */
static void add_requests(void)
{
    struct run *run = made_run_with(&f.r, &made_measured, 3, request_kinds, RECORD_HTTP);

    viewed_run(run);
    run->pool_cpu_ns = 77;
    made_span(run, (struct made_span){0, LANE_OS, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){0, LANE_OS, SPAN_FAILED_CURL - 7, 0, 1, 2, 3});
    made_span(run, (struct made_span){1, 1, 0, 0, 1, 2, 3});
    *recorder_http(&run->recorder, 0) = (struct span_http){.received_bytes = UINT64_C(5000000000),
                                                           .answer = 200,
                                                           .version = 11,
                                                           .reused = true,
                                                           .connection = 7};
    *recorder_http(&run->recorder, 1) = (struct span_http){.error = "no \"way\",\nat all"};
}

static void test_requests(void **state)
{
    static const char *const unknown[] = {"1/http/answer", "1/http/version", "0/http/error", NULL};
    const cJSON *spans;
    cJSON *d;

    (void)state;
    add_requests();
    d = read_document();
    spans = at(d, "runs/0/spans");
    assert_number(spans, "0/http/answer", 200);
    assert_text(spans, "0/http/version", "1.1");
    assert_true(cJSON_IsTrue(at(spans, "0/http/reused")));
    assert_number(spans, "0/http/received_bytes", 5000000000);
    assert_text(spans, "0/status", "ok");
    assert_text(spans, "0/lane", "os");
    assert_int_equal(cJSON_GetArraySize(at(spans, "1/http")), 9);
    assert_true(cJSON_IsFalse(at(spans, "1/http/reused")));
    assert_number(spans, "1/http/received_bytes", 0);
    assert_text(spans, "1/http/error", "no \"way\",\nat all");
    assert_text(spans, "1/status", "connect: no connection");
    assert_nulls(spans, unknown);
    assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(spans, 2), "http"));
    assert_number(d, "runs/0/pool_cpu_ns", 77);
    cJSON_Delete(d);
    f.r.runs[0].pool_cpu_ns = UNKNOWN;
    d = read_document();
    assert_true(cJSON_IsNull(at(d, "runs/0/pool_cpu_ns")));
    cJSON_Delete(d);
}

static void test_requests_in_lines(void **state)
{
    char *text;

    (void)state;
    add_requests();
    text = viewed_text(view_ndjson, &f.r, "r.ndjson");
    assert_non_null(
        strstr(text, ",\"status\":\"ok\",\"http\":{\"answer\":200,\"version\":\"1.1\","
                     "\"reused\":true,\"received_bytes\":5000000000,\"error\":null,\"due_ns\":null,"
                     "\"sent_ns\":null,\"first_byte_ns\":null,\"connection\":7}}\n"));
    assert_non_null(strstr(text, ",\"http\":{\"answer\":null,\"version\":null,\"reused\":false,"
                                 "\"received_bytes\":0,\"error\":\"no \\\"way\\\",\\nat all\","
                                 "\"due_ns\":null,\"sent_ns\":null,\"first_byte_ns\":null,"
                                 "\"connection\":null}}\n"));
    assert_non_null(strstr(text, ",\"status\":\"ok\"}\n"));
    free(text);
    text = viewed_text(view_csv, &f.r, "r.csv");
    assert_non_null(strstr(text, ",ok,false,200,1.1,true,5000000000,,,,,7\n"));
    assert_non_null(
        strstr(text, ",connect: no connection,false,,,false,0,\"no \"\"way\"\",\nat all\",,,,\n"));
    assert_non_null(strstr(text, ",ok,false,,,,,,,,,\n"));
    free(text);
}

/* A call that was never called back has no phase, whatever its kind. */
static void test_no_phase_without_a_callback(void **state)
{
    struct run *run;
    cJSON *d;
    char *text;

    (void)state;
    run = add_run(&made_measured, 1);
    made_span(run, (struct made_span){HASH, 1, 0, 1, 2, UNKNOWN, UNKNOWN});
    d = read_document();
    assert_true(cJSON_IsNull(at(d, "runs/0/spans/0/phase")));
    cJSON_Delete(d);
    text = viewed_text(view_ndjson, &f.r, "r.ndjson");
    assert_non_null(strstr(text, "\"phase\":null"));
    free(text);
    text = viewed_text(view_csv, &f.r, "r.csv");
    assert_null(strstr(text, "poll"));
    free(text);
}

static void test_nothing_was_run(void **state)
{
    cJSON *d;
    char *text;

    (void)state;
    f.r.interrupted = true;
    d = read_document();
    assert_int_equal(cJSON_GetArraySize(at(d, "runs")), 0);
    assert_true(cJSON_IsTrue(at(d, "interrupted")));
    cJSON_Delete(d);
    add_run(&made_measured, 1);
    f.r.runs[0].elapsed_ns = UNKNOWN;
    d = read_document();
    assert_int_equal(cJSON_GetArraySize(at(d, "runs/0/spans")), 0);
    assert_true(cJSON_IsNull(at(d, "runs/0/elapsed_ns")));
    cJSON_Delete(d);
    text = viewed_text(view_ndjson, &f.r, "r.ndjson");
    assert_string_equal(text, "");
    free(text);
    text = viewed_text(view_csv, &f.r, "r.csv");
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

/* Every line is the span of the document, with four members more. */
static void test_ndjson(void **state)
{
    cJSON *d, *line;
    char *text, *from;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    viewed_spans(add_run(&viewed_override, 8));
    d = read_document();
    text = viewed_text(view_ndjson, &f.r, "r.ndjson");
    from = text;
    for (int i = 0; i < 14; i++, from = strchr(from, '\n') + 1) {
        const cJSON *run = at(d, i < 7 ? "runs/0/spans" : "runs/1/spans");

        line = cJSON_Parse(from);
        assert_non_null(line);
        assert_number(line, "run", i < 7 ? 1 : 2);
        assert_text(line, "role", i < 7 ? "measured" : "baseline");
        assert_text(line, "experiment", "viewed");
        assert_true(cJSON_IsFalse(at(line, "interrupted")));
        for (int added = 0; added < 4; added++)
            cJSON_DeleteItemFromArray(line, 0);
        assert_true(cJSON_Compare(line, cJSON_GetArrayItem(run, i % 7), true));
        cJSON_Delete(line);
    }
    assert_string_equal(from, "");
    free(text);
    cJSON_Delete(d);
}

static void test_csv(void **state)
{
    static const char expected[] =
        "run,role,experiment,id,parent,armed_by,kind,name,lane,iteration,phase,node_name,"
        "submitted_ns,started_ns,finished_ns,called_back_ns,waited_ns,ran_ns,returned_ns,total_ns,"
        "cpu_ns,status,interrupted,answer,http_version,reused,received_bytes,error,"
        "due_ns,sent_ns,first_byte_ns,connection\n"
        "1,measured,viewed,1,,,pbkdf2,hash 1,pool 1,1,poll,crypto.pbkdf2,1000,2000,1002000,1003000,"
        "1000,1000000,1000,1002000,990000,ok,false,,,,,,,,,\n"
        "1,measured,viewed,2,,,pbkdf2,hash 2,pool 2,1,poll,crypto.pbkdf2,1200,2100,5000000000000,"
        "5000000000700,900,4999999997900,700,4999999999500,,ok,false,,,,,,,,,\n"
        "1,measured,viewed,3,,,pbkdf2,hash 3,pool 1,1,poll,crypto.pbkdf2,1300,1002100,2000000,"
        "2000500,1000800,997900,500,1999200,,ok,false,,,,,,,,,\n"
        "1,measured,viewed,4,,,timer,timer 4,loop,1,timers,setTimeout,1400,500000,500000,501000,"
        "498600,0,1000,499600,,ok,false,,,,,,,,,\n"
        "1,measured,viewed,5,,,immediate,immediate,,1,check,setImmediate,1500,,,3000,,,,1500,,ok,"
        "false,"
        ",,,,,,,,\n"
        "1,measured,viewed,6,5,,fs.read,read "
        "6,,1,poll,,1600,,,3500,,,,1900,,cancelled,false,,,,,,,,,\n"
        "1,measured,viewed,7,,,odd,\"an \"\"odd\"\", name "
        "7\",,,,,1700,,,,,,,,,unfinished,false,,,,,,,,,\n";
    char *text;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    text = viewed_text(view_csv, &f.r, "r.csv");
    assert_string_equal(text, expected);
    free(text);
}

/* Rows may end up without the document that they came from: each says that others are missing. */
static void test_every_row_is_marked_as_interrupted(void **state)
{
    char *text;
    int rows = 0;

    (void)state;
    viewed_spans(add_run(&made_measured, 8));
    f.r.interrupted = true;
    text = viewed_text(view_ndjson, &f.r, "r.ndjson");
    for (const char *at = text; (at = strstr(at, "\"interrupted\":true")) != NULL; at++)
        rows++;
    assert_int_equal(rows, 7);
    assert_null(strstr(text, "\"interrupted\":false"));
    free(text);
    text = viewed_text(view_csv, &f.r, "r.csv");
    for (const char *at = text; (at = strstr(at, ",true,,,,,,,,,\n")) != NULL; at++)
        rows++;
    assert_int_equal(rows, 14);
    assert_null(strstr(text, ",false,,,,,,,,,\n"));
    free(text);
}

#define VIEWED(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        VIEWED(test_document),
        VIEWED(test_parameters),
        VIEWED(test_environment),
        VIEWED(test_spans),
        VIEWED(test_summary),
        VIEWED(test_nothing_was_run),
        VIEWED(test_summary_of_runs),
        VIEWED(test_no_phase_without_a_callback),
        VIEWED(test_ndjson),
        VIEWED(test_csv),
        VIEWED(test_every_row_is_marked_as_interrupted),
        VIEWED(test_requests),
        VIEWED(test_requests_in_lines),
    };
    int failed;

    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    mem_adopt_cjson();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (system("rm -f r.json r.ndjson r.csv") != 0 || chdir("..") != 0 || rmdir(folder) != 0)
        perror(folder);
    return failed;
}

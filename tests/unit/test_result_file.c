/* Results that come from files: right, wrong and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "input/result_file.h"

/* A document around its runs; what follows replaces parts of it. */
#define HEAD                                                                                       \
    "{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"parameters\":{\"threads\":4,"  \
    "\"path\":[\"/\"],\"file\":null},\"environment\":{\"cpu\":\"a CPU\",\"load_average\":1.5},"    \
    "\"started_at\":\"2026-11-30T01:50:35.896Z\",\"interrupted\":false,\"warnings\":[\"busy\"],"
#define RUN "\"role\":\"measured\",\"interrupted\":false,\"spans\":[]"
#define STATS(p50) "{\"min\":1,\"p50\":" p50 "}"
#define SUMMARY                                                                                    \
    "\"summary\":{\"spin\":{\"total_ns\":" STATS("10") ",\"waited_ns\":" STATS(                    \
        "0") ",\"ran_ns\":null,\"returned_ns\":" STATS("2") "}}"
#define SPAN(total)                                                                                \
    "{\"kind\":\"spin\",\"status\":\"ok\",\"total_ns\":" total ",\"waited_ns\":null}"

static int parse(struct result_file *f, const char *json, bool spans, struct err *e)
{
    return result_file_parse(f, "x.json", json, strlen(json), spans, e);
}

static void parse_well(struct result_file *f, const char *json, bool spans)
{
    struct err e;
    if (parse(f, json, spans, &e) != 0)
        fail_msg("%s", e.text);
}

static void check_series(const struct result_series *s, size_t count, const double *values)
{
    assert_int_equal(s->count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(s->values[i] >= values[i] && s->values[i] <= values[i]);
}

static void what_a_result_says_is_read(void **state)
{
    struct result_file f;
    const struct result_kind *kind;
    (void)state;
    parse_well(&f,
               HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":100,\"cpu_ns\":null," SUMMARY "},{" RUN
                    ",\"elapsed_ns\":9007199254740993,\"cpu_ns\":7," SUMMARY "}],\"more\":{}}",
               false);
    assert_string_equal(f.name, "x.json");
    assert_string_equal(f.experiment, "threadpool");
    assert_string_equal(f.started_at, "2026-11-30T01:50:35.896Z");
    assert_false(f.interrupted);
    assert_int_equal(cJSON_GetArraySize(f.parameters), 3);
    assert_int_equal(cJSON_GetArraySize(f.environment), 2);
    assert_int_equal(f.run_count, 2);
    assert_int_equal(f.runs_left_out, 0);
    check_series(&f.elapsed, 2, (const double[]){100, 9007199254740992});
    check_series(&f.cpu, 1, (const double[]){7});
    assert_int_equal(f.request.count, 0);
    assert_int_equal(f.kind_count, 1);
    kind = result_file_kind(&f, "spin");
    assert_non_null(kind);
    assert_null(result_file_kind(&f, "spi"));
    check_series(&kind->runs[PART_TOTAL], 2, (const double[]){10, 10});
    check_series(&kind->runs[PART_WAITED], 2, (const double[]){0, 0});
    assert_int_equal(kind->runs[PART_RAN].count, 0);
    check_series(&kind->runs[PART_RETURNED], 2, (const double[]){2, 2});
    assert_int_equal(kind->calls[PART_TOTAL].count, 0);
    assert_int_equal(f.warning_count, 1);
    assert_string_equal(f.warnings[0], "busy");
    result_file_free(&f);
    result_file_free(&f); /* it is empty, and stays so */
}

static void loads_have_more(void **state)
{
    struct result_file f;
    (void)state;
    parse_well(&f,
               HEAD "\"runs\":[{" RUN
                    ",\"elapsed_ns\":1000,\"load\":{\"answered\":8,\"latency_ns\":"
                    "{\"p50\":3,\"p99\":4}}},{" RUN ",\"elapsed_ns\":1000,\"load\":{\"answered\":0,"
                    "\"latency_ns\":null}}]}",
               false);
    check_series(&f.request, 1, (const double[]){125});
    check_series(&f.latency_p50, 1, (const double[]){3});
    check_series(&f.latency_p99, 1, (const double[]){4});
    result_file_free(&f);
}

static void only_measured_runs_that_are_whole_count(void **state)
{
    static const char json[] =
        HEAD "\"runs\":[{\"role\":\"baseline\",\"interrupted\":false,\"elapsed_ns\":1,\"spans\":"
             "[" SPAN("1") "]},{\"spans\":[" SPAN("20") "," SPAN(
                 "30") "],\"role\":\"measured\",\"interrupted\":false,\"elapsed_ns\":2},"
                       "{\"role\":\"trial\",\"interrupted\":false,\"spans\":[" SPAN(
                           "4") "]},"
                                "{\"role\":\"measured\",\"interrupted\":false,\"elapsed_ns\":5,"
                                "\"spans\":[" SPAN(
                                    "50") ",{\"kind\":\"dns\",\"status\":\"ENOENT\",\"total_ns\":7}"
                                          ","
                                          "{\"kind\":\"dns\",\"status\":\"ok\",\"total_ns\":8}]},"
                                          "{\"role\":\"measured\",\"interrupted\":true,\"elapsed_"
                                          "ns\":3,\"spans\":[" SPAN("6") "]}]}";
    struct result_file f;
    (void)state;
    parse_well(&f, json, true);
    assert_int_equal(f.run_count, 2);
    assert_int_equal(f.runs_left_out, 1);
    check_series(&f.elapsed, 2, (const double[]){2, 5});
    check_series(&result_file_kind(&f, "spin")->calls[PART_TOTAL], 3, (const double[]){20, 30, 50});
    check_series(&result_file_kind(&f, "spin")->calls[PART_WAITED], 0, NULL);
    check_series(&result_file_kind(&f, "dns")->calls[PART_TOTAL], 1, (const double[]){8});
    result_file_free(&f);
    parse_well(&f, json, false);
    assert_int_equal(f.kind_count, 0);
    result_file_free(&f);
}

static void spans_that_were_left_out_are_told(void **state)
{
    struct result_file f;
    (void)state;
    parse_well(&f, HEAD "\"runs\":[{" RUN ",\"spans_left_out\":5},{" RUN "}]}", true);
    assert_int_equal(f.runs_without_spans, 1);
    result_file_free(&f);
}

static void keys_that_come_twice_are_a_doubt(void **state)
{
    static const char doubt[] = "comes twice in an object of the file: the first counts";
    struct result_file f;
    (void)state;
    parse_well(&f, HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":1,\"elapsed_ns\":2}]}", false);
    check_series(&f.elapsed, 1, (const double[]){1});
    assert_int_equal(f.warning_count, 2);
    assert_non_null(strstr(f.warnings[0], "'elapsed_ns'"));
    assert_non_null(strstr(f.warnings[0], doubt));
    result_file_free(&f);
    parse_well(&f,
               HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":1}],\"runs\":[{" RUN
                    ",\"elapsed_ns\":2}],\"interrupted\":true,\"a\\u001b[1m\":1,\"a\\u001b[1m\":2}",
               false);
    assert_false(f.interrupted);
    check_series(&f.elapsed, 1, (const double[]){1});
    assert_non_null(strstr(f.warnings[f.warning_count - 1], doubt));
    assert_null(strchr(f.warnings[f.warning_count - 1], 0x1b));
    result_file_free(&f);
    /* A kind that is there twice is one figure a run. */
    parse_well(&f,
               HEAD "\"runs\":[{" RUN ",\"summary\":{\"a\":{\"total_ns\":{\"p50\":1}},"
                    "\"a\":{\"total_ns\":{\"p50\":2}}}}]}",
               false);
    check_series(&result_file_kind(&f, "a")->runs[PART_TOTAL], 1, (const double[]){1});
    result_file_free(&f);
}

static void texts_are_made_printable(void **state)
{
    struct result_file f;
    struct err e;
    static const char json[] =
        "{\"schema\":\"uvlab.result/"
        "1\",\"experiment\":\"loop\",\"parameters\":{},\"environment\":{},"
        "\"started_at\":\"\\u001b[2J\",\"interrupted\":true,\"warnings\":[\"a\\nb\\u009b\"],"
        "\"runs\":[]}";
    (void)state;
    assert_int_equal(result_file_parse(&f, "x\033[1m\xff.json", json, strlen(json), false, &e), 0);
    assert_string_equal(f.name, "x?[1m?.json");
    assert_string_equal(f.started_at, "?[2J");
    assert_null(strpbrk(f.warnings[0], "\n\x9b"));
    assert_true(f.interrupted);
    assert_int_equal(f.run_count, 0);
    result_file_free(&f);
}

static void a_wrong_document_is_one_clear_error(void **state)
{
    static const struct {
        const char *json, *message;
    } rows[] = {
        {"", "'x.json' is empty"},
        {"{}", "'x.json' is no document of uvlab: it has no schema"},
        {"7", "'x.json' is no document of uvlab: it has no schema"},
        {"[]", "'x.json' is no document of uvlab: it has no schema"},
        {"{\"schema\":7}", "'x.json' is no document of uvlab: it has no schema"},
        {"{\"schema\":\"uvlab.sweep/1\",\"runs\":[{\"point\":1}]}",
         "'x.json': runs[0].error: must be a text or null"},
        {"{\"schema\":\"uvlab.compare/1\"}",
         "'x.json' is a comparison; compare reads results (uvlab EXPERIMENT --format json) and "
         "sweeps"},
        {"{\"schema\":\"uvlab.result/2\"}", "'x.json' is a uvlab.result/2, not a uvlab.result/1"},
        {"{\"schema\":\"uvlab.res",
         "'x.json' is cut off: ends in the middle of a text (line 1, column 21)"},
        {"{\"schema\":\"uvlab.result/2\"}", "'x.json' is a uvlab.result/2, not a uvlab.result/1"},
        {"{\"schema\":\"\\u001b[31m\"}", "'x.json' is a ?[31m, not a uvlab.result/1"},
        {"{\"schema\":\"uvlab.result/1\"}", "'x.json': runs: must be an array"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":{}}", "'x.json': runs: must be an array"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[]}",
         "'x.json': interrupted: must be true or false"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false}",
         "'x.json': experiment: must be the name of one"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"a b\"}",
         "'x.json': experiment: must be the name of one"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"loop\","
         "\"started_at\":7}",
         "'x.json': started_at: must be a date and a time"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"loop\","
         "\"started_at\":\"\",\"warnings\":[7]}",
         "'x.json': warnings: must be texts"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"loop\","
         "\"started_at\":\"\",\"warnings\":[],\"parameters\":[]}",
         "'x.json': parameters: must be an object"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"loop\","
         "\"started_at\":\"\",\"warnings\":[],\"parameters\":{\"a\":{}}}",
         "'x.json': parameters.a: must be a number, a text, true, false, null or texts"},
        {"{\"schema\":\"uvlab.result/1\",\"runs\":[],\"interrupted\":false,\"experiment\":\"loop\","
         "\"started_at\":\"\",\"warnings\":[],\"parameters\":{\"a\":1e999}}",
         "'x.json': parameters.a: must be a number, a text, true, false, null or texts"},
        {HEAD "\"runs\":[7]}", "'x.json': runs[0]: must be an object"},
        {HEAD "\"runs\":[{}]}", "'x.json': runs[0].role: must be a text"},
        {HEAD "\"runs\":[{\"role\":\"measured\"}]}",
         "'x.json': runs[0].interrupted: must be true or false"},
        {HEAD "\"runs\":[{\"role\":\"measured\",\"interrupted\":false,\"spans\":7}]}",
         "'x.json': runs[0].spans: must be an array"},
        {HEAD "\"runs\":[{" RUN "},{" RUN ",\"elapsed_ns\":-1}]}",
         "'x.json': runs[1].elapsed_ns: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":1.5}]}",
         "'x.json': runs[0].elapsed_ns: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":1e300}]}",
         "'x.json': runs[0].elapsed_ns: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{" RUN ",\"cpu_ns\":\"7\"}]}",
         "'x.json': runs[0].cpu_ns: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{" RUN ",\"elapsed_ns\":NaN}]}",
         "'x.json' is not JSON (line 1, column 306: no value begins with 'N'): results are written "
         "by --format json"},
        {HEAD "\"runs\":[{" RUN ",\"load\":7}]}", "'x.json': runs[0].load: must be an object"},
        {HEAD "\"runs\":[{" RUN ",\"load\":{\"latency_ns\":{\"p99\":true}}}]}",
         "'x.json': runs[0].load.latency_ns.p99: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{" RUN ",\"summary\":[]}]}",
         "'x.json': runs[0].summary: must be an object"},
        {HEAD "\"runs\":[{" RUN ",\"summary\":{\"\\u001b[1m\":{}}}]}",
         "'x.json': runs[0].summary: '?[1m' is no kind of calls"},
        {HEAD "\"runs\":[{" RUN ",\"summary\":{\"spin\":7}}]}",
         "'x.json': runs[0].summary.spin: must be an object"},
        {HEAD "\"runs\":[{" RUN ",\"summary\":{\"spin\":{\"ran_ns\":7}}}]}",
         "'x.json': runs[0].summary.spin.ran_ns: must be an object"},
        {HEAD "\"runs\":[{" RUN ",\"summary\":{\"spin\":{\"ran_ns\":{\"p50\":[]}}}}]}",
         "'x.json': runs[0].summary.spin.ran_ns.p50: must be null or a whole number up to 2^63"},
        {HEAD "\"runs\":[{\"role\":\"measured\",\"interrupted\":false,\"spans\":[7]}]}",
         "'x.json': a span of runs[0]: must be an object"},
        {HEAD "\"runs\":[{\"role\":\"measured\",\"interrupted\":false,\"spans\":[{}]}]}",
         "'x.json': a span of runs[0]: has no kind, or no status"},
        {HEAD
         "\"runs\":[{\"role\":\"measured\",\"interrupted\":false,\"spans\":[" SPAN("\"x\"") "]}]}",
         "'x.json': a span of runs[0].total_ns: must be null or a whole number up to 2^63"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result_file f;
        struct err e = {0};
        assert_int_equal(parse(&f, rows[i].json, true, &e), -1);
        assert_string_equal(e.text, rows[i].message);
        assert_int_equal(e.status, STATUS_FAILED);
        assert_null(f.name); /* nothing is left */
    }
}

/* A document with `count` kinds, or keys, where the format says. */
static void check_many(const char *before, const char *each, size_t count, const char *behind,
                       const char *message)
{
    struct text t = TEXT_EMPTY;
    struct result_file f;
    struct err e = {0};
    int rc;
    text_add(&t, "%s", before);
    for (size_t i = 0; i < count; i++)
        text_add(&t, "%s\"k%zu\":%s", i > 0 ? "," : "", i, each);
    text_add(&t, "%s", behind);
    assert_true(text_ok(&t));
    rc = parse(&f, text_get(&t), false, &e);
    assert_string_equal(rc == 0 ? "" : e.text, message);
    if (rc == 0)
        result_file_free(&f);
    text_free(&t);
}

static void there_are_limits(void **state)
{
    static const char kinds[] = HEAD "\"runs\":[{" RUN ",\"summary\":{";
    static const char pairs[] =
        "{\"schema\":\"uvlab.result/1\",\"experiment\":\"loop\",\"started_at\":\"\","
        "\"interrupted\":false,\"warnings\":[],\"runs\":[],\"environment\":{},\"parameters\":{";
    (void)state;
    check_many(kinds, "{}", RESULT_KINDS_MOST, "}}]}", "");
    check_many(kinds, "{}", RESULT_KINDS_MOST + 1, "}}]}",
               "'x.json': has calls of more than 256 kinds");
    check_many(pairs, "1", RESULT_PAIRS_MOST, "}}", "");
    check_many(pairs, "1", RESULT_PAIRS_MOST + 1, "}}",
               "'x.json': parameters: has more than 256 keys");
}

static void what_cannot_be_read_is_told(void **state)
{
    struct result_file f;
    struct err e;
    (void)state;
    assert_int_equal(result_file_read(&f, "/no/such/file", false, &e), -1);
    assert_string_equal(e.text, "cannot read '/no/such/file': No such file or directory");
    assert_int_equal(result_file_read(&f, "/", false, &e), -1);
    assert_string_equal(e.text, "cannot read '/': Is a directory");
    assert_int_equal(result_file_read(&f, "/dev/null", false, &e), -1);
    assert_string_equal(e.text, "'/dev/null' is empty");
    assert_int_equal(result_file_read(&f, "/dev/zero", false, &e), -1);
    assert_string_equal(e.text, "'/dev/zero' is not JSON (line 1, column 1: no value begins with "
                                "byte 0x00): results are written by --format json");
}

#ifdef UVLAB_TORTURE
static void no_memory_is_a_clean_error(void **state)
{
    static const char json[] = HEAD "\"runs\":[{\"role\":\"measured\",\"interrupted\":false,"
                                    "\"elapsed_ns\":1,\"spans\":[" SPAN("1") "]," SUMMARY "}]}";
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        struct result_file f;
        struct err e = {0};
        int rc;
        mem_fuse_arm(nth);
        rc = parse(&f, json, true, &e);
        if (rc == 0) {
            mem_fuse_arm(0);
            result_file_free(&f);
            assert_true(nth > 20);
            break;
        }
        assert_non_null(strstr(e.text, "not enough memory"));
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_result_says_is_read),
        cmocka_unit_test(loads_have_more),
        cmocka_unit_test(only_measured_runs_that_are_whole_count),
        cmocka_unit_test(spans_that_were_left_out_are_told),
        cmocka_unit_test(keys_that_come_twice_are_a_doubt),
        cmocka_unit_test(texts_are_made_printable),
        cmocka_unit_test(a_wrong_document_is_one_clear_error),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(what_cannot_be_read_is_told),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(no_memory_is_a_clean_error),
#endif
    };
    mem_adopt_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The line of a run: from what a process left, and back; rubbish is an error, never a figure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "sweep_lab.h"

#include "base/words.h"
#include "measure/wall.h"
#include "sweep/run_document.h"

static const char good[] =
    "{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"parameters\":{\"jobs\":5},"
    "\"environment\":{\"cpu\":\"x\"},\"runs\":[{\"role\":\"baseline\",\"elapsed_ns\":1},"
    "{\"role\":\"measured\",\"interrupted\":false,\"elapsed_ns\":1234567890123,\"cpu_ns\":77,"
    "\"pool_cpu_ns\":null,\"loop\":{\"iterations\":3},\"calls\":{\"count\":4,\"errors\":1,"
    "\"total_ns\":{\"mean\":9,\"p50\":8},\"waited_ns\":{\"mean\":2.5,\"p50\":2},"
    "\"ran_ns\":{\"mean\":6,\"p50\":5},\"returned_ns\":null},\"summary\":{\"spin\":{}},"
    "\"load\":{\"answered\":12,\"latency_ns\":{\"p50\":40,\"p99\":90}},\"spans\":[{\"id\":1}]}],"
    "\"warnings\":[\"doubt\"]}\n";

/* A run of an exit with that output and last words. */
static void make(struct sweep_run *run, const char *output, enum process_end end, int status,
                 const char *said, bool spans)
{
    char *arguments[] = {(char[]){"uvlab"}, NULL};
    struct process_plan plan = {.program = "uvlab", .arguments = arguments, .limit_ns = 5};
    struct process_outcome out = {.end = end, .status = status, .took_ns = 99};
    struct run_context context;
    struct sweep s;
    struct err e = {.text = ""};
    sweep_lab_sweep(&s, "1,2");
    out.started_ms = 1769851800000;
    snprintf(out.said, sizeof out.said, "%s", said);
    text_add(&out.output, "%s", output);
    *run = (struct sweep_run){.point = 1, .round = 3};
    if (run_document_make(run, &s, &plan, &out, spans, &context, &e) != 0)
        fail_msg("%s", e.text);
    run_context_free(&context);
    text_free(&out.output);
    sweep_free(&s);
}

static void a_good_run_has_its_figures(void **state)
{
    struct sweep_run run, again;
    struct err e;
    (void)state;
    make(&run, good, PROCESS_EXITED, 0, "", false);
    assert_null(run.error);
    assert_int_equal(run.elapsed_ns, 1234567890123);
    assert_int_equal(run.cpu_ns, 77);
    assert_int_equal(run.answered, 12);
    assert_int_equal(run.latency_p50_ns, 40);
    assert_int_equal(run.latency_p99_ns, 90);
    assert_int_equal(run.calls.count, 4);
    assert_int_equal(run.calls.errors, 1);
    assert_int_equal(run.calls.waited_ns, 2);
    assert_int_equal(run.calls.waited_sum_ns, 10);
    assert_int_equal(run.calls.ran_sum_ns, 24);
    assert_int_equal(run.calls.returned_ns, SWEEP_UNKNOWN);
    assert_int_equal(run.calls.returned_sum_ns, SWEEP_UNKNOWN);
    assert_string_equal(
        run.json,
        "{\"point\":1,\"round\":3,\"started_at\":\"2026-01-31T09:30:00.000Z\",\"process_ns\":99,"
        "\"exit_status\":0,\"error\":null,\"elapsed_ns\":1234567890123,\"cpu_ns\":77,"
        "\"pool_cpu_ns\":null,\"loop\":{\"iterations\":3},\"calls\":{\"count\":4,\"errors\":1,"
        "\"total_ns\":{\"mean\":9,\"p50\":8},\"waited_ns\":{\"mean\":2.5,\"p50\":2},"
        "\"ran_ns\":{\"mean\":6,\"p50\":5},\"returned_ns\":null},\"summary\":{\"spin\":{}},"
        "\"load\":{\"answered\":12,\"latency_ns\":{\"p50\":40,\"p99\":90}},"
        "\"warnings\":[\"doubt\"],"
        "\"machine\":{\"others_cpu_ns\":null,\"stolen_ns\":null,\"watched_ns\":null}}");
    assert_int_equal(run_document_read(&again, run.json, strlen(run.json), &e), 0);
    assert_string_equal(again.json, run.json);
    assert_int_equal(again.started_ms, run.started_ms);
    assert_int_equal(again.process_ns, run.process_ns);
    assert_memory_equal(&again.calls, &run.calls, sizeof run.calls);
    sweep_run_free(&run);
    sweep_run_free(&again);
}

static void spans_go_through_when_they_are_wanted(void **state)
{
    struct sweep_run run;
    (void)state;
    make(&run, good, PROCESS_EXITED, 0, "", true);
    assert_non_null(strstr(run.json, ",\"spans\":[{\"id\":1}]}"));
    sweep_run_free(&run);
    make(&run, "", PROCESS_SIGNALLED, SIGSEGV, "", true);
    assert_non_null(strstr(run.json, ",\"spans\":[]}"));
    sweep_run_free(&run);
}

static void expect_error(const char *output, enum process_end end, int status, const char *said,
                         const char *error)
{
    struct sweep_run run, again;
    struct err e;
    make(&run, output, end, status, said, false);
    assert_non_null(run.error);
    assert_string_equal(run.error, error);
    assert_int_equal(run.exit_status, end == PROCESS_EXITED ? status : -1);
    assert_int_equal(run_document_read(&again, run.json, strlen(run.json), &e), 0);
    assert_string_equal(again.error, error);
    assert_int_equal(again.exit_status, run.exit_status);
    sweep_run_free(&run);
    sweep_run_free(&again);
}

static void a_run_that_failed_says_why(void **state)
{
    (void)state;
    expect_error("", PROCESS_EXITED, 1, "uvlab: threadpool: --file x: no such file",
                 "--file x: no such file");
    expect_error("", PROCESS_EXITED, 2, "uvlab: what?", "what?");
    expect_error("", PROCESS_EXITED, 7, "", "ended with status 7");
    expect_error("", PROCESS_SIGNALLED, SIGABRT, "assertion", "was killed by SIGABRT");
    expect_error("", PROCESS_LATE, 0, "", "took longer than 5 ns");
    expect_error(good, PROCESS_EXITED, 1, "uvlab: threadpool: 1 of 4 calls failed: it broke",
                 "1 of 4 calls failed: it broke");
    expect_error("", PROCESS_EXITED, 1, "\xff\x01 quoted \"so\"", "?? quoted \"so\"");
}

/* A few requests of a load may fail; all of them would make it the fastest of all. */
static void a_load_that_mostly_worked_counts(void **state)
{
    static const char format[] =
        "{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"parameters\":{},"
        "\"environment\":{},\"runs\":[{\"role\":\"measured\",\"elapsed_ns\":5,\"load\":"
        "{\"asked_for\":100,\"answered\":90,\"errors\":{\"connect\":0,\"status\":%d}}}]}";
    char document[sizeof format + 8];
    struct sweep_run run, again;
    struct err e;
    (void)state;
    snprintf(document, sizeof document, format, 10);
    make(&run, document, PROCESS_EXITED, 1, "10 of 100 calls failed", false);
    assert_null(run.error);
    assert_int_equal(run.exit_status, 1);
    assert_int_equal(run_document_read(&again, run.json, strlen(run.json), &e), 0);
    assert_null(again.error);
    sweep_run_free(&run);
    sweep_run_free(&again);
    snprintf(document, sizeof document, format, 11);
    expect_error(document, PROCESS_EXITED, 1, "11 of 100 calls failed", "11 of 100 calls failed");
    snprintf(document, sizeof document, format, 10);
    expect_error(document, PROCESS_EXITED, 3, "a claim", "a claim");
}

static void rubbish_is_no_result(void **state)
{
    static const char why[] = "wrote no result that can be read";
    char *deep = malloc(100001);
    (void)state;
    assert_non_null(deep);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    expect_error("", PROCESS_EXITED, 0, "", why);
    expect_error("rubbish", PROCESS_EXITED, 0, "", why);
    expect_error(deep, PROCESS_EXITED, 0, "", why);
    expect_error("[]", PROCESS_EXITED, 0, "", why);
    expect_error("{\"schema\":\"uvlab.result/1\",\"experiment\":\"loop\",\"runs\":[]}",
                 PROCESS_EXITED, 0, "", why);
    expect_error("{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"runs\":[]}",
                 PROCESS_EXITED, 0, "", why);
    expect_error("{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"runs\":[5,[],"
                 "{\"role\":7},{\"role\":\"trial\"}]}",
                 PROCESS_EXITED, 0, "", why);
    for (size_t cut = 1; cut < sizeof good - 2; cut++) { /* what a full disk leaves */
        char part[sizeof good] = "";
        memcpy(part, good, cut);
        expect_error(part, PROCESS_EXITED, 0, "", why);
    }
    free(deep);
}

/* Members of any type: what is no number of nanoseconds is unknown. */
static void odd_members_are_unknown(void **state)
{
    static const char *const odd[] = {"-1", "1e300", "\"5\"", "null", "[]",
                                      "{}", "true",  "1e16",  "-0.5", "1e999"};
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct sweep_run run;
        char document[600];
        snprintf(document, sizeof document,
                 "{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"runs\":[{\"role\":"
                 "\"measured\",\"elapsed_ns\":%s,\"cpu_ns\":%s,\"calls\":{\"count\":%s,"
                 "\"waited_ns\":{\"p50\":%s,\"mean\":%s},\"ran_ns\":%s},\"load\":%s}]}",
                 odd[i], odd[i], odd[i], odd[i], odd[i], odd[i], odd[i]);
        make(&run, document, PROCESS_EXITED, 0, "", false);
        assert_null(run.error);
        assert_int_equal(run.elapsed_ns, SWEEP_UNKNOWN);
        assert_int_equal(run.cpu_ns, SWEEP_UNKNOWN);
        assert_int_equal(run.answered, SWEEP_UNKNOWN);
        assert_int_equal(run.calls.count, SWEEP_UNKNOWN);
        assert_int_equal(run.calls.waited_ns, SWEEP_UNKNOWN);
        assert_int_equal(run.calls.ran_ns, SWEEP_UNKNOWN);
        sweep_run_free(&run);
    }
}

/* Three sums that are added up still fit into 64 bits, whatever somebody wrote into a journal. */
static void sums_of_centuries_are_unknown(void **state)
{
    struct sweep_run run;
    (void)state;
    make(&run,
         "{\"schema\":\"uvlab.result/"
         "1\",\"experiment\":\"threadpool\",\"runs\":[{\"role\":\"measured\","
         "\"calls\":{\"count\":1000,\"waited_ns\":{\"p50\":1,\"mean\":9e15},"
         "\"ran_ns\":{\"p50\":1,\"mean\":6e15},\"returned_ns\":{\"p50\":1,\"mean\":1e300}}}]}",
         PROCESS_EXITED, 0, "", false);
    assert_int_equal(run.calls.waited_sum_ns, SWEEP_UNKNOWN);
    assert_int_equal(run.calls.ran_sum_ns, UINT64_C(6000000000000000000));
    assert_int_equal(run.calls.returned_sum_ns, SWEEP_UNKNOWN);
    sweep_run_free(&run);
}

static void dates_are_read_as_they_are_written(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-01-31",
                                      "2026-01-31T09:30:00.000",
                                      "2026-01-31T09:30:00.0x0Z",
                                      "2026-02-31T09:30:00.000Z",
                                      "1926-01-31T09:30:00.000Z",
                                      "2026-01-31T09:30:00.000Z "};
    static const uint64_t good_ms[] = {0, 999, 1769851800000, 4102444799999};
    char text[WALL_TEXT_BYTES];
    uint64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof good_ms / sizeof good_ms[0]; i++) {
        assert_true(wall_read(wall_write(text, good_ms[i]), &ms));
        assert_int_equal(ms, good_ms[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(wall_read(bad[i], &ms));
    assert_in_range(wall_now_ms(), 1700000000000, 32503680000000);
}

static void lists_of_words_end_with_null(void **state)
{
    struct words w = WORDS_EMPTY;
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(words_add(&w, "%d%s", i, "%"));
        assert_null(w.items[w.count]);
    }
    assert_int_equal(w.count, 100);
    assert_string_equal(w.items[42], "42%");
    words_free(&w);
    assert_null(w.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_run_has_its_figures),
        cmocka_unit_test(spans_go_through_when_they_are_wanted),
        cmocka_unit_test(a_run_that_failed_says_why),
        cmocka_unit_test(a_load_that_mostly_worked_counts),
        cmocka_unit_test(rubbish_is_no_result),
        cmocka_unit_test(odd_members_are_unknown),
        cmocka_unit_test(sums_of_centuries_are_unknown),
        cmocka_unit_test(dates_are_read_as_they_are_written),
        cmocka_unit_test(lists_of_words_end_with_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

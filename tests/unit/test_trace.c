/* The trace view, read back and checked for what viewers rely on: events in the order of time,
 * slices that do not overlap where they must not, pairs that match, arrows that begin and end in
 * slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "measure/cluster_facts.h"
#include "output/trace_draw.h"
#include "tests/unit/viewed.h"

static char folder[] = P_tmpdir "/uvlab-trace.XXXXXX";

static struct result r;
static struct viewed_options options;
static struct param_set common;
static struct viewed_common values;
static cJSON *trace; /* of the test that runs */

static int make(void **state)
{
    (void)state;
    viewed_result(&r, &options, &common, &values);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    cJSON_Delete(trace);
    trace = NULL;
    result_free(&r);
    return 0;
}

static struct run *add_large_run(const struct pass *pass, uint32_t spans)
{
    struct run *run = made_run(&r, pass, spans, viewed_kinds);

    viewed_run(run);
    return run;
}

static struct run *add_run(const struct pass *pass)
{
    return add_large_run(pass, 8);
}

/* Reads the trace and returns its first event. */
static const cJSON *first_event(void)
{
    char *text = viewed_text(view_trace, &r, "t.json");

    trace = cJSON_ParseWithOpts(text, NULL, true);
    if (trace == NULL)
        fail_msg("no JSON: %s", text);
    free(text);
    return cJSON_GetObjectItem(trace, "traceEvents")->child;
}

static const char *text_of(const cJSON *event, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* In nanoseconds when the key is "ts" or "dur". */
static int64_t number_of(const cJSON *event, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
    bool is_time = strcmp(key, "ts") == 0 || strcmp(key, "dur") == 0;

    if (!cJSON_IsNumber(item))
        return -1;
    return (int64_t)(item->valuedouble * (is_time ? 1000 : 1) + 0.5);
}

static bool is_phase(const cJSON *event, const char *phase)
{
    return strcmp(text_of(event, "ph"), phase) == 0;
}

static bool same_number(const cJSON *a, const cJSON *b, const char *key)
{
    return number_of(a, key) == number_of(b, key);
}

/* The event after `event` that has the same id and the given phase; NULL: none. */
static const cJSON *partner_after(const cJSON *event, const char *phase)
{
    for (const cJSON *e = event->next; e != NULL; e = e->next) {
        if (is_phase(e, phase) && strcmp(text_of(e, "id"), text_of(event, "id")) == 0 &&
            strcmp(text_of(e, "name"), text_of(event, "name")) == 0)
            return e;
    }
    return NULL;
}

static int count_of(const cJSON *event, const char *phase, const char *name)
{
    int count = 0;

    for (; event != NULL; event = event->next)
        count +=
            is_phase(event, phase) && (name == NULL || strcmp(text_of(event, "name"), name) == 0);
    return count;
}

/* The slice that viewers bind an arrow to: the last that begins on the same thread, at or before
 * the moment of `event` and not after it in the file, and has not ended then. */
static const cJSON *slice_of(const cJSON *first, const cJSON *event)
{
    const cJSON *found = NULL;
    int64_t at = number_of(event, "ts");

    for (const cJSON *e = first; e != event; e = e->next) {
        if ((is_phase(e, "X") || is_phase(e, "B")) && same_number(e, event, "pid") &&
            same_number(e, event, "tid") && number_of(e, "ts") <= at &&
            (is_phase(e, "B") || at <= number_of(e, "ts") + number_of(e, "dur")))
            found = e;
    }
    return found;
}

/* On pool threads one may begin when another has ended. Marks do not even touch, as a viewer may
 * bind arrows to either of two that do; two that begin and end together lie one in the other. */
static void assert_no_overlap(const cJSON *slice)
{
    int64_t end = number_of(slice, "ts") + number_of(slice, "dur");
    bool is_mark = number_of(slice, "tid") == number_of(slice, "pid");

    for (const cJSON *e = slice->next; e != NULL; e = e->next) {
        bool same = same_number(e, slice, "ts") && same_number(e, slice, "dur");

        if (is_phase(e, "X") && same_number(e, slice, "pid") && same_number(e, slice, "tid"))
            assert_true(same || number_of(e, "ts") >= end + is_mark);
    }
}

/* An arrow leads from "submit X" to "X", or from "X" to "call back X". */
static void assert_arrow(const cJSON *first, const cJSON *start)
{
    const cJSON *end = partner_after(start, "f"), *from, *to;
    char joined[2 * SPAN_TEXT_BYTES];
    bool to_start = strcmp(text_of(start, "name"), "to its start") == 0;

    assert_non_null(end);
    assert_string_equal(text_of(end, "bp"), "e");
    from = slice_of(first, start);
    to = slice_of(first, end);
    assert_non_null(from);
    assert_non_null(to);
    snprintf(joined, sizeof joined, "%s%s", to_start ? "submit " : "call back ",
             text_of(to_start ? to : from, "name"));
    assert_string_equal(joined, text_of(to_start ? from : to, "name"));
}

/* What must be so in every trace. */
static void assert_sound(const cJSON *first)
{
    int64_t last = 0;

    for (const cJSON *e = first; e != NULL; e = e->next) {
        assert_true(number_of(e, "pid") >= 1 && number_of(e, "tid") >= 1);
        if (is_phase(e, "M"))
            continue;
        assert_true(number_of(e, "ts") >= last);
        last = number_of(e, "ts");
        if (is_phase(e, "X"))
            assert_no_overlap(e);
        if (is_phase(e, "b"))
            assert_null(partner_after(e, "b")); /* ids are used once */
        if (is_phase(e, "s"))
            assert_arrow(first, e);
    }
    assert_int_equal(count_of(first, "s", NULL), count_of(first, "f", NULL));
}

static const char *argument_name(const cJSON *event)
{
    return text_of(cJSON_GetObjectItem(event, "args"), "name");
}

static void test_tracks_are_named(void **state)
{
    static const char *const names[] = {"run 1", "loop",   "pool 1", "pool 2", "run 2 (baseline)",
                                        "loop",  "pool 1", "pool 2", "os",     "worker 2"};
    const cJSON *first, *e;
    struct run *run;
    size_t i = 0;

    (void)state;
    add_run(&made_measured);
    run = add_run(&viewed_override);
    made_span(run, (struct made_span){ODD, LANE_OS, 0, 10, 20, 30, 40});
    made_span(run, (struct made_span){HASH, lane_of_worker(2, 0), 0, 10, 20, 30, 40});
    made_span(run, (struct made_span){HASH, lane_of_worker(2, 0), 0, 10, 30, 40, 50});
    first = first_event();
    assert_sound(first);
    for (e = first; e != NULL && is_phase(e, "M"); e = e->next) {
        if (strstr(text_of(e, "name"), "_name") == NULL)
            continue;
        assert_true(i < sizeof names / sizeof names[0]);
        assert_string_equal(argument_name(e), names[i++]);
        assert_int_equal(number_of(e, "pid"), i < 5 ? 1 : 2);
    }
    assert_int_equal(i, sizeof names / sizeof names[0]);
    /* With "ms", chrome://tracing nests marks that follow each other within a microsecond. */
    assert_string_equal(text_of(trace, "displayTimeUnit"), "ns");
    assert_string_equal(text_of(cJSON_GetObjectItem(trace, "otherData"), "experiment"), "viewed");
    /* What ran elsewhere than on a pool thread may overlap, and is not drawn on a thread. */
    assert_int_equal(count_of(first, "b", "an \"odd\", name ran"), 1);
    /* A worker's thread is one like those of the pool. */
    assert_int_equal(count_of(first, "X", "hash 2") + count_of(first, "X", "hash 3"), 2);
    assert_int_equal(count_of(first, "b", "hash ran"), 0);
}

static void test_calls(void **state)
{
    const cJSON *first;

    (void)state;
    viewed_spans(add_run(&made_measured));
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "X", "hash 1"), 1);
    assert_int_equal(count_of(first, "X", "hash 3"), 1);
    assert_int_equal(count_of(first, "X", "submit hash 3"), 1);
    assert_int_equal(count_of(first, "X", "call back hash 3"), 1);
    assert_int_equal(count_of(first, "X", "call back timer 4"), 1);
    assert_int_equal(count_of(first, "i", "immediate"), 1);
    assert_int_equal(count_of(first, "i", "read 6"), 1);
    assert_int_equal(count_of(first, "b", "hash waited"), 3);
    assert_int_equal(count_of(first, "e", "hash waited"), 3);
    assert_int_equal(count_of(first, "b", "hash returned"), 3);
    assert_int_equal(count_of(first, "e", "hash returned"), 3);
    assert_int_equal(count_of(first, "b", "timer ran"), 0);
    assert_int_equal(count_of(first, "b", "read pending"), 1);
    assert_int_equal(count_of(first, "e", "read pending"), 1);
    assert_int_equal(count_of(first, "s", "to its start"), 3);
    assert_int_equal(count_of(first, "s", "to its callback"), 3);
}

/* Instants are exact, in microseconds with three decimals. */
static void test_instants(void **state)
{
    static const char hash_2[] = "{\"ph\":\"X\",\"pid\":1,\"tid\":10002,\"ts\":2.100,"
                                 "\"dur\":4999999997.900,\"name\":\"hash 2\",\"cat\":\"pbkdf2\"";
    char *text;

    (void)state;
    viewed_spans(add_run(&made_measured));
    text = viewed_text(view_trace, &r, "t.json");
    assert_non_null(strstr(text, hash_2));
    assert_non_null(
        strstr(text, "\"ts\":5000000000.700,\"dur\":1.000,\"name\":\"call back hash 2\""));
    /* A mark ends before the next one begins: hash 2 was submitted 200 ns after hash 1. */
    assert_non_null(strstr(text, "\"ts\":1.000,\"dur\":0.199,\"name\":\"submit hash 1\""));
    free(text);
}

/* The greatest and the last value of a counter. */
static void levels_of(const cJSON *event, const char *name, int64_t *most, int64_t *last)
{
    *most = 0;
    *last = 0;
    for (; event != NULL; event = event->next) {
        if (!is_phase(event, "C") || strcmp(text_of(event, "name"), name) != 0)
            continue;
        *last = (int64_t)cJSON_GetObjectItem(event, "args")->child->valuedouble;
        assert_true(*last >= 0);
        *most = *last > *most ? *last : *most;
    }
}

static void test_counters(void **state)
{
    int64_t most, last;
    const cJSON *first;

    (void)state;
    viewed_spans(add_run(&made_measured));
    first = first_event();
    levels_of(first, "queue depth", &most, &last);
    assert_int_equal(most, 4); /* three hashes, and a read that is cancelled */
    assert_int_equal(last, 0);
    levels_of(first, "busy threads", &most, &last);
    assert_int_equal(most, 2);
    assert_int_equal(last, 0);
}

/* What a request came to is with the slice that it is drawn as, and with its callback. */
static void test_requests(void **state)
{
    static const struct span_kind request = {"http", "request", PHASE_POLL, NULL, SPAN_HTTP};
    static const struct span_kind *const kinds[] = {&request, &viewed_kinds_rows[READ], NULL};
    struct run *run = made_run_with(&r, &made_measured, 3, kinds, RECORD_HTTP);
    int64_t most, last, told = 0;
    const cJSON *first;

    (void)state;
    made_span(run, (struct made_span){0, LANE_OS, 0, 100, 200, 900, 1000});
    made_span(run, (struct made_span){0, LANE_OS, 0, 100, 200, 950, 1000});
    made_span(run, (struct made_span){1, 1, 0, 100, 150, 180, 190}); /* its lookup */
    recorder_parent(&run->recorder, 2, 0);
    recorder_http(&run->recorder, 0)->answer = 200;
    recorder_http(&run->recorder, 1)->answer = 404;
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "b", "request ran"), 2);
    for (const cJSON *e = first; e != NULL; e = e->next) {
        const cJSON *http = cJSON_GetObjectItem(cJSON_GetObjectItem(e, "args"), "http");

        if (http == NULL)
            continue;
        assert_true(is_phase(e, "b") || is_phase(e, "X"));
        told += number_of(http, "answer");
    }
    assert_int_equal(told, 2 * (200 + 404));
    levels_of(first, "busy threads", &most, &last);
    assert_int_equal(most, 1); /* the lookup's: a request holds no thread */
}

/* A call with parts is a frame around them: it keeps no thread busy by itself. */
static void test_parts(void **state)
{
    struct run *run = add_run(&made_measured);
    int64_t most, last;
    const cJSON *first;

    (void)state;
    made_span(run, (struct made_span){READ, 1, 0, 100, 200, 900, 1000});
    made_span(run, (struct made_span){READ, 1, 0, 100, 200, 300, 400});
    made_span(run, (struct made_span){HASH, 1, 0, 150, 310, 600, 700});
    made_span(run, (struct made_span){READ, 1, 0, 400, 610, 900, 1000});
    recorder_parent(&run->recorder, 1, 0);
    recorder_parent(&run->recorder, 3, 0);
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "X", "read 1"), 0);
    assert_int_equal(count_of(first, "b", "read ran"), 1);
    assert_int_equal(count_of(first, "X", "read 2"), 1);
    levels_of(first, "busy threads", &most, &last);
    assert_int_equal(most, 1);
}

/* An interrupted run: one call was still running, one waiting, one was never submitted. */
static void test_open_ends(void **state)
{
    struct run *run = add_run(&made_measured);
    const cJSON *first;

    (void)state;
    r.interrupted = true;
    made_span(run, (struct made_span){HASH, 1, 0, 100, 200, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 1, 0, 100, UNKNOWN, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 1, 0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 2, 0, 100, 300, 400, UNKNOWN});
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "B", "hash 1"), 1);
    assert_int_equal(count_of(first, "b", "hash waited"), 3);
    assert_int_equal(count_of(first, "e", "hash waited"), 2);
    assert_int_equal(count_of(first, "b", "hash returned"), 1);
    assert_int_equal(count_of(first, "e", "hash returned"), 0);
    assert_int_equal(count_of(first, "X", "submit hash 3"), 0);
    assert_int_equal(count_of(first, "s", NULL), 2);
}

/* Runs lie side by side, as processes; nothing of one is mixed up with another. No two have a
 * thread of the same number, as viewers may look names up by that alone. */
static void test_runs(void **state)
{
    const cJSON *first;

    (void)state;
    viewed_spans(add_run(&made_measured));
    viewed_spans(add_run(&made_measured));
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "X", "hash 2"), 2);
    assert_int_equal(count_of(first, "C", "queue depth") % 2, 0);
    for (const cJSON *a = first; a != NULL; a = a->next)
        for (const cJSON *b = a->next; b != NULL; b = b->next)
            assert_true(!same_number(a, b, "tid") || same_number(a, b, "pid"));
}

/* Marks a nanosecond apart, and two at once: an arrow still starts in its own. */
static void test_marks_close_together(void **state)
{
    struct run *run = add_run(&made_measured);
    const cJSON *first;

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 100, 200, 300, 400});
    made_span(run, (struct made_span){HASH, 1, 0, 101, 300, 400, 401});
    made_span(run, (struct made_span){HASH, 1, 0, 101, 400, 500, 600});
    made_span(run, (struct made_span){HASH, 2, 0, 103, 200, 350, 400});
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "s", NULL), 8);
}

/* Every slice that overlaps others needs a row, and there are only so many; a row is free again
 * when its slice has ended. What is left out is told. */
static void test_rows_are_limited(void **state)
{
    enum { ALL_AT_ONCE = ROWS_MOST + 50, LATER = 5 };
    struct run *run = add_large_run(&made_measured, ALL_AT_ONCE + LATER);
    uint64_t at = 10000, end = 1000000;
    const cJSON *first;

    (void)state;
    for (unsigned i = 0; i < ALL_AT_ONCE; i++)
        made_span(run, (struct made_span){HASH, 1, 0, at + i, end + 20 * i, end + 20 * i + 10,
                                          end + 20 * i + 10});
    for (unsigned i = 0; i < LATER; i++)
        made_span(run, (struct made_span){HASH, 2, 0, 2 * end + 20 * i, 2 * end + 20 * i + 5,
                                          2 * end + 20 * i + 10, 2 * end + 20 * i + 15});
    first = first_event();
    assert_sound(first);
    assert_int_equal(count_of(first, "b", "hash waited"), ROWS_MOST + LATER);
    assert_int_equal(count_of(first, "e", "hash waited"), ROWS_MOST + LATER);
    assert_int_equal(count_of(first, "b", "hash returned"), ALL_AT_ONCE + LATER);
    assert_int_equal(count_of(first, "e", "hash returned"), ALL_AT_ONCE + LATER);
    assert_int_equal(count_of(first, "s", "to its start"), ALL_AT_ONCE + LATER);
    assert_int_equal(number_of(cJSON_GetObjectItem(trace, "otherData"), "slices_left_out"), 50);
}

static void test_nothing_was_run(void **state)
{
    (void)state;
    assert_null(first_event());
    unmake(NULL);
    make(NULL);
    add_run(&made_measured);
    assert_sound(first_event());
}

#ifdef UVLAB_TORTURE
/* Every allocation fails in turn: an error, or a whole document. */
static void assert_survives(view_fn view)
{
    struct view_style style = {.columns = 80};
    struct err e;
    int rc = -1;

    for (unsigned long nth = 1; rc != 0; nth++) {
        struct out *o = out_open("t.json", &e);

        assert_non_null(o);
        assert_true(nth < 10000);
        mem_fuse_arm(nth);
        rc = view(&r, &style, o, &e);
        mem_fuse_arm(0);
        if (rc != 0)
            assert_int_equal(e.status, STATUS_FAILED);
        out_abandon(o);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    viewed_spans(add_run(&made_measured));
    viewed_spans(add_run(&viewed_override));
    assert_survives(view_json);
    assert_survives(view_ndjson);
    assert_survives(view_csv);
    assert_survives(view_trace);
    free(viewed_text(view_trace, &r, "t.json"));
}
#endif

#define VIEWED(test) cmocka_unit_test_setup_teardown(test, make, unmake)

/* Kills are in the order of time with the rest, on tracks that have names, each once: also that of
 * a worker of which nothing else is known. */
static void test_kills(void **state)
{
    static const struct cluster_kill kills[] = {
        {.killed_ns = 15, .died_ns = 20, .serving_ns = 60, .pid = 7, .successor = 8, .worker = 2},
        {.killed_ns = 25, .died_ns = 30, .serving_ns = 70, .pid = 9, .successor = 10, .worker = 3},
        {.killed_ns = 90, .died_ns = UNKNOWN, .serving_ns = UNKNOWN, .pid = 10, .worker = 3},
    };
    struct run *run = add_run(&made_measured);
    const cJSON *first, *e;
    unsigned seen = 0, named = 0;

    (void)state;
    made_span(run, (struct made_span){HASH, lane_of_worker(2, 0), 0, 10, 20, 30, 40});
    run->cluster = cluster_facts_new(3);
    assert_non_null(run->cluster);
    memcpy(run->cluster->killed, kills, sizeof kills);
    run->cluster->kill_count = 3;
    first = first_event();
    assert_sound(first);
    for (e = first; e != NULL; e = e->next) {
        const cJSON *args = cJSON_GetObjectItem(e, "args");

        named += strncmp(text_of(args, "name"), "worker ", 7) == 0;
        if (strcmp(text_of(e, "cat"), "kill") != 0)
            continue;
        assert_true(is_phase(e, "i") && strcmp(text_of(e, "s"), "p") == 0);
        assert_int_equal(number_of(e, "ts"), kills[seen].killed_ns);
        assert_int_equal(number_of(args, "worker"), kills[seen].worker);
        assert_int_equal(number_of(args, "pid"), kills[seen].pid);
        assert_string_equal(text_of(e, "name"), seen == 0 ? "worker 2 killed" : "worker 3 killed");
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(args, "successor")), seen == 2);
        seen++;
    }
    assert_int_equal(seen, 3);
    assert_int_equal(named, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEWED(test_tracks_are_named), VIEWED(test_calls),    VIEWED(test_instants),
        VIEWED(test_counters),         VIEWED(test_requests), VIEWED(test_parts),
        VIEWED(test_open_ends),        VIEWED(test_runs),     VIEWED(test_marks_close_together),
        VIEWED(test_rows_are_limited), VIEWED(test_kills),    VIEWED(test_nothing_was_run),
#ifdef UVLAB_TORTURE
        VIEWED(test_out_of_memory),
#endif
    };
    int failed;

    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    mem_adopt_cjson();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (unlink("t.json") != 0 || chdir("..") != 0 || rmdir(folder) != 0)
        perror(folder);
    return failed;
}

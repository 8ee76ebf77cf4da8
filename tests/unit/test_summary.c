/* The summary and the shares of results made by hand: groups, failures, unknown instants, many
 * runs, and what runs side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "analysis/summary.h"
#include "tests/unit/made_result.h"

#define UNKNOWN SPAN_UNKNOWN

static const struct span_kind hash = {.kind = "pbkdf2", .label = "hash"};
static const struct span_kind open_call = {.kind = "fs.open", .label = "open"};
static const struct span_kind same_name = {.kind = "pbkdf2", .label = "another hash"};
static const struct span_kind *const kinds[] = {&hash, &open_call, &same_name, NULL};
enum { HASH, OPEN, SAME_NAME };

static const struct experiment nothing = {.name = "nothing"};

static struct summary summarise(const struct result *r)
{
    struct summary s;
    struct err e;

    assert_int_equal(summary_make(&s, r, &e), 0);
    return s;
}

static void test_one_call(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, 1, kinds);
    made_span_with_cpu(run, (struct made_span){HASH, 1, 0, 10, 15, 45, 52}, 29);
    s = summarise(&r);
    assert_int_equal(s.count, 1);
    assert_ptr_equal(s.rows[0].kind, &hash);
    assert_int_equal(s.rows[0].count, 1);
    assert_int_equal(s.rows[0].errors, 0);
    assert_int_equal(s.rows[0].total.p50, 42);
    assert_int_equal(s.rows[0].waited.p50, 5);
    assert_int_equal(s.rows[0].ran.p50, 30);
    assert_int_equal(s.rows[0].returned.p50, 7);
    assert_int_equal(s.rows[0].cpu.p50, 29);
    assert_int_equal(s.rows[0].cpu.count, 1);
    summary_free(&s);
    result_free(&r);
}

static void test_kinds_are_grouped_by_name_as_they_appear(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, 4, kinds);
    made_span(run, (struct made_span){OPEN, 1, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){SAME_NAME, 2, 0, 0, 10, 20, 30});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 20, 50, 60});
    made_span(run, (struct made_span){OPEN, 1, 0, 0, 3, 5, 7});
    s = summarise(&r);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.rows[0].kind->kind, "fs.open");
    assert_int_equal(s.rows[0].count, 2);
    assert_int_equal(s.rows[0].waited.min, 1);
    assert_int_equal(s.rows[0].waited.max, 3);
    assert_ptr_equal(s.rows[1].kind, &same_name);
    assert_int_equal(s.rows[1].count, 2);
    assert_int_equal(s.rows[1].ran.min, 10);
    assert_int_equal(s.rows[1].ran.max, 30);
    assert_int_equal(s.rows[1].total.mean, 45);
    summary_free(&s);
    result_free(&r);
}

static void test_failures_are_counted_and_not_timed(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, 4, kinds);
    made_span(run, (struct made_span){HASH, 1, 0, 0, 1, 11, 12});
    made_span(run, (struct made_span){HASH, 1, UV_ENOENT, 0, 500, 900, 901});
    made_span(run, (struct made_span){HASH, 1, UV_ECANCELED, 0, UNKNOWN, UNKNOWN, 800});
    made_span(run, (struct made_span){OPEN, 1, UV_EACCES, 0, 5, 9, 10});
    s = summarise(&r);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.rows[0].count, 3);
    assert_int_equal(s.rows[0].errors, 2);
    assert_int_equal(s.rows[0].total.count, 1);
    assert_int_equal(s.rows[0].total.max, 12);
    assert_int_equal(s.rows[0].ran.max, 10);
    assert_int_equal(s.rows[1].count, 1);
    assert_int_equal(s.rows[1].errors, 1);
    assert_int_equal(s.rows[1].total.count, 0);
    summary_free(&s);
    result_free(&r);
}

static void test_unknown_instants_are_left_out(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, 3, kinds);
    made_span(run, (struct made_span){HASH, 0, 0, 10, UNKNOWN, UNKNOWN, 30});
    made_span(run, (struct made_span){HASH, 1, 0, UNKNOWN, 12, 16, 20});
    made_span(run, (struct made_span){HASH, 1, 0, 10, 10, 10, 10});
    s = summarise(&r);
    assert_int_equal(s.rows[0].count, 3);
    assert_int_equal(s.rows[0].errors, 0);
    assert_int_equal(s.rows[0].total.count, 2);
    assert_int_equal(s.rows[0].total.min, 0); /* a known zero is a value */
    assert_int_equal(s.rows[0].total.max, 20);
    assert_int_equal(s.rows[0].waited.count, 1);
    assert_int_equal(s.rows[0].ran.count, 2);
    assert_int_equal(s.rows[0].ran.max, 4);
    assert_int_equal(s.rows[0].returned.count, 2);
    assert_int_equal(s.rows[0].cpu.count, 0);
    summary_free(&s);
    result_free(&r);
}

static void test_unfinished_calls_of_an_interrupted_run(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    r.interrupted = true;
    run = made_run(&r, &made_measured, 3, kinds);
    run->interrupted = true;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 1, 11, 12});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 5, UNKNOWN, UNKNOWN});
    s = summarise(&r);
    assert_int_equal(s.rows[0].count, 2);
    assert_int_equal(s.rows[0].errors, 1);
    assert_int_equal(s.rows[0].waited.count, 1);
    assert_int_equal(s.rows[0].total.count, 1);
    summary_free(&s);
    result_free(&r);
}

static void test_only_measured_runs_count(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_baseline, 1, kinds);
    made_span(run, (struct made_span){OPEN, 1, 0, 0, 1, 2, 3});
    for (uint64_t i = 1; i <= 10; i++) {
        run = made_run(&r, &made_measured, 1, kinds);
        made_span(run, (struct made_span){HASH, 1, 0, 0, i, 2 * i, 3 * i});
    }
    s = summarise(&r);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.rows[0].count, 10);
    assert_int_equal(s.rows[0].total.p50, 17); /* between 15 and 18 */
    assert_int_equal(s.rows[0].total.p90, 27);
    assert_int_equal(s.rows[0].total.max, 30);
    summary_free(&s);
    result_free(&r);
}

/* Parts of calls are calls of their own kinds; the whole does not count them. */
static void test_kinds_of_parts_have_rows_of_their_own(void **state)
{
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, 6, kinds);
    for (uint64_t i = 0; i < 2; i++) {
        uint32_t whole = made_span(run, (struct made_span){HASH, LANE_OS, 0, 0, 10, 90, 100});
        uint32_t part = made_span(run, (struct made_span){OPEN, 1, 0, 0, 1 + i, 5, 6});

        recorder_parent(&run->recorder, part, whole);
        part = made_span(run, (struct made_span){OPEN, 2, i == 0 ? 0 : -2, 6, 7, 9, 9});
        recorder_parent(&run->recorder, part, whole);
    }
    s = summarise(&r);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.rows[0].count, 2);
    assert_int_equal(s.rows[0].errors, 0);
    assert_int_equal(s.rows[0].total.count, 2);
    assert_int_equal(s.rows[0].total.max, 100);
    assert_string_equal(s.rows[1].kind->kind, "fs.open");
    assert_int_equal(s.rows[1].count, 4);
    assert_int_equal(s.rows[1].errors, 1);
    assert_int_equal(s.rows[1].waited.count, 3);
    assert_int_equal(s.rows[1].waited.max, 2);
    summary_free(&s);
    result_free(&r);
}

static void test_nothing_to_summarise(void **state)
{
    struct result r;
    struct summary s;

    (void)state;
    made_result(&r, &nothing);
    s = summarise(&r);
    assert_int_equal(s.count, 0);
    summary_free(&s);
    made_run(&r, &made_measured, 1, kinds);
    s = summarise(&r);
    assert_int_equal(s.count, 0);
    summary_free(&s);
    summary_free(&s);
    result_free(&r);
}

/* More kinds than the tables first have room for, and more values than are sorted by comparing. */
static void test_many_kinds_and_many_calls(void **state)
{
    enum { KINDS = 100, CALLS = 20000 };
    static struct span_kind many[KINDS];
    static const struct span_kind *table[KINDS + 1];
    static char names[KINDS][16];
    struct result r;
    struct summary s;
    struct run *run;

    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        snprintf(names[i], sizeof names[i], "kind.%u", i);
        many[i] = (struct span_kind){.kind = names[i], .label = names[i]};
        table[i] = &many[i];
    }
    made_result(&r, &nothing);
    run = made_run(&r, &made_measured, CALLS, table);
    /* Half of all calls are of kind 0 and wait 1, 2, 3, ... in a scrambled order. */
    for (unsigned i = 0; i < CALLS; i++) {
        unsigned kind = i % 2 == 0 ? 0 : 1 + i / 2 % (KINDS - 1);
        uint64_t waits = (uint64_t)(i / 2) * 7919 % (CALLS / 2) + 1;

        made_span(run, (struct made_span){kind, 1, 0, 100, 100 + waits, 200000, 200001});
    }
    s = summarise(&r);
    assert_int_equal(s.count, KINDS);
    assert_int_equal(s.rows[0].count, CALLS / 2);
    assert_int_equal(s.rows[0].waited.min, 1);
    assert_int_equal(s.rows[0].waited.p50, CALLS / 4 + 1);
    assert_int_equal(s.rows[0].waited.p99, CALLS / 2 * 99 / 100);
    assert_int_equal(s.rows[0].waited.max, CALLS / 2);
    assert_int_equal(s.rows[0].returned.mean, 1);
    for (size_t i = 1; i < KINDS; i++)
        assert_string_equal(s.rows[i].kind->kind, names[i]);
    summary_free(&s);
    result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_call),
        cmocka_unit_test(test_kinds_are_grouped_by_name_as_they_appear),
        cmocka_unit_test(test_failures_are_counted_and_not_timed),
        cmocka_unit_test(test_unknown_instants_are_left_out),
        cmocka_unit_test(test_unfinished_calls_of_an_interrupted_run),
        cmocka_unit_test(test_only_measured_runs_count),
        cmocka_unit_test(test_kinds_of_parts_have_rows_of_their_own),
        cmocka_unit_test(test_nothing_to_summarise),
        cmocka_unit_test(test_many_kinds_and_many_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

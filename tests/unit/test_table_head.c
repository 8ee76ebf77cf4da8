/* What stands around the rows of a table: the options in its head, the columns about causes, what
 * was claimed, and texts that try to take over the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/param.h"
#include "tests/unit/drawn.h"

static const struct view_style plain = {.columns = 80};

struct options {
    uint64_t jobs, nap_ns, buffer_bytes, replaced;
    const char *file;
    unsigned work;
    bool fast;
    struct param_list urls;
};

static const char *const works[] = {"hash", "sleep", NULL};
static const struct param params[] = {
    PARAM_COUNT(struct options, jobs, "jobs", 'n', "5", 1, 1000, ""),
    PARAM_DURATION(struct options, nap_ns, "nap", 0, "1s", 1, UINT64_MAX, ""),
    PARAM_SIZE(struct options, buffer_bytes, "buffer", 0, "1k", 1, UINT64_MAX, ""),
    PARAM_COUNT(struct options, replaced, "replaced", 0, "1", 1, 9, ""),
    PARAM_STRING(struct options, file, "file", 0, 0, "x", NULL, ""),
    PARAM_CHOICE(struct options, work, "work", 0, 0, "hash", works, ""),
    PARAM_FLAG(struct options, fast, "fast", 0, 0, ""),
    PARAM_FLAG(struct options, fast, "shown", 0, PARAM_VIEW, ""),
    PARAM_LIST(struct options, urls, "url", 'u', 0, "URL", ""),
    PARAM_END,
};

static void options_that_were_set_can_be_repeated(void **state)
{
    struct options o = {
        16, 250 * MS, 65536, 3, "/a b\033[2J", 1, true, {3, {"https://a/", "x y", ""}}};
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    r.options = (struct param_set){.table = params, .values = &o};
    text = drawn_text(&r, NULL, plain);
    assert_not_drawn(text, "with ");
    free(text);
    for (size_t i = 0; params[i].name != NULL; i++)
        r.options.source[i] = PARAM_FROM_FLAG;
    r.options.source[3] = PARAM_SUPERSEDED;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\nwith --jobs 16 --nap 250ms --buffer 64k --file '/a b?[2J' --work sleep "
                       "--fast\n--url https://a/ --url 'x y' --url ''\n");
    free(text);
    result_free(&r);
}

static void cpus_and_pool_as_they_are(void **state)
{
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    r.host.cpus_online = 8;
    r.host.cpu_quota = 1.5;
    r.pool = (struct pool_facts){.size = 1, .source = POOL_SIZE_ENVIRONMENT};
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, ", pool of 1 thread (UV_THREADPOOL_SIZE), 2 of 8 CPUs\n(quota 1.5)\n");
    free(text);
    r.host.cpus_online = r.host.cpus_allowed = HOST_UNKNOWN;
    r.host.cpu_quota = -1;
    r.pool.size = 0;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n5 calls (pbkdf2)\n");
    assert_drawn(text, "CPU       3.17 s = 1.98 CPUs\n");
    free(text);
    result_free(&r);
}

static void mixed_kinds_are_counted(void **state)
{
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    run = drawn_run(&r, &made_measured, 8);
    made_span(run, (struct made_span){HASH, 1, 0, 1, 2, 3, 4});
    made_span(run, (struct made_span){FILE_READ, 2, 0, 1, 2, 3, 4});
    made_span(run, (struct made_span){HASH, 1, 0, 1, 3, 4, 5});
    made_span(run, (struct made_span){PART, 1, 0, 1, 3, 4, 5});
    recorder_parent(&run->recorder, 3, 1);
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n4 callbacks (3 calls: 2 pbkdf2, 1 file; one of them in 1 part), ");
    free(text);
    for (unsigned kind = TIMER; kind <= HOSTILE; kind++) {
        if (kind != FILE_READ)
            made_span(run, (struct made_span){kind, 0, 0, 1, UNKNOWN, UNKNOWN, 4});
    }
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n8 callbacks (7 calls of 6 kinds, one of them in 1 part), ");
    free(text);
    result_free(&r);
}

static void causes_and_phases_have_columns(void **state)
{
    static const enum column columns[] = {COLUMN_ITERATION, COLUMN_PHASE,     COLUMN_CALL,
                                          COLUMN_ARMED_BY,  COLUMN_NODE_NAME, COLUMN_END};
    const struct experiment experiment = {.name = "drawn",
                                          .question = "Why?",
                                          .columns = columns,
                                          .rows_by_call_back = true,
                                          .records = RECORD_CAUSES};
    struct result r;
    struct run *run;
    struct err e;
    char *text;

    (void)state;
    drawn_result(&r, &experiment);
    run = drawn_run(&r, &made_measured, 1);
    recorder_free(&run->recorder);
    assert_int_equal(recorder_init(&run->recorder, 3, drawn_kinds, RECORD_CAUSES, &e), 0);
    run->recorder.scale = (struct clock_scale){.mult = 1, .ticks_per_ns = 1};
    run->recorder.iteration = 7;
    made_span(run, (struct made_span){IMMEDIATE, 0, 0, 9, UNKNOWN, UNKNOWN, 9});
    made_span(run, (struct made_span){TIMER, 0, 0, 1, 2, 2, 3});
    made_span(run, (struct made_span){HOSTILE, 0, 0, 1, 2, 2, UNKNOWN});
    recorder_armed_by(&run->recorder, 0, 1);
    recorder_armed_by(&run->recorder, 2, 1000); /* no such call */
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n(iterations without a callback: 1-6)\n");
    assert_drawn(text, "iteration  phase   call         armed by      in Node.js\n"
                       "        7  timers  timer 2      main program  setTimeout\n"
                       "        7  check   immediate 1  timer 2       setImmediate\n"
                       "        -  -       ?]0;x???? 3  main program  ?[2J\n");
    free(text);
    result_free(&r);
}

static void warnings_and_claims_hang_under_their_mark(void **state)
{
    static const struct claim claims[] = {
        {.id = "a",
         .text = "the first one of all calls beyond the size of the whole pool ran on a thread"},
        {.id = "b", .text = "short"},
        {.id = "c", .text = "nothing known"}};
    struct verdict_row rows[] = {{.claim = &claims[0], .verdict = VERDICT_HOLDS},
                                 {.claim = &claims[1], .verdict = VERDICT_FAILS},
                                 {.claim = &claims[2], .verdict = VERDICT_NOT_TESTED}};
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    result_warn(&r, "%s",
                "a warning that is so long that it needs a second line, which is 3000000 s "
                "\033[1m wide");
    text_add(&rows[0].evidence, "%s", "it took 20.8 µs");
    text_add(&rows[1].evidence, "%s", "5 \xff\n");
    r.verdicts = rows;
    r.verdict_count = 3;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text,
                 "\nwarning: a warning that is so long that it needs a second line, which is\n"
                 "  3000000 s ?[1m wide\n");
    assert_drawn(
        text, "\n+ holds: the first one of all calls beyond the size of the whole pool ran on a\n"
              "  thread\n  it took 20.8 us\n"
              "x fails: short\n  5 ??\n"
              "- not tested here: nothing known\n");
    free(text);
    text = drawn_text(&r, NULL, (struct view_style){.columns = 80, .unicode = true});
    assert_drawn(text, "\n✓ holds: ");
    assert_drawn(text, "\n  it took 20.8 µs\n");
    assert_drawn(text, "\n✗ fails: ");
    free(text);
    text_free(&rows[0].evidence);
    text_free(&rows[1].evidence);
    r.verdicts = NULL;
    r.verdict_count = 0;
    result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_were_set_can_be_repeated),
        cmocka_unit_test(cpus_and_pool_as_they_are),
        cmocka_unit_test(mixed_kinds_are_counted),
        cmocka_unit_test(causes_and_phases_have_columns),
        cmocka_unit_test(warnings_and_claims_hang_under_their_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

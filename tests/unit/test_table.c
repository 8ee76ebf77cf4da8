/* The table, from results made by hand: word by word for the classic five calls, by its structure
 * for the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/table.h"
#include "tests/unit/drawn.h"

static const struct view_style plain = {.columns = 80};
static const struct view_style all = {.columns = 80, .all_rows = true};

static void five_calls_word_by_word(void **state)
{
    static const char expected[] =
        "drawn: Who waited for whom?\n"
        "5 calls (pbkdf2), pool of 4 threads (default), 2 CPUs\n"
        "\n"
        "call    submitted   waited     ran     cpu  returned  called back  thread\n"
        "hash 1   1.000 us  19.0 us  810 ms  790 ms   1.00 ms   811.000 ms  pool 1\n"
        "hash 2   2.000 us  18.0 us  800 ms       -   11.0 ms   811.000 ms  pool 2\n"
        "hash 3   3.000 us  17.0 us  820 ms       -   1.00 ms   821.000 ms  pool 3\n"
        "hash 4   4.000 us  16.0 us  830 ms       -   1.00 ms   831.000 ms  pool 4\n"
        "hash 5   5.000 us   801 ms  798 ms       -   1.00 ms     1.600 s   pool 2\n"
        "\n"
        "elapsed   1.60 s from the first submission to the last callback\n"
        "queued    hash 5 waited 801 ms for a thread: pool 2 took it after hash 2\n"
        "calls     17 % waiting, 83 % running, <1 % returning (of their time, added up);\n"
        "          at most 4 ran at once\n"
        "CPU       3.17 s = 1.98 of 2 CPUs (pool 3.15 s)\n"
        "loop      3 iterations, idle 1.50 s, longest hold-up 45.0 us\n";
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured)->pool_cpu_ns = 3150 * MS;
    text = drawn_text(&r, NULL, plain);
    assert_string_equal(text, expected);
    free(text);
    result_free(&r);
}

/* A quota is shown as it is, not rounded up to CPUs; one that is no limit is not. */
static void the_cpu_line_tells_the_quota(void **state)
{
    static const struct {
        double quota;
        const char *line;
    } cases[] = {{1.5, "= 1.98 of 1.5 CPUs"}, {0.5, "= 1.98 of 0.5 CPUs"}, {4, "= 1.98 of 2 CPUs"}};
    struct result r;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text;

        r.host.cpu_quota = cases[i].quota;
        text = drawn_text(&r, NULL, plain);
        assert_non_null(strstr(text, cases[i].line));
        free(text);
    }
    result_free(&r);
}

/* Without Unicode nothing beyond ASCII appears, without colour no escape sequence; with both,
 * taking the escape sequences away leaves what is there without colour. */
static void colour_and_unicode_only_when_asked_for(void **state)
{
    struct view_style style = {.columns = 80, .timeline = true};
    char *text, *coloured, *to;
    struct result r;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    text = drawn_text(&r, NULL, style);
    for (const char *s = text; *s != '\0'; s++)
        assert_true((*s >= ' ' && *s <= '~') || *s == '\n');
    style.colour = true;
    coloured = drawn_text(&r, NULL, style);
    assert_drawn(coloured, "\033[0;33m801 ms\033[0m");
    to = coloured;
    for (const char *s = coloured; *s != '\0'; s++) {
        if (*s == '\033')
            s += strcspn(s, "m");
        else
            *to++ = *s;
    }
    *to = '\0';
    assert_string_equal(coloured, text);
    free(coloured);
    free(text);

    style.colour = false;
    style.unicode = true;
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "19.0 µs");
    assert_drawn(text, "█");
    assert_not_drawn(text, "\033");
    free(text);
    result_free(&r);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    static const struct claim claim = {.id = "x",
                                       .text = "the calls ran on several threads at once"};
    struct verdict_row row = {.claim = &claim, .verdict = VERDICT_HOLDS};
    struct result r;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    r.runs[0].failed = true; /* one column more */
    result_warn(&r, "%s", "one run only: --runs 10 would show how much the times vary");
    text_add(&row.evidence, "%s", "up to 4 calls ran at the same moment, on 4 threads in all");
    r.verdicts = &row;
    r.verdict_count = 1;
    for (unsigned columns = 40; columns <= 200; columns += 4) {
        for (unsigned bits = 0; bits < 4; bits++) {
            struct view_style style = {.columns = columns, .timeline = true};
            char *text;
            style.unicode = (bits & 1) != 0;
            style.by_lane = (bits & 2) != 0;
            text = drawn_text(&r, NULL, style);
            if (drawn_width(text) > columns) {
                fprintf(stderr, "%zu of %u columns:\n%s", drawn_width(text), columns, text);
                fail();
            }
            assert_drawn(text, "waited");
            assert_drawn(text, "hash 5");
            free(text);
        }
    }
    text_free(&row.evidence);
    r.verdicts = NULL;
    r.verdict_count = 0;
    result_free(&r);
}

static void what_does_not_fit_is_named(void **state)
{
    struct view_style style = {.columns = 44};
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "too narrow to show: submitted, cpu,\nreturned\n");
    assert_drawn(text, "call    waited    ran called back thread\n");
    free(text);
    result_free(&r);
}

static void more_than_a_screen_is_summarised(void **state)
{
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    run = drawn_run(&r, &made_measured, 51);
    run->pool_size = 1;
    for (uint64_t i = 0; i < 51; i++)
        made_span(run, (struct made_span){HASH, 1, 0, 0, i * MS, (i + 1) * MS, (i + 3) * MS});
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "pbkdf2: 51 calls\n");
    assert_drawn(text, "  min       p50       p90       p99       max\n");
    assert_drawn(text, "\nwaited          0 ns   25.0 ms   45.0 ms   50.0 ms   50.0 ms\n");
    assert_drawn(text, "\nran          1.00 ms   1.00 ms   1.00 ms   1.00 ms   1.00 ms\n");
    assert_drawn(text, "\ncpu                -         -         -         -         -\n");
    assert_drawn(text, "\nreturned     2.00 ms   2.00 ms");
    assert_drawn(text, "\ntotal        3.00 ms   28.0 ms");
    assert_drawn(text, "--all");
    assert_not_drawn(text, "\nhash 1 ");
    assert_drawn(text,
                 "queued    50 calls waited for a thread that others held: hash 51 (50.0 ms,\n"
                 "          pool 1 after hash 50), hash 50");
    assert_drawn(text, "and 46 more\n");
    free(text);
    text = drawn_text(&r, NULL, all);
    assert_drawn(text, "\nhash 1 ");
    assert_drawn(text, "\nhash 51 ");
    assert_not_drawn(text, "p99");
    free(text);
    result_free(&r);
}

/* A thread that was free took its time to wake: it held nobody up who matters. */
static void the_longest_waits_are_named_first(void **state)
{
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    run = drawn_run(&r, &made_measured, 6);
    run->pool_size = 2;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 10, 100, 200});
    made_span(run, (struct made_span){HASH, 1, 0, 50, 101, 110, 200}); /* beside pool 2 */
    made_span(run, (struct made_span){HASH, 2, 0, 115, 120, 400 * MS, 401 * MS});
    made_span(run, (struct made_span){HASH, 1, 0, 116, 121, 300 * MS, 301 * MS});
    made_span(run, (struct made_span){HASH, 1, 0, 130, 300 * MS + 1, 500 * MS, 501 * MS});
    made_span(run, (struct made_span){HASH, 2, 0, 131, 400 * MS + 1, 500 * MS, 501 * MS});
    assert_int_equal(table_waited_for(run, 1), SPAN_NONE);
    assert_int_equal(table_waited_for(run, 4), 3);
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text,
                 "queued    2 calls waited for a thread that others held: hash 6 (400 ms, pool 2\n"
                 "          after hash 3), hash 5 (300 ms, pool 1 after hash 4)\n");
    free(text);
    result_free(&r);
}

static void passes_are_labelled_and_not_mixed(void **state)
{
    static const struct pass baseline = {
        .role = PASS_BASELINE, .override = "jobs", .override_value = 1};
    static const struct pass trial = {.role = PASS_TRIAL};
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    r.warmup_runs = 1;
    drawn_five(&r, &made_measured);
    run = drawn_run(&r, &baseline, 1);
    made_span(run, (struct made_span){HASH, 1, 0, 0, 0, 400 * MS, 401 * MS});
    run->elapsed_ns = 401 * MS;
    for (int i = 0; i < 3; i++) {
        run = drawn_run(&r, &trial, 1);
        made_span(run, (struct made_span){TIMER, LANE_LOOP, 0, 0, MS, MS, MS});
        run->elapsed_ns = (uint64_t)(i + 1) * MS;
    }
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "5 calls (pbkdf2) after 1 warm-up run, pool");
    assert_drawn(text, "\nbaseline (--jobs 1): elapsed 401 ms\nhash 1 ");
    assert_drawn(text, "\ntrials: 3 runs, elapsed 2.00 ms (median) (--all shows every call)\n");
    assert_not_drawn(text, "timer");
    assert_drawn(text, "elapsed   1.60 s from"); /* of the measured run alone */
    free(text);
    text = drawn_text(&r, NULL, (struct view_style){.columns = 60});
    assert_drawn(text, "\ntrials: 3 runs, elapsed 2.00 ms (median) (--all shows every\n  call)\n");
    assert_true(drawn_width(text) <= 60);
    free(text);
    text = drawn_text(&r, NULL, all);
    assert_drawn(text, "\ntrial 3: elapsed 3.00 ms\ntimer 1 ");
    free(text);
    result_free(&r);
}

static void several_runs_have_headings_and_a_median(void **state)
{
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    for (uint64_t i = 0; i < 3; i++)
        drawn_five(&r, &made_measured)->elapsed_ns = (1500 + 100 * i) * MS;
    r.runs[2].interrupted = true;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "\n3 runs of 5 calls (pbkdf2), pool of 4");
    assert_drawn(text, "\nrun 1: elapsed 1.50 s\nhash 1 ");
    assert_drawn(text, "\nrun 3: elapsed 1.70 s, interrupted\nhash 1 ");
    assert_drawn(text, "elapsed   1.55 s median of 2 runs, min 1.50 s, max 1.60 s (1 more was\n"
                       "          interrupted)\n");
    assert_drawn(text, "CPU       6.34 s in the whole runs = 2.04 of 2 CPUs\n");
    assert_drawn(
        text, "loop      6 iterations in the whole runs, idle 3.00 s, longest hold-up 45.0 us\n");
    free(text);
    result_free(&r);
}

/* Of many runs the median one is drawn, the lower one of two. */
static void the_timeline_is_that_of_the_median_run(void **state)
{
    static const unsigned elapsed[] = {9, 3, 1, 2, 100, 50};
    struct view_style style = {.columns = 80, .timeline = true};
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    for (unsigned i = 0; i < sizeof elapsed / sizeof elapsed[0]; i++)
        drawn_five(&r, &made_measured)->elapsed_ns = elapsed[i] * MS;
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "\ntimeline of run 2, the median (--all draws every run)\n");
    assert_drawn(text, "elapsed   6.00 ms median of 6 runs");
    free(text);
    r.runs[5].interrupted = true; /* 1 2 3 9 100 */
    r.runs[1].interrupted = true; /* 1 2 9 100 */
    text = drawn_text(&r, NULL, style);
    assert_drawn(text, "\ntimeline of run 4, the median");
    free(text);
    style.all_rows = true;
    text = drawn_text(&r, NULL, style);
    assert_not_drawn(text, "timeline of run");
    free(text);
    result_free(&r);
}

/* As printed they add up to all but what is too little to count, which is not nothing. */
static void shares_add_up_to_a_hundred(void **state)
{
    static const uint64_t ends[][3] = {
        {1, 2, 3},        {1, 1000, 1001}, {0, 1000, 1001}, {2, 3, 3000},
        {1, 9851, 10000}, {0, 1000, 1000}, {4, 998, 1001},  {10, 995, 1000},
    };
    static const char *const lines[] = {"34 % waiting, 33 % running, 33 % returning (of",
                                        " <1 % waiting, >99 % running, <1 % returning",
                                        " 0 % waiting, >99 % running, <1 % returning",
                                        " <1 % waiting, <1 % running, >99 % returning",
                                        " <1 % waiting, 99 % running, 1 % returning",
                                        " 0 % waiting, 100 % running, 0 % returning",
                                        " <1 % waiting, 99 % running, <1 % returning",
                                        " 1 % waiting, 99 % running, <1 % returning"};
    struct result r;
    char *text;

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        drawn_result(&r, &drawn_experiment);
        struct run *run = drawn_run(&r, &made_measured, 3);
        made_span(run, (struct made_span){HASH, 1, 0, 0, ends[i][0], ends[i][1], ends[i][2]});
        made_span(run, (struct made_span){IMMEDIATE, 0, 0, 0, UNKNOWN, UNKNOWN, 5000});
        text = drawn_text(&r, NULL, plain);
        assert_drawn(text, lines[i]);
        free(text);
        made_span(run, (struct made_span){IMMEDIATE, 0, 0, 0, UNKNOWN, UNKNOWN, 5000});
        text = drawn_text(&r, NULL, plain); /* now fewer than half are known */
        assert_not_drawn(text, "waiting,");
        free(text);
        result_free(&r);
    }
}

static void parts_follow_their_call_unless_callbacks_are_the_order(void **state)
{
    struct experiment by_callback = drawn_experiment;
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    by_callback.rows_by_call_back = true;
    for (int i = 0; i < 2; i++) {
        drawn_result(&r, i == 0 ? &drawn_experiment : &by_callback);
        run = drawn_run(&r, &made_measured, 6);
        made_span(run, (struct made_span){FILE_READ, LANE_UNKNOWN, 0, 1, 2, 60, 90});
        made_span(run, (struct made_span){HASH, 1, 0, 2, 5, 40, 50});
        made_span(run, (struct made_span){PART, 2, 0, 3, 4, 30, 40});
        made_span(run, (struct made_span){PART, 2, 0, 40, 45, 60, 80});
        made_span(run, (struct made_span){HASH, 3, 0, 4, 5, 40, 70});
        made_span(run, (struct made_span){PART, 3, 0, 5, 5, 40, 75});
        recorder_parent(&run->recorder, 2, 0);
        recorder_parent(&run->recorder, 3, 0);
        recorder_parent(&run->recorder, 4, 5); /* a mistake: its parent is opened after it */
        recorder_parent(&run->recorder, 5, 4);
        text = drawn_text(&r, NULL, plain);
        const char *order[2][6] = {
            {"file 1", "  read 3", "  read 4", "hash 2", "hash 5", "  read 6"},
            {"read 3", "hash 2", "hash 5", "read 6", "read 4", "file 1"}};
        const char *from = strstr(text, "\ncall ");
        for (int row = 0; row < 6; row++) {
            assert_non_null(from);
            from = strchr(from + 1, '\n');
            assert_non_null(from);
            assert_memory_equal(from + 1, order[i][row], strlen(order[i][row]));
        }
        free(text);
        result_free(&r);
    }
}

static void failures_are_named_and_counted(void **state)
{
    struct result r;
    struct run *run;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    run = drawn_run(&r, &made_measured, 4);
    made_span(run, (struct made_span){HASH, 1, UV_ENOENT, 0, 1, 2, 3});
    made_span(run, (struct made_span){HASH, 1, UV_ENOENT, 0, 3, 4, 5});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 3, 4, 5});
    made_span(run, (struct made_span){HASH, 2, 0, 7, 8, UNKNOWN, UNKNOWN});
    run->failed = true;
    run->elapsed_ns = UNKNOWN;
    r.interrupted = run->interrupted = true;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "thread  status\n");
    assert_drawn(text, "pool 1  ENOENT\n");
    assert_drawn(text, "failed    2 calls: ENOENT: no such file or directory\n");
    assert_drawn(text, "no end    1 call: unfinished\n");
    assert_drawn(text, "elapsed   - from");
    assert_drawn(strstr(text, "interrupted:") + 1, "interrupted:"); /* at the top and at the end */
    free(text);
    result_free(&r);
}

static void interrupted_before_anything_ran(void **state)
{
    struct result r;
    char *text;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    r.interrupted = true;
    text = drawn_text(&r, NULL, plain);
    assert_drawn(text, "nothing was run, pool of 4 threads");
    assert_drawn(text, "interrupted:");
    free(text);
    drawn_run(&r, &made_measured, 1); /* a run without a call */
    text = drawn_text(&r, NULL, (struct view_style){.columns = 80, .timeline = true});
    assert_drawn(text, "0 calls");
    free(text);
    result_free(&r);
}

#ifdef UVLAB_TORTURE
/* Every allocation fails in turn: a clean error or a whole table, and (under ASan) no leak. */
static void running_out_of_memory_is_an_error(void **state)
{
    struct view_style style = {.columns = 80, .timeline = true};
    struct result r;
    unsigned long failed = 0;

    (void)state;
    drawn_result(&r, &drawn_experiment);
    drawn_five(&r, &made_measured);
    for (unsigned long nth = 1; nth < 60; nth++) {
        struct err e = {.text = ""};
        struct out *o = out_open("/dev/null", &e);
        assert_non_null(o);
        style.by_lane = nth % 2 == 0;
        mem_fuse_arm((nth + 1) / 2);
        if (view_table(&r, &style, o, &e) != 0) {
            failed++;
            assert_int_equal(e.status, STATUS_FAILED);
            assert_true(e.text[0] != '\0');
        }
        mem_fuse_arm(0);
        out_abandon(o);
    }
    assert_true(failed > 10 && failed < 58);
    result_free(&r);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_calls_word_by_word),
        cmocka_unit_test(the_cpu_line_tells_the_quota),
        cmocka_unit_test(colour_and_unicode_only_when_asked_for),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(more_than_a_screen_is_summarised),
        cmocka_unit_test(the_longest_waits_are_named_first),
        cmocka_unit_test(passes_are_labelled_and_not_mixed),
        cmocka_unit_test(several_runs_have_headings_and_a_median),
        cmocka_unit_test(the_timeline_is_that_of_the_median_run),
        cmocka_unit_test(shares_add_up_to_a_hundred),
        cmocka_unit_test(parts_follow_their_call_unless_callbacks_are_the_order),
        cmocka_unit_test(failures_are_named_and_counted),
        cmocka_unit_test(interrupted_before_anything_ran),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(running_out_of_memory_is_an_error),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

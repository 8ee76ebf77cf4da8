/* The timeline, from runs made by hand: exact rows for what a picture must not get wrong, and its
 * structure at every width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/drawn.h"

/* 80 columns: 6 of names, 60 of time and one behind it, 9 of lanes, two gaps of 2. */
enum { NAMES = 6, LANES = 9, WIDTH = 60, COLUMNS = NAMES + WIDTH + 1 + LANES + 4 };

static struct result r;

static int make(void **state)
{
    (void)state;
    drawn_result(&r, &drawn_experiment);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    result_free(&r);
    return 0;
}

/* A run whose time axis ends at 60 ms, so that a column is a millisecond at 80 columns; by a last
 * call on lane 1024, which makes the column of lanes as wide as it can be. */
static struct run *sixty_ms(uint32_t capacity)
{
    struct run *run = drawn_run(&r, &made_measured, capacity + 1);

    made_span(run, (struct made_span){HASH, 1024, 0, 0, 0, 59 * MS, 60 * MS});
    return run;
}

static char *drawn(const struct run *run, bool unicode)
{
    return drawn_text(&r, run, (struct view_style){.columns = COLUMNS, .unicode = unicode});
}

static void waiting_running_and_returning_are_told_apart(void **state)
{
    struct run *run = sixty_ms(3);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, 2, 0, 10 * MS, 20 * MS, 40 * MS, 50 * MS});
    made_span(run, (struct made_span){HASH, 3, 0, 0, 0, 5 * MS + MS / 2, 6 * MS});
    made_span(run, (struct made_span){HASH, 4, UV_EIO, 0, 10 * MS, 11 * MS, 11 * MS});
    text = drawn(run, false);
    assert_drawn(text, "        0       10 ms     20 ms     30 ms     40 ms     50 ms     60 ms\n"
                       "        +---------+---------+---------+---------+---------+---------+\n");
    assert_drawn(
        text, "hash 1  ###########################################################-|  pool 1024\n");
    assert_drawn(text,
                 "hash 2            ..........####################----------|            pool 2\n");
    assert_drawn(text,
                 "hash 3  ######|                                                        pool 3\n");
    assert_drawn(text,
                 "hash 4  ..........#x                                                   pool 4\n");
    assert_drawn(text, "        . waiting  # running  - returning  | called back  x failed\n");
    free(text);
    text = drawn(run, true);
    assert_drawn(text,
                 "hash 2            ░░░░░░░░░░████████████████████──────────│            pool 2\n");
    assert_drawn(text,
                 "hash 3  █████▌│                                                        pool 3\n");
    assert_drawn(text,
                 "hash 4  ░░░░░░░░░░█✗                                                   pool 4\n");
    assert_drawn(text, "        ░ waiting  █ running  ─ returning  │ called back  ✗ failed\n");
    free(text);
}

static void what_is_unknown_stays_open(void **state)
{
    struct run *run = sixty_ms(6);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, 2, 0, 10 * MS, 20 * MS, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 2, 0, 50 * MS, UNKNOWN, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 3, 0, 0, 20 * MS, 40 * MS, UNKNOWN});
    made_span(run, (struct made_span){HASH, 1, UV_ECANCELED, 0, UNKNOWN, UNKNOWN, 4 * MS});
    made_span(run, (struct made_span){HASH, 1, 0, UNKNOWN, 20 * MS, 24 * MS, 24 * MS});
    made_span(run, (struct made_span){HASH, 1, 0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN});
    text = drawn(run, false);
    assert_drawn(text,
                 "hash 2            ..........########################################?  pool 2\n");
    assert_drawn(text,
                 "hash 3                                                    ..........?  -\n");
    assert_drawn(text,
                 "hash 4  ....................####################?                      pool 3\n");
    assert_drawn(text,
                 "hash 5  ....x                                                          -\n");
    assert_drawn(text,
                 "hash 6                      ####|                                      pool 1\n");
    assert_drawn(text,
                 "hash 7                                                                 -\n");
    assert_drawn(text, "? end unknown\n");
    free(text);
}

static void the_shortest_calls_are_seen(void **state)
{
    struct run *run = sixty_ms(4);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, 2, 0, 0, 1, 2, 3});
    made_span(run, (struct made_span){TIMER, LANE_LOOP, 0, 0, 10 * MS, 10 * MS, 10 * MS});
    made_span(run, (struct made_span){IMMEDIATE, 0, 0, 0, UNKNOWN, UNKNOWN, 10 * MS});
    made_span(run, (struct made_span){HASH, 2, 0, 60 * MS, 60 * MS, 60 * MS, 60 * MS});
    text = drawn_text(&r, run, (struct view_style){.columns = COLUMNS + 5});
    assert_drawn(
        text,
        "hash 2       #|                                                             pool 2\n");
    assert_drawn(
        text, "timer 3      ..........|                                                    loop\n");
    assert_drawn(text,
                 "immediate 4            |                                                    -\n");
    assert_drawn(
        text,
        "hash 5                                                                   |  pool 2\n");
    free(text);
}

static void the_axis_is_round_at_every_scale(void **state)
{
    static const struct {
        uint64_t end_ns;
        const char *labels;
    } axes[] = {
        {1, "0"},
        {90, "0           20 ns         40 ns "},
        {4500, " 1 us "},
        {1500, " 0.5 us "},
        {1000000, " 0.2 ms "},
        {1600 * MS, " 0.5 s "},
        {12000 * MS, "2 s "},
        {UINT64_MAX / 2, " 5000000000 s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++) {
        struct run *run = drawn_run(&r, &made_measured, 1);
        char *text;
        made_span(run, (struct made_span){HASH, 1, 0, 0, 0, 0, axes[i].end_ns});
        text = drawn(run, false);
        assert_drawn(text, axes[i].labels);
        assert_true(drawn_width(text) <= COLUMNS);
        free(text);
    }
}

static void too_many_calls_are_left_out(void **state)
{
    struct run *run = drawn_run(&r, &made_measured, 300);
    char *text;

    (void)state;
    for (uint64_t i = 0; i < 300; i++)
        made_span(run, (struct made_span){HASH, 1, 0, 0, i * MS, (i + 1) * MS, (i + 1) * MS});
    text = drawn(run, false);
    assert_drawn(text, "\nhash 42 ");
    assert_drawn(text, "\n... 250 calls left out (--all draws them)\nhash 293 ");
    assert_drawn(text, "\nhash 300 ");
    assert_not_drawn(text, "\nhash 43 ");
    free(text);
    text = drawn_text(&r, run, (struct view_style){.columns = COLUMNS, .all_rows = true});
    assert_drawn(text, "\nhash 150 ");
    assert_not_drawn(text, "left out");
    free(text);
}

static void one_call_more_than_fits_is_drawn(void **state)
{
    struct run *run = drawn_run(&r, &made_measured, 52);
    char *text;

    (void)state;
    for (uint64_t i = 0; i < 51; i++)
        made_span(run, (struct made_span){HASH, 1, 0, 0, i * MS, (i + 1) * MS, (i + 1) * MS});
    text = drawn(run, false);
    assert_drawn(text, "\nhash 43 ");
    assert_not_drawn(text, "left out");
    free(text);
    made_span(run, (struct made_span){HASH, 1, 0, 0, 51 * MS, 52 * MS, 52 * MS});
    text = drawn(run, false);
    assert_drawn(text, "\n... 2 calls left out (--all draws them)\nhash 45 ");
    free(text);
}

static void threads_have_rows_too(void **state)
{
    const struct view_style style = {.columns = 76, .by_lane = true};
    struct run *run = drawn_run(&r, &made_measured, 5);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 0, 10 * MS, 30 * MS});
    made_span(run, (struct made_span){HASH, 1, 0, 0, 25 * MS, 47 * MS, 49 * MS});
    made_span(run, (struct made_span){HASH, 2, 0, 0, 40 * MS, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){HASH, 0, UV_ECANCELED, 0, UNKNOWN, UNKNOWN, 50 * MS});
    text = drawn_text(&r, run, style);
    assert_drawn(text,
                 "\npool 1     #hash 1#################=hash 3==============      2 calls, 94 %\n");
    assert_drawn(text,
                 "\npool 2     #hash 2###                            =hash 4===?  2 calls, 40 %\n");
    assert_drawn(text, "\npool 3                                                  ");
    assert_drawn(text, "  0 calls\npool 4 ");
    assert_drawn(text, "\nloop   ");
    assert_drawn(text, "  4 callbacks\n");
    free(text);
}

static void idle_threads_are_folded_and_lanes_of_others_drawn(void **state)
{
    struct view_style style = {.columns = 80, .by_lane = true};
    struct run *run = drawn_run(&r, &made_measured, 3);
    char *text;

    (void)state;
    run->pool_size = 64;
    made_span(run, (struct made_span){HASH, 60, 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){HASH, LANE_OS, 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){HASH, LANE_UNKNOWN, 0, 0, 9 * MS, 5 * MS, 26 * MS});
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\n... pool 1 to 59: 0 calls (--all draws them)\npool 60 ");
    assert_drawn(text, "\n... pool 61 to 64: 0 calls (--all draws them)\nos ");
    assert_drawn(text, "\n-  ");
    assert_not_drawn(text, "does not tell");
    free(text);
    style.all_rows = true;
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\npool 1 ");
    assert_drawn(text, "\npool 64 ");
    assert_not_drawn(text, "...");
    free(text);
}

static void threads_are_left_out(void **state)
{
    const struct view_style style = {.columns = 80, .by_lane = true};
    struct run *run = drawn_run(&r, &made_measured, 60);
    char *text;

    (void)state;
    run->pool_size = 60;
    for (int i = 1; i <= 51; i++)
        made_span(run, (struct made_span){HASH, i, 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){HASH, 60, 0, 0, 0, 25 * MS, 25 * MS});
    text =
        drawn_text(&r, run, style); /* a row more than that are the folded ones, and one the last */
    assert_drawn(text, "\npool 50 ");
    assert_drawn(text, "\n... 10 threads left out (--all draws them)\nloop ");
    free(text);
    run->pool_size = 51;
    run->recorder.count = 51;
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\npool 51 ");
    assert_not_drawn(text, "...");
    free(text);
}

/* What the loop works on itself occupies it; a timer that is due does not. */
static void workers_have_rows_and_so_has_the_loop(void **state)
{
    const struct view_style style = {.columns = 80, .by_lane = true};
    struct run *run = drawn_run(&r, &made_measured, 60);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, lane_of_worker(2, 0), 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){HASH, lane_of_worker(1, 3), 0, 0, 0, 50 * MS, 50 * MS});
    made_span(run, (struct made_span){HASH, LANE_LOOP, 0, 0, 25 * MS, 49 * MS, 49 * MS});
    made_span(run, (struct made_span){HASH, LANE_LOOP, 0, 0, 10 * MS, 10 * MS, 10 * MS});
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\nworker 1 pool 3  #hash 2##");
    assert_drawn(text, "  1 call, 100 %\nworker 2  ");
    assert_drawn(text, "  1 call, 50 %\nloop  ");
    assert_drawn(text, "=hash 3=");
    assert_not_drawn(text, "hash 4");
    assert_drawn(text, "  4 callbacks\n");
    free(text);
    for (unsigned i = 3; i <= 56; i++)
        made_span(run, (struct made_span){HASH, lane_of_worker(i, 0), 0, 0, 0, MS, MS});
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\nworker 50  ");
    assert_drawn(text, "\n... 6 threads left out (--all draws them)\nloop ");
    free(text);
}

static void calls_on_threads_that_are_not_told_are_counted(void **state)
{
    const struct view_style style = {.columns = 80, .by_lane = true};
    struct run *run = drawn_run(&r, &made_measured, 5);
    char *text;

    (void)state;
    made_span(run, (struct made_span){HASH, 1, 0, 0, 0, 25 * MS, 25 * MS});
    made_span(run, (struct made_span){PART, 0, 0, 0, UNKNOWN, UNKNOWN, 26 * MS});
    made_span(run, (struct made_span){PART, 0, UV_ECANCELED, 0, UNKNOWN, UNKNOWN, 26 * MS});
    made_span(run, (struct made_span){PART, 0, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN});
    made_span(run, (struct made_span){IMMEDIATE, 0, 0, 0, UNKNOWN, UNKNOWN, 26 * MS});
    text = drawn_text(&r, run, style);
    assert_drawn(text, "\n(1 call ran on threads of the pool that libuv does not tell)\n");
    free(text);
}

static void a_picture_fits_at_every_width(void **state)
{
    struct run *run = drawn_run(&r, &made_measured, 9);

    (void)state;
    made_span(run, (struct made_span){HOSTILE, 1, 0, 0, 1, 2 * MS, 3 * MS});
    made_span(run,
              (struct made_span){HASH, 1, 0, 5 * MS, 2 * MS, 1 * MS, 0}); /* time runs backwards */
    made_span(run, (struct made_span){HASH, 2, 0, 0, 0, 100 * MS, 100 * MS});
    made_span(run, (struct made_span){HASH, 3, UV_EIO, 100 * MS, 100 * MS, 100 * MS, 100 * MS});
    made_span(run, (struct made_span){HASH, 3, 0, 1, 99 * MS, UNKNOWN, UNKNOWN});
    for (unsigned columns = 40; columns <= 200; columns++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            struct view_style style = {.columns = columns};
            char *text;
            style.unicode = (bits & 1) != 0;
            style.by_lane = (bits & 2) != 0;
            text = drawn_text(&r, run, style);
            assert_true(drawn_width(text) <= columns);
            assert_not_drawn(text, "\033");
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waiting_running_and_returning_are_told_apart, make, unmake),
        cmocka_unit_test_setup_teardown(what_is_unknown_stays_open, make, unmake),
        cmocka_unit_test_setup_teardown(the_shortest_calls_are_seen, make, unmake),
        cmocka_unit_test_setup_teardown(the_axis_is_round_at_every_scale, make, unmake),
        cmocka_unit_test_setup_teardown(too_many_calls_are_left_out, make, unmake),
        cmocka_unit_test_setup_teardown(threads_have_rows_too, make, unmake),
        cmocka_unit_test_setup_teardown(workers_have_rows_and_so_has_the_loop, make, unmake),
        cmocka_unit_test_setup_teardown(idle_threads_are_folded_and_lanes_of_others_drawn, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(threads_are_left_out, make, unmake),
        cmocka_unit_test_setup_teardown(calls_on_threads_that_are_not_told_are_counted, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(one_call_more_than_fits_is_drawn, make, unmake),
        cmocka_unit_test_setup_teardown(a_picture_fits_at_every_width, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* In which order points are run, with what arguments; and the rule that ends a sweep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep_lab.h"

#include "sweep/points.h"
#include "sweep/stop.h"

enum { POINTS = 12 };

static void check_order(const uint32_t *order, uint32_t count)
{
    bool seen[POINTS] = {false};
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(order[i], 0, count - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
}

static void every_round_has_each_point_once(void **state)
{
    uint32_t order[POINTS];
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++)
        for (uint32_t round = 0; round < 20; round++)
            for (uint32_t count = 1; count <= POINTS; count++) {
                points_order(seed, round, count, order);
                check_order(order, count);
            }
}

static void an_order_depends_on_seed_and_round_alone(void **state)
{
    uint32_t a[POINTS], b[POINTS];
    unsigned same = 0;
    (void)state;
    points_order(7, 3, POINTS, a);
    points_order(8, 0, POINTS, b);
    points_order(7, 3, POINTS, b);
    assert_memory_equal(a, b, sizeof a);
    for (uint32_t other = 0; other < 100; other++) {
        points_order(7, other, POINTS, b);
        same += other != 3 && memcmp(a, b, sizeof a) == 0;
        points_order(other + 8, 3, POINTS, b);
        same += memcmp(a, b, sizeof a) == 0;
    }
    assert_int_equal(same, 0); /* of 12! orders */
}

/* Each place is as likely for each point: 3000 rounds, expected 750 each, five sigma is 119. */
static void no_place_is_preferred(void **state)
{
    uint32_t order[4], counts[4][4] = {{0}};
    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        points_order(11, round, 4, order);
        for (uint32_t i = 0; i < 4; i++)
            counts[i][order[i]]++;
    }
    for (unsigned i = 0; i < 16; i++)
        assert_in_range(counts[i / 4][i % 4], 750 - 119, 750 + 119);
}

static void a_point_has_a_command_line(void **state)
{
    static const char *const wanted[] = {
        "uvlab",           "threadpool", "--jobs=8",      "--threads=4", "--runs=1", "--warmup=2",
        "--measured-only", "--no-spans", "--format=json", "--quiet",     NULL};
    struct words fixed = WORDS_EMPTY, line;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_sweep(&s, "1,4");
    s.warmup = 2;
    assert_true(words_add(&fixed, "--jobs=%d", 8));
    assert_int_equal(points_arguments(&line, &s, 1, &fixed, false, &e), 0);
    for (size_t i = 0; wanted[i] != NULL || line.items[i] != NULL; i++) {
        assert_non_null(line.items[i]);
        assert_string_equal(line.items[i], wanted[i]);
    }
    words_free(&line);
    assert_int_equal(points_arguments(&line, &s, 0, &fixed, true, &e), 0);
    assert_string_equal(line.items[3], "--threads=1");
    assert_string_equal(line.items[7], "--spans");
    words_free(&line);
    words_free(&fixed);
    sweep_free(&s);
}

/* --- The rule. --- */

static void add(struct sweep *s, struct stop_point *points, uint32_t point, uint64_t elapsed_ns,
                int status)
{
    struct sweep_run run = {.point = point, .elapsed_ns = elapsed_ns, .exit_status = status};
    struct err e;
    if (status != 0)
        run.error = mem_copy_text("why");
    stop_add(&points[point], &run);
    assert_int_equal(sweep_add_run(s, &run, &e), 0);
}

static bool is_known(const struct sweep *s, const struct stop_point *points, uint32_t *rounds)
{
    struct err e;
    bool known;
    assert_int_equal(stop_is_known(s, points, &known, rounds, &e), 0);
    return known;
}

static void medians_are_known_when_their_intervals_are_narrow(void **state)
{
    struct stop_point points[2] = {{0}};
    struct sweep s;
    uint32_t rounds;
    (void)state;
    sweep_lab_sweep(&s, "1,2");
    assert_false(is_known(&s, points, &rounds));
    assert_int_equal(rounds, SWEEP_ROUNDS_LEAST);
    for (unsigned i = 0; i < 5; i++)
        for (uint32_t point = 0; point < 2; point++)
            add(&s, points, point, 1000000, 0);
    assert_false(is_known(&s, points, &rounds)); /* five have no interval at 95 % */
    add(&s, points, 0, 1000000, 0);
    add(&s, points, 1, 1050000, 0); /* with six it is from the least to the greatest */
    assert_false(is_known(&s, points, &rounds));
    assert_in_range(rounds, SWEEP_ROUNDS_LEAST + 1, 1000);
    s.precision_ppm = 50000;
    assert_true(is_known(&s, points, &rounds));
    s.precision_ppm = 49999;
    assert_false(is_known(&s, points, &rounds));
    sweep_free(&s);
}

static void points_that_fail_are_given_up(void **state)
{
    struct stop_point points[4] = {{0}};
    struct sweep s;
    uint32_t rounds;
    (void)state;
    sweep_lab_sweep(&s, "1..4");
    add(&s, points, 0, SWEEP_UNKNOWN, STATUS_USAGE); /* at once */
    assert_true(points[0].given_up);
    add(&s, points, 1, SWEEP_UNKNOWN, 1);
    assert_false(points[1].given_up);
    add(&s, points, 1, SWEEP_UNKNOWN, -1);
    assert_true(points[1].given_up);
    add(&s, points, 2, 1000, 0); /* once it was well, it may fail now and then */
    add(&s, points, 2, SWEEP_UNKNOWN, 1);
    add(&s, points, 2, SWEEP_UNKNOWN, 1);
    assert_false(points[2].given_up);
    for (unsigned i = 0; i < 6; i++)
        add(&s, points, 3, 1000, 0);
    assert_false(is_known(&s, points, &rounds));
    for (unsigned i = 0; i < 5; i++)
        add(&s, points, 2, 1000, 0);
    assert_true(is_known(&s, points, &rounds)); /* whatever those are that were given up */
    sweep_free(&s);
}

/* A value of 0 is known when all are 0; one that is unknown never is. */
static void odd_values_do_no_harm(void **state)
{
    struct stop_point points[1] = {{0}};
    struct sweep s;
    uint32_t rounds;
    (void)state;
    sweep_lab_sweep(&s, "1");
    for (unsigned i = 0; i < 6; i++)
        add(&s, points, 0, 0, 0);
    assert_true(is_known(&s, points, &rounds));
    add(&s, points, 0, 5, 0);
    add(&s, points, 0, 5, 0);
    add(&s, points, 0, 5, 0);
    assert_false(is_known(&s, points, &rounds));
    assert_in_range(rounds, 1, 100000);
    s.by = SWEEP_BY_LATENCY;
    for (size_t i = 0; i < s.run_count; i++)
        s.runs[i].latency_p50_ns = SWEEP_UNKNOWN;
    assert_false(is_known(&s, points, &rounds));
    sweep_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_round_has_each_point_once),
        cmocka_unit_test(an_order_depends_on_seed_and_round_alone),
        cmocka_unit_test(no_place_is_preferred),
        cmocka_unit_test(a_point_has_a_command_line),
        cmocka_unit_test(medians_are_known_when_their_intervals_are_narrow),
        cmocka_unit_test(points_that_fail_are_given_up),
        cmocka_unit_test(odd_values_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

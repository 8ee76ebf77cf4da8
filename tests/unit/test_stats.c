/* Statistics: known answers, the smallest and the largest inputs, and the radix sort against qsort.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/stats.h"

enum { LARGEST = 5000 };
#define HIGHEST (UINT64_MAX - 1)

static int compare_values(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* xorshift64: the same numbers on every machine. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_one_value_is_all_of_its_statistics(void **state)
{
    uint64_t one = 42;
    struct stats s = stats_of_sorted(&one, 1);

    (void)state;
    assert_int_equal(s.count, 1);
    assert_int_equal(s.min, 42);
    assert_int_equal(s.mean, 42);
    assert_int_equal(s.p50, 42);
    assert_int_equal(s.p90, 42);
    assert_int_equal(s.p99, 42);
    assert_int_equal(s.max, 42);
    assert_true(s.stddev == STATS_UNKNOWN);
}

static void test_no_values_have_count_zero(void **state)
{
    struct stats s = stats_of_sorted(NULL, 0);

    (void)state;
    assert_int_equal(s.count, 0);
    stats_sort(NULL, 0, NULL);
}

static void test_percentiles_of_one_to_a_hundred(void **state)
{
    uint64_t values[100];
    struct stats s;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        values[i] = i + 1;
    s = stats_of_sorted(values, 100);
    assert_int_equal(s.count, 100);
    assert_int_equal(s.min, 1);
    assert_int_equal(s.p50, 51); /* 50.5, rounded up */
    assert_int_equal(s.p90, 90);
    assert_int_equal(s.p99, 99);
    assert_int_equal(s.max, 100);
    assert_int_equal(s.mean, 51); /* 50.5, rounded up */
    for (size_t percent = 1; percent <= 100; percent++)
        assert_int_equal(stats_percentile(values, 100, (double)percent), percent);
}

static void test_percentiles_are_values_that_were_measured(void **state)
{
    const uint64_t values[] = {15, 20, 35, 40, 50};

    (void)state;
    assert_int_equal(stats_percentile(values, 5, 0.0001), 15);
    assert_int_equal(stats_percentile(values, 5, 5), 15);
    assert_int_equal(stats_percentile(values, 5, 20), 15);
    assert_int_equal(stats_percentile(values, 5, 20.1), 20);
    assert_int_equal(stats_percentile(values, 5, 30), 20);
    assert_int_equal(stats_percentile(values, 5, 40), 20);
    assert_int_equal(stats_percentile(values, 5, 50), 35);
    assert_int_equal(stats_percentile(values, 5, 99), 50);
    assert_int_equal(stats_percentile(values, 5, 100), 50);
}

static void test_fractions_of_percent_do_not_slip_by_a_rank(void **state)
{
    static uint64_t values[100000];

    (void)state;
    for (size_t i = 0; i < 100000; i++)
        values[i] = i + 1;
    for (size_t count = 1000; count <= 100000; count += 1000) {
        assert_int_equal(stats_percentile(values, count, 99.9), count / 1000 * 999);
        assert_int_equal(stats_percentile(values, count, 0.1), count / 1000);
        assert_int_equal(stats_percentile(values, count, 57.3), count / 1000 * 573);
    }
    assert_int_equal(stats_percentile(values, 1001, 99.9), 1000);
}

static void test_mean_is_rounded_to_the_nearest(void **state)
{
    const uint64_t below[] = {1, 1, 2}, half[] = {1, 2}, above[] = {1, 2, 2};

    (void)state;
    assert_int_equal(stats_of_sorted(below, 3).mean, 1);
    assert_int_equal(stats_of_sorted(half, 2).mean, 2);
    assert_int_equal(stats_of_sorted(above, 3).mean, 2);
}

static void test_median_is_in_the_middle(void **state)
{
    const uint64_t values[] = {1, 4, 10, 13, 90}, ends[] = {0, HIGHEST},
                   high[] = {HIGHEST, HIGHEST};

    (void)state;
    assert_int_equal(stats_median(values, 1), 1);
    assert_int_equal(stats_median(values, 2), 3); /* 2.5, rounded up */
    assert_int_equal(stats_median(values, 3), 4);
    assert_int_equal(stats_median(values, 4), 7);
    assert_int_equal(stats_median(values, 5), 10);
    assert_true(stats_median(ends, 2) == HIGHEST / 2);
    assert_true(stats_median(high, 2) == HIGHEST);
    assert_int_equal(stats_of_sorted(values, 4).p50, 7);
    assert_int_equal(stats_of_sorted(values, 4).p90, 13);
}

static void test_stddev_is_that_of_a_sample(void **state)
{
    const uint64_t values[] = {2, 4, 4, 4, 5, 5, 7, 9}, alike[] = {7, 7, 7}, ends[] = {0, HIGHEST};
    const uint64_t far[] = {UINT64_C(1000000000000) + 1, UINT64_C(1000000000000) + 3};

    (void)state;
    assert_int_equal(stats_of_sorted(values, 8).stddev, 2); /* 2.138 */
    assert_int_equal(stats_of_sorted(alike, 3).stddev, 0);
    assert_int_equal(stats_of_sorted(far, 2).stddev, 1); /* 1.414 */
    assert_true(stats_of_sorted(ends, 2).stddev > HIGHEST / 10 * 7);
    assert_true(stats_of_sorted(ends, 2).stddev < HIGHEST / 100 * 71);
}

static void test_mean_of_the_largest_values_does_not_overflow(void **state)
{
    uint64_t values[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        values[i] = HIGHEST;
    assert_true(stats_of_sorted(values, 1000).mean == HIGHEST);
    values[0] = 0;
    values[1] = HIGHEST;
    assert_true(stats_of_sorted(values, 2).mean == HIGHEST / 2);
    assert_true(stats_of_sorted(values, 2).max == HIGHEST);
}

/* Sorts three copies, by radix, by qsort through stats_sort and by qsort itself. */
static void assert_sorts(const uint64_t *values, size_t count)
{
    static uint64_t radix[LARGEST], plain[LARGEST], wanted[LARGEST], scratch[LARGEST];

    memcpy(radix, values, count * sizeof *values);
    memcpy(plain, values, count * sizeof *values);
    memcpy(wanted, values, count * sizeof *values);
    qsort(wanted, count, sizeof *wanted, compare_values);
    stats_sort(radix, count, scratch);
    stats_sort(plain, count, NULL);
    assert_memory_equal(radix, wanted, count * sizeof *values);
    assert_memory_equal(plain, wanted, count * sizeof *values);
}

static void test_radix_sort_agrees_with_qsort(void **state)
{
    static const size_t counts[] = {1, 2, 3, 100, 255, 256, 257, 1000, 4999, LARGEST};
    static uint64_t values[LARGEST];
    uint64_t random = 0x9e3779b97f4a7c15u;

    (void)state;
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        /* Of 1 to 64 bits, so that an odd and an even number of passes both happen. */
        for (unsigned shift = 0; shift < 64; shift += 7) {
            for (size_t i = 0; i < counts[k]; i++)
                values[i] = next_random(&random) >> shift;
            assert_sorts(values, counts[k]);
        }
    }
}

static void test_sort_of_special_orders(void **state)
{
    static uint64_t values[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        values[i] = i;
    assert_sorts(values, 1000);
    for (size_t i = 0; i < 1000; i++)
        values[i] = 1000 - i;
    assert_sorts(values, 1000);
    for (size_t i = 0; i < 1000; i++)
        values[i] = 7;
    assert_sorts(values, 1000);
    for (size_t i = 0; i < 1000; i++)
        values[i] = i % 2 == 0 ? HIGHEST : i % 3;
    assert_sorts(values, 1000);
    for (size_t i = 0; i < 1000; i++) /* only the highest byte differs */
        values[i] = (uint64_t)(i * 37 % 256) << 56;
    assert_sorts(values, 1000);
}

static void test_sort_leaves_what_is_behind_alone(void **state)
{
    static uint64_t values[302], scratch[302];

    (void)state;
    for (size_t i = 0; i < 302; i++)
        values[i] = 1000 - i;
    values[300] = 3;
    scratch[300] = scratch[301] = 99;
    stats_sort(values, 300, scratch);
    assert_int_equal(values[0], 701);
    assert_int_equal(values[299], 1000);
    assert_int_equal(values[300], 3);
    assert_int_equal(scratch[300], 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value_is_all_of_its_statistics),
        cmocka_unit_test(test_no_values_have_count_zero),
        cmocka_unit_test(test_percentiles_of_one_to_a_hundred),
        cmocka_unit_test(test_percentiles_are_values_that_were_measured),
        cmocka_unit_test(test_fractions_of_percent_do_not_slip_by_a_rank),
        cmocka_unit_test(test_mean_is_rounded_to_the_nearest),
        cmocka_unit_test(test_median_is_in_the_middle),
        cmocka_unit_test(test_stddev_is_that_of_a_sample),
        cmocka_unit_test(test_mean_of_the_largest_values_does_not_overflow),
        cmocka_unit_test(test_radix_sort_agrees_with_qsort),
        cmocka_unit_test(test_sort_of_special_orders),
        cmocka_unit_test(test_sort_leaves_what_is_behind_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

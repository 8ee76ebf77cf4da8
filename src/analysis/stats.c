/* Exact statistics. All values are sorted, so that a percentile is a value that was measured and
 * not an estimate (but for the median of an even number of values, which lies between two); the
 * sort is what costs, and a radix sort makes it linear. Pure functions of arrays that the caller
 * owns, any thread. */
#include "analysis/stats.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/wide.h"

enum { RADIX_DIGITS = 8, RADIX_BUCKETS = 256 };

/* Below this the counting of digits costs more than comparing does. */
enum { RADIX_WORTH_COUNT = 256 };

static int compare_values(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Moves the values from `from` to `to`, ordered by one byte and otherwise as they were. `counts`
 * says how many values have each digit there, and becomes the place of each bucket. */
static void radix_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift,
                       size_t counts[RADIX_BUCKETS])
{
    size_t place = 0;

    for (size_t digit = 0; digit < RADIX_BUCKETS; digit++) {
        size_t here = counts[digit];

        counts[digit] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[counts[from[i] >> shift & 0xff]++] = from[i];
}

static void radix_sort(uint64_t *values, size_t count, uint64_t *scratch)
{
    size_t counts[RADIX_DIGITS][RADIX_BUCKETS] = {{0}};
    uint64_t *from = values, *to = scratch;

    for (size_t i = 0; i < count; i++) {
        for (unsigned digit = 0; digit < RADIX_DIGITS; digit++)
            counts[digit][values[i] >> (8 * digit) & 0xff]++;
    }
    for (unsigned digit = 0; digit < RADIX_DIGITS; digit++) {
        unsigned shift = 8 * digit;
        uint64_t *swap = from;

        /* Durations are short, so their high bytes are all alike: nothing would move. */
        if (counts[digit][values[0] >> shift & 0xff] == count)
            continue;
        radix_pass(from, to, count, shift, counts[digit]);
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, count * sizeof *values);
}

void stats_sort(uint64_t *values, size_t count, uint64_t *scratch)
{
    if (count < 2)
        return;
    if (scratch == NULL || count < RADIX_WORTH_COUNT)
        qsort(values, count, sizeof *values, compare_values);
    else
        radix_sort(values, count, scratch);
}

uint64_t stats_percentile(const uint64_t *sorted, size_t count, double percent)
{
    double exact = percent * (double)count / 100.0;
    size_t rank;

    /* A percentage such as 99.9 is not exact in binary, and must not push a whole rank to the next
     * one: what exceeds a whole number by no more than the rounding is that number. */
    exact -= exact * 4.0 * DBL_EPSILON;
    if (exact < 1.0)
        return sorted[0];
    if (exact >= (double)count)
        return sorted[count - 1];
    rank = (size_t)exact;
    if ((double)rank < exact)
        rank++;
    return sorted[rank - 1];
}

uint64_t stats_median(const uint64_t *sorted, size_t count)
{
    uint64_t below = sorted[(count - 1) / 2], above = sorted[count / 2];

    return below + (above - below + 1) / 2;
}

static uint64_t mean_of(const uint64_t *values, size_t count)
{
    uint128 sum = 0; /* has room for 2^64 values of 64 bits */

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return (uint64_t)((sum + count / 2) / count);
}

/* By Newton's method, from above: each step is nearer, until rounding stops it. */
static double square_root(double square)
{
    double root = square > 1 ? square : 1;

    for (;;) {
        double next = (root + square / root) / 2;

        if (next >= root)
            return root;
        root = next;
    }
}

/* The deviations are taken from a mean that is rounded, so what that makes of them is taken off
 * again. */
static uint64_t stddev_of(const uint64_t *values, size_t count, uint64_t mean)
{
    double sum = 0, squares = 0, square;

    if (count < 2)
        return STATS_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        double off = values[i] > mean ? (double)(values[i] - mean) : -(double)(mean - values[i]);

        sum += off;
        squares += off * off;
    }
    square = (squares - sum * sum / (double)count) / (double)(count - 1);
    return square > 0 ? (uint64_t)(square_root(square) + 0.5) : 0;
}

struct stats stats_of_sorted(const uint64_t *sorted, size_t count)
{
    uint64_t mean;

    if (count == 0)
        return (struct stats){0};
    mean = mean_of(sorted, count);
    return (struct stats){
        .count = count,
        .min = sorted[0],
        .mean = mean,
        .p50 = stats_median(sorted, count),
        .p90 = stats_percentile(sorted, count, 90),
        .p99 = stats_percentile(sorted, count, 99),
        .max = sorted[count - 1],
        .stddev = stddev_of(sorted, count, mean),
    };
}

/* Statistics of durations: exact, from all values, nothing estimated. Pure functions. */
#ifndef UVLAB_ANALYSIS_STATS_H
#define UVLAB_ANALYSIS_STATS_H

#include <stddef.h>
#include <stdint.h>

struct stats {
    uint64_t count; /* of known values; when 0, all others are meaningless */
    uint64_t min, mean, p50, p90, p99, max;
    uint64_t stddev; /* of a sample; STATS_UNKNOWN for fewer than 2 values */
};

#define STATS_UNKNOWN UINT64_MAX

/* Sorts `values` in place, ascending. O(n) for what long runs bring: a radix sort that needs
 * `scratch` of the same length, or (scratch NULL) qsort. */
void stats_sort(uint64_t *values, size_t count, uint64_t *scratch);

/* The smallest value that at least `percent` percent of all values do not exceed (nearest rank, the
 * definition of most textbooks): a value that was measured, never one in between. `sorted` is
 * ascending, count at least 1, 0 < percent <= 100. */
uint64_t stats_percentile(const uint64_t *sorted, size_t count, double percent);

/* The median as people know it: the value in the middle, or, of an even number of values, the mean
 * of the two in the middle, rounded to the nearest integer. `sorted` is ascending, count at
 * least 1.
 */
uint64_t stats_median(const uint64_t *sorted, size_t count);

/* Of `count` ascending values. p50 is the median, p90 and p99 are by nearest rank; mean and stddev
 * are rounded to the nearest integer. */
struct stats stats_of_sorted(const uint64_t *sorted, size_t count);

#endif

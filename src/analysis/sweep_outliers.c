/* Outliers by Tukey's outer fences, which stand as far from the quartiles as these do from each
 * other, times three. Where runs are nearly equal that is no distance at all; what is of no
 * interest between points, the margin, is of none here, either.
 *
 * Main thread; of the points, as sweep_points.c makes them. */
#include "analysis/sweep_outliers.h"

#include <math.h>
#include <stdlib.h>

/* How many interquartile ranges beyond the quartiles is far off (Tukey's outer fences). */
enum { FENCE_RANGES = 3 };

/* Linear between neighbours, as NumPy's default. */
static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;

    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static int compare_indexes(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return a < b ? -1 : a > b;
}

void sweep_outliers_find(struct sweep_points *p, struct sweep_point *point, uint32_t *flagged)
{
    double first, third, fence, margin;

    point->outliers = p->outliers + *flagged;
    if (point->value.count < SWEEP_ROUNDS_LEAST)
        return;
    first = quantile(p->scratch, point->value.count, 0.25);
    third = quantile(p->scratch, point->value.count, 0.75);
    fence = FENCE_RANGES * (third - first);
    margin = point->value.median * (double)p->sweep->margin_ppm / 1e6;
    for (uint32_t i = 0; i < point->total; i++) {
        double value = sweep_run_value(p->sweep, &p->sweep->runs[p->order[point->first + i]]);

        if ((value < first - fence || value > third + fence) &&
            fabs(value - point->value.median) > margin)
            p->outliers[*flagged + point->outlier_count++] = p->order[point->first + i];
    }
    *flagged += point->outlier_count;
    if (point->outlier_count > 0)
        qsort(p->outliers + (point->outliers - p->outliers), point->outlier_count,
              sizeof *p->outliers, compare_indexes);
}

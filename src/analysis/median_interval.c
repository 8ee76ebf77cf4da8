/* The median, and how well it is known. Each value is below the true median with probability 1/2,
 * so how many are is binomial, and two values that lie as far from both ends hold the median
 * between them with a probability that needs no knowledge of the distribution. Pure functions of
 * arrays that the caller owns, any thread. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/inference.h"

/* What rounding may take from a sum of probabilities that is exactly the one asked for. */
static const double ROUNDING = 1e-12;

static int compare_values(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

void inference_sort(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert(!isnan(values[i])); /* has no place in an order */
    if (n > 1)
        qsort(values, n, sizeof *values, compare_values);
}

double inference_median(const double *sorted, size_t n)
{
    double below, above, sum;

    assert(n >= 1);
    below = sorted[(n - 1) / 2];
    above = sorted[n / 2];
    sum = below + above;
    return isfinite(sum) ? sum / 2 : below / 2 + above / 2;
}

/* The probabilities of a binomial(n, 1/2), in units of the one in the middle: these neither
 * underflow nor lose digits, however large n is. From the weight of k the weight of k - 1. */
static double weight_below(double weight, size_t k, size_t n)
{
    return weight * ((double)k / (double)(n - k + 1));
}

/* Of all weights. Those that would not change the sum any more are left out. */
static double total_weight(size_t n)
{
    double weight = 1, total = n % 2 == 0 ? 1 : 2;

    for (size_t k = n / 2; k > 0 && weight > total * 0x1p-60; k--) {
        weight = weight_below(weight, k, n);
        total += 2 * weight;
    }
    return total;
}

struct interval inference_median_interval(const double *sorted, size_t n, double confidence)
{
    const struct interval unknown = {NAN, NAN, false};
    double weight = 1, inside = n % 2 == 0 ? 1 : 2; /* of d to n - d */
    double wanted;
    size_t d = n / 2;

    assert(confidence > 0 && confidence < 1);
    wanted = confidence * total_weight(n) * (1 - ROUNDING);
    for (; d > 0 && inside < wanted; d--) {
        weight = weight_below(weight, d, n);
        inside += 2 * weight;
    }
    return d == 0 ? unknown : (struct interval){sorted[d - 1], sorted[n - d], true};
}

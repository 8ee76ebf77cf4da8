/* The percentile bootstrap of two medians. To draw n values anew and look for their median would
 * take n steps for each of thousands of resamples; but a value that is drawn is the sorted one at
 * floor(n x) for an x uniform between 0 and 1, order is kept by that, and so only the middle one of
 * n uniform numbers is needed, whose distribution is known (beta). A resample therefore costs the
 * same for ten values and for a million, and is exact, no approximation.
 *
 * Pure functions; memory is taken and given back within a call; any thread. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "analysis/inference.h"
#include "base/mem.h"

static const struct interval UNKNOWN = {NAN, NAN, false};
static const double TWO_PI = 6.283185307179586476925;

/* Above 0 and below 1: the middle of one of 2^52 equal steps. */
static double uniform(uint64_t *random)
{
    return ((double)(inference_random(random) >> 12) + 0.5) * 0x1p-52;
}

/* The middle one of n uniform numbers, n odd: it has a symmetric beta distribution, both parameters
 * (n + 1) / 2, and is made of two uniform numbers by Ulrich's method (L. Devroye, Non-Uniform
 * Random Variate Generation, chapter IX). expm1 keeps the digits when n is large. */
static double middle_of_odd(size_t n, uint64_t *random)
{
    double radius = sqrt(-expm1(log(uniform(random)) * 2 / (double)n));

    return 0.5 + 0.5 * radius * cos(TWO_PI * uniform(random));
}

/* The value that a uniform number stands for. */
static double value_at(const double *sorted, size_t n, double position)
{
    size_t place = (size_t)(position * (double)n);

    return sorted[place < n ? place : n - 1];
}

/* The median of n values drawn from `sorted`, with replacement. When n is even, it is halfway
 * between the middle one of n - 1 numbers and its neighbour on the side on which the last number
 * falls; with it, n / 2 lie there, uniform between the middle one and the end. */
static double resampled_median(const double *sorted, size_t n, uint64_t *random)
{
    double middle, last, nearness, neighbour, pair[2];

    if (n % 2 == 1)
        return value_at(sorted, n, middle_of_odd(n, random));
    middle = middle_of_odd(n - 1, random);
    last = uniform(random);
    nearness = exp(log(uniform(random)) / (double)(n / 2));
    neighbour = last < middle ? middle * nearness : 1 - (1 - middle) * nearness;
    pair[0] = value_at(sorted, n, middle);
    pair[1] = value_at(sorted, n, neighbour);
    return inference_median(pair, 2);
}

/* Type 7: between the two values around share * (n - 1). */
static double quantile(const double *sorted, size_t n, double share)
{
    double place = share * (double)(n - 1);
    size_t below = (size_t)place, above = below + 1 < n ? below + 1 : below;

    return sorted[below] + (sorted[above] - sorted[below]) * (place - (double)below);
}

/* Sorts the values. */
static struct interval interval_of(double *values, size_t n, double confidence)
{
    struct interval found = {.known = true};

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return UNKNOWN;
    }
    inference_sort(values, n);
    found.low = quantile(values, n, (1 - confidence) / 2);
    found.high = quantile(values, n, (1 + confidence) / 2);
    return isfinite(found.low) && isfinite(found.high) ? found : UNKNOWN;
}

/* The samples, sorted, and what becomes of each resample. */
struct work {
    double *a, *b, *ratios, *differences;
};

/* Draws them all. False when the ratios mean nothing, as a median of `a` is 0 or has crossed it. */
static bool resample(const struct work *w, size_t na, size_t nb, unsigned resamples, uint64_t seed)
{
    double median = inference_median(w->a, na), lowest = median, highest = median;

    for (size_t i = 0; i < resamples; i++) {
        double of_a = resampled_median(w->a, na, &seed), of_b = resampled_median(w->b, nb, &seed);

        lowest = of_a < lowest ? of_a : lowest;
        highest = of_a > highest ? of_a : highest;
        w->ratios[i] = of_b / of_a;
        w->differences[i] = of_b - of_a;
    }
    return lowest > 0 || highest < 0;
}

/* NOLINTNEXTLINE(readability-function-size): two samples, two results, and what was agreed on */
int inference_bootstrap(const double *a, size_t na, const double *b, size_t nb, double confidence,
                        unsigned resamples, uint64_t seed, struct bootstrap *out, struct err *e)
{
    struct work w;

    assert(confidence > 0 && confidence < 1 && resamples >= 1);
    *out = (struct bootstrap){UNKNOWN, UNKNOWN};
    if (na < 2 || nb < 2)
        return 0;
    /* Neither the sum nor the product overflows: two of the arrays are in memory already. */
    w.a = mem_alloc((na + nb + 2 * (size_t)resamples) * sizeof *w.a);
    if (w.a == NULL)
        return err_no_memory(e, "the bootstrap");
    w.b = w.a + na;
    w.ratios = w.b + nb;
    w.differences = w.ratios + resamples;
    memcpy(w.a, a, na * sizeof *a);
    memcpy(w.b, b, nb * sizeof *b);
    inference_sort(w.a, na);
    inference_sort(w.b, nb);
    if (resample(&w, na, nb, resamples, seed))
        out->ratio = interval_of(w.ratios, resamples, confidence);
    out->difference = interval_of(w.differences, resamples, confidence);
    mem_free(w.a);
    return 0;
}

/* Durations in constant memory: counts in buckets that are as wide as their values are large, so
 * that any value is told to one part in HISTOGRAM_PRECISION. Values below that many nanoseconds are
 * exact. Each bucket counts to 2^64. For loads that last for hours; where every span is kept,
 * statistics are computed from the spans.
 *
 * One writer at a time; memory of the owner's, 58 KiB each, touched when it is made. Pure. */
#ifndef UVLAB_MEASURE_HISTOGRAM_H
#define UVLAB_MEASURE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 8, /* a power of two is divided into 2^(this - 1) buckets */
    HISTOGRAM_PRECISION = 1 << (HISTOGRAM_BITS - 1),
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 2) << (HISTOGRAM_BITS - 1),
};

struct histogram {
    uint64_t count, sum, min, max; /* of what was added; min is UINT64_MAX when nothing was */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);

/* The bucket of a value, and the least and the greatest value of a bucket. */
static inline unsigned histogram_bucket(uint64_t ns)
{
    unsigned shift;

    if (ns < (UINT64_C(1) << HISTOGRAM_BITS))
        return (unsigned)ns;
    shift = 64 - HISTOGRAM_BITS - (unsigned)__builtin_clzll(ns);
    return (shift << (HISTOGRAM_BITS - 1)) + (unsigned)(ns >> shift);
}
uint64_t histogram_least(unsigned bucket);
uint64_t histogram_greatest(unsigned bucket);

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
    h->buckets[histogram_bucket(ns)]++;
    h->count++;
    h->sum += ns;
    h->min = ns < h->min ? ns : h->min;
    h->max = ns > h->max ? ns : h->max;
}

/* Adds what `from` counted. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/* The nearest-rank percentile, as the greatest value of its bucket (but never more than the
 * maximum): at most one part in HISTOGRAM_PRECISION too large. count is at least 1. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

#endif

/* Log-linear buckets. Up to 2^HISTOGRAM_BITS every value has one of its own; from there each power
 * of two has half as many, so a bucket is at most one part in 2^(HISTOGRAM_BITS - 1) wide. The idea
 * is that of HdrHistogram; two's complement arithmetic does the rest. Pure. */
#include "measure/histogram.h"

#include <string.h>

void histogram_clear(struct histogram *h)
{
    memset(h, 0, sizeof *h);
    h->min = UINT64_MAX;
}

uint64_t histogram_least(unsigned bucket)
{
    unsigned shift;

    if (bucket < 1u << HISTOGRAM_BITS)
        return bucket;
    shift = (bucket >> (HISTOGRAM_BITS - 1)) - 1;
    return (uint64_t)(bucket - (shift << (HISTOGRAM_BITS - 1))) << shift;
}

uint64_t histogram_greatest(unsigned bucket)
{
    return bucket + 1 == HISTOGRAM_BUCKETS ? UINT64_MAX : histogram_least(bucket + 1) - 1;
}

void histogram_merge(struct histogram *h, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->buckets[i] += from->buckets[i];
    h->count += from->count;
    h->sum += from->sum;
    h->min = from->min < h->min ? from->min : h->min;
    h->max = from->max > h->max ? from->max : h->max;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
    double wanted = percent * (double)h->count / 100;
    uint64_t rank = (uint64_t)wanted, seen = 0, value;
    unsigned bucket = 0;

    rank += (double)rank < wanted;
    rank = rank < 1 ? 1 : rank > h->count ? h->count : rank;
    while (bucket + 1 < HISTOGRAM_BUCKETS && seen + h->buckets[bucket] < rank)
        seen += h->buckets[bucket++];
    value = histogram_greatest(bucket);
    return value > h->max ? h->max : value;
}

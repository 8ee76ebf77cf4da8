/* What slow requests and the fast route had in runs whose slow work was done at one place. The
 * slow requests are spans of kind "slow", those for the fast route of kind "fast". Pure functions
 * of runs. */
#ifndef UVLAB_ANALYSIS_BLOCKING_SUMMARY_H
#define UVLAB_ANALYSIS_BLOCKING_SUMMARY_H

#include <stdbool.h>

#include "measure/blocking_facts.h"
#include "measure/run.h"

bool blocking_is_slow(const struct span *s);
bool blocking_is_fast(const struct span *s);

/* From when the first slow request was asked for to when the last one had its answer. False: there
 * was no answer to any. */
struct blocking_interval {
    uint64_t from_ns, to_ns;
};
bool blocking_interval_find(struct blocking_interval *in, const struct run *run);

struct blocking_summary {
    uint32_t runs; /* 0: all others are meaningless */
    uint32_t slow; /* requests that were answered without an error */
    /* From being asked for to the answer, of the first answer of a run and of its last; the median
     * of several runs. SPAN_UNKNOWN: there was none. */
    uint64_t slow_first_ns, slow_last_ns;
    /* Answered without an error, of those that were due in the interval of the slow ones. */
    uint32_t fast;
    uint64_t fast_p50_ns, fast_p99_ns, fast_max_ns; /* from when it was due; SPAN_UNKNOWN */
    uint64_t loop_lag_ns;                           /* longest of all runs; SPAN_UNKNOWN */
    uint64_t cpu_ns; /* of a run, on average; SPAN_UNKNOWN if that of one is */
};

/* Of those among `count` runs that have such facts. False when memory is short. */
bool blocking_summary_make(struct blocking_summary *s, const struct run *runs, uint32_t count,
                           enum blocking_where where);

#endif

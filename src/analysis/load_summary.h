/* What a load came to, over measured runs: its latencies, exactly where every request has a span,
 * else from histograms. */
#ifndef UVLAB_ANALYSIS_LOAD_SUMMARY_H
#define UVLAB_ANALYSIS_LOAD_SUMMARY_H

#include <stdbool.h>

#include "analysis/stats.h"
#include "base/err.h"
#include "measure/load_facts.h"
#include "measure/run.h"

struct load_percentiles {
    uint64_t count; /* when 0, all others are meaningless */
    uint64_t min, mean, p50, p90, p99, p999, max;
};

struct load_summary {
    /* Of the requests that were answered without an error. */
    struct load_percentiles latency;     /* from when it was due or, in a closed loop, asked for */
    struct load_percentiles uncorrected; /* of an open loop: from when it was asked for */
    struct load_percentiles late;        /* of all: from due to asked for */
    bool exact;                          /* from spans, not buckets */
    double requests_per_s; /* answered, from the first that was asked for to the last answer */
    double rate_got;       /* of an open loop: asked for, as rate_due is due */
};

/* Of one run that is a load (run->load). Fails when memory is short. */
int load_summary_make(struct load_summary *s, const struct run *run, struct err *e);

#endif

/* The summary: for each kind of call, over all measured runs, what its durations were. */
#ifndef UVLAB_ANALYSIS_SUMMARY_H
#define UVLAB_ANALYSIS_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/stats.h"
#include "base/err.h"
#include "measure/result.h"

struct summary_row {
    const struct span_kind *kind; /* the first of its name; spans are grouped by kind->kind */
    uint64_t count;               /* spans, also those that failed */
    uint64_t errors;
    struct stats total, waited, ran, returned, cpu; /* of the calls that succeeded, where known */
};

struct summary {
    struct summary_row *rows; /* in the order in which the kinds first appear */
    size_t count;
};

/* Fills *s from the measured runs of r. Fails when memory is short. Free with summary_free(). */
int summary_make(struct summary *s, const struct result *r, struct err *e);
/* The same of run `run` of r alone, whatever its role. */
int summary_make_of_run(struct summary *s, const struct result *r, const struct run *run,
                        struct err *e);
/* Of the calls of one run, whatever their kind: a single row, or none where there was no call. As
 * in summary_shares(), parts of calls are not counted again, and timers are none. */
int summary_make_of_calls(struct summary *s, const struct result *r, const struct run *run,
                          struct err *e);
void summary_free(struct summary *s);

/* What whole runs took: those that were measured and not interrupted. */
struct summary_runs {
    uint64_t count;
    struct stats elapsed, cpu; /* where known */
};
/* Fails when memory is short. */
int summary_of_runs(struct summary_runs *s, const struct result *r, struct err *e);

/* Of one run: the sums of what its calls waited, ran and returned, and CPU; for the lines under a
 * table ("waiting was 40 % of the calls' time"). Parts of calls (with a parent) are not counted
 * again, and timers, whose lane is the loop, have no share; nor has a call of which one of the four
 * instants is unknown, as what is known of it would count for too much. */
struct run_shares {
    uint64_t waited_ns, ran_ns, returned_ns, cpu_ns;
    uint64_t calls, failed, unfinished;
    uint64_t known;        /* calls that have a share */
    uint32_t lanes;        /* distinct pool threads that ran calls */
    uint32_t most_at_once; /* of summary_most_at_once() for all calls */
    bool blurred;          /* that is the least that is certain: starts may be stamped early */
};
void summary_shares(const struct run *run, struct run_shares *shares);

/* Calls that ran at the same moment, at most (of SPAN_BLURRED ones, as far as it is certain): with
 * all of `traits` (enum span_trait), parts of calls among them; or, with 0, all calls but no parts.
 * 0 when none ran, SUMMARY_NO_MEMORY when memory is short. */
#define SUMMARY_NO_MEMORY UINT32_MAX
uint32_t summary_most_at_once(const struct run *run, unsigned traits);

#endif

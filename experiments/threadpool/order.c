/* Who came before whom: the claims that are proved by the order of instants.
 *
 * A stamp at the start of a job is taken after the pool's lock was left, so two jobs that start
 * together may be stamped in either order, and a thread that wakes late may take a call that nobody
 * waited for. The judges allow both. Pure functions of the result. */
#include "threadpool.h"

#include <stdlib.h>

#include "analysis/lanes.h"
#include "base/mem.h"

/* --- The first call beyond the pool's size ran on a thread that an earlier call had freed, or on
 * one that had run nothing yet. Lookups have a queue of their own: of those, more than half of the
 * threads are too many already. --- */

static enum verdict judge_waits_run(const struct result *r, const struct run *run,
                                    struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], before_name[SPAN_TEXT_BYTES];
    char waited[UNITS_TEXT_BYTES], gap[UNITS_TEXT_BYTES];
    struct span s, before;
    uint64_t gap_ns;
    bool found, overlaps;

    if (run->recorder.count <= r->pool.size)
        return claims_not_tested(evidence, "there are no more calls than threads");
    recorder_get(&run->recorder, r->pool.size, &s);
    if ((s.kind->traits & SPAN_SLOW_IO) != 0)
        return claims_not_tested(evidence, "the first call beyond the pool's size is a lookup, "
                                           "and those wait for each other");
    if (!lanes_ran(&s))
        return claims_not_tested(evidence, "the first call beyond the pool's size did not run");
    found = lanes_before(run, &s, &before, &overlaps);
    span_name(&s, name);
    span_lane_name(s.lane, lane);
    if (overlaps) {
        text_add(evidence, "%s ran on %s while another call was running there", name, lane);
        return VERDICT_FAILS;
    }
    if (found && before.submitted_ns > s.submitted_ns) {
        text_add(evidence, "%s ran on %s after %s, which was submitted later", name, lane,
                 span_name(&before, before_name));
        return VERDICT_FAILS;
    }
    claims_duration(waited, span_waited_ns(&s));
    if (!found) {
        text_add(evidence, "%s waited %s and then ran on %s, which had run nothing yet", name,
                 waited, lane);
        return VERDICT_HOLDS;
    }
    gap_ns = s.started_ns > before.finished_ns ? s.started_ns - before.finished_ns : 0;
    text_add(evidence, "%s waited %s and started on %s %s after %s had freed it", name, waited,
             lane, claims_duration(gap, gap_ns), span_name(&before, before_name));
    return VERDICT_HOLDS;
}

enum verdict threadpool_judge_waits(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_waits_run, evidence);
}

/* --- First come, first served. ---
 *
 * The pool's queue is first in, first out. If call A was submitted before call B, A's thread took
 * it from the queue before B's took B; and to take it, it had to be free. So by the time B starts,
 * the thread that runs A has freed itself of what it ran before, even if A's own stamp comes later
 * than B's. Lookups wait in a queue of their own, so they are compared among themselves. */

struct start {
    uint64_t started_ns;
    uint32_t index;
};

static int compare_starts(const void *a, const void *b)
{
    const struct start *x = a, *y = b;

    return (x->started_ns > y->started_ns) - (x->started_ns < y->started_ns);
}

/* freed_ns[i]: when the thread of call i was free to take it; false when calls overlap on a thread,
 * with *bad the later one. */
static bool find_freed(const struct run *run, struct start *starts, uint64_t *freed_ns,
                       struct span *bad)
{
    uint64_t lane_finished_ns[POOL_MOST + 1] = {0};
    size_t count = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (lanes_ran(&s) && lanes_is_pool(s.lane))
            starts[count++] = (struct start){s.started_ns, i};
    }
    qsort(starts, count, sizeof *starts, compare_starts);
    for (size_t i = 0; i < count; i++) {
        recorder_get(&run->recorder, starts[i].index, &s);
        if (lanes_latest_start_ns(&s) < lane_finished_ns[s.lane]) {
            *bad = s;
            return false;
        }
        freed_ns[starts[i].index] = lane_finished_ns[s.lane];
        lane_finished_ns[s.lane] = s.finished_ns;
    }
    return true;
}

static enum verdict compare_in_order(const struct run *run, const uint64_t *freed_ns,
                                     struct text *evidence)
{
    /* by class (lookups or not): of the calls submitted so far, the latest freeing of a thread */
    struct {
        uint64_t freed_ns, started_ns;
        uint32_t index;
    } latest[2] = {{0, 0, 0}, {0, 0, 0}};
    uint32_t compared = 0, swapped = 0;
    char name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s, before;
        unsigned class;

        recorder_get(&run->recorder, i, &s);
        if (!lanes_ran(&s))
            continue;
        class = (s.kind->traits & SPAN_SLOW_IO) != 0;
        compared++;
        if (lanes_latest_start_ns(&s) < latest[class].freed_ns) {
            recorder_get(&run->recorder, latest[class].index, &before);
            text_add(evidence, "%s started before the thread that %s was waiting for was free",
                     span_name(&s, name), span_name(&before, other));
            return VERDICT_FAILS;
        }
        swapped += s.started_ns < latest[class].started_ns;
        if (s.started_ns > latest[class].started_ns)
            latest[class].started_ns = s.started_ns;
        if (freed_ns[i] > latest[class].freed_ns) {
            latest[class].freed_ns = freed_ns[i];
            latest[class].index = i;
        }
    }
    text_add(evidence, "true of all %u calls", (unsigned)compared);
    if (swapped > 0)
        text_add(evidence,
                 " (%u of them %s an earlier start than a call submitted before %s, whose thread "
                 "was free but woke later)",
                 (unsigned)swapped, swapped == 1 ? "carries" : "carry",
                 swapped == 1 ? "it" : "them");
    return VERDICT_HOLDS;
}

static enum verdict judge_fifo_run(const struct result *r, const struct run *run,
                                   struct text *evidence)
{
    uint32_t count = run->recorder.count;
    struct start *starts = mem_alloc((size_t)count * sizeof *starts);
    uint64_t *freed_ns = mem_zeroed(count, sizeof *freed_ns);
    enum verdict verdict;
    struct span bad;
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES];

    (void)r;
    if (count < 2) {
        verdict = claims_not_tested(evidence, "there is only one call");
    } else if (starts == NULL || freed_ns == NULL) {
        verdict = claims_out_of_memory(evidence);
    } else if (!find_freed(run, starts, freed_ns, &bad)) {
        text_add(evidence, "%s started on %s while another call was running there",
                 span_name(&bad, name), span_lane_name(bad.lane, lane));
        verdict = VERDICT_FAILS;
    } else {
        verdict = compare_in_order(run, freed_ns, evidence);
    }
    mem_free(starts);
    mem_free(freed_ns);
    return verdict;
}

enum verdict threadpool_judge_fifo(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_fifo_run, evidence);
}

/* --- The results were called back one after another. --- */

struct callback {
    uint64_t called_back_ns;
    uint32_t iteration;
};

static int compare_callbacks(const void *a, const void *b)
{
    const struct callback *x = a, *y = b;

    if (x->called_back_ns != y->called_back_ns)
        return x->called_back_ns < y->called_back_ns ? -1 : 1;
    return (x->iteration > y->iteration) - (x->iteration < y->iteration);
}

/* In the order of their instants, the loop's iterations must not go back. Two of the same instant
 * refute nothing: all callbacks came on the loop's thread (which is judged before), the counter has
 * a grain of some nanoseconds, and a batch of callbacks that do little goes by within it. */
static enum verdict compare_sequence(const struct callback *sorted, uint32_t count,
                                     struct text *evidence)
{
    uint64_t closest_ns = UINT64_MAX;
    uint32_t iterations = 1;
    char gap[UNITS_TEXT_BYTES];

    for (uint32_t i = 1; i < count; i++) {
        uint64_t gap_ns = sorted[i].called_back_ns - sorted[i - 1].called_back_ns;

        if (sorted[i].iteration < sorted[i - 1].iteration) {
            text_add(evidence, "a call of iteration %u was called back after one of iteration %u",
                     (unsigned)sorted[i].iteration, (unsigned)sorted[i - 1].iteration);
            return VERDICT_FAILS;
        }
        if (gap_ns < closest_ns)
            closest_ns = gap_ns;
        iterations += sorted[i].iteration != sorted[i - 1].iteration;
    }
    text_add(evidence, "%u callbacks in %u iteration%s of the loop, ", (unsigned)count,
             (unsigned)iterations, iterations == 1 ? "" : "s");
    if (closest_ns == 0)
        text_add(evidence, "some closer to each other than the clock can tell");
    else
        text_add(evidence, "the closest two %s apart", claims_duration(gap, closest_ns));
    return VERDICT_HOLDS;
}

static enum verdict judge_callbacks_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct callback *sorted = mem_alloc((size_t)run->recorder.count * sizeof *sorted);
    uint32_t count = 0;
    enum verdict verdict;

    (void)r;
    if (sorted == NULL)
        return claims_out_of_memory(evidence);
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s;

        recorder_get(&run->recorder, i, &s);
        if (s.called_back_ns != SPAN_UNKNOWN)
            sorted[count++] = (struct callback){s.called_back_ns, s.iteration};
    }
    qsort(sorted, count, sizeof *sorted, compare_callbacks);
    if (run->recorder.foreign_callback) {
        text_add(evidence, "a call was called back on another thread");
        verdict = VERDICT_FAILS;
    } else if (count < 2) {
        verdict = claims_not_tested(evidence, "fewer than two calls were called back");
    } else {
        verdict = compare_sequence(sorted, count, evidence);
    }
    mem_free(sorted);
    return verdict;
}

enum verdict threadpool_judge_callbacks(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_callbacks_run, evidence);
}

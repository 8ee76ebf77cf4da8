/* What the experiment exists to show, judged from the spans: how many ran at once, on which
 * threads. The claims about who came before whom are in order.c, that about CPUs in stretch.c. Pure
 * functions of the result. */
#include "threadpool.h"

#include <inttypes.h>

#include "analysis/lanes.h"
#include "analysis/summary.h"

/* --- The calls ran on several threads at once. --- */

/* A thread that has done a call takes the next one itself, at once. Only what keeps threads apart
 * makes them take turns: time and again, and with calls so long that nothing else gives one the
 * other's turn. A thread that was never seen may just not have woken, or got no CPU. */
enum { TURNS_LEAST = 3, TURN_LEAST_NS = 50 * 1000 * 1000 };

/* Of calls that did not overlap: finds the one that ended last before `s` began. */
static bool find_previous(const struct run *run, const struct span *s, struct span *previous)
{
    bool found = false;
    struct span other;

    *previous = *s;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &other);
        if (other.id == s->id || !lanes_ran(&other) || other.finished_ns > s->started_ns ||
            (found && other.finished_ns <= previous->finished_ns))
            continue;
        *previous = other;
        found = true;
    }
    return found;
}

/* Whether a call that was there to be taken ran so often on another thread than the one before. */
static bool took_turns(const struct run *run)
{
    struct span s, previous;
    uint32_t turns = 0;

    for (uint32_t i = 0; i < run->recorder.count && turns < TURNS_LEAST; i++) {
        recorder_get(&run->recorder, i, &s);
        turns += lanes_ran(&s) && span_ran_ns(&s) >= TURN_LEAST_NS &&
                 find_previous(run, &s, &previous) && previous.lane != s.lane &&
                 span_ran_ns(&previous) >= TURN_LEAST_NS && previous.finished_ns > s.submitted_ns;
    }
    return turns >= TURNS_LEAST;
}

static enum verdict judge_side_by_side_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    struct run_shares shares;

    if (r->pool.size < 2)
        return claims_not_tested(evidence, "a pool of one thread runs one call at a time");
    if (run->recorder.count < 2)
        return claims_not_tested(evidence, "there is only one call");
    summary_shares(run, &shares);
    if (shares.most_at_once == SUMMARY_NO_MEMORY)
        return claims_out_of_memory(evidence);
    if (shares.most_at_once == 0)
        return claims_not_tested(evidence, "no call ran");
    if (shares.most_at_once > 1) {
        text_add(evidence, "%s %u calls ran at the same moment, on %u threads in all",
                 shares.blurred ? "at least" : "up to", (unsigned)shares.most_at_once,
                 (unsigned)shares.lanes);
        return VERDICT_HOLDS;
    }
    if (shares.blurred)
        return claims_not_tested(evidence,
                                 "calls that do nothing are over before it can be told whether "
                                 "two ran at the same moment");
    if (!took_turns(run))
        return claims_not_tested(evidence, "one thread had done each call before another had woken "
                                           "up: longer ones, or a machine that is less busy, would "
                                           "show it");
    text_add(evidence,
             "no two of %" PRIu64 " calls ran at the same moment, though threads took turns",
             shares.calls);
    return VERDICT_FAILS;
}

static enum verdict judge_side_by_side(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_side_by_side_run, evidence);
}

/* --- The process had exactly T threads of the pool. --- */

static enum verdict judge_pool_size(const struct result *r, struct text *evidence)
{
    struct run_shares shares;
    uint32_t lanes = 0;

    if (!r->pool.counted)
        return claims_not_tested(evidence, "there is no /proc to count the threads in");
    for (uint32_t i = 0; i < r->run_count; i++) {
        summary_shares(&r->runs[i], &shares);
        if (shares.lanes > lanes)
            lanes = shares.lanes;
    }
    text_add(evidence,
             "%u thread%s appeared when the pool was first used, %u %s expected (%s); at most %u "
             "of them ran calls in a run",
             (unsigned)r->pool.size, r->pool.size == 1 ? "" : "s", (unsigned)r->pool.expected,
             r->pool.expected == 1 ? "was" : "were", pool_size_source_name(r->pool.source),
             (unsigned)lanes);
    return r->pool.size == r->pool.expected && lanes <= r->pool.size ? VERDICT_HOLDS
                                                                     : VERDICT_FAILS;
}

/* --- The list, in the order in which it is printed. --- */

const struct claim threadpool_claims[] = {
    {"side-by-side", "the calls ran on several threads at once", judge_side_by_side},
    {"pool-size", "the process had exactly as many pool threads as it should", judge_pool_size},
    {"first-beyond-waits",
     "the first call beyond the pool's size ran on a thread that an earlier call had freed, or on "
     "one that had run nothing yet",
     threadpool_judge_waits},
    {"first-come-first-served",
     "no call started before the thread of a call submitted earlier was free to take that one",
     threadpool_judge_fifo},
    {"lookups-take-half", "name lookups never took more than half of the threads, rounded up",
     lanes_judge_lookups},
    {"threads-beyond-cpus",
     "more threads than CPUs stretched what calls ran, not the CPU they used",
     threadpool_judge_stretch},
    {"one-by-one", "the results were called back on the loop's thread, one after another",
     threadpool_judge_callbacks},
    {NULL, NULL, NULL},
};

/* Requests, their lookups, and the hashes that fill the pool: who waited for whom. Main thread,
 * after the runs. */
#include "analysis/request_claims.h"

#include "analysis/lanes.h"
#include "base/units.h"

static bool is_request(const struct span *s)
{
    return (s->kind->traits & SPAN_HTTP) != 0;
}

static bool is_hash(const struct span *s)
{
    return (s->kind->traits & SPAN_CPU_BOUND) != 0 && s->parent == SPAN_NONE;
}

/* A lookup on the pool that is a part of a request. */
static bool is_lookup(const struct span *s)
{
    return (s->kind->traits & SPAN_SLOW_IO) != 0 && s->parent != SPAN_NONE &&
           lanes_is_pool(s->lane);
}

static const char *duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    return units_format_duration(buf, ns, "\xc2\xb5");
}

/* How many there are in a run, and when the first hash had ended. */
struct tally {
    uint32_t requests, lookups, hashes, pooled; /* pooled: calls and parts on lanes of the pool */
    uint64_t first_hash_finished_ns, lookup_cpu_ns;
};

static void tally_run(struct tally *t, const struct run *run)
{
    struct span s;

    *t = (struct tally){.first_hash_finished_ns = SPAN_UNKNOWN};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        t->requests += is_request(&s);
        t->pooled += lanes_is_pool(s.lane);
        if (is_lookup(&s)) {
            t->lookups++;
            if (s.cpu_ns != SPAN_UNKNOWN)
                t->lookup_cpu_ns += s.cpu_ns;
        }
        if (!is_hash(&s))
            continue;
        t->hashes++;
        if (s.finished_ns < t->first_hash_finished_ns)
            t->first_hash_finished_ns = s.finished_ns;
    }
}

/* --- No thread but for the lookup. --- */

/* Whether a request or a part of it is where it must not be; says so in the evidence. */
static bool misplaced(const struct run *run, const struct span *s, struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    struct span request;

    if (is_request(s) && lanes_is_pool(s->lane)) {
        text_add(evidence, "%s ran on %s", span_name(s, name), span_lane_name(s->lane, lane));
        return true;
    }
    if (s->parent == SPAN_NONE || !lanes_is_pool(s->lane))
        return false;
    recorder_get(&run->recorder, s->parent - 1, &request);
    if (!is_request(&request))
        return false;
    if (!is_lookup(s)) {
        text_add(evidence, "the %s of %s ran on %s", span_name(s, name), span_name(&request, other),
                 span_lane_name(s->lane, lane));
        return true;
    }
    if (request.started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN &&
        request.started_ns < s->finished_ns) {
        text_add(evidence, "the connection of %s was begun before its lookup had ended",
                 span_name(&request, other));
        return true;
    }
    return false;
}

/* Nothing was queued on the pool, so what its threads used shows whether somebody used them after
 * all. A thread may still have been on its way to sleep when the run began, which costs it some
 * microseconds; work of the requests would be a good part of what the process used. */
static enum verdict judge_idle_pool(const struct result *r, const struct run *run,
                                    const struct tally *t, struct text *evidence)
{
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    if (run->pool_cpu_ns == SPAN_UNKNOWN || run->cpu_ns == SPAN_UNKNOWN) {
        text_add(evidence, "nothing of %u request%s ran on the pool's threads",
                 (unsigned)t->requests, t->requests == 1 ? "" : "s");
        return VERDICT_HOLDS;
    }
    text_add(evidence,
             "the pool's %u thread%s had nothing to do, and used %s of CPU, while %u request%s "
             "took the process %s",
             (unsigned)r->pool.size, r->pool.size == 1 ? "" : "s", duration(a, run->pool_cpu_ns),
             (unsigned)t->requests, t->requests == 1 ? "" : "s", duration(b, run->cpu_ns));
    return run->pool_cpu_ns > run->cpu_ns / 10 ? VERDICT_FAILS : VERDICT_HOLDS;
}

static enum verdict judge_no_thread_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct tally t;
    struct span s;

    tally_run(&t, run);
    if (t.requests == 0)
        return claims_not_tested(evidence, "there is no request");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (misplaced(run, &s, evidence))
            return VERDICT_FAILS;
    }
    if (t.pooled == 0)
        return judge_idle_pool(r, run, &t, evidence);
    if (t.lookups == 0)
        text_add(evidence, "nothing of %u request%s ran on the pool's threads",
                 (unsigned)t.requests, t.requests == 1 ? "" : "s");
    else
        text_add(evidence,
                 "of %u request%s the pool's threads ran %u lookup%s, %s over before %s connection "
                 "was begun, and nothing else",
                 (unsigned)t.requests, t.requests == 1 ? "" : "s", (unsigned)t.lookups,
                 t.lookups == 1 ? "" : "s", t.lookups == 1 ? "" : "each",
                 t.lookups == 1 ? "the" : "its");
    return VERDICT_HOLDS;
}

enum verdict requests_judge_no_thread(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_no_thread_run, evidence);
}

/* --- A full pool does not matter. --- */

/* How many hashes were running at that instant. */
static uint32_t hashes_running(const struct run *run, uint64_t at_ns)
{
    uint32_t count = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        count += is_hash(&s) && s.started_ns <= at_ns && s.finished_ns > at_ns;
    }
    return count;
}

static enum verdict judge_full_pool_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];
    struct tally t;
    struct span s;

    tally_run(&t, run);
    if (t.requests == 0)
        return claims_not_tested(evidence, "there is no request");
    if (t.lookups > 0)
        return claims_not_tested(evidence, "the requests have lookups, which need a thread: --dns "
                                           "none leaves them out");
    if (t.hashes < r->pool.size)
        return claims_not_tested(evidence, "there are fewer hashes than threads, so the pool was "
                                           "not full");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_request(&s) || s.status != SPAN_OK || s.called_back_ns > t.first_hash_finished_ns ||
            hashes_running(run, s.called_back_ns) < r->pool.size)
            continue;
        text_add(evidence,
                 "%s came back after %s, when hashes held all %u thread%s; the first of them ended "
                 "at %s",
                 span_name(&s, name), duration(a, span_total_ns(&s)), (unsigned)r->pool.size,
                 r->pool.size == 1 ? "" : "s", duration(b, t.first_hash_finished_ns));
        return VERDICT_HOLDS;
    }
    return claims_not_tested(evidence, "a hash had ended before the first request came back: with "
                                       "longer ones (--iterations) it could be seen");
}

enum verdict requests_judge_full_pool(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_full_pool_run, evidence);
}

/* --- Lookups wait for a thread. --- */

static void say_lookup_waited(const struct run *run, const struct span *lookup,
                              struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    char waited[UNITS_TEXT_BYTES];
    struct span request, before;

    recorder_get(&run->recorder, lookup->parent - 1, &request);
    span_name(&request, name);
    duration(waited, span_waited_ns(lookup));
    span_lane_name(lookup->lane, lane);
    if (lanes_waited_for(run, lookup, &before))
        text_add(evidence, "the lookup of %s waited %s, until %s was done with %s", name, waited,
                 lane, span_name(&before, other));
    else
        text_add(evidence, "the lookup of %s waited %s, and ran on %s after a hash had ended", name,
                 waited, lane);
}

static enum verdict judge_lookup_waits_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    char name[SPAN_TEXT_BYTES];
    struct tally t;
    struct span s, request;
    bool said = false;

    tally_run(&t, run);
    if (t.lookups == 0)
        return claims_not_tested(evidence, "no request had a lookup on the pool (--dns pool)");
    if (t.hashes < r->pool.size)
        return claims_not_tested(evidence, "there are fewer hashes than threads, so a thread was "
                                           "free (--load-pool)");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_lookup(&s) || s.started_ns == SPAN_UNKNOWN)
            continue;
        if (s.started_ns < t.first_hash_finished_ns) {
            text_free(evidence);
            recorder_get(&run->recorder, s.parent - 1, &request);
            text_add(evidence, "the lookup of %s started before any hash had ended",
                     span_name(&request, name));
            return VERDICT_FAILS;
        }
        if (!said)
            say_lookup_waited(run, &s, evidence);
        said = true;
    }
    return said ? VERDICT_HOLDS : claims_not_tested(evidence, "no lookup ran");
}

enum verdict requests_judge_lookup_waits(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_lookup_waits_run, evidence);
}

static enum verdict judge_lookup_first_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], ran[UNITS_TEXT_BYTES];
    struct span s, request;

    (void)r;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_lookup(&s) || !lanes_ran(&s))
            continue;
        recorder_get(&run->recorder, s.parent - 1, &request);
        if (request.started_ns == SPAN_UNKNOWN)
            continue;
        span_name(&request, name);
        if (request.started_ns < s.finished_ns) {
            text_add(evidence, "the connection of %s was begun before its lookup had ended", name);
            return VERDICT_FAILS;
        }
        text_add(evidence, "the lookup of %s ran on %s for %s before the connection was begun",
                 name, span_lane_name(s.lane, lane), duration(ran, span_ran_ns(&s)));
        return VERDICT_HOLDS;
    }
    return claims_not_tested(evidence, "no request had a lookup on the pool and a connection after "
                                       "it (--dns pool)");
}

enum verdict requests_judge_lookup_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_lookup_first_run, evidence);
}

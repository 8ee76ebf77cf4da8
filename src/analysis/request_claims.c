/* Requests, their lookups, and the hashes that fill the pool: who waited for whom. Main thread,
 * after the runs. */
#include "analysis/request_claims.h"

#include "analysis/lanes.h"

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

/* What there is in a run. */
struct tally {
    uint32_t requests, hashes;  /* hashes: those that ran */
    uint32_t lookups, others;   /* parts of requests: on the pool, or made elsewhere */
    uint32_t connected;         /* lookups after which the connection of their request was begun */
    uint32_t pooled, unclocked; /* calls and parts on the pool, and those of unknown CPU time */
    uint64_t pooled_cpu_ns;     /* of those where it is known */
    uint64_t first_hash_finished_ns; /* SPAN_UNKNOWN: none */
};

static void tally_pooled(struct tally *t, const struct span *s)
{
    t->pooled++;
    if (s->cpu_ns == SPAN_UNKNOWN)
        t->unclocked++;
    else
        t->pooled_cpu_ns += s->cpu_ns;
}

static void tally_run(struct tally *t, const struct run *run)
{
    struct span s, request;

    *t = (struct tally){.first_hash_finished_ns = SPAN_UNKNOWN};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        t->requests += is_request(&s);
        if (is_lookup(&s)) {
            recorder_get(&run->recorder, s.parent - 1, &request);
            t->lookups++;
            t->connected += request.started_ns != SPAN_UNKNOWN;
        }
        t->others += (s.kind->traits & SPAN_SLOW_IO) != 0 && !is_lookup(&s);
        if (lanes_is_pool(s.lane))
            tally_pooled(t, &s);
        if (!is_hash(&s) || !lanes_ran(&s))
            continue;
        t->hashes++;
        if (s.finished_ns < t->first_hash_finished_ns)
            t->first_hash_finished_ns = s.finished_ns;
    }
}

/* Whether a lookup had not ended yet when the connection of its request was begun; says so. */
static bool begun_too_early(const struct span *request, const struct span *lookup,
                            struct text *evidence)
{
    char name[SPAN_TEXT_BYTES];

    if (request->started_ns == SPAN_UNKNOWN || lookup->finished_ns == SPAN_UNKNOWN ||
        request->started_ns >= lookup->finished_ns)
        return false;
    text_add(evidence, "the connection of %s was begun before its lookup had ended",
             span_name(request, name));
    return true;
}

/* --- No thread but for the lookup. --- */

/* CPU time that a thread of the pool may use to take a call, or to go to sleep. */
enum { THREAD_COST_NS = 50 * 1000 };

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
    return begun_too_early(&request, s, evidence);
}

/* CPU time that the pool's threads used beyond that of the calls which were seen there;
 * SPAN_UNKNOWN where it cannot be told. */
static uint64_t unseen_cpu_ns(const struct run *run, const struct tally *t)
{
    if (run->pool_cpu_ns == SPAN_UNKNOWN || run->cpu_ns == SPAN_UNKNOWN || t->unclocked > 0)
        return SPAN_UNKNOWN;
    return run->pool_cpu_ns > t->pooled_cpu_ns ? run->pool_cpu_ns - t->pooled_cpu_ns : 0;
}

static void say_lookups(const struct tally *t, struct text *evidence)
{
    const char *requests = t->requests == 1 ? "" : "s", *lookups = t->lookups == 1 ? "" : "s";

    if (t->lookups == 0) {
        text_add(evidence, "nothing of %u request%s was seen on the pool's threads",
                 (unsigned)t->requests, requests);
        return;
    }
    text_add(evidence, "of %u request%s the pool's threads ran %u lookup%s", (unsigned)t->requests,
             requests, (unsigned)t->lookups, lookups);
    if (t->connected == 0)
        text_add(evidence, ", after which no connection was begun");
    else if (t->connected < t->lookups)
        text_add(evidence, ", those of the %u that had a connection over before it was begun",
                 (unsigned)t->connected);
    else if (t->lookups == 1)
        text_add(evidence, ", over before the connection was begun");
    else
        text_add(evidence, ", each over before its connection was begun");
}

/* What threads do unseen shows in the CPU time that they use. Taking a call from the queue costs
 * them some, and they may still have been on their way to sleep when the run began; the work of
 * requests would be a good part of what the rest of the process used. */
static enum verdict judge_unseen(const struct result *r, const struct run *run,
                                 const struct tally *t, struct text *evidence)
{
    uint64_t unseen_ns = unseen_cpu_ns(run, t), rest_ns = 0, allowed_ns;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    if (unseen_ns == SPAN_UNKNOWN && t->lookups == 0)
        return claims_not_tested(evidence, "what the pool's threads did unseen would show in their "
                                           "CPU time, which is not known");
    say_lookups(t, evidence);
    if (unseen_ns == SPAN_UNKNOWN)
        return VERDICT_HOLDS;
    if (run->cpu_ns > run->pool_cpu_ns)
        rest_ns = run->cpu_ns - run->pool_cpu_ns;
    allowed_ns = rest_ns / 10 + (uint64_t)THREAD_COST_NS * (r->pool.size + t->pooled);
    text_add(evidence, "; %sthe pool's threads used %s of CPU, and the rest of the process %s",
             t->pooled > 0 ? "beyond their calls " : "", claims_duration(a, unseen_ns),
             claims_duration(b, rest_ns));
    if (unseen_ns <= allowed_ns || t->pooled == 0)
        return unseen_ns <= allowed_ns ? VERDICT_HOLDS : VERDICT_FAILS;
    text_add(evidence, ", which may be what waking for those calls took");
    return VERDICT_NOT_TESTED;
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
    return judge_unseen(r, run, &t, evidence);
}

enum verdict requests_judge_no_thread(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_no_thread_run, evidence);
}

/* --- A full pool does not matter. --- */

/* Since when hashes held so many threads, none of them having ended yet; SPAN_UNKNOWN: never. */
static uint64_t full_from_ns(const struct run *run, const struct tally *t, uint32_t threads)
{
    uint64_t last_ns = 0;
    uint32_t held = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_hash(&s) || !lanes_ran(&s) || s.started_ns >= t->first_hash_finished_ns)
            continue;
        held++;
        if (s.started_ns > last_ns)
            last_ns = s.started_ns;
    }
    return held >= threads ? last_ns : SPAN_UNKNOWN;
}

/* Why nothing can be said of requests beside a full pool; NULL when something can. */
static const char *pool_not_full(const struct result *r, const struct tally *t)
{
    if (t->requests == 0)
        return "there is no request";
    if (t->lookups > 0)
        return "the requests have lookups, which need a thread: --dns none leaves them out";
    if (t->hashes < r->pool.size)
        return "there are fewer hashes than threads, so the pool was not full";
    return NULL;
}

/* Whether it was asked for before a hash had ended, and begun only when one had, although the loop
 * was there to begin it: it waited for clearly longer than anything held that up. Where a lookup
 * was made, this may have taken the time. */
static bool kept_until_hash(const struct run *run, const struct tally *t,
                            const struct span *request)
{
    return t->others == 0 && request->started_ns != SPAN_UNKNOWN &&
           request->submitted_ns < t->first_hash_finished_ns &&
           request->started_ns >= t->first_hash_finished_ns &&
           span_waited_ns(request) / 2 > run->loop_facts.max_lag_ns;
}

static void say_past_full_pool(const struct result *r, const struct tally *t,
                               const struct span *request, struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    text_add(evidence,
             "%s came back after %s, when hashes held all %u thread%s; the first of them ended at "
             "%s",
             span_name(request, name), claims_duration(a, span_total_ns(request)),
             (unsigned)r->pool.size, r->pool.size == 1 ? "" : "s",
             claims_duration(b, t->first_hash_finished_ns));
}

/* Of requests that were all kept. One of them may have met with an accident. */
static enum verdict judge_kept(const struct run *run, uint32_t kept, const struct span *first,
                               struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], waited[UNITS_TEXT_BYTES], lag[UNITS_TEXT_BYTES];

    if (kept < 2)
        return claims_not_tested(evidence, "the request was begun only after a hash had ended: "
                                           "with more of them (--requests) it could be seen "
                                           "whether they waited for that");
    text_add(evidence,
             "none of %u requests was begun before a hash had ended: %s waited %s, and the loop "
             "was never held up for more than %s",
             (unsigned)kept, span_name(first, name), claims_duration(waited, span_waited_ns(first)),
             claims_duration(lag, run->loop_facts.max_lag_ns));
    return VERDICT_FAILS;
}

static enum verdict judge_full_pool_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    uint32_t succeeded = 0, kept = 0;
    uint64_t full_ns;
    const char *why;
    struct tally t;
    struct span s, kept_one;

    tally_run(&t, run);
    why = pool_not_full(r, &t);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    full_ns = full_from_ns(run, &t, r->pool.size);
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_request(&s) || s.status != SPAN_OK)
            continue;
        if (s.called_back_ns >= full_ns && s.called_back_ns <= t.first_hash_finished_ns) {
            say_past_full_pool(r, &t, &s, evidence);
            return VERDICT_HOLDS;
        }
        if (kept_until_hash(run, &t, &s) && kept++ == 0)
            kept_one = s;
        succeeded++;
    }
    if (succeeded == 0)
        return claims_not_tested(evidence, "no request succeeded");
    if (kept < succeeded)
        return claims_not_tested(evidence,
                                 "a hash had ended before the first request came back: with longer "
                                 "ones (--iterations) it could be seen");
    return judge_kept(run, kept, &kept_one, evidence);
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
    claims_duration(waited, span_waited_ns(lookup));
    span_lane_name(lookup->lane, lane);
    if (lanes_waited_for(run, lookup, &before))
        text_add(evidence, "the lookup of %s waited %s, until %s was done with %s", name, waited,
                 lane, span_name(&before, other));
    else
        text_add(evidence, "the lookup of %s waited %s, and ran on %s after a hash had ended", name,
                 waited, lane);
}

/* The first lookup for which there was something to wait. */
static enum verdict judge_lookup_waits_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    char name[SPAN_TEXT_BYTES];
    struct tally t;
    struct span s, request, waiting;
    bool found = false;

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
            recorder_get(&run->recorder, s.parent - 1, &request);
            text_add(evidence, "the lookup of %s started before any hash had ended",
                     span_name(&request, name));
            return VERDICT_FAILS;
        }
        if (!found && s.submitted_ns < t.first_hash_finished_ns) {
            waiting = s;
            found = true;
        }
    }
    if (!found)
        return claims_not_tested(evidence, "a hash had ended before the first lookup was asked "
                                           "for: longer ones (--iterations) would keep it waiting");
    say_lookup_waited(run, &waiting, evidence);
    return VERDICT_HOLDS;
}

enum verdict requests_judge_lookup_waits(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_lookup_waits_run, evidence);
}

/* --- The lookup takes a thread first. --- */

static enum verdict judge_lookup_first_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], ran[UNITS_TEXT_BYTES];
    struct span s, request, first = {.id = 0}, first_request;

    (void)r;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_lookup(&s) || !lanes_ran(&s))
            continue;
        recorder_get(&run->recorder, s.parent - 1, &request);
        if (begun_too_early(&request, &s, evidence))
            return VERDICT_FAILS;
        if (first.id != 0 || request.started_ns == SPAN_UNKNOWN)
            continue;
        first = s;
        first_request = request;
    }
    if (first.id == 0)
        return claims_not_tested(evidence, "no request had a lookup on the pool and a connection "
                                           "after it (--dns pool)");
    text_add(evidence, "the lookup of %s ran on %s for %s before the connection was begun",
             span_name(&first_request, name), span_lane_name(first.lane, lane),
             claims_duration(ran, span_ran_ns(&first)));
    return VERDICT_HOLDS;
}

enum verdict requests_judge_lookup_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_lookup_first_run, evidence);
}

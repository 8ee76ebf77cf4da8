/* What this experiment exists to show: where the file read comes among the hashes, and why; and
 * that the request does not care. Judged from who had a thread before whom.
 *
 * The pool's queue is first in, first out, and all calls are submitted in one turn of the loop, the
 * hashes after the first step of the read. So a later step stands behind all hashes; and a thread
 * that is free to take it has been through one, if there are as many hashes as threads. Pure
 * functions of the result. */
#include "multitask.h"

#include "analysis/lanes.h"
#include "analysis/request_claims.h"
#include "base/units.h"

static const char *duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    return units_format_duration(buf, ns, "\xc2\xb5");
}

static bool is_read(const struct span *s)
{
    return s->kind == &file_span_kinds[FILE_KIND_WHOLE];
}

static bool is_hash(const struct span *s)
{
    return s->kind == &work_table[WORK_PBKDF2].span;
}

/* The calls of a run, as far as the claims are about them: of several reads, the one that came back
 * first and the one that came back last. */
struct calls {
    uint32_t hashes, reads, requests, lookups;
    struct span first_read, last_read; /* by their callbacks */
    struct span first_hash, last_hash; /* by their callbacks */
    uint64_t first_hash_finished_ns;   /* SPAN_UNKNOWN: none */
    uint64_t shortest_hash_ns;         /* that one of them ran */
    uint32_t failed;
};

static void note_order(struct span *first, struct span *last, const struct span *s, bool none_yet)
{
    if (none_yet || s->called_back_ns < first->called_back_ns)
        *first = *s;
    if (none_yet || s->called_back_ns > last->called_back_ns)
        *last = *s;
}

static void find_calls(struct calls *c, const struct run *run)
{
    struct span s;

    *c = (struct calls){.first_hash_finished_ns = SPAN_UNKNOWN, .shortest_hash_ns = SPAN_UNKNOWN};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        c->lookups += (s.kind->traits & SPAN_SLOW_IO) != 0 && lanes_is_pool(s.lane);
        if (s.parent != SPAN_NONE)
            continue;
        c->failed += s.status != SPAN_OK;
        if (is_hash(&s)) {
            note_order(&c->first_hash, &c->last_hash, &s, c->hashes++ == 0);
            if (s.finished_ns < c->first_hash_finished_ns)
                c->first_hash_finished_ns = s.finished_ns;
            if (span_ran_ns(&s) < c->shortest_hash_ns)
                c->shortest_hash_ns = span_ran_ns(&s);
        } else if (is_read(&s)) {
            note_order(&c->first_read, &c->last_read, &s, c->reads++ == 0);
        } else {
            c->requests++;
        }
    }
}

static unsigned api_of(const struct result *r)
{
    return (unsigned)result_option(r, "fs-api", FILE_API_JOBS);
}

/* The reason why nothing can be said of reads among hashes; NULL when something can. */
static const char *no_reads_among_hashes(const struct calls *c)
{
    if (c->reads == 0)
        return "no file is read";
    if (c->hashes == 0)
        return "there are no hashes";
    if (c->failed > 0)
        return "some calls failed";
    return NULL;
}

/* Finds the first step of a read that waited for the thread of a hash. */
static bool step_behind_hash(const struct run *run, const struct span *read, struct span *step,
                             struct span *hash)
{
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, step);
        if (step->parent == read->id && lanes_waited_for(run, step, hash) && is_hash(hash))
            return true;
    }
    return false;
}

/* --- The file read comes back only after a hash. --- */

static void say_step(const struct span *step, const struct span *hash, struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    char waited[UNITS_TEXT_BYTES], ran[UNITS_TEXT_BYTES];

    text_add(evidence, "%s waited %s for a thread and ran %s: %s took it after %s",
             span_name(step, name), duration(waited, span_waited_ns(step)),
             duration(ran, span_ran_ns(step)), span_lane_name(step->lane, lane),
             span_name(hash, other));
}

/* Where the steps' starts are unknown only their callbacks tell. */
static enum verdict judge_by_callbacks(const struct calls *c, struct text *evidence)
{
    char read[UNITS_TEXT_BYTES], hash[UNITS_TEXT_BYTES];

    text_add(evidence, "the read came back at %s; the first hash had ended at %s",
             duration(read, c->first_read.called_back_ns),
             duration(hash, c->first_hash_finished_ns));
    return c->first_read.called_back_ns > c->first_hash_finished_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_read_waits_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    const char *why;
    struct calls c;
    struct span step, hash;

    find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (r->pool.size == 1)
        return claims_not_tested(evidence, "with a single thread it comes last, which is a claim "
                                           "of its own");
    if (c.hashes < r->pool.size)
        return claims_not_tested(evidence, "there are fewer hashes than threads");
    if (api_of(r) == FILE_API_ONE_TRIP)
        return claims_not_tested(evidence, "the read takes one trip, so it has no later step");
    if (api_of(r) == FILE_API_UV)
        return judge_by_callbacks(&c, evidence);
    if (c.first_read.called_back_ns < c.first_hash_finished_ns) {
        text_add(evidence, "the read came back before any hash had ended");
        return VERDICT_FAILS;
    }
    if (step_behind_hash(run, &c.first_read, &step, &hash)) {
        say_step(&step, &hash, evidence);
        return VERDICT_HOLDS;
    }
    /* A thread may have woken so late that it took a step without having run a hash itself. */
    return judge_by_callbacks(&c, evidence);
}

static enum verdict judge_read_waits(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_waits_run, evidence);
}

/* --- It comes back before every hash. --- */

/* Of a read that came back after a hash although a thread was there for it: whether something else
 * than the pool explains that. */
static const char *excuse(const struct run *run, const struct calls *c)
{
    struct span step, hash;
    uint64_t steps_ran_ns = 0;

    if (step_behind_hash(run, &c->last_read, &step, &hash))
        return "a lookup or another read held the thread that was left, so a step waited for a "
               "hash";
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &step);
        if (step.parent == c->last_read.id && span_ran_ns(&step) != SPAN_UNKNOWN)
            steps_ran_ns += span_ran_ns(&step);
    }
    return steps_ran_ns >= c->shortest_hash_ns ? "its own steps ran longer than the shortest hash"
                                               : NULL;
}

static enum verdict judge_before_hashes(const struct run *run, const struct calls *c,
                                        struct text *evidence)
{
    char read[UNITS_TEXT_BYTES], hash[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES];
    const char *why;

    text_add(evidence, "it came back at %s, and the first hash, %s, at %s",
             duration(read, c->last_read.called_back_ns), span_name(&c->first_hash, name),
             duration(hash, c->first_hash.called_back_ns));
    if (c->last_read.called_back_ns < c->first_hash.called_back_ns)
        return VERDICT_HOLDS;
    why = excuse(run, c);
    if (why == NULL)
        return VERDICT_FAILS;
    text_add(evidence, ": %s", why);
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_read_first_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    const char *why;
    struct calls c;

    find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (c.hashes >= r->pool.size)
        return claims_not_tested(evidence, "there are as many hashes as threads, or more");
    return judge_before_hashes(run, &c, evidence);
}

static enum verdict judge_read_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_first_run, evidence);
}

/* --- A read of one trip needs a thread only once. --- */

static enum verdict judge_one_trip_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    const char *why;
    struct calls c;

    find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (api_of(r) != FILE_API_ONE_TRIP)
        return claims_not_tested(evidence, "the read takes several trips (--fs-api one-trip)");
    return judge_before_hashes(run, &c, evidence);
}

static enum verdict judge_one_trip(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_one_trip_run, evidence);
}

/* --- With a single thread it comes last. --- */

static enum verdict judge_read_last_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    char read[UNITS_TEXT_BYTES], hash[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES];
    const char *why;
    struct calls c;

    find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (r->pool.size != 1)
        return claims_not_tested(evidence, "the pool has more than one thread");
    if (api_of(r) == FILE_API_ONE_TRIP)
        return claims_not_tested(evidence, "the read takes one trip, and stands before the hashes");
    text_add(evidence, "it came back at %s, after the last hash, %s, at %s",
             duration(read, c.first_read.called_back_ns), span_name(&c.last_hash, name),
             duration(hash, c.last_hash.called_back_ns));
    return c.first_read.called_back_ns > c.last_hash.called_back_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_read_last(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_last_run, evidence);
}

/* --- Without hashes it waits for nobody. --- */

static enum verdict judge_read_alone_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES], total[UNITS_TEXT_BYTES];
    struct span step, before;
    struct calls c;

    (void)r;
    find_calls(&c, run);
    if (c.reads != 1 || c.failed > 0)
        return claims_not_tested(evidence, c.reads == 0   ? "no file is read"
                                           : c.reads == 1 ? "some calls failed"
                                                          : "there are several reads");
    if (c.hashes > 0)
        return claims_not_tested(evidence, "there are hashes (--hashes 0)");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &step);
        if (step.parent != c.first_read.id || !lanes_waited_for(run, &step, &before))
            continue;
        text_add(evidence, "%s waited until the thread was done with %s", span_name(&step, name),
                 span_name(&before, other));
        return (before.kind->traits & SPAN_SLOW_IO) != 0 ? VERDICT_NOT_TESTED : VERDICT_FAILS;
    }
    text_add(evidence, "it came back after %s, and no step of it found its thread taken",
             duration(total, span_total_ns(&c.first_read)));
    return VERDICT_HOLDS;
}

static enum verdict judge_read_alone(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_alone_run, evidence);
}

/* --- The request comes back before every hash. --- */

/* Of the requests that succeeded: the one that came back last, and the longest that a server, or a
 * lookup with its way to a thread, took. */
struct requests_seen {
    uint32_t count;
    struct span last;
    uint64_t longest_ran_ns, longest_lookup_ns;
};

static void see_requests(struct requests_seen *seen, const struct run *run)
{
    struct span s;

    *seen = (struct requests_seen){.count = 0};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if ((s.kind->traits & SPAN_SLOW_IO) != 0 && span_total_ns(&s) != SPAN_UNKNOWN &&
            span_total_ns(&s) > seen->longest_lookup_ns)
            seen->longest_lookup_ns = span_total_ns(&s);
        if ((s.kind->traits & SPAN_HTTP) == 0 || s.status != SPAN_OK)
            continue;
        if (seen->count++ == 0 || s.called_back_ns > seen->last.called_back_ns)
            seen->last = s;
        if (span_ran_ns(&s) > seen->longest_ran_ns)
            seen->longest_ran_ns = span_ran_ns(&s);
    }
}

static enum verdict judge_request_first_run(const struct result *r, const struct run *run,
                                            struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];
    struct requests_seen seen;
    struct calls c;

    (void)r;
    find_calls(&c, run);
    see_requests(&seen, run);
    if (seen.count == 0 || c.hashes == 0)
        return claims_not_tested(evidence, "it takes a request that succeeds, and a hash");
    if (seen.longest_ran_ns >= c.shortest_hash_ns)
        return claims_not_tested(evidence, "the server took longer than the shortest hash");
    if (seen.longest_lookup_ns >= c.shortest_hash_ns)
        return claims_not_tested(evidence, "the lookup took longer than the shortest hash");
    text_add(evidence, "%s ran %s and came back at %s; the first hash came back at %s",
             span_name(&seen.last, name), duration(a, span_ran_ns(&seen.last)),
             duration(b, seen.last.called_back_ns), duration(d, c.first_hash.called_back_ns));
    return seen.last.called_back_ns < c.first_hash.called_back_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_request_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_request_first_run, evidence);
}

const struct claim multitask_claims[] = {
    {"read-waits-for-hash",
     "the file read comes back only after a hash has ended, as a later step of it waits for a "
     "thread",
     judge_read_waits},
    {"read-before-hashes",
     "with more threads than hashes the file read comes back before every hash", judge_read_first},
    {"read-comes-last", "with a single thread the file read comes back last", judge_read_last},
    {"read-alone", "without hashes the file read waits for nobody", judge_read_alone},
    {"one-trip-before-hashes",
     "a file read of a single trip comes back before every hash, as it needs a thread only once",
     judge_one_trip},
    {"request-first", "the request comes back before every hash", judge_request_first},
    {"lookup-takes-thread", "the lookup of the request took a thread of the pool first",
     requests_judge_lookup_first},
    {"request-ignores-pool", "a request without a lookup needs no thread of a full pool",
     requests_judge_full_pool},
    {NULL, NULL, NULL},
};

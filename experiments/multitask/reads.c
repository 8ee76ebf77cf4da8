/* Where the file read comes among the hashes, and why. Judged from who had a thread before whom.
 *
 * The pool's queue is first in, first out, and all calls are submitted in one turn of the loop, the
 * hashes after the first step of the read. So a later step stands behind all hashes; and a thread
 * that is free to take it has been through one, if there are as many hashes as threads. Pure
 * functions of the result. */
#include "multitask.h"

#include "analysis/lanes.h"

static unsigned api_of(const struct result *r)
{
    return (unsigned)result_option(r, "fs-api", FILE_API_JOBS);
}

/* A step that is submitted only when one before it is back. */
static bool is_later_step(const struct span *s)
{
    return s->kind == &file_span_kinds[FILE_KIND_FSTAT] ||
           s->kind == &file_span_kinds[FILE_KIND_READ] ||
           s->kind == &file_span_kinds[FILE_KIND_CLOSE];
}

/* The reason why nothing can be said of reads among hashes; NULL when something can. */
static const char *no_reads_among_hashes(const struct multitask_calls *c)
{
    if (c->reads == 0)
        return "no file is read";
    if (c->hashes == 0)
        return "there are no hashes";
    if (c->failed > 0)
        return "a read or a hash failed";
    return NULL;
}

/* Finds the first step of a read, or the read of a single trip, that had to wait for the thread of
 * a hash. */
static bool find_behind_hash(const struct run *run, const struct span *read, struct span *step,
                             struct span *hash)
{
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, step);
        if (multitask_is_of_read(step, read) && lanes_waited_for(run, step, hash) &&
            multitask_is_hash(hash))
            return true;
    }
    return false;
}

/* --- The file read comes back only after a hash. --- */

static void say_waiting(const struct run *run, const struct multitask_calls *c,
                        const struct span *step, struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];
    struct span hash;

    span_name(step, name);
    span_lane_name(step->lane, lane);
    if (!lanes_ran(step))
        text_add(evidence, "%s was asked for at %s and came back at %s; the first hash ended at %s",
                 name, claims_duration(a, step->submitted_ns),
                 claims_duration(b, step->called_back_ns),
                 claims_duration(d, c->first_hash_finished_ns));
    else if (lanes_waited_for(run, step, &hash) && multitask_is_hash(&hash))
        text_add(evidence, "%s waited %s for a thread and ran %s: %s took it after %s", name,
                 claims_duration(a, span_waited_ns(step)), claims_duration(b, span_ran_ns(step)),
                 lane, span_name(&hash, other));
    else /* a thread woke so late that it had not run a hash itself */
        text_add(evidence, "%s waited %s, until a hash had ended, and ran %s on %s", name,
                 claims_duration(a, span_waited_ns(step)), claims_duration(b, span_ran_ns(step)),
                 lane);
}

/* Where the start of a step is not seen (--fs-api uv), its callback is what comes after it. */
static enum verdict judge_later_steps(const struct run *run, const struct multitask_calls *c,
                                      struct text *evidence)
{
    char name[SPAN_TEXT_BYTES];
    struct span s, waiting;
    bool found = false;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_later_step(&s))
            continue;
        if ((lanes_ran(&s) ? s.started_ns : s.called_back_ns) < c->first_hash_finished_ns) {
            text_add(evidence, "%s %s before any hash had ended", span_name(&s, name),
                     lanes_ran(&s) ? "started" : "came back");
            return VERDICT_FAILS;
        }
        if (!found && s.submitted_ns < c->first_hash_finished_ns) {
            waiting = s;
            found = true;
        }
    }
    if (!found)
        return claims_not_tested(evidence, "a hash had ended before a second step was asked for: "
                                           "longer ones (--iterations) would keep it waiting");
    say_waiting(run, c, &waiting, evidence);
    return VERDICT_HOLDS;
}

static enum verdict judge_read_waits_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    const char *why;
    struct multitask_calls c;
    struct span step, hash;

    multitask_find_calls(&c, run);
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
    if (find_behind_hash(run, &c.first_read, &step, &hash) && !is_later_step(&step)) {
        text_add(evidence, "%s, the first step, waited for %s, which was asked for after it",
                 span_name(&step, name), span_name(&hash, other));
        return VERDICT_FAILS;
    }
    return judge_later_steps(run, &c, evidence);
}

enum verdict multitask_judge_read_waits(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_waits_run, evidence);
}

/* --- It comes back before every hash. --- */

static void say_order(const struct span *read, const struct span *hash, struct text *evidence)
{
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];

    text_add(evidence, "%s came back at %s, and %s at %s", span_name(read, name),
             claims_duration(a, read->called_back_ns), span_name(hash, other),
             claims_duration(b, hash->called_back_ns));
}

/* Finds a step of a read, or the read of a single trip, that the pool kept waiting without need:
 * behind a call that was asked for later. */
static bool find_overtaken(const struct run *run, const struct span *read, struct span *step,
                           struct span *by)
{
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, step);
        if (multitask_is_of_read(step, read) && lanes_overtaken(run, step, by))
            return true;
    }
    return false;
}

/* A read may also come back late as it took long itself, or the loop came late to one of its steps,
 * or the hash was short, or a free thread had not woken yet, however long that took: which says
 * nothing. */
static enum verdict judge_before_hashes(const struct run *run, const struct multitask_calls *c,
                                        struct text *evidence)
{
    char waited[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES];
    struct span step, hash, by;

    say_order(&c->last_read, &c->first_hash, evidence);
    if (c->last_read.called_back_ns < c->first_hash.called_back_ns)
        return VERDICT_HOLDS;
    if (find_overtaken(run, &c->last_read, &step, &by)) {
        text_add(evidence, ": %s waited %s, and %s, which was asked for after it, started before",
                 span_name(&step, name), claims_duration(waited, span_waited_ns(&step)),
                 span_name(&by, other));
        return VERDICT_FAILS;
    }
    if (!find_behind_hash(run, &c->last_read, &step, &hash)) {
        text_add(evidence, "; but it is not known to have waited for a hash: it may have taken "
                           "longer itself");
        return VERDICT_NOT_TESTED;
    }
    text_add(evidence,
             ": %s waited %s, until %s had ended, as lookups or other reads held the threads that "
             "were left, or these woke too late",
             span_name(&step, name), claims_duration(waited, span_waited_ns(&step)),
             span_name(&hash, other));
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_read_first_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    const char *why;
    struct multitask_calls c;

    multitask_find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (c.hashes >= r->pool.size)
        return claims_not_tested(evidence, "there are as many hashes as threads, or more");
    return judge_before_hashes(run, &c, evidence);
}

enum verdict multitask_judge_read_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_first_run, evidence);
}

/* --- A read of one trip needs a thread only once. --- */

static enum verdict judge_one_trip_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    const char *why;
    struct multitask_calls c;

    multitask_find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (api_of(r) != FILE_API_ONE_TRIP)
        return claims_not_tested(evidence, "the read takes several trips (--fs-api one-trip)");
    return judge_before_hashes(run, &c, evidence);
}

enum verdict multitask_judge_one_trip(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_one_trip_run, evidence);
}

/* --- With a single thread it comes after all of them. --- */

static enum verdict judge_read_last_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    const char *why;
    struct multitask_calls c;

    multitask_find_calls(&c, run);
    why = no_reads_among_hashes(&c);
    if (why != NULL)
        return claims_not_tested(evidence, why);
    if (r->pool.size != 1)
        return claims_not_tested(evidence, "the pool has more than one thread");
    if (api_of(r) == FILE_API_ONE_TRIP)
        return claims_not_tested(evidence, "the read takes one trip, and stands before the hashes");
    say_order(&c.first_read, &c.last_hash, evidence);
    return c.first_read.called_back_ns > c.last_hash.called_back_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

enum verdict multitask_judge_read_last(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_last_run, evidence);
}

/* What this experiment exists to show. The claims about reads among hashes are in reads.c, those
 * about requests and the pool that others make too in analysis/request_claims.h. Pure functions of
 * the result. */
#include "multitask.h"

#include "analysis/lanes.h"
#include "analysis/request_claims.h"

static bool is_read(const struct span *s)
{
    return s->kind == &file_span_kinds[FILE_KIND_WHOLE];
}

bool multitask_is_hash(const struct span *s)
{
    return s->kind == &work_table[WORK_PBKDF2].span;
}

bool multitask_is_of_read(const struct span *s, const struct span *read)
{
    return s->id == read->id || s->parent == read->id;
}

static void note_order(struct span *first, struct span *last, const struct span *s, bool none_yet)
{
    if (none_yet || s->called_back_ns < first->called_back_ns)
        *first = *s;
    if (none_yet || s->called_back_ns > last->called_back_ns)
        *last = *s;
}

void multitask_find_calls(struct multitask_calls *c, const struct run *run)
{
    struct span s;

    *c = (struct multitask_calls){.first_hash_finished_ns = SPAN_UNKNOWN};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (is_read(&s))
            note_order(&c->first_read, &c->last_read, &s, c->reads++ == 0);
        else if (multitask_is_hash(&s))
            note_order(&c->first_hash, &c->last_hash, &s, c->hashes++ == 0);
        else
            continue;
        c->failed += s.status != SPAN_OK;
        if (multitask_is_hash(&s) && s.finished_ns < c->first_hash_finished_ns)
            c->first_hash_finished_ns = s.finished_ns;
    }
}

/* --- Without hashes the read waits for nobody. --- */

static enum verdict judge_steps_alone(const struct run *run, const struct span *read,
                                      struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], other[SPAN_TEXT_BYTES], total[UNITS_TEXT_BYTES];
    struct span step, before;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &step);
        if (!multitask_is_of_read(&step, read) || !lanes_waited_for(run, &step, &before))
            continue;
        text_add(evidence, "%s waited until its thread was done with %s", span_name(&step, name),
                 span_name(&before, other));
        return (before.kind->traits & SPAN_SLOW_IO) != 0 ? VERDICT_NOT_TESTED : VERDICT_FAILS;
    }
    text_add(evidence, "it came back after %s, and found no thread taken",
             claims_duration(total, span_total_ns(read)));
    return VERDICT_HOLDS;
}

static enum verdict judge_read_alone_run(const struct result *r, const struct run *run,
                                         struct text *evidence)
{
    struct multitask_calls c;

    multitask_find_calls(&c, run);
    if (c.reads == 0)
        return claims_not_tested(evidence, "no file is read");
    if (c.hashes > 0)
        return claims_not_tested(evidence, "there are hashes (--hashes 0)");
    if (c.reads > 1)
        return claims_not_tested(evidence, "there are several reads");
    if (c.failed > 0)
        return claims_not_tested(evidence, "the read failed");
    if (result_option(r, "fs-api", FILE_API_JOBS) == FILE_API_UV)
        return claims_not_tested(evidence, "its steps' starts are not seen (--fs-api uv)");
    return judge_steps_alone(run, &c.first_read, evidence);
}

static enum verdict judge_read_alone(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_read_alone_run, evidence);
}

/* --- The request comes back before every hash. --- */

/* Of the requests that succeeded the one that came back last: false when there is none. */
static bool find_last_request(const struct run *run, struct span *last)
{
    bool found = false;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if ((s.kind->traits & SPAN_HTTP) == 0 || s.status != SPAN_OK ||
            (found && s.called_back_ns <= last->called_back_ns))
            continue;
        *last = s;
        found = true;
    }
    return found;
}

/* A server (or a lookup, or many handshakes) that takes longer than a hash says nothing about who
 * does the work. But a request that was answered before any hash had ended was the loop's to call
 * back first. */
static enum verdict judge_request_first_run(const struct result *r, const struct run *run,
                                            struct text *evidence)
{
    char name[SPAN_TEXT_BYTES], a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];
    struct multitask_calls c;
    struct span last;

    (void)r;
    multitask_find_calls(&c, run);
    if (!find_last_request(run, &last) || c.hashes == 0)
        return claims_not_tested(evidence, "it takes a request that succeeds, and a hash");
    if (c.failed > 0)
        return claims_not_tested(evidence, "a read or a hash failed");
    text_add(evidence, "%s came back at %s, after %s, and the first hash at %s",
             span_name(&last, name), claims_duration(a, last.called_back_ns),
             claims_duration(b, span_total_ns(&last)),
             claims_duration(d, c.first_hash.called_back_ns));
    if (last.called_back_ns < c.first_hash.called_back_ns)
        return VERDICT_HOLDS;
    if (last.finished_ns < c.first_hash_finished_ns) {
        text_add(evidence, ", although it had been answered before that one had ended");
        return VERDICT_FAILS;
    }
    text_add(evidence, ": its lookup, its handshake and the server together took longer than a "
                       "hash");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_request_first(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_request_first_run, evidence);
}

/* --- The list, in the order in which it is printed. --- */

const struct claim multitask_claims[] = {
    {"read-waits-for-hash",
     "the file read comes back only after a hash has ended, as a later step of it waits for a "
     "thread",
     multitask_judge_read_waits},
    {"read-before-hashes",
     "with more threads than hashes the file read comes back before every hash",
     multitask_judge_read_first},
    {"read-comes-last", "with a single thread the file read comes back after every hash",
     multitask_judge_read_last},
    {"read-alone", "without hashes the file read waits for nobody", judge_read_alone},
    {"one-trip-before-hashes",
     "a file read of a single trip comes back before every hash, as it needs a thread only once",
     multitask_judge_one_trip},
    {"request-first", "the request comes back before every hash", judge_request_first},
    {"lookup-takes-thread", "the lookup of the request took a thread of the pool first",
     requests_judge_lookup_first},
    {"request-ignores-pool", "a request without a lookup needs no thread of a full pool",
     requests_judge_full_pool},
    {NULL, NULL, NULL},
};

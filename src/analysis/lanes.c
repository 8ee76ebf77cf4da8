/* Who had a thread of the pool before whom: found by looking at all calls of a run, so it is for
 * single calls of runs that people read, not for every call of a million. Main thread. */
#include "analysis/lanes.h"

#include "analysis/summary.h"

bool lanes_before(const struct run *run, const struct span *s, struct span *before, bool *overlaps)
{
    bool found = false;
    struct span other;

    *overlaps = false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &other);
        if (other.id == s->id || other.lane != s->lane || !lanes_ran(&other))
            continue;
        if (other.started_ns > s->started_ns)
            *overlaps |= lanes_latest_start_ns(&other) < s->finished_ns;
        else if (other.finished_ns > lanes_latest_start_ns(s))
            *overlaps = true;
        else if (!found || other.finished_ns > before->finished_ns) {
            *before = other;
            found = true;
        }
    }
    return found;
}

bool lanes_waited_for(const struct run *run, const struct span *s, struct span *before)
{
    bool overlaps;

    return lanes_is_pool(s->lane) && lanes_ran(s) && lanes_before(run, s, before, &overlaps) &&
           before->finished_ns > s->submitted_ns;
}

bool lanes_overtaken(const struct run *run, const struct span *s, struct span *by)
{
    struct span before;
    bool overlaps;

    if (!lanes_is_pool(s->lane) || !lanes_ran(s) || (s->kind->traits & SPAN_SLOW_IO) != 0 ||
        !lanes_before(run, s, &before, &overlaps))
        return false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, by);
        if (lanes_is_pool(by->lane) && lanes_ran(by) && (by->kind->traits & SPAN_SLOW_IO) == 0 &&
            by->submitted_ns > s->submitted_ns && lanes_latest_start_ns(by) < before.finished_ns)
            return true;
    }
    return false;
}

bool lanes_one_was_free(const struct run *run, uint32_t size, uint64_t from_ns, uint64_t to_ns)
{
    bool used[POOL_MOST + 1] = {false};
    uint32_t count = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!lanes_is_pool(s.lane) || !lanes_ran(&s) || s.finished_ns <= from_ns ||
            s.started_ns >= to_ns)
            continue;
        count += !used[s.lane];
        used[s.lane] = true;
    }
    return count < size;
}

static enum verdict judge_lookups_run(const struct result *r, const struct run *run,
                                      struct text *evidence)
{
    uint32_t most = summary_most_at_once(run, SPAN_SLOW_IO), allowed = (r->pool.size + 1) / 2;
    uint32_t lookups = 0;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s;

        recorder_get(&run->recorder, i, &s);
        lookups += (s.kind->traits & SPAN_SLOW_IO) != 0 && lanes_ran(&s);
    }
    if (lookups == 0)
        return claims_not_tested(evidence, "no call was a name lookup");
    if (lookups <= allowed)
        return claims_not_tested(evidence, "there were no more lookups than may run at once");
    if (r->pool.size == 1)
        return claims_not_tested(evidence,
                                 "a pool of one thread runs one lookup at a time in any case");
    if (most == SUMMARY_NO_MEMORY)
        return claims_out_of_memory(evidence);
    text_add(evidence, "at most %u of %u lookups ran at the same moment; %u of %u threads may",
             (unsigned)most, (unsigned)lookups, (unsigned)allowed, (unsigned)r->pool.size);
    return most <= allowed ? VERDICT_HOLDS : VERDICT_FAILS;
}

enum verdict lanes_judge_lookups(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_lookups_run, evidence);
}

/* What the experiment exists to show, judged from the spans: that all was counted, that the loop
 * was free meanwhile, and what a message to a new thread waits for. The claims about CPUs are in
 * cpus.c. Pure functions of the result. */
#include "workers.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/stats.h"
#include "base/mem.h"

/* --- Every count is complete. --- */

/* No CPU makes more than a few additions a cycle, each of which needs the one before: what seems to
 * take less than this for each was not done. Counts that are short say nothing. */
static const double increment_least_ns = 0.02;
enum { INCREMENTS_LEAST = 1000000 };

static enum verdict judge_complete_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    const uint64_t *counted = workers_counted(run);
    uint64_t target = result_option(r, "count", 0), spent_ns = 0;
    uint32_t counts = 0, failed = 0;
    char name[SPAN_TEXT_BYTES];
    struct span s;
    double each_ns;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.kind != workers_kinds[KIND_COUNT])
            continue;
        if (s.status != SPAN_OK) {
            failed++;
        } else if (counted[counts] != target) {
            text_add(evidence, "%s came to %" PRIu64 " instead of %" PRIu64, span_name(&s, name),
                     counted[counts], target);
            return VERDICT_FAILS;
        } else {
            spent_ns += s.cpu_ns != SPAN_UNKNOWN ? s.cpu_ns : span_ran_ns(&s);
        }
        counts++;
    }
    if (failed > 0) {
        text_add(evidence, "%" PRIu32 " of %" PRIu32 " counts failed", failed, counts);
        return VERDICT_NOT_TESTED;
    }
    each_ns = (double)spent_ns / (double)target / counts;
    text_add(evidence, "%" PRIu32 " count%s came to exactly that, by increments of %.2f ns each",
             counts, counts == 1 ? "" : "s", each_ns);
    return target >= INCREMENTS_LEAST && each_ns < increment_least_ns ? VERDICT_FAILS
                                                                      : VERDICT_HOLDS;
}

static enum verdict judge_complete(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_complete_run, evidence);
}

/* --- The loop was free. --- */

/* What is shorter may lie within the time that a busy machine keeps a thread waiting for a CPU. */
static const uint64_t count_least_ns = 100 * 1000 * 1000;

struct lengths {
    uint32_t counts;
    uint64_t shortest_ns, longest_ns;
    uint64_t cpu_ns; /* of all of them; SPAN_UNKNOWN when that of one is not known */
};

static void find_lengths(struct lengths *l, const struct run *run)
{
    struct span s;

    *l = (struct lengths){.shortest_ns = UINT64_MAX};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        uint64_t ran_ns;

        recorder_get(&run->recorder, i, &s);
        ran_ns = span_ran_ns(&s);
        if (s.kind != workers_kinds[KIND_COUNT] || s.status != SPAN_OK || ran_ns == SPAN_UNKNOWN)
            continue;
        l->counts++;
        if (l->cpu_ns == SPAN_UNKNOWN || s.cpu_ns == SPAN_UNKNOWN)
            l->cpu_ns = SPAN_UNKNOWN;
        else
            l->cpu_ns += s.cpu_ns;
        l->shortest_ns = ran_ns < l->shortest_ns ? ran_ns : l->shortest_ns;
        l->longest_ns = ran_ns > l->longest_ns ? ran_ns : l->longest_ns;
    }
}

/* The hold-up that the runs of the baseline on the loop had, or 0: there are none. */
static uint64_t lag_of_baseline(const struct result *r)
{
    uint64_t lag_ns = 0;

    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        bool on_loop = run->pass->role == PASS_BASELINE && run->pass->override != NULL &&
                       strcmp(run->pass->override, "where") == 0;

        if (on_loop && !run->interrupted && run->loop_facts.max_lag_ns > lag_ns)
            lag_ns = run->loop_facts.max_lag_ns;
    }
    return lag_ns;
}

/* The loop's own count is one callback, so that it lies between two polls. A hundredth is what two
 * ways to make nanoseconds of ticks may differ by, and much more. */
static enum verdict judge_held_up(const struct lengths *l, uint64_t lag_ns, struct text *evidence)
{
    char lag[UNITS_TEXT_BYTES], longest[UNITS_TEXT_BYTES];

    text_add(evidence, "the loop was held up for %s, and its longest count took %s",
             claims_duration(lag, lag_ns), claims_duration(longest, l->longest_ns));
    return lag_ns + lag_ns / 100 >= l->longest_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

/* A loop that got no CPU for so long, on a busy machine, refutes nothing: one that used it, beside
 * all that the counts used, was at work itself. */
static bool was_at_work(const struct lengths *l, const struct run *run)
{
    uint64_t lag_ns = run->loop_facts.max_lag_ns;

    return lag_ns >= l->longest_ns && l->cpu_ns != SPAN_UNKNOWN && run->cpu_ns > l->cpu_ns &&
           run->cpu_ns - l->cpu_ns >= lag_ns / 2;
}

static enum verdict judge_loop_run(const struct result *r, const struct run *run,
                                   struct text *evidence)
{
    uint64_t lag_ns = run->loop_facts.max_lag_ns, baseline_ns = lag_of_baseline(r);
    char lag[UNITS_TEXT_BYTES], shortest[UNITS_TEXT_BYTES];
    struct lengths l;

    find_lengths(&l, run);
    if (l.counts == 0)
        return claims_not_tested(evidence, "nothing was counted");
    if (result_option(r, "where", WHERE_WORKER) == WHERE_LOOP)
        return judge_held_up(&l, lag_ns, evidence);
    if (l.shortest_ns < count_least_ns)
        return claims_not_tested(evidence, "the counts are too short to tell them from what a "
                                           "thread may wait for a CPU: a larger --count would show "
                                           "it");
    text_add(evidence, "the loop was held up for %s at most, and the shortest count took %s",
             claims_duration(lag, lag_ns), claims_duration(shortest, l.shortest_ns));
    if (baseline_ns > 0)
        text_add(evidence, "; counting itself, it was for %s", claims_duration(lag, baseline_ns));
    if (lag_ns < l.shortest_ns / 4)
        return VERDICT_HOLDS;
    if (was_at_work(&l, run))
        return VERDICT_FAILS;
    text_add(evidence, "; a busy machine may have kept it from a CPU");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_loop(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_loop_run, evidence);
}

/* --- A message to a new thread waits for its loop. --- */

/* The median of one of a span's durations in the trials, with `count` told; SPAN_UNKNOWN when there
 * are none or memory is short. */
static uint64_t trials_median(const struct result *r, enum workers_kind kind, uint32_t *count)
{
    uint64_t *values, median_ns = SPAN_UNKNOWN;
    size_t room = 0;
    struct span s;

    *count = 0;
    for (uint32_t i = 0; i < r->run_count; i++)
        room += r->runs[i].pass->role == PASS_TRIAL ? r->runs[i].recorder.count : 0;
    values = mem_alloc((room + 1) * sizeof *values);
    if (values == NULL)
        return SPAN_UNKNOWN;
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].pass->role != PASS_TRIAL)
            continue;
        for (uint32_t j = 0; j < r->runs[i].recorder.count; j++) {
            recorder_get(&r->runs[i].recorder, j, &s);
            if (s.kind == workers_kinds[kind] && s.status == SPAN_OK &&
                span_total_ns(&s) != SPAN_UNKNOWN)
                values[(*count)++] = span_total_ns(&s);
        }
    }
    if (*count > 0) {
        stats_sort(values, *count, NULL);
        median_ns = stats_median(values, *count);
    }
    mem_free(values);
    return median_ns;
}

static void tell_costs(const struct result *r, struct text *evidence)
{
    char start[UNITS_TEXT_BYTES], message[UNITS_TEXT_BYTES], end[UNITS_TEXT_BYTES];
    uint32_t starts, messages, ends;
    uint64_t start_ns = trials_median(r, KIND_START, &starts);
    uint64_t message_ns = trials_median(r, KIND_PING, &messages);
    uint64_t end_ns = trials_median(r, KIND_END, &ends);

    if (starts == 0 || messages == 0 || ends == 0)
        return;
    text_add(evidence,
             "; to start a thread took %s, an empty message there and back %s, to end it %s "
             "(medians of %" PRIu32 " trials)",
             claims_duration(start, start_ns), claims_duration(message, message_ns),
             claims_duration(end, end_ns), starts);
}

/* A start and the count of the same request, which is opened before it: where both are known, the
 * thread's loop came first. */
static enum verdict judge_start_run(const struct result *r, const struct run *run,
                                    struct text *evidence)
{
    uint64_t least_ns = UINT64_MAX, gap_ns;
    uint32_t seen = 0;
    char gap[UNITS_TEXT_BYTES], name[SPAN_TEXT_BYTES];
    struct span start, count;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &start);
        if (start.kind != workers_kinds[KIND_START] || start.status != SPAN_OK)
            continue;
        recorder_get(&run->recorder, start.parent, &count); /* behind its request, whose id it is */
        if (count.started_ns == SPAN_UNKNOWN || start.finished_ns == SPAN_UNKNOWN)
            continue;
        seen++;
        if (count.started_ns < start.finished_ns) {
            text_add(evidence, "%s began before its thread's loop was there",
                     span_name(&count, name));
            return VERDICT_FAILS;
        }
        gap_ns = count.started_ns - start.finished_ns;
        least_ns = gap_ns < least_ns ? gap_ns : least_ns;
    }
    if (seen == 0)
        return claims_not_tested(evidence, "no thread was started");
    text_add(evidence, "%" PRIu32 " of %" PRIu32 " began %s or more after it", seen, seen,
             claims_duration(gap, least_ns));
    tell_costs(r, evidence);
    return VERDICT_HOLDS;
}

static enum verdict judge_start(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_start_run, evidence);
}

/* --- The list, in the order in which it is printed. --- */

const struct claim workers_claims[] = {
    {"counted-all", "every count is complete, and every increment of it was executed",
     judge_complete},
    {"loop-free",
     "the loop is free while worker threads count, and held up for as long as it counts itself",
     judge_loop},
    {"side-by-side", "counts ran on several threads at the same time", workers_judge_side_by_side},
    {"beyond-cpus", "more worker threads than CPUs help no further", workers_judge_beyond_cpus},
    {"message-waits-for-loop", "a message to a new thread waits until the thread's loop is there",
     judge_start},
    {NULL, NULL, NULL},
};

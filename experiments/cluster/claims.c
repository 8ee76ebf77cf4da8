/* What this experiment exists to show: hashes and threads, more workers than CPUs, how connections
 * were spread, killed workers. What a blocked worker does is in claims_blocked.c. Pure functions of
 * the result. */
#include "cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"
#include "analysis/worker_split.h"
#include "base/mem.h"

/* --- No more hashes at once than threads. --- */

/* A call on a thread of a worker's pool. */
struct pooled {
    uint64_t started_ns, finished_ns;
    int lane;
};

struct pooled_calls {
    struct pooled *calls;
    uint32_t count, lanes;
    uint32_t most_at_once;
    int shared_lane; /* on which two ran at the same moment; LANE_UNKNOWN: on none */
};

static int compare_lanes(const void *a, const void *b)
{
    const struct pooled *x = a, *y = b;

    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return x->started_ns < y->started_ns ? -1 : x->started_ns > y->started_ns;
}

static void look_at_lanes(struct pooled_calls *p)
{
    p->shared_lane = LANE_UNKNOWN;
    qsort(p->calls, p->count, sizeof *p->calls, compare_lanes);
    for (uint32_t i = 0; i < p->count; i++) {
        if (i == 0 || p->calls[i].lane != p->calls[i - 1].lane)
            p->lanes++;
        else if (p->calls[i].started_ns < p->calls[i - 1].finished_ns)
            p->shared_lane = p->calls[i].lane;
    }
}

/* An end comes before a start of the same moment. */
static uint32_t most_at_once(const uint64_t *starts, const uint64_t *ends, uint32_t count)
{
    uint32_t started = 0, ended = 0, most = 0;

    while (started < count) {
        if (ends[ended] <= starts[started])
            ended++;
        else if (++started - ended > most)
            most = started - ended;
    }
    return most;
}

/* Hashes, and computing on the pool. False when memory is short. Free with mem_free(p->calls). */
static bool pooled_calls_find(struct pooled_calls *p, const struct run *run)
{
    uint64_t *instants = mem_alloc((2 * (size_t)run->recorder.count + 1) * sizeof *instants);
    struct span s;

    *p = (struct pooled_calls){.calls =
                                   mem_alloc(((size_t)run->recorder.count + 1) * sizeof *p->calls)};
    if (p->calls == NULL || instants == NULL) {
        mem_free(instants);
        return false;
    }
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if ((strcmp(s.kind->kind, "pbkdf2") == 0 || strcmp(s.kind->kind, "spin") == 0) &&
            s.started_ns != SPAN_UNKNOWN && s.finished_ns != SPAN_UNKNOWN)
            p->calls[p->count++] = (struct pooled){s.started_ns, s.finished_ns, s.lane};
    }
    look_at_lanes(p);
    for (uint32_t i = 0; i < p->count; i++) {
        instants[i] = p->calls[i].started_ns;
        instants[p->count + i] = p->calls[i].finished_ns;
    }
    stats_sort(instants, p->count, NULL);
    stats_sort(instants + p->count, p->count, NULL);
    p->most_at_once = most_at_once(instants, instants + p->count, p->count);
    mem_free(instants);
    return true;
}

static enum verdict judge_pooled(const struct pooled_calls *p, const struct cluster_facts *f,
                                 struct text *evidence)
{
    uint64_t threads = (uint64_t)f->workers * f->threads;
    char lane[SPAN_TEXT_BYTES];

    if (p->count == 0)
        return claims_not_tested(evidence, "no request had anything computed on a pool");
    if (p->shared_lane != LANE_UNKNOWN) {
        text_add(evidence, "two ran at the same moment on %s",
                 span_lane_name(p->shared_lane, lane));
        return VERDICT_FAILS;
    }
    text_add(evidence,
             "%u of %u ran at the same moment, at most, on %u thread%s; %u worker%s with %u each "
             "have %" PRIu64,
             (unsigned)p->most_at_once, (unsigned)p->count, (unsigned)p->lanes,
             p->lanes == 1 ? "" : "s", (unsigned)f->workers, f->workers == 1 ? "" : "s",
             (unsigned)f->threads, threads);
    if (p->most_at_once > threads || p->lanes > threads)
        return VERDICT_FAILS;
    if (p->count > threads)
        return VERDICT_HOLDS;
    text_add(evidence, ", so that none had to wait");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_threads_run(const struct result *r, const struct run *run,
                                      struct text *evidence)
{
    enum verdict verdict = VERDICT_NOT_TESTED;
    struct pooled_calls pooled;

    (void)r;
    if (pooled_calls_find(&pooled, run))
        verdict = judge_pooled(&pooled, run->cluster, evidence);
    else
        claims_out_of_memory(evidence);
    mem_free(pooled.calls);
    return verdict;
}

enum verdict cluster_judge_threads(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_threads_run, evidence);
}

/* --- Connections are spread evenly. --- */

static void name_split(const struct worker_split *split, bool connections, struct text *t)
{
    enum { NAMED_MOST = 16 };

    for (uint32_t i = 0; i < split->count && i < NAMED_MOST; i++)
        text_add(t, "%s%" PRIu64, i == 0 ? "" : ", ",
                 connections ? split->rows[i].connections : split->rows[i].requests);
    if (split->count > NAMED_MOST)
        text_add(t, ", ... (%u workers)", (unsigned)split->count);
}

/* Returns how many connections there were. */
static uint64_t bounds(const struct worker_split *split, uint64_t *least, uint64_t *most)
{
    uint64_t all = 0;

    *least = UINT64_MAX;
    *most = 0;
    for (uint32_t i = 0; i < split->count; i++) {
        uint64_t n = split->rows[i].connections;

        all += n;
        *least = n < *least ? n : *least;
        *most = n > *most ? n : *most;
    }
    return all;
}

/* The primary passes over a worker that has not taken what it was given for 100 ms, or that has 64
 * connections to take (net/supervisor_accept.c). When all had their first request read sooner than
 * that after the first was asked for, it can have had no reason to. */
static bool none_was_passed_over(const struct run *run, uint64_t most)
{
    enum { HANDED_MOST = 64, PASSED_OVER_NS = 100000000 };
    uint64_t first_ns = UINT64_MAX, last_ns = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.http == NULL || s.http->reused || s.started_ns == SPAN_UNKNOWN)
            continue;
        first_ns = s.submitted_ns < first_ns ? s.submitted_ns : first_ns;
        last_ns = s.started_ns > last_ns ? s.started_ns : last_ns;
    }
    return most <= HANDED_MOST && last_ns < first_ns + PASSED_OVER_NS;
}

static enum verdict judge_split(const struct result *r, const struct run *run,
                                const struct worker_split *split, struct text *evidence)
{
    uint64_t least, most, scheduling = result_option(r, "scheduling", SCHEDULING_ROUND_ROBIN);

    if (split->count < 2)
        return claims_not_tested(evidence, "there is only one worker");
    if (bounds(split, &least, &most) < 2)
        return claims_not_tested(evidence, "there are fewer than two connections to spread");
    text_add(evidence, "connections of the workers: ");
    name_split(split, true, evidence);
    text_add(evidence, "; requests: ");
    name_split(split, false, evidence);
    if (scheduling != SCHEDULING_ROUND_ROBIN) {
        text_add(evidence, "; with %s the kernel spread them", scheduling_names[scheduling]);
        return VERDICT_NOT_TESTED;
    }
    if (run->cluster->kills) {
        text_add(evidence, "; some were killed");
        return VERDICT_NOT_TESTED;
    }
    if (split->nameless > 0) {
        text_add(evidence, "; of %" PRIu64 " requests the worker is not known", split->nameless);
        return VERDICT_NOT_TESTED;
    }
    if (most - least <= 1)
        return VERDICT_HOLDS;
    if (none_was_passed_over(run, most))
        return VERDICT_FAILS;
    text_add(evidence, "; a worker that was busy may have been passed over");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_spread_run(const struct result *r, const struct run *run,
                                     struct text *evidence)
{
    struct worker_split split;
    enum verdict verdict;

    if (run->load != NULL && run->load->histogram_only)
        return claims_not_tested(evidence, "no spans were kept");
    if (!worker_split_make(&split, run, run->cluster->workers))
        return claims_out_of_memory(evidence);
    verdict = judge_split(r, run, &split, evidence);
    worker_split_free(&split);
    return verdict;
}

enum verdict cluster_judge_spread(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_spread_run, evidence);
}

/* --- Killed workers. --- */

static uint32_t replaced_of(const struct cluster_facts *f, uint64_t *longest_ns)
{
    uint32_t replaced = 0;

    *longest_ns = 0;
    for (uint32_t i = 0; i < f->kill_count; i++) {
        uint64_t ns = cluster_kill_replaced_ns(&f->killed[i]);

        replaced += ns != SPAN_UNKNOWN;
        if (ns != SPAN_UNKNOWN && ns > *longest_ns)
            *longest_ns = ns;
    }
    return replaced;
}

static enum verdict judge_kills_run(const struct result *r, const struct run *run,
                                    struct text *evidence)
{
    const struct cluster_facts *f = run->cluster;
    struct worker_losses lost;
    char longest[UNITS_TEXT_BYTES];
    uint64_t longest_ns;
    uint32_t replaced = replaced_of(f, &longest_ns);

    if (!f->kills)
        return claims_not_tested(evidence, "no worker was killed (--kill-every 1s)");
    if (f->kill_count == 0)
        return claims_not_tested(evidence, "the load was over before a worker was killed");
    if (run->load != NULL && run->load->histogram_only)
        return claims_not_tested(evidence, "no spans were kept");
    if (!worker_losses_find(&lost, run, result_option(r, "tls", 0) != 0))
        return claims_out_of_memory(evidence);
    text_add(evidence,
             "%u killed, %u replaced, after %s at most; %" PRIu64 " request%s lost inside them",
             (unsigned)f->kill_count, (unsigned)replaced, claims_duration(longest, longest_ns),
             lost.inside, lost.inside == 1 ? "" : "s");
    if (lost.unclear > 0)
        text_add(evidence, ", and %" PRIu64 " on connections that nothing had been answered on",
                 lost.unclear);
    text_add(evidence, ", %" PRIu64 " elsewhere", lost.outside);
    return lost.outside == 0 && replaced == f->kill_count ? VERDICT_HOLDS : VERDICT_FAILS;
}

enum verdict cluster_judge_kills(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_kills_run, evidence);
}

/* --- The list, in the order in which it is printed. --- */

const struct claim cluster_claims[] = {
    {"threads-limit", "no more hashes ran at once than the workers have threads of pools",
     cluster_judge_threads},
    {"workers-beyond-cpus",
     "with more workers than CPUs the first answer came later, and the last no earlier, than with "
     "as many workers as CPUs",
     cluster_judge_crowd},
    {"spread-evenly", "round-robin spread the connections evenly", cluster_judge_spread},
    {"blocked-holds-up", "a blocked worker began none of its requests meanwhile",
     cluster_judge_held_up},
    {"blocked-alone", "a blocked worker did not delay the requests of others",
     cluster_judge_others},
    {"killed-alone",
     "only requests inside a killed worker were lost, and every worker that was killed was "
     "replaced",
     cluster_judge_kills},
    {NULL, NULL, NULL},
};

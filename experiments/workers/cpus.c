/* What the CPUs have to do with it: whether counts ran at the same time, and whether more threads
 * than CPUs brought them to an end sooner. Pure functions of the result. */
#include "workers.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/stats.h"
#include "analysis/summary.h"
#include "base/mem.h"
#include "measure/host.h"

static bool is_count(const struct span *s)
{
    return s->kind == workers_kinds[KIND_COUNT] && s->started_ns != SPAN_UNKNOWN &&
           s->finished_ns != SPAN_UNKNOWN;
}

static uint64_t threads_of(const struct result *r)
{
    uint64_t workers = result_option(r, "workers", 1), requests = result_option(r, "requests", 1);

    return workers < requests ? workers : requests;
}

/* --- Counts ran at the same time. --- */

/* Threads that have a message each, and a loop to take it, run at once unless something keeps them
 * apart. That is only seen where one after the other does it, again and again, with counts so long
 * that a thread that wakes late, or has no CPU, is no reason. */
enum { TURNS_LEAST = 3 };
static const uint64_t turn_least_ns = 100 * 1000 * 1000;

/* Counts that began on another thread right when the one before ended, though they were asked for
 * before. `run` has no two that overlap. */
static uint32_t count_turns(const struct run *run)
{
    uint32_t turns = 0;
    struct span s, other, before = {0};

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        bool found = false;

        recorder_get(&run->recorder, i, &s);
        if (!is_count(&s) || span_ran_ns(&s) < turn_least_ns)
            continue;
        for (uint32_t j = 0; j < run->recorder.count; j++) {
            recorder_get(&run->recorder, j, &other);
            if (is_count(&other) && other.id != s.id && other.finished_ns <= s.started_ns &&
                (!found || other.finished_ns > before.finished_ns)) {
                before = other;
                found = true;
            }
        }
        turns += found && before.lane != s.lane && before.finished_ns > s.submitted_ns &&
                 before.finished_ns - s.submitted_ns >= turn_least_ns;
    }
    return turns;
}

static enum verdict judge_side_by_side_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    uint32_t most;

    if (result_option(r, "where", WHERE_WORKER) == WHERE_LOOP)
        return claims_not_tested(evidence, "a loop counts one after another");
    if (threads_of(r) < 2)
        return claims_not_tested(evidence, "there is only one worker thread");
    if (host_cpus_usable(&r->host) < 2)
        return claims_not_tested(evidence, "there is only one CPU");
    most = summary_most_at_once(run, SPAN_CPU_BOUND);
    if (most == SUMMARY_NO_MEMORY)
        return claims_out_of_memory(evidence);
    if (most == 0)
        return claims_not_tested(evidence, "nothing was counted");
    if (most > 1) {
        text_add(evidence, "%" PRIu32 " counts were under way at the same moment", most);
        return VERDICT_HOLDS;
    }
    if (count_turns(run) < TURNS_LEAST)
        return claims_not_tested(evidence, "each count was over before another thread had its "
                                           "message: a larger --count would show it");
    text_add(evidence, "no two counts ran at the same moment, though they waited for nothing else");
    return VERDICT_FAILS;
}

enum verdict workers_judge_side_by_side(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_side_by_side_run, evidence);
}

/* --- More threads than CPUs help no further. ---
 *
 * Counting takes CPU time, and so many CPUs have only so much of it: R counts take R counts' worth
 * of CPU time on however many threads. Where the threads of the baseline, one for each CPU, have
 * the same number of counts each, no CPU is idle before the end, and more threads cannot be done
 * sooner. (Of an odd number on two CPUs, one thread has the last count for itself, and more threads
 * would have shared it.) */

struct sample {
    uint32_t runs;
    uint64_t elapsed_ns; /* median */
    double busy_most;    /* CPUs that the counts of a run kept busy from its begin to its end */
    double busy_least;
};

/* CPUs that counted, on average, between the first count's start and the last one's end; 0: CPU
 * time is not known. */
static double busy_cpus(const struct run *run)
{
    uint64_t first_ns = UINT64_MAX, last_ns = 0, cpu_ns = 0;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!is_count(&s))
            continue;
        if (s.cpu_ns == SPAN_UNKNOWN)
            return 0;
        cpu_ns += s.cpu_ns;
        first_ns = s.started_ns < first_ns ? s.started_ns : first_ns;
        last_ns = s.finished_ns > last_ns ? s.finished_ns : last_ns;
    }
    return last_ns > first_ns ? (double)cpu_ns / (double)(last_ns - first_ns) : 0;
}

static bool belongs(const struct run *run, enum pass_role role)
{
    if (run->pass->role != role || run->interrupted || run->elapsed_ns == SPAN_UNKNOWN)
        return false;
    return role != PASS_BASELINE ||
           (run->pass->override != NULL && strcmp(run->pass->override, "workers") == 0);
}

/* False when memory is short. */
static bool sample_take(struct sample *sample, const struct result *r, enum pass_role role)
{
    uint64_t *elapsed_ns = mem_alloc((r->run_count + (size_t)1) * sizeof *elapsed_ns);

    *sample = (struct sample){.busy_least = 1e9};
    if (elapsed_ns == NULL)
        return false;
    for (uint32_t i = 0; i < r->run_count; i++) {
        double busy;

        if (!belongs(&r->runs[i], role))
            continue;
        elapsed_ns[sample->runs++] = r->runs[i].elapsed_ns;
        busy = busy_cpus(&r->runs[i]);
        sample->busy_most = busy > sample->busy_most ? busy : sample->busy_most;
        sample->busy_least = busy < sample->busy_least ? busy : sample->busy_least;
    }
    stats_sort(elapsed_ns, sample->runs, NULL);
    if (sample->runs > 0)
        sample->elapsed_ns = stats_median(elapsed_ns, sample->runs);
    mem_free(elapsed_ns);
    return true;
}

/* Sooner than this much is no noise of a machine that has nothing else to do. */
static const double noise = 1.1;

static enum verdict compare(const struct result *r, const struct sample *many,
                            const struct sample *few, struct text *evidence)
{
    uint64_t cpus = host_cpus_usable(&r->host);
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    text_add(evidence, "%" PRIu64 " threads took %s and %" PRIu64 " took %s", threads_of(r),
             claims_duration(a, many->elapsed_ns), cpus, claims_duration(b, few->elapsed_ns));
    if (many->busy_most == 0 || few->busy_least == 0) {
        text_add(evidence, "; what CPU time they used is not known");
        return VERDICT_NOT_TESTED;
    }
    text_add(evidence, ", with %.2f and %.2f CPUs busy counting", many->busy_most, few->busy_most);
    if ((double)many->elapsed_ns * noise >= (double)few->elapsed_ns)
        return VERDICT_HOLDS;
    if (many->busy_most > (double)cpus * noise) /* more CPU time than there is */
        return VERDICT_FAILS;
    text_add(evidence, "; as many threads as CPUs did not have them to themselves: the machine was "
                       "busy, or its CPUs of changing speed");
    return VERDICT_NOT_TESTED;
}

enum verdict workers_judge_beyond_cpus(const struct result *r, struct text *evidence)
{
    uint64_t cpus = host_cpus_usable(&r->host);
    struct sample many, few;

    if (result_option(r, "where", WHERE_WORKER) == WHERE_LOOP)
        return claims_not_tested(evidence, "no worker thread counts");
    if (threads_of(r) <= cpus)
        return claims_not_tested(evidence, "there are no more worker threads than CPUs");
    if (result_option(r, "requests", 0) % cpus != 0)
        return claims_not_tested(evidence, "the requests cannot be divided by the CPUs: the last "
                                           "ones would leave CPUs idle");
    if (!sample_take(&many, r, PASS_MEASURED) || !sample_take(&few, r, PASS_BASELINE))
        return claims_out_of_memory(evidence);
    if (many.runs == 0 || few.runs == 0)
        return claims_not_tested(evidence, "there is nothing to compare with: --baseline also "
                                           "counts on as many threads as CPUs");
    return compare(r, &many, &few, evidence);
}

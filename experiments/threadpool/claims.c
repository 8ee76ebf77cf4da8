/* What the experiment exists to show, judged from the spans: how many ran at once, on which
 * threads, and for how long. The claims about who came before whom are in order.c. Pure functions
 * of the result. */
#include "threadpool.h"

#include <inttypes.h>

#include "analysis/lanes.h"
#include "analysis/stats.h"
#include "analysis/summary.h"
#include "base/mem.h"

/* --- The calls ran on several threads at once. --- */

static enum verdict judge_side_by_side_run(const struct result *r, const struct run *run,
                                           struct text *evidence)
{
    struct run_shares shares;
    uint64_t shortest_ns = UINT64_MAX;

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
        text_add(evidence, "up to %u calls ran at the same moment, on %u threads in all",
                 (unsigned)shares.most_at_once, (unsigned)shares.lanes);
        return VERDICT_HOLDS;
    }
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s;

        recorder_get(&run->recorder, i, &s);
        if (lanes_ran(&s) && span_ran_ns(&s) < shortest_ns)
            shortest_ns = span_ran_ns(&s);
    }
    /* Where each ran longer than that, threads cannot just have woken late. */
    if (shortest_ns < CLAIMS_LATE_MOST_NS)
        return claims_not_tested(evidence,
                                 "the calls were so short that one thread had done each before "
                                 "another had woken up");
    text_add(evidence, "no two of %" PRIu64 " calls ran at the same moment", shares.calls);
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

/* --- More threads than CPUs stretch `ran` and not `cpu`. --- */

/* Medians over all runs of one role: 1, 0 when there is none, -1 when memory is short. */
static int medians(const struct result *r, enum pass_role role, uint64_t *ran_ns, uint64_t *cpu_ns)
{
    uint64_t *rans, *cpus;
    size_t room = 0, count = 0;
    int rc;
    struct span s;

    for (uint32_t i = 0; i < r->run_count; i++)
        if (r->runs[i].pass->role == role)
            room += r->runs[i].recorder.count;
    rans = mem_alloc((room + 1) * sizeof *rans);
    cpus = mem_alloc((room + 1) * sizeof *cpus);
    for (uint32_t i = 0; i < r->run_count && rans != NULL && cpus != NULL; i++) {
        if (r->runs[i].pass->role != role)
            continue;
        for (uint32_t j = 0; j < r->runs[i].recorder.count; j++) {
            recorder_get(&r->runs[i].recorder, j, &s);
            if (!lanes_ran(&s) || s.cpu_ns == SPAN_UNKNOWN ||
                (s.kind->traits & SPAN_CPU_BOUND) == 0)
                continue;
            rans[count] = span_ran_ns(&s);
            cpus[count++] = s.cpu_ns;
        }
    }
    if (count > 0) {
        stats_sort(rans, count, NULL);
        stats_sort(cpus, count, NULL);
        *ran_ns = stats_median(rans, count);
        *cpu_ns = stats_median(cpus, count);
    }
    rc = rans == NULL || cpus == NULL ? -1 : count > 0;
    mem_free(rans);
    mem_free(cpus);
    return rc;
}

static enum verdict judge_stretch(const struct result *r, struct text *evidence)
{
    uint64_t cpus = host_cpus_usable(&r->host), jobs = result_option(r, "jobs", 0);
    uint64_t ran_ns, cpu_ns, alone_ran_ns, alone_cpu_ns;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];
    double ran_stretch, cpu_stretch;
    int together, alone;

    if (r->pool.size <= cpus || jobs <= cpus)
        return claims_not_tested(evidence, "no more calls could run at once than there are CPUs");
    if (r->plan.pass_count < 2)
        return claims_not_tested(evidence,
                                 "there is nothing to compare with: --baseline also runs one "
                                 "call alone");
    together = medians(r, PASS_MEASURED, &ran_ns, &cpu_ns);
    alone = medians(r, PASS_BASELINE, &alone_ran_ns, &alone_cpu_ns);
    if (together < 0 || alone < 0)
        return claims_out_of_memory(evidence);
    if (together == 0 || alone == 0 || alone_ran_ns == 0 || alone_cpu_ns == 0)
        return claims_not_tested(evidence,
                                 "no call's CPU time is known, or none needs a CPU all the time");
    ran_stretch = (double)ran_ns / (double)alone_ran_ns;
    cpu_stretch = (double)cpu_ns / (double)alone_cpu_ns;
    text_add(evidence,
             "together each ran %s (median) and used %s of CPU, alone %s and %s: ran %.2f times as "
             "long for %.2f times the CPU time",
             claims_duration(a, ran_ns), claims_duration(b, cpu_ns),
             claims_duration(c, alone_ran_ns), claims_duration(d, alone_cpu_ns), ran_stretch,
             cpu_stretch);
    if ((double)alone_ran_ns > 1.25 * (double)alone_cpu_ns) {
        text_add(evidence, "; but the call alone had to share its CPU: the machine was busy");
        return VERDICT_NOT_TESTED;
    }
    return ran_stretch - 1 > 2 * (cpu_stretch - 1) && ran_stretch > 1 ? VERDICT_HOLDS
                                                                      : VERDICT_FAILS;
}

/* --- The list, in the order in which it is printed. --- */

const struct claim threadpool_claims[] = {
    {"side-by-side", "the calls ran on several threads at once", judge_side_by_side},
    {"pool-size", "the process had exactly as many pool threads as it should", judge_pool_size},
    {"first-beyond-waits",
     "the first call beyond the pool's size ran on a thread that an earlier call had freed",
     threadpool_judge_waits},
    {"first-come-first-served",
     "no call started before the thread of a call submitted earlier was free to take that one",
     threadpool_judge_fifo},
    {"lookups-take-half", "name lookups never took more than half of the threads, rounded up",
     lanes_judge_lookups},
    {"threads-beyond-cpus",
     "more threads than CPUs stretched what calls ran, not the CPU they used", judge_stretch},
    {"one-by-one", "the results were called back on the loop's thread, one after another",
     threadpool_judge_callbacks},
    {NULL, NULL, NULL},
};

/* More threads than CPUs stretch what calls ran, not the CPU time that they used.
 *
 * Only calls that had to share CPUs can show that, and that they had to is seen in the spans: each
 * needs a CPU all the time, and for most of what it ran more of its kind were running than there
 * are CPUs. It must also have run for long enough that the kernel cannot but have let them take
 * turns: a call of a millisecond may well have had a CPU to itself while another waited for one.
 * What else ran is left out. Pure functions of the result. */
#include "threadpool.h"

#include "analysis/stats.h"
#include "base/mem.h"

/* For each thread beyond the CPUs; a kernel's time slice is a few milliseconds. */
static const uint64_t turn_ns = 20 * 1000 * 1000;

/* When more calls of a run computed at once than there are CPUs. */
struct crowd {
    size_t count;
    uint64_t *starts, *ends;           /* of the calls, each sorted by itself */
    uint64_t *until_start, *until_end; /* how long it had been crowded by then */
};

/* What the calls that count ran and used, over all runs of one role. */
struct sample {
    uint64_t *ran_ns, *cpu_ns;
    size_t count;
    size_t crowded; /* calls that were among too many, also those that were too short */
};

static bool computes(const struct span *s)
{
    return (s->kind->traits & SPAN_CPU_BOUND) != 0 && span_ran_ns(s) != SPAN_UNKNOWN;
}

/* An end comes before a start of the same moment. */
static void walk(struct crowd *c, uint64_t cpus)
{
    size_t started = 0, ended = 0;
    uint64_t now = 0, crowded_ns = 0;

    while (started < c->count || ended < c->count) {
        bool starts =
            started < c->count && (ended == c->count || c->starts[started] < c->ends[ended]);
        uint64_t next = starts ? c->starts[started] : c->ends[ended];

        if (started > ended && started - ended > cpus)
            crowded_ns += next - now;
        now = next;
        if (starts)
            c->until_start[started++] = crowded_ns;
        else
            c->until_end[ended++] = crowded_ns;
    }
}

/* False when memory is short. Free with mem_free(c->starts). */
static bool crowd_make(struct crowd *c, const struct run *run, uint64_t cpus)
{
    size_t room = run->recorder.count;
    struct span s;

    c->count = 0;
    c->starts = mem_alloc((4 * room + 1) * sizeof *c->starts);
    if (c->starts == NULL)
        return false;
    c->ends = c->starts + room;
    c->until_start = c->ends + room;
    c->until_end = c->until_start + room;
    for (uint32_t i = 0; i < room; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!computes(&s))
            continue;
        c->starts[c->count] = s.started_ns;
        c->ends[c->count++] = s.finished_ns;
    }
    stats_sort(c->starts, c->count, c->until_start); /* which is not in use yet */
    stats_sort(c->ends, c->count, c->until_start);
    walk(c, cpus);
    return true;
}

/* How long it had been crowded by `instant`, which is one of the `count` sorted instants. */
static uint64_t crowded_until(const uint64_t *instants, const uint64_t *until, size_t count,
                              uint64_t instant)
{
    size_t low = 0, high = count;

    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;

        if (instants[middle] <= instant)
            low = middle;
        else
            high = middle;
    }
    return until[low];
}

static void sample_run(struct sample *sample, const struct run *run, const struct crowd *c,
                       uint64_t least_ns)
{
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        uint64_t ran_ns, crowded_ns;

        recorder_get(&run->recorder, i, &s);
        if (!computes(&s) || s.cpu_ns == SPAN_UNKNOWN)
            continue;
        ran_ns = span_ran_ns(&s);
        crowded_ns = crowded_until(c->ends, c->until_end, c->count, s.finished_ns) -
                     crowded_until(c->starts, c->until_start, c->count, s.started_ns);
        if (crowded_ns <= ran_ns / 2)
            continue;
        sample->crowded++;
        if (ran_ns < least_ns)
            continue;
        sample->ran_ns[sample->count] = ran_ns;
        sample->cpu_ns[sample->count++] = s.cpu_ns;
    }
}

static void sample_free(struct sample *sample)
{
    mem_free(sample->ran_ns);
    mem_free(sample->cpu_ns);
}

/* The calls of whole runs of one role that ran for `least_ns` and among more than `cpus`, sorted.
 * False when memory is short. Free with sample_free() in any case. */
static bool sample_take(struct sample *sample, const struct result *r, enum pass_role role,
                        uint64_t cpus, uint64_t least_ns)
{
    struct crowd crowd;
    size_t room = 0;

    for (uint32_t i = 0; i < r->run_count; i++)
        if (r->runs[i].pass->role == role)
            room += r->runs[i].recorder.count;
    *sample = (struct sample){.ran_ns = mem_alloc((room + 1) * sizeof(uint64_t)),
                              .cpu_ns = mem_alloc((room + 1) * sizeof(uint64_t))};
    if (sample->ran_ns == NULL || sample->cpu_ns == NULL)
        return false;
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].pass->role != role || r->runs[i].interrupted)
            continue;
        if (!crowd_make(&crowd, &r->runs[i], cpus))
            return false;
        sample_run(sample, &r->runs[i], &crowd, least_ns);
        mem_free(crowd.starts);
    }
    stats_sort(sample->ran_ns, sample->count, NULL);
    stats_sort(sample->cpu_ns, sample->count, NULL);
    return true;
}

static enum verdict compare(const struct sample *together, const struct sample *alone,
                            struct text *evidence)
{
    uint64_t ran_ns = stats_median(together->ran_ns, together->count);
    uint64_t cpu_ns = stats_median(together->cpu_ns, together->count);
    uint64_t alone_ran_ns = stats_median(alone->ran_ns, alone->count);
    uint64_t alone_cpu_ns = stats_median(alone->cpu_ns, alone->count);
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];
    double ran_stretch, cpu_stretch;

    if (alone_cpu_ns == 0)
        return claims_not_tested(evidence, "the call alone used no CPU time");
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
    if (ran_stretch > 1 && ran_stretch - 1 > 2 * (cpu_stretch - 1))
        return VERDICT_HOLDS;
    /* They ran among more than could compute at once: had each used all that it ran, the CPUs would
     * have done more than they can. */
    if ((double)cpu_ns > 0.9 * (double)ran_ns)
        return VERDICT_FAILS;
    text_add(evidence, "; both grew, so it cannot be told apart what made them");
    return VERDICT_NOT_TESTED;
}

/* CPUs that calls can compute on at the same moment. A quota is no such number: within each of its
 * periods all CPUs may be used. */
static uint64_t cpus_of(const struct host_facts *host)
{
    uint64_t cpus = host->cpus_allowed != HOST_UNKNOWN ? host->cpus_allowed : host->cpus_online;

    return cpus == 0 ? 1 : cpus;
}

static enum verdict judge_samples(const struct sample *together, const struct sample *alone,
                                  uint64_t least_ns, struct text *evidence)
{
    char least[UNITS_TEXT_BYTES];

    if (alone->count == 0)
        return claims_not_tested(evidence,
                                 "no call's CPU time is known, or none needs a CPU all the time");
    if (together->crowded == 0)
        return claims_not_tested(evidence, "no call spent most of what it ran among more calls "
                                           "that compute than there are CPUs");
    if (together->count == 0) {
        text_add(evidence,
                 "no call ran for %s among more calls than there are CPUs: shorter ones need not "
                 "have shared a CPU",
                 claims_duration(least, least_ns));
        return VERDICT_NOT_TESTED;
    }
    return compare(together, alone, evidence);
}

enum verdict threadpool_judge_stretch(const struct result *r, struct text *evidence)
{
    uint64_t cpus = cpus_of(&r->host), most = result_option(r, "jobs", 0), least_ns;
    struct sample together, alone = {0};
    enum verdict verdict;

    if (most > r->pool.size)
        most = r->pool.size;
    if (most <= cpus)
        return claims_not_tested(evidence, "no more calls could run at once than there are CPUs");
    if (r->plan.pass_count < 2)
        return claims_not_tested(evidence,
                                 "there is nothing to compare with: --baseline also runs one "
                                 "call alone");
    least_ns = (most - cpus) * turn_ns;
    if (sample_take(&together, r, PASS_MEASURED, cpus, least_ns) &&
        sample_take(&alone, r, PASS_BASELINE, 0, 0)) /* alone: among more than none */
        verdict = judge_samples(&together, &alone, least_ns, evidence);
    else
        verdict = claims_out_of_memory(evidence);
    sample_free(&together);
    sample_free(&alone);
    return verdict;
}

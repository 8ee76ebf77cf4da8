/* More workers than CPUs: all get on at once, so that the first is ready late and the last no
 * sooner. That is about how long it takes, and so is compared only between runs of two settings, of
 * which all on the one side took longer than all on the other. Pure functions of the result. */
#include "cluster.h"

/* What whole runs of one role came to, from the first submission. */
struct answers {
    uint32_t runs, workers;
    uint64_t first_least_ns, first_most_ns; /* until the first answer */
    uint64_t last_least_ns, last_most_ns;   /* until the last */
    bool failed;                            /* a request did */
};

static void widen(uint64_t ns, uint64_t *least, uint64_t *most)
{
    *least = ns < *least ? ns : *least;
    *most = ns > *most ? ns : *most;
}

static void answers_add(struct answers *a, const struct run *run)
{
    uint64_t submitted_ns = UINT64_MAX, first_ns = UINT64_MAX, last_ns = 0;
    struct span s;

    a->failed |= run->failed;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.http == NULL || s.called_back_ns == SPAN_UNKNOWN)
            continue;
        submitted_ns = s.submitted_ns < submitted_ns ? s.submitted_ns : submitted_ns;
        widen(s.called_back_ns, &first_ns, &last_ns);
    }
    if (last_ns == 0)
        return;
    a->runs++;
    a->workers = run->cluster->workers;
    widen(first_ns - submitted_ns, &a->first_least_ns, &a->first_most_ns);
    widen(last_ns - submitted_ns, &a->last_least_ns, &a->last_most_ns);
}

static struct answers answers_of(const struct result *r, enum pass_role role)
{
    struct answers a = {.first_least_ns = UINT64_MAX, .last_least_ns = UINT64_MAX};

    for (uint32_t i = 0; i < r->run_count; i++)
        if (r->runs[i].pass->role == role && !r->runs[i].interrupted)
            answers_add(&a, &r->runs[i]);
    return a;
}

static void tell(const struct answers *many, const struct answers *few, bool first,
                 struct text *evidence)
{
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];

    text_add(evidence, "the %s answer came after %s to %s with %u workers, after %s to %s with %u",
             first ? "first" : "last",
             claims_duration(a, first ? many->first_least_ns : many->last_least_ns),
             claims_duration(b, first ? many->first_most_ns : many->last_most_ns),
             (unsigned)many->workers,
             claims_duration(c, first ? few->first_least_ns : few->last_least_ns),
             claims_duration(d, first ? few->first_most_ns : few->last_most_ns),
             (unsigned)few->workers);
}

/* A machine whose other processes compute may have held up either setting. */
bool cluster_was_busy(const struct result *r)
{
    return r->others_cpu_ns == HOST_UNKNOWN || r->stolen_ns == HOST_UNKNOWN ||
           (double)r->others_cpu_ns + (double)r->stolen_ns > 0.1 * (double)r->watched_ns;
}

static enum verdict compare(const struct result *r, const struct answers *many,
                            const struct answers *few, struct text *evidence)
{
    tell(many, few, true, evidence);
    text_add(evidence, "; ");
    tell(many, few, false, evidence);
    if (many->first_most_ns < few->first_least_ns || many->last_most_ns < few->last_least_ns) {
        if (!cluster_was_busy(r))
            return VERDICT_FAILS;
        text_add(evidence, "; but the machine was busy");
        return VERDICT_NOT_TESTED;
    }
    if (many->first_least_ns > few->first_most_ns)
        return VERDICT_HOLDS;
    text_add(evidence, "; which came first is within the noise");
    return VERDICT_NOT_TESTED;
}

enum verdict cluster_judge_crowd(const struct result *r, struct text *evidence)
{
    struct answers many = answers_of(r, PASS_MEASURED), few = answers_of(r, PASS_BASELINE);

    if (r->plan.pass_count < 2)
        return claims_not_tested(evidence, "it takes more workers than CPUs, and requests that "
                                           "compute, all of them begun at once");
    if (many.failed || few.failed)
        return claims_not_tested(evidence, "some requests failed");
    if (many.runs < CLUSTER_RUNS_LEAST || few.runs < CLUSTER_RUNS_LEAST) {
        text_add(evidence, "it takes %d runs at least to tell it from noise (--runs 5)",
                 CLUSTER_RUNS_LEAST);
        return VERDICT_NOT_TESTED;
    }
    return compare(r, &many, &few, evidence);
}

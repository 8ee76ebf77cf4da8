/* What this experiment exists to show. Claims about requests and the pool that others make too are
 * in analysis/request_claims.h. Pure functions of the result. */
#include "os_delegation.h"

#include "analysis/lanes.h"
#include "analysis/request_claims.h"
#include "base/units.h"

static const char *duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    return units_format_duration(buf, ns, "\xc2\xb5");
}

/* The requests of a run: the instants that matter, of all of them. */
struct requests_seen {
    uint32_t count;
    uint64_t first_submitted_ns, last_submitted_ns;
    uint64_t first_called_back_ns;    /* SPAN_UNKNOWN: none came back */
    uint64_t shortest_ns, longest_ns; /* from submission to callback */
};

static struct requests_seen requests_of(const struct run *run)
{
    struct requests_seen seen = {.first_submitted_ns = SPAN_UNKNOWN,
                                 .first_called_back_ns = SPAN_UNKNOWN,
                                 .shortest_ns = SPAN_UNKNOWN};
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if ((s.kind->traits & SPAN_HTTP) == 0)
            continue;
        seen.count++;
        if (s.submitted_ns < seen.first_submitted_ns)
            seen.first_submitted_ns = s.submitted_ns;
        if (s.submitted_ns > seen.last_submitted_ns)
            seen.last_submitted_ns = s.submitted_ns;
        if (s.called_back_ns < seen.first_called_back_ns)
            seen.first_called_back_ns = s.called_back_ns;
        if (s.status != SPAN_OK)
            continue;
        if (span_total_ns(&s) < seen.shortest_ns)
            seen.shortest_ns = span_total_ns(&s);
        if (span_total_ns(&s) > seen.longest_ns)
            seen.longest_ns = span_total_ns(&s);
    }
    return seen;
}

static enum verdict judge_together_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    struct requests_seen seen = requests_of(run);
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    (void)r;
    if (seen.count < 2)
        return claims_not_tested(evidence, "there is only one request");
    if (seen.first_called_back_ns == SPAN_UNKNOWN)
        return claims_not_tested(evidence, "no request came back");
    text_add(evidence,
             "%u were asked for within %s; the first of them came back %s after the last was asked "
             "for",
             (unsigned)seen.count, duration(a, seen.last_submitted_ns - seen.first_submitted_ns),
             seen.first_called_back_ns > seen.last_submitted_ns
                 ? duration(b, seen.first_called_back_ns - seen.last_submitted_ns)
                 : "not");
    return seen.first_called_back_ns > seen.last_submitted_ns ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_together(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_together_run, evidence);
}

/* Had a request kept the loop while it was under way, the loop would have been held up for as long
 * as one lasts. What holds it up is computing, for the handshakes of TLS above all, and with many
 * requests or a near server that is a good part of their time: then this says nothing. */
static enum verdict judge_loop_free_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct requests_seen seen = requests_of(run);
    uint64_t lag_ns = run->loop_facts.max_lag_ns;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES];

    (void)r;
    if (seen.shortest_ns == SPAN_UNKNOWN)
        return claims_not_tested(evidence, "no request succeeded");
    text_add(evidence,
             "the loop was kept from its callbacks for %s at most, and waited idle for %s of %s; "
             "the shortest request took %s",
             duration(a, lag_ns), duration(b, run->loop_facts.idle_ns),
             run->elapsed_ns == SPAN_UNKNOWN ? "-" : duration(c, run->elapsed_ns),
             duration((char[UNITS_TEXT_BYTES]){0}, seen.shortest_ns));
    if (lag_ns >= seen.longest_ns)
        return VERDICT_FAILS;
    if (lag_ns < seen.shortest_ns / 2)
        return VERDICT_HOLDS;
    text_add(evidence, ", too little more to tell waiting from the work of handshakes");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_loop_free(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_loop_free_run, evidence);
}

const struct claim delegation_claims[] = {
    {"all-at-once", "all requests were in flight at the same time", judge_together},
    {"no-thread-between",
     "between its lookup and its callback no request used a thread of the pool",
     requests_judge_no_thread},
    {"loop-free", "the loop was free while the requests were pending", judge_loop_free},
    {"full-pool-does-not-matter", "a request without a lookup needs no thread of a full pool",
     requests_judge_full_pool},
    {"lookup-waits", "the lookup of a request starts only after a hash has freed a thread",
     requests_judge_lookup_waits},
    {"lookups-take-half", "name lookups never took more than half of the threads, rounded up",
     lanes_judge_lookups},
    {NULL, NULL, NULL},
};

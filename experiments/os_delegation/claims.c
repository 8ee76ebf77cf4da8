/* What this experiment exists to show. Claims about requests and the pool that others make too are
 * in analysis/request_claims.h. Pure functions of the result. */
#include "os_delegation.h"

#include "analysis/lanes.h"
#include "analysis/request_claims.h"
#include "analysis/summary.h"

/* The requests of a run: what matters of all of them. */
struct requests_seen {
    uint32_t count, failed, lookups;
    uint64_t first_submitted_ns, last_submitted_ns;
    uint64_t first_called_back_ns;    /* of those that succeeded, as what follows; SPAN_UNKNOWN */
    uint64_t shortest_ns, longest_ns; /* from submission to callback */
};

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void see_request(struct requests_seen *seen, const struct span *s)
{
    seen->count++;
    seen->first_submitted_ns = lesser(seen->first_submitted_ns, s->submitted_ns);
    seen->last_submitted_ns = greater(seen->last_submitted_ns, s->submitted_ns);
    if (s->status != SPAN_OK) {
        seen->failed++;
        return;
    }
    seen->first_called_back_ns = lesser(seen->first_called_back_ns, s->called_back_ns);
    seen->shortest_ns = lesser(seen->shortest_ns, span_total_ns(s));
    seen->longest_ns = greater(seen->longest_ns, span_total_ns(s));
}

static struct requests_seen requests_of(const struct run *run)
{
    struct requests_seen seen = {.first_submitted_ns = SPAN_UNKNOWN,
                                 .first_called_back_ns = SPAN_UNKNOWN,
                                 .shortest_ns = SPAN_UNKNOWN};
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        seen.lookups += (s.kind->traits & SPAN_SLOW_IO) != 0;
        if ((s.kind->traits & SPAN_HTTP) != 0)
            see_request(&seen, &s);
    }
    return seen;
}

/* --- All at the same time. --- */

/* Of requests that did not overlap: whether each but the first was begun only when another was
 * back, although the loop was there to begin it all the while: it waited for clearly longer than
 * anything held that up. */
static bool one_by_one(const struct run *run, const struct requests_seen *seen)
{
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if ((s.kind->traits & SPAN_HTTP) == 0)
            continue;
        if (s.started_ns == SPAN_UNKNOWN)
            return false;
        if (s.called_back_ns != seen->first_called_back_ns &&
            (s.started_ns < seen->first_called_back_ns ||
             span_waited_ns(&s) / 2 <= run->loop_facts.max_lag_ns))
            return false;
    }
    return seen->failed == 0 && seen->lookups == 0;
}

/* What one at a time would look like: each asked for when the one before was back, or begun then
 * although nothing kept it. Requests that are answered before the connections of all have been
 * begun, as lookups and handshakes take their time, are neither; nor are those that share a
 * connection of HTTP/2, of which the server says how many it takes at a time. */
static enum verdict judge_together_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    struct requests_seen seen = requests_of(run);
    uint32_t most = summary_most_at_once(run, SPAN_HTTP);
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    if (seen.count < 2)
        return claims_not_tested(evidence, "there is only one request");
    if (seen.count - seen.failed < 2)
        return claims_not_tested(evidence, "fewer than two requests succeeded");
    if (most == SUMMARY_NO_MEMORY)
        return claims_out_of_memory(evidence);
    claims_duration(a, seen.last_submitted_ns - seen.first_submitted_ns);
    if (seen.first_called_back_ns <= seen.last_submitted_ns) {
        text_add(evidence, "%u were asked for within %s, and one came back before the last was",
                 (unsigned)seen.count, a);
        return VERDICT_FAILS;
    }
    text_add(evidence,
             "%u were asked for within %s; the first of them came back %s after the last was asked "
             "for; %u %s under way at the same moment",
             (unsigned)seen.count, a,
             claims_duration(b, seen.first_called_back_ns - seen.last_submitted_ns), (unsigned)most,
             most == 1 ? "was" : "were");
    if (most == seen.count)
        return VERDICT_HOLDS;
    if (most == 1 && result_option(r, "http2", 0) == 0 && one_by_one(run, &seen))
        return VERDICT_FAILS;
    if (seen.failed > 0)
        text_add(evidence, ", and %u of them failed", (unsigned)seen.failed);
    else
        text_add(evidence, ", as one was over before another had been begun");
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_together(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_together_run, evidence);
}

/* --- The loop was free. --- */

/* Whether whatever held up the loop did not compute: the CPU time of the process, less that of the
 * pool's threads, is that of the loop's thread and perhaps of some of libcurl's. With hashes on all
 * CPUs the loop's thread may just not have had one. */
static bool was_blocked(const struct run *run, uint64_t hashes, uint64_t lag_ns)
{
    uint64_t pool_ns = run->pool_cpu_ns == SPAN_UNKNOWN ? 0 : run->pool_cpu_ns;

    return hashes == 0 && run->cpu_ns != SPAN_UNKNOWN &&
           (run->cpu_ns <= pool_ns || run->cpu_ns - pool_ns < lag_ns / 2);
}

/* Had requests kept the loop while they were under way, it would have been held up for as long as
 * one lasts, with nothing to compute, and none would have been begun before another was over. A
 * thread that gets no CPU is held up as well, but has begun them all. What holds it up otherwise is
 * computing, for the handshakes of TLS above all, and with many requests or a near server that is a
 * good part of their time: then this says nothing. */
static enum verdict judge_loop_free_run(const struct result *r, const struct run *run,
                                        struct text *evidence)
{
    struct requests_seen seen = requests_of(run);
    const struct delegation_options *o = r->options.values;
    uint64_t lag_ns = run->loop_facts.max_lag_ns;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES];

    if (seen.shortest_ns == SPAN_UNKNOWN)
        return claims_not_tested(evidence, "no request succeeded");
    text_add(evidence,
             "the loop was kept from its callbacks for %s at most, and waited idle for %s of %s; "
             "the shortest request took %s",
             claims_duration(a, lag_ns), claims_duration(b, run->loop_facts.idle_ns),
             run->elapsed_ns == SPAN_UNKNOWN ? "-" : claims_duration(c, run->elapsed_ns),
             claims_duration(d, seen.shortest_ns));
    if (lag_ns < seen.shortest_ns / 2)
        return VERDICT_HOLDS;
    if (lag_ns >= seen.longest_ns && seen.count > 1 && summary_most_at_once(run, SPAN_HTTP) == 1 &&
        was_blocked(run, result_option(r, "load-pool", 0), lag_ns))
        return VERDICT_FAILS;
    text_add(evidence, ", too little more to tell waiting from the work of handshakes%s",
             o->http.urls.count == 0 ? " (--origin-delay 1s makes it longer)" : "");
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

/* From spans to the few numbers that are set side by side. What is allocated is given back before
 * the function returns. */
#include "analysis/blocking_summary.h"

#include <string.h>

#include "analysis/stats.h"
#include "base/mem.h"

bool blocking_is_slow(const struct span *s)
{
    return s->http != NULL && strcmp(s->kind->kind, "slow") == 0;
}

bool blocking_is_fast(const struct span *s)
{
    return s->http != NULL && strcmp(s->kind->kind, "fast") == 0;
}

bool blocking_interval_find(struct blocking_interval *in, const struct run *run)
{
    struct span s;

    *in = (struct blocking_interval){UINT64_MAX, 0};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (!blocking_is_slow(&s) || s.status != SPAN_OK)
            continue;
        if (s.submitted_ns < in->from_ns)
            in->from_ns = s.submitted_ns;
        if (s.called_back_ns > in->to_ns)
            in->to_ns = s.called_back_ns;
    }
    return in->from_ns < in->to_ns;
}

/* What is gathered of all runs. */
struct gathered {
    uint64_t *fast, *first, *last; /* a value for each request, for each run, for each run */
    uint32_t fast_count, whole;
};

static bool counts(const struct run *run, enum blocking_where where)
{
    return run->blocking != NULL && run->blocking->where == where;
}

static void add_spans(struct gathered *g, struct blocking_summary *sum, const struct run *run)
{
    uint64_t first_ns = UINT64_MAX, last_ns = 0;
    struct blocking_interval in;
    struct span s;

    if (!blocking_interval_find(&in, run))
        return;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.status != SPAN_OK || s.called_back_ns == SPAN_UNKNOWN)
            continue;
        if (blocking_is_slow(&s)) {
            uint64_t total_ns = span_total_ns(&s);

            sum->slow++;
            first_ns = total_ns < first_ns ? total_ns : first_ns;
            last_ns = total_ns > last_ns ? total_ns : last_ns;
        } else if (blocking_is_fast(&s) && s.due_ns >= in.from_ns && s.due_ns < in.to_ns) {
            g->fast[g->fast_count++] = span_since_due_ns(&s);
        }
    }
    g->first[g->whole] = first_ns;
    g->last[g->whole++] = last_ns;
}

static void add_facts(struct blocking_summary *sum, const struct blocking_facts *f)
{
    if (f->loop_lag_ns != SPAN_UNKNOWN &&
        (sum->loop_lag_ns == SPAN_UNKNOWN || f->loop_lag_ns > sum->loop_lag_ns))
        sum->loop_lag_ns = f->loop_lag_ns;
    if (f->cpu_ns == SPAN_UNKNOWN || sum->cpu_ns == SPAN_UNKNOWN)
        sum->cpu_ns = SPAN_UNKNOWN;
    else
        sum->cpu_ns += f->cpu_ns;
}

static void conclude(struct blocking_summary *sum, const struct gathered *g)
{
    if (g->whole > 0) {
        stats_sort(g->first, g->whole, NULL);
        stats_sort(g->last, g->whole, NULL);
        sum->slow_first_ns = stats_median(g->first, g->whole);
        sum->slow_last_ns = stats_median(g->last, g->whole);
    }
    sum->fast = g->fast_count;
    if (g->fast_count > 0) {
        struct stats stats;

        stats_sort(g->fast, g->fast_count, NULL);
        stats = stats_of_sorted(g->fast, g->fast_count);
        sum->fast_p50_ns = stats.p50;
        sum->fast_p99_ns = stats.p99;
        sum->fast_max_ns = stats.max;
    }
    if (sum->cpu_ns != SPAN_UNKNOWN && sum->runs > 0)
        sum->cpu_ns /= sum->runs;
}

bool blocking_summary_make(struct blocking_summary *sum, const struct run *runs, uint32_t count,
                           enum blocking_where where)
{
    struct gathered g = {0};
    size_t room = 1;
    bool ok;

    *sum = (struct blocking_summary){.slow_first_ns = SPAN_UNKNOWN,
                                     .slow_last_ns = SPAN_UNKNOWN,
                                     .fast_p50_ns = SPAN_UNKNOWN,
                                     .fast_p99_ns = SPAN_UNKNOWN,
                                     .fast_max_ns = SPAN_UNKNOWN,
                                     .loop_lag_ns = SPAN_UNKNOWN};
    for (uint32_t i = 0; i < count; i++)
        room += counts(&runs[i], where) ? runs[i].recorder.count : 0;
    g.fast = mem_alloc(room * sizeof *g.fast);
    g.first = mem_alloc(((size_t)count + 1) * sizeof *g.first);
    g.last = mem_alloc(((size_t)count + 1) * sizeof *g.last);
    ok = g.fast != NULL && g.first != NULL && g.last != NULL;
    for (uint32_t i = 0; ok && i < count; i++) {
        if (!counts(&runs[i], where))
            continue;
        sum->runs++;
        add_spans(&g, sum, &runs[i]);
        add_facts(sum, runs[i].blocking);
    }
    if (ok)
        conclude(sum, &g);
    mem_free(g.fast);
    mem_free(g.first);
    mem_free(g.last);
    return ok;
}

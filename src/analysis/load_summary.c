/* From spans or histograms to percentiles. Main thread, after the runs; what is allocated is given
 * back before the function returns. */
#include "analysis/load_summary.h"

#include "base/mem.h"

static struct load_percentiles of_histogram(const struct histogram *h)
{
    if (h->count == 0)
        return (struct load_percentiles){0};
    return (struct load_percentiles){
        .count = h->count,
        .min = h->min,
        .mean = (h->sum + h->count / 2) / h->count,
        .p50 = histogram_percentile(h, 50),
        .p90 = histogram_percentile(h, 90),
        .p99 = histogram_percentile(h, 99),
        .p999 = histogram_percentile(h, 99.9),
        .max = h->max,
    };
}

typedef uint64_t (*duration_fn)(const struct span *s);

/* Of the requests' spans; `failed`: also of those. `values` and `scratch` have room for all. */
static struct load_percentiles of_spans(const struct run *run, duration_fn of, bool failed,
                                        uint64_t *values, uint64_t *scratch)
{
    size_t count = 0;
    struct stats stats;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.http == NULL || (!failed && s.status != SPAN_OK) || of(&s) == SPAN_UNKNOWN)
            continue;
        values[count++] = of(&s);
    }
    if (count == 0)
        return (struct load_percentiles){0};
    stats_sort(values, count, scratch);
    stats = stats_of_sorted(values, count);
    return (struct load_percentiles){
        .count = count,
        .min = stats.min,
        .mean = stats.mean,
        .p50 = stats.p50,
        .p90 = stats.p90,
        .p99 = stats.p99,
        .p999 = stats_percentile(values, count, 99.9),
        .max = stats.max,
    };
}

static int exactly(struct load_summary *s, const struct run *run, struct err *e)
{
    size_t room = (size_t)run->recorder.count + 1;
    uint64_t *values = mem_alloc(room * sizeof *values);
    uint64_t *scratch = mem_alloc(room * sizeof *scratch);
    bool is_open = run->load->rate_wanted > 0;

    if (values != NULL && scratch != NULL) {
        s->latency =
            of_spans(run, is_open ? span_since_due_ns : span_total_ns, false, values, scratch);
        if (is_open) {
            s->uncorrected = of_spans(run, span_total_ns, false, values, scratch);
            s->late = of_spans(run, span_late_ns, true, values, scratch);
        }
    }
    mem_free(values);
    mem_free(scratch);
    return values == NULL || scratch == NULL ? err_no_memory(e, "the summary of the load") : 0;
}

int load_summary_make(struct load_summary *s, const struct run *run, struct err *e)
{
    const struct load_facts *f = run->load;

    *s = (struct load_summary){.exact = !f->histogram_only && f->spans == f->submitted};
    if (f->elapsed_ns != UINT64_MAX && f->elapsed_ns > 0)
        s->requests_per_s = (double)f->answered * 1e9 / (double)f->elapsed_ns;
    if (f->rate_wanted > 0 && f->submitted > 1 && f->sending_ns != UINT64_MAX && f->sending_ns > 0)
        s->rate_got = (double)(f->submitted - 1) * 1e9 / (double)f->sending_ns;
    if (s->exact)
        return exactly(s, run, e);
    s->latency = of_histogram(f->rate_wanted > 0 ? &f->since_due : &f->total);
    if (f->rate_wanted > 0) {
        s->uncorrected = of_histogram(&f->total);
        s->late = of_histogram(&f->late);
    }
    return 0;
}

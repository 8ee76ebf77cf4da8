/* From two results to verdicts. A figure of a run is one value, so that ten runs are ten values
 * that do not depend on each other; calls of one run do, which is why they are looked at only when
 * asked for, and decide nothing.
 *
 * A difference is taken for real when two things agree that have little in common: the bootstrap
 * interval of the ratio of the medians leaves out 1, and the rank test, corrected after Holm for
 * the number of figures that it is made of, would find so much by chance in less than one of twenty
 * comparisons. Nothing is judged with fewer than six runs a side.
 *
 * Pure; what is allocated belongs to the comparison. Main thread. */
#include "analysis/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const comparison_verdict_names[] = {
    [COMPARISON_TOO_FEW] = "too few runs",    [COMPARISON_WITHIN_NOISE] = "within noise",
    [COMPARISON_NOT_CERTAIN] = "not certain", [COMPARISON_FASTER] = "faster",
    [COMPARISON_SLOWER] = "slower",
};

/* The figures of whole runs. CPU time is shown, but using more of it is not being slower. */
static const struct {
    const char *name;
    size_t offset; /* of its series in a result */
    bool checked;
} run_figures[] = {
    {"elapsed", offsetof(struct result_file, elapsed), true},
    {"cpu", offsetof(struct result_file, cpu), false},
    {"request", offsetof(struct result_file, request), true},
    {"latency p50", offsetof(struct result_file, latency_p50), true},
    {"latency p99", offsetof(struct result_file, latency_p99), true},
};
enum { RUN_FIGURES = sizeof run_figures / sizeof run_figures[0] };

static int side_make(struct comparison_side *side, const struct result_series *series,
                     double confidence, struct err *e)
{
    double *sorted = mem_alloc(series->count * sizeof *sorted);
    if (sorted == NULL)
        return err_no_memory(e, "the figures of a result");
    memcpy(sorted, series->values, series->count * sizeof *sorted);
    inference_sort(sorted, series->count);
    side->values = series;
    side->median = inference_median(sorted, series->count);
    side->interval = inference_median_interval(sorted, series->count, confidence);
    mem_free(sorted);
    return 0;
}

static int measure(struct comparison_metric *m, const struct result_series *base,
                   const struct result_series *other, const struct comparison_terms *terms,
                   struct err *e)
{
    if (side_make(&m->base, base, terms->confidence, e) != 0 ||
        side_make(&m->other, other, terms->confidence, e) != 0 ||
        inference_bootstrap(base->values, base->count, other->values, other->count,
                            terms->confidence, terms->resamples, terms->seed, &m->bootstrap,
                            e) != 0 ||
        inference_rank_test(base->values, base->count, other->values, other->count, &m->rank, e) !=
            0)
        return -1;
    m->difference = m->other.median - m->base.median;
    m->ratio = m->base.median > 0 ? m->other.median / m->base.median : NAN;
    m->p = NAN;
    return 0;
}

/* Adds the metric if both results have values of it. */
static int add(struct comparison *c, struct comparison_metric metric,
               const struct result_series *base, const struct result_series *other,
               const struct comparison_terms *terms, struct err *e)
{
    struct comparison_metric *m = &c->metrics[c->metric_count];
    if (base->count == 0 || other->count == 0)
        return 0;
    *m = metric;
    if (measure(m, base, other, terms, e) != 0)
        return -1;
    c->metric_count++;
    return 0;
}

static const struct result_series *series_at(const struct result_file *f, size_t offset)
{
    return (const struct result_series *)((const char *)f + offset);
}

static int add_runs(struct comparison *c, const struct comparison_terms *terms, struct err *e)
{
    for (size_t i = 0; i < RUN_FIGURES; i++) {
        const struct comparison_metric metric = {.name = run_figures[i].name,
                                                 .checked = run_figures[i].checked};
        if (add(c, metric, series_at(c->base, run_figures[i].offset),
                series_at(c->other, run_figures[i].offset), terms, e) != 0)
            return -1;
    }
    return 0;
}

/* Of a kind of calls that both have. Its total is checked; the parts of it say why. */
static int add_kind(struct comparison *c, const struct result_kind *base,
                    const struct result_kind *other, const struct comparison_terms *terms,
                    struct err *e)
{
    for (unsigned p = 0; p < RESULT_PARTS; p++) {
        struct comparison_metric metric = {
            .name = result_part_names[p], .kind = base->name, .checked = p == PART_TOTAL};
        if (add(c, metric, &base->runs[p], &other->runs[p], terms, e) != 0)
            return -1;
    }
    for (unsigned p = 0; p < RESULT_PARTS && terms->spans; p++) {
        struct comparison_metric metric = {
            .name = result_part_names[p], .kind = base->name, .of_calls = true};
        if (add(c, metric, &base->calls[p], &other->calls[p], terms, e) != 0)
            return -1;
    }
    return 0;
}

static int add_kinds(struct comparison *c, const struct comparison_terms *terms, struct err *e)
{
    for (size_t i = 0; i < c->base->kind_count; i++) {
        const struct result_kind *kind = &c->base->kinds[i];
        const struct result_kind *same = result_file_kind(c->other, kind->name);
        if (same != NULL && add_kind(c, kind, same, terms, e) != 0)
            return -1;
    }
    return 0;
}

static int by_p(const void *a, const void *b)
{
    double p = (*(struct comparison_metric *const *)a)->rank.p;
    double q = (*(struct comparison_metric *const *)b)->rank.p;
    return (p > q) - (p < q);
}

/* S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979: the least p is multiplied
 * by the number of tests, the next by one less, and none may come out below one before it. Those
 * that are checked are a family, so that what only explains does not make them less sharp. */
static void correct(struct comparison *all, size_t of, bool checked,
                    struct comparison_metric **family)
{
    double last = 0;
    size_t count = 0;
    for (struct comparison *c = all; c < all + of; c++)
        for (size_t i = 0; i < c->metric_count; i++)
            if (c->metrics[i].checked == checked && !isnan(c->metrics[i].rank.p))
                family[count++] = &c->metrics[i];
    qsort(family, count, sizeof *family, by_p);
    for (size_t i = 0; i < count; i++) {
        last = fmax(last, fmin(1, family[i]->rank.p * (double)(count - i)));
        family[i]->p = last;
    }
}

/* -1: by its interval the other has less; 1: more; 0: neither can be said. */
static int direction(const struct comparison_metric *m)
{
    const struct interval *ratio = &m->bootstrap.ratio, *difference = &m->bootstrap.difference;
    if (ratio->known)
        return ratio->low > 1 ? 1 : ratio->high < 1 ? -1 : 0;
    if (difference->known) /* there is no ratio to zero */
        return difference->low > 0 ? 1 : difference->high < 0 ? -1 : 0;
    return 0;
}

static enum comparison_verdict verdict_of(const struct comparison_metric *m, double confidence)
{
    int way = direction(m);
    if (way == 0)
        return COMPARISON_WITHIN_NOISE;
    if (isnan(m->p) || m->p >= 1 - confidence)
        return COMPARISON_NOT_CERTAIN;
    return way > 0 ? COMPARISON_SLOWER : COMPARISON_FASTER;
}

/* The whole interval is. There is no ratio to zero, beyond which everything is. */
static bool surely_above(const struct interval *ratio, double limit)
{
    return !ratio->known || ratio->low > limit;
}

static void judge(struct comparison *c, const struct comparison_terms *terms)
{
    for (size_t i = 0; i < c->metric_count; i++) {
        struct comparison_metric *m = &c->metrics[i];
        size_t fewest = m->base.values->count < m->other.values->count ? m->base.values->count
                                                                       : m->other.values->count;
        if (c->too_few || fewest < COMPARISON_RUNS_LEAST) {
            m->verdict = COMPARISON_TOO_FEW;
            continue;
        }
        m->verdict = verdict_of(m, terms->confidence);
        m->beyond_limit = m->checked && m->verdict == COMPARISON_SLOWER &&
                          surely_above(&m->bootstrap.ratio, 1 + terms->limit);
        c->slower |= m->beyond_limit;
    }
}

static int compare(struct comparison *c, const struct comparison_terms *terms, struct err *e)
{
    size_t most = RUN_FIGURES + c->base->kind_count * RESULT_PARTS * 2;
    c->metrics = mem_zeroed(most, sizeof *c->metrics);
    if (c->metrics == NULL)
        return err_no_memory(e, "a comparison");
    if (add_runs(c, terms, e) != 0 || add_kinds(c, terms, e) != 0)
        return -1;
    return comparison_find_changes(c, e);
}

static int check(const struct result_file *base, const struct result_file *other, struct err *e)
{
    const struct result_file *sides[] = {base, other};
    if (strcmp(base->experiment, other->experiment) != 0)
        return err_set(e, STATUS_FAILED,
                       "'%s' is a result of %s, and '%s' of %s: only results of "
                       "one experiment can be compared",
                       base->name, base->experiment, other->name, other->experiment);
    for (size_t i = 0; i < 2; i++)
        if (sides[i]->run_count == 0)
            return err_set(e, STATUS_FAILED, "'%s' has no measured run that is whole",
                           sides[i]->name);
    return 0;
}

int comparison_measure(struct comparison *c, const struct result_file *base,
                       const struct result_file *other, const struct comparison_terms *terms,
                       struct err *e)
{
    *c = (struct comparison){.base = base, .other = other};
    if (check(base, other, e) != 0)
        return -1;
    c->too_few =
        base->run_count < COMPARISON_RUNS_LEAST || other->run_count < COMPARISON_RUNS_LEAST;
    if (compare(c, terms, e) == 0)
        return 0;
    comparison_free(c);
    return -1;
}

int comparison_judge(struct comparison *all, size_t count, const struct comparison_terms *terms,
                     struct err *e)
{
    struct comparison_metric **family;
    size_t metrics = 0;
    for (size_t i = 0; i < count; i++)
        metrics += all[i].metric_count;
    family = mem_zeroed(metrics + 1, sizeof *family);
    if (family == NULL)
        return err_no_memory(e, "a comparison");
    correct(all, count, true, family);
    correct(all, count, false, family);
    for (size_t i = 0; i < count; i++)
        judge(&all[i], terms);
    mem_free(family);
    return 0;
}

int comparison_make(struct comparison *c, const struct result_file *base,
                    const struct result_file *other, const struct comparison_terms *terms,
                    struct err *e)
{
    if (comparison_measure(c, base, other, terms, e) != 0)
        return -1;
    if (comparison_judge(c, 1, terms, e) == 0)
        return 0;
    comparison_free(c);
    return -1;
}

void comparison_free(struct comparison *c)
{
    mem_free(c->metrics);
    mem_free(c->parameters.rows);
    mem_free(c->environment.rows);
    *c = (struct comparison){0};
}

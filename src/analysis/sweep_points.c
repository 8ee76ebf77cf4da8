/* From runs to points. Runs come in the order in which they ended, which is random on purpose; here
 * they are put into the order of their points and rounds, once, so that all else is a walk along
 * neighbours. Points are compared round by round: what slowed the machine for a while slowed the
 * runs of one round alike, and their ratio does not know of it.
 *
 * Main thread. Everything is owned by the struct sweep_points, but texts and runs, which are the
 * sweep's. */
#include "analysis/sweep_points.h"

#include <math.h>

#include "analysis/inference.h"
#include "analysis/sweep_outliers.h"
#include "base/mem.h"

static const struct sweep_figure nothing = {0, NAN, NAN, NAN, NAN, NAN};

const char *sweep_verdict_name(enum sweep_verdict v)
{
    static const char *const names[] = {
        [SWEEP_FAILED] = "failed", [SWEEP_TOO_FEW] = "too few runs",
        [SWEEP_BEST] = "best",     [SWEEP_EQUAL] = "equal",
        [SWEEP_WORSE] = "worse",   [SWEEP_UNDECIDED] = "undecided",
    };

    return names[v];
}

/* Sorts the values, in place, and says what they come to. */
static struct sweep_figure figure_of(double *values, size_t n)
{
    struct sweep_figure f = nothing;
    struct interval interval;

    if (n == 0)
        return f;
    inference_sort(values, n);
    interval = inference_median_interval(values, n, SWEEP_CONFIDENCE);
    f.count = n;
    f.median = inference_median(values, n);
    f.min = values[0];
    f.max = values[n - 1];
    if (interval.known) {
        f.low = interval.low;
        f.high = interval.high;
    }
    return f;
}

/* --- What is known of a run; NAN where it is unknown. --- */

static double known(uint64_t value)
{
    return value == SWEEP_UNKNOWN ? NAN : (double)value;
}

typedef double (*run_measure)(const struct sweep_run *run);

static double cpus_of(const struct sweep_run *run)
{
    return run->elapsed_ns == 0
               ? NAN
               : (known(run->cpu_ns) + known(run->helpers_cpu_ns)) / known(run->elapsed_ns);
}

/* More than fit into 64 bits were answered by nobody: somebody wrote into a journal. */
static double requests_per_s_of(const struct sweep_run *run)
{
    double rate = known(run->answered) * 1e9 / known(run->elapsed_ns);

    return rate < 1e18 ? rate : NAN; /* NAN of NAN */
}

/* Of a call of the run. */
static double mean_of(const struct sweep_run *run, uint64_t sum_ns)
{
    return run->calls.count == 0 ? NAN : known(sum_ns) / known(run->calls.count);
}

static double waited_mean_of(const struct sweep_run *run)
{
    return mean_of(run, run->calls.waited_sum_ns);
}

static double ran_mean_of(const struct sweep_run *run)
{
    return mean_of(run, run->calls.ran_sum_ns);
}

static double returned_mean_of(const struct sweep_run *run)
{
    return mean_of(run, run->calls.returned_sum_ns);
}

static const struct sweep_run *run_at(const struct sweep_points *p, uint32_t at)
{
    return &p->sweep->runs[p->order[at]];
}

/* `of` what each run has of it; NULL: what it is judged by. */
static struct sweep_figure measure(struct sweep_points *p, const struct sweep_point *point,
                                   run_measure of)
{
    size_t n = 0;

    for (uint32_t i = 0; i < point->total; i++) {
        const struct sweep_run *run = run_at(p, point->first + i);
        double value = of == NULL ? sweep_run_value(p->sweep, run) : of(run);

        if (run->error == NULL && !isnan(value))
            p->scratch[n++] = value;
    }
    return figure_of(p->scratch, n);
}

/* The same of a member of struct sweep_run, a uint64_t. */
static struct sweep_figure measure_field(struct sweep_points *p, const struct sweep_point *point,
                                         size_t offset)
{
    size_t n = 0;

    for (uint32_t i = 0; i < point->total; i++) {
        const struct sweep_run *run = run_at(p, point->first + i);
        uint64_t value = *(const uint64_t *)(const void *)((const char *)run + offset);

        if (run->error == NULL && value != SWEEP_UNKNOWN)
            p->scratch[n++] = (double)value;
    }
    return figure_of(p->scratch, n);
}

/* --- A point by itself --- */

/* Where the time of its calls went. One slow run is one of many. */
static void share(struct sweep_points *p, struct sweep_point *point)
{
    double waited, ran, returned, all;

    point->waited_mean_ns = measure(p, point, waited_mean_of);
    point->ran_mean_ns = measure(p, point, ran_mean_of);
    point->returned_mean_ns = measure(p, point, returned_mean_of);
    waited = point->waited_mean_ns.median;
    ran = point->ran_mean_ns.median;
    returned = point->returned_mean_ns.median;
    all = waited + ran + returned;
    all = all > 0 ? all : NAN; /* which what is no number is not */
    point->waited_share = waited / all;
    point->ran_share = ran / all;
    point->returned_share = returned / all;
}

static void measure_point(struct sweep_points *p, struct sweep_point *point, uint32_t *flagged)
{
    for (uint32_t i = 0; i < point->total; i++) {
        const struct sweep_run *run = run_at(p, point->first + i);

        if (run->error == NULL) {
            point->runs++;
        } else {
            point->failed++;
            point->error = run->error;
        }
    }
    point->elapsed_ns = measure_field(p, point, offsetof(struct sweep_run, elapsed_ns));
    point->cpu_ns = measure_field(p, point, offsetof(struct sweep_run, cpu_ns));
    point->cpus = measure(p, point, cpus_of);
    point->waited_ns = measure_field(p, point, offsetof(struct sweep_run, calls.waited_ns));
    point->ran_ns = measure_field(p, point, offsetof(struct sweep_run, calls.ran_ns));
    point->returned_ns = measure_field(p, point, offsetof(struct sweep_run, calls.returned_ns));
    point->total_ns = measure_field(p, point, offsetof(struct sweep_run, calls.total_ns));
    point->requests_per_s = measure(p, point, requests_per_s_of);
    point->calls = measure_field(p, point, offsetof(struct sweep_run, calls.count)).median;
    share(p, point);
    point->value = measure(p, point, NULL); /* the last: the outliers are among these */
    sweep_outliers_find(p, point, flagged);
}

/* --- Points beside each other --- */

/* Runs of the same round of both, where both have a value. A round that comes twice (a journal that
 * somebody wrote to) counts once. */
struct sweep_figure sweep_points_ratio(struct sweep_points *p, uint32_t of, uint32_t by)
{
    const struct sweep_point *a = &p->list[of], *b = &p->list[by];
    uint32_t i = 0, k = 0;
    size_t n = 0;

    while (i < a->total && k < b->total) {
        const struct sweep_run *of_a = run_at(p, a->first + i), *of_b = run_at(p, b->first + k);
        double ratio;

        if (of_a->round != of_b->round) {
            i += of_a->round < of_b->round;
            k += of_a->round > of_b->round;
            continue;
        }
        ratio = sweep_run_value(p->sweep, of_a) / sweep_run_value(p->sweep, of_b);
        if (isfinite(ratio))
            p->scratch[n++] = ratio;
        i++;
        k++;
    }
    return figure_of(p->scratch, n);
}

static bool has_enough(const struct sweep_point *point)
{
    return point->value.count >= SWEEP_ROUNDS_LEAST;
}

/* A median of two runs is worth less than one of ten, however low it is. */
static bool is_better(const struct sweep_point *a, const struct sweep_point *b)
{
    if (has_enough(a) != has_enough(b))
        return has_enough(a);
    return a->value.median < b->value.median;
}

static void find_best(struct sweep_points *p)
{
    for (uint32_t g = 0; g < p->group_count; g++)
        p->best[g] = SWEEP_NO_POINT;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t *best = &p->best[p->list[i].group];

        if (p->list[i].value.count == 0)
            continue;
        if (*best == SWEEP_NO_POINT || is_better(&p->list[i], &p->list[*best]))
            *best = i;
    }
}

double sweep_loss_most(const struct sweep *s)
{
    return fmax(SWEEP_LOSS_MOST, 1 + (double)s->margin_ppm / 1e6);
}

static enum sweep_verdict judge(const struct sweep_points *p, uint32_t i)
{
    const struct sweep_point *point = &p->list[i];
    double margin = 1 + (double)p->sweep->margin_ppm / 1e6;

    if (point->runs == 0 && point->failed > 0)
        return SWEEP_FAILED;
    if (!has_enough(point) || isnan(point->relative.low))
        return SWEEP_TOO_FEW;
    if (p->best[point->group] == i)
        return SWEEP_BEST;
    if (point->relative.low > margin)
        return SWEEP_WORSE;
    if (point->relative.median <= margin && point->relative.high <= sweep_loss_most(p->sweep))
        return SWEEP_EQUAL;
    return SWEEP_UNDECIDED;
}

static void compare_points(struct sweep_points *p)
{
    find_best(p);
    for (uint32_t i = 0; i < p->count; i++) {
        struct sweep_point *point = &p->list[i];
        uint32_t best = p->best[point->group];

        point->relative = best == SWEEP_NO_POINT ? nothing : sweep_points_ratio(p, i, best);
        point->verdict = judge(p, i);
    }
}

/* --- Making and giving back --- */

static uint32_t group_of(const struct sweep *s, uint32_t point)
{
    uint32_t group = 0;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        if (!sweep_axis_is_means(&s->axes[axis]))
            group = group * s->axes[axis].count + sweep_value_of(s, point, axis);
    }
    return group;
}

static void divide_into_groups(struct sweep_points *p)
{
    const struct sweep *s = p->sweep;

    p->group_count = 1;
    for (unsigned axis = 0; axis < s->axis_count; axis++)
        p->means += sweep_axis_is_means(&s->axes[axis]);
    if (p->means == 0)
        return;
    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        if (!sweep_axis_is_means(&s->axes[axis]))
            p->group_count *= s->axes[axis].count;
    }
    for (uint32_t i = 0; i < p->count; i++)
        p->list[i].group = group_of(s, i);
}

/* Of one point, by its rounds; an insertion sort, as they come almost in that order. */
static void sort_rounds(struct sweep_points *p, const struct sweep_point *point)
{
    uint32_t *order = p->order + point->first;

    for (uint32_t i = 1; i < point->total; i++) {
        uint32_t run = order[i], at = i;

        for (; at > 0 && p->sweep->runs[order[at - 1]].round > p->sweep->runs[run].round; at--)
            order[at] = order[at - 1];
        order[at] = run;
    }
}

/* By counting: each run is put behind those of its point that came before it. */
static void sort_runs(struct sweep_points *p)
{
    const struct sweep *s = p->sweep;
    uint32_t first = 0;

    for (size_t i = 0; i < s->run_count; i++)
        p->list[s->runs[i].point].total++;
    for (uint32_t i = 0; i < p->count; i++) {
        p->list[i].first = first;
        first += p->list[i].total;
        p->list[i].total = 0;
    }
    for (uint32_t i = 0; i < s->run_count; i++) {
        struct sweep_point *point = &p->list[s->runs[i].point];

        p->order[point->first + point->total++] = i;
    }
    for (uint32_t i = 0; i < p->count; i++)
        sort_rounds(p, &p->list[i]);
}

int sweep_points_make(struct sweep_points *p, const struct sweep *s, struct err *e)
{
    uint32_t flagged = 0;

    *p = (struct sweep_points){.sweep = s, .count = s->point_count};
    p->list = mem_zeroed((size_t)p->count + 1, sizeof *p->list);
    p->best = mem_zeroed((size_t)p->count + 1, sizeof *p->best);
    p->order = mem_zeroed(s->run_count + 1, sizeof *p->order);
    p->outliers = mem_zeroed(s->run_count + 1, sizeof *p->outliers);
    p->scratch = mem_zeroed(s->run_count + 1, sizeof *p->scratch);
    if (p->list == NULL || p->best == NULL || p->order == NULL || p->outliers == NULL ||
        p->scratch == NULL) {
        sweep_points_free(p);
        return err_no_memory(e, "the points of the sweep");
    }
    divide_into_groups(p);
    sort_runs(p);
    for (uint32_t i = 0; i < p->count; i++)
        measure_point(p, &p->list[i], &flagged);
    compare_points(p);
    return 0;
}

void sweep_points_free(struct sweep_points *p)
{
    mem_free(p->list);
    mem_free(p->best);
    mem_free(p->order);
    mem_free(p->outliers);
    mem_free(p->scratch);
    *p = (struct sweep_points){0};
}

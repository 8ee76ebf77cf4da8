/* Why a point is as good as it is, from where the time of its calls went. More to work with helps
 * as long as calls wait for it; it helps no more when none waits (there is one for each), or when
 * what they share while they run is used up: then they wait less and run longer by as much.
 *
 * Averages over the calls of each run are compared, as those of parts add up: where one call of
 * eight waits for all the others, the median of the waiting is nothing. Of the runs it is the
 * medians, and only what is large, and beyond their noise, is told. Main thread. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "analysis/sweep_reasons.h"
#include "base/units.h"

/* What is told differs beyond noise, by this factor, and by this part of the whole. */
#define FACTOR 1.1
#define PART 0.05
/* All CPUs, or all of a quota, count as used from here on. */
#define CPUS_USED 0.9
/* Shares of the calls' time below which waiting is over, if it was so many times as much before;
 * where there is one for each call, what is left is the machine's own hesitation. */
#define NOTHING_WAITS 0.01
#define FEW_WAIT 0.1
#define SHRINKS 2

/* --- Points around a point --- */

static uint32_t along(const struct sweep *s, uint32_t point, unsigned axis, uint32_t value)
{
    uint32_t stride = 1;

    for (unsigned i = axis + 1; i < s->axis_count; i++)
        stride *= s->axes[i].count;
    return point + value * stride - sweep_value_of(s, point, axis) * stride;
}

uint32_t reason_below(const struct sweep_points *p, uint32_t point, unsigned axis)
{
    const struct sweep *s = p->sweep;
    uint64_t number = reason_number(s, point, axis);
    uint32_t found = SWEEP_NO_POINT;

    for (uint32_t value = 0; value < s->axes[axis].count; value++) {
        uint32_t other = along(s, point, axis, value);

        if (!reason_usable(p, other) || reason_number(s, other, axis) >= number)
            continue;
        if (found == SWEEP_NO_POINT ||
            reason_number(s, other, axis) > reason_number(s, found, axis))
            found = other;
    }
    return found;
}

uint32_t reason_largest(const struct sweep_points *p, uint32_t point, unsigned axis)
{
    const struct sweep *s = p->sweep;
    uint32_t found = point;

    for (uint32_t value = 0; value < s->axes[axis].count; value++) {
        uint32_t other = along(s, point, axis, value);

        if (reason_usable(p, other) &&
            reason_number(s, other, axis) > reason_number(s, found, axis))
            found = other;
    }
    return found == point ? SWEEP_NO_POINT : found;
}

/* --- Sentences --- */

static bool is_by_request(const struct sweep *s)
{
    return s->by == SWEEP_BY_REQUEST || s->by == SWEEP_BY_LATENCY || s->by == SWEEP_BY_P99;
}

static const char *a_call(const struct sweep *s)
{
    return is_by_request(s) ? "a request" : "a call";
}

/* "310 ms with --threads 1" */
static void add_at(struct text *t, const struct sweep_points *p, double ns, uint32_t point)
{
    reason_duration(t, ns);
    text_add(t, " with ");
    reason_point(t, p, point);
}

static double total(const struct sweep_point *point)
{
    double returned = point->returned_mean_ns.median;

    return point->waited_mean_ns.median + point->ran_mean_ns.median +
           (isnan(returned) ? 0 : returned);
}

/* Beyond noise: not where the intervals over the runs meet, nor where there are none. */
static bool exceeds(const struct sweep_figure *more, const struct sweep_figure *less)
{
    return more->low > less->high && more->median > FACTOR * less->median;
}

static bool falls(const struct sweep_point *from, const struct sweep_point *to)
{
    double fell = from->waited_mean_ns.median - to->waited_mean_ns.median;

    return exceeds(&from->waited_mean_ns, &to->waited_mean_ns) && fell > PART * total(from);
}

static void say_wait_falls(struct reasoning *r, uint32_t below, uint32_t point)
{
    const struct sweep_points *p = r->points;
    struct text t = TEXT_EMPTY;

    if (!falls(&p->list[below], &p->list[point]))
        return;
    text_add(&t, "%s waits for its turn ", a_call(p->sweep));
    add_at(&t, p, p->list[below].waited_mean_ns.median, below);
    text_add(&t, " and ");
    add_at(&t, p, p->list[point].waited_mean_ns.median, point);
    if (exceeds(&p->list[point].ran_mean_ns, &p->list[below].ran_mean_ns))
        text_add(&t, ", on average, but there it runs longer");
    else
        text_add(&t, ", on average: what is added is put to use");
    reason_put(r, &t);
}

static bool uses_all_cpus(const struct sweep_points *p, uint32_t point)
{
    return p->sweep->cpus_allowed > 0 &&
           p->list[point].cpus.median >= CPUS_USED * p->sweep->cpus_allowed;
}

/* Runs shorter than a period of the quota (0.1 s mostly) may use all CPUs in spite of it: it is not
 * the quota then that they are short of. */
static bool uses_all_quota(const struct sweep_points *p, uint32_t point)
{
    return p->sweep->cpu_quota > 0 && !uses_all_cpus(p, point) &&
           p->list[point].cpus.median >= CPUS_USED * p->sweep->cpu_quota;
}

static void add_cpus(struct text *t, const struct sweep_points *p, uint32_t point)
{
    text_add(t, "%.2f of %u CPUs", p->list[point].cpus.median, p->sweep->cpus_allowed);
}

/* "the control group's quota of 1.50 CPUs is the limit" */
static void add_quota(struct text *t, const struct sweep_points *p)
{
    text_add(t, "the control group's quota of %.2f CPUs is the limit", p->sweep->cpu_quota);
}

/* What a call gains by waiting less it loses by running longer. Where it waits longer as well, it
 * is something else. */
static bool runs_longer(const struct sweep_points *p, uint32_t point, uint32_t beyond)
{
    const struct sweep_point *at = &p->list[point], *far = &p->list[beyond];

    return exceeds(&far->ran_mean_ns, &at->ran_mean_ns) &&
           far->ran_mean_ns.median - at->ran_mean_ns.median > PART * total(at) &&
           !(far->waited_mean_ns.median > at->waited_mean_ns.median);
}

static bool waits_less(const struct sweep_points *p, uint32_t point, uint32_t beyond)
{
    return falls(&p->list[point], &p->list[beyond]);
}

/* What a call has less of when others have it, too. */
static void add_limit(struct text *t, const struct reasoning *r, uint32_t point)
{
    const struct sweep_points *p = r->points;
    const struct sweep_taken *others = &r->machine.others;

    if (uses_all_cpus(p, point)) {
        text_add(t, ": the CPUs are the limit (");
        add_cpus(t, p, point);
        text_add(t, " used)");
        return;
    }
    if (uses_all_quota(p, point)) {
        text_add(t, ": ");
        add_quota(t, p);
        text_add(t, " (");
        add_cpus(t, p, point);
        text_add(t, " used)");
        return;
    }
    if (others->runs > 0) {
        text_add(t, ": other processes had CPUs meanwhile, %.1f in the mean of the runs",
                 others->mean);
        return;
    }
    text_add(t, ": what the calls share is the limit");
    if (p->sweep->cpus_allowed > 0 && !isnan(p->list[point].cpus.median)) {
        text_add(t, " (uvlab itself used ");
        add_cpus(t, p, point);
        if (p->sweep->cpu_quota > 0)
            text_add(t, ", with a quota of %.2f", p->sweep->cpu_quota);
        text_add(t, ")");
    }
}

static void say_runs_longer(struct reasoning *r, uint32_t point, uint32_t beyond)
{
    const struct sweep_points *p = r->points;
    const struct sweep_point *at = &p->list[point], *far = &p->list[beyond];
    struct text t = TEXT_EMPTY;

    text_add(&t, "beyond ");
    reason_point(&t, p, point);
    text_add(&t, " %s runs longer", a_call(p->sweep));
    if (waits_less(p, point, beyond))
        text_add(&t, " as it waits less");
    text_add(&t, ": with ");
    reason_point(&t, p, beyond);
    text_add(&t, " it runs ");
    reason_duration(&t, far->ran_mean_ns.median);
    text_add(&t, " instead of ");
    reason_duration(&t, at->ran_mean_ns.median);
    if (waits_less(p, point, beyond)) {
        text_add(&t, " and waits ");
        reason_duration(&t, far->waited_mean_ns.median);
        text_add(&t, " instead of ");
        reason_duration(&t, at->waited_mean_ns.median);
    }
    add_limit(&t, r, point);
    reason_put(r, &t);
}

static void say_cpus(struct reasoning *r, uint32_t point)
{
    struct text t = TEXT_EMPTY;

    reason_point(&t, r->points, point);
    text_add(&t, " uses ");
    add_cpus(&t, r->points, point);
    text_add(&t, ": ");
    if (uses_all_quota(r->points, point))
        add_quota(&t, r->points);
    else
        text_add(&t, "they are the limit");
    reason_put(r, &t);
}

/* A load: more at once are answered no faster, each only later. */
static bool say_only_later(struct reasoning *r, uint32_t point, uint32_t beyond)
{
    const struct sweep_points *p = r->points;
    const struct sweep_point *at = &p->list[point], *far = &p->list[beyond];
    char here[UNITS_TEXT_BYTES], there[UNITS_TEXT_BYTES];
    struct text t = TEXT_EMPTY;

    if (!is_by_request(p->sweep) || !exceeds(&far->total_ns, &at->total_ns))
        return false;
    text_add(&t, "beyond ");
    reason_point(&t, p, point);
    text_add(&t, " a request takes longer from its sending to its answer: ");
    add_at(&t, p, at->total_ns.median, point);
    text_add(&t, ", ");
    add_at(&t, p, far->total_ns.median, beyond);
    if (!isnan(at->requests_per_s.median) && !isnan(far->requests_per_s.median))
        text_add(&t, "; %s and %s are answered a second",
                 units_format_count(here, (uint64_t)(at->requests_per_s.median + 0.5)),
                 units_format_count(there, (uint64_t)(far->requests_per_s.median + 0.5)));
    reason_put(r, &t);
    return true;
}

/* With less there was waiting that is over. */
static bool waited_before(const struct sweep_point *below, const struct sweep_point *at)
{
    return exceeds(&below->waited_mean_ns, &at->waited_mean_ns) &&
           below->waited_share > SHRINKS * at->waited_share;
}

/* Returns whether more could not help, as there is nobody left to take from: there is one for each
 * call, or none waits any more. */
static bool say_nothing_waits(struct reasoning *r, uint32_t point, uint32_t below, unsigned axis)
{
    const struct sweep_points *p = r->points;
    const struct sweep_point *at = &p->list[point];
    bool for_each = (double)reason_number(p->sweep, point, axis) >= at->calls;
    struct text t = TEXT_EMPTY;

    if (!(at->waited_share < (for_each ? FEW_WAIT : NOTHING_WAITS)) ||
        (below != SWEEP_NO_POINT && !waited_before(&p->list[below], at)))
        return false;
    reason_point(&t, p, point);
    if (for_each)
        text_add(&t, " is one for each of the %.0f calls of a run: none waits for another",
                 at->calls);
    else
        text_add(&t, " leaves nobody waiting: %.1f %% of the calls' time", at->waited_share * 100);
    reason_put(r, &t);
    return true;
}

static void say_may_be_better(struct reasoning *r, uint32_t point, uint32_t below)
{
    struct text t = TEXT_EMPTY;

    if (r->answer->recommended == SWEEP_NO_POINT || r->points->list[below].verdict != SWEEP_WORSE)
        return;
    reason_point(&t, r->points, point);
    text_add(&t, " is the largest that was tried: more may be better still");
    reason_put(r, &t);
}

static void along_axis(struct reasoning *r, uint32_t point, unsigned axis)
{
    const struct sweep_points *p = r->points;
    uint32_t below = reason_below(p, point, axis), beyond = reason_largest(p, point, axis);
    bool explained;

    if (below != SWEEP_NO_POINT)
        say_wait_falls(r, below, point);
    explained = say_nothing_waits(r, point, below, axis);
    if (beyond != SWEEP_NO_POINT && !say_only_later(r, point, beyond) &&
        runs_longer(p, point, beyond)) {
        say_runs_longer(r, point, beyond);
        explained = true;
    } else if (uses_all_cpus(p, point) || uses_all_quota(p, point)) {
        say_cpus(r, point);
        explained = true;
    }
    if (beyond == SWEEP_NO_POINT && below != SWEEP_NO_POINT && !explained)
        say_may_be_better(r, point, below);
}

void reasons_why(struct reasoning *r, uint32_t point)
{
    const struct sweep *s = r->points->sweep;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        if (sweep_axis_is_means(&s->axes[axis]))
            along_axis(r, point, axis);
    }
}

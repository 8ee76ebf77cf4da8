/* The figures behind an answer, as sentences: what is recommended, what else is as good, what is
 * lost with less, what failed. Main thread. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/sweep_reasons.h"
#include "base/units.h"

enum { LISTED_MOST = 8, ERROR_BYTES = 200 };

/* --- Lists of points --- */

/* A further point of a list of `count`. With one axis only its value is named after the first. */
static void add_listed(struct text *t, const struct sweep_points *p, uint32_t point, uint32_t at,
                       uint32_t count)
{
    const struct sweep *s = p->sweep;
    unsigned axis = 0;

    if (at > 0)
        text_add(t, at + 1 == count ? " and " : ", ");
    if (at == 0 || p->means != 1) {
        reason_point(t, p, point);
        return;
    }
    while (!sweep_axis_is_means(&s->axes[axis]))
        axis++;
    text_add(t, "%s", s->axes[axis].values[sweep_value_of(s, point, axis)].text);
}

/* Among those of the group that have the verdict; the best is one of the equal ones. */
static bool is_listed(const struct reasoning *r, uint32_t i, enum sweep_verdict verdict,
                      uint32_t except)
{
    const struct sweep_point *point = &r->points->list[i];

    return point->group == r->group && i != except &&
           (point->verdict == verdict || (point->verdict == SWEEP_BEST && verdict == SWEEP_EQUAL));
}

/* Those points, in order, but for `except`; returns how many. */
static uint32_t add_list(struct text *t, const struct reasoning *r, enum sweep_verdict verdict,
                         uint32_t except)
{
    const struct sweep_points *p = r->points;
    uint32_t count = 0, at = 0;

    for (uint32_t i = 0; i < p->count; i++)
        count += is_listed(r, i, verdict, except);
    for (uint32_t i = 0; i < p->count && at < LISTED_MOST; i++) {
        if (is_listed(r, i, verdict, except))
            add_listed(t, p, i, at++, count);
    }
    if (at < count)
        text_add(t, " and %" PRIu32 " more", count - at);
    return count;
}

/* --- Reasons --- */

static void say_value(struct reasoning *r)
{
    struct sweep_points *p = r->points;
    uint32_t point = r->answer->recommended, best = r->answer->best;
    struct text t = TEXT_EMPTY;

    reason_point(&t, p, point);
    text_add(&t, " ");
    reason_value(&t, p, point);
    if (point == best) {
        text_add(&t, ", the least of all that were tried");
    } else {
        text_add(&t, " and is the smallest that is not worse than the best%s: against ",
                 p->list[point].verdict == SWEEP_UNDECIDED ? " beyond noise and margin" : "");
        reason_point(&t, p, best);
        text_add(&t, " it ");
        reason_ratio(&t, p->sweep, &p->list[point].relative);
    }
    reason_put(r, &t);
}

static void say_equal(struct reasoning *r)
{
    const struct sweep_answer *a = r->answer;
    uint32_t but = a->recommended != SWEEP_NO_POINT ? a->recommended : a->best;
    struct text t = TEXT_EMPTY;
    uint32_t count = add_list(&t, r, SWEEP_EQUAL, but);

    if (count > 0)
        text_add(&t, " %s as good, within noise and the margin of %.3g %%",
                 count == 1 ? "is" : "are", (double)r->points->sweep->margin_ppm / 1e4);
    reason_put(r, &t);
}

static void say_undecided(struct reasoning *r)
{
    struct text t = TEXT_EMPTY;
    uint32_t count = add_list(&t, r, SWEEP_UNDECIDED, r->answer->recommended);

    if (count > 0)
        text_add(&t, " may be worse or not: these runs do not tell");
    reason_put(r, &t);
}

/* What is lost with the next smaller value of each axis of means. */
static void say_smaller(struct reasoning *r)
{
    struct sweep_points *p = r->points;
    uint32_t point = r->answer->recommended;

    for (unsigned axis = 0; axis < p->sweep->axis_count; axis++) {
        struct text t = TEXT_EMPTY;
        uint32_t below;
        struct sweep_figure ratio;

        if (!sweep_axis_is_means(&p->sweep->axes[axis]))
            continue;
        below = reason_below(p, point, axis);
        if (below == SWEEP_NO_POINT)
            continue;
        ratio = sweep_points_ratio(p, below, point);
        if (ratio.count == 0)
            continue;
        reason_point(&t, p, below);
        text_add(&t, ", the next smaller, ");
        reason_ratio(&t, p->sweep, &ratio);
        reason_put(r, &t);
    }
}

void reasons_of_recommended(struct reasoning *r)
{
    say_value(r);
    say_equal(r);
    say_undecided(r);
    say_smaller(r);
}

/* How those that are worse are worse; several of them, or one. */
static const char *more_than_best(const struct sweep *s, uint32_t count)
{
    if (s->by == SWEEP_BY_CPU)
        return count == 1 ? "uses" : "use";
    if (s->by == SWEEP_BY_LATENCY || s->by == SWEEP_BY_P99)
        return count == 1 ? "has" : "have";
    return count == 1 ? "takes" : "take";
}

/* Whether other points have a median that could be lower. */
static bool group_has_others(const struct reasoning *r)
{
    for (uint32_t i = 0; i < r->points->count; i++) {
        if (i != r->answer->best && r->points->list[i].group == r->group &&
            reason_usable(r->points, i))
            return true;
    }
    return false;
}

void reasons_of_best(struct reasoning *r)
{
    const struct sweep_points *p = r->points;
    struct text t = TEXT_EMPTY;
    uint32_t worse;

    reason_point(&t, p, r->answer->best);
    text_add(&t, " ");
    reason_value(&t, p, r->answer->best);
    if (group_has_others(r))
        text_add(&t, ", the lowest median");
    reason_put(r, &t);
    say_equal(r);
    worse = add_list(&t, r, SWEEP_WORSE, SWEEP_NO_POINT);
    if (worse > 0)
        text_add(&t, " %s more than that, beyond noise and the margin of %.3g %%",
                 more_than_best(p->sweep, worse), (double)p->sweep->margin_ppm / 1e4);
    reason_put(r, &t);
}

/* The default is said as it would be given; of several axes each that is not among the values. */
static void say_not_tried(struct reasoning *r)
{
    const struct sweep *s = r->points->sweep;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        uint64_t number = sweep_axis_default(s, &s->axes[axis]);
        char buf[UNITS_TEXT_BYTES];
        struct text t = TEXT_EMPTY;
        bool tried = !sweep_axis_is_means(&s->axes[axis]) || number == SWEEP_UNKNOWN;

        for (uint32_t value = 0; !tried && value < s->axes[axis].count; value++)
            tried = s->axes[axis].values[value].number == number;
        if (tried)
            continue;
        text_add(&t, "--%s %s, the default, was not tried", s->axes[axis].param->name,
                 param_write_number(s->axes[axis].param, number, buf));
        reason_put(r, &t);
    }
}

/* How the default stands, before the figures; by the rule of verdicts. */
static const char *preset_verdict(const struct sweep *s, const struct sweep_figure *ratio)
{
    double margin = 1 + (double)s->margin_ppm / 1e6;

    if (isnan(ratio->low))
        return "takes part in too few rounds to tell";
    if (ratio->low > margin)
        return "loses";
    if (ratio->high <= margin)
        return "is as good";
    if (ratio->median <= margin && ratio->high <= sweep_loss_most(s))
        return "is as good as far as these runs tell";
    return "may lose or not";
}

void reasons_of_preset(struct reasoning *r)
{
    const struct sweep_points *p = r->points;
    const struct sweep_answer *a = r->answer;
    uint32_t against = a->recommended != SWEEP_NO_POINT ? a->recommended : a->best;
    struct text t = TEXT_EMPTY;

    if (a->preset == SWEEP_NO_POINT) {
        say_not_tried(r);
        return;
    }
    reason_point(&t, p, a->preset);
    if (a->preset == against) {
        text_add(&t, " is also the default");
    } else {
        text_add(&t, ", the default, %s", preset_verdict(p->sweep, &a->preset_relative));
        if (a->preset_relative.count > 0) {
            text_add(&t, ": against ");
            reason_point(&t, p, against);
            text_add(&t, " it ");
            reason_ratio(&t, p->sweep, &a->preset_relative);
        }
    }
    reason_put(r, &t);
}

/* Does the point fail as `like` does? */
static bool fails_alike(const struct reasoning *r, uint32_t i, uint32_t like)
{
    const struct sweep_point *a = &r->points->list[i], *b = &r->points->list[like];

    return a->group == r->group && a->failed > 0 && strcmp(a->error, b->error) == 0;
}

static bool is_first_to_fail_so(const struct reasoning *r, uint32_t point)
{
    for (uint32_t i = 0; i < point; i++) {
        if (fails_alike(r, i, point))
            return false;
    }
    return true;
}

/* All that failed with the same words as `first` did. */
static void say_failure(struct reasoning *r, uint32_t first)
{
    const struct sweep_points *p = r->points;
    uint32_t count = 0, at = 0, failed = 0, all = 0;
    const char *error = p->list[first].error;
    struct text t = TEXT_EMPTY;

    for (uint32_t i = first; i < p->count; i++)
        count += fails_alike(r, i, first);
    for (uint32_t i = first; i < p->count; i++) {
        if (!fails_alike(r, i, first))
            continue;
        failed += p->list[i].failed;
        all += p->list[i].failed + p->list[i].runs;
        if (at < LISTED_MOST)
            add_listed(&t, p, i, at++, count);
    }
    if (at < count)
        text_add(&t, " and %" PRIu32 " more", count - at);
    if (all == 1)
        text_add(&t, " failed in its only run: ");
    else
        text_add(&t, " failed in %" PRIu32 " of %" PRIu32 " runs: ", failed, all);
    text_add(&t, "%.*s", (int)text_cut(error, ERROR_BYTES), error);
    reason_put(r, &t);
}

void reasons_of_failures(struct reasoning *r)
{
    for (uint32_t i = 0; i < r->points->count; i++) {
        const struct sweep_point *point = &r->points->list[i];

        if (point->group == r->group && point->failed > 0 && is_first_to_fail_so(r, i))
            say_failure(r, i);
    }
}

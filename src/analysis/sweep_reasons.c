/* The figures behind an answer, as sentences. A point is named by the flags that make it, so that
 * what is read can be typed.
 *
 * Main thread. A sentence is owned by nobody until reason_put() gives it to the answer. */
#include "analysis/sweep_reasons.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"

enum { LISTED_MOST = 8, VALUE_BYTES = 40, ERROR_BYTES = 200 };
/* From here on a ratio is told as "times", not in percent. */
#define TIMES_FROM 1.5

/* --- Sentences --- */

void reason_put(struct reasoning *r, struct text *t)
{
    struct sweep_answer *a = r->answer;

    if (!text_ok(t))
        r->failed = true;
    if (r->failed || t->data == NULL || a->reason_count == SWEEP_REASONS_MOST) {
        text_free(t);
        return;
    }
    a->reasons[a->reason_count++] = t->data;
    *t = TEXT_EMPTY;
}

void reason_duration(struct text *t, double ns)
{
    char buf[UNITS_TEXT_BYTES];

    text_add(t, "%s", units_format_duration(buf, (uint64_t)(ns + 0.5), "µ"));
}

/* How to speak of what the sweep is judged by. */
struct phrase {
    const char *verb, *of, *behind, *more, *less, *times;
};

static const struct phrase *phrase_of(const struct sweep *s)
{
    static const struct phrase phrases[] = {
        [SWEEP_BY_AUTO] = {"takes", "", "", "longer", "less", "times as long"},
        [SWEEP_BY_ELAPSED] = {"takes", "", "", "longer", "less", "times as long"},
        [SWEEP_BY_REQUEST] = {"takes", "", " a request", "longer a request", "less a request",
                              "times as long a request"},
        [SWEEP_BY_LATENCY] = {"has a median latency", "of ", "", "longer", "shorter",
                              "times as long"},
        [SWEEP_BY_P99] = {"has a p99 latency", "of ", "", "longer", "shorter", "times as long"},
        [SWEEP_BY_CPU] = {"uses", "", " of CPU time", "more CPU time", "less CPU time",
                          "times the CPU time"},
    };

    return &phrases[s->by];
}

static void add_percent(struct text *t, double fraction)
{
    double percent = fabs(fraction) * 100;

    text_add(t, percent < 99.95 ? "%.1f %%" : "%.0f %%", percent);
}

/* The interval of a ratio near 1, in the words for more and less. */
static void add_range(struct text *t, const struct phrase *words, const struct sweep_figure *ratio)
{
    double low = ratio->low - 1, high = ratio->high - 1;

    if (isnan(low))
        return;
    if (low < 0 && high > 0) {
        text_add(t, " (between ");
        add_percent(t, low);
        text_add(t, " %s and ", words->less);
        add_percent(t, high);
        text_add(t, " %s)", words->more);
        return;
    }
    text_add(t, " (");
    add_percent(t, low < 0 ? high : low);
    text_add(t, " to ");
    add_percent(t, low < 0 ? low : high);
    text_add(t, ")");
}

void reason_ratio(struct text *t, const struct sweep *s, const struct sweep_figure *ratio)
{
    const struct phrase *words = phrase_of(s);

    text_add(t, "%s ", words->verb);
    if (ratio->median >= TIMES_FROM) {
        text_add(t, ratio->median < 10 ? "%.2f %s" : "%.3g %s", ratio->median, words->times);
        if (!isnan(ratio->low))
            text_add(t, ratio->high < 10 ? " (%.2f to %.2f)" : " (%.3g to %.3g)", ratio->low,
                     ratio->high);
        return;
    }
    add_percent(t, ratio->median - 1);
    text_add(t, " %s", ratio->median < 1 ? words->less : words->more);
    add_range(t, words, ratio);
}

void reason_value(struct text *t, const struct sweep_points *p, uint32_t point)
{
    const struct phrase *words = phrase_of(p->sweep);
    const struct sweep_figure *f = &p->list[point].value;

    text_add(t, "%s %s", words->verb, words->of);
    reason_duration(t, f->median);
    text_add(t, "%s", words->behind);
    if (isnan(f->low))
        return;
    text_add(t, " (95 %%: ");
    reason_duration(t, f->low);
    text_add(t, " to ");
    reason_duration(t, f->high);
    text_add(t, ")");
}

/* --- Points --- */

static void add_flag(struct text *t, const struct sweep *s, uint32_t point, unsigned axis)
{
    const char *value = s->axes[axis].values[sweep_value_of(s, point, axis)].text;
    size_t kept = text_cut(value, VALUE_BYTES);

    text_add(t, "--%s %.*s%s", s->axes[axis].param->name, (int)kept, value,
             value[kept] == '\0' ? "" : "...");
}

void sweep_answer_flags(struct text *t, const struct sweep_points *p, uint32_t point,
                        enum sweep_axes which)
{
    const struct sweep *s = p->sweep;
    const char *gap = "";

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        bool is_means = p->means == 0 || sweep_axis_is_means(&s->axes[axis]);

        if (is_means != (which == SWEEP_AXES_MEANS))
            continue;
        text_add(t, "%s", gap);
        add_flag(t, s, point, axis);
        gap = " ";
    }
}

void reason_point(struct text *t, const struct sweep_points *p, uint32_t point)
{
    if (p->sweep->axis_count == 0)
        text_add(t, "the one point");
    sweep_answer_flags(t, p, point, SWEEP_AXES_MEANS);
}

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
    uint32_t count = 0, at = 0, shown;

    for (uint32_t i = 0; i < p->count; i++)
        count += is_listed(r, i, verdict, except);
    shown = count <= LISTED_MOST ? count : LISTED_MOST;
    for (uint32_t i = 0; i < p->count && at < shown; i++) {
        if (is_listed(r, i, verdict, except))
            add_listed(t, p, i, at++, count);
    }
    if (shown < count)
        text_add(t, " and %" PRIu32 " more", count - shown);
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
        text_add(&t, " and is the smallest that is not worse than the best: against ");
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
    uint32_t count = add_list(&t, r, SWEEP_UNDECIDED, SWEEP_NO_POINT);

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

void reasons_of_best(struct reasoning *r)
{
    const struct sweep_points *p = r->points;
    struct text t = TEXT_EMPTY;
    uint32_t worse;

    reason_point(&t, p, r->answer->best);
    text_add(&t, " ");
    reason_value(&t, p, r->answer->best);
    text_add(&t, ", the lowest median");
    reason_put(r, &t);
    say_equal(r);
    worse = add_list(&t, r, SWEEP_WORSE, SWEEP_NO_POINT);
    if (worse > 0)
        text_add(&t, " certainly %s%s more than that",
                 p->sweep->by == SWEEP_BY_CPU ? "use" : "take", worse == 1 ? "s" : "");
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

/* How the default stands, before the figures. */
static const char *preset_verdict(const struct sweep *s, const struct sweep_figure *ratio)
{
    double margin = 1 + (double)s->margin_ppm / 1e6;

    if (isnan(ratio->low))
        return "takes part in too few rounds to tell";
    if (ratio->low > margin)
        return "loses";
    if (ratio->high <= margin)
        return "is as good";
    return ratio->median <= margin ? "is as good as far as these runs tell" : "may lose or not";
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
        text_add(&t, " is the default as well");
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

void reasons_of_failures(struct reasoning *r)
{
    const struct sweep_points *p = r->points;

    for (uint32_t i = 0; i < p->count; i++) {
        const struct sweep_point *point = &p->list[i];
        struct text t = TEXT_EMPTY;
        size_t kept;

        if (point->group != r->group || point->failed == 0)
            continue;
        kept = text_cut(point->error, ERROR_BYTES);
        reason_point(&t, p, i);
        text_add(&t, " failed in %" PRIu32 " of %" PRIu32 " run%s: %.*s", point->failed,
                 point->failed + point->runs, point->failed + point->runs == 1 ? "" : "s",
                 (int)kept, point->error);
        reason_put(r, &t);
    }
}

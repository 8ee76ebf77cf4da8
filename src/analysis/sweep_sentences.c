/* Pieces of sentences about points: values, ratios in words, the flags that make a point, so that
 * what is read can be typed.
 *
 * Main thread. A sentence is owned by nobody until reason_put() gives it to the answer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/sweep_reasons.h"
#include "base/units.h"

enum { VALUE_BYTES = 40 };
/* From here on a ratio is told as "times", not in percent. */
#define TIMES_FROM 1.5
/* Less than this is 0.0 %. */
#define SAME 0.0005

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

/* How to speak of what the sweep is judged by; `what` stands behind more, less and times, once in a
 * sentence. */
struct phrase {
    const char *verb, *of, *behind, *more, *less, *times, *what;
};

static const struct phrase *phrase_of(const struct sweep *s)
{
    static const struct phrase phrases[] = {
        [SWEEP_BY_AUTO] = {"takes", "", "", "longer", "less", "times as long", ""},
        [SWEEP_BY_ELAPSED] = {"takes", "", "", "longer", "less", "times as long", ""},
        [SWEEP_BY_REQUEST] = {"takes", "", " a request", "longer", "less", "times as long",
                              " a request"},
        [SWEEP_BY_LATENCY] = {"has a median latency", "of ", "", "longer", "shorter",
                              "times as long", ""},
        [SWEEP_BY_P99] = {"has a p99 latency", "of ", "", "longer", "shorter", "times as long", ""},
        [SWEEP_BY_CPU] = {"uses", "", " of CPU time", "more", "less", "times as much", " CPU time"},
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

    if (isnan(low) || (fabs(low) < SAME && fabs(high) < SAME))
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
        text_add(t, ratio->median < 10 ? "%.2f %s%s" : "%.3g %s%s", ratio->median, words->times,
                 words->what);
        if (!isnan(ratio->low))
            text_add(t, ratio->high < 10 ? " (%.2f to %.2f)" : " (%.3g to %.3g)", ratio->low,
                     ratio->high);
        return;
    }
    if (fabs(ratio->median - 1) < SAME) {
        text_add(t, "as %s%s", s->by == SWEEP_BY_CPU ? "much" : "long", words->what);
    } else {
        add_percent(t, ratio->median - 1);
        text_add(t, " %s%s", ratio->median < 1 ? words->less : words->more, words->what);
    }
    add_range(t, words, ratio);
}

void reason_value(struct text *t, const struct sweep_points *p, uint32_t point)
{
    const struct phrase *words = phrase_of(p->sweep);
    const struct sweep_figure *f = &p->list[point].value;
    char median[UNITS_TEXT_BYTES], low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES];

    text_add(t, "%s %s", words->verb, words->of);
    reason_duration(t, f->median);
    text_add(t, "%s", words->behind);
    if (isnan(f->low))
        return;
    units_format_duration(median, (uint64_t)(f->median + 0.5), "µ");
    units_format_duration(low, (uint64_t)(f->low + 0.5), "µ");
    units_format_duration(high, (uint64_t)(f->high + 0.5), "µ");
    if (strcmp(low, median) == 0 && strcmp(high, median) == 0)
        return; /* as exact as it is written */
    text_add(t, " (95 %%: %s to %s)", low, high);
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
        text_add(t, "what was run");
    sweep_answer_flags(t, p, point, SWEEP_AXES_MEANS);
}

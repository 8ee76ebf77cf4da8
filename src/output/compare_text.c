/* What is said of a comparison in words: the same on the table, and in the lines about what became
 * slower. Percentages are of the base's median, and have two digits or what is before the point.
 * Pure; main thread. */
#include "output/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum { METRICS_NAMED = 3 };

const char *compare_letter(size_t index)
{
    static const char *const letters[] = {"A", "B", "C", "D", "E", "F", "G", "H",
                                          "I", "J", "K", "L", "M", "N", "O", "P"};
    return index < sizeof letters / sizeof letters[0] ? letters[index] : "?";
}

/* "4.6", "12": of 100, without a sign. */
static char *unsigned_percent(char buf[COMPARE_TEXT_BYTES], double ratio)
{
    double percent = fabs(ratio - 1) * 100;
    if (percent >= 1e6)
        snprintf(buf, COMPARE_TEXT_BYTES, "%.0e", percent);
    else
        snprintf(buf, COMPARE_TEXT_BYTES, percent < 9.95 ? "%.1f" : "%.0f", percent);
    return buf;
}

char *compare_percent(char buf[COMPARE_TEXT_BYTES], double ratio)
{
    char number[COMPARE_TEXT_BYTES];
    unsigned_percent(number, ratio);
    snprintf(buf, COMPARE_TEXT_BYTES, "%s%.16s",
             strcmp(number, "0.0") == 0 ? ""
             : ratio < 1                ? "-"
                                        : "+",
             number);
    return buf;
}

char *compare_name(char buf[COMPARE_TEXT_BYTES], const struct comparison_metric *m)
{
    if (m->kind == NULL)
        snprintf(buf, COMPARE_TEXT_BYTES, "%s", m->name);
    else
        snprintf(buf, COMPARE_TEXT_BYTES, "the %s of %s%s", m->name, m->of_calls ? "single " : "",
                 m->kind);
    return buf;
}

char *compare_limit(char buf[COMPARE_TEXT_BYTES], uint64_t ppm)
{
    char limit[UNITS_TEXT_BYTES];
    units_exact_percent(limit, ppm);
    limit[strcspn(limit, "%")] = '\0';
    snprintf(buf, COMPARE_TEXT_BYTES, "%s %%", limit);
    return buf;
}

static uint64_t whole_ns(double ns)
{
    return ns > 0 && ns < 1.8e19 ? (uint64_t)(ns + 0.5) : 0;
}

char *compare_by(char buf[COMPARE_TEXT_BYTES], const struct comparison_metric *m, const char *micro)
{
    char by[COMPARE_TEXT_BYTES], low[COMPARE_TEXT_BYTES], high[COMPARE_TEXT_BYTES];
    const struct interval *i = &m->bootstrap.ratio;
    if (!i->known) {
        units_format_duration(low, whole_ns(m->base.median), micro);
        units_format_duration(high, whole_ns(m->other.median), micro);
        snprintf(buf, COMPARE_TEXT_BYTES, "from %.24s to %.24s", low, high);
        return buf;
    }
    /* The end that is nearer to no difference first. */
    unsigned_percent(by, m->ratio);
    unsigned_percent(low, m->ratio < 1 ? i->high : i->low);
    unsigned_percent(high, m->ratio < 1 ? i->low : i->high);
    snprintf(buf, COMPARE_TEXT_BYTES, "by %.16s %% (%.16s to %.16s %%)", by, low, high);
    return buf;
}

static bool is_judged(const struct comparison_metric *m, enum comparison_verdict verdict)
{
    return m->checked && m->verdict == verdict;
}

/* "B is slower than A: elapsed by ..., pbkdf2 total by ... and 2 more." Nothing if it is not. */
bool compare_conclude_as(const struct comparison *c, size_t index, enum comparison_verdict verdict,
                         const char *micro, struct text *t)
{
    size_t found = 0;
    for (size_t i = 0; i < c->metric_count; i++) {
        const struct comparison_metric *m = &c->metrics[i];
        char name[COMPARE_TEXT_BYTES], by[COMPARE_TEXT_BYTES];
        if (!is_judged(m, verdict))
            continue;
        if (found++ == 0)
            text_add(t, "%s is %s than A%s%s: ", compare_letter(index),
                     comparison_verdict_names[verdict], c->point != NULL ? " with " : "",
                     c->point != NULL ? c->point->label : "");
        if (found <= METRICS_NAMED)
            text_add(t, "%s%s %s", found > 1 ? ", " : "", compare_name(name, m),
                     compare_by(by, m, micro));
    }
    if (found > METRICS_NAMED)
        text_add(t, ", and %zu more", found - METRICS_NAMED);
    if (found > 0)
        text_add(t, ". ");
    return found > 0;
}

static size_t count_of(const struct comparison *c, enum comparison_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < c->metric_count; i++)
        count += is_judged(&c->metrics[i], verdict);
    return count;
}

static bool has(const struct comparison *c, enum comparison_verdict verdict)
{
    return count_of(c, verdict) > 0;
}

/* "elapsed and the total of spin", "elapsed, request, latency p50 and 3 more figures" */
static void add_names(const struct comparison *c, enum comparison_verdict verdict, struct text *t)
{
    size_t count = count_of(c, verdict), found = 0;
    const char *before;
    for (size_t i = 0; i < c->metric_count && found < METRICS_NAMED; i++) {
        const struct comparison_metric *m = &c->metrics[i];
        char name[COMPARE_TEXT_BYTES];
        if (!is_judged(m, verdict))
            continue;
        found++;
        before = found == 1 ? "" : found == count ? " and " : ", ";
        text_add(t, "%s%s", before, compare_name(name, m));
    }
    if (count > found)
        text_add(t, " and %zu more figures", count - found);
}

static void conclude_uncertain(const struct comparison *c, struct text *t)
{
    if (!has(c, COMPARISON_NOT_CERTAIN))
        return;
    add_names(c, COMPARISON_NOT_CERTAIN, t);
    text_add(t, ": not certain, as the interval leaves out 0 and the rank test does not agree; "
                "more runs can tell. ");
}

/* What there may be behind the noise is told of the first. */
static void conclude_noise(const struct comparison *c, size_t index, struct text *t)
{
    bool alone = count_of(c, COMPARISON_WITHIN_NOISE) == 1;
    if (!has(c, COMPARISON_WITHIN_NOISE))
        return;
    add_names(c, COMPARISON_WITHIN_NOISE, t);
    text_add(t, ": what A and %s differ by is within noise", compare_letter(index));
    for (size_t i = 0; i < c->metric_count; i++) {
        const struct comparison_metric *m = &c->metrics[i];
        char low[COMPARE_TEXT_BYTES], high[COMPARE_TEXT_BYTES], name[COMPARE_TEXT_BYTES];
        if (!is_judged(m, COMPARISON_WITHIN_NOISE) || !m->bootstrap.ratio.known)
            continue;
        if (alone)
            text_add(t, "; it is");
        else
            text_add(t, "; in %s it is", compare_name(name, m));
        text_add(t, " between %s and %s %%", compare_percent(low, m->bootstrap.ratio.low),
                 compare_percent(high, m->bootstrap.ratio.high));
        break;
    }
    text_add(t, ". ");
}

void compare_conclude_limit(const struct compare_view *v, size_t beyond, size_t slower,
                            struct text *t)
{
    char limit[COMPARE_TEXT_BYTES];
    if (!v->limit_given || slower == 0)
        return;
    compare_limit(limit, (uint64_t)(v->terms->limit * 1e6 + 0.5));
    if (beyond == 0)
        text_add(t, "That is not surely beyond the limit of %s. ", limit);
    else if (beyond < slower)
        text_add(t, "%zu of these figures are beyond the limit of %s. ", beyond, limit);
    else
        text_add(t, "That is beyond the limit of %s. ", limit);
}

void compare_conclude(const struct compare_view *v, size_t index, const char *micro, struct text *t)
{
    const struct comparison *c = v->sets[index - 1].items;
    size_t before = t->length, beyond = 0;
    if (c->too_few) {
        text_add(t, "There are too few runs to tell: %d of each are needed. ",
                 COMPARISON_RUNS_LEAST);
        return;
    }
    for (size_t i = 0; i < c->metric_count; i++)
        beyond += c->metrics[i].beyond_limit;
    compare_conclude_as(c, index, COMPARISON_SLOWER, micro, t);
    compare_conclude_as(c, index, COMPARISON_FASTER, micro, t);
    compare_conclude_limit(v, beyond, count_of(c, COMPARISON_SLOWER), t);
    conclude_uncertain(c, t);
    if (has(c, COMPARISON_TOO_FEW)) {
        add_names(c, COMPARISON_TOO_FEW, t);
        text_add(t, ": too few runs to tell. ");
    }
    if (t->length == before || has(c, COMPARISON_NOT_CERTAIN))
        conclude_noise(c, index, t);
    if (t->length == before)
        text_add(t, "Nothing of what is checked is known of both A and %s. ",
                 compare_letter(index));
}

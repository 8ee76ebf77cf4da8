/* What makes a comparison less trustworthy, in sentences. What the results say against themselves
 * is shown beside these and not repeated here. Names of files are printable and are cut. Pure; main
 * thread. */
#include "analysis/comparison.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { NAME_BYTES = 60, KEYS_NAMED = 6, KINDS_NAMED = 4 };

void comparison_add_name(struct text *t, const struct result_file *f)
{
    size_t length = strlen(f->name);
    const char *from = f->name;
    if (length > NAME_BYTES) {
        from += length - NAME_BYTES;
        while ((*from & 0xc0) == 0x80) /* within a character of UTF-8 */
            from++;
    }
    text_add(t, "'%s%s'", from > f->name ? "..." : "", from);
}

static void add_printable(struct text *t, const char *s)
{
    char word[NAME_BYTES];
    snprintf(word, sizeof word, "%.*s", (int)text_cut(s, sizeof word - 1), s);
    text_make_printable(word);
    text_add(t, "%s", word);
}

static void doubt_runs(const struct comparison *c, struct text *t)
{
    const struct result_file *sides[] = {c->base, c->other};
    for (size_t i = 0; i < 2; i++) {
        if (sides[i]->run_count >= COMPARISON_RUNS_LEAST)
            continue;
        comparison_add_name(t, sides[i]);
        text_add(t,
                 " has %zu run%s: below %d runs of each result nothing can be told from noise; "
                 "measure with --runs 10 or more\n",
                 sides[i]->run_count, sides[i]->run_count == 1 ? "" : "s", COMPARISON_RUNS_LEAST);
    }
}

static void doubt_environment(const struct comparison *c, struct text *t)
{
    const struct comparison_changes *changes = &c->environment;
    if (changes->count == 0)
        return;
    comparison_add_name(t, c->base);
    text_add(t, " and ");
    comparison_add_name(t, c->other);
    text_add(t, " were measured in different environments:");
    for (size_t i = 0; i < changes->count && i < KEYS_NAMED; i++) {
        text_add(t, "%s ", i == 0 ? "" : ",");
        add_printable(t, changes->rows[i].key);
    }
    if (changes->count > KEYS_NAMED)
        text_add(t, " and %zu more", changes->count - KEYS_NAMED);
    text_add(t, "\n");
}

static bool has_figures(const struct result_kind *kind)
{
    for (unsigned p = 0; p < RESULT_PARTS; p++)
        if (kind->runs[p].count > 0)
            return true;
    return false;
}

/* Kinds of `one` that `other` has no figures of. */
static void doubt_kinds(const struct result_file *one, const struct result_file *other,
                        struct text *t)
{
    size_t found = 0;
    for (size_t i = 0; i < one->kind_count; i++) {
        const struct result_kind *same = result_file_kind(other, one->kinds[i].name);
        if (!has_figures(&one->kinds[i]) || (same != NULL && has_figures(same)))
            continue;
        if (found == 0) {
            text_add(t, "only ");
            comparison_add_name(t, one);
            text_add(t, " has figures of ");
        }
        if (found < KINDS_NAMED)
            text_add(t, "%s%s", found == 0 ? "" : ", ", one->kinds[i].name);
        found++;
    }
    if (found > KINDS_NAMED)
        text_add(t, " and %zu more kinds of calls", found - KINDS_NAMED);
    if (found > 0)
        text_add(t, "\n");
}

/* Figures that decide --check, less those of calls. Every result should have an elapsed time; the
 * others are of loads. */
static const struct {
    const char *name;
    size_t offset; /* of its series in a result */
    bool always;
} checked_figures[] = {
    {"elapsed time", offsetof(struct result_file, elapsed), true},
    {"time of a request", offsetof(struct result_file, request), false},
    {"median of latencies", offsetof(struct result_file, latency_p50), false},
    {"99th percentile of latencies", offsetof(struct result_file, latency_p99), false},
};

static size_t figures_at(const struct result_file *f, size_t offset)
{
    return ((const struct result_series *)((const char *)f + offset))->count;
}

/* What of `one` is not known, although `other` has it, or every result should. */
static void doubt_figures(const struct result_file *one, const struct result_file *other,
                          struct text *t)
{
    for (size_t i = 0; i < sizeof checked_figures / sizeof checked_figures[0]; i++) {
        size_t offset = checked_figures[i].offset, count = figures_at(one, offset);
        if (count == one->run_count ||
            (count == 0 && !checked_figures[i].always && figures_at(other, offset) == 0))
            continue;
        comparison_add_name(t, one);
        if (count == 0)
            text_add(t, " has no %s: it cannot be compared\n", checked_figures[i].name);
        else
            text_add(t, " has the %s of %zu of its %zu runs only\n", checked_figures[i].name, count,
                     one->run_count);
    }
}

/* Results had no summaries of single runs once. */
static void doubt_summaries(const struct result_file *f, struct text *t)
{
    for (size_t i = 0; i < f->kind_count; i++)
        if (has_figures(&f->kinds[i]))
            return;
    comparison_add_name(t, f);
    text_add(t, " has no summaries of its runs, as an older uvlab wrote it: nothing is known of "
                "its calls but by --spans\n");
}

static void doubt_spans(const struct result_file *f, struct text *t)
{
    if (f->runs_without_spans == 0)
        return;
    comparison_add_name(t, f);
    text_add(t, " was written without its spans: --spans finds no calls in it\n");
}

void comparison_doubts(const struct comparison *c, const struct comparison_terms *terms,
                       struct text *t)
{
    if (c->point == NULL) /* of points it is told together */
        doubt_runs(c, t);
    doubt_environment(c, t);
    doubt_figures(c->base, c->other, t);
    doubt_figures(c->other, c->base, t);
    doubt_kinds(c->base, c->other, t);
    doubt_kinds(c->other, c->base, t);
    doubt_summaries(c->base, t);
    doubt_summaries(c->other, t);
    if (terms->spans) {
        doubt_spans(c->base, t);
        doubt_spans(c->other, t);
    }
}

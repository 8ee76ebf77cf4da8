/* Two sweeps on the table of a comparison: for each checked figure a row for each point, so that
 * the eye goes down the values of --threads. Figures that only explain are in the document. Values
 * come from files and pass term.c. Main thread. */
#include "output/table_compare.h"

#include <stdio.h>
#include <string.h>

enum {
    BESIDE_NAME_COLUMNS = 26, /* what a row has at least behind its name */
    NAME_COLUMNS_MOST = 40,
    INDENT_COLUMNS = 2,
    LINE_BYTES = 3 * SWEEP_LABEL_BYTES,
};

static bool is_same_figure(const struct comparison_metric *a, const struct comparison_metric *b)
{
    if (strcmp(a->name, b->name) != 0 || (a->kind == NULL) != (b->kind == NULL))
        return false;
    return a->kind == NULL || strcmp(a->kind, b->kind) == 0;
}

/* The same figure of another point; NULL when that does not have it. */
static const struct comparison_metric *find(const struct comparison *c,
                                            const struct comparison_metric *figure)
{
    for (size_t i = 0; i < c->metric_count; i++)
        if (c->metrics[i].checked && is_same_figure(&c->metrics[i], figure))
            return &c->metrics[i];
    return NULL;
}

/* As wide as the longest label, as far as the terminal and the other columns allow. */
static size_t name_columns(const struct term *t, const struct comparison_set *set)
{
    size_t columns = COMPARE_NAME_COLUMNS, most = NAME_COLUMNS_MOST;
    if (t->columns < NAME_COLUMNS_MOST + BESIDE_NAME_COLUMNS)
        most = t->columns - BESIDE_NAME_COLUMNS;
    for (size_t i = 0; i < set->count; i++) {
        size_t label = INDENT_COLUMNS + term_columns(t, set->items[i].point->label) + 1;
        if (label >= most)
            return most;
        if (label > columns)
            columns = label;
    }
    return columns;
}

static void put_figure(const struct term *t, const struct comparison_set *set, size_t first,
                       const struct comparison_metric *figure, size_t columns)
{
    size_t at = 0;
    char name[RESULT_WORD_BYTES + SWEEP_LABEL_BYTES];
    if (figure->kind == NULL) {
        term_wrap(t, INK_STRONG, &at, 0, figure->name);
    } else {
        snprintf(name, sizeof name, "%s of %s", figure->name, figure->kind);
        term_wrap(t, INK_STRONG, &at, 0, name);
        term_wrap(t, INK_FAINT, &at, 0, ", the middle call of each run");
    }
    out_text(t->out, "\n");
    for (size_t i = first; i < set->count; i++) {
        const struct comparison_metric *m = find(&set->items[i], figure);
        snprintf(name, sizeof name, "  %s", set->items[i].point->label);
        if (m != NULL)
            compare_put_row(t, m, name, columns);
    }
}

void compare_put_points(const struct term *t, const struct comparison_set *set, size_t index)
{
    size_t columns = name_columns(t, set);
    compare_put_heading(t, index, columns);
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < set->items[i].metric_count; k++) {
            const struct comparison_metric *figure = &set->items[i].metrics[k];
            bool shown = !figure->checked;
            for (size_t before = 0; before < i && !shown; before++)
                shown = find(&set->items[before], figure) != NULL;
            if (!shown)
                put_figure(t, set, i, figure, columns);
        }
    }
}

/* NULL: nothing. */
static const char *recommended_by(const struct result_file *f)
{
    if (f->sweep->several_answers)
        return "another value for each kind of work";
    return f->sweep->recommended != NULL ? f->sweep->recommended_label : NULL;
}

void compare_put_recommended(const struct term *t, const struct compare_view *v, size_t index)
{
    const char *base = recommended_by(&v->results[0]), *other = recommended_by(&v->results[index]);
    char line[LINE_BYTES];
    if (base == NULL && other == NULL)
        snprintf(line, sizeof line, "none by A nor by %s", compare_letter(index));
    else if (base != NULL && other != NULL && strcmp(base, other) == 0)
        snprintf(line, sizeof line, "%s by both A and %s", base, compare_letter(index));
    else
        snprintf(line, sizeof line, "%s by A, %s by %s", base != NULL ? base : "none",
                 other != NULL ? other : "none", compare_letter(index));
    compare_put_wrapped(t, INK_PLAIN, "recommended", COMPARE_NAME_COLUMNS, line);
}

/* A row per point of a sweep. Columns are as wide as what stands in them; what does not fit is left
 * out, the least telling first, and of the values of axes the end is cut.
 *
 * Main thread; nothing is allocated. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "output/table_sweep.h"

enum { GAP = 2, MARK = 2, VALUE_COLUMNS_MOST = 24, VALUE_COLUMNS_LEAST = 6 };

/* What is left out first where there is no room. */
static const enum sweep_column leave_out[] = {
    SWEEP_COLUMN_RETURNED, SWEEP_COLUMN_RATE,   SWEEP_COLUMN_CPUS,     SWEEP_COLUMN_RUNS,
    SWEEP_COLUMN_RAN,      SWEEP_COLUMN_WAITED, SWEEP_COLUMN_INTERVAL,
};

/* --- Texts --- */

char *sweep_table_duration(const struct sweep_table *t, char buf[SWEEP_CELL_BYTES], double ns)
{
    if (isnan(ns)) {
        snprintf(buf, SWEEP_CELL_BYTES, "-");
        return buf;
    }
    return units_format_duration(buf, (uint64_t)(ns + 0.5), term_micro(&t->term));
}

/* Low and high in the unit of the median, and with as many decimals. */
static void interval_text(const struct sweep_table *t, const struct sweep_figure *f, char *buf)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1},     {"ms", 1e6}, {"s", 1e9}, {"min", 60e9},
                 {"h", 3600e9}, {"µs", 1e3}, {"us", 1e3}};
    char median[SWEEP_CELL_BYTES], *unit, *point;
    int decimals = 0;
    double ns = 1;

    snprintf(buf, SWEEP_CELL_BYTES, "-");
    if (isnan(f->low))
        return;
    sweep_table_duration(t, median, f->median);
    unit = strchr(median, ' ');
    if (unit == NULL)
        return;
    point = strchr(median, '.');
    if (point != NULL)
        decimals = (int)(unit - point) - 1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit + 1, units[i].unit) == 0)
            ns = units[i].ns;
    }
    snprintf(buf, SWEEP_CELL_BYTES, "%.*f-%.*f", decimals, f->low / ns, decimals, f->high / ns);
}

static void relative_text(const struct sweep_table *t, const struct sweep_point *point, char *buf)
{
    const struct sweep_points *p = &t->shown->points;
    double ratio = point->relative.median;
    char difference[SWEEP_CELL_BYTES / 2];
    const char *mark = "";

    if (isnan(ratio)) {
        snprintf(buf, SWEEP_CELL_BYTES, "-");
        return;
    }
    if (ratio >= 1.5)
        snprintf(difference, sizeof difference, ratio < 10 ? "%.2f x" : "%.3g x", ratio);
    else
        snprintf(difference, sizeof difference, "%+.1f %%", (ratio - 1) * 100);
    if (point->verdict == SWEEP_EQUAL)
        mark = "= ";
    else if (point->verdict == SWEEP_UNDECIDED || point->verdict == SWEEP_TOO_FEW)
        mark = "? ";
    if (&p->list[p->best[point->group]] == point)
        snprintf(buf, SWEEP_CELL_BYTES, "%sbest", mark);
    else
        snprintf(buf, SWEEP_CELL_BYTES, "%s%s", mark, difference);
}

static void cell_text(const struct sweep_table *t, const struct sweep_point *point,
                      enum sweep_column column, char buf[SWEEP_CELL_BYTES])
{
    snprintf(buf, SWEEP_CELL_BYTES, "-");
    switch (column) {
    case SWEEP_COLUMN_RUNS:
        snprintf(buf, SWEEP_CELL_BYTES, "%" PRIu32, point->runs);
        break;
    case SWEEP_COLUMN_MEDIAN:
        sweep_table_duration(t, buf, point->value.median);
        break;
    case SWEEP_COLUMN_INTERVAL:
        interval_text(t, &point->value, buf);
        break;
    case SWEEP_COLUMN_RELATIVE:
        relative_text(t, point, buf);
        break;
    case SWEEP_COLUMN_RATE:
        if (t->shown->sweep->by == SWEEP_BY_REQUEST && !isnan(point->requests_per_s.median))
            units_format_count(buf, (uint64_t)(point->requests_per_s.median + 0.5));
        break;
    case SWEEP_COLUMN_WAITED:
        sweep_table_duration(t, buf, point->waited_ns.median);
        break;
    case SWEEP_COLUMN_RAN:
        sweep_table_duration(t, buf, point->ran_ns.median);
        break;
    case SWEEP_COLUMN_RETURNED:
        sweep_table_duration(t, buf, point->returned_ns.median);
        break;
    case SWEEP_COLUMN_CPUS:
        if (!isnan(point->cpus.median))
            snprintf(buf, SWEEP_CELL_BYTES, "%.2f", point->cpus.median);
        break;
    case SWEEP_COLUMNS:
        break;
    }
}

static const char *heading(const struct sweep_table *t, enum sweep_column column)
{
    static const char *const headings[SWEEP_COLUMNS] = {
        [SWEEP_COLUMN_RUNS] = "runs",     [SWEEP_COLUMN_INTERVAL] = "95 %",
        [SWEEP_COLUMN_RELATIVE] = "best", [SWEEP_COLUMN_RATE] = "a second",
        [SWEEP_COLUMN_WAITED] = "waited", [SWEEP_COLUMN_RAN] = "ran",
        [SWEEP_COLUMN_CPUS] = "CPUs",     [SWEEP_COLUMN_RETURNED] = "returned",
    };
    static const char *const judged[] = {
        [SWEEP_BY_AUTO] = "elapsed",    [SWEEP_BY_ELAPSED] = "elapsed",
        [SWEEP_BY_REQUEST] = "request", [SWEEP_BY_LATENCY] = "latency",
        [SWEEP_BY_P99] = "p99",         [SWEEP_BY_CPU] = "CPU time",
    };

    if (column == SWEEP_COLUMN_MEDIAN)
        return judged[t->shown->sweep->by];
    return column == SWEEP_COLUMN_RELATIVE ? "to best" : headings[column];
}

/* --- Widths --- */

/* Axes that all points of a group share stand in its heading. */
static bool is_column(const struct sweep_table *t, unsigned axis)
{
    const struct sweep_points *p = &t->shown->points;

    return p->means == 0 || sweep_axis_is_means(&p->sweep->axes[axis]);
}

static bool has_figures(const struct sweep_point *point)
{
    return point->value.count > 0;
}

static void measure_axes(struct sweep_table *t)
{
    const struct sweep *s = t->shown->sweep;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        size_t width = is_column(t, axis) ? strlen(s->axes[axis].param->name) : 0;

        for (uint32_t i = 0; width > 0 && i < s->axes[axis].count; i++) {
            size_t columns = term_columns(&t->term, s->axes[axis].values[i].text);
            width = columns > width ? columns : width;
        }
        t->axes[axis] = width < VALUE_COLUMNS_MOST ? width : VALUE_COLUMNS_MOST;
    }
}

/* 0 for a column that says nothing of any point. */
static size_t measure_column(const struct sweep_table *t, enum sweep_column column)
{
    const struct sweep_points *p = &t->shown->points;
    char text[SWEEP_CELL_BYTES];
    size_t width = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        size_t columns;

        if (!has_figures(&p->list[i]))
            continue;
        cell_text(t, &p->list[i], column, text);
        columns = strcmp(text, "-") == 0 ? 0 : term_columns(&t->term, text);
        width = columns > width ? columns : width;
    }
    if (width == 0 || width > strlen(heading(t, column)))
        return width;
    return strlen(heading(t, column));
}

static size_t all_columns(const struct sweep_table *t)
{
    size_t all = MARK;

    for (unsigned axis = 0; axis < SWEEP_AXES_MOST; axis++)
        all += t->axes[axis] > 0 ? t->axes[axis] + GAP : 0;
    for (int i = 0; i < SWEEP_COLUMNS; i++)
        all += t->columns[i] > 0 ? t->columns[i] + GAP : 0;
    return all - GAP;
}

void sweep_table_measure(struct sweep_table *t)
{
    bool any = true;

    measure_axes(t);
    for (int i = 0; i < SWEEP_COLUMNS; i++)
        t->columns[i] = measure_column(t, (enum sweep_column)i);
    for (size_t i = 0; i < sizeof leave_out / sizeof leave_out[0]; i++) {
        if (all_columns(t) > t->term.columns)
            t->columns[leave_out[i]] = 0;
    }
    while (any && all_columns(t) > t->term.columns) {
        any = false;
        for (unsigned axis = 0; axis < SWEEP_AXES_MOST; axis++) {
            any |= t->axes[axis] > VALUE_COLUMNS_LEAST;
            t->axes[axis] -= t->axes[axis] > VALUE_COLUMNS_LEAST;
        }
    }
}

/* --- Rows --- */

static void print_headings(const struct sweep_table *t)
{
    const struct sweep *s = t->shown->sweep;

    term_spaces(&t->term, MARK);
    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        bool is_number = param_is_number(s->axes[axis].param);

        if (t->axes[axis] == 0)
            continue;
        term_cell(&t->term, INK_STRONG, s->axes[axis].param->name, t->axes[axis],
                  is_number ? ALIGN_RIGHT : ALIGN_LEFT);
        term_spaces(&t->term, GAP);
    }
    for (int i = 0, any = 0; i < SWEEP_COLUMNS; i++) {
        if (t->columns[i] == 0)
            continue;
        term_spaces(&t->term, any++ > 0 ? GAP : 0);
        term_cell(&t->term, INK_STRONG, heading(t, (enum sweep_column)i), t->columns[i],
                  ALIGN_RIGHT);
    }
    out_text(t->term.out, "\n");
}

size_t sweep_table_values(const struct sweep_table *t, uint32_t point)
{
    const struct sweep *s = t->shown->sweep;
    size_t wide = 0;

    for (unsigned axis = 0; axis < s->axis_count; axis++) {
        const struct sweep_axis *of = &s->axes[axis];
        bool is_number = param_is_number(of->param);

        if (t->axes[axis] == 0)
            continue;
        term_cell(&t->term, INK_PLAIN, of->values[sweep_value_of(s, point, axis)].text,
                  t->axes[axis], is_number ? ALIGN_RIGHT : ALIGN_LEFT);
        term_spaces(&t->term, GAP);
        wide += t->axes[axis] + GAP;
    }
    return wide;
}

static enum ink relative_ink(const struct sweep_point *point)
{
    switch (point->verdict) {
    case SWEEP_BEST:
    case SWEEP_EQUAL:
        return INK_GOOD;
    case SWEEP_WORSE:
    case SWEEP_FAILED:
        return INK_BAD;
    case SWEEP_UNDECIDED:
    case SWEEP_TOO_FEW:
        break;
    }
    return INK_DOUBT;
}

static void print_figures(const struct sweep_table *t, const struct sweep_point *point)
{
    char text[SWEEP_CELL_BYTES];

    for (int i = 0, any = 0; i < SWEEP_COLUMNS; i++) {
        enum ink ink = i == SWEEP_COLUMN_RELATIVE   ? relative_ink(point)
                       : i == SWEEP_COLUMN_INTERVAL ? INK_FAINT
                                                    : INK_PLAIN;

        if (t->columns[i] == 0)
            continue;
        term_spaces(&t->term, any++ > 0 ? GAP : 0);
        cell_text(t, point, (enum sweep_column)i, text);
        term_cell(&t->term, ink, text, t->columns[i], ALIGN_RIGHT);
    }
}

/* The end of a row that has no figures: why not. */
static void print_failure(const struct sweep_table *t, const struct sweep_point *point, size_t at)
{
    char runs[SWEEP_CELL_BYTES];
    size_t room;

    if (point->failed == 0) {
        term_text(&t->term, INK_FAINT, point->runs == 0 ? "not run yet" : "not known");
        return;
    }
    snprintf(runs, sizeof runs, "failed (%" PRIu32 " run%s): ", point->failed,
             point->failed == 1 ? "" : "s");
    term_text(&t->term, INK_BAD, runs);
    at += strlen(runs);
    room = t->term.columns > at ? t->term.columns - at : 1;
    term_cell(&t->term, INK_PLAIN, point->error, room, ALIGN_LAST);
}

static void print_row(const struct sweep_table *t, uint32_t i)
{
    const struct sweep_point *point = &t->shown->points.list[i];
    bool is_answer = t->shown->answers.list[point->group].recommended == i;
    size_t at = MARK;

    if (is_answer)
        term_text(&t->term, INK_GOOD, term_glyph(&t->term, GLYPH_HOLDS));
    term_spaces(&t->term, is_answer ? MARK - 1 : MARK);
    at += sweep_table_values(t, i);
    if (has_figures(point))
        print_figures(t, point);
    else
        print_failure(t, point, at);
    out_text(t->term.out, "\n");
}

void sweep_table_rows(const struct sweep_table *t, uint32_t group)
{
    const struct sweep_points *p = &t->shown->points;

    print_headings(t);
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group == group)
            print_row(t, i);
    }
}

/* Where the time of a call goes, point by point: bars of what it waited, ran and took to return, of
 * each run the average over its calls, and of these the median, so that one slow run moves no bar.
 * To one scale, so that one sees what becomes of the waiting when there is more to work with.
 *
 * Main thread; nothing is allocated. */
#include <math.h>
#include <stdio.h>

#include "output/table_sweep.h"

enum { PARTS = 3, INDENT = 2, WIDTH_LEAST = 10, WIDTH_MOST = 100, TOTAL_COLUMNS = 10 };
enum { LEGEND_COLUMNS = 54, LEGEND_ALL_COLUMNS = 75 };

static const struct {
    enum glyph glyph;
    enum ink ink;
    const char *name;
} parts[PARTS] = {
    {GLYPH_WAIT, INK_WAIT, "waited"},
    {GLYPH_RUN, INK_LANE, "ran"},
    {GLYPH_RETURN, INK_FAINT, "returned"},
};

/* False when it is not known how long a call waited and ran. That of its return alone may be
 * missing (what the operating system tells of no end): the bar is then without it. */
static bool parts_of(const struct sweep_point *point, double ns[PARTS])
{
    ns[0] = point->waited_mean_ns.median;
    ns[1] = point->ran_mean_ns.median;
    ns[2] = isnan(point->returned_mean_ns.median) ? 0 : point->returned_mean_ns.median;
    return !isnan(ns[0]) && !isnan(ns[1]);
}

static double longest(const struct sweep_points *p, uint32_t group)
{
    double most = 0, ns[PARTS];

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group == group && parts_of(&p->list[i], ns))
            most = fmax(most, ns[0] + ns[1] + ns[2]);
    }
    return most;
}

/* Ends are rounded, not lengths, so that the whole is as long as it should be. */
static size_t print_bar(const struct sweep_table *t, const double ns[PARTS], double columns_per_ns)
{
    double sum = 0;
    size_t at = 0;

    for (int part = 0; part < PARTS; part++) {
        size_t end;

        sum += ns[part];
        end = (size_t)(sum * columns_per_ns + 0.5);
        if (part + 1 == PARTS && end == 0)
            end = 1; /* something is there */
        if (end > at)
            term_ink(&t->term, parts[part].ink);
        for (; at < end; at++)
            out_text(t->term.out, term_glyph(&t->term, parts[part].glyph));
    }
    term_ink(&t->term, INK_PLAIN);
    return at;
}

static void print_legend(const struct sweep_table *t)
{
    term_spaces(&t->term, INDENT);
    for (int part = 0; part < PARTS; part++) {
        term_text(&t->term, parts[part].ink, term_glyph(&t->term, parts[part].glyph));
        out_text(t->term.out, " ");
        term_text(&t->term, INK_FAINT, parts[part].name);
        term_spaces(&t->term, 2);
    }
    if (t->term.columns >= LEGEND_COLUMNS)
        term_text(&t->term, INK_FAINT, "of a call, on average");
    if (t->term.columns >= LEGEND_ALL_COLUMNS)
        term_text(&t->term, INK_FAINT, "; medians of the runs");
    out_text(t->term.out, "\n");
}

static void print_row(const struct sweep_table *t, uint32_t i, double columns_per_ns)
{
    const struct sweep_point *point = &t->shown->points.list[i];
    char text[SWEEP_CELL_BYTES];
    double ns[PARTS];

    term_spaces(&t->term, INDENT);
    sweep_table_values(t, i);
    if (parts_of(point, ns)) {
        print_bar(t, ns, columns_per_ns);
        out_text(t->term.out, " ");
        term_text(&t->term, INK_FAINT, sweep_table_duration(t, text, ns[0] + ns[1] + ns[2]));
    } else {
        term_text(&t->term, INK_FAINT, "-");
    }
    out_text(t->term.out, "\n");
}

void sweep_table_bars(const struct sweep_table *t, uint32_t group)
{
    const struct sweep_points *p = &t->shown->points;
    double most = longest(p, group);
    size_t taken = INDENT + TOTAL_COLUMNS, width;

    if (!(most > 0))
        return;
    for (unsigned axis = 0; axis < p->sweep->axis_count; axis++)
        taken += t->axes[axis] > 0 ? t->axes[axis] + 2 : 0;
    width = t->term.columns > taken + WIDTH_LEAST ? t->term.columns - taken : WIDTH_LEAST;
    if (width > WIDTH_MOST)
        width = WIDTH_MOST;
    out_text(t->term.out, "\n");
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group == group)
            print_row(t, i, (double)width / most);
    }
    print_legend(t);
}

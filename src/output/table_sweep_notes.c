/* What stands under the rows of a sweep: what their signs mean, and which runs lie far off.
 *
 * Main thread; nothing is allocated. */
#include <inttypes.h>
#include <stdio.h>

#include "output/table_sweep.h"

enum { OUTLIERS_MOST = 3 };

/* --- What the signs mean --- */

static bool any_verdict(const struct sweep_table *t, enum sweep_verdict a, enum sweep_verdict b)
{
    const struct sweep_points *p = &t->shown->points;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].value.count > 0 && (p->list[i].verdict == a || p->list[i].verdict == b))
            return true;
    }
    return false;
}

static bool any_answer(const struct sweep_table *t)
{
    const struct sweep_answers *a = &t->shown->answers;

    for (uint32_t g = 0; g < a->count; g++) {
        if (a->list[g].recommended != SWEEP_NO_POINT)
            return true;
    }
    return false;
}

/* Of those that stand there alone; once, under the first group. */
static void print_legend(const struct sweep_table *t)
{
    size_t at = 2;

    if (t->columns[SWEEP_COLUMN_RELATIVE] == 0 || t->shown->points.count < 2)
        return;
    term_spaces(&t->term, at);
    term_wrap(&t->term, INK_FAINT, &at, 2, "to best: median ratio, round by round");
    if (any_verdict(t, SWEEP_EQUAL, SWEEP_EQUAL))
        term_wrap(&t->term, INK_FAINT, &at, 2, "; = as good");
    if (any_verdict(t, SWEEP_UNDECIDED, SWEEP_TOO_FEW))
        term_wrap(&t->term, INK_FAINT, &at, 2, "; ? not known");
    if (t->columns[SWEEP_COLUMN_CPUS] > 0)
        term_wrap(&t->term, INK_FAINT, &at, 2, "; CPUs: uvlab's");
    if (any_answer(t)) {
        term_wrap(&t->term, INK_FAINT, &at, 2, ";");
        term_wrap_word(&t->term, INK_FAINT, &at, 2, term_glyph(&t->term, GLYPH_HOLDS));
        term_wrap_word(&t->term, INK_FAINT, &at, 2, "the answer");
    }
    out_text(t->term.out, "\n");
}

/* --- What lies far off --- */

static void print_outliers(const struct sweep_table *t, uint32_t i)
{
    const struct sweep *s = t->shown->sweep;
    const struct sweep_point *point = &t->shown->points.list[i];
    char name[200], text[SWEEP_CELL_BYTES], piece[2 * SWEEP_CELL_BYTES];
    size_t at = 2;

    term_spaces(&t->term, at);
    term_wrap(&t->term, INK_PLAIN, &at, 4,
              s->axis_count == 0 ? "runs" : sweep_point_name(s, i, name, sizeof name));
    term_wrap(&t->term, INK_PLAIN, &at, 4, ":");
    for (uint32_t k = 0; k < point->outlier_count && k < OUTLIERS_MOST; k++) {
        const struct sweep_run *run = &s->runs[point->outliers[k]];

        snprintf(piece, sizeof piece, "%s in round %" PRIu32 "%s",
                 sweep_table_duration(t, text, sweep_run_value(s, run)), run->round + 1,
                 k + 1 < point->outlier_count ? "," : "");
        term_wrap_word(&t->term, INK_PLAIN, &at, 4, piece);
    }
    if (point->outlier_count > OUTLIERS_MOST) {
        snprintf(piece, sizeof piece, "and %" PRIu32 " more", point->outlier_count - OUTLIERS_MOST);
        term_wrap_word(&t->term, INK_PLAIN, &at, 4, piece);
    }
    out_text(t->term.out, "\n");
}

void sweep_table_notes(const struct sweep_table *t, uint32_t group)
{
    const struct sweep_points *p = &t->shown->points;
    bool any = false;

    if (group == 0)
        print_legend(t);
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].group != group || p->list[i].outlier_count == 0)
            continue;
        if (!any) {
            size_t at = 0;
            out_text(t->term.out, "\n");
            term_wrap(&t->term, INK_DOUBT, &at, 2, "outliers,");
            term_wrap_word(&t->term, INK_FAINT, &at, 2,
                           "far from the other runs of their point, and part of its figures:");
            out_text(t->term.out, "\n");
        }
        any = true;
        print_outliers(t, i);
    }
}

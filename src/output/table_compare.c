/* A comparison for people, in 80 columns or fewer: what is compared, in what it differs besides its
 * figures, a row per figure, and what follows from that in words. Names, keys and values come from
 * files; all of it passes term.c, which lets nothing through that could drive a terminal. Main
 * thread. */
#include "output/table_compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum {
    VERDICT_COLUMNS = 12,
    FILE_COLUMNS = 32,
    BESIDE_FILE_COLUMNS = 26, /* its letter, "  10 runs, interrupted" */
    STAMP_COLUMNS = 19,
    CELL_BYTES = COMPARE_TEXT_BYTES * 2,
};

/* What a row has room for. The widths are those of a median of each side and of the difference. */
struct layout {
    size_t least; /* columns of the whole */
    size_t side;  /* 0: the medians are left out */
    size_t change;
    bool side_interval, change_interval;
};

/* The widest that fits behind a name of so many columns; the last one always does. */
static const struct layout *layout_of(const struct term *t, size_t name_columns)
{
    size_t columns = t->columns + COMPARE_NAME_COLUMNS;
    static const struct layout layouts[] = {
        {78, 14, 20, true, true},
        {68, 9, 20, false, true},
        {58, 9, 10, false, false},
        {0, 0, 10, false, false},
    };
    const struct layout *l = layouts;
    while (l->least > 0 && l->least + name_columns > columns)
        l++;
    return l;
}

/* A duration with how far the interval of its median goes, as a part of it. */
static void side_text(const struct term *t, const struct layout *l,
                      const struct comparison_side *side, char cell[CELL_BYTES])
{
    char duration[UNITS_TEXT_BYTES];
    double down = side->median - side->interval.low, up = side->interval.high - side->median;
    double part = (down > up ? down : up) / side->median * 100;
    uint64_t ns = side->median < 1.8e19 ? (uint64_t)(side->median + 0.5) : UINT64_MAX;
    units_format_duration(duration, ns, term_micro(t));
    if (!l->side_interval || !side->interval.known || !isfinite(part))
        snprintf(cell, CELL_BYTES, "%s", duration);
    else if (part > 100)
        snprintf(cell, CELL_BYTES, "%s >100%%", duration);
    else
        snprintf(cell, CELL_BYTES, part < 9.95 ? "%s %s%.1f%%" : "%s %s%.0f%%", duration,
                 t->unicode ? "\302\261" : "+-", part);
}

static void change_text(const struct layout *l, const struct comparison_metric *m,
                        char cell[CELL_BYTES])
{
    char by[COMPARE_TEXT_BYTES], low[COMPARE_TEXT_BYTES], high[COMPARE_TEXT_BYTES];
    const struct interval *i = &m->bootstrap.ratio;
    if (!isfinite(m->ratio))
        snprintf(cell, CELL_BYTES, "-");
    else if (!i->known || !l->change_interval)
        snprintf(cell, CELL_BYTES, "%s%%", compare_percent(by, m->ratio));
    else
        snprintf(cell, CELL_BYTES, "%.30s%% (%.30s..%.30s)", compare_percent(by, m->ratio),
                 compare_percent(low, i->low), compare_percent(high, i->high));
}

static enum ink verdict_ink(const struct comparison_metric *m)
{
    switch (m->verdict) {
    case COMPARISON_SLOWER:
        return INK_BAD;
    case COMPARISON_FASTER:
        return INK_GOOD;
    case COMPARISON_TOO_FEW:
    case COMPARISON_NOT_CERTAIN:
        return INK_DOUBT;
    default:
        return INK_PLAIN;
    }
}

void compare_put_row(const struct term *t, const struct comparison_metric *m, const char *name,
                     size_t name_columns)
{
    const struct layout *l = layout_of(t, name_columns);
    char cell[CELL_BYTES];
    term_cell(t, INK_PLAIN, name, name_columns, ALIGN_LEFT);
    if (l->side > 0) {
        side_text(t, l, &m->base, cell);
        term_cell(t, INK_PLAIN, cell, l->side, ALIGN_RIGHT);
        term_spaces(t, 1);
        side_text(t, l, &m->other, cell);
        term_cell(t, INK_PLAIN, cell, l->side, ALIGN_RIGHT);
        term_spaces(t, 2);
    }
    change_text(l, m, cell);
    term_cell(t, INK_PLAIN, cell, l->change, ALIGN_RIGHT);
    term_spaces(t, 2);
    term_cell(t, verdict_ink(m), comparison_verdict_names[m->verdict], VERDICT_COLUMNS, ALIGN_LAST);
    out_text(t->out, "\n");
}

static void put_row(const struct term *t, const struct comparison_metric *m)
{
    char name[CELL_BYTES];
    snprintf(name, sizeof name, "%s%s", m->kind != NULL ? "  " : "", m->name);
    compare_put_row(t, m, name, COMPARE_NAME_COLUMNS);
}

void compare_put_heading(const struct term *t, size_t index, size_t name_columns)
{
    const struct layout *l = layout_of(t, name_columns);
    term_spaces(t, name_columns);
    if (l->side > 0) {
        term_cell(t, INK_STRONG, "A", l->side, ALIGN_RIGHT);
        term_spaces(t, 1);
        term_cell(t, INK_STRONG, compare_letter(index), l->side, ALIGN_RIGHT);
        term_spaces(t, 2);
    }
    term_cell(t, INK_STRONG, "difference", l->change, ALIGN_RIGHT);
    out_text(t->out, "\n");
}

/* The end of a name says more than its beginning. Returns cell. */
static const char *cut_name(char cell[FILE_COLUMNS + 1], const char *name, size_t columns)
{
    size_t length = strlen(name);
    const char *from = name + (length > columns ? length - (columns - 3) : 0);
    while ((*from & 0xc0) == 0x80) /* within a character of UTF-8 */
        from++;
    snprintf(cell, FILE_COLUMNS + 1, "%s%s", from > name ? "..." : "", from);
    return cell;
}

/* Which results the rows below compare, where there are several tables: "'b.json' (B) against
 * 'a.json' (A)". */
static void put_pair(const struct term *t, const struct compare_view *v, size_t index)
{
    char other[FILE_COLUMNS + 1], base[FILE_COLUMNS + 1], line[2 * FILE_COLUMNS + 40];
    size_t at = 0;
    if (v->result_count == 2)
        return;
    snprintf(line, sizeof line, "'%s' (%s) against '%s' (A)",
             cut_name(other, v->results[index].name, FILE_COLUMNS), compare_letter(index),
             cut_name(base, v->results[0].name, FILE_COLUMNS));
    term_wrap(t, INK_STRONG, &at, 0, line);
    out_text(t->out, "\n");
}

/* Whose calls the rows below are, where that changes. */
static void put_kind(const struct term *t, const struct comparison_metric *m,
                     const struct comparison_metric *before)
{
    size_t at = 0;
    if (m->kind == NULL || (before != NULL && before->kind != NULL &&
                            strcmp(before->kind, m->kind) == 0 && before->of_calls == m->of_calls))
        return;
    term_wrap(t, INK_STRONG, &at, 0, m->kind);
    term_wrap(t, INK_FAINT, &at, 0, m->of_calls ? ", every call" : ", the middle call of each run");
    out_text(t->out, "\n");
}

void compare_put_wrapped(const struct term *t, enum ink ink, const char *name, size_t indent,
                         const char *s)
{
    size_t at = indent;
    term_cell(t, INK_PLAIN, name, indent, ALIGN_LEFT);
    term_wrap(t, ink, &at, indent, s);
    out_text(t->out, "\n");
}

/* The rows of two results. */
static void put_rows(const struct term *t, const struct comparison *c)
{
    for (size_t i = 0; i < c->metric_count; i++) {
        put_kind(t, &c->metrics[i], i > 0 ? &c->metrics[i - 1] : NULL);
        put_row(t, &c->metrics[i]);
    }
}

static int put_conclusion(const struct term *t, const struct compare_view *v, size_t index,
                          struct err *e)
{
    bool slower = comparison_set_is_slower(&v->sets[index - 1]);
    struct text conclusion = TEXT_EMPTY;
    int rc = 0;
    if (v->results[0].sweep != NULL)
        compare_conclude_sweeps(v, index, term_micro(t), &conclusion);
    else
        compare_conclude(v, index, term_micro(t), &conclusion);
    out_text(t->out, "\n");
    if (text_ok(&conclusion))
        compare_put_wrapped(t, slower ? INK_BAD : INK_STRONG, "", 0, text_get(&conclusion));
    else
        rc = err_no_memory(e, "the table");
    text_free(&conclusion);
    return rc;
}

/* What two sweeps differ in besides their figures is the same for all of their points. */
static int put_set(const struct term *t, const struct compare_view *v, size_t index, struct err *e)
{
    const struct comparison *c = v->sets[index - 1].items;
    out_text(t->out, "\n");
    put_pair(t, v, index);
    if (compare_put_changes(t, "parameters", &c->parameters, e) != 0 ||
        compare_put_changes(t, "environment", &c->environment, e) != 0)
        return -1;
    if (c->parameters.count + c->environment.count > 0)
        out_text(t->out, "\n");
    if (c->point != NULL) {
        compare_put_points(t, &v->sets[index - 1], index);
    } else {
        compare_put_heading(t, index, COMPARE_NAME_COLUMNS);
        put_rows(t, c);
    }
    if (put_conclusion(t, v, index, e) != 0)
        return -1;
    if (c->point != NULL)
        compare_put_recommended(t, v, index);
    return 0;
}

/* "2026-11-30 01:50:35", if it is as uvlab writes it. */
static void put_stamp(const struct term *t, const char *started_at)
{
    char stamp[RESULT_STAMP_BYTES];
    snprintf(stamp, sizeof stamp, "%s", started_at);
    if (strlen(stamp) > STAMP_COLUMNS && stamp[10] == 'T' && stamp[STAMP_COLUMNS] == '.') {
        stamp[10] = ' ';
        stamp[STAMP_COLUMNS] = '\0';
    }
    term_cell(t, INK_FAINT, stamp, STAMP_COLUMNS, ALIGN_LEFT);
}

static void put_result(const struct term *t, const struct compare_view *v, size_t index)
{
    const struct result_file *f = &v->results[index];
    size_t columns = t->columns - BESIDE_FILE_COLUMNS;
    bool stamp = columns >= FILE_COLUMNS + STAMP_COLUMNS;
    char runs[80], name[FILE_COLUMNS + 1];
    snprintf(runs, sizeof runs, "  %zu run%s%s", f->run_count, f->run_count == 1 ? "" : "s",
             f->interrupted ? ", interrupted" : "");
    term_cell(t, INK_STRONG, compare_letter(index), 3, ALIGN_LEFT);
    if (columns > FILE_COLUMNS)
        columns = FILE_COLUMNS;
    term_cell(t, INK_PLAIN, cut_name(name, f->name, columns), columns, ALIGN_LEFT);
    if (stamp) {
        term_spaces(t, 2);
        put_stamp(t, f->started_at);
    }
    term_text(t, INK_PLAIN, runs);
    out_text(t->out, "\n");
}

static void put_head(const struct term *t, const struct compare_view *v)
{
    char line[RESULT_WORD_BYTES + 120];
    size_t at = 0;
    snprintf(line, sizeof line,
             "%s: %zu %s; medians, and intervals that hold them at %.6g %% confidence",
             v->results[0].experiment, v->result_count,
             v->results[0].sweep != NULL ? "sweeps" : "results", v->terms->confidence * 100);
    term_wrap(t, INK_STRONG, &at, 0, line);
    out_text(t->out, "\n\n");
    for (size_t i = 0; i < v->result_count; i++)
        put_result(t, v, i);
}

static void put_warning(const struct term *t, const char *whose, const char *text)
{
    char line[600];
    snprintf(line, sizeof line, "%s%s", whose, text);
    compare_put_wrapped(t, INK_DOUBT, "warning:", 9, line);
}

static void put_warnings(const struct term *t, const struct compare_view *v)
{
    bool any = v->warning_count > 0;
    for (size_t i = 0; i < v->result_count; i++)
        any |= v->results[i].warning_count > 0;
    if (any)
        out_text(t->out, "\n");
    for (size_t i = 0; i < v->warning_count; i++)
        put_warning(t, "", v->warnings[i]);
    for (size_t i = 0; i < v->result_count; i++) {
        char whose[8];
        snprintf(whose, sizeof whose, "%s: ", compare_letter(i));
        for (size_t k = 0; k < v->results[i].warning_count; k++)
            put_warning(t, whose, v->results[i].warnings[k]);
    }
}

int compare_table(const struct compare_view *v, const struct view_style *style, struct out *o,
                  struct err *e)
{
    const struct term t = term_make(style, o);
    put_head(&t, v);
    for (size_t i = 1; i < v->result_count; i++)
        if (put_set(&t, v, i, e) != 0)
            return -1;
    put_warnings(&t, v);
    return 0;
}

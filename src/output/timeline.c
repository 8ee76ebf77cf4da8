/* The timeline: a run as a picture. A row per call shows how long it waited, ran, and stayed away
 * from the loop; a row per thread (timeline_lanes.c) shows who worked when. Bars of different
 * threads have different colours, so that the call that waited is seen to follow, in colour too,
 * the one that it waited for.
 *
 * Main thread. The order of the rows is allocated while the picture is drawn. */
#include "output/timeline.h"

#include <stdio.h>

#include "output/table.h"

/* Of too many calls the first and the last are drawn. */
enum { LAST_ROWS = 8, DEPTH_MOST = 8 };
enum { NAME_BYTES = SPAN_TEXT_BYTES + 2 * DEPTH_MOST };

uint64_t timeline_end_ns(const struct timeline *t, const struct span *s)
{
    if (s->finished_ns != SPAN_UNKNOWN)
        return s->finished_ns;
    return s->called_back_ns != SPAN_UNKNOWN ? s->called_back_ns : t->end_ns;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return b != SPAN_UNKNOWN && b > a ? b : a;
}

static uint64_t latest_ns(const struct run *run)
{
    uint64_t latest = 1;
    struct span s;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        latest = later(latest, s.submitted_ns);
        latest = later(latest, s.started_ns);
        latest = later(latest, s.finished_ns);
        latest = later(latest, s.called_back_ns);
    }
    return latest;
}

/* The mark of the callback, not before column `from`, with the way there. */
static void draw_return(struct timeline *t, struct canvas *c, const struct span *s, size_t from)
{
    size_t column;

    if (span_is_phase(s)) {
        if (s->status != SPAN_OK)
            canvas_fill(t, c, from, from + 1, GLYPH_FAILED, INK_BAD);
        return;
    }
    if (s->called_back_ns == SPAN_UNKNOWN) {
        canvas_open(t, c, from);
        return;
    }
    column = timeline_column(t, s->called_back_ns);
    if (column < from)
        column = from;
    canvas_fill(t, c, from, column, GLYPH_RETURN, INK_FAINT);
    if (s->status == SPAN_OK)
        canvas_fill(t, c, column, column + 1, GLYPH_BACK, INK_STRONG);
    else
        canvas_fill(t, c, column, column + 1, GLYPH_FAILED, INK_BAD);
}

/* A call that nothing was seen to work on: cancelled in the queue, still in it, or one that only
 * ever was a callback. */
static void draw_not_started(struct timeline *t, struct canvas *c, const struct span *s)
{
    bool called_back = s->called_back_ns != SPAN_UNKNOWN;
    bool waited = !called_back || (s->kind->traits & SPAN_POOLED) != 0 || s->status != SPAN_OK;
    size_t end = t->width;

    if (called_back)
        end = timeline_column(t, s->called_back_ns);
    else if (span_is_phase(s))
        end = timeline_column(t, timeline_end_ns(t, s));
    if (waited && s->submitted_ns != SPAN_UNKNOWN)
        canvas_fill(t, c, timeline_column(t, s->submitted_ns), end, GLYPH_WAIT, INK_WAIT);
    if (called_back || s->submitted_ns != SPAN_UNKNOWN)
        draw_return(t, c, s, end);
}

static void draw_call(struct timeline *t, struct canvas *c, const struct span *s)
{
    uint64_t end_ns = timeline_end_ns(t, s);
    size_t begin, end;

    canvas_clear(t, c);
    if (s->started_ns == SPAN_UNKNOWN) {
        draw_not_started(t, c, s);
        return;
    }
    begin = end_ns > s->started_ns ? timeline_bar_column(t, s->started_ns)
                                   : timeline_column(t, s->started_ns);
    end = begin;
    if (s->submitted_ns < s->started_ns)
        canvas_fill(t, c, timeline_column(t, s->submitted_ns), begin, GLYPH_WAIT, INK_WAIT);
    if (end_ns > s->started_ns)
        end = canvas_bar(t, c, s->started_ns, end_ns, GLYPH_RUN, term_lane_ink(s->lane));
    if (s->status != SPAN_OK || table_is_callback(s))
        draw_return(t, c, s, end);
}

static char *row_name(char buf[NAME_BYTES], const struct span *s, unsigned depth)
{
    char name[SPAN_TEXT_BYTES];
    int indent = 2 * (int)(depth < DEPTH_MOST ? depth : DEPTH_MOST);
    snprintf(buf, NAME_BYTES, "%*s%s", indent, "", span_name(s, name));
    return buf;
}

/* Without the parts of calls, where these do not fit. */
static int make_order(struct table_order *order, const struct timeline *t, uint32_t *parts,
                      struct err *e)
{
    uint32_t all;

    *parts = 0;
    if (table_order_make(order, t->run, true, e) != 0)
        return -1;
    if (t->all_rows || order->count <= TIMELINE_ROWS_MOST)
        return 0;
    all = order->count;
    table_order_free(order);
    if (table_order_make(order, t->run, false, e) != 0)
        return -1;
    *parts = all - order->count;
    return 0;
}

/* Whether a row is among those that are drawn, when there are too many. The line that tells of
 * others takes a row itself, so a single one is not left out for it. */
static bool row_drawn(const struct timeline *t, const struct table_order *order, uint32_t row)
{
    return t->all_rows || order->count <= TIMELINE_ROWS_MOST + 1 ||
           row < TIMELINE_ROWS_MOST - LAST_ROWS || row >= order->count - LAST_ROWS;
}

static void divide(struct timeline *t, const struct table_order *order)
{
    size_t left = 0, right = 0;
    char name[NAME_BYTES], lane[SPAN_TEXT_BYTES];
    struct span s;

    for (uint32_t row = 0; row < order->count; row++) {
        size_t wide;
        if (!row_drawn(t, order, row))
            continue;
        recorder_get(&t->run->recorder, order->rows[row].index, &s);
        wide = term_columns(&t->term, row_name(name, &s, order->rows[row].depth));
        left = wide > left ? wide : left;
        wide = term_columns(&t->term, span_lane_name(s.lane, lane));
        right = wide > right ? wide : right;
    }
    timeline_divide(t, left, right);
}

static int draw_calls(struct timeline *t, struct err *e)
{
    struct table_order order;
    struct canvas canvas;
    char name[NAME_BYTES], lane[SPAN_TEXT_BYTES];
    bool all_before = true;
    uint32_t parts;

    if (make_order(&order, t, &parts, e) != 0)
        return -1;
    divide(t, &order);
    timeline_axis(t);
    for (uint32_t row = 0; row < order.count; row++) {
        struct span s;
        if (!row_drawn(t, &order, row)) {
            if (all_before)
                timeline_left_out(t, order.count - TIMELINE_ROWS_MOST, "call", "calls");
            all_before = false;
            continue;
        }
        recorder_get(&t->run->recorder, order.rows[row].index, &s);
        draw_call(t, &canvas, &s);
        canvas_print(t, &canvas, row_name(name, &s, order.rows[row].depth),
                     span_lane_name(s.lane, lane), term_lane_ink(s.lane));
    }
    table_order_free(&order);
    if (parts > 0)
        timeline_left_out(t, parts, "part of a call", "parts of these calls");
    timeline_legend(t);
    return 0;
}

int view_timeline(const struct run *run, const struct view_style *style, struct out *o,
                  struct err *e)
{
    struct timeline t = {.run = run, .term = term_make(style, o), .all_rows = style->all_rows};

    if (run->recorder.count == 0)
        return 0;
    t.end_ns = latest_ns(run);
    return style->by_lane ? timeline_lanes(&t, e) : draw_calls(&t, e);
}

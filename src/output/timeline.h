/* The parts of the timeline, between its files: timeline.c (a row per call), timeline_lanes.c (a
 * row per thread), timeline_draw.c (time to columns, the axis, one row of cells). */
#ifndef UVLAB_OUTPUT_TIMELINE_H
#define UVLAB_OUTPUT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "measure/run.h"
#include "output/term.h"

/* A timeline with more rows than this leaves some out, unless all are asked for. */
enum { TIMELINE_ROWS_MOST = VIEW_ROWS_MOST };

/* Where everything is: names on the left, time in the middle, a note on the right. */
struct timeline {
    const struct run *run;
    struct term term;
    bool all_rows;
    size_t left, width; /* columns of the names, and of end_ns */
    uint64_t end_ns;    /* the latest instant that is known; at least 1 */
    unsigned used;      /* glyphs that were drawn (1 << enum glyph), for the legend */
    bool used_open;
};

/* Where the bar of a call that has started ends: where the call did, as far as that is known. */
uint64_t timeline_end_ns(const struct timeline *t, const struct span *s);

/* Divides the terminal's columns; `left` and `right` are what names and notes take at most. */
void timeline_divide(struct timeline *t, size_t left, size_t right);

/* One row of the picture: a cell for each column of time, and one behind them for what comes after
 * the end. */
struct canvas {
    struct canvas_cell {
        char text[TERM_CHARACTER_BYTES];
        unsigned char ink;
    } cells[TERM_COLUMNS_MOST + 1];
};

void canvas_clear(const struct timeline *t, struct canvas *c);
/* Fills the columns from `from` up to but not including `to`. */
void canvas_fill(struct timeline *t, struct canvas *c, size_t from, size_t to, enum glyph g,
                 enum ink ink);
/* A running bar from one instant to another; at least one column, and with Unicode as exact as an
 * eighth of a column at its end. Returns the first column behind it. */
size_t canvas_bar(struct timeline *t, struct canvas *c, uint64_t from_ns, uint64_t to_ns,
                  enum glyph g, enum ink ink);
/* "?": here the picture ends, not the call. */
void canvas_open(struct timeline *t, struct canvas *c, size_t column);
/* Writes a name into the columns from `from` up to `to`, if it fits there. */
void canvas_name(const struct timeline *t, struct canvas *c, size_t from, size_t to,
                 const char *name, enum ink ink);
void canvas_print(const struct timeline *t, const struct canvas *c, const char *name,
                  const char *note, enum ink note_ink);

/* The column in which an instant lies, and that in which a bar begins that begins then. */
size_t timeline_column(const struct timeline *t, uint64_t ns);
size_t timeline_bar_column(const struct timeline *t, uint64_t ns);

void timeline_axis(const struct timeline *t);
void timeline_legend(const struct timeline *t);
/* "... 960 calls left out (--all draws them)", from 960 and "call" */
void timeline_left_out(const struct timeline *t, uint32_t count, const char *one, const char *many);

/* timeline_lanes.c. Fails when memory is short. */
int timeline_lanes(struct timeline *t, struct err *e);

#endif

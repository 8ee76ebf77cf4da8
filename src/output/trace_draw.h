/* Drawing the spans of a result as trace events; used by trace.c alone, which says what is drawn.
 */
#ifndef UVLAB_OUTPUT_TRACE_DRAW_H
#define UVLAB_OUTPUT_TRACE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "output/out.h"
#include "output/trace_events.h"

/* The slices that a call can have side by side; with run and span they make an id. */
enum trace_slice { SLICE_WAITED, SLICE_RAN, SLICE_RETURNED, SLICE_PENDING, SLICES };

/* So many slices of a sort are drawn side by side, as every one of them needs a row. Thousands of
 * rows are no picture, and chrome://tracing takes minutes to lay them out. */
enum { ROWS_MOST = 100 };

/* Of a run: the rows that are taken, and for each span a bit for each slice that was drawn. */
struct trace_rows {
    unsigned taken[SLICES];
    uint8_t *drawn;
};

struct tracer {
    const struct result *result;
    struct out *out;
    struct trace_events events;
    struct trace_rows *rows; /* a row for each run */
    uint64_t left_out;       /* slices that had no row */
    bool any;                /* an event was written: the next one needs a comma */
};

/* Opens an event of a phase ("X", "M", ...) on a lane, or at a moment as well; the caller writes
 * what else belongs to it, each member with a comma before it, and closes it with trace_end(). */
void trace_open(struct tracer *t, const char *phase, uint32_t run, int lane);
void trace_open_timed(struct tracer *t, const char *phase, uint32_t run, int lane, uint64_t at_ns);
void trace_end(struct tracer *t);

/* Writes the events that belong to instant number i, which is one of s. */
void trace_draw(struct tracer *t, size_t i, const struct span *s);
/* The event of a worker that was killed. */
void trace_draw_kill(struct tracer *t, const struct trace_event *event);

#endif

/* The views of a sweep: functions of one read-only sweep, as those of a result are of a result. */
#ifndef UVLAB_OUTPUT_SWEEP_VIEW_H
#define UVLAB_OUTPUT_SWEEP_VIEW_H

#include "base/err.h"
#include "measure/sweep_facts.h"
#include "output/out.h"
#include "output/view.h"

/* Writes the sweep to o. `format` is an index into view_names, as a result's is:
 *   table   a row per point, where the time of the calls went, and the answer
 *   json    schema uvlab.sweep/1 (docs/uvlab.sweep-1.schema.json)
 *   ndjson  a line per run: its point's parameters and what the document has of it
 *   csv     a row per run
 *   trace   Chrome trace events: a process per point, each run where it lay in time
 * Of the style only the table takes notice. Works for every state of a sweep, also for one in which
 * nothing has run yet. Errors of writing are o's to remember; -1 with *e filled when memory is
 * short. Main thread. */
int view_sweep(const struct sweep *s, unsigned format, const struct view_style *style,
               struct out *o, struct err *e);

#endif

/* The parts of the table of a comparison, between its files: table_compare.c (results, rows,
 * conclusions), table_compare_sweep.c (points) and table_compare_changes.c (in what else results
 * differ). Main thread. */
#ifndef UVLAB_OUTPUT_TABLE_COMPARE_H
#define UVLAB_OUTPUT_TABLE_COMPARE_H

#include "output/compare.h"
#include "output/term.h"

enum { COMPARE_NAME_COLUMNS = 13 }; /* of what stands in front of a row */

/* The row of a metric, and the line above such, with a name in front. */
void compare_put_row(const struct term *t, const struct comparison_metric *m, const char *name,
                     size_t name_columns);
void compare_put_heading(const struct term *t, size_t index, size_t name_columns);

/* The checked figures of two sweeps, a row for each point; below, which values either recommends.
 */
void compare_put_points(const struct term *t, const struct comparison_set *set, size_t index);
void compare_put_recommended(const struct term *t, const struct compare_view *v, size_t index);

/* A line that begins with `name` in the first `indent` columns and goes on, below itself, with s.
 */
void compare_put_wrapped(const struct term *t, enum ink ink, const char *name, size_t indent,
                         const char *s);

/* "parameters   threads: 2, 4; duration: 2 ms, 4 ms"; nothing where nothing differs. Fails when
 * memory is short. */
int compare_put_changes(const struct term *t, const char *name,
                        const struct comparison_changes *changes, struct err *e);

#endif

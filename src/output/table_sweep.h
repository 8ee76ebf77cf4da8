/* The parts of the table of a sweep, between its files: table_sweep.c (what is shown, the answers),
 * table_sweep_rows.c (a row per point), table_sweep_notes.c (what is under them),
 * table_sweep_bars.c (where the time of calls went). */
#ifndef UVLAB_OUTPUT_TABLE_SWEEP_H
#define UVLAB_OUTPUT_TABLE_SWEEP_H

#include "output/sweep_parts.h"
#include "output/term.h"

/* Columns behind those of the axes. */
enum sweep_column {
    SWEEP_COLUMN_RUNS,
    SWEEP_COLUMN_MEDIAN, /* of what it is judged by */
    SWEEP_COLUMN_INTERVAL,
    SWEEP_COLUMN_RELATIVE,
    SWEEP_COLUMN_RATE,
    SWEEP_COLUMN_WAITED,
    SWEEP_COLUMN_RAN,
    SWEEP_COLUMN_RETURNED,
    SWEEP_COLUMN_CPUS,
    SWEEP_COLUMNS,
};

struct sweep_table {
    const struct sweep_shown *shown;
    struct term term;
    /* Widths; 0: not shown. The same for all groups, so that they stand below each other. */
    size_t axes[SWEEP_AXES_MOST];
    size_t columns[SWEEP_COLUMNS];
};

enum { SWEEP_CELL_BYTES = 80 };

/* A duration for people, "-" when it is NAN. Returns buf. */
char *sweep_table_duration(const struct sweep_table *t, char buf[SWEEP_CELL_BYTES], double ns);

/* Finds the widths: as wide as what stands in them, and fewer columns where that is too wide. */
void sweep_table_measure(struct sweep_table *t);
/* The rows of a group, with a heading. */
void sweep_table_rows(const struct sweep_table *t, uint32_t group);
/* Under them: under those of the first group what the signs of all mean, and what lies far off. */
void sweep_table_notes(const struct sweep_table *t, uint32_t group);
/* Prints the values of the point, as in its row. Returns how wide that was. */
size_t sweep_table_values(const struct sweep_table *t, uint32_t point);

/* A bar per point: what a call waited, ran and took to return, on average, in the median of the
 * runs. Nothing where that is not known of any point of the group. */
void sweep_table_bars(const struct sweep_table *t, uint32_t group);

#endif

/* The parts of the table view, between its files: table.c (what is shown at all), table_head.c (the
 * question and the setting), table_rows.c (a row per call), table_foot.c (what the rows add up to,
 * warnings, claims). */
#ifndef UVLAB_OUTPUT_TABLE_H
#define UVLAB_OUTPUT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/stats.h"
#include "base/err.h"
#include "base/units.h"
#include "measure/result.h"
#include "output/term.h"
#include "output/view.h"

struct table {
    const struct result *result;
    const struct view_style *style;
    struct term term;
};

/* A run without a pass counts as measured. */
enum pass_role table_role(const struct run *run);

/* A duration for people, on this terminal; "-" when it is unknown. Returns buf. */
char *table_duration(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns);

/* The same with a unit of at least two columns, so that the digits of a column stand below each
 * other. */
char *table_duration_aligned(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns);

/* An instant, more exactly than a duration: how two of them differ is what is looked for. */
char *table_instant(const struct table *t, char buf[UNITS_TEXT_BYTES], uint64_t ns);

/* What the runs of the same pass as `alike` took, where known: those that are whole, or, when it
 * was interrupted, those that were. Fails when memory is short. */
int table_elapsed(const struct table *t, const struct run *alike, struct stats *stats,
                  struct err *e);

/* The line above the rows of a run, the `number`-th of its pass: which one it is, and how long it
 * took; nothing for a measured run that is the only one. */
void table_run_heading(const struct table *t, const struct run *run, uint32_t number);

/* table_head.c: the question, the setting, and the options that are not at their defaults.
 * Fails when memory is short. */
int table_head(const struct table *t, struct err *e);
/* " (--jobs 1)": the parameter in which the runs of a pass differ from the others; else nothing.
 * Written into buf, which is returned. */
enum { TABLE_OVERRIDE_BYTES = 480 };
const char *table_override(const struct table *t, const struct pass *pass,
                           char buf[TABLE_OVERRIDE_BYTES]);

/* Whether the loop called it back by itself: of a part of a call that the operating system worked
 * on, whoever made the call (libcurl) tells afterwards. */
static inline bool table_is_callback(const struct span *s)
{
    return s->called_back_ns != SPAN_UNKNOWN && (s->kind->traits & SPAN_REMOTE_ALL) == 0 &&
           (s->parent == SPAN_NONE || s->lane != LANE_OS);
}

/* table_order.c: which call comes in which row of its run, and how deep below the call that it is
 * a part of. */
struct table_order {
    struct {
        uint32_t index; /* of the span */
        unsigned depth;
    } * rows;
    uint32_t count;
};
/* Without `parts` only the calls themselves are in it. Fails when memory is short. */
int table_order_make(struct table_order *order, const struct run *run, bool parts, struct err *e);
void table_order_free(struct table_order *order);

/* For each span of the run whether others are parts of it (1) or not (0); the caller frees it with
 * mem_free(). NULL when memory is short. */
uint8_t *table_wholes(const struct run *run);
/* table_waits.c: the call that ran on the thread of call `index` before it, and had not left it yet
 * when that one was submitted: what it waited for. SPAN_NONE when there is none, when a thread was
 * free for it all the while, or when there are too many calls to look. */
uint32_t table_waited_for(const struct run *run, uint32_t index);
/* The fact about them in the foot: how many waited, and which waited longest. */
void table_waits(const struct table *t, const struct run *run);

/* table_rows.c: a row per call, and with `parts` per part of a call, of every run that `listed`
 * chooses, run by run, the measured ones first. Fails when memory is short. */
typedef bool (*table_listed)(const struct table *t, const struct run *run);
int table_rows(const struct table *t, table_listed listed, bool parts, struct err *e);

/* table_cells.c: the text of a column of call `s`, which is `depth` below the call that it is a
 * part of. */
enum { TABLE_CELL_BYTES = SPAN_TEXT_BYTES + 16 };
void table_cell(const struct table *t, const struct run *run, const struct span *s, unsigned depth,
                enum column column, char buf[TABLE_CELL_BYTES]);

/* table_cluster.c: what the workers of a cluster had and used; nothing for other experiments. Fails
 * when memory is short. */
int table_cluster(const struct table *t, struct err *e);

/* table_blocking.c: slow work at several places; nothing for other experiments. Fails when memory
 * is short. */
int table_blocking(const struct table *t, struct err *e);

/* table_load.c: what a load came to; nothing for other experiments. Fails when memory is short. */
int table_load(const struct table *t, struct err *e);

/* table_failures.c: what went wrong, and how often. */
void table_failures(const struct table *t);

/* table_foot.c */
/* Facts have a name in the first columns, and continue below their text. */
enum { TABLE_FACT_INDENT = 10 };
/* A fact of the foot: its name, and what is said of it. */
void table_say_fact(const struct table *t, const char *name, const char *text);
int table_facts(const struct table *t, struct err *e);
void table_warnings(const struct table *t);
void table_claims(const struct table *t);

#endif

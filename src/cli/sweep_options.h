/* The command line of a sweep: the options of its experiment, of which most may have several
 * values, and its own. */
#ifndef UVLAB_CLI_SWEEP_OPTIONS_H
#define UVLAB_CLI_SWEEP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "base/words.h"
#include "cli/common.h"
#include "measure/experiment.h"
#include "measure/sweep_facts.h"

/* The sweep's own. */
struct sweep_options {
    uint64_t runs;          /* 0: until the medians are known */
    uint64_t time_limit_ns; /* 0: not given */
    uint64_t warmup, run_limit_ns, precision_ppm, margin_ppm, seed;
    unsigned by; /* enum sweep_by */
    bool resume, spans;
    struct view_options view; /* format, output, color, ascii and quiet alone */
};
extern const struct param sweep_params[];

/* A value as it was written: of any row, in a place of its own. */
union sweep_slot {
    bool flag;
    const char *text;
    struct param_list list;
};

enum { SWEEP_METAVAR_BYTES = 80 };

/* The table of an experiment as a sweep reads it: what takes one value there takes a text here,
 * which may name several; strings become lists, as their texts are not taken apart; flags and lists
 * are as they were. Rows point into `metavars`, so it is not to be moved. */
struct sweep_table {
    struct param rows[PARAM_MOST + 1];
    const struct param *origins[PARAM_MOST]; /* of each row: in the experiment's table */
    char metavars[PARAM_MOST][SWEEP_METAVAR_BYTES];
    union sweep_slot slots[PARAM_MOST];
};

/* Makes the table of x, with those of the options that all experiments share which a sweep hands
 * on.
 */
void sweep_table_make(struct sweep_table *t, const struct experiment *x);
/* Whether a sweep hands on the row of common_params. */
bool sweep_hands_on(const struct param *common);

/* From what was parsed into `set`, which is of t: the axes of s; `fixed`, what all points have in
 * common, as arguments of a run; and `arguments`, the experiment's part of the command line as
 * results may show it. STATUS_USAGE, or STATUS_FAILED when memory is short. */
int sweep_table_read(const struct sweep_table *t, const struct param_set *set, struct sweep *s,
                     struct words *fixed, struct words *arguments, struct err *e);

#endif

/* What the runs of a sweep say of its points: medians with their intervals, how each compares with
 * the best of its group, what lies far off. Pure functions of a read-only sweep; main thread. */
#ifndef UVLAB_ANALYSIS_SWEEP_POINTS_H
#define UVLAB_ANALYSIS_SWEEP_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "measure/sweep_facts.h"

/* That of all intervals here. */
#define SWEEP_CONFIDENCE 0.95
/* What may be lost by following the answer, at the far end of the interval, unless the margin says
 * that more is of no interest. */
#define SWEEP_LOSS_MOST 1.10
/* No point; no group has one. */
#define SWEEP_NO_POINT UINT32_MAX

/* A figure over the runs of a point. What is unknown is NAN: all of it without a run that has it,
 * the interval (of the median, by order statistics) with fewer than SWEEP_ROUNDS_LEAST. */
struct sweep_figure {
    size_t count;
    double median, low, high, min, max;
};

enum sweep_verdict {
    SWEEP_FAILED,    /* not one run counts, and some failed */
    SWEEP_TOO_FEW,   /* fewer rounds than an interval takes */
    SWEEP_BEST,      /* the lowest median of its group */
    SWEEP_EQUAL,     /* its median is within the margin, its interval within sweep_loss_most() */
    SWEEP_WORSE,     /* all of its interval is beyond the margin */
    SWEEP_UNDECIDED, /* neither of these: it may be worse or not */
};

struct sweep_point {
    uint32_t group;        /* 0 to group_count - 1 */
    uint32_t runs, failed; /* those that count, and those that do not */
    const char *error;     /* of the last that failed; the sweep's. NULL: none did */

    struct sweep_figure value; /* what it is judged by: sweep_run_value() */
    struct sweep_figure elapsed_ns, cpu_ns;
    struct sweep_figure cpus;                           /* CPU time by elapsed time */
    struct sweep_figure waited_ns, ran_ns, returned_ns; /* of the runs' medians of calls */
    struct sweep_figure total_ns;                       /* of all three together */
    struct sweep_figure requests_per_s;                 /* of loads */
    /* Of the means of the runs' calls, which add up as medians do not; of loads, too. */
    struct sweep_figure waited_mean_ns, ran_mean_ns, returned_mean_ns;
    double waited_share, ran_share, returned_share; /* of the medians of these; NAN: unknown */
    double calls;                                   /* of a run, in the median; NAN: unknown */

    /* Its value by that of the best of its group, round by round; of the rounds that both have. */
    struct sweep_figure relative;
    enum sweep_verdict verdict;

    /* Values outside of Tukey's far fences that differ from the median by more than the margin:
     * indexes into the runs of the sweep, rising. They are told, never left out. */
    const uint32_t *outliers;
    uint32_t outlier_count;

    uint32_t first, total; /* its runs: total of `order`, from first on */
};

/* Points that are compared with each other: those that have the same values of all axes that are no
 * means (PARAM_MEANS). Without an axis of means all points are one group. */
struct sweep_points {
    const struct sweep *sweep;
    struct sweep_point *list; /* by number of the point */
    uint32_t count;
    unsigned means; /* axes of means */
    uint32_t group_count;
    uint32_t *best; /* of each group; SWEEP_NO_POINT: not one run counts */

    /* For sweep_points.c alone. */
    uint32_t *order; /* indexes of runs, by point, then by round */
    uint32_t *outliers;
    double *scratch; /* room for the values of any one point */
};

/* Fills *p, which refers to *s from then on; give it back with sweep_points_free(). Fails when
 * memory is short, with nothing to give back. */
int sweep_points_make(struct sweep_points *p, const struct sweep *s, struct err *e);
void sweep_points_free(struct sweep_points *p);

/* The value of point `of` divided by that of point `by`, round by round. Overwrites p->scratch,
 * nothing else. */
struct sweep_figure sweep_points_ratio(struct sweep_points *p, uint32_t of, uint32_t by);

/* The greatest ratio to the best that may be lost. */
double sweep_loss_most(const struct sweep *s);

/* "best", "equal", "worse", "undecided", "failed" or "too few runs". */
const char *sweep_verdict_name(enum sweep_verdict v);

/* Whether the axis is one of means. */
static inline bool sweep_axis_is_means(const struct sweep_axis *axis)
{
    return (axis->param->flags & PARAM_MEANS) != 0;
}

#endif

/* The answer of a sweep: for each group of points the smallest that is not worse than the best, the
 * reasons in sentences, and why there is none when the numbers do not support one. Pure functions;
 * main thread. */
#ifndef UVLAB_ANALYSIS_SWEEP_ANSWER_H
#define UVLAB_ANALYSIS_SWEEP_ANSWER_H

#include <stdint.h>

#include "analysis/sweep_points.h"
#include "base/err.h"
#include "base/text.h"

enum { SWEEP_REASONS_MOST = 24 };

struct sweep_answer {
    uint32_t first;       /* a point of the group: the values that all of it have are its */
    uint32_t best;        /* the lowest median; SWEEP_NO_POINT: not one run counts */
    uint32_t recommended; /* SWEEP_NO_POINT: there is no answer, and the reasons say why */
    /* The point at the defaults of all axes of means, if it is among them and was measured, and its
     * value by that of what is recommended or, when nothing is, of the best. */
    uint32_t preset;
    struct sweep_figure preset_relative;
    /* Sentences without a full stop; the first says most. May hold texts of unknown origin (values,
     * errors), so they are for views that make texts harmless. */
    char *reasons[SWEEP_REASONS_MOST];
    unsigned reason_count;
};

struct sweep_answers {
    struct sweep_answer *list; /* by number of the group */
    uint32_t count;
};

/* Fills *a from points that sweep_points_make() has filled; uses their scratch memory. Give it back
 * with sweep_answers_free(). Fails when memory is short, with nothing to give back. */
int sweep_answers_make(struct sweep_answers *a, struct sweep_points *p, struct err *e);
void sweep_answers_free(struct sweep_answers *a);

/* Appends a point as the flags that make it: "--threads 2 --workers 4". Of the axes of means alone
 * (with an axis of means), or of the others alone. */
enum sweep_axes { SWEEP_AXES_MEANS, SWEEP_AXES_OTHERS };
void sweep_answer_flags(struct text *t, const struct sweep_points *p, uint32_t point,
                        enum sweep_axes which);

#endif

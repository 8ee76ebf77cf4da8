/* Between the parts of the answer: sweep_answer.c decides, sweep_reasons.c says what the figures
 * are, sweep_why.c why they are so, both in words of sweep_sentences.c. */
#ifndef UVLAB_ANALYSIS_SWEEP_REASONS_H
#define UVLAB_ANALYSIS_SWEEP_REASONS_H

#include <stdbool.h>

#include "analysis/sweep_answer.h"
#include "analysis/sweep_machine.h"

/* An answer in the making. */
struct reasoning {
    struct sweep_points *points;
    struct sweep_answer *answer;
    uint32_t group;
    struct sweep_machine machine;
    bool failed; /* memory was short */
};

/* --- Sentences. Each reason is begun, added to, and put. --- */

/* Makes *t the next reason, and empty. One that does not fit any more is left out. */
void reason_put(struct reasoning *r, struct text *t);
/* Appends "12.3 ms". */
void reason_duration(struct text *t, double ns);
/* Appends "takes 12.3 % longer (10.1 % to 14.4 %)", in the words of what the sweep is judged by; of
 * a ratio that is known. */
void reason_ratio(struct text *t, const struct sweep *s, const struct sweep_figure *ratio);
/* Appends the value of the point alone: "takes 412 ms (95 %: 405 ms to 420 ms)". */
void reason_value(struct text *t, const struct sweep_points *p, uint32_t point);
/* Appends "--threads 2": the point among those of its group. */
void reason_point(struct text *t, const struct sweep_points *p, uint32_t point);

/* --- Parts of the answer --- */

/* What is recommended takes, what is as good, and what is lost with the next smaller values. */
void reasons_of_recommended(struct reasoning *r);
/* What the lowest median is, and how the others compare with it; nothing is recommended. */
void reasons_of_best(struct reasoning *r);
/* What is lost at the defaults, or which were not tried. */
void reasons_of_preset(struct reasoning *r);
/* Which points failed, how often and why; those that failed alike together. */
void reasons_of_failures(struct reasoning *r);
/* sweep_why.c: where the time of the calls went at `point` and around it. */
void reasons_why(struct reasoning *r, uint32_t point);

/* --- Points around a point --- */

/* Has a point figures to speak of? */
static inline bool reason_usable(const struct sweep_points *p, uint32_t point)
{
    return point != SWEEP_NO_POINT && p->list[point].value.count > 0;
}
/* The usable points along an axis of means, all other values as those of `point`: the nearest below
 * it, the one with the largest value above it. SWEEP_NO_POINT: there is none. */
uint32_t reason_below(const struct sweep_points *p, uint32_t point, unsigned axis);
uint32_t reason_largest(const struct sweep_points *p, uint32_t point, unsigned axis);
/* The value of the axis, as a number, or as its place where it is none. */
uint64_t reason_number(const struct sweep *s, uint32_t point, unsigned axis);

#endif

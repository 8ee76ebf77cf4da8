/* Two documents beside each other: two results, which is one comparison, or two sweeps, which is
 * one for each point that both have. That is still one question, whether anything became slower,
 * so that the correction for many figures is made over all points together. Pure; main thread. */
#ifndef UVLAB_ANALYSIS_COMPARISON_SET_H
#define UVLAB_ANALYSIS_COMPARISON_SET_H

#include "analysis/comparison.h"
#include "base/text.h"
#include "input/sweep_file.h"

/* A point of sweeps that is not compared. */
struct comparison_lone {
    const struct sweep_point *point;
    const struct result_file *missing; /* the document that does not have it or, where it has it,
                                          has no run of it that counts */
    bool failed;                       /* the latter */
};

struct comparison_set {
    const struct result_file *base, *other;
    struct comparison *items; /* of sweeps in the order of the base's points; at least one */
    size_t count;
    struct comparison_lone *lone;
    size_t lone_count;
};

/* Compares `other` with `base`, which must both outlive *set. Fails as comparison_make() does, and
 * when one is a sweep and the other a result, or no point has runs that count in both sweeps; *set
 * is then empty. */
int comparison_set_make(struct comparison_set *set, const struct result_file *base,
                        const struct result_file *other, const struct comparison_terms *terms,
                        struct err *e);
void comparison_set_free(struct comparison_set *set);

/* Whether a checked metric of one of them became slower, beyond noise and the limit. */
bool comparison_set_is_slower(const struct comparison_set *set);

/* Adds what makes it less trustworthy, a line each, as comparison_doubts() does. */
void comparison_set_doubts(const struct comparison_set *set, const struct comparison_terms *terms,
                           struct text *doubts);

#endif

/* The points of a sweep: in which order a round runs them, and with what arguments. */
#ifndef UVLAB_SWEEP_POINTS_H
#define UVLAB_SWEEP_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/words.h"
#include "measure/sweep_facts.h"

/* Fills order[0 .. count-1] with the numbers below `count`, shuffled: the same whenever seed and
 * round are. Pure. */
void points_order(uint64_t seed, uint32_t round, uint32_t count, uint32_t *order);

/* Makes the command line of a point: "uvlab", the experiment, `fixed` (what all points have in
 * common, "--jobs=8"), the point's values, and what every run of a sweep is told. The caller frees
 * *w. Fails when memory is short; *w is empty then. */
int points_arguments(struct words *w, const struct sweep *s, uint32_t point,
                     const struct words *fixed, bool spans, struct err *e);

#endif

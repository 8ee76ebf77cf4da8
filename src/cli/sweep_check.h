/* Whether the command lines of a sweep's points are ones, before anything is measured. */
#ifndef UVLAB_CLI_SWEEP_CHECK_H
#define UVLAB_CLI_SWEEP_CHECK_H

#include "base/err.h"
#include "base/words.h"
#include "measure/sweep_facts.h"

/* Plans every point as its runs will, and runs none; `fixed` is what all points have in common.
 * STATUS_USAGE when the experiment refuses the command line of a point, whose name stands in front
 * of the message unless it refuses all of them for the same. What only fails, as a file that is not
 * there or short memory, is left to the runs. Main thread. */
int sweep_check(const struct sweep *s, const struct words *fixed, struct err *e);

#endif

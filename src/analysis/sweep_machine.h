/* What else the machine did while a sweep ran, as its runs saw it. Pure functions of a read-only
 * sweep; any thread. */
#ifndef UVLAB_ANALYSIS_SWEEP_MACHINE_H
#define UVLAB_ANALYSIS_SWEEP_MACHINE_H

#include <stddef.h>

#include "measure/sweep_facts.h"

/* CPUs that somebody took. */
struct sweep_taken {
    size_t runs; /* that lost enough of them to be disturbed */
    double most; /* in the run that lost most */
    double mean; /* over all the time that was watched */
};

struct sweep_machine {
    /* Runs long enough to tell. 0: none is, and the figures are of the sweep as a whole (`runs` is
     * then 1 where it was disturbed), or all 0 where nothing is known. */
    size_t watched;
    struct sweep_taken others, hypervisor;
};

/* Of all runs of the sweep, those that failed included. */
struct sweep_machine sweep_machine_of(const struct sweep *s);

/* When it was so: "in 3 of 12 runs", or "in the mean of the whole sweep". Returns buf. */
enum { SWEEP_WHEN_BYTES = 64 };
const char *sweep_machine_when(const struct sweep_machine *m, const struct sweep_taken *t,
                               char buf[SWEEP_WHEN_BYTES]);

#endif

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
    size_t watched; /* runs long enough to tell; of others nothing is known */
    struct sweep_taken others, hypervisor;
};

/* Of all runs of the sweep, those that failed included. All 0 where nothing is known. */
struct sweep_machine sweep_machine_of(const struct sweep *s);

#endif

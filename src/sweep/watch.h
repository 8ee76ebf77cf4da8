/* What the rest of the machine did while a sweep lasted. Its runs watch the machine themselves, but
 * where all of them are too short for the kernel's counters only the whole can tell. */
#ifndef UVLAB_SWEEP_WATCH_H
#define UVLAB_SWEEP_WATCH_H

#include <stdint.h>

#include "measure/sweep_facts.h"

/* Counters at the beginning; HOST_UNKNOWN where there are none. */
struct watch {
    uint64_t begun_ns, busy_ns, stolen_ns, own_ns;
};

void watch_begin(struct watch *w);
/* Puts into s what others used since, and for how long that was watched. Main thread. */
void watch_end(const struct watch *w, struct sweep *s);

#endif

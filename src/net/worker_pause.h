/* How long the successor of a worker that died is held back. Pure. */
#ifndef UVLAB_NET_WORKER_PAUSE_H
#define UVLAB_NET_WORKER_PAUSE_H

#include <stdint.h>

/* A worker that lived less than this died early. */
#define WORKER_LONG_ENOUGH_NS UINT64_C(500000000)

/* How many early deaths in a row there are now, when there were `before` and a worker has died that
 * lived for lived_ns: one that lived long enough ends the row. */
unsigned worker_pause_count(unsigned before, uint64_t lived_ns);

/* The pause after so many: none for the first three, then 100 ms, twice as long each time, 10 s at
 * most. */
uint64_t worker_pause_ns(unsigned early_deaths);

#endif

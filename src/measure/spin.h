/* A calibrated amount of computing: a chain of dependent operations, as long in CPU time wherever
 * and beside whatever it runs. */
#ifndef UVLAB_MEASURE_SPIN_H
#define UVLAB_MEASURE_SPIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* How many rounds take `cpu_ns` of CPU time on this machine: some 20 ms of computing, unless
 * spin_calibrate() has been called before. STATUS_FAILED. Main thread. */
int spin_rounds(uint64_t cpu_ns, uint64_t *rounds, struct err *e);

/* Finds out once how fast this machine is, for all later calls of spin_rounds() in this process and
 * in those that it forks. STATUS_FAILED. Main thread. */
int spin_calibrate(struct err *e);

/* Computes. Any thread. */
void spin(uint64_t rounds);

/* The same until one of the two flags (either may be NULL) is set, which is looked at every few
 * milliseconds. How many rounds were done. Any thread. */
uint64_t spin_until(uint64_t rounds, const atomic_bool *stop, const atomic_bool *cancelled);

#endif

/* When a sweep has seen enough. */
#ifndef UVLAB_SWEEP_STOP_H
#define UVLAB_SWEEP_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "measure/sweep_facts.h"

/* What is known of a point while the sweep goes on. */
struct stop_point {
    uint32_t rounds; /* it has been run in */
    uint32_t failed;
    bool given_up; /* its first two runs failed, or its command line is wrong */
};

/* Takes a run into account, which must be the point's next one. Pure. */
void stop_add(struct stop_point *p, const struct sweep_run *run);

/* Whether every point that is not given up has a median that is known to s->precision_ppm, by what
 * s is judged by. *rounds becomes how many rounds that will probably take (at least
 * SWEEP_ROUNDS_LEAST; 0: there is no telling), where not all are known. Fails when memory is short.
 */
int stop_is_known(const struct sweep *s, const struct stop_point *points, bool *known,
                  uint32_t *rounds, struct err *e);

#endif

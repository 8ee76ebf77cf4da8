/* The line that tells a waiting person how far a sweep is. */
#ifndef UVLAB_CLI_SWEEP_LINE_H
#define UVLAB_CLI_SWEEP_LINE_H

#include "measure/sweep_facts.h"
#include "sweep/sweep_run.h"

enum { SWEEP_LINE_BYTES = 280 };

/* "threadpool: round 3 of at least 6, about 40 s left: threads 4". Returns line. */
const char *sweep_line(const struct sweep *s, const struct sweep_progress *p,
                       char line[SWEEP_LINE_BYTES]);

#endif

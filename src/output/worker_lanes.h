/* The lanes of worker processes that a run names. */
#ifndef UVLAB_OUTPUT_WORKER_LANES_H
#define UVLAB_OUTPUT_WORKER_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/run.h"

struct worker_lanes {
    int *lanes; /* ascending, each once */
    uint32_t count, room;
};

/* False when memory is short. Free with worker_lanes_free() in either case. */
bool worker_lanes_find(struct worker_lanes *w, const struct run *run);
void worker_lanes_free(struct worker_lanes *w);

/* The place of a lane among them, or where it would be. */
uint32_t worker_lanes_place(const struct worker_lanes *w, int lane);

#endif

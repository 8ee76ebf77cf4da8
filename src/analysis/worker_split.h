/* Which worker of a server answered what, as its answers tell (lanes "worker N"), and whose the
 * requests were that a killed worker took with it. Pure functions of a run. */
#ifndef UVLAB_ANALYSIS_WORKER_SPLIT_H
#define UVLAB_ANALYSIS_WORKER_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/run.h"

enum { WORKER_SPLIT_MOST = 10000 }; /* numbers beyond are not told apart */

/* The number of the worker that a lane belongs to; 0: to none. */
static inline unsigned worker_of_lane(int lane)
{
    return lane < LANE_WORKER ? 0 : (unsigned)(lane - LANE_WORKER) / LANES_OF_WORKER;
}

struct worker_row {
    uint64_t requests;    /* that it answered, whatever the status */
    uint64_t connections; /* that it answered the first request on */
};

struct worker_split {
    struct worker_row *rows; /* rows[0] is worker 1's */
    uint32_t count;          /* at least as many as were asked for, and up to the highest number */
    uint64_t nameless;       /* requests whose answer tells no worker, or that had no answer */
};

/* The requests of a run, by worker; a row for each of 1 to `workers` at least. False when memory is
 * short. Free with worker_split_free(). */
bool worker_split_make(struct worker_split *split, const struct run *run, uint32_t workers);
void worker_split_free(struct worker_split *split);

/* Requests of a run with kills that have no answer. */
struct worker_losses {
    uint64_t inside;  /* on a connection of a worker that was killed meanwhile */
    uint64_t unclear; /* while a worker was killed, and on a connection that nothing had been
                         answered on before: it may have been that worker's */
    uint64_t outside; /* all others */
};

/* Looks at the kills of run->cluster. `tls`: a connection that could not be made may have been with
 * a worker. False when memory is short. */
bool worker_losses_find(struct worker_losses *losses, const struct run *run, bool tls);

#endif

/* Threads of the pool as lanes: which call had a thread before which, and the claims about it that
 * several experiments make. Pure functions of the result. */
#ifndef UVLAB_ANALYSIS_LANES_H
#define UVLAB_ANALYSIS_LANES_H

#include <stdbool.h>

#include "analysis/claims.h"

/* Whether a call began and ended where it can be seen. */
static inline bool lanes_ran(const struct span *s)
{
    return s->started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN;
}

static inline bool lanes_is_pool(int lane)
{
    return lane > LANE_LOOP && lane < LANE_OS;
}

/* Finds the call that ran last on the lane of `s` before `s` did: false when there was none.
 * *overlaps: another call was running there while `s` did, which no lane of the pool allows. */
bool lanes_before(const struct run *run, const struct span *s, struct span *before, bool *overlaps);

/* Finds the call for whose thread `s` waited: the one before it on its lane, if that one had not
 * ended yet when `s` was submitted. */
bool lanes_waited_for(const struct run *run, const struct span *s, struct span *before);

/* A claim's judge: lookups never took more than half of the threads, rounded up (libuv's limit for
 * its slow-I/O class; src/threadpool.c, slow_work_thread_threshold()). */
enum verdict lanes_judge_lookups(const struct result *r, struct text *evidence);

#endif

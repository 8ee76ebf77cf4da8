/* Threads of the pool as lanes: which call had a thread before which, and the claims about it that
 * several experiments make. Pure functions of the result. */
#ifndef UVLAB_ANALYSIS_LANES_H
#define UVLAB_ANALYSIS_LANES_H

#include <stdbool.h>

#include "analysis/claims.h"
#include "measure/clock.h"
#include "measure/pool.h"

/* Whether a call began and ended where it can be seen. */
static inline bool lanes_ran(const struct span *s)
{
    return s->started_ns != SPAN_UNKNOWN && s->finished_ns != SPAN_UNKNOWN;
}

static inline bool lanes_is_pool(int lane)
{
    return lane >= 1 && lane <= POOL_MOST;
}

/* The latest instant at which a call can have started, given how it was stamped. */
static inline uint64_t lanes_latest_start_ns(const struct span *s)
{
    return s->started_ns + ((s->kind->traits & SPAN_BLURRED) != 0 ? CLOCK_BLUR_NS : 0);
}

/* Finds the call that ran last on the lane of `s` before `s` did: false when there was none.
 * *overlaps: another call was running there while `s` did, which no lane of the pool allows. */
bool lanes_before(const struct run *run, const struct span *s, struct span *before, bool *overlaps);

/* Finds the call for whose thread `s` waited: the one before it on its lane, if that one had not
 * ended yet when `s` was submitted. */
bool lanes_waited_for(const struct run *run, const struct span *s, struct span *before);

/* Finds a call that was submitted after `s` and yet left the pool's queue before it, which is first
 * in, first out: it had started when the thread that ran `s` was not free to take that one. Stamps
 * alone are no proof, as a thread may be late to set its own. Lookups have a queue of their own:
 * false for them. */
bool lanes_overtaken(const struct run *run, const struct span *s, struct span *by);

/* Whether one of the pool's `size` threads, at least, ran nothing at all between two instants. True
 * only of runs in which every call on the pool was seen there. */
bool lanes_one_was_free(const struct run *run, uint32_t size, uint64_t from_ns, uint64_t to_ns);

/* A claim's judge: lookups never took more than half of the threads, rounded up (libuv's limit for
 * its slow-I/O class; src/threadpool.c, slow_work_thread_threshold()). */
enum verdict lanes_judge_lookups(const struct result *r, struct text *evidence);

#endif

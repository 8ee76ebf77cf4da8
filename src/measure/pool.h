/* libuv's thread pool: one for the whole process, sized once, when it is first used. */
#ifndef UVLAB_MEASURE_POOL_H
#define UVLAB_MEASURE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"

enum { POOL_DEFAULT = 4, POOL_MOST = 1024, POOL_WARNING_BYTES = 256 };

enum pool_size_source { POOL_SIZE_LIBUV, POOL_SIZE_ENVIRONMENT, POOL_SIZE_FLAG };

struct pool_facts {
    uint32_t size;     /* threads that libuv really has: counted, not assumed */
    uint32_t expected; /* by the flag, the environment, or libuv's default */
    enum pool_size_source source;
    bool counted; /* false: they could not be counted (there is no /proc, or the pool had been
                     started      before), so `size` is what was expected; that so many threads
                     answered      the      muster is true all the same */
    char warning[POOL_WARNING_BYTES]; /* about UV_THREADPOOL_SIZE, or "" */
};

/* The size that libuv makes of a value of UV_THREADPOOL_SIZE: it uses atoi(), so that "abc", "" and
 * "0" become 1 thread, and clamps at 1024, also what wraps around ("-1"). libuv 1.44.2,
 * src/threadpool.c, init_threads(). Pure. */
uint64_t pool_size_of_environment(const char *text);

/* Whether that is not what the text seems to say: then `warning` tells, else it is empty. Pure. */
bool pool_doubt_environment(const char *text, char warning[POOL_WARNING_BYTES]);

/* Makes libuv start its pool, with `threads` threads (0: as the environment or libuv itself says),
 * and musters it: every thread is seen once, at the same time as all others, and given its lane, in
 * no particular order. Refuses (STATUS_FAILED) when the process may not have so many threads, which
 * libuv would answer by abort(). Main thread, once per process, before any other use of the pool.
 */
int pool_start(uint32_t threads, struct pool_facts *facts, struct err *e);

/* CPU time that the threads of the pool have used so far, together: a system call for each of them.
 * UINT64_MAX when there is no pool yet, or a clock cannot be read. Main thread. */
uint64_t pool_cpu_ns(void);

/* The row that every experiment with a pool has: `field` is 0 when nobody said anything. */
/* clang-format off */
#define POOL_PARAM_THREADS(T, field_) \
    { .name = "threads", .letter = 't', .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL | PARAM_MEANS, \
      .min = 1, .max = POOL_MOST, .environment = "UV_THREADPOOL_SIZE", \
      .from_environment = pool_size_of_environment, \
      .offset = PARAM_FIELD_(T, field_, uint64_t), \
      .help = "threads of the pool (default: 4, which is libuv's)" }
/* clang-format on */

/* "--threads", "UV_THREADPOOL_SIZE" or "default". */
const char *pool_size_source_name(enum pool_size_source source);

extern _Thread_local int pool_lane_of_thread; /* written by the muster alone */

/* The lane of the calling thread: 1 to size on a thread of the pool, 0 anywhere else. */
static inline int pool_lane(void)
{
    return pool_lane_of_thread;
}

#endif

/* The one clock. Every instant in a result comes from clock_ticks(); nothing else in uvlab reads a
 * clock for a result (never uv_now(), which is cached and in milliseconds; never the wall clock).
 *
 * Where the CPU's time stamp counter runs at a constant rate in all power states and the kernel
 * itself keeps time by it, ticks are TSC ticks, which cost less than half of clock_gettime();
 * elsewhere they are nanoseconds of CLOCK_MONOTONIC. Ticks become nanoseconds after the run, by two
 * anchors, pairs of (ticks, CLOCK_MONOTONIC) taken at its start and its end: over a run the two
 * clocks therefore agree by construction, and no frequency has to be trusted. */
#ifndef UVLAB_MEASURE_CLOCK_H
#define UVLAB_MEASURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/wide.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum clock_choice { CLOCK_CHOICE_AUTO, CLOCK_CHOICE_TSC, CLOCK_CHOICE_MONOTONIC };
extern const char *const clock_choices[]; /* their names, for the option table */

/* Chooses the clock and takes the process's first anchor. Call once, on the main thread, before
 * any other thread exists; a second call may change the choice between runs, for tests. Fails (with
 * STATUS_FAILED) only when the TSC is asked for and cannot be trusted here; the message says why.
 */
int clock_init(enum clock_choice choice, struct err *e);

/* "tsc" or "monotonic": what clock_ticks() reads. */
const char *clock_name(void);

/* Whether the TSC can be trusted here; if not and `why` is given, *why is the reason. */
bool clock_tsc_usable(const char **why);

/* Written by clock_init() alone, read by the inline functions below. */
extern bool clock_reads_tsc;

static inline uint64_t clock_read_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* How much too early a reading of clock_ticks() can be with respect to another thread's: what a CPU
 * executes ahead of the lock that handed something over. Up to 430 ns were seen in 40 million
 * hand-overs (docs/measuring.md); a reading by clock_ticks_after() was never early. */
enum { CLOCK_BLUR_NS = 1000 };

/* Now, in ticks. Any thread. Use it for the instants that end something or hand it over
 * (`submitted`, `finished`): nothing that follows in program order becomes visible to another
 * thread before the counter has been read. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_reads_tsc, 1))
        return __rdtsc();
#endif
    return clock_read_monotonic();
}

/* The same for the instants that begin something handed over by another thread (`started`,
 * `called_back`). RDTSC may execute before the loads that precede it have completed (Intel SDM,
 * vol. 2B, RDTSC), which could show an effect before its cause; the fence makes it wait. */
static inline uint64_t clock_ticks_after(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_reads_tsc, 1)) {
        _mm_lfence();
        return __rdtsc();
    }
#endif
    return clock_read_monotonic();
}

/* A point where both clocks were read at (nearly) the same moment. */
struct clock_anchor {
    uint64_t ticks;
    uint64_t monotonic_ns;
    uint64_t doubt_ns; /* how far apart the two readings can have been */
};
void clock_anchor_take(struct clock_anchor *anchor);

/* How the ticks of a run become nanoseconds since its start: ns = (ticks - origin) * mult >> shift,
 * computed in 128 bits. */
struct clock_scale {
    uint64_t origin_ticks;
    uint64_t origin_monotonic_ns; /* CLOCK_MONOTONIC at the origin, for instants from elsewhere */
    uint64_t mult;
    unsigned shift;
    double ticks_per_ns; /* for information */
};

/* The scale of a run that began at `begin` and ended at `end`. A run too short for its own anchors
 * to give the frequency takes it from the process's first anchor to `end`. */
void clock_scale_make(struct clock_scale *scale, const struct clock_anchor *begin,
                      const struct clock_anchor *end);

/* Ticks to nanoseconds since the origin; ticks before the origin are 0. Pure. */
static inline uint64_t clock_scale_ns(const struct clock_scale *scale, uint64_t ticks)
{
    if (ticks <= scale->origin_ticks)
        return 0;
    return (uint64_t)(((uint128)(ticks - scale->origin_ticks) * scale->mult) >> scale->shift);
}

/* CPU time used so far by the calling thread, or by the whole process, in nanoseconds. These are
 * system calls (about a microsecond on a virtual machine). UINT64_MAX when it cannot be read. */
uint64_t clock_cpu_ns(clockid_t id); /* of the thread with this CPU clock */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);

#endif

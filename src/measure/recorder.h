/* The recorder: where spans are written while they happen, at the cost of a few stores each.
 *
 * Everything is allocated and its memory touched before the run; during it there is no lock, no
 * allocation and no formatting. Each field has one writer at a time, and fields that different
 * threads write lie on different cache lines:
 *
 *   struct span_on_loop    only the loop's thread writes it; 32 bytes, packed
 *   struct span_on_worker  the thread that runs the call writes it, between taking the call from
 *                          the pool's queue and handing it back; 64 bytes, a cache line
 *
 * The pool's own lock orders the worker's writes before the callback's reads. The one reader that
 * is not ordered so is an interrupted run, which reports calls that are still running: therefore
 * the worker's fields are atomics, accessed relaxed, which costs nothing. */
#ifndef UVLAB_MEASURE_RECORDER_H
#define UVLAB_MEASURE_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/clock.h"
#include "measure/span.h"

struct span_on_loop {
    uint64_t submitted, called_back; /* ticks */
    uint32_t parent;                 /* index of a span, or SPAN_NONE */
    uint32_t ordinal;
    uint32_t iteration;
    int16_t status;
    uint8_t kind;     /* row of the recorder's table of kinds */
    uint8_t is_phase; /* recorder_phase() */
};

struct span_on_worker {
    _Atomic uint64_t started, finished; /* ticks */
    _Atomic uint64_t cpu_ns;
    _Atomic int32_t lane;
    _Atomic int32_t status;
    uint64_t spare[4];
};

_Static_assert(sizeof(struct span_on_loop) == 32, "half a cache line");
_Static_assert(sizeof(struct span_on_worker) == 64, "a cache line of its own");

/* What some experiments record of each span beyond its instants. */
enum recorder_extra {
    RECORD_CAUSES = 1, /* recorder_armed_by() */
    RECORD_HTTP = 2,   /* recorder_http() */
    RECORD_DUE = 4,    /* recorder_due() */
};

struct recorder {
    uint32_t capacity;
    uint32_t count; /* spans opened so far */
    const struct span_kind *const *kinds;
    unsigned late_phases; /* bits of enum span_phase: those that the linked libuv comes to after the
                             check phase */
    uint32_t iteration;   /* of the loop, from 1; the runner advances it in the check phase, and
                                  recorder_get() takes it back for what runs after that phase */
    const void *loop_thread; /* recorder_thread() of the thread that made it */
    bool foreign_callback;   /* a callback came on another thread: never seen, so worth a check */
    struct span_on_loop *on_loop;
    struct span_on_worker *on_worker;
    uint32_t *armed_by;       /* NULL unless the experiment records causes */
    struct span_http *http;   /* NULL unless the experiment makes HTTP requests */
    uint64_t *due;            /* ticks; NULL unless the experiment keeps an open loop */
    void *kept;               /* memory that spans point into: recorder_keep() */
    struct clock_scale scale; /* set when the run has ended */
};

/* Prepares room for `capacity` spans (at least 1, below SPAN_NONE) whose kinds are rows of `kinds`
 * (NULL-terminated, at most 255, kept, not copied). `extras` are bits of enum recorder_extra.
 * Fails with STATUS_FAILED when memory is short. The caller frees with recorder_free(). */
int recorder_init(struct recorder *r, uint32_t capacity, const struct span_kind *const *kinds,
                  unsigned extras, struct err *e);
void recorder_free(struct recorder *r);
/* Bytes that a span takes, for judging beforehand whether memory suffices. */
uint64_t recorder_bytes_per_span(unsigned extras);
/* Gives memory of mem_alloc() and its kin to the recorder, which frees it when it is freed itself:
 * what its spans point into (texts of errors). Once. Loop thread. */
void recorder_keep(struct recorder *r, void *memory);

/* Opens `count` spans of kind row `kind`, numbered from `first_ordinal` (0: all unnumbered), and
 * returns the index of the first; opening takes no instant. Loop thread (or before the run).
 * Asserts that there is room: capacities are the experiment's own plan. */
uint32_t recorder_open(struct recorder *r, uint32_t count, unsigned kind, uint32_t first_ordinal);

/* What tells the calling thread from all others: the address of a variable of which each has its
 * own, as asking libuv is a function call. */
extern _Thread_local char recorder_of_thread;
static inline const void *recorder_thread(void)
{
    return &recorder_of_thread;
}

/* --- The four instants. The first statement of each is the reading of the clock. --- */

/* Loop thread, immediately before the call is asked for. */
static inline void span_submitted(struct recorder *r, uint32_t i)
{
    r->on_loop[i].submitted = clock_ticks();
}

/* What the thread that runs call `i` writes to. Loop thread, beforehand: that thread must not go
 * through the recorder itself, which recorder_detach() changes under it. */
static inline struct span_on_worker *recorder_worker(struct recorder *r, uint32_t i)
{
    return &r->on_worker[i];
}

/* The thread that runs the call: `ticks` is its own first clock_ticks_after(), so that finding the
 * span costs nothing before the instant is taken. */
static inline void span_started(struct span_on_worker *w, uint64_t ticks, int lane)
{
    atomic_store_explicit(&w->started, ticks, memory_order_relaxed);
    atomic_store_explicit(&w->lane, lane, memory_order_relaxed);
}

static inline void span_finished(struct span_on_worker *w, uint64_t ticks, int status)
{
    atomic_store_explicit(&w->finished, ticks, memory_order_relaxed);
    if (status != SPAN_OK)
        atomic_store_explicit(&w->status, status, memory_order_relaxed);
}

static inline void span_cpu(struct span_on_worker *w, uint64_t cpu_ns)
{
    atomic_store_explicit(&w->cpu_ns, cpu_ns, memory_order_relaxed);
}

/* Loop thread, first statement of the callback; `ticks` as for span_started(). */
static inline void span_called_back(struct recorder *r, uint32_t i, uint64_t ticks, int status)
{
    struct span_on_loop *l = &r->on_loop[i];
    l->called_back = ticks;
    l->iteration = r->iteration;
    l->status = (int16_t)status;
    if (__builtin_expect(recorder_thread() != r->loop_thread, 0))
        r->foreign_callback = true;
}

static inline void recorder_parent(struct recorder *r, uint32_t i, uint32_t parent)
{
    r->on_loop[i].parent = parent;
}

/* Call `i` is a phase of its parent, for which nothing is called back: it is complete with its
 * `finished`, and `called_back` stays unknown. Loop thread, in place of span_called_back(). */
static inline void recorder_phase(struct recorder *r, uint32_t i)
{
    r->on_loop[i].is_phase = 1;
}

static inline void recorder_armed_by(struct recorder *r, uint32_t i, uint32_t cause)
{
    if (r->armed_by != NULL)
        r->armed_by[i] = cause;
}

/* What to fill in of the HTTP request that is span `i`; recorder_get() shows it once the span has
 * been told apart as one by its kind (SPAN_HTTP). Loop thread. */
static inline struct span_http *recorder_http(struct recorder *r, uint32_t i)
{
    return &r->http[i];
}

/* When call `i` was to be submitted, in ticks. */
static inline void recorder_due(struct recorder *r, uint32_t i, uint64_t ticks)
{
    r->due[i] = ticks;
}

/* --- After the run. --- */

/* Moves `count` spans from `from` to `to`, which is before it: an experiment that did not need all
 * the spans that it had opened closes the gap, and then sets r->count. Parents are not followed. */
void recorder_move(struct recorder *r, uint32_t to, uint32_t from, uint32_t count);

/* Cuts the recorder loose from threads that are still running calls of it: replaces the arrays by
 * copies, in which calls that were not called back have no end. The old arrays are deliberately
 * never freed, as those threads still write to them; the process is about to exit. Loop thread.
 * Fails with STATUS_FAILED when memory is short; the recorder then must not be read. */
int recorder_detach(struct recorder *r, struct err *e);

/* Span number `i` (0 to count - 1) as the rest of the program sees it. */
void recorder_get(const struct recorder *r, uint32_t i, struct span *out);

#endif

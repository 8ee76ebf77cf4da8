/* The figures of all workers of a server, on one board that all its processes see: shared memory
 * that the primary makes before it forks, so that nobody has to be asked for them and a blocked
 * worker hides nothing. While a worker is being replaced there are two of its number, the old one
 * that drains and the new one that serves: so each number has two slots, used in turn.
 *
 * Every field has one writer and may be read by anyone at any time, each by itself: all are atomic,
 * and used relaxed, by board_put() and board_get(). What workers write lies in cache lines of its
 * own for each of them. */
#ifndef UVLAB_NET_BOARD_H
#define UVLAB_NET_BOARD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum {
    BOARD_WORKERS_MOST = 4096,
    BOARD_GENERATIONS = 2, /* slots of a worker */
    BOARD_PERIOD_MS = 500, /* how often a worker whose loop is free brings its figures up to date
                              that are not counted as they happen */
    BOARD_CACHE_LINE = 64,
};

enum slot_state {
    SLOT_UNUSED,   /* nobody was ever here, or whoever was has gone */
    SLOT_STARTING, /* forked; it does not serve yet */
    SLOT_SERVING,
    SLOT_DRAINING, /* finishes what it has; its successor is in the other slot */
    SLOT_WAITING,  /* its worker died, and the next is held back for a while */
};
extern const char *const slot_state_names[]; /* "unused", ... */

typedef _Atomic uint64_t board_figure;

struct worker_slot {
    struct { /* written by the worker's loop thread alone */
        alignas(BOARD_CACHE_LINE) board_figure requests; /* answered so far */
        board_figure in_flight;                          /* given to a route and not answered */
        board_figure connections;                        /* open */
        board_figure accepted; /* so far, those handed over by the primary included */
        board_figure given;    /* so far, handed to a successor */
        /* Every BOARD_PERIOD_MS: */
        board_figure pool_queued;  /* work of routes that waits for a thread of the pool */
        board_figure pool_running; /* and that has one */
        board_figure loop_lag_ns;  /* longest time between two polls in the last second or so, less
                                      the idle time in it. board_lag_ns() knows more */
        board_figure cpu_ns;       /* of the process so far */
        board_figure memory_bytes; /* resident */
        board_figure updated_ns;   /* CLOCK_MONOTONIC of the last time; 0: not yet */
        /* In every iteration of its loop, for board_watch_lag(): */
        board_figure watch, watched_lag_ns;
    } own;
    struct {                                        /* written by the primary alone */
        alignas(BOARD_CACHE_LINE) board_figure pid; /* 0: none */
        board_figure state;                         /* enum slot_state */
        board_figure started_ns;                    /* CLOCK_MONOTONIC of its fork */
        board_figure restarts; /* how many of this number died and were replaced so far */
    } primary;
    struct { /* written by whoever watches the loop's lag; stays when a worker is replaced */
        alignas(BOARD_CACHE_LINE) board_figure watch;
    } watcher;
};

struct server_board {
    unsigned workers;           /* their numbers are 1 to this */
    uint64_t started_ns;        /* CLOCK_MONOTONIC of board_new() */
    struct worker_slot slots[]; /* BOARD_GENERATIONS of worker 1, then of worker 2, ... */
};

/* A board for that many workers (1 to BOARD_WORKERS_MOST), all zero, mapped MAP_SHARED: children of
 * later forks see the same. Main thread. NULL after filling *e (STATUS_FAILED). */
struct server_board *board_new(unsigned workers, struct err *e);
/* Unmaps it in this process alone. NULL is allowed. */
void board_free(struct server_board *b);

static inline unsigned board_slot_count(const struct server_board *b)
{
    return b->workers * BOARD_GENERATIONS;
}

/* The slot of a worker (from 1); `generation` counts its replacements and is taken modulo
 * BOARD_GENERATIONS. */
static inline struct worker_slot *board_slot(struct server_board *b, unsigned worker,
                                             unsigned generation)
{
    return &b->slots[(worker - 1) * BOARD_GENERATIONS + generation % BOARD_GENERATIONS];
}

/* The number of the worker whose slot that is. */
static inline unsigned board_worker_of(const struct server_board *b, const struct worker_slot *s)
{
    return (unsigned)(s - b->slots) / BOARD_GENERATIONS + 1;
}

static inline uint64_t board_get(const board_figure *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

/* By the one writer of the figure, who therefore needs no locked instruction to add, either. */
static inline void board_put(board_figure *figure, uint64_t value)
{
    atomic_store_explicit(figure, value, memory_order_relaxed);
}

static inline void board_add(board_figure *figure, int64_t change)
{
    board_put(figure, board_get(figure) + (uint64_t)change);
}

/* For whoever makes a slot anew for another process: the worker's figures become zero, and so do
 * pid, state and started_ns. Primary, while no worker has the slot. */
void board_clear(struct worker_slot *s);

/* The worker's loop lag as it is at `now_ns` (CLOCK_MONOTONIC): what it wrote last, or the time by
 * which its next report is overdue, if that is more, as a loop that is blocked reports nothing. */
uint64_t board_lag_ns(const struct worker_slot *s, uint64_t now_ns);

/* From now on (that is, from the next time that the loop enters poll) the worker keeps the longest
 * lag of its loop anew. One process may watch at a time. */
void board_watch_lag(struct worker_slot *s);
/* The longest since then: of iterations that are complete. UINT64_MAX: there was none yet. */
uint64_t board_watched_lag_ns(const struct worker_slot *s);
/* An iteration is complete, with that lag. By the worker. */
static inline void board_see_lag(struct worker_slot *s, uint64_t lag_ns)
{
    uint64_t asked = board_get(&s->watcher.watch);
    if (asked != board_get(&s->own.watch)) { /* it began before */
        board_put(&s->own.watched_lag_ns, UINT64_MAX);
        atomic_store_explicit(&s->own.watch, asked, memory_order_release);
    } else if (lag_ns + 1 > board_get(&s->own.watched_lag_ns) + 1) { /* UINT64_MAX is least */
        board_put(&s->own.watched_lag_ns, lag_ns);
    }
}

#endif

/* What happened to the workers of a server, in memory that the primary shares with whoever started
 * it: a ring that one process writes and any may read. */
#ifndef UVLAB_NET_WORKER_EVENT_H
#define UVLAB_NET_WORKER_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum worker_event_kind {
    WORKER_FORKED,
    WORKER_SERVING,
    WORKER_DIED,     /* without having been told to end */
    WORKER_REPLACED, /* its successor serves; it was told to finish what it has */
    WORKER_LEFT,     /* ended, as it was told */
};

struct worker_event {
    uint64_t at_ns; /* CLOCK_MONOTONIC, of when the primary saw it */
    unsigned worker;
    pid_t pid;
    enum worker_event_kind kind;
};

enum { WORKER_EVENTS_KEPT = 4096 };

struct worker_events {
    _Atomic uint64_t count; /* so far; the last WORKER_EVENTS_KEPT of them are in the ring */
    struct worker_event ring[WORKER_EVENTS_KEPT];
};

/* All zero, mapped MAP_SHARED. NULL after filling *e (STATUS_FAILED). */
struct worker_events *worker_events_new(struct err *e);
/* Unmaps it in this process alone. NULL is allowed. */
void worker_events_free(struct worker_events *events);

/* By the primary alone. */
void worker_events_add(struct worker_events *events, const struct worker_event *event);
/* Copies event number `index` (from 0, as counted by `count`). False when it has not happened yet
 * or was overwritten. Any process, any thread. */
bool worker_events_get(const struct worker_events *events, uint64_t index,
                       struct worker_event *event);

#endif

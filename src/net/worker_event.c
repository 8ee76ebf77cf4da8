/* The ring of worker events. An event is written before it is counted; a reader looks at the count
 * again behind its copy, as the writer may have come round meanwhile. Primary, and any reader. */
#include "net/worker_event.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct worker_events *worker_events_new(struct err *e)
{
    struct worker_events *events =
        mmap(NULL, sizeof *events, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (events != MAP_FAILED)
        return events;
    err_set(e, STATUS_FAILED, "no memory that workers can share: %s", strerror(errno));
    return NULL;
}

void worker_events_free(struct worker_events *events)
{
    if (events != NULL)
        munmap(events, sizeof *events);
}

void worker_events_add(struct worker_events *events, const struct worker_event *event)
{
    uint64_t count = atomic_load_explicit(&events->count, memory_order_relaxed);
    /* Whoever sees a byte of it sees the count, too, that makes the oldest one doubtful. */
    atomic_thread_fence(memory_order_release);
    events->ring[count % WORKER_EVENTS_KEPT] = *event;
    atomic_store_explicit(&events->count, count + 1, memory_order_release);
}

bool worker_events_get(const struct worker_events *events, uint64_t index,
                       struct worker_event *event)
{
    uint64_t count = atomic_load_explicit(&events->count, memory_order_acquire);
    if (index >= count)
        return false;
    *event = events->ring[index % WORKER_EVENTS_KEPT];
    atomic_thread_fence(memory_order_acquire);
    count = atomic_load_explicit(&events->count, memory_order_relaxed);
    /* The one being written now takes the place of the oldest. */
    return count - index < WORKER_EVENTS_KEPT;
}

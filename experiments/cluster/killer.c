/* Killing workers, and seeing who took their place. A timer on the run's loop kills the next worker
 * in turn; what the primary wrote about it (net/worker_event.h) is looked at whenever the next one
 * is killed, as the ring forgets, and after the run. Loop thread alone. */
#include "cluster.h"

#include <time.h>

#include "measure/clock.h"
#include "measure/span.h"

enum {
    NS_PER_MS = 1000000,
    LOOK_MS = 2,
    /* A worker that died young is held back for 10 s at most (net/worker_pause.h). */
    LOOKS_MOST = 15000 / LOOK_MS,
};

/* --- What became of those that were killed. --- */

static void note_died(struct cluster_facts *f, const struct worker_event *event)
{
    for (uint32_t i = f->kill_count; i-- > 0;) {
        struct cluster_kill *k = &f->killed[i];

        if (k->pid == event->pid && k->died_ns == SPAN_UNKNOWN) {
            k->died_ns = event->at_ns;
            return;
        }
    }
}

/* Whoever serves now follows all those of its number that have died. */
static void note_serving(struct cluster_facts *f, const struct worker_event *event)
{
    for (uint32_t i = f->kill_count; i-- > 0;) {
        struct cluster_kill *k = &f->killed[i];

        if (k->worker != event->worker || k->pid == event->pid)
            continue;
        if (k->serving_ns != SPAN_UNKNOWN)
            return;
        if (k->died_ns == SPAN_UNKNOWN || k->died_ns > event->at_ns)
            continue;
        k->serving_ns = event->at_ns;
        k->successor = event->pid;
    }
}

static void look(struct killer *k)
{
    const struct worker_events *events = server_group_events(k->group);
    uint64_t count = atomic_load(&events->count);
    struct worker_event event;

    for (; k->events_seen < count; k->events_seen++) {
        if (!worker_events_get(events, k->events_seen, &event))
            continue;
        if (event.kind == WORKER_DIED)
            note_died(k->facts, &event);
        else if (event.kind == WORKER_SERVING)
            note_serving(k->facts, &event);
    }
}

/* --- Killing. --- */

/* The slot of the process that serves as that worker; NULL: none does. */
static const struct worker_slot *slot_of(const struct killer *k, unsigned worker)
{
    struct server_board *board = server_group_board(k->group);

    for (unsigned g = 0; g < BOARD_GENERATIONS; g++) {
        const struct worker_slot *slot = board_slot(board, worker, g);

        if (board_get(&slot->primary.state) == SLOT_SERVING && board_get(&slot->primary.pid) != 0)
            return slot;
    }
    return NULL;
}

static bool kill_worker(struct killer *k, unsigned worker)
{
    const struct worker_slot *slot = slot_of(k, worker);
    struct cluster_facts *f = k->facts;
    struct cluster_kill *kill_;

    if (slot == NULL || f->kill_count == f->kills_most)
        return false;
    kill_ = &f->killed[f->kill_count];
    *kill_ = (struct cluster_kill){.killed_ns = clock_read_monotonic(),
                                   .died_ns = SPAN_UNKNOWN,
                                   .serving_ns = SPAN_UNKNOWN,
                                   .worker = worker};
    kill_->pid = server_group_kill(slot);
    if (kill_->pid == 0)
        return false;
    kill_->connections = board_get(&slot->own.connections);
    kill_->in_flight = board_get(&slot->own.in_flight);
    f->kill_count++;
    return true;
}

static void kill_cb(uv_timer_t *timer)
{
    struct killer *k = timer->data;
    unsigned workers = server_group_workers(k->group);

    look(k);
    for (unsigned i = 0; i < workers; i++) {
        unsigned at = (k->next + i) % workers;

        if (kill_worker(k, at + 1)) {
            k->next = at + 1;
            return;
        }
    }
    k->facts->missed++;
}

void killer_init(struct killer *k, uv_loop_t *loop, const struct server_group *group,
                 struct cluster_facts *facts, uint64_t every_ns)
{
    *k = (struct killer){.group = group, .facts = facts, .interval_ms = every_ns / NS_PER_MS};
    k->events_seen = atomic_load(&server_group_events(group)->count);
    uv_timer_init(loop, &k->timer);
    uv_unref((uv_handle_t *)&k->timer);
    k->timer.data = k;
}

void killer_start(struct killer *k)
{
    uv_timer_start(&k->timer, kill_cb, k->interval_ms, k->interval_ms);
}

void killer_stop(struct killer *k)
{
    if (!uv_is_closing((uv_handle_t *)&k->timer))
        uv_timer_stop(&k->timer);
}

/* --- Afterwards. --- */

static bool all_are_replaced(const struct cluster_facts *f)
{
    for (uint32_t i = 0; i < f->kill_count; i++)
        if (f->killed[i].serving_ns == SPAN_UNKNOWN)
            return false;
    return true;
}

static uint64_t since(uint64_t instant_ns, uint64_t origin_ns)
{
    if (instant_ns == SPAN_UNKNOWN)
        return SPAN_UNKNOWN;
    return instant_ns > origin_ns ? instant_ns - origin_ns : 0;
}

void killer_finish(struct killer *k, uint64_t origin_ns)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * NS_PER_MS};
    struct cluster_facts *f = k->facts;

    look(k);
    for (int i = 0; i < LOOKS_MOST && !all_are_replaced(f) && server_group_is_alive(k->group) &&
                    !run_interrupted();
         i++) {
        nanosleep(&pause, NULL);
        look(k);
    }
    for (uint32_t i = 0; i < f->kill_count; i++) {
        struct cluster_kill *killed = &f->killed[i];

        killed->killed_ns = since(killed->killed_ns, origin_ns);
        killed->died_ns = since(killed->died_ns, origin_ns);
        killed->serving_ns = since(killed->serving_ns, origin_ns);
    }
}

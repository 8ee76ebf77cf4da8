/* The memory that all processes of a server share, made before the first fork. */
#include "net/board.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "measure/clock.h"

enum { NS_PER_MS = 1000000 };

const char *const slot_state_names[] = {
    [SLOT_UNUSED] = "unused",     [SLOT_STARTING] = "starting", [SLOT_SERVING] = "serving",
    [SLOT_DRAINING] = "draining", [SLOT_WAITING] = "waiting",   NULL,
};

static size_t bytes_of(unsigned workers)
{
    return sizeof(struct server_board) +
           (size_t)workers * BOARD_GENERATIONS * sizeof(struct worker_slot);
}

struct server_board *board_new(unsigned workers, struct err *e)
{
    struct server_board *b;
    if (workers < 1 || workers > BOARD_WORKERS_MOST) {
        err_set(e, STATUS_FAILED, "%u workers: must be from 1 to %d", workers, BOARD_WORKERS_MOST);
        return NULL;
    }
    b = mmap(NULL, bytes_of(workers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        err_set(e, STATUS_FAILED, "no memory that workers can share: %s", strerror(errno));
        return NULL;
    }
    b->workers = workers;
    b->started_ns = clock_read_monotonic();
    return b;
}

void board_free(struct server_board *b)
{
    if (b != NULL)
        munmap(b, bytes_of(b->workers));
}

void board_clear(struct worker_slot *s)
{
    board_figure *const all[] = {
        &s->own.requests,  &s->own.in_flight,      &s->own.connections,  &s->own.accepted,
        &s->own.given,     &s->own.pool_queued,    &s->own.pool_running, &s->own.loop_lag_ns,
        &s->own.cpu_ns,    &s->own.memory_bytes,   &s->own.updated_ns,   &s->primary.pid,
        &s->primary.state, &s->primary.started_ns, &s->own.watch,        &s->own.watched_lag_ns,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        board_put(all[i], 0);
}

uint64_t board_lag_ns(const struct worker_slot *s, uint64_t now_ns)
{
    uint64_t lag_ns = board_get(&s->own.loop_lag_ns);
    uint64_t due_ns = board_get(&s->own.updated_ns);
    if (due_ns == 0)
        return lag_ns;
    due_ns += (uint64_t)BOARD_PERIOD_MS * NS_PER_MS;
    return now_ns > due_ns && now_ns - due_ns > lag_ns ? now_ns - due_ns : lag_ns;
}

void board_watch_lag(struct worker_slot *s)
{
    board_put(&s->watcher.watch, board_get(&s->watcher.watch) + 1);
}

uint64_t board_watched_lag_ns(const struct worker_slot *s)
{
    uint64_t watch = board_get(&s->watcher.watch);
    if (watch == 0 || atomic_load_explicit(&s->own.watch, memory_order_acquire) != watch)
        return UINT64_MAX;
    return board_get(&s->own.watched_lag_ns);
}

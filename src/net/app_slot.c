/* The worker's figures on the board. What is counted as it happens is one store; the rest is looked
 * up twice a second, by a timer. The loop's lag is measured in every iteration, where it is about
 * to enter poll (docs/measuring.md). Thread of the loop. */
#include "net/app_inner.h"

static struct worker_slot *slot_of(const struct app *a)
{
    return a->options.slot;
}

static uint64_t not_negative(uint64_t more, uint64_t less)
{
    return more > less ? more - less : 0; /* two threads count, and were not read at once */
}

static void count_connections(struct app *a)
{
    board_put(&slot_of(a)->own.connections, http_server_connections(a->server));
    board_put(&slot_of(a)->own.accepted, http_server_accepted(a->server));
    board_put(&slot_of(a)->own.given, http_server_given(a->server));
}

void app_slot_update(struct app *a)
{
    struct worker_slot *s = slot_of(a);
    uint64_t finished = atomic_load_explicit(&a->pool.finished, memory_order_relaxed);
    uint64_t started = atomic_load_explicit(&a->pool.started, memory_order_relaxed);
    size_t memory_bytes;
    count_connections(a);
    board_put(&s->own.pool_queued, not_negative(a->submitted, started));
    board_put(&s->own.pool_running, not_negative(started, finished));
    board_put(&s->own.loop_lag_ns,
              a->lag.longest_ns > a->lag.before_ns ? a->lag.longest_ns : a->lag.before_ns);
    board_put(&s->own.cpu_ns, clock_process_cpu_ns());
    if (uv_resident_set_memory(&memory_bytes) == 0)
        board_put(&s->own.memory_bytes, memory_bytes);
    board_put(&s->own.updated_ns, clock_read_monotonic());
}

static void period_cb(uv_timer_t *timer)
{
    struct app *a = timer->data;
    app_slot_update(a);
    a->lag.before_ns = a->lag.longest_ns;
    a->lag.longest_ns = 0;
}

/* What passed since poll was entered the last time, less the time that it was idle. */
static void before_poll_cb(uv_prepare_t *prepare)
{
    struct app *a = prepare->data;
    uint64_t now_ns = clock_read_monotonic(), idle_ns = uv_metrics_idle_time(a->loop);
    uint64_t passed_ns = now_ns - a->lag.last_ns, waited_ns = idle_ns - a->lag.last_idle_ns;
    uint64_t lag_ns = a->lag.last_ns > 0 ? not_negative(passed_ns, waited_ns) : 0;
    if (lag_ns > a->lag.longest_ns)
        a->lag.longest_ns = lag_ns;
    board_see_lag(slot_of(a), lag_ns);
    a->lag.last_ns = now_ns;
    a->lag.last_idle_ns = idle_ns;
    count_connections(a);
}

void app_slot_init(struct app *a)
{
    uv_timer_init(a->loop, &a->period);
    uv_prepare_init(a->loop, &a->before_poll);
    a->period.data = a->before_poll.data = a;
    uv_timer_start(&a->period, period_cb, BOARD_PERIOD_MS, BOARD_PERIOD_MS);
    uv_prepare_start(&a->before_poll, before_poll_cb);
}

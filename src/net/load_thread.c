/* One thread of a load: when its requests are asked for, which connection gets them, what takes too
 * long, and when all of it is over.
 *
 * In a closed loop every connection asks for its next request when it has no other. In an open loop
 * requests become due by the clock, for which a timerfd wakes the loop (net/delay.h); the
 * connection that was used last is taken first, so that no more are made than are needed. A due
 * request for which none is free waits in the schedule, and is the first to be taken later. */
#include <math.h>

#include "net/load_inner.h"

static const struct load_options *options_of(const struct load_thread *t)
{
    return t->load->client->options;
}

/* --- Which connections have nothing to do. --- */

void load_unwait(struct load_connection *c)
{
    struct load_shard *s = c->shard;

    if (!c->waits)
        return;
    c->waits = false;
    *(c->before != NULL ? &c->before->after : &s->first_free) = c->after;
    *(c->after != NULL ? &c->after->before : &s->last_free) = c->before;
    c->before = c->after = NULL;
}

/* Connected ones in front, others behind. */
static void enlist(struct load_connection *c)
{
    struct load_shard *s = c->shard;
    bool in_front = c->state == LOAD_FREE;

    c->waits = true;
    c->before = in_front ? NULL : s->last_free;
    c->after = in_front ? s->first_free : NULL;
    *(c->before != NULL ? &c->before->after : &s->first_free) = c;
    *(c->after != NULL ? &c->after->before : &s->last_free) = c;
}

/* Those of a ramp that have not begun need not. Once: each entry is looked at. */
static void release_ramp(struct load_shard *s)
{
    if (s->ramp_over)
        return;
    s->ramp_over = true;
    for (uint32_t i = 0; i < s->connection_count; i++) {
        struct load_connection *c = &s->connections[i];

        if (!c->begin.waits)
            continue;
        delay_remove(&s->thread->delayed, &c->begin);
        load_thread_gone(s->thread);
    }
}

/* Closes what waits, as nothing more will come. */
static void release(struct load_shard *s)
{
    release_ramp(s);
    while (s->first_free != NULL) {
        struct load_connection *c = s->first_free;

        load_unwait(c);
        if (c->state == LOAD_CLOSED)
            load_thread_gone(s->thread);
        else
            load_close_connection(c);
    }
}

static uint64_t due_at(const struct load_shard *s, uint64_t i)
{
    return s->thread->begin_ns +
           load_due_ns(s->rate, options_of(s->thread)->ramp_ns, (double)i + s->phase);
}

void load_wait(struct load_connection *c)
{
    struct load_shard *s = c->shard;

    if (!s->over) {
        enlist(c);
        if (!s->due.waits)
            delay_add_at(&s->thread->delayed, &s->due, due_at(s, s->taken));
        return;
    }
    if (c->state == LOAD_CLOSED)
        load_thread_gone(s->thread);
    else
        load_close_connection(c);
    release(s);
}

/* --- The next request. --- */

static bool take_due(struct load_shard *s, struct load_request *r)
{
    struct load_thread *t = s->thread;
    uint64_t due_ns = due_at(s, s->taken), now_ns;

    if (due_ns >= t->end_ns) {
        s->over = true;
        return false;
    }
    now_ns = clock_read_monotonic();
    if (now_ns >= t->end_ns) {
        s->over = true;
        return false;
    }
    if (due_ns > now_ns)
        return false;
    r->submitted = clock_ticks();
    r->due = r->submitted - (uint64_t)((double)(now_ns - due_ns) * t->ticks_per_ns);
    if (r->due < t->begin_ticks) /* by the doubt of the clock; nothing is due before that */
        r->due = t->begin_ticks;
    return true;
}

bool load_take(struct load_shard *s, struct load_request *r)
{
    struct load_thread *t = s->thread;

    if (t->cancelled || s->taken == s->quota)
        s->over = true;
    if (s->over)
        return false;
    if (s->rate > 0) {
        if (!take_due(s, r))
            return false;
    } else {
        r->submitted = clock_ticks();
        r->due = 0;
        if (r->submitted >= t->end_ticks) {
            s->over = true;
            return false;
        }
    }
    s->taken++;
    r->target = (uint16_t)load_next_target(t->load->client, s);
    r->active = true;
    r->retried = r->reused = false; /* until it is sent */
    r->sent = r->first_byte = 0;
    return true;
}

/* Requests of an open loop are due. */
static void take_all_due(struct load_shard *s)
{
    while (s->first_free != NULL) {
        struct load_connection *c = s->first_free;

        if (!load_take(s, &c->request))
            break;
        load_unwait(c);
        load_record_submitted(c);
        load_begin(c);
    }
    if (s->over)
        release(s);
    else if (s->first_free != NULL && !s->due.waits)
        delay_add_at(&s->thread->delayed, &s->due, due_at(s, s->taken));
}

/* Where it is delayed: connections of a thread lie in one array. */
static bool is_of_connection(const struct load_thread *t, const struct delay_entry *entry)
{
    const char *at = (const char *)entry, *first = (const char *)t->connections;

    return at >= first && at < (const char *)(t->connections + t->connection_count);
}

/* What was delayed is a shard's next request or, in a ramp of a closed loop and of a burst, a
 * connection. */
static void delayed_cb(struct delay_queue *q, struct delay_entry *entry)
{
    struct load_thread *t = q->context;

    if (is_of_connection(t, entry))
        load_advance(
            (struct load_connection *)((char *)entry - offsetof(struct load_connection, begin)));
    else
        take_all_due((struct load_shard *)((char *)entry - offsetof(struct load_shard, due)));
}

/* --- What takes too long. --- */

static void sweep_cb(uv_timer_t *timer)
{
    struct load_thread *t = timer->data;
    uint64_t ticks = clock_ticks();

    for (uint32_t i = 0; i < t->connection_count; i++) {
        struct load_connection *c = &t->connections[i];
        bool is_open = c->state == LOAD_CONNECTING || c->state == LOAD_BUSY;

        if (is_open && c->request.active && ticks > c->request.submitted &&
            ticks - c->request.submitted > t->timeout_ticks)
            load_fail(c, ticks, LOAD_ERROR_TIMEOUT,
                      c->state == LOAD_CONNECTING ? "while connecting"
                      : c->answer.begun           ? "in the middle of the answer"
                                                  : "before the answer");
    }
}

/* A twentieth of the limit late at most. */
static uint64_t sweep_ms(const struct load_options *o)
{
    uint64_t ms = o->timeout_ns / 20 / 1000000;

    return ms < 1 ? 1 : ms > 250 ? 250 : ms;
}

/* --- Beginning and end. --- */

void load_thread_gone(struct load_thread *t)
{
    if (--t->alive > 0)
        return;
    if (t->has_sweep)
        uv_close((uv_handle_t *)&t->sweep, NULL);
    if (t->has_delayed)
        delay_queue_close(&t->delayed, NULL);
    t->has_sweep = t->has_delayed = false;
    if (t->number == 0)
        load_thread_over(t->load);
}

static void stop_cb(uv_async_t *stop)
{
    load_thread_cancel(stop->data);
}

static bool needs_delays(const struct load_options *o)
{
    return o->rate != 0 || o->ramp_ns != 0;
}

int load_thread_init(struct load_thread *t, struct err *e)
{
    const struct load_options *o = options_of(t);
    int rc;

    if (t->number > 0) {
        rc = uv_async_init(t->loop, &t->stop, stop_cb);
        if (rc != 0)
            return err_set(e, STATUS_FAILED, "cannot watch a loop: %s", uv_strerror(rc));
        t->stop.data = t;
        uv_unref((uv_handle_t *)&t->stop);
    }
    uv_timer_init(t->loop, &t->sweep);
    t->sweep.data = t;
    t->has_sweep = true;
    t->alive = t->connection_count;
    if (needs_delays(o)) {
        if (delay_queue_init(&t->delayed, t->loop, delayed_cb, t, e) != 0)
            return -1;
        t->has_delayed = true;
    }
    return 0;
}

static void begin_shard(struct load_shard *s)
{
    const struct load_options *o = options_of(s->thread);
    const struct load *load = s->thread->load;

    if (s->rate > 0) {
        for (uint32_t i = 0; i < s->connection_count; i++)
            enlist(&s->connections[i]);
        take_all_due(s);
        return;
    }
    for (uint32_t i = 0; i < s->connection_count; i++) {
        struct load_connection *c = &s->connections[i];

        if (s->group->burst != 0)
            delay_add_at(&s->thread->delayed, &c->begin,
                         s->thread->begin_ns + load->client->burst_after_ns);
        else if (o->ramp_ns == 0)
            load_advance(c);
        else
            delay_add_at(&s->thread->delayed, &c->begin,
                         s->thread->begin_ns +
                             (uint64_t)((double)o->ramp_ns * (double)(c->number - 1) /
                                        (double)load->client->options->connections));
    }
}

void load_thread_begin(struct load_thread *t)
{
    t->begun = true;
    uv_timer_start(&t->sweep, sweep_cb, sweep_ms(options_of(t)), sweep_ms(options_of(t)));
    for (unsigned i = 0; i < t->shard_count; i++)
        if (t->shards[i].connection_count > 0)
            begin_shard(&t->shards[i]);
}

static void cancel_connection(struct load_connection *c, uint64_t ticks)
{
    if (c->request.active)
        load_record_cancelled(c, ticks);
    load_close_connection(c); /* what waits without one is released with its shard */
}

void load_thread_cancel(struct load_thread *t)
{
    uint64_t ticks = clock_ticks();

    if (t->cancelled || t->alive == 0)
        return;
    t->cancelled = true;
    if (!t->begun) {
        t->alive = 1;
        load_thread_gone(t);
        return;
    }
    for (unsigned i = 0; i < t->shard_count; i++)
        t->shards[i].over = true;
    for (uint32_t i = 0; i < t->connection_count; i++)
        cancel_connection(&t->connections[i], ticks);
    for (unsigned i = 0; i < t->shard_count; i++)
        release(&t->shards[i]);
}

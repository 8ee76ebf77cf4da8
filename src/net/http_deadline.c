/* What takes too long, for tens of thousands of connections at next to no cost.
 *
 * Time is counted in sweeps of one coarse timer, so that no clock is read when a connection's state
 * changes, and clients do not pay for a loop that was blocked. All connections are in a wheel of
 * lists, each in that of the sweep that looks at it. A deadline that moves away, as nearly all do,
 * leaves a connection where it is: it is looked at too early then, and put further back. So a
 * request costs a store or two, and a connection that rests is touched about once a minute. The
 * wheel is also the list of all connections. Thread of the loop. */
#include "net/http_connection.h"

#include <stddef.h>

enum { SWEEP_MS_MOST = 1000, SWEEPS_A_LIMIT = 4, NS_PER_MS = 1000000 };

static void put(struct http_connection *c)
{
    struct http_server *s = c->server;
    uint32_t last = s->sweep + WHEEL_SLOTS - 1;
    struct http_connection **slot;
    c->check = c->deadline != 0 && c->deadline < last ? c->deadline : last;
    if (c->check <= s->sweep)
        c->check = s->sweep + 1;
    slot = &s->wheel[c->check % WHEEL_SLOTS];
    c->before = NULL;
    c->after = *slot;
    if (c->after != NULL)
        c->after->before = c;
    *slot = c;
}

void deadline_add(struct http_connection *c)
{
    put(c);
    deadline_start(c->server);
}

void deadline_remove(struct http_connection *c)
{
    if (c->before != NULL)
        c->before->after = c->after;
    else
        c->server->wheel[c->check % WHEEL_SLOTS] = c->after;
    if (c->after != NULL)
        c->after->before = c->before;
}

void deadline_set(struct http_connection *c, enum connection_limit limit)
{
    const struct http_server *s = c->server;
    c->deadline = s->limits[limit] > 0 ? s->sweep + s->limits[limit] : 0;
    if (c->deadline != 0 && c->deadline < c->check) {
        deadline_remove(c);
        put(c);
    }
}

/* Each connection that is looked at goes to another slot, as none is looked at again so soon. What
 * is closed stays in the wheel until the loop has closed it. */
static void sweep_cb(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    struct http_connection **slot, *c;
    s->sweep++;
    slot = &s->wheel[s->sweep % WHEEL_SLOTS];
    while ((c = *slot) != NULL) {
        if (c->deadline != 0 && c->deadline <= s->sweep)
            connection_expired(c);
        deadline_remove(c);
        put(c);
    }
    if (s->connection_count == 0) {
        uv_timer_stop(timer);
        s->sweeps = false;
    }
}

void deadline_start(struct http_server *s)
{
    if (s->sweeps || s->closing)
        return;
    uv_timer_start(&s->sweep_timer, sweep_cb, s->sweep_ms, s->sweep_ms);
    s->sweeps = true;
}

/* --- Limits. --- */

/* Not less than the limit, wherever between two sweeps it begins. */
static uint32_t in_sweeps(const struct http_server *s, uint64_t limit_ns)
{
    uint64_t period_ns = s->sweep_ms * NS_PER_MS, sweeps;
    if (limit_ns == 0)
        return 0;
    sweeps = limit_ns / period_ns + (limit_ns % period_ns > 0) + 1;
    return sweeps < UINT32_MAX / 2 ? (uint32_t)sweeps : UINT32_MAX / 2;
}

/* Often enough that the shortest limit is kept about. */
static void set_limits(struct http_server *s, uint64_t grace_ns)
{
    const struct http_server_options *o = &s->options;
    const uint64_t limits[LIMITS] = {
        [LIMIT_HANDSHAKE] = o->handshake_ns,
        [LIMIT_HEADER] = o->header_ns,
        [LIMIT_BODY] = o->body_ns,
        [LIMIT_IDLE] = o->idle_ns,
        [LIMIT_DRAIN] = o->drain_ns,
        [LIMIT_LINGER] = o->linger_ns,
        [LIMIT_GRACE] = grace_ns,
    };
    s->sweep_ms = SWEEP_MS_MOST;
    for (size_t i = 0; i < LIMITS; i++) {
        uint64_t wanted = limits[i] / NS_PER_MS / SWEEPS_A_LIMIT;
        if (limits[i] != 0 && wanted < s->sweep_ms)
            s->sweep_ms = wanted > 0 ? wanted : 1;
    }
    for (size_t i = 0; i < LIMITS; i++)
        s->limits[i] = in_sweeps(s, limits[i]);
}

void deadline_init(struct http_server *s)
{
    set_limits(s, 0);
}

/* With a short grace there are more sweeps in the same time: what is left of each deadline is
 * converted. */
void deadline_set_grace(struct http_server *s, uint64_t grace_ns,
                        void (*each)(struct http_connection *c))
{
    uint64_t old_ms = s->sweep_ms;
    struct http_connection *all = NULL, *c;
    for (size_t i = 0; i < WHEEL_SLOTS; i++) {
        while ((c = s->wheel[i]) != NULL) {
            deadline_remove(c);
            c->after = all;
            all = c;
        }
    }
    set_limits(s, grace_ns > 0 ? grace_ns : 1);
    while ((c = all) != NULL) {
        all = c->after;
        if (c->deadline > s->sweep)
            c->deadline = s->sweep + (uint32_t)((c->deadline - s->sweep) * old_ms / s->sweep_ms);
        put(c);
        each(c);
    }
    if (s->sweeps)
        uv_timer_start(&s->sweep_timer, sweep_cb, s->sweep_ms, s->sweep_ms);
}

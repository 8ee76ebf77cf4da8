/* Accepting in the primary, and handing connections out.
 *
 * With round-robin that is every connection's way; otherwise only of those that a replaced worker
 * gives back, and of those that came to the socket of a worker that is held back. Workers have
 * their turn one after the other, so that connections are spread evenly; one that has not
 * acknowledged anything for a while (its loop is blocked) is passed over as long as there is
 * another. What was not acknowledged when a worker dies goes to others: nobody has read a byte of
 * it. Primary, one thread. */
#include "net/supervisor_inner.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/clock.h"

enum { ACCEPTED_AT_ONCE = 64, PENDING_ROOM = 64, ACCEPT_PAUSE_MS = 50 };

static const uint64_t blocked_ns = 100000000;

/* --- Which worker. --- */

static bool has_room(const struct worker *w)
{
    return w != NULL && w->handed_count < HANDED_MOST && !w->channel.deaf &&
           board_get(&w->slot->own.connections) + w->handed_count <
               w->place->s->options.connections_most &&
           (w->state == SLOT_SERVING || (w->state == SLOT_DRAINING && w->role == ROLE_CURRENT));
}

static bool seems_blocked(const struct worker *w, uint64_t now_ns)
{
    return w->handed_count > 0 && now_ns - w->handed_ns > blocked_ns;
}

static struct worker *pick(struct supervisor *s)
{
    uint64_t now_ns = clock_read_monotonic();
    unsigned workers = (unsigned)s->options.workers, second = workers;
    for (unsigned i = 0; i < workers; i++) {
        unsigned at = (s->next + i) % workers;
        struct worker *w = s->places[at].current;
        if (!has_room(w))
            continue;
        if (!seems_blocked(w, now_ns)) {
            s->next = (at + 1) % workers;
            return w;
        }
        if (second == workers)
            second = at;
    }
    if (second == workers)
        return NULL;
    s->next = (second + 1) % workers;
    return s->places[second].current;
}

/* --- Handing over. --- */

static bool hand_over(struct worker *w, int fd)
{
    if (!handover_send(&w->channel, HANDOVER_CONNECTION, fd))
        return false;
    w->handed[(w->handed_first + w->handed_count) % HANDED_MOST] = fd;
    if (w->handed_count++ == 0)
        w->handed_ns = clock_read_monotonic();
    return true;
}

void worker_took(struct worker *w)
{
    if (w->handed_count == 0)
        return; /* nonsense */
    close(w->handed[w->handed_first]);
    w->handed_first = (w->handed_first + 1) % HANDED_MOST;
    w->handed_count--;
    w->handed_ns = clock_read_monotonic();
    if (w->place->s->pending_count > 0)
        pending_pump(w->place->s);
}

void worker_take_back(struct worker *w)
{
    for (; w->handed_count > 0; w->handed_count--) {
        pending_add(w->place->s, w->handed[w->handed_first]);
        w->handed_first = (w->handed_first + 1) % HANDED_MOST;
    }
}

void worker_gave(struct worker *from, int fd)
{
    struct worker *successor = from->place->current;
    if (from->place->s->pending_count > 0 || successor == from || !has_room(successor) ||
        !hand_over(successor, fd))
        pending_add(from->place->s, fd);
}

/* --- What waits. --- */

static bool pending_grow(struct supervisor *s)
{
    size_t room = s->pending_room > 0 ? 2 * s->pending_room : PENDING_ROOM;
    int *larger = mem_alloc(room * sizeof *larger);
    if (larger == NULL)
        return false;
    for (size_t i = 0; i < s->pending_count; i++)
        larger[i] = s->pending[(s->pending_first + i) % s->pending_room];
    mem_free(s->pending);
    s->pending = larger;
    s->pending_room = room;
    s->pending_first = 0;
    return true;
}

void pending_add(struct supervisor *s, int fd)
{
    if (s->pending_count == s->pending_room && !pending_grow(s)) {
        close(fd);
        return;
    }
    s->pending[(s->pending_first + s->pending_count++) % s->pending_room] = fd;
}

/* As long as workers take no more, connections are left to the kernel. That a worker has lost some
 * nobody tells us, so we look again after a while. */
static void wait_for_room(struct supervisor *s)
{
    bool waits = s->pending_count > 0 && !supervisor_is_ending(s);
    if (waits && !uv_is_active((const uv_handle_t *)&s->accept_again))
        uv_timer_start(&s->accept_again, accept_again_cb, ACCEPT_PAUSE_MS, 0);
    if (s->crowded != waits) {
        s->crowded = waits;
        sources_update(s);
    }
}

void pending_pump(struct supervisor *s)
{
    while (s->pending_count > 0) {
        struct worker *w = pick(s);
        if (w == NULL || !hand_over(w, s->pending[s->pending_first]))
            break;
        s->pending_first = (s->pending_first + 1) % s->pending_room;
        s->pending_count--;
    }
    wait_for_room(s);
    if (supervisor_is_ending(s))
        supervisor_step(s);
}

void pending_drop(struct supervisor *s)
{
    for (; s->pending_count > 0; s->pending_count--) {
        close(s->pending[s->pending_first]);
        s->pending_first = (s->pending_first + 1) % s->pending_room;
    }
}

/* --- Accepting. --- */

/* 1: accepted; 0: nothing waits; -1: no room for more now. */
static int accept_one(struct supervisor *s, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            pending_add(s, fd);
            return 1;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
            return -1; /* the trouble of that client otherwise (accept(2)) */
    }
}

static void source_cb(uv_poll_t *poll, int status, int events)
{
    struct source *source = poll->data;
    struct supervisor *s = source->s;
    int rc = 1;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTED_AT_ONCE && rc > 0; i++)
        rc = accept_one(s, source->fd);
    pending_pump(s);
    if (rc < 0) { /* no descriptors, perhaps */
        s->exhausted = true;
        uv_timer_start(&s->accept_again, accept_again_cb, ACCEPT_PAUSE_MS, 0);
        sources_update(s);
    }
}

int source_open(struct source *source, struct supervisor *s, int fd, struct err *e)
{
    int rc = uv_poll_init(&s->loop, &source->poll, fd);
    if (rc < 0)
        return err_set(e, STATUS_FAILED, "cannot watch a listening socket: %s", uv_strerror(rc));
    source->poll.data = source;
    source->s = s;
    source->fd = fd;
    source->exists = true;
    source->watched = false;
    return 0;
}

void source_watch(struct source *source, bool watch)
{
    if (!source->exists || source->watched == watch)
        return;
    source->watched = watch;
    if (watch)
        uv_poll_start(&source->poll, UV_READABLE, source_cb);
    else
        uv_poll_stop(&source->poll);
}

/* Whether nobody else accepts from the socket of that place. */
static bool is_orphan(const struct place *p)
{
    return p->current == NULL && p->due;
}

void sources_update(struct supervisor *s)
{
    bool open =
        !supervisor_is_ending(s) && s->phase != PHASE_STARTING && !s->crowded && !s->exhausted;
    for (unsigned i = 0; i < LISTEN_ADDRESSES_MOST; i++)
        source_watch(&s->sources[i], open && s->options.scheduling == SCHEDULING_ROUND_ROBIN);
    for (unsigned w = 0; w < s->options.workers; w++)
        for (unsigned i = 0; i < LISTEN_ADDRESSES_MOST; i++)
            source_watch(&s->places[w].sources[i], open && is_orphan(&s->places[w]));
}

void accept_again_cb(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    s->exhausted = false;
    sources_update(s);
    pending_pump(s);
}

static void accept_rest_of(struct supervisor *s, const struct listen_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        while (accept_one(s, set->fds[i]) > 0)
            ;
}

void accept_rest(struct supervisor *s)
{
    accept_rest_of(s, &s->listen);
    for (unsigned w = 0; w < s->options.workers; w++)
        accept_rest_of(s, &s->places[w].own);
}

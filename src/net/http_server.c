/* Listening, accepting, closing.
 *
 * Accepting is done by hand on a uv_poll of the listening socket: libuv's own way drops everything
 * that waits when descriptors run out, and here it shall wait for better times. Thread of the loop.
 */
#include "net/http_connection.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { ACCEPT_PAUSE_MS = 50 };
enum { PARKED_ROOM = 64, OPENED_AT_ONCE = 32 };
enum { HEADER_BYTES_MOST_LIMIT = 64 * 1024 };

#define SECONDS(n) ((n) * (uint64_t)1000000000)

const struct http_server_options http_server_defaults = {
    .header_bytes_most = 16 * 1024,
    .body_bytes_most = 1024 * 1024,
    .handshake_ns = SECONDS(60),
    .header_ns = SECONDS(60),
    .body_ns = SECONDS(120),
    .idle_ns = SECONDS(120),
    .drain_ns = SECONDS(60),
    .linger_ns = SECONDS(2),
};

/* --- Accepting. --- */

static void readable_cb(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    server_accept_pending(poll->data);
}

static bool is_full(const struct http_server *s)
{
    return s->options.connections_most != 0 &&
           s->connection_count + s->parked_count - s->parked_first >= s->options.connections_most;
}

static void set_accepting(struct http_server *s, bool accepts)
{
    if (s->accepts == accepts || s->closing || s->drains)
        return;
    s->accepts = accepts;
    for (unsigned i = 0; i < s->listener_count; i++) {
        if (accepts)
            uv_poll_start(&s->listeners[i].poll, UV_READABLE, readable_cb);
        else
            uv_poll_stop(&s->listeners[i].poll);
    }
}

static void accept_again_cb(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    if (!is_full(s))
        set_accepting(s, true);
}

/* Keeps a socket until there is time for it. */
static bool park(struct http_server *s, int fd)
{
    if (s->parked_count == s->parked_room) {
        size_t room = s->parked_room > 0 ? 2 * s->parked_room : PARKED_ROOM;
        int *larger = mem_resize(s->parked, room * sizeof *larger);
        if (larger == NULL) {
            close(fd);
            return false;
        }
        s->parked = larger;
        s->parked_room = room;
    }
    s->parked[s->parked_count++] = fd;
    return true;
}

/* Accepts until nothing waits. False when there is no room for more now. */
static bool accept_all(struct http_server *s, int listener)
{
    for (;;) {
        int fd;
        if (is_full(s))
            return false;
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO))
            continue; /* the trouble of that client (accept(2)) */
        if (fd < 0 || !park(s, fd))
            return false;
    }
}

/* Makes connections of some of those that are parked. False when there is no room for them. */
static bool open_some(struct http_server *s)
{
    bool room = true;
    for (int i = 0; i < OPENED_AT_ONCE && s->parked_first < s->parked_count; i++) {
        if (connection_open(s, s->parked[s->parked_first++]) < 0)
            room = false;
        else
            s->accepted++;
    }
    if (s->parked_first == s->parked_count)
        s->parked_first = s->parked_count = 0;
    return room;
}

/* A connection takes many times as long to set up as to accept, and the kernel turns clients away
 * for a second or more when its backlog is full: so the backlog is emptied again and again. */
void server_accept_pending(struct http_server *s)
{
    bool room = true;
    if (!s->accepts || s->closing || s->drains)
        return;
    do {
        for (unsigned i = 0; i < s->listener_count && room; i++)
            room = accept_all(s, s->listeners[i].fd);
        room = open_some(s) && room;
    } while (s->parked_count > 0);
    if (!room) {
        set_accepting(s, false);
        uv_timer_start(&s->accept_timer, accept_again_cb, ACCEPT_PAUSE_MS, 0);
    }
}

/* --- Beginning and end. --- */

struct http_server *http_server_new(uv_loop_t *loop, const struct http_server_options *options,
                                    struct err *e)
{
    struct http_server *s = mem_zeroed(1, sizeof *s);
    if (s == NULL || tls_wire_init(&s->wire, e) < 0) {
        mem_free(s);
        err_no_memory(e, "the server");
        return NULL;
    }
    s->loop = loop;
    s->options = *options;
    if (s->options.header_bytes_most > HEADER_BYTES_MOST_LIMIT)
        s->options.header_bytes_most = HEADER_BYTES_MOST_LIMIT; /* the parser's own is 80 KiB */
    deadline_init(s);
    s->accepts = true;
    uv_timer_init(loop, &s->accept_timer);
    uv_timer_init(loop, &s->sweep_timer);
    s->accept_timer.data = s->sweep_timer.data = s;
    s->handles = 2;
    return s;
}

int http_server_listen(struct http_server *s, int fd, struct err *e)
{
    struct server_listener *l = &s->listeners[s->listener_count];
    int rc = UV_EMFILE;
    if (s->listener_count < HTTP_SERVER_LISTENERS && !s->drains)
        rc = uv_poll_init(s->loop, &l->poll, fd);
    if (rc < 0) {
        close(fd);
        return err_set(e, STATUS_FAILED, "cannot watch a listening socket: %s", uv_strerror(rc));
    }
    l->poll.data = s;
    l->server = s;
    l->fd = fd;
    s->listener_count++;
    s->handles++;
    if (s->accepts)
        uv_poll_start(&l->poll, UV_READABLE, readable_cb);
    return 0;
}

int http_server_adopt(struct http_server *s, int fd)
{
    int rc;
    if (s->drains && s->draining.give != NULL && s->options.tls == NULL) {
        s->given++;
        s->draining.give(s->draining.context, fd);
        return 0;
    }
    rc = connection_open(s, fd);
    if (rc == 0)
        s->accepted++;
    return rc;
}

uint64_t http_server_connections(const struct http_server *s)
{
    return s->connection_count;
}

uint64_t http_server_accepted(const struct http_server *s)
{
    return s->accepted;
}

uint64_t http_server_given(const struct http_server *s)
{
    return s->given;
}

void server_handle_closed(struct http_server *s)
{
    void (*closed)(void *context) = s->closed;
    void *context = s->closed_context;
    s->handles--;
    if (!s->closing && !s->drains && !s->accepts &&
        !uv_is_active((uv_handle_t *)&s->accept_timer) && !is_full(s))
        set_accepting(s, true);
    drain_check(s);
    if (s->handles > 0)
        return;
    tls_wire_free(&s->wire);
    mem_free(s->parked);
    mem_free(s);
    if (closed != NULL)
        closed(context);
}

static void timer_closed_cb(uv_handle_t *timer)
{
    server_handle_closed(timer->data);
}

static void listener_closed_cb(uv_handle_t *poll)
{
    struct server_listener *l = (struct server_listener *)poll;
    close(l->fd);
    server_handle_closed(l->server);
}

void server_stop_listening(struct http_server *s)
{
    for (unsigned i = 0; i < s->listener_count; i++)
        if (!uv_is_closing((uv_handle_t *)&s->listeners[i].poll))
            uv_close((uv_handle_t *)&s->listeners[i].poll, listener_closed_cb);
    uv_timer_stop(&s->accept_timer);
}

void http_server_close(struct http_server *s, void (*closed)(void *context), void *context)
{
    if (s->closing)
        return;
    s->closing = true;
    s->closed = closed;
    s->closed_context = context;
    server_stop_listening(s);
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        for (struct http_connection *c = s->wheel[i]; c != NULL; c = c->after)
            connection_close(c);
    uv_close((uv_handle_t *)&s->accept_timer, timer_closed_cb);
    uv_close((uv_handle_t *)&s->sweep_timer, timer_closed_cb);
}

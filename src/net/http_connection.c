/* A connection: what it receives, and its way from state to state.
 *
 * While a request is with the handler or its answer on the way, reading goes on, so that a client
 * that goes away is noticed; but the first bytes that come then are put aside and reading stops
 * until they are wanted, so that nobody can fill our memory. Ending a connection means to end our
 * side and to read on until the client has ended its own: closing with unread bytes would reset the
 * connection, and the last answer might be lost with it (RFC 9112, 9.6). Thread of the loop. */
#include "net/http_connection.h"

#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/clock.h"

enum { ACCEPT_EVERY = 8 };

static void resume(struct http_connection *c);

void connection_enter(struct http_connection *c, enum connection_state state,
                      enum connection_limit limit)
{
    c->state = state;
    deadline_set(c, limit);
}

bool connection_reads(const struct http_connection *c)
{
    return c->state == CONNECTION_IDLE || c->state == CONNECTION_HEADER ||
           c->state == CONNECTION_BODY;
}

/* --- The end. --- */

static void closed_cb(uv_handle_t *tcp)
{
    struct http_connection *c = (struct http_connection *)tcp;
    struct http_server *s = c->server;
    deadline_remove(c);
    s->connection_count--;
    mem_free(c);
    server_handle_closed(s);
}

/* Gives back all but the handle's own memory, and tells the handler what it must know. */
static void release(struct http_connection *c)
{
    const struct http_handler *handler = &c->server->options.handler;
    c->state = CONNECTION_CLOSED;
    c->deadline = 0;
    if (c->server->holder == c)
        c->server->held_bytes = 0;
    SSL_free(c->ssl);
    c->ssl = NULL;
    mem_free(c->stash);
    c->stash = NULL;
    if (c->owed) {
        c->owed = false;
        if (handler->over != NULL)
            handler->over(handler->context, &c->request, false);
    }
    parse_forget(c);
}

void connection_close(struct http_connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return;
    release(c);
    uv_close((uv_handle_t *)&c->tcp, closed_cb);
}

/* Drops what the client did not take, too: the kernel would go on offering it. */
static void reset(struct http_connection *c)
{
    release(c);
    if (uv_tcp_close_reset(&c->tcp, closed_cb) < 0)
        uv_close((uv_handle_t *)&c->tcp, closed_cb);
}

/* --- Receiving. --- */

static void alloc_cb(uv_handle_t *tcp, size_t suggested, uv_buf_t *buf)
{
    struct http_server *s = ((struct http_connection *)tcp)->server;
    (void)suggested;
    *buf = uv_buf_init(s->received, sizeof s->received);
}

static void read_cb(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf);

static void set_reading(struct http_connection *c, bool reading)
{
    if (c->state == CONNECTION_CLOSED || c->reading == reading)
        return;
    if (reading && uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb) < 0) {
        connection_close(c);
        return;
    }
    if (!reading)
        uv_read_stop((uv_stream_t *)&c->tcp);
    c->reading = reading;
}

/* Puts aside what there is no use for yet. At most what one callback brings, as reading stops. */
static void put_aside(struct http_connection *c, const char *bytes, size_t length)
{
    char *larger = mem_resize(c->stash, c->stash_bytes + length);
    if (larger == NULL) {
        connection_close(c);
        return;
    }
    memcpy(larger + c->stash_bytes, bytes, length);
    c->stash = larger;
    c->stash_bytes += length;
    c->stash_ns = c->server->read_ns;
    set_reading(c, false);
}

/* The client said something, in plain text. */
static void take_in(struct http_connection *c, const char *bytes, size_t length)
{
    size_t used = c->stash == NULL ? parse_feed(c, bytes, length) : 0;
    if (used < length && (c->state == CONNECTION_HANDLING || c->state == CONNECTION_ANSWERING))
        put_aside(c, bytes + used, length - used);
    drain_settle(c);
}

static void drop_stash(struct http_connection *c)
{
    mem_free(c->stash);
    c->stash = NULL;
    c->stash_from = c->stash_bytes = 0;
}

/* Whether the client has gone, and not only said all that it has to say: libuv takes a reset that
 * came right behind a request for an end, too. */
static bool is_gone(const struct http_connection *c)
{
    struct pollfd p = {.events = 0};
    return uv_fileno((const uv_handle_t *)&c->tcp, &p.fd) < 0 ||
           (poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP)) != 0);
}

/* Nothing more will come from the client. What it asked for is still answered. */
static void take_end(struct http_connection *c)
{
    if ((c->state == CONNECTION_HANDLING || c->state == CONNECTION_ANSWERING) && is_gone(c)) {
        connection_close(c);
        return;
    }
    c->peer_done = true;
    c->reading = false;
    uv_read_stop((uv_stream_t *)&c->tcp);
    if (c->state == CONNECTION_HEADER || c->state == CONNECTION_BODY)
        answer_refuse(c, HTTP_STATUS_BAD_REQUEST);
    else if (c->state == CONNECTION_IDLE)
        connection_finish(c);
    else if (c->state == CONNECTION_HANDSHAKE || c->state == CONNECTION_LINGERING)
        connection_close(c);
}

/* Goes on where an answer made it wait: with what was put aside, then with the network. */
static void resume(struct http_connection *c)
{
    if (c->feeding)
        return;
    if (c->stash != NULL)
        c->server->read_ns = c->stash_ns;
    while (c->stash != NULL && connection_reads(c)) {
        size_t left = c->stash_bytes - c->stash_from;
        size_t used = parse_feed(c, c->stash + c->stash_from, left);
        if (c->stash == NULL) /* the connection came to its end */
            break;
        c->stash_from += used;
        if (c->stash_from == c->stash_bytes)
            drop_stash(c);
    }
    if (c->stash == NULL && c->peer_done && connection_reads(c))
        take_end(c);
    else if (c->stash == NULL && !c->peer_done)
        set_reading(c, true); /* which does nothing if it is closed */
    drain_settle(c);
}

/* Records become plain text, and the handshake's steps are answered. What TLS has to say is sent
 * before the text is looked at, as that leads to other calls that use the wire. */
static void take_records(struct http_connection *c, const char *bytes, size_t length)
{
    struct http_server *s = c->server;
    bool was_handshake = c->state == CONNECTION_HANDSHAKE;
    int n = 1;
    s->wire.in = bytes;
    s->wire.in_bytes = length;
    while (n > 0 && c->state < CONNECTION_FINISHING) {
        n = tls_read(c->ssl, s->plain, sizeof s->plain);
        if (c->state == CONNECTION_HANDSHAKE && SSL_is_init_finished(c->ssl))
            connection_enter(c, CONNECTION_IDLE, s->drains ? LIMIT_GRACE : LIMIT_IDLE);
        if (!connection_flush(c, true))
            break;
        if (n > 0)
            take_in(c, s->plain, (size_t)n);
        else if (n == TLS_END)
            take_end(c);
        else if (n == TLS_FAILED) {
            c->failed_tls = true;
            connection_finish(c);
        }
    }
    s->wire.in_bytes = 0;
    /* Handshakes take long, and others must not be turned away meanwhile for a full backlog. */
    if (was_handshake && ++s->handshake_steps % ACCEPT_EVERY == 0)
        server_accept_pending(s);
}

static void read_cb(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
    uint64_t now_ns = clock_read_monotonic();
    struct http_connection *c = (struct http_connection *)tcp;
    c->server->read_ns = now_ns;
    if (n == UV_EOF)
        take_end(c);
    else if (n < 0)
        connection_close(c);
    else if (n > 0 && c->state < CONNECTION_FINISHING) {
        if (c->ssl != NULL)
            take_records(c, buf->base, (size_t)n);
        else
            take_in(c, buf->base, (size_t)n);
    }
}

/* --- From state to state. --- */

int connection_open(struct http_server *s, int fd)
{
    struct http_connection *c = mem_zeroed(1, sizeof *c);
    int rc;
    if (c == NULL) {
        close(fd);
        return UV_ENOMEM;
    }
    c->server = s;
    uv_tcp_init(s->loop, &c->tcp); /* without a socket yet, it cannot fail */
    s->handles++;
    s->connection_count++;
    deadline_add(c);
    rc = uv_tcp_open(&c->tcp, fd);
    if (rc < 0) {
        close(fd);
        connection_close(c);
        return rc;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    parse_start(c);
    if (s->options.tls != NULL) {
        c->ssl = tls_accept(s->options.tls, &s->wire);
        if (c->ssl == NULL) {
            connection_close(c);
            return UV_ENOMEM;
        }
        connection_enter(c, CONNECTION_HANDSHAKE, LIMIT_HANDSHAKE);
    } else {
        connection_enter(c, CONNECTION_IDLE, LIMIT_IDLE);
    }
    set_reading(c, true);
    drain_settle(c);
    return 0;
}

void connection_answered(struct http_connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return;
    parse_forget(c);
    if (!c->keep || c->server->closing) {
        connection_finish(c);
        return;
    }
    connection_enter(c, CONNECTION_IDLE, LIMIT_IDLE);
    resume(c);
}

static void linger(struct http_connection *c)
{
    uv_os_fd_t fd;
    connection_enter(c, CONNECTION_LINGERING, LIMIT_LINGER);
    if (c->peer_done || uv_fileno((uv_handle_t *)&c->tcp, &fd) < 0 || shutdown(fd, SHUT_WR) < 0)
        connection_close(c);
    else
        set_reading(c, true);
}

/* Called again when the writes that it had to wait for are done. */
void connection_finish(struct http_connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return;
    if (c->state < CONNECTION_FINISHING) {
        drop_stash(c);
        if (!connection_release_held(c))
            return;
        connection_enter(c, CONNECTION_FINISHING, LIMIT_DRAIN);
        if (c->ssl != NULL && !c->failed_tls) {
            tls_end(c->ssl);
            if (!connection_flush(c, true))
                return;
        }
    }
    if (c->writes == 0)
        linger(c);
}

/* Whether the kernel still holds bytes that the client has not taken (tcp(7), SIOCOUTQ). */
static bool is_draining(const struct http_connection *c)
{
    uv_os_fd_t fd;
    int bytes = 0;
    return uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0 && ioctl(fd, SIOCOUTQ, &bytes) == 0 &&
           bytes > 0;
}

void connection_expired(struct http_connection *c)
{
    c->deadline = 0;
    if (c->state == CONNECTION_LINGERING && !is_draining(c)) {
        connection_close(c);
    } else if (c->state == CONNECTION_LINGERING && !c->lingered) {
        c->lingered = true;
        connection_enter(c, CONNECTION_LINGERING, LIMIT_DRAIN);
    } else if (c->state == CONNECTION_HEADER || c->state == CONNECTION_BODY) {
        answer_refuse(c, HTTP_STATUS_REQUEST_TIMEOUT);
    } else if (c->state == CONNECTION_IDLE) {
        connection_finish(c);
    } else {
        reset(c);
    }
}

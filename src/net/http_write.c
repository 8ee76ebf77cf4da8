/* A connection's bytes on their way out: tried at once, as the kernel nearly always takes them;
 * only what it leaves over is copied, and written when there is room. Thread of the loop. */
#include "net/http_connection.h"

#include <string.h>

#include "base/mem.h"

enum { WAITING_BYTES_MOST = 256 * 1024 };

/* What the kernel did not take at once. */
struct pending_write {
    uv_write_t request;
    struct http_connection *connection;
    char bytes[];
};

static void write_cb(uv_write_t *request, int status)
{
    struct pending_write *w = (struct pending_write *)request;
    struct http_connection *c = w->connection;
    mem_free(w);
    c->writes--;
    if (c->state == CONNECTION_CLOSED)
        return;
    if (status < 0) {
        connection_close(c);
    } else if (c->writes == 0 && c->state == CONNECTION_ANSWERING) {
        answer_pump(c);
    } else if (c->writes == 0 && c->state == CONNECTION_FINISHING) {
        connection_finish(c);
    } else {
        drain_settle(c);
    }
}

/* Hands bytes of the wire to the kernel, now or when it takes them. */
static bool write_wire(struct http_connection *c, const char *bytes, size_t length, bool now)
{
    struct pending_write *w;
    uv_buf_t buf = {.len = length};
    int taken = UV_EAGAIN;
    size_t done;
    memcpy(&buf.base, &bytes, sizeof bytes); /* libuv only reads them, and has no way to say so */
    if (now && c->writes == 0)
        taken = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
    done = taken > 0 ? (size_t)taken : 0;
    if (done == length)
        return true;
    if (taken < 0 && taken != UV_EAGAIN)
        goto fail;
    /* Only TLS, answering the client, can add to what waits already. */
    if (uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) > WAITING_BYTES_MOST)
        goto fail;
    w = mem_alloc(sizeof *w + length - done);
    if (w == NULL)
        goto fail;
    w->connection = c;
    memcpy(w->bytes, bytes + done, length - done);
    buf = uv_buf_init(w->bytes, (unsigned)(length - done));
    if (uv_write(&w->request, (uv_stream_t *)&c->tcp, &buf, 1, write_cb) < 0) {
        mem_free(w);
        goto fail;
    }
    c->writes++;
    if (c->state == CONNECTION_ANSWERING || c->state == CONNECTION_FINISHING)
        connection_enter(c, c->state, LIMIT_DRAIN);
    return true;
fail:
    connection_close(c);
    return false;
}

bool connection_flush(struct http_connection *c, bool now)
{
    struct tls_wire *w = &c->server->wire;
    size_t length = w->out_bytes;
    w->out_bytes = 0;
    return length == 0 || write_wire(c, w->out, length, now);
}

/* Only while the parser still has bytes of this connection: what is held is sent when it has none.
 */
bool connection_hold(struct http_connection *c, size_t length)
{
    struct http_server *s = c->server;
    if (!c->feeding || !c->more || !c->keep || c->ssl != NULL ||
        (s->held_bytes > 0 && s->holder != c) ||
        sizeof s->slice - s->held_bytes - length < HEAD_BYTES_MOST)
        return false;
    s->holder = c;
    s->held_bytes += length;
    return true;
}

bool connection_release_held(struct http_connection *c)
{
    struct http_server *s = c->server;
    size_t length = s->held_bytes;
    if (s->holder != c || length == 0)
        return true;
    s->held_bytes = 0;
    return write_wire(c, s->slice, length, true);
}

/* What is held lies in front of an answer, and goes with it. */
bool connection_send(struct http_connection *c, const char *bytes, size_t length, bool now)
{
    struct http_server *s = c->server;
    if (s->held_bytes > 0 && s->holder == c) {
        if (bytes != s->slice + s->held_bytes) {
            if (!connection_release_held(c))
                return false;
        } else {
            bytes = s->slice;
            length += s->held_bytes;
            s->held_bytes = 0;
        }
    }
    if (c->ssl == NULL)
        return write_wire(c, bytes, length, now);
    if (tls_send(c->ssl, bytes, length) < 0) {
        c->server->wire.out_bytes = 0;
        connection_close(c);
        return false;
    }
    return connection_flush(c, now);
}

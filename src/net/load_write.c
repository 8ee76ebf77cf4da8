/* The bytes of a connection's requests on their way: with one call where the kernel takes them, and
 * later where it does not. On the connection's own thread. */
#include <string.h>

#include "base/mem.h"
#include "net/load_inner.h"

/* What the kernel does not take at once. */
struct late_write {
    uv_write_t write;
    struct load_connection *connection;
    char bytes[]; /* a copy, where they do not stay */
};

/* Errors of writing are those of reading, too, which may have an answer before them. */
static void written_cb(uv_write_t *write, int status)
{
    struct late_write *late = write->data;

    (void)status;
    late->connection->writes--;
    mem_free(late);
}

static uv_buf_t buffer_of(const char *bytes, size_t length)
{
    uv_buf_t buf = {.len = length};

    memcpy(&buf.base, &bytes, sizeof bytes); /* libuv only reads them, and has no way to say so */
    return buf;
}

/* `stays`: the bytes will, until they are written. 0 or UV_E*. */
static int write_rest(struct load_connection *c, const char *bytes, size_t length, bool stays)
{
    struct late_write *late = mem_alloc(sizeof *late + (stays ? 0 : length));
    uv_buf_t rest;
    int rc;

    if (late == NULL)
        return UV_ENOMEM;
    late->connection = c;
    late->write.data = late;
    if (!stays)
        memcpy(late->bytes, bytes, length);
    rest = stays ? buffer_of(bytes, length) : uv_buf_init(late->bytes, (unsigned)length);
    rc = uv_write(&late->write, (uv_stream_t *)&c->tcp, &rest, 1, written_cb);
    if (rc != 0)
        mem_free(late);
    else
        c->writes++;
    return rc;
}

int load_put(struct load_connection *c, const char *bytes, size_t length, bool stays)
{
    uv_buf_t all = buffer_of(bytes, length);
    int taken = c->writes > 0 ? 0 : uv_try_write((uv_stream_t *)&c->tcp, &all, 1);

    if (taken == (int)length)
        return 0;
    if (taken < 0 && taken != UV_EAGAIN)
        return taken;
    taken = taken < 0 ? 0 : taken;
    return write_rest(c, bytes + taken, length - (size_t)taken, stays);
}

int load_flush(struct load_connection *c)
{
    struct tls_wire *w = c->shard->thread->wire;
    size_t bytes = w->out_bytes;

    w->out_bytes = 0;
    return bytes == 0 ? 0 : load_put(c, w->out, bytes, false);
}

int load_put_secured(struct load_connection *c, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t piece = length < TLS_SEND_BYTES_MOST ? length : TLS_SEND_BYTES_MOST;
        int rc;

        if (tls_send(c->ssl, bytes, piece) != 0)
            return UV_EPIPE;
        rc = load_flush(c);
        if (rc != 0)
            return rc;
        bytes += piece;
        length -= piece;
    }
    return 0;
}

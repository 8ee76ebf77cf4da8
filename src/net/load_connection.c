/* A connection and the request on it.
 *
 *   CLOSED --begin--> CONNECTING --> BUSY --answer--> FREE --> BUSY ...
 *      ^                  |           |                |
 *      +---- CLOSING <----+-----------+----------------+
 *
 * A request is written with one call and, where the answer is short, read with one. What fails ends
 * in CLOSING, and goes on from the callback of that: so a server that refuses everything makes no
 * recursion. A request on a connection that had been used before, and that ends at once without a
 * byte of an answer, is sent once more on a new one if its method allows it: the server may have
 * closed the connection before the request came (RFC 9112, 9.3.1). All others that end so are
 * errors.
 *
 * Everything runs on the connection's own thread. */
#include <openssl/x509_vfy.h>

#include "net/load_inner.h"

enum { RACE_NS = 100000000 };

static void closed_cb(uv_handle_t *handle)
{
    struct load_connection *c = handle->data;

    c->state = LOAD_CLOSED;
    if (c->request.active)
        load_begin(c); /* once more */
    else
        load_advance(c);
}

void load_close_connection(struct load_connection *c)
{
    if (c->state == LOAD_CLOSING || c->state == LOAD_CLOSED)
        return;
    load_unwait(c);
    if (c->ssl != NULL) {
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    c->state = LOAD_CLOSING;
    uv_close((uv_handle_t *)&c->tcp, closed_cb);
}

/* The connection, if it was one, has been ended by the server, or an error breaks it. */
static void close_ended(struct load_connection *c)
{
    if (c->secured && c->state != LOAD_CLOSING && c->state != LOAD_CLOSED)
        c->shard->thread->ended_connections++;
    load_close_connection(c);
}

void load_fail(struct load_connection *c, uint64_t ticks, enum load_error kind, const char *text)
{
    if (c->request.active)
        load_record_error(c, ticks, kind, text);
    close_ended(c);
}

/* Whether the server may have closed the connection as it had rested for too long, before it saw
 * the request. Then we learn of it one round trip after sending at the latest, as long as it took
 * to connect, and a while for whoever is late. A server that ends later than that has had the
 * request, and died of it or gave it up: that is an error, which sending again would hide. */
static bool is_race(const struct load_connection *c, uint64_t ticks)
{
    const struct load_request *r = &c->request;
    const struct load_thread *t = c->shard->thread;

    return r->active && r->reused && !r->retried && !c->answer.begun &&
           (ticks <= r->sent || load_ns(t, ticks - r->sent) <= RACE_NS + load_ns(t, c->round_trip));
}

/* The connection is of no more use. */
static void lost(struct load_connection *c, uint64_t ticks, const char *text)
{
    const struct load_client *client = c->shard->thread->load->client;

    if (client->may_retry && is_race(c, ticks)) {
        c->request.retried = true;
        c->shard->thread->retried++;
        close_ended(c);
        return;
    }
    load_fail(c, ticks, c->secured ? LOAD_ERROR_RESET : LOAD_ERROR_CONNECT, text);
}

/* --- Sending. --- */

/* `ticks`: now. */
static void send_request(struct load_connection *c, uint64_t ticks)
{
    struct load_thread *t = c->shard->thread;
    const struct load_target *target = &t->load->client->targets[c->request.target];
    int rc;

    load_answer_start(c);
    c->state = LOAD_BUSY;
    c->request.reused = c->answered > 0;
    c->request.first_byte = 0;
    if (c->request.sent == 0)
        c->request.sent = ticks;
    if (c->ssl != NULL)
        rc = load_put_secured(c, target->request, target->request_bytes);
    else
        rc = load_put(c, target->request, target->request_bytes, true);
    t->sent_bytes += target->request_bytes;
    if (rc != 0)
        lost(c, clock_ticks(), rc == UV_ENOMEM ? "not enough memory" : uv_strerror(rc));
}

/* --- Reading. --- */

static void answered(struct load_connection *c, uint64_t ticks)
{
    bool is_kept = c->answer.keep && c->writes == 0;

    c->answered++;
    load_record_answer(c, ticks);
    if (!c->shard->thread->load->client->options->keep_alive) {
        load_close_connection(c);
        return;
    }
    if (!is_kept) {
        close_ended(c);
        return;
    }
    c->state = LOAD_FREE;
    load_advance(c);
}

/* `last`: the server has ended its side, with `why`. */
static void feed(struct load_connection *c, uint64_t ticks, const char *bytes, size_t length,
                 bool last, const char *why)
{
    const char *wrong;

    if (c->state != LOAD_BUSY) { /* nobody asked */
        load_fail(c, ticks, LOAD_ERROR_CONNECT, why != NULL ? why : "the server spoke first");
        return;
    }
    c->shard->thread->received_bytes += length;
    if (c->request.first_byte == 0 && length > 0)
        c->request.first_byte = ticks;
    switch (load_answer_feed(c, bytes, length, last, &wrong)) {
    case LOAD_FED_COMPLETE:
        if (last)
            c->answer.keep = false;
        answered(c, ticks);
        break;
    case LOAD_FED_BAD:
        load_fail(c, ticks, LOAD_ERROR_MALFORMED, wrong);
        break;
    case LOAD_FED_MORE:
        if (last)
            lost(c, ticks, why);
        break;
    }
}

static void connected(struct load_connection *c)
{
    struct load_thread *t = c->shard->thread;

    c->secured = true;
    c->state = LOAD_FREE;
    t->connected++;
    if (c->request.active)
        send_request(c, clock_ticks());
    else
        load_advance(c);
}

static const char *why_untrusted(const SSL *ssl)
{
    long result = SSL_get_verify_result(ssl);

    return result == X509_V_OK ? "TLS failed" : X509_verify_cert_error_string(result);
}

/* What TLS makes of the bytes. A connection may be closed, and even be another one, after each. */
static void feed_secured(struct load_connection *c, uint64_t ticks, const char *bytes,
                         size_t length)
{
    struct load_thread *t = c->shard->thread;
    const SSL *ssl = c->ssl;
    int n;

    t->wire->in = bytes;
    t->wire->in_bytes = length;
    do {
        n = tls_read(c->ssl, t->plain, sizeof t->plain);
        if (load_flush(c) != 0 && n >= 0)
            n = TLS_FAILED;
        if (n >= 0 && !c->secured && SSL_is_init_finished(c->ssl)) {
            const char *in = t->wire->in; /* sending uses the wire as well */
            size_t in_bytes = t->wire->in_bytes;

            connected(c);
            t->wire->in = in;
            t->wire->in_bytes = in_bytes;
        }
        if (n > 0)
            feed(c, ticks, t->plain, (size_t)n, false, NULL);
    } while (n > 0 && c->ssl == ssl && c->state != LOAD_CLOSING);
    if (c->ssl != ssl || c->state == LOAD_CLOSING)
        return;
    if (n == TLS_END)
        feed(c, ticks, NULL, 0, true, "closed before the answer was complete");
    else if (n == TLS_FAILED)
        lost(c, ticks, c->secured ? "TLS failed" : why_untrusted(c->ssl));
}

static void alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct load_connection *c = handle->data;

    (void)suggested;
    *buf = uv_buf_init(c->shard->thread->received, LOAD_RECEIVED_BYTES);
}

static const char *why_ended(const struct load_connection *c, ssize_t n)
{
    if (n != UV_EOF)
        return uv_strerror((int)n);
    if (!c->secured)
        return "closed during the handshake of TLS";
    return c->answer.begun ? "closed before the answer was complete" : "closed without an answer";
}

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    uint64_t ticks = clock_ticks_after();
    struct load_connection *c = stream->data;

    if (n == 0 || c->state == LOAD_CLOSING)
        return;
    if (n > 0 && c->ssl == NULL)
        feed(c, ticks, buf->base, (size_t)n, false, NULL);
    else if (n > 0)
        feed_secured(c, ticks, buf->base, (size_t)n);
    else if (n == UV_EOF && c->ssl == NULL && c->state == LOAD_BUSY)
        feed(c, ticks, NULL, 0, true, why_ended(c, n));
    else if (c->state == LOAD_FREE)
        close_ended(c); /* the server does not wait for another request */
    else
        lost(c, ticks, why_ended(c, n));
}

/* --- Connecting. --- */

static void begin_tls(struct load_connection *c, uint64_t ticks)
{
    struct load_thread *t = c->shard->thread;
    const struct load_client *client = t->load->client;
    const struct load_url *u = &client->endpoints[c->shard->group->endpoint].url;

    t->wire->in_bytes = t->wire->out_bytes = 0;
    c->ssl = tls_connect(client->tls, t->wire, u->host, u->is_address);
    if (c->ssl == NULL || tls_hello(c->ssl) != 0 || load_flush(c) != 0)
        load_fail(c, ticks, LOAD_ERROR_CONNECT, "TLS cannot be begun");
}

static void connect_cb(uv_connect_t *connecting, int status)
{
    uint64_t ticks = clock_ticks_after();
    struct load_connection *c = connecting->data;
    const struct load_client *client = c->shard->thread->load->client;

    if (c->state == LOAD_CLOSING)
        return;
    c->round_trip = ticks > c->begun ? ticks - c->begun : 0;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
    if (status != 0) {
        load_fail(c, ticks, LOAD_ERROR_CONNECT, uv_strerror(status));
        return;
    }
    if (client->no_delay)
        uv_tcp_nodelay(&c->tcp, 1);
    if (client->endpoints[c->shard->group->endpoint].url.is_secure)
        begin_tls(c, ticks);
    else
        connected(c);
}

static void open_connection(struct load_connection *c)
{
    struct load_thread *t = c->shard->thread;
    const struct load_endpoint *to = &t->load->client->endpoints[c->shard->group->endpoint];
    int rc;

    uv_tcp_init(t->loop, &c->tcp); /* makes no socket yet, so it cannot fail */
    c->tcp.data = c;
    c->connecting.data = c;
    c->state = LOAD_CONNECTING;
    c->secured = false;
    c->answered = 0;
    c->writes = 0;
    c->begun = clock_ticks();
    load_answer_start(c); /* what fails now has none, not that of the request before */
    rc = uv_tcp_connect(&c->connecting, &c->tcp, (const struct sockaddr *)&to->address, connect_cb);
    if (rc != 0)
        load_fail(c, clock_ticks(), LOAD_ERROR_CONNECT, uv_strerror(rc));
}

void load_begin(struct load_connection *c)
{
    if (c->state == LOAD_CLOSED)
        open_connection(c);
    else
        send_request(c, c->request.submitted);
}

void load_advance(struct load_connection *c)
{
    if (!load_take(c->shard, &c->request)) {
        load_wait(c);
        return;
    }
    load_record_submitted(c);
    load_begin(c);
}

/* An HTTP/1 server on a libuv loop (RFC 9110, RFC 9112), with TLS if it is given a context.
 *
 * It reads requests, refuses what is malformed, too large or too slow by itself, and gives every
 * whole request to one handler, which answers at once or later. Requests of one connection are
 * given one after the other, so that pipelined ones are answered in order; their bodies are read,
 * counted and thrown away. All functions: thread of the loop. */
#ifndef UVLAB_NET_HTTP_SERVER_H
#define UVLAB_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>
#include <uv.h>

#include "base/err.h"
#include "net/delay.h"

/* A request that was read to its last byte. Valid until the handler's over() has returned. */
struct http_request {
    const char *method; /* "GET" */
    const char *target; /* as it was sent: "/path?query"; NUL-terminated */
    uint64_t body_bytes;
    uint64_t received_ns; /* CLOCK_MONOTONIC: first statement of the callback that brought its first
                             byte */
    unsigned version_minor;   /* of HTTP/1.x */
    struct delay_entry delay; /* for the handler, should it put requests off */
    void *data;               /* for the handler */
};

enum { HTTP_FIELDS_BYTES_MOST = 1024 };

/* What a request is answered with. The texts are not copied: they have to stay until over(). With
 * 204 and 304 no body is sent and no length is said, whatever `body_bytes` (RFC 9110, 6.4.1 and
 * 8.6); with HEAD its length is. */
struct http_answer {
    unsigned status;    /* from 200 */
    const char *type;   /* of the content; NULL: not said */
    const char *fields; /* more of them, each with CRLF; NULL: none. At most
                           HTTP_FIELDS_BYTES_MOST */
    /* The body is the piece again and again, as far as `body_bytes`. */
    const char *piece;
    size_t piece_bytes; /* more than 0 if body_bytes is */
    uint64_t body_bytes;
};

struct http_handler {
    /* A request has come. It is answered by http_request_answer(), in here or later. */
    void (*request)(void *context, struct http_request *r);
    /* It is over: `sent` when all of the answer is on its way to the kernel (the answers to
     * requests that came together may go there together); else the connection is gone, perhaps
     * before there was an answer, and the request must not be touched again. Called once for every
     * request; may be called from within http_request_answer(). NULL: none. */
    void (*over)(void *context, struct http_request *r, bool sent);
    /* Writes header fields of an answer, each with CRLF, at most HTTP_FIELDS_BYTES_MOST together
     * (no NUL is needed), and returns their length. Called just before the answer is handed to the
     * kernel, also for answers of the server's own (400, 408, ...), of whose requests nothing but
     * received_ns (0: no byte of one had come) is valid and `data` is NULL. NULL: none. */
    size_t (*fields)(void *context, const struct http_request *r, char *to);
    void *context;
};

struct http_server_options {
    SSL_CTX *tls; /* NULL: without TLS. Must outlive the server */
    struct http_handler handler;
    uint64_t header_bytes_most; /* of a request's line and fields: 431 beyond, at most 64 KiB */
    uint64_t body_bytes_most;   /* of a request's body: 413 beyond */
    uint64_t handshake_ns;      /* for TLS to be set up */
    uint64_t header_ns;         /* from a request's first byte to the end of its header: 408 */
    uint64_t body_ns;           /* from there to the end of its body: 408 */
    uint64_t idle_ns;           /* between requests */
    uint64_t drain_ns;          /* for the client to take what one piece of an answer leaves over */
    uint64_t linger_ns;         /* after the last answer, for the client to close */
    uint64_t connections_most;  /* open at once; others wait in the kernel. 0: what it allows */
};

/* Everything but `tls` and `handler`, as a public server would have it. */
extern const struct http_server_options http_server_defaults;

struct http_server;

/* A server that listens nowhere yet. The options are copied. NULL after filling *e. */
struct http_server *http_server_new(uv_loop_t *loop, const struct http_server_options *options,
                                    struct err *e);

/* Accepts connections on `fd`, a socket that listens and does not block (net/listener.h). The
 * descriptor is the server's from now on, also when this fails. At most HTTP_SERVER_LISTENERS. */
enum { HTTP_SERVER_LISTENERS = 8 };
int http_server_listen(struct http_server *s, int fd, struct err *e);

/* Serves a connection that was accepted elsewhere. The descriptor is the server's from now on, also
 * when this fails; whether it blocks does not matter. connections_most does not apply. 0 or UV_E*.
 */
int http_server_adopt(struct http_server *s, int fd);

/* Answers a request that was given to the handler and is not over. */
void http_request_answer(struct http_request *r, const struct http_answer *a);

/* Connections that are open now; and how many were accepted so far. */
uint64_t http_server_connections(const struct http_server *s);
uint64_t http_server_accepted(const struct http_server *s);

/* Stops listening, answers what was asked, and gets rid of the connections: they are given away, or
 * closed. Once.
 *
 * A connection without TLS that rests between two requests, with no byte of the next one read, is
 * given away if `give` is not NULL: its descriptor, which is the callee's from then on. It may be
 * called from within this function, and must not call the server. Others are closed when they have
 * rested for grace_ns, and the answers that they get say `Connection: close`, the last one where
 * requests came together. http_server_adopt() is still allowed.
 *
 * `drained` (may be NULL) is called from the loop when no connection is left. Then, or when one has
 * waited long enough, http_server_close() is to be called. */
struct http_draining {
    uint64_t grace_ns;
    void (*give)(void *context, int fd);
    void (*drained)(void *context);
    void *context;
};
void http_server_drain(struct http_server *s, const struct http_draining *how);

/* How many connections were given away. */
uint64_t http_server_given(const struct http_server *s);

/* Stops listening, breaks off all connections (over() is called for what they still owed) and, when
 * the loop has closed the handles, frees the server and calls `closed`, which may be NULL. */
void http_server_close(struct http_server *s, void (*closed)(void *context), void *context);

#endif

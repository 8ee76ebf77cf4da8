/* TLS without a socket: OpenSSL reads from and writes to memory that all connections of a loop
 * share, as only one of them is served at a time. A connection that waits therefore has no buffers
 * at all beyond the SSL object. Thread of the loop. */
#ifndef UVLAB_NET_TLS_STREAM_H
#define UVLAB_NET_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/err.h"

enum {
    TLS_SEND_BYTES_MOST = 32 * 1024, /* that may be sent at once */
    TLS_OUT_BYTES = TLS_SEND_BYTES_MOST + 16 * 1024,
};

/* The two ends of the wire, seen from OpenSSL. */
struct tls_wire {
    BIO_METHOD *method;
    const char *in; /* what came from the network and was not read yet */
    size_t in_bytes;
    size_t out_bytes; /* what is to be sent: taken by the caller after every call below */
    char out[TLS_OUT_BYTES];
};

int tls_wire_init(struct tls_wire *w, struct err *e);
void tls_wire_free(struct tls_wire *w);

/* The server's end of a connection, over the wire, which outlives it. NULL when memory is short.
 * Freed with SSL_free(). */
SSL *tls_accept(SSL_CTX *ctx, struct tls_wire *w);

/* The client's end, for the server `host`, a name or an address, which its certificate has to be
 * for if ctx verifies certificates. NULL when memory is short, or the name is none. */
SSL *tls_connect(SSL_CTX *ctx, struct tls_wire *w, const char *host, bool is_address);
/* Begins the handshake: the client's first bytes are in w->out then. 0 or TLS_FAILED. */
int tls_hello(SSL *ssl);

enum { TLS_AGAIN = 0, TLS_END = -1, TLS_FAILED = -2 };

/* Up to `bytes` of what the other end said; or TLS_AGAIN when w->in is used up, TLS_END after its
 * close_notify, TLS_FAILED when the connection is of no more use (an alert may be in w->out). The
 * handshake is made on the way. */
int tls_read(SSL *ssl, char *into, size_t bytes);
/* Puts the records for at most TLS_SEND_BYTES_MOST bytes into w->out. 0 or TLS_FAILED. */
int tls_send(SSL *ssl, const char *from, size_t bytes);
/* Puts a close_notify there. */
void tls_end(SSL *ssl);

#endif

/* A BIO of our own (BIO_meth_new(3)) instead of a pair of memory BIOs for each connection: those
 * keep the largest buffer that they ever needed. What OpenSSL has begun to read stays in the SSL
 * object; with SSL_MODE_RELEASE_BUFFERS that is freed when the record is whole. */
#include "net/tls_stream.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

static int wire_read_cb(BIO *bio, char *into, int bytes)
{
    struct tls_wire *w = BIO_get_data(bio);
    size_t taken = (size_t)bytes < w->in_bytes ? (size_t)bytes : w->in_bytes;
    BIO_clear_retry_flags(bio);
    if (taken == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(into, w->in, taken);
    w->in += taken;
    w->in_bytes -= taken;
    return (int)taken;
}

/* There is room for what one call can make; were there none, the connection would fail. */
static int wire_write_cb(BIO *bio, const char *from, int bytes)
{
    struct tls_wire *w = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (bytes < 0 || (size_t)bytes > sizeof w->out - w->out_bytes)
        return -1;
    memcpy(w->out + w->out_bytes, from, (size_t)bytes);
    w->out_bytes += (size_t)bytes;
    return bytes;
}

static long wire_ctrl_cb(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int tls_wire_init(struct tls_wire *w, struct err *e)
{
    w->in_bytes = w->out_bytes = 0;
    w->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    if (w->method == NULL)
        return err_no_memory(e, "TLS");
    BIO_meth_set_read(w->method, wire_read_cb);
    BIO_meth_set_write(w->method, wire_write_cb);
    BIO_meth_set_ctrl(w->method, wire_ctrl_cb);
    return 0;
}

void tls_wire_free(struct tls_wire *w)
{
    BIO_meth_free(w->method);
    w->method = NULL;
}

static SSL *make_end(SSL_CTX *ctx, struct tls_wire *w)
{
    SSL *ssl = SSL_new(ctx);
    BIO *bio = ssl != NULL ? BIO_new(w->method) : NULL;
    if (bio == NULL) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, w);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return ssl;
}

SSL *tls_accept(SSL_CTX *ctx, struct tls_wire *w)
{
    SSL *ssl = make_end(ctx, w);
    if (ssl != NULL)
        SSL_set_accept_state(ssl);
    return ssl;
}

/* What SSL_set_tlsext_host_name() does, which takes the constness of its text away. */
static bool set_server_name(SSL *ssl, const char *host)
{
    char name[TLSEXT_MAXLEN_host_name + 1];
    size_t length = strlen(host);
    if (length >= sizeof name)
        return false;
    memcpy(name, host, length + 1);
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
}

/* A server's name is told to it (SNI), an address is not (RFC 6066, 3). */
SSL *tls_connect(SSL_CTX *ctx, struct tls_wire *w, const char *host, bool is_address)
{
    SSL *ssl = make_end(ctx, w);
    int ok;
    if (ssl == NULL)
        return NULL;
    SSL_set_connect_state(ssl);
    if (is_address)
        ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    else
        ok = set_server_name(ssl, host) && SSL_set1_host(ssl, host) == 1;
    if (ok != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    return ssl;
}

int tls_hello(SSL *ssl)
{
    int n, error;
    ERR_clear_error();
    n = SSL_do_handshake(ssl);
    error = SSL_get_error(ssl, n);
    ERR_clear_error();
    return n == 1 || error == SSL_ERROR_WANT_READ ? 0 : TLS_FAILED;
}

int tls_read(SSL *ssl, char *into, size_t bytes)
{
    int n, error;
    ERR_clear_error();
    n = SSL_read(ssl, into, (int)bytes);
    if (n > 0)
        return n;
    error = SSL_get_error(ssl, n);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ)
        return TLS_AGAIN;
    return error == SSL_ERROR_ZERO_RETURN ? TLS_END : TLS_FAILED;
}

int tls_send(SSL *ssl, const char *from, size_t bytes)
{
    int n;
    ERR_clear_error();
    n = SSL_write(ssl, from, (int)bytes);
    ERR_clear_error();
    return n == (int)bytes ? 0 : TLS_FAILED;
}

void tls_end(SSL *ssl)
{
    ERR_clear_error();
    SSL_shutdown(ssl);
    ERR_clear_error();
}

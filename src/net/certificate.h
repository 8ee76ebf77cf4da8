/* Certificates made in memory: for a server that is trusted because its very certificate is given
 * to its client, and never written to a file. */
#ifndef UVLAB_NET_CERTIFICATE_H
#define UVLAB_NET_CERTIFICATE_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "base/err.h"

struct certificate {
    EVP_PKEY *key; /* P-256 */
    X509 *x509; /* self-signed; valid from an hour ago for a day; for localhost, 127.0.0.1, ::1 */
    char *pem;  /* of the certificate alone; NUL-terminated */
    size_t pem_bytes; /* without the NUL */
};

/* Makes a fresh key and its certificate. Fails with STATUS_FAILED; *c is then empty. Main thread.
 * Release with certificate_free(). */
int certificate_make(struct certificate *c, struct err *e);
void certificate_free(struct certificate *c);

/* A context for a TLS server with that certificate: TLS 1.2 and 1.3, ALPN http/1.1. The caller
 * frees it with SSL_CTX_free(). NULL after filling *e. */
SSL_CTX *certificate_server_context(const struct certificate *c, struct err *e);

#endif

/* A key and a certificate that live in memory for as long as one server does.
 *
 * The certificate is self-signed and no authority (RFC 5280, 4.2.1.9): whoever trusts it trusts
 * this one server, not whatever its key could sign. Main thread. */
#include "net/certificate.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

enum { SERIAL_BITS = 127, BEFORE_S = 3600, VALID_S = 86400, VERSION_3 = 2 };

/* With what OpenSSL says about its last failure, and nothing left of that for others to find. */
static int fail(struct err *e, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return err_set(e, STATUS_FAILED, "cannot make %s: %s", what,
                   why != NULL ? why : "no reason given");
}

static bool set_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    bool done = n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return done;
}

static bool set_names(X509 *x)
{
    static const unsigned char name[] = "localhost";
    X509_NAME *subject = X509_get_subject_name(x); /* belongs to x */
    return subject != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, subject) == 1;
}

static bool add_extensions(X509 *x)
{
    static const struct {
        int nid;
        const char *value;
    } extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid"},
        {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"},
    };
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        X509_EXTENSION *ext =
            X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
        bool added = ext != NULL && X509_add_ext(x, ext, -1) == 1;
        X509_EXTENSION_free(ext);
        if (!added)
            return false;
    }
    return true;
}

static bool fill(X509 *x, EVP_PKEY *key)
{
    return X509_set_version(x, VERSION_3) == 1 && set_serial(x) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -BEFORE_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x), VALID_S - BEFORE_S) != NULL && set_names(x) &&
           X509_set_pubkey(x, key) == 1 && add_extensions(x) && X509_sign(x, key, EVP_sha256()) > 0;
}

/* Copies the PEM of c->x509 out of OpenSSL's memory. */
static int write_pem(struct certificate *c, struct err *e)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    long length = 0;
    if (memory != NULL && PEM_write_bio_X509(memory, c->x509) == 1)
        length = BIO_get_mem_data(memory, &bytes);
    if (length <= 0) {
        BIO_free(memory);
        return fail(e, "a certificate's text");
    }
    c->pem = mem_alloc((size_t)length + 1);
    if (c->pem != NULL) {
        memcpy(c->pem, bytes, (size_t)length);
        c->pem[length] = '\0';
        c->pem_bytes = (size_t)length;
    }
    BIO_free(memory);
    return c->pem != NULL ? 0 : err_no_memory(e, "the certificate");
}

int certificate_make(struct certificate *c, struct err *e)
{
    int rc = 0;
    *c = (struct certificate){0};
    /* OpenSSL makes its context when it is first used, and crashes when there was no memory for it.
     */
    if (OSSL_LIB_CTX_get0_global_default() == NULL)
        return err_no_memory(e, "OpenSSL");
    ERR_clear_error();
    c->key = EVP_EC_gen("P-256");
    c->x509 = X509_new();
    if (c->key == NULL)
        rc = fail(e, "a key");
    else if (c->x509 == NULL || !fill(c->x509, c->key))
        rc = fail(e, "a certificate");
    else
        rc = write_pem(c, e);
    if (rc < 0)
        certificate_free(c);
    return rc;
}

void certificate_free(struct certificate *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->x509);
    mem_free(c->pem);
    *c = (struct certificate){0};
}

/* A client that offers protocols wants one of them (RFC 7301, 3.2). */
static int choose_protocol_cb(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_bytes,
                              const unsigned char *offered, unsigned offered_bytes, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *found;
    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&found, chosen_bytes, ours, sizeof ours - 1, offered,
                              offered_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *certificate_server_context(const struct certificate *c, struct err *e)
{
    SSL_CTX *ctx;
    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate(ctx, c->x509) != 1 || SSL_CTX_use_PrivateKey(ctx, c->key) != 1) {
        SSL_CTX_free(ctx);
        fail(e, "a TLS server");
        return NULL;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    /* Tickets hold sessions with the client, so nothing has to be kept for them here. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol_cb, NULL);
    return ctx;
}

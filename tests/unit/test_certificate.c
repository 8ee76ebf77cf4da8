/* Certificates made in memory: what is in them, and whom they convince. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "net/certificate.h"

static struct certificate made(void)
{
    struct certificate c;
    struct err e = {0};
    assert_int_equal(certificate_make(&c, &e), 0);
    return c;
}

static void it_is_for_localhost_by_all_its_names(void **state)
{
    struct certificate c = made();
    (void)state;
    assert_int_equal(X509_check_host(c.x509, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(c.x509, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(c.x509, "::1", 0), 1);
    assert_int_equal(X509_check_host(c.x509, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(c.x509, "127.0.0.2", 0), 0);
    certificate_free(&c);
}

static void it_is_valid_now_and_for_a_day(void **state)
{
    struct certificate c = made();
    time_t before = time(NULL) - 1800, tomorrow = time(NULL) + 86400;
    (void)state;
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(c.x509), &before), -1);
    assert_int_equal(X509_cmp_current_time(X509_get0_notAfter(c.x509)), 1);
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(c.x509), &tomorrow), -1);
    certificate_free(&c);
}

static void it_is_p256_and_no_authority(void **state)
{
    struct certificate c = made();
    char group[32] = "";
    (void)state;
    assert_int_equal(EVP_PKEY_get_group_name(c.key, group, sizeof group, NULL), 1);
    assert_string_equal(group, "prime256v1");
    assert_int_equal(X509_check_private_key(c.x509, c.key), 1);
    assert_int_equal(X509_check_ca(c.x509), 0);
    assert_int_equal(X509_check_purpose(c.x509, X509_PURPOSE_SSL_SERVER, 0), 1);
    certificate_free(&c);
}

static void each_is_another(void **state)
{
    struct certificate a = made(), b = made();
    (void)state;
    assert_int_not_equal(X509_cmp(a.x509, b.x509), 0);
    assert_int_not_equal(EVP_PKEY_eq(a.key, b.key), 1);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(a.x509), X509_get0_serialNumber(b.x509)), 0);
    certificate_free(&a);
    certificate_free(&b);
}

/* Whether a client that trusts the text alone believes the certificate, by the strictest rules. */
static int verifies(const char *pem, size_t pem_bytes, X509 *shown)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)pem_bytes);
    X509 *trusted = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int ok;
    assert_non_null(trusted);
    assert_int_equal(X509_STORE_add_cert(store, trusted), 1);
    X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, shown, NULL), 1);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    ok = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(trusted);
    BIO_free(bio);
    return ok;
}

static void its_text_is_what_a_client_trusts(void **state)
{
    struct certificate a = made(), b = made();
    (void)state;
    assert_int_equal(a.pem_bytes, strlen(a.pem));
    assert_null(strstr(a.pem, "PRIVATE"));
    assert_int_equal(verifies(a.pem, a.pem_bytes, a.x509), 1);
    assert_int_equal(verifies(a.pem, a.pem_bytes, b.x509), 0);
    certificate_free(&a);
    certificate_free(&b);
}

static void freeing_twice_is_harmless(void **state)
{
    struct certificate c = made();
    (void)state;
    certificate_free(&c);
    certificate_free(&c);
    assert_null(c.pem);
}

static void the_context_speaks_tls_1_2_and_later(void **state)
{
    struct certificate c = made();
    struct err e = {0};
    SSL_CTX *ctx = certificate_server_context(&c, &e);
    (void)state;
    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
    assert_true((SSL_CTX_get_options(ctx) & SSL_OP_NO_RENEGOTIATION) != 0);
    SSL_CTX_free(ctx);
    certificate_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_for_localhost_by_all_its_names),
        cmocka_unit_test(it_is_valid_now_and_for_a_day),
        cmocka_unit_test(it_is_p256_and_no_authority),
        cmocka_unit_test(each_is_another),
        cmocka_unit_test(its_text_is_what_a_client_trusts),
        cmocka_unit_test(freeing_twice_is_harmless),
        cmocka_unit_test(the_context_speaks_tls_1_2_and_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

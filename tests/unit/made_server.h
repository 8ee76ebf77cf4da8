/* A small HTTP server in a process of its own, a process for each connection, which does on purpose
 * what servers should not do; and the certificates that it shows. Its path says what it does. */
#ifndef UVLAB_TESTS_MADE_SERVER_H
#define UVLAB_TESTS_MADE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* --- Certificates. --- */

struct made_certificate {
    EVP_PKEY *key;
    X509 *x509;
    char pem[4096];
};

/* Self-signed, for the names ("DNS:localhost"), valid for an hour from `from_s` seconds from now.
 */
static inline void make_certificate(struct made_certificate *c, const char *names, long from_s)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_NAME *subject;
    BIO *bio = BIO_new(BIO_s_mem());
    int length;

    c->key = EVP_EC_gen("P-256");
    c->x509 = X509_new();
    subject = X509_get_subject_name(c->x509);
    X509_set_version(c->x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c->x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(c->x509), from_s);
    X509_gmtime_adj(X509_getm_notAfter(c->x509), from_s + 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"made", -1, -1,
                               0);
    X509_set_issuer_name(c->x509, subject);
    X509_set_pubkey(c->x509, c->key);
    X509_add_ext(c->x509, extension, -1);
    X509_sign(c->x509, c->key, EVP_sha256());
    PEM_write_bio_X509(bio, c->x509);
    length = BIO_read(bio, c->pem, sizeof c->pem - 1);
    c->pem[length > 0 ? length : 0] = '\0';
    BIO_free(bio);
    X509_EXTENSION_free(extension);
}

static inline void free_certificate(struct made_certificate *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->x509);
}

/* --- The server. --- */

struct made_server {
    pid_t pid;
    unsigned port;
    char url[64]; /* "http://127.0.0.1:PORT" */
};

struct made_connection {
    int fd;
    SSL *ssl; /* NULL: plain */
};

static inline void made_send(const struct made_connection *c, const char *bytes, size_t length)
{
    if (c->ssl != NULL)
        SSL_write(c->ssl, bytes, (int)length);
    else if (write(c->fd, bytes, length) < 0)
        raise(SIGKILL);
}

static inline void made_say(const struct made_connection *c, const char *text)
{
    made_send(c, text, strlen(text));
}

static inline int made_receive(const struct made_connection *c, char *buf, int bytes)
{
    if (c->ssl != NULL)
        return SSL_read(c->ssl, buf, bytes);
    return (int)read(c->fd, buf, (size_t)bytes);
}

/* What the kernel passes on and libcurl sees before the rest follows. */
static inline void made_pause(void)
{
    usleep(200 * 1000);
}

/* Answers one request; false when the connection is to be closed. */
static inline bool made_answer(const struct made_connection *c, const char *path)
{
    static char zeros[100000];

    if (strcmp(path, "/nothing") == 0)
        return false;
    if (strcmp(path, "/never") == 0) {
        made_receive(c, zeros, sizeof zeros); /* until the other side goes */
        return false;
    }
    if (strcmp(path, "/rubbish") == 0) {
        made_say(c, "\033[31mthis is\001 not HTTP\r\n\r\n");
        return false;
    }
    if (strcmp(path, "/part") == 0) {
        made_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.");
        return false;
    }
    if (strcmp(path, "/dead") == 0) { /* says that it keeps the connection, and closes it */
        made_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        return false;
    }
    if (strcmp(path, "/until-closed") == 0) {
        made_say(c, "HTTP/1.1 200 OK\r\n\r\nhello");
        made_pause();
        return false;
    }
    if (strcmp(path, "/late-end") == 0) {
        made_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        made_pause();
        made_say(c, "0\r\n\r\n");
        return true;
    }
    if (strcmp(path, "/hints") == 0) {
        made_say(c, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
        made_pause();
    }
    if (strcmp(path, "/empty") == 0) {
        made_say(c, "HTTP/1.1 204 No Content\r\n\r\n");
    } else if (strcmp(path, "/missing") == 0) {
        made_say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    } else if (strcmp(path, "/moved") == 0) {
        made_say(c, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/large") == 0) {
        made_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        made_send(c, zeros, sizeof zeros);
    } else {
        made_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
    return true;
}

static inline void made_serve(struct made_connection *c)
{
    char request[4096], path[64];
    int have = 0, got;

    while ((got = made_receive(c, request + have, (int)sizeof request - 1 - have)) > 0) {
        have += got;
        request[have] = '\0';
        if (strstr(request, "\r\n\r\n") == NULL)
            continue;
        have = 0;
        if (sscanf(request, "GET %63s ", path) != 1 || !made_answer(c, path))
            break;
    }
    if (c->ssl != NULL)
        SSL_shutdown(c->ssl);
    shutdown(c->fd, SHUT_RDWR);
}

static inline void made_accept(int listener, SSL_CTX *context)
{
    for (;;) {
        struct made_connection c = {.fd = accept(listener, NULL, NULL)};

        if (c.fd >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            if (context != NULL) {
                c.ssl = SSL_new(context);
                SSL_set_fd(c.ssl, c.fd);
            }
            if (c.ssl == NULL || SSL_accept(c.ssl) == 1)
                made_serve(&c);
            raise(SIGKILL); /* nothing is to be said about what it has not freed */
        }
        close(c.fd);
    }
}

/* Listens on a free port of 127.0.0.1; with a certificate it speaks TLS. Stop with stop_server().
 */
static inline void start_server(struct made_server *s, const struct made_certificate *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t parent = getpid();

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1024), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    s->port = ntohs(address.sin_port);
    snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%u", c == NULL ? "" : "s", s->port);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        SSL_CTX *context = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            raise(SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        if (c != NULL) {
            context = SSL_CTX_new(TLS_server_method());
            SSL_CTX_use_certificate(context, c->x509);
            SSL_CTX_use_PrivateKey(context, c->key);
        }
        made_accept(listener, context);
    }
    close(listener);
}

static inline void stop_server(struct made_server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

#endif

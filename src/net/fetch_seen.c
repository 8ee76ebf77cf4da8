/* What libcurl tells of a request while it is under way: each callback takes an instant where the
 * thing happens, and nothing else. Loop thread, within functions of libcurl. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "measure/clock.h"
#include "net/fetch_inner.h"

static curl_socket_t open_socket_cb(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    uint64_t now = clock_ticks();
    struct request *r = context;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);

    (void)purpose;
    r->socket_error = fd < 0 ? errno : 0;
    if (r->seen.started == 0)
        r->seen.started = now;
    if (r->seen.opened == 0 || r->seen.sent != 0) { /* or a kept connection turned out to be dead */
        r->seen.opened = now;
        r->seen.securing = r->seen.sent = r->seen.last = 0;
        r->seen.heard = r->seen.answered = 0;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static CURLcode before_tls_cb(CURL *easy, void *tls_context, void *context)
{
    struct request *r = context;

    (void)easy, (void)tls_context;
    r->seen.securing = clock_ticks();
    return CURLE_OK;
}

static int before_sending_cb(void *context, char *peer, char *own, int peer_port, int own_port)
{
    uint64_t now = clock_ticks();
    struct request *r = context;

    (void)peer, (void)own, (void)peer_port, (void)own_port;
    r->seen.sent = now;
    if (r->seen.started == 0)
        r->seen.started = now;
    return CURL_PREREQFUNC_OK;
}

/* Interim answers (RFC 9110, section 15.2) come before the answer, each with a line like its. */
static size_t header_cb(char *bytes, size_t size, size_t count, void *context)
{
    static const char status_line[] = "HTTP/";
    uint64_t now = clock_ticks();
    struct request *r = context;

    if (r->seen.heard == 0)
        r->seen.heard = r->seen.answered = now;
    else if (size * count >= strlen(status_line) &&
             memcmp(bytes, status_line, strlen(status_line)) == 0)
        r->seen.answered = now;
    r->seen.last = now;
    return size * count;
}

static size_t body_cb(char *bytes, size_t size, size_t count, void *context)
{
    struct request *r = context;

    (void)bytes;
    r->seen.last = clock_ticks();
    return size * count;
}

static int lookup_starts_cb(void *resolver, void *reserved, void *context)
{
    struct request *r = context;

    (void)resolver, (void)reserved;
    r->seen.lookup = clock_ticks();
    curl_loop_thread_follows(r->batch->client->loop);
    return 0;
}

/* HTTP/2 is for https alone, as no server is asked whether it speaks that without TLS. Requests
 * wait for the connection that they may share; by http:// they would wait for each other. */
static CURLcode ask_for_http2(const struct curl_lib *lib, CURL *easy)
{
    CURLcode code = lib->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);

    lib->easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    lib->easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
    lib->easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
    return code;
}

CURLcode fetch_easy_new(struct request *r)
{
    const struct curl_lib *lib = r->batch->client->lib;
    CURL *easy = lib->easy_duphandle(r->batch->client->model);
    CURLcode code;

    if (easy == NULL)
        return CURLE_OUT_OF_MEMORY;
    r->transfer.easy = easy;
    code = lib->easy_setopt(easy, CURLOPT_URL, request_target(r)->url);
    if (code == CURLE_OK && r->batch->client->settings->http2 && request_target(r)->is_secure)
        code = ask_for_http2(lib, easy);
    lib->easy_setopt(easy, CURLOPT_PRIVATE, &r->transfer);
    lib->easy_setopt(easy, CURLOPT_ERRORBUFFER, request_error(r));
    lib->easy_setopt(easy, CURLOPT_RESOLVE, r->batch->client->resolve);
    lib->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket_cb);
    lib->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, r);
    lib->easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, before_tls_cb);
    lib->easy_setopt(easy, CURLOPT_SSL_CTX_DATA, r);
    lib->easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending_cb);
    lib->easy_setopt(easy, CURLOPT_PREREQDATA, r);
    lib->easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
    lib->easy_setopt(easy, CURLOPT_HEADERDATA, r);
    lib->easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
    lib->easy_setopt(easy, CURLOPT_WRITEDATA, r);
    lib->easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, lookup_starts_cb);
    lib->easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, r);
    return code;
}

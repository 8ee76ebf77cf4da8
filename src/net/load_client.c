/* From options and URLs to what all runs share: where the servers are, which targets share
 * connections, the bytes of their requests, TLS. Main thread; everything here happens before the
 * first run or after the last one. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/load_inner.h"

enum { BODY_BYTES_MOST = 64 * 1024 * 1024 };

/* --- The body. --- */

static int read_file(const char *path, struct text *t, struct err *e)
{
    FILE *f = fopen(path, "re");
    char piece[16384];
    size_t got;
    int error;

    if (f == NULL)
        return err_set(e, STATUS_FAILED, "--body @%s: %s", path, strerror(errno));
    errno = 0;
    while ((got = fread(piece, 1, sizeof piece, f)) > 0 && t->length <= BODY_BYTES_MOST)
        text_add_bytes(t, piece, got);
    error = ferror(f) ? errno : 0;
    fclose(f);
    if (error != 0)
        return err_set(e, STATUS_FAILED, "--body @%s: %s", path, strerror(error));
    if (t->length > BODY_BYTES_MOST)
        return err_set(e, STATUS_FAILED, "--body @%s: is larger than 64 MiB", path);
    return text_ok(t) ? 0 : err_no_memory(e, "the body of the requests");
}

/* --- Targets. --- */

/* The endpoint of the URL, which may be there already; the new one is not looked up yet. */
static unsigned endpoint_of(struct load_client *c, const struct load_url *u)
{
    unsigned i = 0;

    while (i < c->endpoint_count &&
           (c->endpoints[i].url.port != u->port || c->endpoints[i].url.is_secure != u->is_secure ||
            strcasecmp(c->endpoints[i].url.host, u->host) != 0))
        i++;
    if (i == c->endpoint_count)
        c->endpoints[c->endpoint_count++].url = *u;
    return i;
}

static void join_group(struct load_client *c, unsigned target, unsigned endpoint, bool apart)
{
    unsigned i = apart ? c->group_count : 0;
    struct load_group *g;

    while (i < c->group_count && c->groups[i].endpoint != endpoint)
        i++;
    if (i == c->group_count)
        c->groups[c->group_count++].endpoint = endpoint;
    g = &c->groups[i];
    g->targets[g->count++] = target;
    g->weight += c->targets[target].weight;
}

static int add_target(struct load_client *c, const struct load_targets *targets, unsigned i,
                      const struct text *body, struct err *e)
{
    struct load_target *t = &c->targets[i];
    bool has_body = c->options->body != NULL;
    struct load_url u;

    if (load_url_parse(&u, targets->urls[i], e) != 0)
        return -1;
    t->weight = targets->weights[i];
    t->request = load_request_make(c->options, &u, has_body ? text_get(body) : NULL, body->length,
                                   &t->request_bytes);
    if (t->request == NULL)
        return err_no_memory(e, "the requests");
    c->target_count++;
    /* Nagle's algorithm holds a part of a request back only when another part is on its way. */
    c->no_delay |= u.is_secure || t->request_bytes > 1000;
    join_group(c, i, endpoint_of(c, &u), targets->apart);
    return 0;
}

static int add_targets(struct load_client *c, const struct load_targets *targets, struct err *e)
{
    const char *body = c->options->body;
    struct text text = TEXT_EMPTY;
    int rc = 0;

    if (body != NULL && body[0] == '@')
        rc = read_file(body + 1, &text, e);
    else if (body != NULL)
        text_add_bytes(&text, body, strlen(body));
    if (rc == 0 && !text_ok(&text))
        rc = err_no_memory(e, "the body of the requests");
    for (unsigned i = 0; rc == 0 && i < targets->count; i++)
        rc = add_target(c, targets, i, &text, e);
    text_free(&text);
    if (rc == 0 && targets->burst > 0)
        c->groups[0].burst = c->burst = targets->burst;
    if (rc == 0 && c->group_count - (c->burst > 0) > c->options->connections)
        return err_set(e, STATUS_FAILED,
                       "%u connections are needed at least, as that many servers or paths do not "
                       "share one",
                       c->group_count);
    return rc;
}

/* --- Where servers are. --- */

static void take_port(struct load_endpoint *p)
{
    if (p->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&p->address)->sin6_port = htons((uint16_t)p->url.port);
    else
        ((struct sockaddr_in *)&p->address)->sin_port = htons((uint16_t)p->url.port);
}

/* What every host calls itself, whether its files say so or not (RFC 6761, 6.3). */
static bool take_localhost(struct load_endpoint *p)
{
    return strcasecmp(p->url.host, "localhost") == 0 &&
           uv_ip4_addr("127.0.0.1", (int)p->url.port, (struct sockaddr_in *)&p->address) == 0;
}

/* Whether a connection can be made, within a second. */
static bool answers(const struct load_endpoint *p, const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0, rc;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    socklen_t length = sizeof error;

    if (fd < 0)
        return false;
    rc = connect(fd, (const struct sockaddr *)&p->address, a->ai_addrlen);
    if (rc != 0 && errno == EINPROGRESS && poll(&wait, 1, 1000) == 1)
        rc = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0 ? -1 : 0;
    close(fd);
    return rc == 0;
}

/* Of several addresses the first that can be connected to, as a server may listen on one family
 * only; the first if none can. */
static void take_address(struct load_endpoint *p, const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        memcpy(&p->address, a->ai_addr, a->ai_addrlen);
        take_port(p);
        if (list->ai_next == NULL || answers(p, a))
            return;
    }
    memcpy(&p->address, list->ai_addr, list->ai_addrlen);
    take_port(p);
}

static int look_up(struct load_endpoint *p, struct err *e)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc;

    if (p->url.is_address &&
        uv_ip4_addr(p->url.host, (int)p->url.port, (struct sockaddr_in *)&p->address) == 0)
        return 0;
    if (p->url.is_address &&
        uv_ip6_addr(p->url.host, (int)p->url.port, (struct sockaddr_in6 *)&p->address) == 0)
        return 0;
    rc = getaddrinfo(p->url.host, NULL, &hints, &list);
    if (rc == 0 && list != NULL)
        take_address(p, list);
    if (list != NULL)
        freeaddrinfo(list);
    if (rc == 0 || take_localhost(p))
        return 0;
    return err_set(e, STATUS_FAILED, "%s: the name has no address: %s", p->url.host,
                   rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
}

/* --- TLS. --- */

static int set_trust(struct load_client *c, struct err *e)
{
    const struct load_options *o = c->options;

    if (o->insecure)
        return 0;
    SSL_CTX_set_verify(c->tls, SSL_VERIFY_PEER, NULL);
    if (o->cacert == NULL && SSL_CTX_set_default_verify_paths(c->tls) == 1)
        return 0;
    if (o->cacert != NULL && SSL_CTX_load_verify_locations(c->tls, o->cacert, NULL) == 1)
        return 0;
    ERR_clear_error();
    return err_set(e, STATUS_FAILED, "--cacert %s: there is no certificate in it (PEM)",
                   o->cacert == NULL ? "" : o->cacert);
}

static int set_tls(struct load_client *c, struct err *e)
{
    FILE *f;

    if (c->options->cacert != NULL && !c->options->insecure) {
        f = fopen(c->options->cacert, "re");
        if (f == NULL)
            return err_set(e, STATUS_FAILED, "--cacert %s: %s", c->options->cacert,
                           strerror(errno));
        fclose(f);
    }
    c->tls = SSL_CTX_new(TLS_client_method());
    if (c->tls == NULL)
        return err_no_memory(e, "TLS");
    SSL_CTX_set_mode(c->tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(c->tls, SSL_SESS_CACHE_OFF);
    return set_trust(c, e);
}

/* --- All of it. --- */

static bool may_repeat(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

static int fill(struct load_client *c, const struct load_targets *targets, struct result *r,
                struct err *e)
{
    bool any_secure = false;

    c->is_head = strcmp(c->options->method, "HEAD") == 0;
    c->may_retry = !c->options->once && may_repeat(c->options->method);
    c->host = span_field_host();
    if (add_targets(c, targets, e) != 0)
        return -1;
    for (unsigned i = 0; i < c->endpoint_count; i++) {
        any_secure |= c->endpoints[i].url.is_secure;
        if (look_up(&c->endpoints[i], e) != 0)
            return -1;
    }
    if (any_secure && set_tls(c, e) != 0)
        return -1;
    if (any_secure && c->options->insecure)
        result_warn(r, "INSECURE: no certificate was verified, so anybody may have answered "
                       "(--insecure)");
    return 0;
}

struct load_client *load_open(const struct load_options *options,
                              const struct load_targets *targets, struct result *r, struct err *e)
{
    struct load_client *c = mem_zeroed(1, sizeof *c);

    if (c == NULL) {
        err_no_memory(e, "the load");
        return NULL;
    }
    c->options = options;
    c->burst_after_ns = targets->burst_after_ns;
    c->rest_ns = targets->rest_ns;
    c->burst_kind = targets->burst_kind;
    if (fill(c, targets, r, e) != 0) {
        load_close(c, NULL);
        return NULL;
    }
    return c;
}

/* Those that took longest may be just those that have no latency. */
static void warn_of_untimed(const struct load_client *c, struct result *r)
{
    if (c->failed + c->unsent > 0)
        result_warn(r,
                    "latency is of the %" PRIu64 " requests that were answered: %" PRIu64
                    " failed, %" PRIu64 " were not sent",
                    c->timed, c->failed, c->unsent);
}

static void warn_afterwards(const struct load_client *c, struct result *r)
{
    if (c->options->histogram)
        result_warn(r, "no spans were kept (--histogram): percentiles are those of buckets that "
                       "are at most 0.8 %% wide");
    if (c->without_span > 0)
        result_warn(r,
                    "%" PRIu64 " of %" PRIu64 " requests have no span, for want of room: they are "
                    "counted, and in the percentiles of the load, but not in the list of calls "
                    "(--spans-most, --histogram)",
                    c->without_span, c->requests);
    if (c->parts_left_out > 0)
        result_warn(r, "of %" PRIu64 " requests what the worker did has no span, for want of room",
                    c->parts_left_out);
    if (c->retried > 0)
        result_warn(r,
                    "%" PRIu64 " requests were sent again, as the server had closed their "
                    "connection without a word",
                    c->retried);
    warn_of_untimed(c, r);
    if (c->incredible > 0)
        result_warn(r,
                    "%" PRIu64 " answers told instants of the server that cannot be: they were "
                    "left out",
                    c->incredible);
    if (c->foreign > 0)
        result_warn(r, "the server is on another host, so that its instants cannot be compared: "
                       "they were left out");
}

void load_close(struct load_client *c, struct result *r)
{
    if (c == NULL)
        return;
    if (r != NULL)
        warn_afterwards(c, r);
    for (unsigned i = 0; i < LOAD_TARGETS_MOST; i++)
        mem_free(c->targets[i].request);
    SSL_CTX_free(c->tls);
    mem_free(c);
}

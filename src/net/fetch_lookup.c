/* Names, looked up on the pool before libcurl gets the request: what was found is given to it as
 * CURLOPT_RESOLVE, so that it looks nothing up itself. The lookup is a part of the request with all
 * four instants (measure/lookup.h). Loop thread, but for the lookup itself.
 *
 * A request whose time is over does not wait for its lookup any longer. The lookup leaves the
 * pool's queue then; one that runs cannot be ended, so the loop waits for it, and its end is kept,
 * but nothing follows from it. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "measure/clock.h"
#include "measure/lookup.h"
#include "net/fetch_inner.h"

enum {
    ADDRESS_BYTES = 64,
    ADDRESSES_MOST = 32, /* of a name; the first ones */
};

bool fetch_looks_up(const struct fetch_settings *settings, const struct fetch_target *t)
{
    return settings->dns == FETCH_DNS_POOL && !t->is_address && !fetch_is_resolved(settings, t);
}

/* "[::1]" or "127.0.0.1"; false for what is neither. */
static bool write_address(const struct sockaddr *a, char buf[ADDRESS_BYTES])
{
    if (a->sa_family == AF_INET)
        return uv_ip4_name((const struct sockaddr_in *)(const void *)a, buf, ADDRESS_BYTES) == 0;
    if (a->sa_family != AF_INET6)
        return false;
    buf[0] = '[';
    if (uv_ip6_name((const struct sockaddr_in6 *)(const void *)a, buf + 1, ADDRESS_BYTES - 2) != 0)
        return false;
    snprintf(buf + strlen(buf), 2, "]");
    return true;
}

/* Tells libcurl the addresses of the request's host, or, where there are none, the fallback. */
static bool give_addresses(struct request *r, const struct addrinfo *found)
{
    const struct curl_lib *lib = r->batch->client->lib;
    const struct fetch_target *t = request_target(r);
    char text[FETCH_HOST_BYTES + 16 + ADDRESSES_MOST * ADDRESS_BYTES], address[ADDRESS_BYTES];
    size_t length = (size_t)snprintf(text, sizeof text, "%s:%u", t->host, t->port);
    unsigned count = 0;

    for (const struct addrinfo *a = found; a != NULL && count < ADDRESSES_MOST; a = a->ai_next)
        if (write_address(a->ai_addr, address))
            length += (size_t)snprintf(text + length, sizeof text - length, "%c%s",
                                       count++ == 0 ? ':' : ',', address);
    if (count == 0 && t->fallback != NULL)
        snprintf(text + length, sizeof text - length, ":%s", t->fallback);
    r->addresses = lib->slist_append(NULL, text);
    return r->addresses != NULL &&
           lib->easy_setopt(r->transfer.easy, CURLOPT_RESOLVE, r->addresses) == CURLE_OK;
}

/* The lookup has ended with `status`, and was called back at `ticks`. */
static void go_on(struct request *r, uint64_t ticks, int status, const struct addrinfo *found)
{
    const struct fetch_target *t = request_target(r);

    r->state = REQUEST_NEW;
    if (r->batch->cancelled) {
        request_end(r, ticks, UV_ECANCELED);
    } else if (status != 0 && t->fallback == NULL) {
        snprintf(request_error(r), CURL_ERROR_SIZE, "cannot look %.120s up: %s", t->host,
                 uv_strerror(status));
        request_end(r, ticks, SPAN_FAILED_CURL - CURLE_COULDNT_RESOLVE_HOST);
    } else if (!give_addresses(r, found)) {
        request_end(r, ticks, SPAN_FAILED_CURL - CURLE_OUT_OF_MEMORY);
    } else {
        r->batch->client->fallbacks += status != 0;
        request_begin(r);
    }
}

static void lookup_done_cb(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    uint64_t ticks = clock_ticks_after();
    struct request *r = lookup->data;

    if (status == UV_EAI_CANCELED)
        status = UV_ECANCELED;
    span_called_back(&r->batch->run->recorder, r->lookup_span, ticks, status);
    if (r->state == REQUEST_LOOKUP)
        go_on(r, ticks, status, found);
    uv_freeaddrinfo(found);
}

/* --- Their time. --- */

static void time_over_cb(uv_timer_t *timer);

/* libuv counts from a cached time, so this may come too early; then it is armed again. */
static void arm(struct fetch_batch *b, uint64_t now_ns, uint64_t deadline_ns)
{
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    uv_timer_start(&b->timer, time_over_cb, left_ns / 1000000 + 1, 0);
}

static void time_over_cb(uv_timer_t *timer)
{
    uint64_t ticks = clock_ticks(), now_ns = clock_read_monotonic(), next_ns = UINT64_MAX;
    struct fetch_batch *b = timer->data;

    for (uint32_t i = 0; i < b->count; i++) {
        struct request *r = &b->requests[i];

        if (r->state != REQUEST_LOOKUP)
            continue;
        if (r->deadline_ns > now_ns) {
            next_ns = r->deadline_ns < next_ns ? r->deadline_ns : next_ns;
            continue;
        }
        uv_cancel((uv_req_t *)&b->lookups[i]);
        request_end_late(r, ticks);
    }
    if (next_ns != UINT64_MAX)
        arm(b, now_ns, next_ns);
}

void fetch_lookups_begin(struct fetch_batch *b)
{
    uv_timer_init(b->run->loop, &b->timer);
    uv_unref((uv_handle_t *)&b->timer);
    b->timer.data = b;
}

/* --- A lookup. --- */

/* The name as it is asked for. A final dot, which keeps the resolver from trying it under other
 * domains, it does not find in a file of hosts: there is localhost, with none. */
static void write_name(const struct fetch_target *t, char name[FETCH_HOST_BYTES])
{
    size_t length = strlen(t->host);

    if (t->host[length - 1] == '.' && fetch_is_localhost(t->host, length - 1))
        length--;
    snprintf(name, FETCH_HOST_BYTES, "%.*s", (int)length, t->host);
}

void request_look_up(struct request *r)
{
    struct fetch_batch *b = r->batch;
    struct recorder *recorder = &b->run->recorder;
    uv_getaddrinfo_t *lookup = &b->lookups[request_index(r)];
    char name[FETCH_HOST_BYTES];
    int rc;

    write_name(request_target(r), name);
    r->lookup_span = recorder_open(recorder, 1, b->kind_row + FETCH_KIND_DNS, request_ordinal(r));
    recorder_parent(recorder, r->lookup_span, request_span(r));
    lookup->data = r;
    r->state = REQUEST_LOOKUP;
    span_submitted(recorder, r->lookup_span);
    rc = lookup_submit(b->run->loop, lookup, r->lookup_span, name, lookup_done_cb);
    if (rc != 0) {
        uint64_t ticks = clock_ticks();

        span_called_back(recorder, r->lookup_span, ticks, rc);
        go_on(r, ticks, rc, NULL);
    } else if (r->deadline_ns != 0 && !uv_is_active((uv_handle_t *)&b->timer)) {
        arm(b, clock_read_monotonic(), r->deadline_ns); /* those that follow have later ones */
    }
}

/* The parts of a request, told once it is over. What begins and ends them are our own instants
 * where libcurl called us (fetch_seen.c); of the two things that it only times itself, the end of
 * the TCP handshake and that of the TLS handshake, its times in microseconds are counted from the
 * opening of the socket, which follows its own NAMELOOKUP_TIME at once.
 *
 * Loop thread. See docs/spans.md for the table. */
#include <string.h>
#include <strings.h>

#include "net/fetch_inner.h"

const struct span_kind fetch_span_kinds[FETCH_KINDS] = {
    [FETCH_KIND_REQUEST] = {.kind = "http",
                            .label = "request",
                            .node_name = "https.request",
                            .traits = SPAN_HTTP},
    [FETCH_KIND_DNS] = {.kind = "dns",
                        .label = "lookup",
                        .phase = PHASE_POLL,
                        .node_name = "dns.lookup",
                        .traits = SPAN_POOLED | SPAN_SLOW_IO},
    [FETCH_KIND_CONNECT] = {.kind = "http.connect", .label = "connect"},
    [FETCH_KIND_TLS] = {.kind = "http.tls", .label = "tls"},
    [FETCH_KIND_FIRST_BYTE] = {.kind = "http.first-byte", .label = "first byte"},
    [FETCH_KIND_BODY] = {.kind = "http.body", .label = "body"},
};

static uint32_t open_part(struct request *r, enum fetch_kind kind, uint64_t from, uint64_t to,
                          int status)
{
    struct recorder *recorder = &r->batch->run->recorder;
    uint32_t i = recorder_open(recorder, 1, r->batch->kind_row + kind, request_ordinal(r));

    recorder_parent(recorder, i, request_span(r));
    recorder_phase(recorder, i);
    recorder->on_loop[i].submitted = from;
    span_finished(recorder_worker(recorder, i), to, status);
    return i;
}

/* A phase that the operating system and the server worked on. It begins when it is asked for. */
static void open_phase(struct request *r, enum fetch_kind kind, uint64_t from, uint64_t to,
                       int status)
{
    uint32_t i = open_part(r, kind, from, to, status);

    span_started(recorder_worker(&r->batch->run->recorder, i), from, LANE_OS);
}

/* When, in ticks, libcurl's time `what` was; 0: it has not come to that. */
static uint64_t time_of(const struct request *r, CURLINFO what, uint64_t from, uint64_t to)
{
    const struct curl_lib *lib = r->batch->client->lib;
    curl_off_t us = 0, opened_us = 0;
    uint64_t ticks;

    lib->easy_getinfo(r->transfer.easy, what, &us);
    lib->easy_getinfo(r->transfer.easy, CURLINFO_NAMELOOKUP_TIME_T, &opened_us);
    if (us <= 0)
        return 0;
    ticks = r->seen.opened;
    if (us > opened_us)
        ticks += (uint64_t)((double)(us - opened_us) * r->batch->ticks_per_us);
    if (ticks < from)
        return from;
    return ticks > to ? to : ticks;
}

/* The end of an answer need not be a byte of its body, for which libcurl calls: it may be that the
 * server closes, or a last chunk of nothing. That is told by libcurl's total time, counted from its
 * first byte, which both it and we have seen; it is a few microseconds late, so not where the
 * answer's length says that the last byte was the end. */
uint64_t request_complete(const struct request *r, uint64_t ticks)
{
    const struct curl_lib *lib = r->batch->client->lib;
    const struct request_seen *seen = &r->seen;
    curl_off_t total_us = 0, heard_us = 0, length = -1, bytes = 0;
    uint64_t end = seen->heard;

    if (seen->heard == 0)
        return ticks;
    lib->easy_getinfo(r->transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    lib->easy_getinfo(r->transfer.easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    if (length == bytes)
        return seen->last;
    lib->easy_getinfo(r->transfer.easy, CURLINFO_TOTAL_TIME_T, &total_us);
    lib->easy_getinfo(r->transfer.easy, CURLINFO_STARTTRANSFER_TIME_T, &heard_us);
    if (heard_us > 0 && total_us > heard_us)
        end += (uint64_t)((double)(total_us - heard_us) * r->batch->ticks_per_us);
    if (end < seen->last)
        end = seen->last;
    return end > ticks ? ticks : end;
}

bool fetch_is_localhost(const char *host, size_t length)
{
    static const char name[] = "localhost";
    size_t last = sizeof name - 1;

    return length >= last && strncasecmp(host + length - last, name, last) == 0 &&
           (length == last || host[length - last - 1] == '.');
}

/* libcurl's own lookup; it answers localhost itself, but not with a final dot. When it took one
 * thread of its up, and when that began, is not told. */
static void open_lookup(struct request *r, uint64_t end, int status)
{
    const struct fetch_target *t = request_target(r);
    const struct request_seen *seen = &r->seen;

    if (r->batch->client->settings->dns != FETCH_DNS_CURL || seen->lookup == 0 || t->is_address ||
        fetch_is_localhost(t->host, strlen(t->host)))
        return;
    r->lookup_span =
        open_part(r, FETCH_KIND_DNS, seen->lookup, seen->opened != 0 ? seen->opened : end,
                  seen->opened != 0 ? SPAN_OK : status);
}

static void open_connection(struct request *r, uint64_t end, int status)
{
    const struct request_seen *seen = &r->seen;
    bool is_secure = request_target(r)->is_secure;
    uint64_t limit = seen->sent != 0 ? seen->sent : end, secured;
    uint64_t connected = time_of(r, CURLINFO_CONNECT_TIME_T, seen->opened, limit);

    if (connected == 0) /* it is told of a whole connection only */
        connected = seen->securing != 0 ? seen->securing : seen->sent;
    if (connected == 0) {
        open_phase(r, FETCH_KIND_CONNECT, seen->opened, end, status);
        return;
    }
    open_phase(r, FETCH_KIND_CONNECT, seen->opened, connected, SPAN_OK);
    if (!is_secure)
        return;
    secured = time_of(r, CURLINFO_APPCONNECT_TIME_T, connected, limit);
    if (secured == 0 && seen->sent != 0)
        secured = limit;
    if (secured == 0)
        open_phase(r, FETCH_KIND_TLS, connected, end, status);
    else
        open_phase(r, FETCH_KIND_TLS, connected, secured, SPAN_OK);
}

void request_open_parts(struct request *r, uint64_t end, int status)
{
    const struct request_seen *seen = &r->seen;
    curl_off_t bytes = 0;

    open_lookup(r, end, status);
    if (seen->opened != 0)
        open_connection(r, end, status);
    if (seen->sent == 0)
        return;
    if (seen->answered == 0) {
        open_phase(r, FETCH_KIND_FIRST_BYTE, seen->sent, end, status);
        return;
    }
    open_phase(r, FETCH_KIND_FIRST_BYTE, seen->sent, seen->answered, SPAN_OK);
    r->batch->client->lib->easy_getinfo(r->transfer.easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    if (bytes > 0 || status != SPAN_OK)
        open_phase(r, FETCH_KIND_BODY, seen->answered, end, status);
}

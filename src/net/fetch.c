/* Requests as spans: how they are prepared, submitted, and end.
 *
 *   NEW --submit--> [LOOKUP: fetch_lookup.c] --> ACTIVE: libcurl has it --> DONE: called back
 *
 * Everything runs on the loop's thread. libcurl's callbacks take instants where the things happen
 * (fetch_seen.c); what they come to is put together once the request is over, as a span and its
 * parts (fetch_parts.c). The easy handles are made before the run and freed after it. */
#include "net/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "measure/lookup.h"
#include "net/fetch_inner.h"

/* What libcurl and OpenSSL take for an HTTPS request under way: the easy handle with its buffer,
 * the connection, the handshake (docs/measuring.md). */
enum { CURL_BYTES_EACH = 96 * 1024 };

/* --- The end of a request. --- */

static uint8_t version_of(long http_version)
{
    switch (http_version) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    case CURL_HTTP_VERSION_3:
        return 30;
    default:
        return 0;
    }
}

static void tell_facts(struct request *r, struct span_http *http)
{
    struct fetch_client *client = r->batch->client;
    CURL *easy = r->transfer.easy;
    curl_off_t bytes = 0;
    long answer = 0, version = 0;

    client->lib->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    client->lib->easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    client->lib->easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    http->answer = (uint16_t)answer;
    http->version = version_of(version);
    http->received_bytes = bytes > 0 ? (uint64_t)bytes : 0;
    http->reused = r->seen.sent != 0 && r->seen.opened == 0;
    client->reused += http->reused;
}

/* libcurl's own text where it gave one, made fit to be printed, as a server may have a say in it.
 */
static void tell_error(const struct request *r, struct span_http *http, int status)
{
    const struct curl_lib *lib = r->batch->client->lib;
    char *text = request_error(r);

    if (status == SPAN_OK || status == UV_ECANCELED)
        return;
    if (r->socket_error != 0)
        snprintf(text, CURL_ERROR_SIZE, "cannot open a socket: %s", strerror(r->socket_error));
    else if (text[0] == '\0')
        snprintf(text, CURL_ERROR_SIZE, "%s",
                 lib->easy_strerror((CURLcode)(SPAN_FAILED_CURL - status)));
    text_make_printable(text);
    http->error = text;
}

void request_end(struct request *r, uint64_t ticks, int status)
{
    struct recorder *recorder = &r->batch->run->recorder;
    uint32_t span = request_span(r);
    uint64_t end = status == SPAN_OK ? request_complete(r, ticks) : ticks;

    span_called_back(recorder, span, ticks, status);
    if (r->seen.started != 0) {
        span_started(recorder_worker(recorder, span), r->seen.started, LANE_OS);
        span_finished(recorder_worker(recorder, span), end, status);
    }
    if (r->state == REQUEST_ACTIVE) {
        tell_facts(r, recorder_http(recorder, span));
        request_open_parts(r, end, status);
        curl_loop_remove(r->batch->client->loop, &r->transfer);
    }
    tell_error(r, recorder_http(recorder, span), status);
    r->state = REQUEST_DONE;
}

void fetch_done_cb(struct curl_transfer *t, CURLcode code)
{
    uint64_t ticks = clock_ticks();

    request_end((struct request *)t, ticks,
                code == CURLE_OK ? SPAN_OK : SPAN_FAILED_CURL - (int)code);
}

void request_end_late(struct request *r, uint64_t ticks)
{
    snprintf(request_error(r), CURL_ERROR_SIZE, "the lookup took all of the time");
    request_end(r, ticks, SPAN_FAILED_CURL - CURLE_OPERATION_TIMEDOUT);
}

/* --- Its beginning. --- */

void request_begin(struct request *r)
{
    const struct fetch_client *client = r->batch->client;
    CURLMcode code;

    if (r->deadline_ns != 0) { /* what a lookup has left of the time */
        uint64_t now_ns = clock_read_monotonic();
        uint64_t left_ns = r->deadline_ns > now_ns ? r->deadline_ns - now_ns : 0;

        if (left_ns == 0) {
            request_end_late(r, clock_ticks());
            return;
        }
        client->lib->easy_setopt(r->transfer.easy, CURLOPT_TIMEOUT_MS,
                                 (long)((left_ns + 999999) / 1000000));
    }
    code = curl_loop_add(client->loop, &r->transfer);
    if (code == CURLM_OK) {
        r->state = REQUEST_ACTIVE;
        return;
    }
    snprintf(request_error(r), CURL_ERROR_SIZE, "%s", client->lib->multi_strerror(code));
    request_end(r, clock_ticks(),
                SPAN_FAILED_CURL -
                    (code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT));
}

void fetch_batch_submit(struct fetch_batch *b, uint32_t from, uint32_t count)
{
    const struct fetch_settings *settings = b->client->settings;

    assert(from <= b->count && count <= b->count - from);
    for (uint32_t i = from; i < from + count; i++) {
        struct request *r = &b->requests[i];

        span_submitted(&b->run->recorder, b->first + i);
        if (settings->timeout_ns != 0)
            r->deadline_ns = clock_read_monotonic() + settings->timeout_ns;
        if (fetch_looks_up(settings, request_target(r)))
            request_look_up(r);
        else
            request_begin(r);
    }
}

void fetch_batch_cancel(struct fetch_batch *b)
{
    b->cancelled = true;
    for (uint32_t i = 0; i < b->count; i++) {
        struct request *r = &b->requests[i];

        if (r->state == REQUEST_ACTIVE)
            request_end(r, clock_ticks(), UV_ECANCELED);
        else if (r->state == REQUEST_LOOKUP) /* one that is running refuses, and is waited for */
            uv_cancel((uv_req_t *)&b->lookups[i]);
    }
}

/* --- The life of a batch. --- */

static bool any_looks_up(const struct fetch_batch *b)
{
    for (unsigned i = 0; i < b->target_count; i++)
        if (fetch_looks_up(b->client->settings, &b->targets[i]))
            return true;
    return false;
}

static int make_arrays(struct fetch_batch *b, struct err *e)
{
    b->requests = mem_aligned_filled(b->count, sizeof *b->requests, 0);
    b->errors = mem_aligned_filled(b->count, sizeof *b->errors, 0);
    if (b->errors != NULL)
        recorder_keep(&b->run->recorder, b->errors);
    if (any_looks_up(b))
        b->lookups = mem_aligned_filled(b->count, sizeof *b->lookups, 0);
    if (b->requests == NULL || b->errors == NULL || (any_looks_up(b) && b->lookups == NULL))
        return err_no_memory(e, "the requests");
    return 0;
}

static int make_requests(struct fetch_batch *b, struct err *e)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct request *r = &b->requests[i];
        CURLcode code;

        r->batch = b;
        r->lookup_span = SPAN_NONE;
        code = fetch_easy_new(r);
        if (code == CURLE_OUT_OF_MEMORY)
            return err_no_memory(e, "the requests");
        if (code != CURLE_OK)
            return err_set(e, STATUS_FAILED, "cannot prepare a request: %s",
                           b->client->lib->easy_strerror(code));
    }
    return 0;
}

static double ticks_per_us(void)
{
    struct clock_anchor now;
    struct clock_scale scale;

    clock_anchor_take(&now);
    clock_scale_make(&scale, &now, &now);
    return scale.ticks_per_ns * 1000;
}

struct fetch_batch *fetch_batch_new(struct run *run, struct fetch_client *client,
                                    const struct fetch_target *targets, unsigned target_count,
                                    unsigned kind_row, uint32_t count, uint32_t first_ordinal,
                                    struct err *e)
{
    struct fetch_batch *b = mem_zeroed(1, sizeof *b);

    assert(run->recorder.http != NULL && target_count > 0);
    if (b == NULL) {
        err_no_memory(e, "the requests");
        return NULL;
    }
    b->run = run;
    b->client = client;
    b->targets = targets;
    b->target_count = target_count;
    b->kind_row = kind_row;
    b->count = count;
    b->first_ordinal = first_ordinal;
    b->ticks_per_us = ticks_per_us();
    if (make_arrays(b, e) != 0 || make_requests(b, e) != 0 ||
        curl_loop_attach(client->loop, run->loop, count, e) != 0) {
        fetch_batch_free(b);
        return NULL;
    }
    b->attached = true;
    b->first = recorder_open(&run->recorder, count, kind_row + FETCH_KIND_REQUEST, first_ordinal);
    if (b->lookups != NULL) {
        fetch_lookups_begin(b);
        lookup_record_in(&run->recorder, run->cpu_choice != CPU_CHOICE_OFF);
    }
    return b;
}

void fetch_batch_free(struct fetch_batch *b)
{
    if (b == NULL)
        return;
    for (uint32_t i = 0; b->requests != NULL && i < b->count; i++) {
        struct request *r = &b->requests[i];

        if (r->transfer.easy != NULL)
            b->client->lib->easy_cleanup(r->transfer.easy);
        b->client->lib->slist_free_all(r->addresses);
    }
    if (b->attached)
        curl_loop_detach(b->client->loop);
    /* Requests of a run share a connection of HTTP/2, but it is not kept for the next one. */
    if (b->client->settings->http2 && !b->client->settings->keep_alive)
        curl_loop_close_connections(b->client->loop);
    if (b->attached && b->lookups != NULL)
        lookup_record_in(NULL, false);
    mem_free(b->requests);
    mem_free(b->lookups);
    mem_free(b);
}

uint32_t fetch_batch_span(const struct fetch_batch *b, uint32_t i)
{
    assert(i < b->count);
    return b->first + i;
}

uint32_t fetch_batch_lookup(const struct fetch_batch *b, uint32_t i)
{
    assert(i < b->count);
    return b->requests[i].lookup_span;
}

uint64_t fetch_bytes_each(void)
{
    return sizeof(struct request) + sizeof(uv_getaddrinfo_t) + CURL_BYTES_EACH;
}

uint64_t fetch_kept_bytes_each(void)
{
    return CURL_ERROR_SIZE;
}

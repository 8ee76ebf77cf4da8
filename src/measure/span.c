/* What a span says of itself. Pure functions of one span; see span.h. */
#include "measure/span.h"

#include <stdio.h>

#include <uv.h>

static uint64_t between(uint64_t from, uint64_t to)
{
    if (from == SPAN_UNKNOWN || to == SPAN_UNKNOWN || to < from)
        return SPAN_UNKNOWN;
    return to - from;
}

uint64_t span_waited_ns(const struct span *s)
{
    return between(s->submitted_ns, s->started_ns);
}

uint64_t span_ran_ns(const struct span *s)
{
    return between(s->started_ns, s->finished_ns);
}

uint64_t span_returned_ns(const struct span *s)
{
    return between(s->finished_ns, s->called_back_ns);
}

uint64_t span_total_ns(const struct span *s)
{
    return between(s->submitted_ns, s->called_back_ns);
}

uint64_t span_late_ns(const struct span *s)
{
    return between(s->due_ns, s->submitted_ns);
}

uint64_t span_since_due_ns(const struct span *s)
{
    return between(s->due_ns, s->called_back_ns);
}

bool span_is_phase(const struct span *s)
{
    return s->called_back_ns == SPAN_UNKNOWN && s->status != SPAN_UNFINISHED;
}

char *span_name(const struct span *s, char buf[SPAN_TEXT_BYTES])
{
    if (s->ordinal == 0)
        snprintf(buf, SPAN_TEXT_BYTES, "%s", s->kind->label);
    else
        snprintf(buf, SPAN_TEXT_BYTES, "%s %u", s->kind->label, (unsigned)s->ordinal);
    return buf;
}

char *span_lane_within(int lane, char buf[SPAN_LANE_BYTES])
{
    int thread = (int)lane_thread(lane);

    if (thread > LANE_OWN_CHILD)
        snprintf(buf, SPAN_LANE_BYTES, "child %d", thread - LANE_OWN_CHILD);
    else if (thread > LANE_OWN_THREAD)
        snprintf(buf, SPAN_LANE_BYTES, "thread %d", thread - LANE_OWN_THREAD);
    else
        snprintf(buf, SPAN_LANE_BYTES, "pool %d", thread);
    return buf;
}

char *span_lane_name(int lane, char buf[SPAN_TEXT_BYTES])
{
    char within[SPAN_LANE_BYTES];

    if (lane == LANE_UNKNOWN)
        snprintf(buf, SPAN_TEXT_BYTES, "-");
    else if (lane == LANE_LOOP)
        snprintf(buf, SPAN_TEXT_BYTES, "loop");
    else if (lane == LANE_OS)
        snprintf(buf, SPAN_TEXT_BYTES, "os");
    else if (lane >= LANE_WORKER && (lane - LANE_WORKER) % LANES_OF_WORKER == 0)
        snprintf(buf, SPAN_TEXT_BYTES, "worker %d", (lane - LANE_WORKER) / LANES_OF_WORKER);
    else if (lane >= LANE_WORKER)
        snprintf(buf, SPAN_TEXT_BYTES, "worker %d %s", (lane - LANE_WORKER) / LANES_OF_WORKER,
                 span_lane_within(lane, within));
    else
        snprintf(buf, SPAN_TEXT_BYTES, "pool %d", lane);
    return buf;
}

/* What sort of failure a CURLcode is, in a word and in a few. The numbers are part of libcurl's
 * binary interface (libcurl-errors(3)). */
static const char *curl_status_text(int code, char buf[SPAN_TEXT_BYTES])
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        {1, "protocol: libcurl does not speak it"},
        {3, "url: it does not parse"},
        {5, "resolve: no address for the proxy"},
        {6, "resolve: the name has no address"},
        {7, "connect: no connection"},
        {8, "malformed: the answer is not HTTP"},
        {16, "http2: a fault of the HTTP/2 connection"},
        {18, "partial: the answer ended early"},
        {27, "memory: libcurl had not enough memory"},
        {28, "timeout: not done in time"},
        {35, "tls: no TLS connection"},
        {52, "empty: closed without an answer"},
        {55, "send: the connection broke while sending"},
        {56, "receive: the connection broke while receiving"},
        {58, "tls: a fault of the client's certificate"},
        {60, "certificate: it is not trusted"},
        {77, "certificate: the trusted certificates cannot be read"},
        {92, "http2: a fault of an HTTP/2 stream"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].code == code)
            return texts[i].text;
    snprintf(buf, SPAN_TEXT_BYTES, "curl: error %d of libcurl", code);
    return buf;
}

const char *span_http_version(const struct span_http *http)
{
    switch (http->version) {
    case 10:
        return "1.0";
    case 11:
        return "1.1";
    case 20:
        return "2";
    case 30:
        return "3";
    default:
        return NULL;
    }
}

const char *span_status_text(int status, char buf[SPAN_TEXT_BYTES])
{
    switch (status) {
    case SPAN_OK:
        return "ok";
    case SPAN_FAILED_CRYPTO:
        return "OpenSSL failed";
    case SPAN_FAILED_COMPRESSION:
        return "zlib failed";
    case SPAN_FAILED_SHORT_READ:
        return "the file ended early";
    case SPAN_FAILED_GREW:
        return "the file is larger than it was planned for";
    case SPAN_FAILED_CONNECT:
        return "connect: no connection";
    case SPAN_FAILED_RESET:
        return "reset: the connection broke";
    case SPAN_FAILED_TIMEOUT:
        return "timeout: not answered in time";
    case SPAN_FAILED_MALFORMED:
        return "malformed: the answer is not HTTP";
    case SPAN_FAILED_STATUS:
        return "status: answered with an error";
    case SPAN_UNFINISHED:
        return "unfinished";
    case UV_ECANCELED:
        return "cancelled";
    default: {
        char name[32], why[64];

        if (status < SPAN_FAILED_CURL && status >= SPAN_FAILED_CURL_LAST)
            return curl_status_text(SPAN_FAILED_CURL - status, buf);
        snprintf(buf, SPAN_TEXT_BYTES, "%s: %s", uv_err_name_r(status, name, sizeof name),
                 uv_strerror_r(status, why, sizeof why));
        return buf;
    }
    }
}

const char *span_phase_name(enum span_phase phase)
{
    static const char *const names[] = {
        [PHASE_NONE] = "",       [PHASE_TIMERS] = "timers",   [PHASE_PENDING] = "pending",
        [PHASE_IDLE] = "idle",   [PHASE_PREPARE] = "prepare", [PHASE_POLL] = "poll",
        [PHASE_CHECK] = "check", [PHASE_CLOSING] = "closing",
    };

    return names[phase];
}

/* An answer's bytes: its head and as much of its body as fits go out together, and then a slice at
 * a time, each when the one before has been taken, so that an answer of any size needs no memory
 * beyond one slice. Thread of the loop; texts of the body are the handler's. */
#include "net/http_connection.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SLICES_AT_ONCE = 8 };

static const char *reason_of(unsigned status)
{
    return http_status_str((enum http_status)status);
}

/* The time in the form of RFC 9110, 5.6.7, made anew every second. It is no measurement, so that
 * the wall clock is the right one; strftime() would speak the user's language. */
static const char *date_now(struct http_server *s)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;
    if (now != s->date_s && gmtime_r(&now, &t) != NULL) {
        snprintf(s->date, sizeof s->date, "%s, %02u %s %u %02u:%02u:%02u GMT",
                 days[(unsigned)t.tm_wday % 7], (unsigned)t.tm_mday % 100,
                 months[(unsigned)t.tm_mon % 12], ((unsigned)t.tm_year + 1900) % 10000,
                 (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100, (unsigned)t.tm_sec % 100);
        s->date_s = now;
    }
    return s->date;
}

/* HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 the other way round. */
static const char *connection_field(const struct http_connection *c)
{
    if (!c->keep)
        return "Connection: close\r\n";
    return c->parser.http_minor == 0 ? "Connection: keep-alive\r\n" : "";
}

static size_t write_head(struct http_connection *c, char *to)
{
    const struct http_answer *a = &c->answer;
    int n =
        snprintf(to, ANSWER_HEAD_BYTES,
                 "HTTP/1.1 %u %s\r\nDate: %s\r\n%s%.200s%sContent-Length: %" PRIu64 "\r\n%s\r\n",
                 a->status, reason_of(a->status), date_now(c->server),
                 a->type != NULL ? "Content-Type: " : "", a->type != NULL ? a->type : "",
                 a->type != NULL ? "\r\n" : "", a->body_bytes, connection_field(c));
    assert(n > 0 && n < ANSWER_HEAD_BYTES);
    return (size_t)n;
}

/* Copies the next bytes of the body, at most `room`. */
static size_t write_body(struct http_connection *c, char *to, size_t room)
{
    const struct http_answer *a = &c->answer;
    uint64_t left = c->no_body ? 0 : a->body_bytes - c->answer_sent;
    size_t length = left < room ? (size_t)left : room, done = 0;
    while (done < length) {
        size_t from = (size_t)((c->answer_sent + done) % a->piece_bytes);
        size_t part = a->piece_bytes - from < length - done ? a->piece_bytes - from : length - done;
        memcpy(to + done, a->piece + from, part);
        done += part;
    }
    c->answer_sent += length;
    return length;
}

static bool is_sent(const struct http_connection *c)
{
    return c->head_sent && (c->no_body || c->answer_sent == c->answer.body_bytes);
}

static void end_answer(struct http_connection *c)
{
    const struct http_handler *handler = &c->server->options.handler;
    if (c->owed) {
        c->owed = false;
        if (handler->over != NULL)
            handler->over(handler->context, &c->request, true);
    }
    connection_answered(c);
}

void answer_pump(struct http_connection *c)
{
    char *slice = c->server->slice;
    for (int i = 0; c->state == CONNECTION_ANSWERING && c->writes == 0; i++) {
        size_t length = 0;
        if (is_sent(c)) {
            end_answer(c);
            return;
        }
        if (!c->head_sent)
            length = write_head(c, slice);
        c->head_sent = true;
        length += write_body(c, slice + length, sizeof c->server->slice - length);
        if (!connection_send(c, slice, length, i < SLICES_AT_ONCE))
            return;
    }
}

static void begin(struct http_connection *c, const struct http_answer *a)
{
    assert(a->body_bytes == 0 || a->piece_bytes > 0);
    c->answer = *a;
    c->answer_sent = 0;
    c->head_sent = false;
    connection_enter(c, CONNECTION_ANSWERING, c->server->options.drain_ns);
    answer_pump(c);
}

void http_request_answer(struct http_request *r, const struct http_answer *a)
{
    struct http_connection *c =
        (struct http_connection *)((char *)r - offsetof(struct http_connection, request));
    assert(c->state == CONNECTION_HANDLING);
    begin(c, a);
}

void answer_refuse(struct http_connection *c, unsigned status)
{
    const char *reason = reason_of(status);
    const struct http_answer a = {.status = status,
                                  .type = "text/plain",
                                  .piece = reason,
                                  .piece_bytes = strlen(reason),
                                  .body_bytes = strlen(reason)};
    c->keep = false;
    /* Known once the line has been understood so far. */
    c->no_body = c->header.target_bytes > 0 && c->parser.method == HTTP_HEAD;
    begin(c, &a);
}

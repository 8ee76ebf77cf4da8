/* An answer's bytes: its head and as much of its body as fits go out together, and then a slice at
 * a time, each when the one before has been taken, so that an answer of any size needs no memory
 * beyond one slice. Thread of the loop; texts of the body are the handler's. */
#include "net/http_connection.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { SLICES_AT_ONCE = 8 };

static const char *reason_of(unsigned status)
{
    return http_status_str((enum http_status)status);
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

/* The slice may begin with answers that are held, of this connection or of the one whose handler
 * answers for this one, too; there is always room for a head behind them. */
void answer_pump(struct http_connection *c)
{
    struct http_server *s = c->server;
    for (int i = 0; c->state == CONNECTION_ANSWERING && c->writes == 0; i++) {
        char *to = s->slice + s->held_bytes;
        size_t length = 0;
        if (is_sent(c)) {
            end_answer(c);
            return;
        }
        if (!c->head_sent)
            length = head_write(c, to);
        c->head_sent = true;
        length += write_body(c, to + length, sizeof s->slice - s->held_bytes - length);
        if (is_sent(c) && connection_hold(c, length))
            continue;
        if (!connection_send(c, to, length, i < SLICES_AT_ONCE))
            return;
    }
}

static void begin(struct http_connection *c, const struct http_answer *a)
{
    assert(a->status >= 200 && (a->body_bytes == 0 || a->piece_bytes > 0));
    c->answer = *a;
    c->no_body =
        c->no_body || a->status == HTTP_STATUS_NO_CONTENT || a->status == HTTP_STATUS_NOT_MODIFIED;
    if (drain_is_last_answer(c))
        c->keep = false;
    c->answer_sent = 0;
    c->head_sent = false;
    connection_enter(c, CONNECTION_ANSWERING, LIMIT_DRAIN);
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

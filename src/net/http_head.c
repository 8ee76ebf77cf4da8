/* The head of an answer, put together by hand: it is made for every request, and printf would take
 * as long as the rest of it. Thread of the loop. */
#include "net/http_connection.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digits.h"

#define PUT_CONSTANT(to, text) put((to), (text), sizeof(text) - 1)

static char *put(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

/* The time in the form of RFC 9110, 5.6.7, made anew every second. It is no measurement, so that
 * the wall clock is the right one; strftime() would speak the user's language. */
static char *put_date(struct http_server *s, char *to)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;
    if (now != s->date_s && gmtime_r(&now, &t) != NULL) {
        snprintf(s->date, sizeof s->date, "Date: %s, %02u %s %04u %02u:%02u:%02u GMT\r\n",
                 days[(unsigned)t.tm_wday % 7], (unsigned)t.tm_mday % 100,
                 months[(unsigned)t.tm_mon % 12], ((unsigned)t.tm_year + 1900) % 10000,
                 (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100, (unsigned)t.tm_sec % 100);
        s->date_s = now;
    }
    return put(to, s->date, strlen(s->date));
}

static char *put_status(char *to, unsigned status)
{
    const char *reason;
    if (status == HTTP_STATUS_OK)
        return PUT_CONSTANT(to, "HTTP/1.1 200 OK\r\n");
    reason = http_status_str((enum http_status)status);
    to = digits_put(PUT_CONSTANT(to, "HTTP/1.1 "), status);
    *to++ = ' ';
    to = put(to, reason, strlen(reason));
    return PUT_CONSTANT(to, "\r\n");
}

static char *put_type(char *to, const char *type)
{
    if (type == NULL)
        return to;
    to = PUT_CONSTANT(to, "Content-Type: ");
    to = put(to, type, strnlen(type, TYPE_BYTES_MOST));
    return PUT_CONSTANT(to, "\r\n");
}

/* RFC 9110, 8.6: neither of these may say a length (304 may, of what it does not send). */
static char *put_length(char *to, const struct http_answer *a)
{
    if (a->status == HTTP_STATUS_NO_CONTENT || a->status == HTTP_STATUS_NOT_MODIFIED)
        return to;
    to = digits_put(PUT_CONSTANT(to, "Content-Length: "), a->body_bytes);
    return PUT_CONSTANT(to, "\r\n");
}

/* HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 the other way round. */
static char *put_connection(char *to, const struct http_connection *c)
{
    if (!c->keep)
        return PUT_CONSTANT(to, "Connection: close\r\n");
    return c->parser.http_minor == 0 ? PUT_CONSTANT(to, "Connection: keep-alive\r\n") : to;
}

static char *put_fields(char *to, const struct http_connection *c)
{
    const struct http_handler *handler = &c->server->options.handler;
    const char *fields = c->answer.fields;
    if (fields != NULL)
        to = put(to, fields, strnlen(fields, HTTP_FIELDS_BYTES_MOST));
    if (handler->fields != NULL)
        to += handler->fields(handler->context, &c->request, to);
    return to;
}

size_t head_write(struct http_connection *c, char *to)
{
    char *begin = to;
    to = put_date(c->server, put_status(to, c->answer.status));
    to = put_type(to, c->answer.type);
    to = put_length(to, &c->answer);
    to = put_connection(to, c);
    to = put_fields(to, c);
    to = PUT_CONSTANT(to, "\r\n");
    assert(to - begin <= HEAD_BYTES_MOST);
    return (size_t)(to - begin);
}

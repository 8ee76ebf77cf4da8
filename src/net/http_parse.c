/* From bytes to a request, by Debian's http_parser, and the rules on top of it.
 *
 * The parser itself refuses two lengths that differ, and a length next to chunks; here the fields
 * are looked at that decide where a request ends or whether it may be answered at all (RFC 9112,
 * 3.2 and 6; RFC 9110, 10.1.1). Of a field only as much is kept as tells it from others. The parser
 * is stopped behind each request, so that the next one waits for its turn. Thread of the loop. */
#include "net/http_connection.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { LINE_EXTRA_BYTES = 16, FIELD_EXTRA_BYTES = 4 };

static struct http_connection *connection_of(http_parser *p)
{
    return p->data;
}

/* Stops the parser with an error for which `status` is the answer. (1 and 2 have a meaning of their
 * own where a header is complete.) */
static int refuse(struct http_connection *c, unsigned status)
{
    c->header.refuse = status;
    return -1;
}

/* Adds to what the header has; trailers count too. */
static int count(struct http_connection *c, size_t bytes)
{
    c->header.bytes += (uint32_t)bytes;
    if (c->header.bytes > c->server->options.header_bytes_most)
        return refuse(c, HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE);
    return 0;
}

static int message_begin_cb(http_parser *p)
{
    struct http_connection *c = connection_of(p);
    connection_enter(c, CONNECTION_HEADER, LIMIT_HEADER);
    return count(c, LINE_EXTRA_BYTES);
}

/* Nearly every target fits into the connection's own memory. */
static bool make_room(struct http_connection *c, size_t needed)
{
    struct request_header *h = &c->header;
    char *larger;
    size_t room;
    if (h->target == NULL) {
        h->target = c->target;
        h->target_room = sizeof c->target;
    }
    if (needed <= h->target_room)
        return true;
    for (room = h->target_room; room < needed; room *= 2) {
    }
    larger = mem_resize(h->target == c->target ? NULL : h->target, room);
    if (larger == NULL)
        return false;
    if (h->target == c->target)
        memcpy(larger, c->target, h->target_bytes);
    h->target = larger;
    h->target_room = (uint32_t)room;
    return true;
}

static int url_cb(http_parser *p, const char *at, size_t length)
{
    struct http_connection *c = connection_of(p);
    struct request_header *h = &c->header;
    if (count(c, length) != 0)
        return -1;
    if (!make_room(c, h->target_bytes + length + 1))
        return refuse(c, HTTP_STATUS_SERVICE_UNAVAILABLE);
    memcpy(h->target + h->target_bytes, at, length);
    h->target_bytes += (uint32_t)length;
    h->target[h->target_bytes] = '\0';
    return 0;
}

static bool name_is(const struct request_header *h, const char *name)
{
    return h->name_bytes == strlen(name) && strncasecmp(h->name, name, h->name_bytes) == 0;
}

static bool value_is(const struct request_header *h, const char *value)
{
    size_t bytes = h->value_bytes;
    while (bytes > 0 && (h->value[bytes - 1] == ' ' || h->value[bytes - 1] == '\t'))
        bytes--;
    return bytes == strlen(value) && strncasecmp(h->value, value, bytes) == 0;
}

/* A field is complete: it counts if it is one of those that matter. */
static void end_field(struct http_connection *c)
{
    struct request_header *h = &c->header;
    if (h->name_bytes == 0 || (c->parser.flags & F_TRAILING) != 0) {
        /* none, or one of a trailer, where these have no meaning */
    } else if (name_is(h, "host")) {
        h->has_host_twice = h->has_host;
        h->has_host = true;
    } else if (name_is(h, "transfer-encoding")) {
        h->coded_twice = h->coded_twice || h->has_coding;
        h->bad_coding = h->bad_coding || !value_is(h, "chunked");
        h->has_coding = true;
    } else if (name_is(h, "expect")) {
        h->expects_continue = value_is(h, "100-continue");
        h->expects_other = h->expects_other || !h->expects_continue;
    }
    h->name_bytes = h->value_bytes = 0;
    h->in_value = false;
}

/* Keeps what fits; a longer text is none of those that are looked for. */
static uint8_t append(char *to, size_t room, uint8_t used, const char *at, size_t length)
{
    size_t taken = length < room - used ? length : room - used;
    memcpy(to + used, at, taken);
    return (uint8_t)(used + taken);
}

static int field_cb(http_parser *p, const char *at, size_t length)
{
    struct http_connection *c = connection_of(p);
    struct request_header *h = &c->header;
    if (h->in_value)
        end_field(c);
    h->name_bytes = append(h->name, sizeof h->name, h->name_bytes, at, length);
    /* Debian's parser is built to be lenient about what RFC 9112, 5.1, wants refused. */
    if (memchr(at, ' ', length) != NULL)
        return refuse(c, HTTP_STATUS_BAD_REQUEST);
    return count(c, length);
}

static int value_cb(http_parser *p, const char *at, size_t length)
{
    struct http_connection *c = connection_of(p);
    struct request_header *h = &c->header;
    size_t more = h->in_value ? 0 : FIELD_EXTRA_BYTES;
    h->in_value = true;
    h->value_bytes = append(h->value, sizeof h->value, h->value_bytes, at, length);
    return count(c, length + more);
}

/* The status with which the header has to be refused, or 0. */
static unsigned judge(const struct http_connection *c)
{
    const struct request_header *h = &c->header;
    const http_parser *p = &c->parser;
    bool has_length = (p->flags & F_CONTENTLENGTH) != 0;
    if (p->http_major != 1)
        return HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED;
    if (h->has_host_twice || (p->http_minor > 0 && !h->has_host))
        return HTTP_STATUS_BAD_REQUEST;
    if (h->has_coding && (has_length || h->coded_twice || p->http_minor == 0))
        return HTTP_STATUS_BAD_REQUEST;
    if (h->bad_coding || p->method == HTTP_CONNECT)
        return HTTP_STATUS_NOT_IMPLEMENTED;
    if (h->expects_other && p->http_minor > 0)
        return HTTP_STATUS_EXPECTATION_FAILED;
    if (has_length && p->content_length > c->server->options.body_bytes_most)
        return HTTP_STATUS_PAYLOAD_TOO_LARGE;
    return 0;
}

static int headers_complete_cb(http_parser *p)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_connection *c = connection_of(p);
    unsigned status;
    bool has_body;
    end_field(c);
    status = judge(c);
    if (status != 0)
        return refuse(c, status);
    has_body = c->header.has_coding || ((p->flags & F_CONTENTLENGTH) != 0 && p->content_length > 0);
    p->upgrade = 0; /* no other protocol is spoken here, and asking for one may be ignored */
    connection_enter(c, CONNECTION_BODY, LIMIT_BODY);
    if (has_body && c->header.expects_continue && p->http_minor > 0 &&
        !connection_send(c, go_on, sizeof go_on - 1, true))
        return -1;
    return 0;
}

static int body_cb(http_parser *p, const char *at, size_t length)
{
    struct http_connection *c = connection_of(p);
    (void)at;
    c->request.body_bytes += length;
    if (c->request.body_bytes > c->server->options.body_bytes_most)
        return refuse(c, HTTP_STATUS_PAYLOAD_TOO_LARGE);
    return 0;
}

static int message_complete_cb(http_parser *p)
{
    struct http_connection *c = connection_of(p);
    c->keep = http_should_keep_alive(p) != 0;
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = message_begin_cb,
    .on_url = url_cb,
    .on_header_field = field_cb,
    .on_header_value = value_cb,
    .on_headers_complete = headers_complete_cb,
    .on_body = body_cb,
    .on_message_complete = message_complete_cb,
};

void parse_start(struct http_connection *c)
{
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
}

void parse_forget(struct http_connection *c)
{
    if (c->header.target != c->target)
        mem_free(c->header.target);
    c->header = (struct request_header){0};
    c->request = (struct http_request){0};
}

/* Whether `at`, where the parser found no method that it knows, goes on as one that nobody has
 * heard of yet would: capitals and a space. */
static bool looks_like_method(const char *at, size_t length)
{
    size_t i = 0;
    while (i < length && ((at[i] >= 'A' && at[i] <= 'Z') || at[i] == '-' || at[i] == '_'))
        i++;
    return i == length || at[i] == ' ';
}

static unsigned status_of_error(const struct http_connection *c, const char *at, size_t length)
{
    if (c->header.refuse != 0)
        return c->header.refuse;
    switch (HTTP_PARSER_ERRNO(&c->parser)) {
    case HPE_HEADER_OVERFLOW:
        return HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE;
    case HPE_INVALID_VERSION:
        return HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED;
    case HPE_INVALID_METHOD:
        return looks_like_method(at, length) ? HTTP_STATUS_NOT_IMPLEMENTED
                                             : HTTP_STATUS_BAD_REQUEST;
    default:
        return HTTP_STATUS_BAD_REQUEST;
    }
}

static void give_to_handler(struct http_connection *c)
{
    const struct http_handler *handler = &c->server->options.handler;
    c->request.method = http_method_str(c->parser.method);
    c->request.target = c->header.target != NULL ? c->header.target : "";
    c->request.version_minor = c->parser.http_minor;
    c->no_body = c->parser.method == HTTP_HEAD;
    c->owed = true;
    connection_enter(c, CONNECTION_HANDLING, LIMIT_NONE);
    handler->request(handler->context, &c->request);
}

size_t parse_feed(struct http_connection *c, const char *bytes, size_t length)
{
    size_t used = 0;
    c->feeding = true;
    while (used < length && connection_reads(c)) {
        if (c->state == CONNECTION_IDLE)
            c->request.received_ns = c->server->read_ns;
        used += http_parser_execute(&c->parser, &settings, bytes + used, length - used);
        if (c->state == CONNECTION_CLOSED)
            break;
        c->more = used < length;
        if (HTTP_PARSER_ERRNO(&c->parser) == HPE_PAUSED) {
            http_parser_pause(&c->parser, 0);
            give_to_handler(c);
        } else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK) {
            answer_refuse(c, status_of_error(c, bytes + used, length - used));
            used = length;
        }
    }
    c->more = c->feeding = false;
    connection_release_held(c);
    return used;
}

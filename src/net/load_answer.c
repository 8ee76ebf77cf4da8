/* From bytes to an answer, by Debian's http_parser, and what it leaves open (RFC 9112, 6.3): a
 * length next to chunks is malformed; interim answers (1xx) come before the answer and are none;
 * 204, 304 and answers to HEAD have no body. Of the fields only Uvlab-Span is kept.
 *
 * Servers answer the same request with the same bytes over and over, but for a second of Date: what
 * the last answer in one piece said is kept with its bytes, and one that is equal is not parsed
 * again. Thread of the connection. */
#include <string.h>
#include <strings.h>

#include "net/load_inner.h"

static struct load_connection *connection_of(http_parser *p)
{
    return p->data;
}

static int message_begin_cb(http_parser *p)
{
    struct load_answer *a = &connection_of(p)->answer;

    a->begun = true;
    a->has_length = a->has_coding = a->in_value = false;
    a->name_bytes = 0;
    a->field_bytes = 0;
    return 0;
}

static bool name_is(const struct load_answer *a, const char *name)
{
    return a->name_bytes == strlen(name) && strncasecmp(a->name, name, a->name_bytes) == 0;
}

static int field_cb(http_parser *p, const char *at, size_t length)
{
    struct load_answer *a = &connection_of(p)->answer;
    size_t room;

    if (a->in_value) {
        a->in_value = false;
        a->name_bytes = 0;
    }
    room = sizeof a->name - a->name_bytes;
    length = length < room ? length : room;
    memcpy(a->name + a->name_bytes, at, length);
    a->name_bytes = (uint8_t)(a->name_bytes + length);
    return 0;
}

/* A value of Uvlab-Span that is too long is none. */
static void keep_field(struct load_answer *a, const char *at, size_t length)
{
    if (length > sizeof a->field - a->field_bytes) {
        a->field_twice = true;
        return;
    }
    memcpy(a->field + a->field_bytes, at, length);
    a->field_bytes = (uint16_t)(a->field_bytes + length);
}

static int value_cb(http_parser *p, const char *at, size_t length)
{
    struct load_answer *a = &connection_of(p)->answer;
    bool begins = !a->in_value;

    a->in_value = true;
    if ((p->flags & F_TRAILING) != 0)
        return 0;
    if (name_is(a, "uvlab-span")) {
        a->field_twice |= begins && a->field_bytes > 0;
        keep_field(a, at, length);
    } else if (begins && name_is(a, "content-length")) {
        a->has_length = true;
    } else if (begins && name_is(a, "transfer-encoding")) {
        a->has_coding = true;
    }
    return 0;
}

/* 1: there is no body to come, whatever the fields say. */
static int headers_complete_cb(http_parser *p)
{
    struct load_connection *c = connection_of(p);
    struct load_answer *a = &c->answer;

    a->status = (uint16_t)p->status_code;
    a->version = (uint8_t)(10 * p->http_major + p->http_minor);
    if (p->http_major != 1 || p->status_code < 100 || p->status_code > 999 ||
        p->status_code == 101 || (a->has_length && a->has_coding))
        return -1;
    if (p->status_code < 200 || p->status_code == 204 || p->status_code == 304)
        return 1;
    return c->shard->thread->load->client->is_head ? 1 : 0;
}

static int body_cb(http_parser *p, const char *at, size_t length)
{
    (void)at;
    connection_of(p)->answer.body_bytes += length;
    return 0;
}

static int message_complete_cb(http_parser *p)
{
    struct load_answer *a = &connection_of(p)->answer;

    if (p->status_code < 200)
        return 0;
    a->complete = true;
    a->keep = http_should_keep_alive(p) != 0;
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = message_begin_cb,
    .on_header_field = field_cb,
    .on_header_value = value_cb,
    .on_headers_complete = headers_complete_cb,
    .on_body = body_cb,
    .on_message_complete = message_complete_cb,
};

void load_answer_start(struct load_connection *c)
{
    struct load_answer *a = &c->answer;

    http_parser_init(&c->parser, HTTP_RESPONSE);
    c->parser.data = c;
    a->body_bytes = 0;
    a->begun = a->complete = a->keep = a->field_twice = false;
    a->status = a->field_bytes = 0;
    a->version = 0;
}

/* --- The same answer again. --- */

static bool recall(struct load_connection *c, const struct load_memo *m)
{
    struct load_answer *a = &c->answer;

    a->begun = a->complete = true;
    a->body_bytes = m->body_bytes;
    a->status = m->status;
    a->version = m->version;
    a->keep = m->keep;
    return true;
}

static void remember(const struct load_connection *c, const char *bytes, size_t length,
                     struct load_memo *m)
{
    const struct load_answer *a = &c->answer;

    m->length = 0;
    if (length > sizeof m->bytes || a->field_bytes > 0 || a->field_twice)
        return;
    memcpy(m->bytes, bytes, length);
    m->length = length;
    m->body_bytes = a->body_bytes;
    m->status = a->status;
    m->version = a->version;
    m->keep = a->keep;
}

/* --- --- */

static const char *what_is_wrong(const struct load_connection *c)
{
    const struct load_answer *a = &c->answer;

    switch (HTTP_PARSER_ERRNO(&c->parser)) {
    case HPE_CB_headers_complete:
        if (c->parser.http_major != 1)
            return "it is of another version of HTTP";
        if (a->has_length && a->has_coding)
            return "it has both a length and chunks";
        return "it has a status that was not asked for";
    case HPE_HEADER_OVERFLOW:
        return "its header is larger than 80 KiB";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return "its length is none, or there are two";
    case HPE_INVALID_CHUNK_SIZE:
        return "a chunk's size is none";
    case HPE_INVALID_CONSTANT:
    case HPE_INVALID_VERSION:
    case HPE_INVALID_STATUS:
        return "its first line is none";
    default:
        return http_errno_description(HTTP_PARSER_ERRNO(&c->parser));
    }
}

enum load_fed load_answer_feed(struct load_connection *c, const char *bytes, size_t length,
                               bool last, const char **why)
{
    struct load_answer *a = &c->answer;
    struct load_memo *memo = &c->shard->thread->memos[c->request.target];
    bool fresh = !a->begun;
    size_t used;

    if (fresh && length > 0 && length == memo->length && memcmp(bytes, memo->bytes, length) == 0 &&
        recall(c, memo))
        return LOAD_FED_COMPLETE;
    used = http_parser_execute(&c->parser, &settings, bytes, length);
    if (a->complete) {
        if (used < length)
            a->keep = false; /* what more can it be than a mistake */
        else if (fresh && !last)
            remember(c, bytes, length, memo);
        return LOAD_FED_COMPLETE;
    }
    if (HTTP_PARSER_ERRNO(&c->parser) == HPE_OK || (last && length == 0 && !a->begun))
        return LOAD_FED_MORE;
    if (last && length == 0 && HTTP_PARSER_ERRNO(&c->parser) == HPE_INVALID_EOF_STATE)
        return LOAD_FED_MORE;
    *why = what_is_wrong(c);
    return LOAD_FED_BAD;
}

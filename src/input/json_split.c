/* A scanner for JSON that never goes back and keeps no more than it must: a stack of one bit per
 * level, the state within a value, and the texts that are being collected. What is where in the
 * tree is known from the depth alone: with `level` long arrays open, one within an element of the
 * other, the object that may have the next one is at depth 2 * level + 1, and their elements begin
 * at depth 2 * level.
 *
 * Whoever calls owns the scanner, which owns its texts; one thread. */
#include "input/json_split_inner.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { MESSAGE_BYTES = 160, PLACE_BYTES = 64 };

struct json_split *json_split_new(const struct json_split_array *arrays, unsigned count,
                                  size_t bytes_most, void *context, struct err *e)
{
    struct json_split *s = mem_zeroed(1, sizeof *s);
    if (s == NULL) {
        err_no_memory(e, "reading a document");
        return NULL;
    }
    s->arrays = arrays;
    s->array_count = count;
    s->context = context;
    s->line = 1;
    s->most[0] = bytes_most;
    for (unsigned i = 0; i < count; i++)
        s->most[i + 1] = arrays[i].element_bytes_most;
    s->sink = &s->texts[0];
    return s;
}

void json_split_free(struct json_split *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i <= JSON_SPLIT_ARRAYS_MOST; i++)
        text_free(&s->texts[i]);
    mem_free(s);
}

/* "line 3, column 15" */
static const char *describe(const struct json_split *s, place at, char where[PLACE_BYTES])
{
    uint64_t offset = s->before + (uint64_t)(at - s->piece);
    snprintf(where, PLACE_BYTES, "line %" PRIu64 ", column %" PRIu64, s->line,
             offset - s->line_began_at + 1);
    return where;
}

place split_fail(struct json_split *s, place at, struct err *e, const char *format, ...)
{
    char message[MESSAGE_BYTES], where[PLACE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    s->malformed = true;
    err_set(e, STATUS_FAILED, "is not JSON (%s: %s)", describe(s, at, where), message);
    return NULL;
}

place split_refuse(const struct json_split *s, place at, struct err *e, const char *format, ...)
{
    char message[MESSAGE_BYTES], where[PLACE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    err_set(e, STATUS_FAILED, "%s: %s", describe(s, at, where), message);
    return NULL;
}

place split_fail_of_byte(struct json_split *s, place at, struct err *e, const char *what)
{
    if (*at > ' ' && *at < 0x7f)
        return split_fail(s, at, e, "%s '%c'", what, *at);
    return split_fail(s, at, e, "%s byte 0x%02x", what, *at);
}

/* Of what is being collected there is too much, from `at` on. */
static void fail_of_size(const struct json_split *s, place at, struct err *e)
{
    size_t which = (size_t)(s->sink - s->texts);
    if (which == 0)
        split_refuse(s, at, e, "holds more than %zu KiB beside its long arrays", s->most[0] / 1024);
    else
        split_refuse(s, at, e, "an element of '%s' has more than %zu KiB", s->arrays[which - 1].key,
                     s->most[which] / 1024);
}

bool split_keep(struct json_split *s, place at, size_t bytes, struct err *e)
{
    struct text *sink = s->sink;
    size_t room;
    if (sink == NULL)
        return true;
    room = s->most[sink - s->texts] - sink->length;
    if (bytes > room) {
        fail_of_size(s, at + room, e);
        return false;
    }
    text_add_bytes(sink, (const char *)at, bytes);
    if (text_ok(sink))
        return true;
    err_no_memory(e, "reading a document");
    return false;
}

/* Whether a value that begins or has just ended is an element of a long array. */
static bool is_element(const struct json_split *s)
{
    return s->level > 0 && s->depth == 2 * s->level;
}

bool split_may_have_array(const struct json_split *s)
{
    return s->level < s->array_count && s->depth == 2 * s->level + 1 && s->is_object[s->depth];
}

/* The text for what is at this level: the document, or an element of an array that is handed on. */
static struct text *sink_of(struct json_split *s, unsigned level)
{
    return level == 0 || s->arrays[level - 1].take != NULL ? &s->texts[level] : NULL;
}

void split_begin_value(struct json_split *s)
{
    if (!is_element(s))
        return;
    s->sink = sink_of(s, s->level);
    s->texts[s->level].length = 0;
}

place split_end_value(struct json_split *s, place next, struct err *e)
{
    s->state = s->depth == 0 ? WANTS_NOTHING : WANTS_COMMA;
    if (!is_element(s))
        return next;
    if (s->sink != NULL) {
        const struct json_split_array *array = &s->arrays[s->level - 1];
        if (array->take(s->context, text_get(s->sink), s->sink->length, e) != 0)
            return NULL;
        s->sink = NULL;
    }
    return next;
}

static place open_container(struct json_split *s, place at, struct err *e)
{
    bool object = *at == '{', takes_apart = !object && s->key_found && split_may_have_array(s);
    if (s->depth == JSON_DEPTH_MOST)
        return split_refuse(s, at, e, "deeper than %d levels", JSON_DEPTH_MOST);
    split_begin_value(s);
    if (!split_keep(s, at, 1, e))
        return NULL;
    s->is_object[++s->depth] = object;
    s->state = object ? WANTS_KEY_OR_END : WANTS_VALUE_OR_END;
    s->key_found = false;
    if (takes_apart) {
        s->level++;
        s->sink = NULL;
    } else if (object && s->level < s->array_count && s->depth == 2 * s->level + 1) {
        s->seen[s->level] = false;
    }
    return at + 1;
}

static place close_container(struct json_split *s, place at, struct err *e)
{
    if (s->is_object[s->depth] != (*at == '}'))
        return split_fail(s, at, e, "%s ends with '%c'", *at == '}' ? "an array" : "an object",
                          *at);
    if (is_element(s)) /* the array itself, in fact */
        s->sink = sink_of(s, --s->level);
    s->depth--;
    return split_keep(s, at, 1, e) ? split_end_value(s, at + 1, e) : NULL;
}

static place fail_of_value(struct json_split *s, place at, struct err *e)
{
    if (s->state == WANTS_VALUE && s->depth > 0 && *at == ']')
        return split_fail(s, at, e, "a value must follow a comma");
    return split_fail_of_byte(s, at, e, "no value begins with");
}

static place read_value(struct json_split *s, place at, struct err *e)
{
    switch (*at) {
    case '{':
    case '[':
        return open_container(s, at, e);
    case ']':
        return s->state == WANTS_VALUE_OR_END ? close_container(s, at, e) : fail_of_value(s, at, e);
    case '"':
        return token_begin_string(s, at, false, e);
    case 't':
    case 'f':
    case 'n':
        return token_begin_word(s, at, e);
    default:
        return *at == '-' || (*at >= '0' && *at <= '9') ? token_begin_number(s, at, e)
                                                        : fail_of_value(s, at, e);
    }
}

static place read_key(struct json_split *s, place at, struct err *e)
{
    if (*at == '"')
        return token_begin_string(s, at, true, e);
    if (*at == '}' && s->state == WANTS_KEY_OR_END)
        return close_container(s, at, e);
    return split_fail_of_byte(s, at, e, "a key is wanted, and not");
}

static place read_comma(struct json_split *s, place at, struct err *e)
{
    if (*at == '}' || *at == ']')
        return close_container(s, at, e);
    if (*at != ',')
        return split_fail_of_byte(s, at, e, "',' or an end is wanted, and not");
    s->state = s->is_object[s->depth] ? WANTS_KEY : WANTS_VALUE;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static place read_colon(struct json_split *s, place at, struct err *e)
{
    if (*at != ':')
        return split_fail_of_byte(s, at, e, "':' is wanted, and not");
    s->state = WANTS_VALUE;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

/* Between values; white space is kept nowhere. */
static place read_between(struct json_split *s, place at, struct err *e)
{
    if (*at == '\n') {
        s->line++;
        s->line_began_at = s->before + (uint64_t)(at - s->piece) + 1;
        return at + 1;
    }
    if (*at == ' ' || *at == '\t' || *at == '\r')
        return at + 1;
    switch (s->state) {
    case WANTS_KEY:
    case WANTS_KEY_OR_END:
        return read_key(s, at, e);
    case WANTS_COLON:
        return read_colon(s, at, e);
    case WANTS_COMMA:
        return read_comma(s, at, e);
    case WANTS_NOTHING:
        return split_fail(s, at, e, "something follows the document");
    default:
        return read_value(s, at, e);
    }
}

int json_split_feed(struct json_split *s, const char *bytes, size_t count, struct err *e)
{
    place at = (place)bytes, end = at + count;
    s->piece = at;
    while (at != NULL && at < end)
        at = s->state >= IN_STRING ? token_read(s, at, end, e) : read_between(s, at, e);
    s->before += count;
    return at != NULL ? 0 : -1;
}

/* In the middle of what the document ends. */
static const char *unfinished(const struct json_split *s)
{
    switch (s->state) {
    case IN_STRING:
    case IN_ESCAPE:
    case IN_HEX:
        return "a text";
    case IN_WORD:
        return "a word";
    case IN_NUMBER:
        return "a number";
    default:
        return s->is_object[s->depth] ? "an object" : "an array";
    }
}

int json_split_end(struct json_split *s, struct err *e)
{
    static const unsigned char nothing[1];
    char where[PLACE_BYTES];
    s->piece = nothing;
    if (s->state == IN_NUMBER && s->depth == 0 && token_number_may_end(s))
        s->state = WANTS_NOTHING;
    if (s->state == WANTS_NOTHING)
        return 0;
    if (s->depth == 0 && s->state == WANTS_VALUE)
        return err_set(e, STATUS_FAILED, "is empty");
    return err_set(e, STATUS_FAILED, "is cut off: ends in the middle of %s (%s)", unfinished(s),
                   describe(s, nothing, where));
}

bool json_split_is_malformed(const struct json_split *s)
{
    return s->malformed;
}

const char *json_split_rest(const struct json_split *s, size_t *bytes)
{
    *bytes = s->texts[0].length;
    return text_get(&s->texts[0]);
}

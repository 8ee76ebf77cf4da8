/* The tokens of JSON, byte by byte: texts in UTF-8 with their escapes, numbers, and the three
 * words. A token may be cut anywhere by the end of a piece; what is known of it until then is in
 * the scanner. Texts and numbers are most of any document, and are read in loops of their own. The
 * thread of the scanner. */
#include "input/json_split_inner.h"

#include <string.h>

place token_begin_string(struct json_split *s, place at, bool is_key, struct err *e)
{
    if (!is_key)
        split_begin_value(s);
    s->is_key = is_key;
    s->key_counts = is_key && split_may_have_array(s);
    s->key_bytes = 0;
    s->state = IN_STRING;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static void add_to_key(struct json_split *s, const void *bytes, size_t count)
{
    if (!s->key_counts)
        return;
    if (count >= KEY_BYTES - s->key_bytes) {
        s->key_counts = false; /* too long to be one */
        return;
    }
    memcpy(s->key + s->key_bytes, bytes, count);
    s->key_bytes += count;
}

static place end_string(struct json_split *s, place at, struct err *e)
{
    if (!split_keep(s, at, 1, e))
        return NULL;
    if (!s->is_key)
        return split_end_value(s, at + 1, e);
    s->key[s->key_bytes] = '\0';
    s->key_found =
        s->key_counts && !s->seen[s->level] && strcmp(s->key, s->arrays[s->level].key) == 0;
    if (s->key_found)
        s->seen[s->level] = true;
    s->state = WANTS_COLON;
    return at + 1;
}

/* The first byte of a character beyond ASCII: how many follow, and what the next one can be. */
static bool begin_utf8(struct json_split *s, unsigned char c)
{
    if (c < 0xc2 || c > 0xf4)
        return false;
    s->utf8_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    s->utf8_low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    s->utf8_high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return true;
}

static bool goes_on_utf8(struct json_split *s, unsigned char c)
{
    bool fits = c >= s->utf8_low && c <= s->utf8_high;
    s->utf8_left--;
    s->utf8_low = 0x80;
    s->utf8_high = 0xbf;
    return fits;
}

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Up to the end of the text, of the piece, or to a backslash. */
static place read_string(struct json_split *s, place at, place end, struct err *e)
{
    place from = at;
    if (s->low_wanted && *at != '\\')
        return split_fail(s, at, e, "half a surrogate pair");
    for (; at < end; at++) {
        if (s->utf8_left > 0) {
            if (!goes_on_utf8(s, *at))
                return split_fail(s, at, e, "not UTF-8");
        } else if (!is_plain(*at)) {
            if (*at == '"' || *at == '\\')
                break;
            if (*at < 0x20)
                return split_fail_of_byte(s, at, e, "within a text:");
            if (!begin_utf8(s, *at))
                return split_fail(s, at, e, "not UTF-8");
        }
    }
    add_to_key(s, from, (size_t)(at - from));
    if (!split_keep(s, from, (size_t)(at - from), e))
        return NULL;
    if (at == end)
        return at;
    if (*at == '"')
        return end_string(s, at, e);
    s->state = IN_ESCAPE;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static place read_escape(struct json_split *s, place at, struct err *e)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = *at == '\0' ? NULL : strchr(letters, *at);
    if (*at == 'u') {
        s->state = IN_HEX;
        s->hex_left = 4;
        s->hex = 0;
    } else if (s->low_wanted) {
        return split_fail(s, at, e, "half a surrogate pair");
    } else if (letter == NULL) {
        return split_fail_of_byte(s, at, e, "behind a backslash:");
    } else {
        add_to_key(s, meant + (letter - letters), 1);
        s->state = IN_STRING;
    }
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static place end_hex(struct json_split *s, place at, struct err *e)
{
    bool is_low = s->hex >= 0xdc00 && s->hex <= 0xdfff;
    unsigned char ascii = (unsigned char)s->hex;
    if (s->hex == 0)
        return split_refuse(s, at, e, "\\u0000, which no text here may hold");
    if (is_low != s->low_wanted)
        return split_fail(s, at, e, "half a surrogate pair");
    s->low_wanted = s->hex >= 0xd800 && s->hex <= 0xdbff;
    if (s->hex < 0x80)
        add_to_key(s, &ascii, 1);
    else
        s->key_counts = false; /* keys that are looked for are ASCII */
    s->state = IN_STRING;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static place read_hex(struct json_split *s, place at, struct err *e)
{
    unsigned char c = *at, low = c | 0x20;
    if (c >= '0' && c <= '9')
        s->hex = s->hex * 16 + (c - '0');
    else if (low >= 'a' && low <= 'f')
        s->hex = s->hex * 16 + (low - 'a' + 10u);
    else
        return split_fail_of_byte(s, at, e, "within \\u:");
    if (--s->hex_left == 0)
        return end_hex(s, at, e);
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

static place read_word(struct json_split *s, place at, struct err *e)
{
    if (*at != (unsigned char)*s->word)
        return split_fail_of_byte(s, at, e, "no word that JSON has:");
    s->word++;
    if (!split_keep(s, at, 1, e))
        return NULL;
    return *s->word == '\0' ? split_end_value(s, at + 1, e) : at + 1;
}

place token_begin_word(struct json_split *s, place at, struct err *e)
{
    split_begin_value(s);
    s->word = *at == 't' ? "true" : *at == 'f' ? "false" : "null";
    s->state = IN_WORD;
    return read_word(s, at, e);
}

place token_begin_number(struct json_split *s, place at, struct err *e)
{
    split_begin_value(s);
    s->number = *at == '-' ? AFTER_MINUS : *at == '0' ? AFTER_ZERO : IN_WHOLE;
    s->number_bytes = 1;
    s->state = IN_NUMBER;
    return split_keep(s, at, 1, e) ? at + 1 : NULL;
}

bool token_number_may_end(const struct json_split *s)
{
    return s->number == AFTER_ZERO || s->number == IN_WHOLE || s->number == IN_FRACTION ||
           s->number == IN_POWER;
}

/* Takes c into the number; false when it is not a part of it. */
static bool number_takes(struct json_split *s, unsigned char c)
{
    if (c >= '0' && c <= '9') {
        static const enum number then[] = {
            [AFTER_MINUS] = IN_WHOLE, [IN_WHOLE] = IN_WHOLE,   [AFTER_DOT] = IN_FRACTION,
            [AFTER_E] = IN_POWER,     [AFTER_SIGN] = IN_POWER, [IN_FRACTION] = IN_FRACTION,
            [IN_POWER] = IN_POWER,
        };
        if (s->number == AFTER_ZERO)
            return false;
        s->number = s->number == AFTER_MINUS && c == '0' ? AFTER_ZERO : then[s->number];
        return true;
    }
    if (c == '.' && (s->number == AFTER_ZERO || s->number == IN_WHOLE))
        s->number = AFTER_DOT;
    else if ((c | 0x20) == 'e' && token_number_may_end(s) && s->number != IN_POWER)
        s->number = AFTER_E;
    else if ((c == '+' || c == '-') && s->number == AFTER_E)
        s->number = AFTER_SIGN;
    else
        return false;
    return true;
}

static place read_number(struct json_split *s, place at, place end, struct err *e)
{
    place from = at;
    for (; at < end && number_takes(s, *at); at++) {
        if (++s->number_bytes > JSON_NUMBER_BYTES_MOST)
            return split_refuse(s, at, e, "a number of more than %d characters",
                                JSON_NUMBER_BYTES_MOST);
    }
    if (!split_keep(s, from, (size_t)(at - from), e))
        return NULL;
    if (at == end)
        return at;
    if (!token_number_may_end(s) || (*at >= '0' && *at <= '9'))
        return split_fail_of_byte(s, at, e, "within a number:");
    return split_end_value(s, at, e);
}

place token_read(struct json_split *s, place at, place end, struct err *e)
{
    switch (s->state) {
    case IN_STRING:
        return read_string(s, at, end, e);
    case IN_ESCAPE:
        return read_escape(s, at, e);
    case IN_HEX:
        return read_hex(s, at, e);
    case IN_WORD:
        return read_word(s, at, e);
    default:
        return read_number(s, at, end, e);
    }
}

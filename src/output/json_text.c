/* JSON as text. cJSON passes strings on as they are, so text that comes from a command line or a
 * file is repaired when it is put into an item; streamed text is repaired on its way. No state;
 * everything here is called on the main thread, after the runs. */
#include "output/json_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "measure/span.h"

/* How many bytes the UTF-8 sequence at s has; 0 when it is not valid (cut off, longer than needed,
 * a surrogate, beyond U+10FFFF). A NUL ends every sequence, so nothing behind one is read. */
static size_t sequence_length(const unsigned char *s)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return length;
}

static void out_escaped(struct out *o, unsigned char c)
{
    switch (c) {
    case '"':
        out_bytes(o, "\\\"", 2);
        break;
    case '\\':
        out_bytes(o, "\\\\", 2);
        break;
    case '\n':
        out_bytes(o, "\\n", 2);
        break;
    case '\t':
        out_bytes(o, "\\t", 2);
        break;
    default:
        out_format(o, "\\u%04x", c);
    }
}

void json_out_string(struct out *o, const char *s)
{
    const char *plain = s; /* from here to s nothing needs a change */

    out_bytes(o, "\"", 1);
    while (*s != '\0') {
        unsigned char c = (unsigned char)*s;
        size_t length = sequence_length((const unsigned char *)s);

        if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
            s += length;
            continue;
        }
        out_bytes(o, plain, (size_t)(s - plain));
        if (length == 0)
            out_bytes(o, "?", 1);
        else
            out_escaped(o, c);
        plain = ++s;
    }
    out_bytes(o, plain, (size_t)(s - plain));
    out_bytes(o, "\"", 1);
}

void json_out_number(struct out *o, uint64_t n)
{
    if (n == SPAN_UNKNOWN)
        out_bytes(o, "null", 4);
    else
        out_number(o, n);
}

cJSON *json_text(const char *s)
{
    cJSON *item = s == NULL ? cJSON_CreateNull() : cJSON_CreateString(s);

    if (item == NULL || s == NULL)
        return item;
    for (char *c = item->valuestring; *c != '\0';) {
        size_t length = sequence_length((const unsigned char *)c);

        if (length == 0) {
            *c = '?';
            length = 1;
        }
        c += length;
    }
    return item;
}

cJSON *json_number(uint64_t n)
{
    char digits[24];

    if (n == SPAN_UNKNOWN)
        return cJSON_CreateNull();
    snprintf(digits, sizeof digits, "%" PRIu64, n);
    return cJSON_CreateRaw(digits); /* its own numbers are doubles, exact up to 2^53 only */
}

cJSON *json_measure(double number)
{
    return number < 0 ? cJSON_CreateNull() : cJSON_CreateNumber(number);
}

bool json_put(cJSON *container, const char *key, cJSON *item)
{
    bool added;

    if (item == NULL)
        return false;
    added = key == NULL ? cJSON_AddItemToArray(container, item)
                        : cJSON_AddItemToObject(container, key, item);
    if (!added)
        cJSON_Delete(item);
    return added;
}

static bool write_compact(struct out *o, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);

    if (text == NULL)
        return false;
    out_text(o, text);
    cJSON_free(text);
    return true;
}

static void new_line(struct out *o, unsigned indent)
{
    out_format(o, "\n%*s", (int)indent, "");
}

bool json_write_members(struct out *o, const cJSON *object, unsigned indent, unsigned depth)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        if (member->string != NULL) {
            json_out_string(o, member->string);
            out_text(o, ": ");
        }
        if (!json_write(o, member, indent, depth))
            return false;
        if (member->next != NULL) {
            out_text(o, ",");
            new_line(o, indent);
        }
    }
    return true;
}

/* Calls itself through json_write_members() once per level, at most `depth` times. */
bool json_write(struct out *o, const cJSON *item, unsigned indent, unsigned depth)
{
    bool is_object = cJSON_IsObject(item);

    if (depth == 0 || item->child == NULL)
        return write_compact(o, item);
    out_text(o, is_object ? "{" : "[");
    new_line(o, indent + 2);
    if (!json_write_members(o, item, indent + 2, depth - 1))
        return false;
    new_line(o, indent);
    out_text(o, is_object ? "}" : "]");
    return true;
}

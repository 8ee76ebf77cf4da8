/* Splitting targets. The text comes from anywhere, but without blanks or control characters, which
 * the parser refuses. Pure. */
#include "net/http_target.h"

#include <string.h>
#include <strings.h>

/* Behind "scheme://host", if the target begins so. */
static const char *behind_authority(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], length) == 0)
            return target + length + strcspn(target + length, "/?#");
    }
    return target;
}

struct http_target http_target_split(const char *target)
{
    const char *path = behind_authority(target);
    struct http_target t = {.path = path, .path_bytes = strcspn(path, "?#"), .query = ""};
    if (path[t.path_bytes] == '?') {
        t.query = path + t.path_bytes + 1;
        t.query_bytes = strcspn(t.query, "#");
    }
    if (t.path_bytes == 0) {
        t.path = "/";
        t.path_bytes = 1;
    }
    return t;
}

bool http_target_is(const struct http_target *t, const char *path)
{
    return strlen(path) == t->path_bytes && memcmp(path, t->path, t->path_bytes) == 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(const char *from, size_t length, char *to, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char c = from[i];
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = length - i > 2 ? digit_of(from[i + 1]) : -1;
            int low = length - i > 2 ? digit_of(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || used + 1 >= room)
            return false;
        to[used++] = c;
    }
    to[used] = '\0';
    return true;
}

enum http_query http_query_value(const struct http_target *t, const char *name, char *value,
                                 size_t room)
{
    const char *at = t->query, *end = t->query + t->query_bytes;
    size_t name_bytes = strlen(name);
    enum http_query found = HTTP_QUERY_NONE;
    value[0] = '\0';
    while (at < end && found != HTTP_QUERY_WRONG) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        size_t length = (size_t)((next != NULL ? next : end) - at);
        if (length >= name_bytes && memcmp(at, name, name_bytes) == 0 &&
            (length == name_bytes || at[name_bytes] == '=')) {
            if (found == HTTP_QUERY_NONE && length > name_bytes &&
                decode(at + name_bytes + 1, length - name_bytes - 1, value, room))
                found = HTTP_QUERY_FOUND;
            else
                found = HTTP_QUERY_WRONG;
        }
        at += length + 1;
    }
    if (found != HTTP_QUERY_FOUND)
        value[0] = '\0';
    return found;
}

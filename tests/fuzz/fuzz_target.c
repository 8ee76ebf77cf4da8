/* What a request asks for: its target, split into a path and a query, and values from the query.
 *
 * What must hold: the parts lie within the target, or are the texts of an empty path and an empty
 * query; a value has no NUL before its end and fits into its room; it is found if and only if its
 * name is there once, and then with less room it is refused, never cut. */
#include "fuzz.h"

#include "net/http_target.h"

enum { ROOM = 32 };

static bool lies_within(const char *part, size_t bytes, const char *text, size_t length)
{
    return part >= text && bytes <= length && (size_t)(part - text) <= length - bytes;
}

/* How many parts of the query have that name. */
static unsigned count_name(const struct http_target *t, const char *name)
{
    size_t name_bytes = strlen(name), from = 0;
    unsigned count = 0;
    for (size_t i = 0; i <= t->query_bytes; i++) {
        if (i < t->query_bytes && t->query[i] != '&')
            continue;
        if (i - from >= name_bytes && memcmp(t->query + from, name, name_bytes) == 0 &&
            (i - from == name_bytes || t->query[from + name_bytes] == '='))
            count++;
        from = i + 1;
    }
    return count;
}

static void check_value(const struct http_target *t, const char *name)
{
    char *value = malloc(ROOM), *less;
    unsigned count = count_name(t, name);
    enum http_query found;
    size_t length;
    MUST(value != NULL);
    found = http_query_value(t, name, value, ROOM);
    length = strnlen(value, ROOM);
    MUST(length < ROOM);
    MUST((found == HTTP_QUERY_NONE) == (count == 0));
    MUST(found == HTTP_QUERY_FOUND ? count == 1 : length == 0);
    if (found == HTTP_QUERY_FOUND) {
        less = malloc(length + 1);
        MUST(less != NULL);
        MUST(http_query_value(t, name, less, length + 1) == HTTP_QUERY_FOUND);
        MUST(strcmp(less, value) == 0);
        MUST(length == 0 || http_query_value(t, name, less, length) == HTTP_QUERY_WRONG);
        free(less);
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = fuzz_text(data, bytes);
    size_t length = strlen(text);
    struct http_target t = http_target_split(text);
    MUST(t.path_bytes > 0);
    MUST(lies_within(t.path, t.path_bytes, text, length) || strcmp(t.path, "/") == 0);
    MUST(lies_within(t.query, t.query_bytes, text, length) || t.query_bytes == 0);
    MUST(memchr(t.path, '?', t.path_bytes) == NULL && memchr(t.query, '#', t.query_bytes) == NULL);
    MUST(!http_target_is(&t, "/block") || t.path_bytes == strlen("/block"));
    check_value(&t, "ms");
    check_value(&t, "n");
    free(text);
    return 0;
}

/* What a request asks for (RFC 9112, 3.2): its path, and values from its query. Pure. */
#ifndef UVLAB_NET_HTTP_TARGET_H
#define UVLAB_NET_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of the text that was split, which has to stay. Nothing in them is decoded. */
struct http_target {
    const char *path; /* "/block"; "*" stands for the server itself */
    size_t path_bytes;
    const char *query; /* behind the '?'; "" without one */
    size_t query_bytes;
};

/* Splits "/path?query", and the form that is meant for proxies and that every server must take,
 * "http://host/path?query", whose path may be missing and is "/" then. */
struct http_target http_target_split(const char *target);

/* Whether that is the path. */
bool http_target_is(const struct http_target *t, const char *path);

enum http_query { HTTP_QUERY_NONE, HTTP_QUERY_FOUND, HTTP_QUERY_WRONG };

/* Looks for `name` in a query of the form "name=value&other=value". FOUND: `value` is its value,
 * decoded ("%20", and '+' for a blank) and NUL-terminated. WRONG: it is there twice, without a '=',
 * with a NUL or a '%' that no two hexadecimal digits follow, or has no room in `value`. Otherwise
 * `value` is "". Other names are not looked at. */
enum http_query http_query_value(const struct http_target *t, const char *name, char *value,
                                 size_t room);

#endif

/* A URL, as far as a load needs it, and the bytes of a request, which are the same every time. What
 * is not plain is refused: a load that asks for something else than was meant is worth nothing.
 * (RFC 3986, RFC 9110, 4.2, RFC 9112, 3.) Main thread; the caller owns what is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"
#include "net/load_inner.h"

/* --- URLs. --- */

static int split_scheme(struct load_url *u, const char *url, const char **rest, struct err *e)
{
    if (strncasecmp(url, "http://", 7) == 0) {
        *rest = url + 7;
        return 0;
    }
    if (strncasecmp(url, "https://", 8) == 0) {
        u->is_secure = true;
        *rest = url + 8;
        return 0;
    }
    return err_set(e, STATUS_USAGE, "%s: must begin with http:// or https://", url);
}

/* "[::1]" or a name or an address; returns what follows, or NULL. */
static const char *take_host(struct load_url *u, const char *at, size_t length)
{
    size_t bytes;
    bool has_brackets = length > 0 && at[0] == '[';

    bytes = has_brackets ? strcspn(at + 1, "]") : strcspn(at, ":/?#");
    if (has_brackets && bytes + 2 > length)
        return NULL;
    if (!has_brackets && bytes > length)
        bytes = length;
    if (bytes == 0 || bytes >= sizeof u->host)
        return NULL;
    memcpy(u->host, at + has_brackets, bytes);
    u->host[bytes] = '\0';
    for (size_t i = 0; i < bytes; i++)
        if (u->host[i] <= ' ' || u->host[i] == 127 || strchr("\"<>\\^`{|}%", u->host[i]) != NULL)
            return NULL;
    return at + bytes + (has_brackets ? 2 : 0);
}

static bool is_address(struct load_url *u, bool has_brackets)
{
    unsigned char bytes[16];

    return uv_inet_pton(has_brackets ? AF_INET6 : AF_INET, u->host, bytes) == 0;
}

static int take_port(struct load_url *u, const char *at, const char *end, const char *url,
                     struct err *e)
{
    unsigned long port = 0;

    u->port = u->is_secure ? 443 : 80;
    if (at == end)
        return 0;
    if (*at++ != ':')
        return err_set(e, STATUS_USAGE, "%s: its host is none", url);
    for (; at < end && *at >= '0' && *at <= '9' && port <= 65535; at++)
        port = 10 * port + (unsigned long)(*at - '0');
    if (at != end || port < 1 || port > 65535)
        return err_set(e, STATUS_USAGE, "%s: its port must be from 1 to 65535", url);
    u->port = (unsigned)port;
    return 0;
}

int load_url_parse(struct load_url *u, const char *url, struct err *e)
{
    const char *rest = url, *end, *after;

    *u = (struct load_url){.path = ""};
    if (split_scheme(u, url, &rest, e) != 0)
        return -1;
    end = rest + strcspn(rest, "/?#");
    if (memchr(rest, '@', (size_t)(end - rest)) != NULL)
        return err_set(e, STATUS_USAGE,
                       "user names and passwords in a URL are not supported, as results are "
                       "shared (--header 'Authorization: ...')");
    after = take_host(u, rest, (size_t)(end - rest));
    if (after == NULL)
        return err_set(e, STATUS_USAGE, "%s: its host is none", url);
    u->is_address = is_address(u, rest[0] == '[');
    if (rest[0] == '[' && !u->is_address)
        return err_set(e, STATUS_USAGE, "%s: between [ and ] must be an address of IPv6", url);
    if (take_port(u, after, end, url, e) != 0)
        return -1;
    u->path = end;
    u->path_bytes = strcspn(end, "#");
    for (size_t i = 0; i < u->path_bytes; i++)
        if (end[i] <= ' ' || end[i] == 127)
            return err_set(e, STATUS_USAGE,
                           "%s: blanks and characters beyond ASCII have to be written as %%XX",
                           url);
    return 0;
}

int load_check_url(const char *url, struct err *e)
{
    struct load_url u;

    return load_url_parse(&u, url, e);
}

/* --- Requests. --- */

/* "Name" of "Name: value"; false when there is none. */
static bool header_is(const char *header, const char *name)
{
    size_t length = strlen(name);

    return strncasecmp(header, name, length) == 0 && header[length] == ':';
}

int load_check_header(const char *header, struct err *e)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const ours[] = {
        "content-length", "transfer-encoding", "connection", "upgrade", "expect", "trailer", "te"};
    size_t name = strspn(header, token);

    if (name == 0 || header[name] != ':')
        return err_set(e, STATUS_USAGE, "--header: must be NAME:VALUE");
    for (const char *c = header + name + 1; *c != '\0'; c++)
        if ((*c < ' ' && *c >= 0 && *c != '\t') || *c == 127)
            return err_set(e, STATUS_USAGE,
                           "--header %.*s: its value has a control character in it", (int)name,
                           header);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (header_is(header, ours[i]))
            return err_set(e, STATUS_USAGE,
                           "--header %.*s: how a request ends, and what becomes of its "
                           "connection, is decided by other options (--body, --no-keep-alive)",
                           (int)name, header);
    return 0;
}

static bool has_header(const struct load_options *o, const char *name)
{
    for (unsigned i = 0; i < o->headers.count; i++)
        if (header_is(o->headers.items[i], name))
            return true;
    return false;
}

static void add_host(struct text *t, const struct load_url *u)
{
    bool is_ipv6 = strchr(u->host, ':') != NULL;

    text_add(t, "Host: %s%s%s", is_ipv6 ? "[" : "", u->host, is_ipv6 ? "]" : "");
    if (u->port != (u->is_secure ? 443 : 80))
        text_add(t, ":%u", u->port);
    text_add(t, "\r\n");
}

/* Of methods that mean nothing to a server without a body it is told that there is none (RFC 9110,
 * 8.6). */
static bool wants_length(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

char *load_request_make(const struct load_options *o, const struct load_url *u, const char *body,
                        size_t body_bytes, size_t *request_bytes)
{
    struct text t = TEXT_EMPTY;

    text_add(&t, "%s %s", o->method, u->path_bytes == 0 || u->path[0] != '/' ? "/" : "");
    text_add_bytes(&t, u->path, u->path_bytes);
    text_add(&t, " HTTP/1.1\r\n");
    if (!has_header(o, "host"))
        add_host(&t, u);
    if (!has_header(o, "user-agent"))
        text_add(&t, "User-Agent: uvlab/" UVLAB_VERSION "\r\n");
    for (unsigned i = 0; i < o->headers.count; i++)
        text_add(&t, "%s\r\n", o->headers.items[i]);
    if (!o->keep_alive)
        text_add(&t, "Connection: close\r\n");
    if (body != NULL || wants_length(o->method))
        text_add(&t, "Content-Length: %zu\r\n", body_bytes);
    text_add(&t, "\r\n");
    if (body != NULL)
        text_add_bytes(&t, body, body_bytes);
    if (!text_ok(&t)) {
        text_free(&t);
        return NULL;
    }
    *request_bytes = t.length;
    return t.data; /* of mem_alloc() */
}

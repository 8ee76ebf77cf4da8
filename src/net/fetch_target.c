/* What the user says about requests (URLs, --resolve, --cacert), read and checked before anything
 * is run. URLs are parsed by libcurl's own parser, so that what is accepted here is what it will
 * request. Main thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "net/fetch_inner.h"

/* --- --resolve. --- */

/* "HOST:PORT:ADDRESS,..." taken apart. */
struct resolve_entry {
    const char *host; /* without brackets */
    size_t host_length;
    unsigned port;
    const char *addresses;
};

static bool is_address(const char *text)
{
    unsigned char bytes[16];

    return uv_inet_pton(AF_INET, text, bytes) == 0 || uv_inet_pton(AF_INET6, text, bytes) == 0;
}

/* A leading '+' (libcurl: not for ever) makes no difference within a run of ours. A final dot does:
 * libcurl takes the entry for a URL that has one as well, and for no other. */
static int split_resolve(const char *text, struct resolve_entry *entry)
{
    const char *host = text[0] == '+' ? text + 1 : text, *colon;
    char *after;
    unsigned long port;

    if (host[0] == '[') {
        entry->host = host + 1;
        entry->host_length = strcspn(entry->host, "]");
        colon = entry->host + entry->host_length;
        colon += *colon == ']';
    } else {
        entry->host = host;
        entry->host_length = strcspn(host, ":");
        colon = host + entry->host_length;
    }
    if (entry->host_length == 0 || entry->host[0] == '-' || *colon != ':' || colon[1] < '0' ||
        colon[1] > '9')
        return -1;
    port = strtoul(colon + 1, &after, 10);
    if (port < 1 || port > 65535 || *after != ':')
        return -1;
    entry->port = (unsigned)port;
    entry->addresses = after + 1;
    return 0;
}

/* Whether each address of "ADDRESS[,ADDRESS]..." is one; IPv6 ones may have brackets. */
static bool are_addresses(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        bool has_brackets = length >= 2 && text[0] == '[' && text[length - 1] == ']';
        char one[64];

        snprintf(one, sizeof one, "%.*s", (int)(has_brackets ? length - 2 : length),
                 text + has_brackets);
        if (length >= sizeof one || !is_address(one))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

static int check_resolve(const char *text, struct err *e)
{
    struct resolve_entry entry;

    if (split_resolve(text, &entry) != 0)
        return err_set(e, STATUS_USAGE, "--resolve %s: must be HOST:PORT:ADDRESS[,ADDRESS]...",
                       text);
    if (!are_addresses(entry.addresses))
        return err_set(e, STATUS_USAGE, "--resolve %s: %s is no address of IPv4 or IPv6", text,
                       entry.addresses[0] == '\0' ? "nothing" : entry.addresses);
    return 0;
}

bool fetch_is_resolved(const struct fetch_settings *settings, const struct fetch_target *t)
{
    const struct param_list *list = settings->resolve;
    struct resolve_entry entry;

    for (unsigned i = 0; list != NULL && i < list->count; i++) {
        if (split_resolve(list->items[i], &entry) != 0 || entry.port != t->port)
            continue;
        if (entry.host_length == 1 && entry.host[0] == '*')
            return true;
        if (strlen(t->host) == entry.host_length &&
            strncasecmp(t->host, entry.host, entry.host_length) == 0)
            return true;
    }
    return false;
}

/* --- --cacert. --- */

static int check_cacert(const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    X509 *first;
    int error;

    if (f == NULL)
        return err_set(e, STATUS_FAILED, "--cacert %s: %s", path, strerror(errno));
    errno = 0;
    first = PEM_read_X509(f, NULL, NULL, NULL);
    error = errno;
    fclose(f);
    if (first == NULL) {
        ERR_clear_error();
        return err_set(e, STATUS_FAILED, "--cacert %s: %s", path,
                       error == EISDIR ? strerror(error) : "there is no certificate in it (PEM)");
    }
    X509_free(first);
    return 0;
}

int fetch_settings_check(const struct fetch_settings *settings, struct err *e)
{
    const struct param_list *list = settings->resolve;

    for (unsigned i = 0; list != NULL && i < list->count; i++)
        if (check_resolve(list->items[i], e) != 0)
            return -1;
    if (settings->cacert != NULL && !settings->insecure)
        return check_cacert(settings->cacert, e);
    return 0;
}

/* --- URLs. --- */

static int refuse_url(const char *url, CURLUcode code, const struct curl_lib *lib, struct err *e)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        return err_no_memory(e, "the URL");
    if (code == CURLUE_BAD_SCHEME && strstr(url, "://") == NULL)
        return err_set(e, STATUS_USAGE, "--url %s: must begin with https:// or http://", url);
    return err_set(e, STATUS_USAGE, "--url %s: %s", url, lib->url_strerror(code));
}

static int check_scheme(const char *url, const char *scheme, bool *is_secure, struct err *e)
{
    *is_secure = strcmp(scheme, "https") == 0;
    if (*is_secure || strcmp(scheme, "http") == 0)
        return 0;
    return err_set(e, STATUS_USAGE, "--url %s: the scheme must be https or http, not %.40s", url,
                   scheme);
}

/* What is shared should not have secrets in it, and the URLs are among the parameters of a result.
 */
static int refuse_user(const struct curl_lib *lib, CURLU *parsed, struct err *e)
{
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *text = NULL;
        CURLUcode code = lib->url_get(parsed, parts[i], &text, 0);

        lib->free_text(text);
        if (code == CURLUE_OUT_OF_MEMORY)
            return err_no_memory(e, "the URL");
        if (code == CURLUE_OK)
            return err_set(e, STATUS_USAGE,
                           "--url: user names and passwords are not supported, as results are "
                           "shared");
    }
    return 0;
}

/* The host as libcurl will look for it among the addresses that it is given: with its final dot. */
static int take_host(struct fetch_target *t, const char *host, struct err *e)
{
    size_t length = strlen(host), ascii = 0;
    bool has_brackets = length >= 2 && host[0] == '[';

    if (length - (has_brackets ? 2 : 0) >= sizeof t->host)
        return err_set(e, STATUS_USAGE, "--url %s: its host is longer than %d characters", t->url,
                       FETCH_HOST_BYTES - 1);
    snprintf(t->host, sizeof t->host, "%.*s", (int)(has_brackets ? length - 2 : length),
             host + has_brackets);
    while (t->host[ascii] > ' ')
        ascii++;
    if (t->host[ascii] != '\0') /* libcurl would convert them by the rules of the locale */
        return err_set(e, STATUS_USAGE, "--url %s: its host has to be written in ASCII (xn--...)",
                       t->url);
    t->is_address = has_brackets || is_address(t->host);
    return 0;
}

int fetch_target_parse(struct fetch_target *t, const char *url,
                       const struct fetch_settings *settings, struct err *e)
{
    const struct curl_lib *lib = curl_lib_open(e);
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLUcode code;
    CURLU *parsed;
    int rc = -1;

    *t = (struct fetch_target){.url = url};
    if (lib == NULL)
        return -1;
    parsed = lib->url();
    if (parsed == NULL)
        return err_no_memory(e, "the URL");
    code = lib->url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = lib->url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
    if (code != CURLUE_OK) {
        refuse_url(url, code, lib, e);
        goto out;
    }
    if (refuse_user(lib, parsed, e) != 0 || check_scheme(url, scheme, &t->is_secure, e) != 0)
        goto out;
    code = lib->url_get(parsed, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK)
        code = lib->url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code != CURLUE_OK) {
        refuse_url(url, code, lib, e);
        goto out;
    }
    t->port = (unsigned)strtoul(port, NULL, 10);
    rc = take_host(t, host, e);
    if (rc == 0 && settings->dns == FETCH_DNS_NONE && !t->is_address &&
        !fetch_is_resolved(settings, t))
        rc = err_set(e, STATUS_USAGE,
                     "--url %s: with --dns none its host must be an address, or --resolve has to "
                     "give one (--resolve %s:%u:ADDRESS)",
                     url, t->host, t->port);
out:
    lib->free_text(scheme);
    lib->free_text(host);
    lib->free_text(port);
    lib->url_cleanup(parsed);
    return rc;
}

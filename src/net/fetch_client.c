/* The client: libcurl itself, the connections that runs share, and what all requests have in
 * common, in a model of which each request's easy handle is a copy. Main thread. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/version.h"
#include "net/fetch_inner.h"

const char *const fetch_dns_names[] = {"pool", "curl", "none", NULL};

/* Sets options until one is refused. */
struct setter {
    const struct curl_lib *lib;
    CURL *easy;
    CURLcode code;
};

static void set_number(struct setter *s, CURLoption option, long value)
{
    if (s->code == CURLE_OK)
        s->code = s->lib->easy_setopt(s->easy, option, value);
}

static void set_text(struct setter *s, CURLoption option, const char *value)
{
    if (s->code == CURLE_OK)
        s->code = s->lib->easy_setopt(s->easy, option, value);
}

/* Puts text into a file that exists in memory alone, and its path into `path`. -1: there is none.
 */
static int make_memory_file(const char *text, char *path, size_t bytes)
{
    size_t length = strlen(text), written = 0;
    int fd = memfd_create("uvlab-trusted", MFD_CLOEXEC);

    while (fd >= 0 && written < length) {
        ssize_t n = write(fd, text + written, length - written);

        if (n <= 0)
            break;
        written += (size_t)n;
    }
    snprintf(path, bytes, "/proc/self/fd/%d", fd);
    if (fd >= 0 && written == length && access(path, R_OK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void trust_text(struct setter *s, struct fetch_client *c, const char *text)
{
    struct curl_blob blob = {.len = strlen(text), .flags = CURL_BLOB_NOCOPY};
    char path[32];

    set_text(s, CURLOPT_CAPATH, NULL);
    c->trusted_fd = make_memory_file(text, path, sizeof path);
    if (c->trusted_fd >= 0) {
        set_text(s, CURLOPT_CAINFO, path);
        return;
    }
    set_text(s, CURLOPT_CAINFO, NULL);           /* no /proc here */
    memcpy(&blob.data, &text, sizeof blob.data); /* only read, though its type does not say so */
    if (s->code == CURLE_OK)
        s->code = s->lib->easy_setopt(s->easy, CURLOPT_CAINFO_BLOB, &blob);
}

/* Which certificates are trusted. libcurl reads a file with certificates once and keeps what is in
 * it, but a folder, or text (CURLOPT_CAINFO_BLOB), again for every connection: a fifth of a
 * request's CPU time for a single certificate, and milliseconds for the system's. So text becomes a
 * file, and the system's folder is left out where there is its file with the same. */
static void set_trust(struct setter *s, struct fetch_client *c)
{
    const struct fetch_settings *settings = c->settings;
    char *file = NULL;

    if (settings->insecure) {
        set_number(s, CURLOPT_SSL_VERIFYPEER, 0);
        set_number(s, CURLOPT_SSL_VERIFYHOST, 0);
    } else if (settings->trusted != NULL) {
        trust_text(s, c, settings->trusted);
    } else if (settings->cacert != NULL) {
        set_text(s, CURLOPT_CAINFO, settings->cacert);
        set_text(s, CURLOPT_CAPATH, NULL);
    } else {
        s->lib->easy_getinfo(s->easy, CURLINFO_CAINFO, &file);
        set_text(s, file != NULL && access(file, R_OK) == 0 ? CURLOPT_CAPATH : CURLOPT_CAINFO,
                 NULL);
    }
}

/* Each request is a handle of its own that makes one request: sessions of TLS are not resumed, and
 * names are looked up anew, as Node.js does not keep them either. Where HTTP/2 is asked for, what
 * is different for it is set for each request (fetch_seen.c). */
static void set_connections(struct setter *s, const struct fetch_settings *settings)
{
    set_number(s, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    if (!settings->keep_alive) {
        set_number(s, CURLOPT_FORBID_REUSE, 1);
        set_number(s, CURLOPT_FRESH_CONNECT, 1);
    }
    set_number(s, CURLOPT_SSL_SESSIONID_CACHE, 0);
    set_number(s, CURLOPT_DNS_CACHE_TIMEOUT, 0);
    if (settings->timeout_ns != 0)
        set_number(s, CURLOPT_TIMEOUT_MS, (long)((settings->timeout_ns + 999999) / 1000000));
}

static int make_model(struct fetch_client *c, struct err *e)
{
    struct setter s = {c->lib, c->lib->easy_init(), CURLE_OK};

    if (s.easy == NULL)
        return err_no_memory(e, "libcurl");
    c->model = s.easy;
    set_number(&s, CURLOPT_NOSIGNAL, 1);
    set_number(&s, CURLOPT_QUICK_EXIT, 1); /* lookups that are given up are not waited for */
    set_number(&s, CURLOPT_FOLLOWLOCATION, 0);
    set_text(&s, CURLOPT_PROTOCOLS_STR, "http,https");
    set_text(&s, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    set_text(&s, CURLOPT_USERAGENT, "uvlab/" UVLAB_VERSION);
    set_connections(&s, c->settings);
    set_trust(&s, c);
    if (s.code == CURLE_OUT_OF_MEMORY)
        return err_no_memory(e, "libcurl");
    if (s.code != CURLE_OK)
        return err_set(e, STATUS_FAILED, "cannot set libcurl up: %s",
                       c->lib->easy_strerror(s.code));
    return 0;
}

/* Without the '+' of an entry that is not to be kept for ever: as nothing that is looked up is kept
 * here, libcurl would forget it before it is used. */
static int make_resolve(struct fetch_client *c, struct err *e)
{
    const struct param_list *list = c->settings->resolve;

    for (unsigned i = 0; list != NULL && i < list->count; i++) {
        const char *entry = list->items[i];
        struct curl_slist *longer =
            c->lib->slist_append(c->resolve, entry[0] == '+' ? entry + 1 : entry);

        if (longer == NULL)
            return err_no_memory(e, "--resolve");
        c->resolve = longer;
    }
    return 0;
}

struct fetch_client *fetch_client_new(const struct fetch_settings *settings, struct err *e)
{
    struct fetch_client *c = mem_zeroed(1, sizeof *c);

    if (c == NULL) {
        err_no_memory(e, "libcurl");
        return NULL;
    }
    c->settings = settings;
    c->trusted_fd = -1;
    c->lib = curl_lib_open(e);
    if (c->lib == NULL) {
        mem_free(c);
        return NULL;
    }
    snprintf(c->version, sizeof c->version, "%s", c->lib->version_info(CURLVERSION_NOW)->version);
    c->loop = curl_loop_new(c->lib, fetch_done_cb, e);
    if (c->loop == NULL || make_resolve(c, e) != 0 || make_model(c, e) != 0) {
        fetch_client_free(c);
        return NULL;
    }
    return c;
}

void fetch_client_free(struct fetch_client *c)
{
    if (c == NULL)
        return;
    curl_loop_free(c->loop);
    if (c->model != NULL)
        c->lib->easy_cleanup(c->model);
    c->lib->slist_free_all(c->resolve);
    if (c->trusted_fd >= 0)
        close(c->trusted_fd);
    mem_free(c);
}

const char *fetch_client_version(const struct fetch_client *c)
{
    return c->version;
}

uint64_t fetch_client_fallbacks(const struct fetch_client *c)
{
    return c->fallbacks;
}

uint64_t fetch_client_reused(const struct fetch_client *c)
{
    return c->reused;
}

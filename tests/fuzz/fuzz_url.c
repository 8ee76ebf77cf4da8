/* What is said about where requests go: an URL and an entry of --resolve, a line each.
 *
 * What must hold: a refusal has a status of the command line and a message of one line; what is
 * accepted has a host that is text without spaces and a port that exists; and an entry with which
 * an URL is accepted under --dns none is one that was accepted itself. */
#include "fuzz.h"

#include "net/fetch.h"
#include "net/load_inner.h"

static void check_message(const struct err *e)
{
    MUST(e->status == STATUS_USAGE && e->text[0] != '\0');
    for (const char *c = e->text; *c != '\0'; c++)
        MUST((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_target(const struct fetch_target *t, const char *url)
{
    MUST(t->url == url && t->fallback == NULL);
    MUST(memchr(t->host, '\0', sizeof t->host) != NULL && t->host[0] != '\0');
    for (const char *c = t->host; *c != '\0'; c++)
        MUST(*c > ' ');
    MUST(t->port <= 65535);
}

/* What load makes of it; `target`: what libcurl did, or NULL. */
static void check_load(const char *url, const struct fetch_target *target)
{
    struct load_url u;
    struct err e = {.text = ""};
    if (load_url_parse(&u, url, &e) != 0) {
        check_message(&e);
        return;
    }
    MUST(memchr(u.host, '\0', sizeof u.host) != NULL && u.host[0] != '\0');
    MUST(u.port >= 1 && u.port <= 65535);
    MUST(u.path >= url && (size_t)(u.path - url) + u.path_bytes <= strlen(url));
    for (size_t i = 0; i < u.path_bytes; i++)
        MUST(u.path[i] > ' ' && u.path[i] != 0x7f);
    if (target != NULL)
        MUST(u.port == target->port && u.is_secure == target->is_secure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *url = fuzz_text(data, bytes), *line = strchr(url, '\n');
    struct param_list list = {0};
    struct fetch_settings settings = {.dns = FETCH_DNS_POOL, .resolve = &list};
    struct fetch_target target, again;
    struct err e = {.text = ""};
    bool good_entry;
    if (line != NULL) {
        *line = '\0';
        list.items[list.count++] = line + 1;
    }
    good_entry = fetch_settings_check(&settings, &e) == 0;
    if (!good_entry)
        check_message(&e);
    if (fetch_target_parse(&target, url, &settings, &e) != 0) {
        check_message(&e);
        check_load(url, NULL);
    } else {
        check_target(&target, url);
        check_load(url, &target);
        settings.dns = FETCH_DNS_NONE;
        if (fetch_target_parse(&again, url, &settings, &e) != 0)
            check_message(&e);
        else
            MUST(again.port == target.port && strcmp(again.host, target.host) == 0);
    }
    free(url);
    return 0;
}

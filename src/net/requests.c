/* From the options of requests to a client and its targets. The targets' URLs point into argv, or
 * into the origin. Main thread; everything here happens before the first run, or after the last. */
#include "net/requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct requests {
    const struct requests_options *options;
    struct fetch_settings settings;
    struct fetch_client *client;
    struct origin *origin; /* NULL: URLs were given */
    struct fetch_target targets[PARAM_LIST_MOST];
    unsigned target_count;
};

/* Where the origin is when its name does not resolve. */
static const char loopback[] = "127.0.0.1";

enum {
    FIRST_ERROR = 400, /* RFC 9110, section 15: 4xx and 5xx */
    ERRORS = 200,
    ERRORS_TOLD = 4, /* at most, the most frequent ones */
};

static struct fetch_settings settings_of(const struct requests_options *o)
{
    return (struct fetch_settings){
        .dns = o->dns,
        .keep_alive = o->keep_alive,
        .http2 = o->http2,
        .insecure = o->insecure,
        .cacert = o->cacert,
        .resolve = &o->resolve,
        .timeout_ns = o->timeout_ns,
    };
}

/* Options that say something of one kind of server are a mistake with the other. */
static int refuse_for_other_server(const struct param_set *set, bool urls, struct err *e)
{
    static const char *const of_url[] = {"resolve", "cacert", "insecure", "http2", NULL};
    static const char *const of_origin[] = {"origin-delay", "origin-size", NULL};
    const char *name = param_given(set, urls ? of_origin : of_url);

    if (name == NULL)
        return 0;
    if (urls)
        return err_set(e, STATUS_USAGE, "--%s is for uvlab's own server, and --url names another",
                       name);
    return err_set(e, STATUS_USAGE, "--%s is for the server of a --url, and none is given", name);
}

int requests_refuse_all(const struct param_set *set, const char *why, struct err *e)
{
    static const char *const names[] = {"dns",          "url",         "resolve", "cacert",
                                        "insecure",     "keep-alive",  "http2",   "timeout",
                                        "origin-delay", "origin-size", NULL};
    const char *name = param_given(set, names);

    return name == NULL ? 0 : err_set(e, STATUS_USAGE, "--%s: %s", name, why);
}

int requests_check(const struct param_set *set, const struct requests_options *options,
                   struct err *e)
{
    const struct fetch_settings settings = settings_of(options);
    struct fetch_target target;

    if (refuse_for_other_server(set, options->urls.count > 0, e) != 0)
        return -1;
    if (fetch_settings_check(&settings, e) != 0)
        return -1;
    for (unsigned i = 0; i < options->urls.count; i++)
        if (fetch_target_parse(&target, options->urls.items[i], &settings, e) != 0)
            return -1;
    return 0;
}

static bool any_url_has_a_name(const struct requests_options *options)
{
    const struct fetch_settings settings = settings_of(options);
    struct fetch_target target;
    struct err ignored;

    for (unsigned i = 0; i < options->urls.count; i++)
        if (fetch_target_parse(&target, options->urls.items[i], &settings, &ignored) == 0 &&
            !target.is_address)
            return true;
    return false;
}

/* While one connection attempt goes on, a second one to another address of the name may be begun
 * (RFC 8305); on loopback the first is refused before that. For a lookup of its own libcurl has a
 * pair of sockets. */
uint64_t requests_descriptors(const struct requests_options *options, uint64_t count)
{
    if (!any_url_has_a_name(options))
        return count;
    return options->dns == FETCH_DNS_CURL ? 3 * count : 2 * count;
}

static int set_targets(struct requests *q, struct err *e)
{
    const struct requests_options *o = q->options;

    if (q->origin == NULL) {
        for (unsigned i = 0; i < o->urls.count; i++)
            if (fetch_target_parse(&q->targets[i], o->urls.items[i], &q->settings, e) != 0)
                return -1;
        q->target_count = o->urls.count;
        return 0;
    }
    if (fetch_target_parse(&q->targets[0], origin_url(q->origin, o->dns != FETCH_DNS_NONE),
                           &q->settings, e) != 0)
        return -1;
    if (o->dns == FETCH_DNS_POOL)
        q->targets[0].fallback = loopback;
    q->target_count = 1;
    return 0;
}

static void warn_beforehand(const struct requests *q, struct result *r)
{
    const struct requests_options *o = q->options;

    if (o->insecure)
        result_warn(r, "INSECURE: no certificate was verified, so anybody may have answered "
                       "(--insecure)");
    if (o->dns != FETCH_DNS_CURL)
        return;
    for (unsigned i = 0; i < q->target_count; i++)
        if (strcmp(q->targets[i].host, "localhost") == 0)
            result_warn(r, "libcurl answers localhost by itself: nothing was looked up for it "
                           "(--dns curl)");
}

struct requests *requests_open(const struct requests_options *options, uint64_t at_once,
                               struct result *r, struct err *e)
{
    struct requests *q = mem_zeroed(1, sizeof *q);

    if (q == NULL) {
        err_no_memory(e, "the requests");
        return NULL;
    }
    q->options = options;
    q->settings = settings_of(options);
    if (options->urls.count == 0) {
        q->origin = origin_start(&options->origin, false, at_once, e);
        if (q->origin == NULL)
            goto fail;
        q->settings.trusted = origin_certificate(q->origin);
    }
    if (set_targets(q, e) != 0)
        goto fail;
    q->client = fetch_client_new(&q->settings, e);
    if (q->client == NULL)
        goto fail;
    snprintf(r->libcurl, sizeof r->libcurl, "%s", fetch_client_version(q->client));
    warn_beforehand(q, r);
    return q;

fail:
    origin_stop(q->origin);
    mem_free(q);
    return NULL;
}

/* How often each status of an error was the answer, in all runs; returns of how many requests. */
static uint64_t count_errors(const struct result *r, uint64_t counts[ERRORS])
{
    uint64_t requests = 0;
    struct span s;

    for (uint32_t run = 0; run < r->run_count; run++) {
        const struct recorder *recorder = &r->runs[run].recorder;

        for (uint32_t i = 0; i < recorder->count; i++) {
            recorder_get(recorder, i, &s);
            if (s.http == NULL)
                continue;
            requests++;
            if (s.http->answer >= FIRST_ERROR && s.http->answer < FIRST_ERROR + ERRORS)
                counts[s.http->answer - FIRST_ERROR]++;
        }
    }
    return requests;
}

/* An error of HTTP is an answer, and its time may be that of another thing than was meant. */
static void warn_of_errors(struct result *r)
{
    uint64_t counts[ERRORS] = {0}, requests = count_errors(r, counts);

    for (unsigned told = 0; told < ERRORS_TOLD; told++) {
        unsigned most = 0;

        for (unsigned i = 1; i < ERRORS; i++)
            if (counts[i] > counts[most])
                most = i;
        if (counts[most] == 0)
            return;
        result_warn(r, "%" PRIu64 " of %" PRIu64 " request%s answered with %u", counts[most],
                    requests, requests == 1 ? " was" : "s were", FIRST_ERROR + most);
        counts[most] = 0;
    }
}

static void warn_afterwards(const struct requests *q, struct result *r)
{
    uint64_t fallbacks = fetch_client_fallbacks(q->client);

    if (fallbacks > 0)
        result_warn(r,
                    "%s did not resolve in %" PRIu64 " lookup%s: those requests went to %s instead",
                    q->targets[0].host, fallbacks, fallbacks == 1 ? "" : "s", loopback);
    warn_of_errors(r);
    if (q->origin != NULL && !origin_is_alive(q->origin, result_has_failures(r)))
        result_warn(r, "uvlab's own server ended before the measurement did");
    if (q->options->keep_alive && fetch_client_reused(q->client) == 0)
        result_warn(r, "--keep-alive: no connection was there to be used again: --warmup 1 or "
                       "--runs 2 would show it");
}

void requests_close(struct requests *q, struct result *r)
{
    if (q == NULL)
        return;
    warn_afterwards(q, r);
    fetch_client_free(q->client);
    origin_stop(q->origin);
    mem_free(q);
}

struct fetch_batch *requests_batch(struct requests *q, struct run *run, unsigned kind_row,
                                   uint32_t count, struct err *e)
{
    return fetch_batch_new(run, q->client, q->targets, q->target_count, kind_row, count,
                           count == 1 ? 0 : 1, e);
}

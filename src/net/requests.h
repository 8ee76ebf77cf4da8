/* What experiments that make HTTP requests have in common: their options, the embedded origin where
 * no URL is given, the client, and the doubts that come with them. */
#ifndef UVLAB_NET_REQUESTS_H
#define UVLAB_NET_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/param.h"
#include "measure/result.h"
#include "net/fetch.h"
#include "net/origin.h"

/* An experiment that makes requests has this in its options and REQUESTS_PARAMS in its table. */
struct requests_options {
    struct param_list urls; /* none: the embedded origin */
    struct param_list resolve;
    const char *cacert;
    uint64_t timeout_ns;
    unsigned dns; /* enum fetch_dns */
    bool keep_alive, http2, insecure;
    struct origin_options origin;
};

/* clang-format off */
#define REQUESTS_PARAMS(T, q, delay_) \
    PARAM_CHOICE(T, q.dns, "dns", 0, 0, "pool", fetch_dns_names, \
                 "who looks names up: getaddrinfo on the pool, as Node.js does it; libcurl on " \
                 "threads of its own; or nobody, for addresses"), \
    PARAM_LIST(T, q.urls, "url", 0, 0, "URL", \
               "what to request, in turn (default: an HTTPS server of uvlab's own, on loopback); " \
               "redirects are not followed, and proxies of the environment not used"), \
    PARAM_LIST(T, q.resolve, "resolve", 0, 0, "HOST:PORT:ADDRESS", \
               "take this address for that host and port"), \
    { .name = "cacert", .type = PARAM_TYPE_STRING, .flags = PARAM_OPTIONAL | PARAM_PATH, \
      .metavar = "FILE", .offset = PARAM_FIELD_(T, q.cacert, const char *), \
      .help = "certificates to trust, instead of the system's" }, \
    PARAM_FLAG(T, q.insecure, "insecure", 0, 0, "trust any certificate of a --url"), \
    PARAM_FLAG(T, q.keep_alive, "keep-alive", 0, 0, \
               "keep connections open, for the requests of later runs"), \
    PARAM_FLAG(T, q.http2, "http2", 0, 0, "use HTTP/2 where the server of a --url speaks it"), \
    PARAM_DURATION(T, q.timeout_ns, "timeout", 0, "2min", 1000000, 3600000000000, \
                   "how long a request may take"), \
    ORIGIN_PARAMS(T, q.origin, delay_)
/* clang-format on */

/* For an experiment's plan(): checks the options with each other, and every URL. STATUS_USAGE or
 * STATUS_FAILED. */
int requests_check(const struct param_set *set, const struct requests_options *options,
                   struct err *e);
/* The same where there will be no request, for the reason `why`: refuses every option of requests
 * that was given. STATUS_USAGE. */
int requests_refuse_all(const struct param_set *set, const char *why, struct err *e);
/* Descriptors that so many requests at once take beyond the loop's own. After requests_check(). */
uint64_t requests_descriptors(const struct requests_options *options, uint64_t count);

/* What all runs share. */
struct requests;

/* For open(): starts the origin if no URL is given, for `at_once` connections, and loads libcurl.
 * Puts libcurl's version and warnings into r. The options are kept, not copied. NULL after filling
 * *e. */
struct requests *requests_open(const struct requests_options *options, uint64_t at_once,
                               struct result *r, struct err *e);
/* For close(): adds warnings of what happened in the runs. NULL is allowed. */
void requests_close(struct requests *q, struct result *r);

/* For prepare(): `count` requests of a run, numbered from 1 (a single one: unnumbered); otherwise
 * as fetch_batch_new(). */
struct fetch_batch *requests_batch(struct requests *q, struct run *run, unsigned kind_row,
                                   uint32_t count, struct err *e);

#endif

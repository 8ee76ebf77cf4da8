/* HTTP requests by libcurl on the loop of a run: its multi-socket interface on uv_poll and uv_timer
 * (net/curl_loop.h), every request a span with its phases as parts.
 *
 *   request   submitted    when it is asked for: before its lookup, where it has one
 *             started      when its connection is begun, or found to be there
 *             finished     with the last byte of the answer, or when its failure is told
 *             called_back  when libcurl's message about it is taken up on the loop
 *   its parts: dns, connect, tls, first byte (sending and waiting), body
 *
 * A lookup on the pool has all four instants, as --work dns. The other parts are phases, for which
 * nothing is called back (recorder_phase()), and follow the requests in the recorder; docs/spans.md
 * tells what their instants mean. libcurl is loaded when a client is made (net/curl_lib.h). Loop
 * thread. */
#ifndef UVLAB_NET_FETCH_H
#define UVLAB_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "measure/run.h"

/* Who turns a host's name into addresses. */
enum fetch_dns {
    FETCH_DNS_POOL, /* getaddrinfo() on the pool, as Node.js does it */
    FETCH_DNS_CURL, /* libcurl: a thread for each lookup, and none at all for localhost */
    FETCH_DNS_NONE, /* nobody: the URL has an address, or --resolve gives one */
};
extern const char *const fetch_dns_names[]; /* NULL-terminated, for the option table */

struct fetch_settings {
    unsigned dns;        /* enum fetch_dns */
    bool keep_alive;     /* connections are kept for later requests, also of later runs */
    bool http2;          /* HTTP/2 where the server speaks it; requests then share a connection */
    bool insecure;       /* certificates are not verified */
    const char *cacert;  /* file with the certificates to trust, or NULL: the system's */
    const char *trusted; /* PEM text: trust this alone, and nothing of the system's; or NULL */
    const struct param_list *resolve; /* "HOST:PORT:ADDRESS[,ADDRESS]...", as for curl */
    uint64_t timeout_ns;              /* of a whole request; 0: none */
};

/* The rows that an experiment with requests puts into its table of kinds, next to each other. */
enum fetch_kind {
    FETCH_KIND_REQUEST,
    FETCH_KIND_DNS,
    FETCH_KIND_CONNECT,
    FETCH_KIND_TLS,
    FETCH_KIND_FIRST_BYTE,
    FETCH_KIND_BODY,
    FETCH_KINDS,
};
extern const struct span_kind fetch_span_kinds[FETCH_KINDS];
#define FETCH_KIND_ROWS                                                                            \
    &fetch_span_kinds[FETCH_KIND_REQUEST], &fetch_span_kinds[FETCH_KIND_DNS],                      \
        &fetch_span_kinds[FETCH_KIND_CONNECT], &fetch_span_kinds[FETCH_KIND_TLS],                  \
        &fetch_span_kinds[FETCH_KIND_FIRST_BYTE], &fetch_span_kinds[FETCH_KIND_BODY]

enum {
    FETCH_SPANS_EACH = FETCH_KINDS, /* at most, of one request and its parts */
    FETCH_HOST_BYTES = 256,
};

/* Where requests go. */
struct fetch_target {
    const char *url;
    char host[FETCH_HOST_BYTES]; /* of the URL, without brackets */
    unsigned port;
    bool is_secure;       /* https */
    bool is_address;      /* the host is an address, so nothing is looked up */
    const char *fallback; /* address to go on with when the lookup fails; or NULL */
};

/* Fills *t from a URL, which is kept, not copied; loads libcurl, whose parser it uses. Main thread,
 * while no other thread runs. Fails with STATUS_USAGE: it does not parse, its scheme is neither
 * http nor https, or `settings` say that nobody looks names up and it has one for which --resolve
 * has no address. */
int fetch_target_parse(struct fetch_target *t, const char *url,
                       const struct fetch_settings *settings, struct err *e);

/* Checks what --resolve and --cacert were given. STATUS_USAGE or STATUS_FAILED. */
int fetch_settings_check(const struct fetch_settings *settings, struct err *e);

/* What all runs share: libcurl itself, and its connections. */
struct fetch_client;

/* Loads libcurl and makes it ready. The settings are kept, not copied. NULL after filling *e. Main
 * thread, before the pool is started. */
struct fetch_client *fetch_client_new(const struct fetch_settings *settings, struct err *e);
void fetch_client_free(struct fetch_client *c);
/* libcurl's version, for the result. Valid as long as the client. */
const char *fetch_client_version(const struct fetch_client *c);
/* How many lookups failed where the request then went to the target's fallback address. */
uint64_t fetch_client_fallbacks(const struct fetch_client *c);
/* How often an open connection was found to be there (of all requests so far). */
uint64_t fetch_client_reused(const struct fetch_client *c);

/* The requests of one run. */
struct fetch_batch;

/* Prepares `count` requests as spans of the run, numbered from `first_ordinal`: request i goes to
 * targets[i % target_count]. `kind_row` is where FETCH_KIND_ROWS begin in the table of kinds. The
 * client and the targets outlive the batch. The experiment has RECORD_HTTP among what it records;
 * texts of errors are kept by the recorder (recorder_keep(): so one batch for each run). NULL after
 * filling *e. Outside of what is measured. */
struct fetch_batch *fetch_batch_new(struct run *run, struct fetch_client *client,
                                    const struct fetch_target *targets, unsigned target_count,
                                    unsigned kind_row, uint32_t count, uint32_t first_ordinal,
                                    struct err *e);
/* Memory that a request takes beyond its spans: while the run lasts, and kept with its result. */
uint64_t fetch_bytes_each(void);
uint64_t fetch_kept_bytes_each(void);

/* Submits requests `from` to `from + count - 1`, in order. A request that cannot be begun becomes a
 * span with that error. */
void fetch_batch_submit(struct fetch_batch *b, uint32_t from, uint32_t count);
/* Ends what is under way: those requests are called back with UV_ECANCELED. */
void fetch_batch_cancel(struct fetch_batch *b);
/* Spans of the run: index of request i; and that of its lookup on the pool, or SPAN_NONE. */
uint32_t fetch_batch_span(const struct fetch_batch *b, uint32_t i);
uint32_t fetch_batch_lookup(const struct fetch_batch *b, uint32_t i);
/* After the loop has ended. NULL is allowed. */
void fetch_batch_free(struct fetch_batch *b);

#endif

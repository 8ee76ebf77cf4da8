/* The load generator: many HTTP requests over few connections, each of them a span.
 *
 *   request   due          of an open loop (--rate): when the schedule wants it
 *             submitted    when it is about to be written; with a connection to make, before that
 *             started      when the server's worker had its first byte     } where the answer tells
 *             finished     just before it handed the answer to the kernel  } (net/span_field.h)
 *             called_back  when the answer's last byte was seen
 *   part      what the worker had done for it elsewhere: the four instants as the worker tells them
 *
 * Closed loop: each connection has one request under way, and asks for the next one when that is
 * answered. Open loop: requests are due at a rate, whatever the server makes of them; one for which
 * no connection is free is late, and its latency counts from when it was due.
 *
 * It runs on the loop of its run and, with several --load-threads, on loops of further threads,
 * each with its own connections, requests and part of the recorder. Between the first request and
 * the last nothing is allocated for a request, unless the kernel takes only a part of it at once.
 */
#ifndef UVLAB_NET_LOAD_H
#define UVLAB_NET_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/param.h"
#include "measure/load_facts.h"
#include "measure/result.h"

/* An experiment that makes load has this in its options and LOAD_PARAMS in its table. */
struct load_options {
    struct param_list headers;
    const char *method, *body, *cacert;
    uint64_t requests;    /* 0: until the duration is over */
    uint64_t duration_ns; /* 0: until the requests are answered */
    uint64_t connections, threads;
    uint64_t rate; /* requests a second; 0: closed loop */
    uint64_t ramp_ns, timeout_ns;
    uint64_t spans_most; /* of requests, that are kept */
    bool keep_alive, insecure, histogram;
    bool once; /* not an option: a request whose connection breaks is an error in any case, also
                  where it might be sent again */
};

/* clang-format off */
#define LOAD_PARAMS(T, l, requests_, connections_name_, connections_) \
    LOAD_PARAMS_LETTER(T, l, 't', requests_, connections_name_, connections_)
/* The same where -t is taken: `letter_`, or 0, is that of --load-threads. */
#define LOAD_PARAMS_LETTER(T, l, letter_, requests_, connections_name_, connections_) \
    PARAM_COUNT(T, l.requests, "requests", 'n', requests_, 1, 1000000000, \
                "requests to make; with --duration: at most (default then: no limit)"), \
    { PARAM_NUMBER_(T, l.connections, PARAM_TYPE_COUNT, connections_name_, 'c', connections_, 1, \
                    100000, "connections, each with one request under way at a time"), \
      .flags = PARAM_MEANS }, \
    { .name = "duration", .letter = 'd', .type = PARAM_TYPE_DURATION, .flags = PARAM_OPTIONAL, \
      .min = 1000000, .max = 604800000000000, .offset = PARAM_FIELD_(T, l.duration_ns, uint64_t), \
      .help = "for how long to ask; what is under way then is still waited for" }, \
    { .name = "rate", .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL, .min = 1, .max = 10000000, \
      .offset = PARAM_FIELD_(T, l.rate, uint64_t), \
      .help = "requests a second, due whether others are answered or not (open loop)" }, \
    { .name = "ramp", .type = PARAM_TYPE_DURATION, .flags = PARAM_OPTIONAL, .min = 1, \
      .max = 86400000000000, .offset = PARAM_FIELD_(T, l.ramp_ns, uint64_t), \
      .help = "how long the rate grows from nothing to --rate; without it: over how long the " \
              "connections are begun" }, \
    PARAM_FLAG_ON(T, l.keep_alive, "keep-alive", 0, 0, "use connections for more than one request"), \
    PARAM_STRING(T, l.method, "method", 'm', 0, "GET", "WORD", "of the requests"), \
    PARAM_LIST(T, l.headers, "header", 'H', PARAM_SECRET, "NAME:VALUE", \
               "a field of the requests; results show its name only"), \
    PARAM_STRING(T, l.body, "body", 0, PARAM_OPTIONAL, NULL, "TEXT|@FILE", \
                 "what to send with each request"), \
    PARAM_DURATION(T, l.timeout_ns, "timeout", 0, "30s", 1000000, 3600000000000, \
                   "how long a request may take, its connection included"), \
    { .name = "cacert", .type = PARAM_TYPE_STRING, .flags = PARAM_OPTIONAL | PARAM_PATH, \
      .metavar = "FILE", .offset = PARAM_FIELD_(T, l.cacert, const char *), \
      .help = "certificates to trust, instead of the system's" }, \
    PARAM_FLAG(T, l.insecure, "insecure", 0, 0, "trust any certificate"), \
    { PARAM_NUMBER_(T, l.threads, PARAM_TYPE_COUNT, "load-threads", letter_, "1", 1, 256, \
                    "threads that make the load, each with a loop and its share of the " \
                    "connections"), .flags = PARAM_MEANS }, \
    PARAM_FLAG(T, l.histogram, "histogram", 0, 0, \
               "keep no spans, only counts in buckets of 0.8 %: constant memory, for hours"), \
    PARAM_COUNT(T, l.spans_most, "spans-most", 0, "1M", 1, 100000000, \
                "with --duration: spans of requests to have room for; those beyond are counted only")
/* clang-format on */

enum { LOAD_TARGETS_MOST = PARAM_LIST_MOST };

/* What to request. Each in turn; with weights as often as its weight says, evenly mixed. */
struct load_targets {
    unsigned count;
    const char *urls[LOAD_TARGETS_MOST]; /* the caller's, until load_open() returns */
    uint64_t weights[LOAD_TARGETS_MOST]; /* at least 1 */
    bool apart; /* each has connections of its own: at least one, and more by weight */
    /* A burst beside a load with a rate, made by one thread: that many requests for targets[0], all
     * at once, each on a connection of its own, so long after the beginning. They have spans of
     * row `burst_kind` of the table of kinds, and no part in anything that the options say. The
     * others go on for `rest_ns` after the last of the burst has come back, but not beyond the
     * duration. Only with `apart` and a target besides. 0 requests: there is none. */
    uint64_t burst, burst_after_ns, rest_ns;
    unsigned burst_kind;
};

/* Rows that an experiment has in its table of kinds, in this order. */
enum load_kind {
    LOAD_KIND_REQUEST,
    LOAD_KIND_PBKDF2,
    LOAD_KIND_SPIN,
    LOAD_KIND_SLEEP,
    LOAD_KIND_BLOCK,
    LOAD_KIND_READ,
    LOAD_KIND_COUNT,
    LOAD_KIND_THREAD,
    LOAD_KIND_PROCESS,
    LOAD_KIND_OTHER, /* what a later version of the server may do */
    LOAD_KINDS,
};
extern const struct span_kind load_span_kinds[LOAD_KINDS];

/* clang-format off */
#define LOAD_KIND_ROWS \
    &load_span_kinds[LOAD_KIND_REQUEST], &load_span_kinds[LOAD_KIND_PBKDF2], \
    &load_span_kinds[LOAD_KIND_SPIN], &load_span_kinds[LOAD_KIND_SLEEP], \
    &load_span_kinds[LOAD_KIND_BLOCK], &load_span_kinds[LOAD_KIND_READ], \
    &load_span_kinds[LOAD_KIND_COUNT], &load_span_kinds[LOAD_KIND_THREAD], \
    &load_span_kinds[LOAD_KIND_PROCESS], &load_span_kinds[LOAD_KIND_OTHER]
/* clang-format on */
/* What `records` of the experiment has to have. */
enum { LOAD_RECORDS = RECORD_HTTP | RECORD_DUE };

/* --- For plan(). --- */

/* Settles the options with each other (they are those of `set`, and `requests` may become 0). The
 * name of the row for connections is that in the table. STATUS_USAGE. */
int load_check(struct param_set *set, struct load_options *options, struct err *e);
/* Checks a URL, as load_open() would. STATUS_USAGE. */
int load_check_url(const char *url, struct err *e);
/* Spans that a run may open, and memory that it takes beside them; `pass` is the measured one.
 * After load_check(). */
void load_plan(const struct load_options *options, unsigned targets, struct pass *pass);
/* And those of a burst besides. */
void load_plan_burst(uint64_t burst, struct pass *pass);
/* Descriptors that a run needs beyond those of its loop, a burst's not included. */
uint64_t load_descriptors(const struct load_options *options);

/* --- For open() and close(). --- */

/* What all runs share: addresses, the bytes of the requests, TLS. Options and targets are read now,
 * `options` stays in use. Looks names up, which may take a while. Warnings go to r. NULL after
 * filling *e. Main thread. */
struct load_client *load_open(const struct load_options *options,
                              const struct load_targets *targets, struct result *r, struct err *e);
/* Adds warnings of what happened in the runs. NULL is allowed. */
void load_close(struct load_client *client, struct result *r);

/* --- For a run. --- */

/* Opens the run's spans (no others may be opened after them) and makes the connections and threads
 * ready. Rows of load_span_kinds are at `kind_row` of the table of kinds. For prepare(). NULL after
 * filling *e. */
struct load *load_new(struct run *run, struct load_client *client, unsigned kind_row,
                      struct err *e);
/* For start(): begins. STATUS_FAILED when a thread cannot be made; then load_cancel() has to
 * follow, as the runner has it. */
int load_start(struct load *load, struct err *e);
/* For cancel(): ends what is under way; its spans are cancelled. Twice does no harm. */
void load_cancel(struct load *load);
/* For cleanup(), when the loop is closed: leaves the spans that were used in the recorder and the
 * facts in run->load. NULL is allowed. */
void load_free(struct load *load);

/* --- Pure parts, also for tests. --- */

/* When request `i` (from 0) is due, in nanoseconds from the beginning, if `rate` requests a second
 * are after a ramp of ramp_ns in which the rate grows evenly from 0. */
uint64_t load_due_ns(double rate, uint64_t ramp_ns, double i);

#endif

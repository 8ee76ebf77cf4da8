/* What the files of fetch share: the client, a batch, and a request with the instants that were
 * seen of it. Included by fetch*.c alone. */
#ifndef UVLAB_NET_FETCH_INNER_H
#define UVLAB_NET_FETCH_INNER_H

#include "net/curl_loop.h"
#include "net/fetch.h"

struct fetch_client {
    const struct curl_lib *lib;
    const struct fetch_settings *settings;
    struct curl_loop *loop;
    CURL *model; /* every request's easy handle is a copy of it */
    struct curl_slist *resolve;
    int trusted_fd; /* of settings->trusted, as a file; or -1 */
    char version[32];
    uint64_t fallbacks, reused;
};

enum request_state {
    REQUEST_NEW,    /* not submitted */
    REQUEST_LOOKUP, /* its name is looked up on the pool, and it waits for that */
    REQUEST_ACTIVE, /* libcurl has it */
    REQUEST_DONE,   /* called back */
};

/* Instants in ticks; 0: it has not come to that. */
struct request_seen {
    uint64_t lookup;   /* libcurl begins to look the name up */
    uint64_t started;  /* the first of the next two */
    uint64_t opened;   /* the first socket of its connection is opened */
    uint64_t securing; /* the TLS handshake is about to begin */
    uint64_t sent;     /* there is a connection: the request is about to be sent over it */
    uint64_t heard;    /* the first line that the server sent, perhaps of an interim answer */
    uint64_t answered; /* the first line of the answer is there */
    uint64_t last;     /* the last bytes so far */
};

struct request {
    struct curl_transfer transfer; /* first: found from it */
    struct fetch_batch *batch;
    struct curl_slist *addresses; /* that its lookup found */
    struct request_seen seen;
    uint64_t deadline_ns; /* of CLOCK_MONOTONIC; 0: none */
    uint32_t lookup_span; /* or SPAN_NONE */
    int socket_error;     /* errno, when no socket could be opened for it */
    enum request_state state;
};

struct fetch_batch {
    struct run *run;
    struct fetch_client *client;
    const struct fetch_target *targets;
    unsigned target_count, kind_row;
    uint32_t first, count, first_ordinal; /* spans of the requests */
    bool attached, records_lookups, cancelled;
    double ticks_per_us;
    struct request *requests;
    uv_timer_t timer;                /* the earliest deadline of those that wait for lookups; the
                                        runner closes it with the loop */
    uv_getaddrinfo_t *lookups;       /* NULL: no target has a name that the pool looks up */
    char (*errors)[CURL_ERROR_SIZE]; /* of each; the recorder's, so that spans can point there */
};

static inline uint32_t request_index(const struct request *r)
{
    return (uint32_t)(r - r->batch->requests);
}

static inline uint32_t request_span(const struct request *r)
{
    return r->batch->first + request_index(r);
}

static inline uint32_t request_ordinal(const struct request *r)
{
    return r->batch->first_ordinal == 0 ? 0 : r->batch->first_ordinal + request_index(r);
}

static inline const struct fetch_target *request_target(const struct request *r)
{
    return &r->batch->targets[request_index(r) % r->batch->target_count];
}

static inline char *request_error(const struct request *r)
{
    return r->batch->errors[request_index(r)];
}

/* --- fetch_seen.c --- */

/* Makes the easy handle of a request, with everything but its private data. CURLE_OK or why not. */
CURLcode fetch_easy_new(struct request *r);

/* --- fetch.c --- */

/* What the client's curl_loop calls. */
void fetch_done_cb(struct curl_transfer *t, CURLcode code);

/* Gives the request to libcurl. */
void request_begin(struct request *r);
/* The request is called back, at `ticks`. For a failure its error may have been written before. */
void request_end(struct request *r, uint64_t ticks, int status);
/* The same for one whose time was over before its lookup was. */
void request_end_late(struct request *r, uint64_t ticks);

/* --- fetch_lookup.c --- */

/* Whether the pool looks up the name of this target. */
bool fetch_looks_up(const struct fetch_settings *settings, const struct fetch_target *t);
/* Puts what watches the time of lookups on the loop; nothing keeps the loop alive for it. */
void fetch_lookups_begin(struct fetch_batch *b);
/* Submits the lookup of the request's name, and what follows from it. */
void request_look_up(struct request *r);

/* --- fetch_parts.c --- */

/* Whether the name is this host (RFC 6761, section 6.3) or a name under it. */
bool fetch_is_localhost(const char *host, size_t length);
/* When the answer to a request that succeeded and was called back at `ticks` was complete. */
uint64_t request_complete(const struct request *r, uint64_t ticks);
/* Opens the parts of a request that is over: what was seen of it, up to `end`. */
void request_open_parts(struct request *r, uint64_t end, int status);

/* --- fetch_target.c --- */

/* Whether --resolve has an address for the target. */
bool fetch_is_resolved(const struct fetch_settings *settings, const struct fetch_target *t);

#endif

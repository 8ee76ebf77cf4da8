/* The inside of the load generator, shared by its files:
 *
 *   load_options.c     options with each other, what a run needs
 *   load_url.c         a URL taken apart, the bytes of a request
 *   load_client.c      what all runs share: targets, addresses, TLS
 *   load_shares.c      who makes how much of it, and when
 *   load.c             a run: its spans, its threads
 *   load_facts.c       what it came to
 *   load_thread.c      one thread: its loop, its clocks, its connections' beginning and end
 *   load_connection.c  a connection and the request on it
 *   load_write.c       the bytes of a request on their way
 *   load_answer.c      an answer's bytes, by http_parser
 *   load_record.c      a request that is over: span, part, counts
 *
 * A shard is the smallest part: the connections of one thread to one group of targets, with their
 * own share of the requests, of the rate and of the recorder, so that threads share nothing that
 * they write. */
#ifndef UVLAB_NET_LOAD_INNER_H
#define UVLAB_NET_LOAD_INNER_H

#include <stdatomic.h>
#include <sys/socket.h>

#include <http_parser.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "measure/run.h"
#include "net/delay.h"
#include "net/load.h"
#include "net/span_field.h"
#include "net/tls_stream.h"

enum {
    LOAD_HOST_BYTES = 256,
    LOAD_MEMO_BYTES = 2048,
    LOAD_FIELD_BYTES = SPAN_FIELD_BYTES,
    LOAD_RECEIVED_BYTES = 64 * 1024,
};

/* --- What all runs share. --- */

/* Where a URL leads. */
struct load_url {
    bool is_secure, is_address;
    unsigned port;
    char host[LOAD_HOST_BYTES]; /* without brackets */
    const char *path;           /* within the URL; "" for "/" */
    size_t path_bytes;          /* without a fragment */
};

/* A server; targets with the same one share connections, unless they are to be apart. */
struct load_endpoint {
    struct load_url url; /* its path means nothing */
    struct sockaddr_storage address;
};

struct load_target {
    char *request; /* its bytes, ours */
    size_t request_bytes;
    uint64_t weight;
};

/* Targets that share connections. */
struct load_group {
    unsigned endpoint;
    unsigned count;
    unsigned targets[LOAD_TARGETS_MOST];
    uint64_t weight; /* of all of them */
    uint64_t burst;  /* requests that come at once, and nothing else; 0: it is none */
};

struct load_client {
    const struct load_options *options;
    struct load_target targets[LOAD_TARGETS_MOST];
    unsigned target_count;
    struct load_endpoint endpoints[LOAD_TARGETS_MOST];
    unsigned endpoint_count;
    struct load_group groups[LOAD_TARGETS_MOST];
    unsigned group_count;
    uint64_t burst, burst_after_ns, rest_ns; /* as struct load_targets has them */
    unsigned burst_kind;
    SSL_CTX *tls; /* NULL: no URL is https */
    bool is_head, may_retry, no_delay;
    uint32_t host; /* span_field_host() */
    /* of all runs, for warnings */
    uint64_t requests, without_span, parts_left_out, retried, incredible, foreign;
    uint64_t timed, failed, unsent; /* of open loops: with a latency, and without one */
};

/* --- One run. --- */

enum load_state {
    LOAD_CLOSED,     /* there is no handle */
    LOAD_CONNECTING, /* to the server, TLS included */
    LOAD_FREE,       /* connected, and no request is on it */
    LOAD_BUSY,       /* a request was sent */
    LOAD_CLOSING,    /* its handle is being closed; what comes next is decided after that */
};

struct load_request {
    uint64_t submitted, due, sent, first_byte; /* ticks; 0: not (yet) */
    uint32_t span;                             /* SPAN_NONE: none is kept of it */
    uint16_t target;
    bool active;
    bool reused;  /* it is on a connection that had carried others */
    bool retried; /* it was, and that turned out to be closed */
};

/* What the parser has found. */
struct load_answer {
    uint64_t body_bytes;
    bool begun;    /* a byte of it has come */
    bool complete; /* and the last one */
    bool keep;     /* the connection may carry another request */
    bool has_length, has_coding, field_twice, in_value;
    uint8_t version;
    uint16_t status;
    uint16_t field_bytes; /* of Uvlab-Span; 0: there was none */
    uint8_t name_bytes;
    char name[20]; /* of the field that is being read, cut */
    char field[LOAD_FIELD_BYTES];
};

struct load_connection {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    struct load_shard *shard;
    struct load_connection *before, *after; /* in the shard's list of those without a request */
    struct delay_entry begin;               /* of a ramp of connections */
    SSL *ssl;
    uint64_t begun, round_trip; /* ticks: when it began to connect, and how long that took */
    uint32_t number;
    uint32_t answered; /* on this connection to the server */
    uint32_t writes;   /* that the kernel did not take at once */
    enum load_state state;
    bool waits; /* is in that list */
    bool secured;
    struct load_request request;
    http_parser parser;
    struct load_answer answer;
};

/* The last answer to a target that came in one piece, and what it says: if the next one has the
 * same bytes, it says the same. */
struct load_memo {
    size_t length; /* 0: none */
    uint64_t body_bytes;
    uint16_t status;
    uint8_t version;
    bool keep;
    char bytes[LOAD_MEMO_BYTES];
};

/* Written by its thread alone. */
struct load_shard {
    struct load_thread *thread;
    const struct load_group *group;
    struct load_connection *connections;
    uint32_t connection_count;
    struct load_connection *first_free, *last_free; /* connected ones first, the latest of all */
    uint64_t quota, taken;                          /* requests */
    double rate, phase; /* of an open loop: its own rate; where between two of its requests it
                           begins, so that shards take turns */
    struct delay_entry due;
    bool over;      /* there is nothing more to ask for */
    bool ramp_over; /* and no connection is to be begun any more */
    unsigned turn;
    int64_t credit[LOAD_TARGETS_MOST];
    uint32_t first_span, span_count; /* room, and used: the lesser of taken and room */
    uint32_t first_part, part_room, part_count;
    uint32_t first_number; /* of its connections */
};

struct load_thread {
    struct load *load;
    unsigned number;
    uv_loop_t *loop; /* that of the run, or `own` */
    uv_loop_t own;
    uv_thread_t id;
    bool started, joined;
    atomic_bool ended;
    uv_async_t stop; /* of further threads */
    uv_timer_t sweep;
    struct delay_queue delayed; /* due requests, or connections of a ramp */
    bool has_loop, has_sweep, has_delayed, begun, cancelled;
    struct load_shard *shards;
    unsigned shard_count;
    struct load_connection *connections;
    uint32_t connection_count, alive; /* connections that may still do something */

    double ticks_per_ns;
    uint64_t ns_mult;           /* ns = ticks * ns_mult >> 32 */
    uint64_t begin_ns;          /* CLOCK_MONOTONIC: when the load began */
    uint64_t begin_ticks;       /* the same, within the doubt of the clock; after the run began */
    uint64_t end_ns, end_ticks; /* no request is asked for after that; UINT64_MAX: no such end */
    uint64_t timeout_ticks;
    uint64_t burst_left; /* requests of the burst that have not come back */
    uint64_t first_submitted, last_submitted, last_answered, first_due, last_due; /* ticks; 0 */

    _Atomic uint64_t done, failed; /* for progress: of this thread, relaxed */
    uint64_t submitted, answered, errors[LOAD_ERRORS], cancelled_requests, retried, connected;
    uint64_t ended_connections; /* not by us */
    uint64_t sent_bytes, received_bytes, parts_left_out, incredible, foreign;
    struct histogram since_due, total, late;
    struct load_memo *memos; /* by target */
    struct tls_wire *wire;   /* NULL: no TLS */
    char received[LOAD_RECEIVED_BYTES];
    char plain[16 * 1024];
};

struct load {
    struct run *run;
    struct load_client *client;
    unsigned kind_row;
    struct load_thread **threads;
    unsigned thread_count;
    uv_async_t joining; /* on the run's loop: further threads that end */
    uv_timer_t progress;
    bool ready; /* all of it is made */
    bool has_joining, has_progress;
    unsigned going; /* threads that have begun and are not over */
    uint64_t said_done;
    uint32_t first_span;
};

/* --- load_options.c --- */
/* Of so many spans that load_plan() has asked for, those that are for requests. */
uint64_t load_spans_of_requests(const struct load_options *options, uint64_t spans);

/* --- load_url.c --- */
int load_url_parse(struct load_url *u, const char *url, struct err *e);
/* Whether the --header is one, and may be given. STATUS_USAGE. */
int load_check_header(const char *header, struct err *e);
/* The request's bytes; NULL when memory is short. `body` has body_bytes, or is NULL. */
char *load_request_make(const struct load_options *options, const struct load_url *u,
                        const char *body, size_t body_bytes, size_t *request_bytes);

/* --- load_shares.c --- */
/* Divides `all` among `count` by weight (not all 0), without a rest: each gets the whole part of
 * its share or one more. */
void load_share(uint64_t all, const uint64_t *weights, unsigned count, uint64_t *shares);
/* The same with at least 1 for each; `all` is at least `count`. */
void load_share_each(uint64_t all, const uint64_t *weights, unsigned count, uint64_t *shares);
/* How many connections a thread has to a group of targets. */
uint64_t load_connections_of(const struct load *load, unsigned thread, unsigned group);
/* Where between two of its own requests (0 to less than 1) each of several streams begins, whose
 * rates are to each other as the weights (0: it is none, and gets 0), so that no two are due at the
 * same instant as far as their rates allow. One begins at 0. */
void load_phases(const uint64_t *weights, unsigned count, double *phases);
/* Divides requests, rate and room for spans among all shards. */
void load_divide(struct load *load, uint64_t spans, uint64_t parts);
/* Which target of the group is next: in turn, or by weight, evenly mixed. */
unsigned load_next_target(const struct load_client *client, struct load_shard *shard);

/* --- load.c --- */
/* A thread is over, seen from the main thread. */
void load_thread_over(struct load *load);

/* --- load_facts.c --- */
/* What all threads come to, into load->run->load and the recorder. */
void load_conclude(struct load *load);

/* --- load_thread.c --- */
int load_thread_init(struct load_thread *t, struct err *e);
/* Its first requests. */
void load_thread_begin(struct load_thread *t);
/* Ends what is under way, on the thread itself. */
void load_thread_cancel(struct load_thread *t);
/* A connection will do nothing more. */
void load_thread_gone(struct load_thread *t);
/* Takes the shard's next request, if there is one now, and its instants. When there will be none
 * any more, shard->over is set. */
bool load_take(struct load_shard *shard, struct load_request *r);
/* The connection has no request: it waits for one that is due, or ends. */
void load_wait(struct load_connection *c);
void load_unwait(struct load_connection *c);
static inline uint64_t load_ns(const struct load_thread *t, uint64_t ticks)
{
    return (uint64_t)(((uint128)ticks * t->ns_mult) >> 32);
}

/* --- load_connection.c --- */
/* On with it: its next request, or none. It is LOAD_FREE or LOAD_CLOSED. */
void load_advance(struct load_connection *c);
/* Begins the request that it was given. */
void load_begin(struct load_connection *c);
/* Closes its handle, which it has. What follows is seen to when that is done. */
void load_close_connection(struct load_connection *c);
/* The request ends with an error of this kind, for the reason `text`, a constant; so does the
 * connection. */
void load_fail(struct load_connection *c, uint64_t ticks, enum load_error kind, const char *text);

/* --- load_write.c --- */
/* Sends bytes as they are; `stays`: they will, until they are written. 0 or UV_E*. */
int load_put(struct load_connection *c, const char *bytes, size_t length, bool stays);
/* Sends what TLS has written to the thread's wire; the same. */
int load_flush(struct load_connection *c);
/* Sends bytes over TLS; the same. */
int load_put_secured(struct load_connection *c, const char *bytes, size_t length);

/* --- load_answer.c --- */
void load_answer_start(struct load_connection *c);
enum load_fed {
    LOAD_FED_MORE,     /* the answer goes on */
    LOAD_FED_COMPLETE, /* c->answer is whole */
    LOAD_FED_BAD,      /* it is not HTTP: *why says what is wrong, a constant */
};
/* `last`: the server sends nothing more. What is behind the answer makes c->answer.keep false. */
enum load_fed load_answer_feed(struct load_connection *c, const char *bytes, size_t length,
                               bool last, const char **why);

/* --- load_record.c --- */
void load_record_submitted(struct load_connection *c);
/* The answer is whole. */
void load_record_answer(struct load_connection *c, uint64_t ticks);
void load_record_error(struct load_connection *c, uint64_t ticks, enum load_error kind,
                       const char *text);
void load_record_cancelled(struct load_connection *c, uint64_t ticks);

#endif

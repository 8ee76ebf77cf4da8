/* The inside of the HTTP server, shared by its files:
 *
 *   http_server.c      listening, accepting, closing
 *   http_deadline.c    the list of all connections, and what takes too long
 *   http_connection.c  what a connection receives, and its way from state to state
 *   http_write.c       its bytes on their way out
 *   http_parse.c       what the parser finds in a request, and what of that is refused
 *   http_answer.c      an answer's bytes, a piece at a time
 *   http_head.c        its head
 *   http_drain.c       getting rid of connections in order
 *
 * Thread of the loop. */
#ifndef UVLAB_NET_HTTP_CONNECTION_H
#define UVLAB_NET_HTTP_CONNECTION_H

#include <http_parser.h>

#include "net/http_server.h"
#include "net/tls_stream.h"

enum connection_state {
    CONNECTION_HANDSHAKE, /* TLS is being set up */
    CONNECTION_IDLE,      /* no byte of the next request has come */
    CONNECTION_HEADER,    /* one has */
    CONNECTION_BODY,      /* its header is complete */
    CONNECTION_HANDLING,  /* the request is the handler's */
    CONNECTION_ANSWERING, /* the answer is being sent */
    CONNECTION_FINISHING, /* the last bytes are on their way */
    CONNECTION_LINGERING, /* we have ended our side, and wait for the other */
    CONNECTION_CLOSED,    /* its handle is being closed; nothing may be done with it */
};

/* What the time in a state is limited by: those of the options, and the grace of draining. */
enum connection_limit {
    LIMIT_NONE,
    LIMIT_HANDSHAKE,
    LIMIT_HEADER,
    LIMIT_BODY,
    LIMIT_IDLE,
    LIMIT_DRAIN,
    LIMIT_LINGER,
    LIMIT_GRACE,
    LIMITS,
};

enum { FIELD_NAME_BYTES = 20, FIELD_VALUE_BYTES = 44, TARGET_BYTES = 64 };
/* A head is at most this long; an answer is begun where there is room for one. */
enum { TYPE_BYTES_MOST = 200, HEAD_BYTES_MOST = 512 + 2 * HTTP_FIELDS_BYTES_MOST };
enum { WHEEL_SLOTS = 128 };

/* What is known of the request that is being read. */
struct request_header {
    uint32_t bytes; /* of line and fields so far */
    uint32_t target_bytes, target_room;
    char *target;    /* NULL until its first byte; the connection's own `target`, or larger */
    unsigned refuse; /* status to refuse it with, or 0 */
    uint8_t name_bytes, value_bytes;
    bool in_value, has_host, has_host_twice, has_coding, bad_coding, coded_twice, expects_other,
        expects_continue;
    char name[FIELD_NAME_BYTES];   /* of the field that is being read, cut */
    char value[FIELD_VALUE_BYTES]; /* its value, cut, if that is of interest */
};

struct http_connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct http_connection *before, *after; /* in its slot of the server's wheel */
    uint32_t deadline;                      /* the sweep at which its time is up; 0: never */
    uint32_t check;                         /* the sweep that looks at it, not after the former */
    SSL *ssl;                               /* NULL without TLS */
    enum connection_state state;
    bool feeding;   /* the parser runs, further up the stack */
    bool more;      /* more was read than the request that is answered */
    bool reading;   /* the handle reads */
    bool peer_done; /* nothing more comes from the client */
    bool failed_tls;
    bool lingered;   /* longer than usual, as the client was still reading */
    bool keep;       /* the connection, after this answer */
    bool owed;       /* the handler has the request and was not told that it is over */
    bool no_body;    /* the answer is to HEAD */
    uint32_t writes; /* under way */
    http_parser parser;
    struct request_header header;
    struct http_request request;
    struct http_answer answer;
    uint64_t answer_sent; /* bytes of the answer's body */
    bool head_sent;
    char *stash; /* what came while there was no use for it */
    size_t stash_from, stash_bytes;
    uint64_t stash_ns; /* when it came */
    char target[TARGET_BYTES];
};

struct http_server {
    uv_loop_t *loop;
    struct http_server_options options;
    struct server_listener {
        uv_poll_t poll;
        int fd;
        struct http_server *server;
    } listeners[HTTP_SERVER_LISTENERS];
    unsigned listener_count;
    unsigned handles; /* open, connections' included: the server is freed with the last one */
    bool closing, accepts, sweeps, drains, told_drained;
    uv_timer_t accept_timer, sweep_timer;
    uint64_t sweep_ms;
    uint32_t sweep;          /* number of the last one; they begin at 1 */
    uint32_t limits[LIMITS]; /* in sweeps; 0: none */
    struct http_connection *wheel[WHEEL_SLOTS];
    struct http_draining draining;
    int *parked; /* accepted sockets that are no connections yet */
    size_t parked_first, parked_count, parked_room;
    uint64_t connection_count, accepted, given, handshake_steps;
    void (*closed)(void *context);
    void *closed_context;
    uint64_t read_ns;               /* CLOCK_MONOTONIC: when what is read now had come */
    int64_t date_s;                 /* that `date` says */
    char date[40];                  /* a whole field */
    struct http_connection *holder; /* whose answers are held at the beginning of `slice` */
    size_t held_bytes;
    struct tls_wire wire;
    char received[64 * 1024];        /* from the network, of the connection that is served */
    char plain[16 * 1024];           /* the same, decrypted */
    char slice[TLS_SEND_BYTES_MOST]; /* of an answer */
};

/* --- http_server.c --- */
/* Takes up what waits to be accepted. */
void server_accept_pending(struct http_server *s);
/* A handle of the server or of a connection has been closed. */
void server_handle_closed(struct http_server *s);
/* Stops listening for good. */
void server_stop_listening(struct http_server *s);

/* --- http_deadline.c --- */
/* Begins, with the limits of the options. */
void deadline_init(struct http_server *s);
/* Sweeps from now on until no connection is left. */
void deadline_start(struct http_server *s);
/* Every connection is in the wheel from its opening until its handle is closed. */
void deadline_add(struct http_connection *c);
void deadline_remove(struct http_connection *c);
/* The time of its state is limited by that from now on. */
void deadline_set(struct http_connection *c, enum connection_limit limit);
/* Introduces the grace, and calls `each` for every connection. */
void deadline_set_grace(struct http_server *s, uint64_t grace_ns,
                        void (*each)(struct http_connection *c));

/* --- http_connection.c --- */
/* Makes a connection of an accepted socket, which is closed if that fails. 0 or UV_E*. */
int connection_open(struct http_server *s, int fd);
/* Whether it takes in requests now. */
bool connection_reads(const struct http_connection *c);
void connection_enter(struct http_connection *c, enum connection_state state,
                      enum connection_limit limit);
/* Sends bytes of an answer, at most TLS_SEND_BYTES_MOST; what the kernel does not take now is
 * copied. `now`: try at once; else the next iteration goes on, to be fair to others. False when the
 * connection had to be closed. */
bool connection_send(struct http_connection *c, const char *bytes, size_t length, bool now);
/* Sends what TLS has put on the wire; as connection_send() otherwise. */
bool connection_flush(struct http_connection *c, bool now);
/* Holds the answer of `length` bytes that lies in the slice behind what is held already, to be sent
 * with the next one. False if that may not be. */
bool connection_hold(struct http_connection *c, size_t length);
/* Sends what is held of this connection. False when it had to be closed. */
bool connection_release_held(struct http_connection *c);
/* The answer is on its way and the handler was told: on to the next request, or to the end. */
void connection_answered(struct http_connection *c);
/* Ends it in order: our side first, then the client's. */
void connection_finish(struct http_connection *c);
/* Breaks it off. */
void connection_close(struct http_connection *c);
/* Its deadline has passed. */
void connection_expired(struct http_connection *c);

/* --- http_parse.c --- */
/* Prepares for the first request of a connection. */
void parse_start(struct http_connection *c);
/* Lets the parser have bytes until a request is whole or refused. Returns how many it took. */
size_t parse_feed(struct http_connection *c, const char *bytes, size_t length);
/* Forgets the request, before the next one. */
void parse_forget(struct http_connection *c);

/* --- http_answer.c --- */
/* Answers with an error of the server's own, and ends the connection after it. */
void answer_refuse(struct http_connection *c, unsigned status);
/* Sends as much of the answer as goes. */
void answer_pump(struct http_connection *c);

/* --- http_head.c --- */
/* Writes the head of the answer: at most HEAD_BYTES_MOST, whose number it returns. */
size_t head_write(struct http_connection *c, char *to);

/* --- http_drain.c --- */
/* To be called whenever a connection may have come to rest: when the server drains, it is given
 * away or has not long to live. */
void drain_settle(struct http_connection *c);
/* Whether this connection will get no other answer. */
bool drain_is_last_answer(const struct http_connection *c);
/* The last connection has gone. */
void drain_check(struct http_server *s);

#endif

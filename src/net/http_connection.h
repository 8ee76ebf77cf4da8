/* The inside of the HTTP server, shared by its five files:
 *
 *   http_server.c      listening, accepting, the sweep for what takes too long, closing
 *   http_connection.c  what a connection receives, and its way from state to state
 *   http_write.c       its bytes on their way out
 *   http_parse.c       what the parser finds in a request, and what of that is refused
 *   http_answer.c      an answer's bytes, a piece at a time
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

enum { FIELD_NAME_BYTES = 20, FIELD_VALUE_BYTES = 44, ANSWER_HEAD_BYTES = 512 };

/* What is known of the request that is being read. */
struct request_header {
    uint32_t bytes; /* of line and fields so far */
    uint32_t target_bytes, target_room;
    char *target;    /* ours; NULL until its first byte */
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
    struct http_connection *before, *after; /* in the server's list */
    SSL *ssl;                               /* NULL without TLS */
    enum connection_state state;
    bool feeding;   /* the parser runs, further up the stack */
    bool reading;   /* the handle reads */
    bool peer_done; /* nothing more comes from the client */
    bool failed_tls;
    bool lingered;        /* longer than usual, as the client was still reading */
    bool keep;            /* the connection, after this answer */
    bool owed;            /* the handler has the request and was not told that it is over */
    bool no_body;         /* the answer is to HEAD */
    uint32_t writes;      /* under way */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
    http_parser parser;
    struct request_header header;
    struct http_request request;
    struct http_answer answer;
    uint64_t answer_sent; /* bytes of the answer's body */
    bool head_sent;
    char *stash; /* what came while there was no use for it */
    size_t stash_from, stash_bytes;
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
    bool closing, accepts, sweeps;
    uv_timer_t accept_timer, sweep_timer;
    uint64_t sweep_ms;
    struct http_connection *first;
    int *parked; /* accepted sockets that are no connections yet */
    size_t parked_first, parked_count, parked_room;
    uint64_t connection_count, accepted, handshake_steps;
    void (*closed)(void *context);
    void *closed_context;
    int64_t date_s; /* that `date` says */
    char date[32];
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

/* --- http_connection.c --- */
/* Makes a connection of an accepted socket, which is closed if that fails. 0 or UV_E*. */
int connection_open(struct http_server *s, int fd);
/* Whether it takes in requests now. */
bool connection_reads(const struct http_connection *c);
void connection_enter(struct http_connection *c, enum connection_state state, uint64_t limit_ns);
/* Sends bytes of an answer, at most TLS_SEND_BYTES_MOST; what the kernel does not take now is
 * copied. `now`: try at once; else the next iteration goes on, to be fair to others. False when the
 * connection had to be closed. */
bool connection_send(struct http_connection *c, const char *bytes, size_t length, bool now);
/* Sends what TLS has put on the wire; as connection_send() otherwise. */
bool connection_flush(struct http_connection *c, bool now);
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

#endif

/* The server's way from bytes to answers: the real server on a real loop, over a socket pair.
 *
 * An input is what a client sends, and eight bytes behind it that say how: the first how the
 * conversation goes on and ends (enum manner), the others in which pieces it is sent (each a number
 * of bytes, in turn; 0: all that is left). The targets of the requests say what the handler does,
 * as letters are what a fuzzer and a reader of the corpus can both write: /l... is answered later,
 * /n... only when the client has gone, /b... with a body that the socket does not hold.
 *
 * What must hold: each request is over once; no connection stays; what the server sends is HTTP,
 * one answer for each request in order, and a refusal comes last; and how the bytes are cut into
 * pieces changes nothing. */
#include "fuzz.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <http_parser.h>
#include <uv.h>

#include "net/http_connection.h"

enum {
    TAIL_BYTES = 8,
    REQUESTS_MOST = 512,
    TURNS_MOST = 2000,
    BIG_BYTES = 20000,
    MIDDLE_TURNS = 3
};

enum manner {
    END_SHUTDOWN = 0, /* the client ends its side, and reads to the end */
    END_LATE = 1,     /* every time limit passes first */
    END_GONE = 2,     /* it closes, whatever it has not read */
    END_SERVER = 3,   /* the server is closed in the middle */
    END_MASK = 3,
    SLOW = 4,        /* the client reads nothing until it has sent everything */
    DRAIN_GIVE = 8,  /* after the first piece the server drains, and gives the connection away */
    DRAIN_CLOSE = 16 /* ... or closes it */
};

/* What came of one conversation. */
struct seen {
    unsigned requests, answers, over;
    unsigned refused; /* the status of a refusal, or 0 */
    uint64_t hash;    /* of all requests */
    bool at_start;    /* the answers end where one ends */
    bool is_head[REQUESTS_MOST];
    size_t body_bytes[REQUESTS_MOST];
};

static uv_loop_t loop;
static struct http_server *server;  /* that takes the connection, or a given one */
static struct http_server *drainer; /* that drains, or NULL */
static int given = -1;              /* a connection on its way from there */
static bool cut_short;              /* not all of the input was sent */
static bool drains;                 /* it was told to */
static struct seen seen;
static struct http_request *waiting; /* with the handler: at most one, as there is one connection */
static bool waits_for_end;
static http_parser answers;
static uint64_t answer_bytes;

/* The parser gets its bytes in memory of exactly their size (-Wl,--wrap: see the Makefile). */
size_t __real_parse_feed(struct http_connection *c, const char *bytes, size_t length);
size_t __wrap_parse_feed(struct http_connection *c, const char *bytes, size_t length);
size_t __wrap_parse_feed(struct http_connection *c, const char *bytes, size_t length)
{
    char *exact = malloc(length > 0 ? length : 1);
    size_t used;
    MUST(exact != NULL);
    memcpy(exact, bytes, length);
    used = __real_parse_feed(c, exact, length);
    MUST(used <= length);
    free(exact);
    return used;
}

/* --- The handler. --- */

static char kind_of(const struct http_request *r)
{
    if (r->target[0] == '\0')
        return '\0';
    return r->target[1];
}

static void answer(struct http_request *r)
{
    struct http_answer a = {.status = 200, .type = "text/plain", .piece = r->target};
    char kind = kind_of(r);
    a.status = kind == 'e' ? 204 : 200;
    a.piece_bytes = strlen(r->target);
    a.body_bytes = kind == 'b' ? BIG_BYTES : a.piece_bytes;
    a.fields = kind == 'l' ? "X-Late: yes\r\n" : NULL;
    waiting = NULL;
    http_request_answer(r, &a);
}

static void mix(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        seen.hash = (seen.hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void request_cb(void *context, struct http_request *r)
{
    size_t length = strlen(r->target);
    char kind = kind_of(r);
    (void)context;
    MUST(seen.requests < REQUESTS_MOST);
    MUST(waiting == NULL && seen.over == seen.requests && seen.refused == 0);
    mix(r->method, strlen(r->method) + 1);
    mix(r->target, length + 1);
    mix(&r->body_bytes, sizeof r->body_bytes);
    mix(&r->version_minor, sizeof r->version_minor);
    seen.is_head[seen.requests] = strcmp(r->method, "HEAD") == 0;
    seen.body_bytes[seen.requests++] = kind == 'b' ? BIG_BYTES : kind == 'e' ? 0 : length;
    waits_for_end = kind == 'n';
    if (kind == 'l' || kind == 'n')
        waiting = r;
    else
        answer(r);
}

static void over_cb(void *context, struct http_request *r, bool sent)
{
    (void)context;
    MUST(!sent || waiting == NULL);
    MUST(waiting == NULL || waiting == r);
    waiting = NULL;
    seen.over++;
}

static size_t fields_cb(void *context, const struct http_request *r, char *to)
{
    static const char field[] = "X-Server: fuzzed\r\n";
    (void)context;
    (void)r; /* of a refused one, nothing is known */
    memcpy(to, field, sizeof field - 1);
    return sizeof field - 1;
}

/* --- The answers, by the parser of the other side. --- */

static int answer_begin_cb(http_parser *p)
{
    (void)p;
    MUST(seen.refused == 0);
    seen.at_start = false;
    answer_bytes = 0;
    return 0;
}

static int answer_head_cb(http_parser *p)
{
    if (p->status_code == 100)
        return 0;
    if (seen.answers < seen.requests) {
        MUST(p->status_code == 200 || p->status_code == 204);
        return seen.is_head[seen.answers]; /* 1: no body follows */
    }
    MUST(p->status_code >= 400 && p->status_code <= 599);
    MUST(!http_should_keep_alive(p));
    seen.refused = p->status_code;
    seen.at_start = true; /* whether a body follows depends on how far its request was understood */
    return -1;
}

static int answer_body_cb(http_parser *p, const char *at, size_t length)
{
    (void)p;
    (void)at;
    answer_bytes += length;
    return 0;
}

static int answer_end_cb(http_parser *p)
{
    seen.at_start = true;
    if (p->status_code == 100)
        return 0;
    MUST(seen.is_head[seen.answers] || answer_bytes == seen.body_bytes[seen.answers]);
    seen.answers++;
    return 0;
}

static void take_answers(const char *bytes, size_t length)
{
    static const http_parser_settings settings = {.on_message_begin = answer_begin_cb,
                                                  .on_headers_complete = answer_head_cb,
                                                  .on_body = answer_body_cb,
                                                  .on_message_complete = answer_end_cb};
    if (seen.refused != 0)
        return;
    http_parser_execute(&answers, &settings, bytes, length);
    MUST(seen.refused != 0 || HTTP_PARSER_ERRNO(&answers) == HPE_OK);
}

/* --- The client. --- */

/* False when nothing more comes. */
static bool read_answers(int fd)
{
    char bytes[16 * 1024];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        take_answers(bytes, (size_t)n);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static void start_server(void)
{
    struct http_server_options o = http_server_defaults;
    struct err e;
    o.handler = (struct http_handler){.request = request_cb, .over = over_cb, .fields = fields_cb};
    o.header_bytes_most = 512; /* small, so that inputs get there */
    o.body_bytes_most = 256;
    server = http_server_new(&loop, &o, &e);
    MUST(server != NULL);
}

static void give_cb(void *context, int fd)
{
    (void)context;
    MUST(given < 0 && fd >= 0);
    given = fd;
}

static void drain(bool give)
{
    const struct http_draining how = {.grace_ns = 1000000000, .give = give ? give_cb : NULL};
    drainer = server;
    server = NULL;
    drains = true;
    http_server_drain(drainer, &how);
}

/* One turn of the loop, after the request that had to wait for it was answered. */
static void turn(bool ending)
{
    if (waiting != NULL && (ending || !waits_for_end))
        answer(waiting);
    uv_run(&loop, UV_RUN_NOWAIT);
    if (given >= 0) {
        start_server();
        MUST(http_server_adopt(server, given) == 0);
        given = -1;
    }
}

static void send_pieces(int fd, const char *bytes, size_t length, const uint8_t *pieces,
                        unsigned manner)
{
    bool slow = (manner & SLOW) != 0;
    size_t at = 0;
    for (unsigned i = 0; at < length; i = (i + 1) % (TAIL_BYTES - 1)) {
        size_t piece = pieces == NULL || pieces[i] == 0 ? length : pieces[i];
        ssize_t n = send(fd, bytes + at, piece < length - at ? piece : length - at,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return;                   /* the server would not have more of it */
        if (n < 0 && waits_for_end) { /* it waits for our end */
            cut_short = true;
            return;
        }
        slow = slow && n >= 0; /* it waits for us to read */
        at += n > 0 ? (size_t)n : 0;
        turn(false);
        if (!slow)
            read_answers(fd);
        if ((manner & (DRAIN_GIVE | DRAIN_CLOSE)) != 0 && !drains)
            drain((manner & DRAIN_GIVE) != 0);
    }
}

/* Whatever has a limit has exceeded it. */
static void expire(struct http_server *s)
{
    for (size_t i = 0; s != NULL && i < WHEEL_SLOTS; i++)
        for (struct http_connection *c = s->wheel[i]; c != NULL; c = c->after)
            if (c->deadline != 0)
                connection_expired(c);
}

/* Closes a server; it is freed in one of the next turns. */
static void close_server(struct http_server **s)
{
    if (*s != NULL)
        http_server_close(*s, NULL, NULL);
    *s = NULL;
}

static void end(int fd, unsigned manner)
{
    bool more = true;
    if ((manner & END_MASK) == END_LATE) {
        expire(server);
        expire(drainer);
    }
    if ((manner & END_MASK) == END_SERVER) {
        close_server(&server);
        close_server(&drainer);
    }
    if ((manner & END_MASK) != END_GONE) {
        shutdown(fd, SHUT_WR);
        for (int i = 0; i < TURNS_MOST && more; i++) {
            turn(i > MIDDLE_TURNS);
            more = read_answers(fd);
        }
        MUST(!more);
    }
    close(fd);
}

static bool has_connection(void)
{
    return given >= 0 || (server != NULL && http_server_connections(server) > 0) ||
           (drainer != NULL && http_server_connections(drainer) > 0);
}

static void converse(const char *bytes, size_t length, const uint8_t *pieces, unsigned manner)
{
    int small = 1, ends[2];
    if (server == NULL)
        start_server();
    seen = (struct seen){.at_start = true, .hash = UINT64_C(14695981039346656037)};
    waiting = NULL;
    waits_for_end = drains = cut_short = false;
    http_parser_init(&answers, HTTP_RESPONSE);
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    MUST(http_server_adopt(server, ends[1]) == 0);
    send_pieces(ends[0], bytes, length, pieces, manner);
    end(ends[0], manner);
    for (int i = 0; i < TURNS_MOST && has_connection(); i++)
        turn(true);
    MUST(!has_connection());
    MUST(seen.over == seen.requests && waiting == NULL);
    if (drains || server == NULL) {
        close_server(&drainer);
        for (int i = 0; i < 3; i++)
            turn(true);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    MUST(uv_loop_init(&loop) == 0);
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct seen in_pieces;
    const uint8_t *tail = data + bytes - TAIL_BYTES;
    size_t length = bytes - TAIL_BYTES;
    if (bytes < TAIL_BYTES)
        return 0;
    converse((const char *)data, length, tail + 1, tail[0]);
    if ((tail[0] & END_MASK) != END_SHUTDOWN ||
        (tail[0] & (DRAIN_GIVE | DRAIN_CLOSE)) == DRAIN_CLOSE)
        return 0;
    MUST(seen.at_start && seen.answers == seen.requests);
    if (cut_short)
        return 0;
    in_pieces = seen;
    converse((const char *)data, length, NULL, END_SHUTDOWN);
    MUST(!cut_short);
    MUST(seen.at_start && seen.answers == seen.requests);
    MUST(seen.requests == in_pieces.requests && seen.hash == in_pieces.hash);
    /* Not with which status: a request may be wrong in two ways, of which one is seen first. */
    MUST((seen.refused != 0) == (in_pieces.refused != 0));
    return 0;
}

/* What a worker of `uvlab serve` serves: routes, each of which keeps something else busy.
 *
 *   /                a hash on the pool (pbkdf2), then "Hi there"
 *   /fast            "This was fast"
 *   /block?ms=5000   busy-waits on the loop: every other client of this worker waits, too
 *   /sleep?ms=1000   answered by a timer of the loop; nothing is busy
 *   /spin?ms=100     computes on the pool
 *   /file            a file, read on the pool
 *   /count?n=1e9     counts on a worker thread, asked and answered by message
 *   /thread?ms=100   computes as /spin does, on a worker thread that is started for it
 *   /process?ms=100  the same in a process that is started for it
 *   /stats           JSON: the figures of all workers (net/stats_document.h)
 *
 * Any other path is answered 404; a method other than GET and HEAD 405 with Allow; a value that
 * makes no sense 400 with a sentence that says what is accepted. Every answer says who gave it and
 * what happened meanwhile (net/span_field.h), those of the server's own (400, 408, ...) as well.
 * `kind` is "pbkdf2", "block", "sleep", "spin", "fs.readFile", "count", "thread" or "process", and
 * none for the others.
 *
 * A client that goes away while work for it is done changes nothing for others: what waits in the
 * pool's queue is taken from it, /spin, /count and /thread are broken off, the process of /process
 * is killed, and other results are dropped. (A client that only ends its own side, without a reset,
 * may still be reading, and is answered.) No more requests are under way than there are
 * connections; where work needs much memory (/file) as many as APP_FILE_BYTES allow, of those that
 * are made a thread or a process as many as APP_HELPERS_MOST of each, and others are answered 503
 * with Retry-After.
 *
 * What /process starts is this program once more, whose main() has to ask app_child_is() first
 * (net/app_child.h). It has started when it has become that program, and finished when it has
 * computed; called_back is when the loop learned that it ended.
 *
 * The loop's lag is only right where no signal interrupts the loop's waiting, as libuv forgets then
 * how long it waited: have signals come by a signalfd.
 *
 * One app, one loop, one process; several apps may be on one loop. All functions: thread of the
 * loop, which need not run yet. */
#ifndef UVLAB_NET_APP_H
#define UVLAB_NET_APP_H

#include <stdint.h>

#include <openssl/ssl.h>
#include <uv.h>

#include "base/err.h"
#include "measure/work.h"
#include "net/board.h"

enum {
    APP_MS_MOST = 600000,               /* of ?ms= */
    APP_BLOCK_MS = 5000,                /* where nothing is said: of /block, */
    APP_SLEEP_MS = 1000,                /* of /sleep, */
    APP_SPIN_MS = 100,                  /* of /spin, /thread, /process */
    APP_HELPERS_MOST = 64,              /* threads, and processes, that are made for requests */
    APP_FILE_BYTES = 256 * 1024 * 1024, /* of files that are being answered with, together; one
                                           file that is larger is let through alone */
};
#define APP_COUNT_MOST UINT64_C(1000000000000) /* of ?n= */
#define APP_COUNT UINT64_C(1000000000)         /* of /count where nothing is said */

struct app_options {
    unsigned worker;            /* its number, from 1: in the answers */
    struct worker_slot *slot;   /* where this worker keeps its figures; of `board` */
    struct server_board *board; /* all of them, for /stats; outlives the app */
    SSL_CTX *tls;               /* NULL: HTTP. Must outlive the app */
    struct work_options hash;   /* of `/`: what WORK_HASH_PARAMS fill */
    const char *file;           /* that /file reads; NULL: the program's own. Kept, not copied */
    const char *program;        /* that /process runs; NULL: the program's own. Likewise */
    uint64_t connections_most;  /* that are accepted; others wait in the kernel. 0: no limit of
                                   ours */
};

struct app;

/* An app that serves nothing yet. The options are copied. Calibrates the work of /spin (some 20 ms
 * of computing) and finds what can be found wrong: a file that cannot be read (STATUS_FAILED, or
 * STATUS_USAGE for an empty name), a hash that there is none of. Makes the loop count its idle time
 * (UV_METRICS_IDLE_TIME), so call it before the loop runs. The pool need not have been mustered
 * (measure/pool.h); if it was not, `thread` in answers is 0. The slot is not cleared. NULL after
 * filling *e; nothing is left then but handles that the loop closes when it runs next, so run it
 * once more (or end the process). */
struct app *app_new(uv_loop_t *loop, const struct app_options *o, struct err *e);

/* Accepts connections on `fd`, a socket that listens and does not block. The descriptor is a
 * duplicate of the caller's or its only one: it is the app's from now on, also when this fails. At
 * most HTTP_SERVER_LISTENERS. STATUS_FAILED. */
int app_listen(struct app *a, int fd, struct err *e);

/* Serves a connection that another process accepted. The descriptor is the app's from now on, also
 * when this fails; it may block or not. Allowed at any time before app_close(), while it drains
 * too, and whatever connections_most is. 0, or UV_E* (UV_ENOMEM), and the connection is closed
 * then. */
int app_adopt(struct app *a, int fd);

/* Stops accepting, and finishes what it has. Call once.
 *
 * Requests under way, and those that a client had sent behind them on the same connection, are
 * answered. Then, and at once for those that rest:
 *
 * - give != NULL: a connection between two requests, of which no byte of the next has been read, is
 *   handed out as a descriptor (non-blocking, the caller's from then on, who passes it to
 *   app_adopt() of a successor), so that nothing is lost even where a request already lies in the
 *   socket. `give` may be called within app_drain(). Nothing of the app may be called in it.
 * - give == NULL: answers say `Connection: close`; a connection that rests is looked at for
 *   grace_ns, as a request may be under way to it, and then closed.
 * - connections with TLS cannot move, and are treated in the latter way.
 *
 * A request that has begun to come but does not go on is given up after the usual time limits.
 * `drained` is called once, when no connection is left, never from within this call; app_close() is
 * then still to be called. What is left of a listening socket's queue stays there for others that
 * have the socket. app_drain() does not end connections that never end: call app_close() when the
 * patience for these is over; `drained` is not called then. */
void app_drain(struct app *a, uint64_t grace_ns, void (*give)(void *ctx, int fd),
               void (*drained)(void *ctx), void *ctx);

/* Breaks off what is left, and frees the app when the loop has closed its handles and work on other
 * threads has come to its end (what waits in the pool's queue is cancelled; /spin, /count and
 * /thread are told to stop; processes are killed; a hash or the reading of a file is waited for).
 * Then `closed`, which may be NULL, is called. */
void app_close(struct app *a, void (*closed)(void *ctx), void *ctx);

#endif

/* libcurl's multi-socket interface on a libuv loop (libcurl-multi(3)): a uv_poll for each socket
 * that libcurl asks to be watched, and one uv_timer for the instant at which it wants to be called.
 *
 * The multi handle, with the connections that it keeps, outlives the loops: it is attached to the
 * loop of a run, and detached when that has ended. Nothing here keeps a loop alive once no transfer
 * is left. Loop thread. */
#ifndef UVLAB_NET_CURL_LOOP_H
#define UVLAB_NET_CURL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "net/curl_lib.h"

/* A transfer: what its owner embeds. Its easy handle has it as CURLOPT_PRIVATE. */
struct curl_transfer {
    CURL *easy;
    struct curl_transfer *next, *previous; /* of those that are added */
    struct curl_transfer *next_refused;    /* used while libcurl is being called */
    bool refused;
};

/* The transfer is over, with `code`; it is still added, and has to be removed by this function.
 * No function of libcurl is under way, so that every one may be called. */
typedef void (*curl_loop_done_cb)(struct curl_transfer *t, CURLcode code);

struct curl_loop;

/* NULL after filling *e (STATUS_FAILED). The caller frees with curl_loop_free(). */
struct curl_loop *curl_loop_new(const struct curl_lib *lib, curl_loop_done_cb done, struct err *e);
/* Closes the connections that were kept. NULL is allowed. While detached. */
void curl_loop_free(struct curl_loop *c);

/* From now on `loop` is what transfers run on, about `sockets` of them at once: memory for those is
 * there afterwards. May be called again for the same loop. Fails with STATUS_FAILED; it is then as
 * before. */
int curl_loop_attach(struct curl_loop *c, uv_loop_t *loop, uint32_t sockets, struct err *e);
/* As often as it was attached; the last time after the loop has been closed, or has nothing of this
 * on it. */
void curl_loop_detach(struct curl_loop *c);

/* Begins a transfer, from the next turn of the loop on; `done` is called when it is over, unless
 * this fails. */
CURLMcode curl_loop_add(struct curl_loop *c, struct curl_transfer *t);
/* Ends a transfer, or forgets one that is over. Never from within a callback of libcurl. */
void curl_loop_remove(struct curl_loop *c, struct curl_transfer *t);

/* Called from within a callback of libcurl before it makes a thread: until libcurl's function that
 * is under way returns, SIGINT, SIGTERM and SIGHUP are blocked, so that the thread has them blocked
 * too (run_catch_signals() wants that of every thread). */
void curl_loop_thread_follows(struct curl_loop *c);

#endif

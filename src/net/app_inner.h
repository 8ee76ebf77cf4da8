/* The inside of the app, shared by its files:
 *
 *   app.c        beginning and end; draining
 *   app_routes.c which route a request is for, what it may say, and the answers that take no work
 *   app_call.c   a request for which something is done elsewhere, from its beginning to its end
 *   app_work.c   what is done: on the pool, by a timer, by a worker thread that stays
 *   app_helpers.c and by threads and processes that are made for it
 *   app_slot.c   the worker's figures on the board
 *
 * Thread of the loop, but for what app_work.c says. */
#ifndef UVLAB_NET_APP_INNER_H
#define UVLAB_NET_APP_INNER_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <cjson/cJSON.h>
#include <http_parser.h>

#include "measure/clock.h"
#include "measure/counter.h"
#include "measure/file_step.h"
#include "net/app.h"
#include "net/delay.h"
#include "net/http_server.h"
#include "net/span_field.h"

/* A request for which something is done. It is the loop's, but for what its work() writes between
 * the submission and the callback. It stays until the request is over and the work has come back,
 * whichever is later. */
struct app_call {
    uv_work_t work;
    struct app *app;
    struct http_request *request; /* NULL: over, as the client has gone */
    struct app_call *before, *after;
    struct span_field field;           /* what the answer says of it */
    int (*run)(struct app_call *call); /* on a thread of the pool */
    atomic_bool is_unwanted;           /* the work may end: the client has gone */
    bool is_away;                      /* a thread of the pool or the counter has it */
    int status;                        /* SPAN_OK, or why it failed */
    struct work_context context;       /* hash, spin: a copy; its parts are the app's */
    struct file_step step;             /* of /file */
    uint64_t reserved_bytes;           /* of APP_FILE_BYTES */
    struct counter *counter;           /* that has it: of /count and /thread */
    struct counter_call count;
    struct app_child *child; /* that has it: of /process */
    char *text;              /* of /stats: cJSON's */
    unsigned char output[];  /* of the hash */
};

/* Which numbers of helpers are taken. */
struct app_places {
    bool taken[APP_HELPERS_MOST];
};

struct app {
    uv_loop_t *loop;
    struct app_options options;
    struct http_server *server;
    struct delay_queue sleeping;
    uv_timer_t period;
    uv_prepare_t before_poll;
    struct counter *counter; /* that stays; NULL: none was asked for yet */
    unsigned counter_lane;
    struct app_places threads, children;
    struct app_call *calls;
    unsigned parts; /* that are not closed: handles, the server, counters, calls */
    bool has_sleeping, is_closing;
    struct work_context hash, spin;
    struct work_options spin_options;
    struct file_facts file;
    uint64_t file_bytes;     /* reserved now */
    struct span_field field; /* what every answer says */
    struct clock_anchor anchor;
    struct {
        uint64_t last_ns, last_idle_ns; /* when poll was entered the last time; 0: never */
        uint64_t longest_ns, before_ns; /* of this period, and of the one before */
    } lag;
    uint64_t submitted; /* to the pool and not cancelled, so far */
    struct {
        alignas(BOARD_CACHE_LINE) atomic_uint_fast64_t started, finished;
    } pool; /* counted on its threads */
    void (*give)(void *ctx, int fd);
    void (*drained)(void *ctx);
    void *drain_context;
    void (*closed)(void *ctx);
    void *closed_context;
};

/* --- app.c --- */
/* One of `parts` is closed. */
void app_part_closed(struct app *a);

/* --- app_routes.c --- */
extern const struct http_handler app_handler; /* less its context */
void app_answer(struct http_request *r, unsigned status, const char *text);

/* --- app_call.c --- */
/* A call for the request, with room for `output_bytes`; or NULL, and the request is answered. */
struct app_call *app_call_new(struct app *a, struct http_request *r, const char *kind,
                              size_t output_bytes);
/* Has call->run() called on the pool, and then app_work_done(). */
void app_call_queue(struct app_call *call);
/* The request is over; the call is freed now or when its work has come back. */
void app_call_over(struct app_call *call);
/* The work has come back at that instant: false if nobody waits for it any more, and then the call
 * is gone. */
bool app_call_back(struct app_call *call, uint64_t called_back_ns);
/* Answers that it failed. */
void app_call_failed(struct app_call *call);

/* --- app_work.c --- */
/* Finds out what can be wrong with the options. */
int app_work_init(struct app *a, struct err *e);
void app_work_free(struct app *a);
void app_hash(struct app *a, struct http_request *r, uint64_t unused);
void app_block(struct app *a, struct http_request *r, uint64_t ms);
void app_sleep(struct app *a, struct http_request *r, uint64_t ms);
void app_sleep_over(struct delay_queue *q, struct delay_entry *entry);
void app_spin(struct app *a, struct http_request *r, uint64_t ms);
void app_file(struct app *a, struct http_request *r, uint64_t unused);
void app_count(struct app *a, struct http_request *r, uint64_t n);
void app_stats(struct app *a, struct http_request *r, uint64_t unused);
/* What call->count tells, which has come back, as instants of CLOCK_MONOTONIC. */
void app_count_instants(struct app_call *call);
/* What came of call->run(). */
void app_work_done(struct app_call *call);

/* --- app_helpers.c --- */
/* A worker thread that is started, and its lane; it is a part of the app until it is closed. NULL,
 * and *status is UV_E*. */
struct counter *app_thread_new(struct app *a, unsigned *lane, int *status);
void app_thread(struct app *a, struct http_request *r, uint64_t ms);
void app_process(struct app *a, struct http_request *r, uint64_t ms);
/* Its client has gone: it is ended. */
void app_child_unwanted(struct app_child *c);

/* --- app_slot.c --- */
/* Begins to watch the loop; makes two handles. */
void app_slot_init(struct app *a);
/* Writes the figures that are not counted as they happen. */
void app_slot_update(struct app *a);

#endif

/* The app of `uvlab serve` on a thread of its own, for the tests. Each check that fails ends the
 * test, as cmocka's do: call from the test's own thread. */
#ifndef UVLAB_TESTS_SERVED_APP_H
#define UVLAB_TESTS_SERVED_APP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "net/app.h"
#include "net/span_field.h"
#include "served.h"

enum { SERVED_APP_WORKER = 3 };

struct served_app {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t todo;
    _Atomic(void (*)(void *)) job;
    void *job_context;
    uv_sem_t job_done;
    struct server_board *board;
    struct worker_slot *slot;
    struct app *app;
    unsigned port;
};

/* What the tests begin with: a hash that takes no time. */
extern const struct app_options served_app_defaults;

/* Serves on loopback. Worker, slot and board are filled in. */
void served_app_start(struct served_app *s, struct app_options options);
/* The same where there may be no memory for it: false, with *e filled and nothing left. */
bool served_app_try(struct served_app *s, struct app_options options, struct err *e);
/* Ends it; no handle may be left, and no request be counted as under way. */
void served_app_stop(struct served_app *s);
/* Has the loop's thread call it, and waits until it has. */
void served_app_do(struct served_app *s, void (*job)(void *context), void *context);

/* Asks, reads to the end. The answer with its head, to be freed with free(). */
char *served_app_get(unsigned port, const char *target);
/* The same on a connection that stays, of which the next answer is read, whole. */
void served_app_ask(int fd, const char *target);
char *served_app_hear(int fd);
/* What the answer tells of itself; it must tell something. */
struct span_field served_app_span(const char *answer);
/* Waits until a figure of the board is that. */
void served_app_await(const board_figure *figure, uint64_t value);

#endif

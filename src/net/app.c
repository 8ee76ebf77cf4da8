/* The app from its beginning to its end. Whatever has to be closed by the loop, or to come back
 * from another thread, is a part that is counted; the app's memory goes with the last one, on
 * whatever way it came to its end. Thread of the loop. */
#include "net/app_inner.h"

#include <unistd.h>

#include "base/mem.h"

void app_part_closed(struct app *a)
{
    void (*closed)(void *ctx) = a->closed;
    void *context = a->closed_context;
    if (--a->parts > 0)
        return;
    app_work_free(a);
    mem_free(a);
    if (closed != NULL)
        closed(context);
}

static void handle_closed_cb(uv_handle_t *handle)
{
    app_part_closed(handle->data);
}

static void server_closed_cb(void *context)
{
    app_part_closed(context);
}

static void sleeping_closed_cb(struct delay_queue *q)
{
    app_part_closed(q->context);
}

static int make_server(struct app *a, struct err *e)
{
    struct http_server_options options = http_server_defaults;
    options.tls = a->options.tls;
    options.connections_most = a->options.connections_most;
    options.handler = app_handler;
    options.handler.context = a;
    a->server = http_server_new(a->loop, &options, e);
    if (a->server == NULL)
        return -1;
    a->parts++;
    return 0;
}

static int prepare(struct app *a, struct err *e)
{
    if (make_server(a, e) < 0)
        return -1;
    if (delay_queue_init(&a->sleeping, a->loop, app_sleep_over, a, e) < 0)
        return -1;
    a->has_sleeping = true;
    a->parts++;
    return app_work_init(a, e);
}

struct app *app_new(uv_loop_t *loop, const struct app_options *o, struct err *e)
{
    struct app *a = mem_aligned_filled(1, sizeof *a, 0);
    if (a == NULL) {
        err_no_memory(e, "the server");
        return NULL;
    }
    a->loop = loop;
    a->options = *o;
    a->field = span_field_unknown;
    a->field.host = span_field_host();
    a->field.worker = o->worker;
    a->field.pid = getpid();
    clock_anchor_take(&a->anchor);
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    app_slot_init(a);
    a->parts = 2;
    if (prepare(a, e) < 0) {
        app_close(a, NULL, NULL);
        return NULL;
    }
    return a;
}

int app_listen(struct app *a, int fd, struct err *e)
{
    return http_server_listen(a->server, fd, e);
}

int app_adopt(struct app *a, int fd)
{
    return http_server_adopt(a->server, fd);
}

static void drained_cb(void *context)
{
    struct app *a = context;
    app_slot_update(a);
    if (a->drained != NULL)
        a->drained(a->drain_context);
}

static void give_cb(void *context, int fd)
{
    const struct app *a = context;
    a->give(a->drain_context, fd);
}

void app_drain(struct app *a, uint64_t grace_ns, void (*give)(void *ctx, int fd),
               void (*drained)(void *ctx), void *ctx)
{
    const struct http_draining how = {.grace_ns = grace_ns,
                                      .give = give != NULL ? give_cb : NULL,
                                      .drained = drained_cb,
                                      .context = a};
    a->give = give;
    a->drained = drained;
    a->drain_context = ctx;
    http_server_drain(a->server, &how);
}

void app_close(struct app *a, void (*closed)(void *ctx), void *ctx)
{
    if (a->is_closing)
        return;
    a->is_closing = true;
    a->closed = closed;
    a->closed_context = ctx;
    if (a->server != NULL) /* which lets go of all requests */
        http_server_close(a->server, server_closed_cb, a);
    counter_close(a->counter);
    if (a->has_sleeping)
        delay_queue_close(&a->sleeping, sleeping_closed_cb);
    uv_close((uv_handle_t *)&a->period, handle_closed_cb);
    uv_close((uv_handle_t *)&a->before_poll, handle_closed_cb);
}

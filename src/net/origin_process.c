/* The child of origin_start(): a server on a loop of its own.
 *
 * It is a copy of a process that was about to measure, and sheds what it inherited (net/child.h),
 * and the file limit. It ends by _exit(), as what was registered with atexit() is the parent's
 * business. One thread. */
#include "net/origin_process.h"

#include <signal.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/host.h"
#include "net/child.h"
#include "net/delay.h"
#include "net/http_server.h"

/* A piece of the page, which is repeated as often as the page is long: lines of 64 bytes. */
enum { PIECE_BYTES = 64 * 1024 };

/* Clients here are the experiments' own. They may let a connection rest between runs, and where ten
 * thousand of them begin at once, the handshakes of TLS wait for each other for longer than anybody
 * else would be given: it is their own --timeout that ends a request. */
static const uint64_t patience_ns = (uint64_t)3600 * 1000000000;

struct origin_process {
    uv_loop_t loop;
    uv_poll_t control, signals;
    struct delay_queue delayed;
    struct http_server *server;
    struct http_answer page;
    uint64_t delay_ns;
    char piece[PIECE_BYTES];
};

/* --- Serving. --- */

static void request_cb(void *context, struct http_request *r)
{
    struct origin_process *p = context;
    r->data = p;
    if (p->delay_ns == 0)
        http_request_answer(r, &p->page);
    else
        delay_add(&p->delayed, &r->delay, p->delay_ns);
}

static void due_cb(struct delay_queue *q, struct delay_entry *entry)
{
    struct origin_process *p = q->context;
    http_request_answer(
        (struct http_request *)((char *)entry - offsetof(struct http_request, delay)), &p->page);
}

static void over_cb(void *context, struct http_request *r, bool sent)
{
    struct origin_process *p = context;
    (void)sent;
    delay_remove(&p->delayed, &r->delay);
}

/* Nothing is ever said on `control`, so that it is readable only at its end. */
static void stop_cb(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_stop(poll->loop);
}

/* --- Starting. --- */

static int watch(uv_loop_t *loop, uv_poll_t *poll, int fd, struct err *e)
{
    int rc = uv_poll_init(loop, poll, fd);
    if (rc == 0)
        rc = uv_poll_start(poll, UV_READABLE | UV_DISCONNECT, stop_cb);
    return rc == 0 ? 0 : err_set(e, STATUS_FAILED, "cannot watch a socket: %s", uv_strerror(rc));
}

static void shed(const struct origin_plan *plan)
{
    const int kept[] = {plan->control, plan->listeners.ipv4, plan->listeners.ipv6};
    child_close_inherited(kept, sizeof kept / sizeof kept[0]);
}

/* SIGTERM is read; SIGINT and SIGHUP are meant for whoever started us. */
static int watch_signals(struct err *e)
{
    sigset_t awaited, ignored;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGINT);
    sigaddset(&ignored, SIGHUP);
    return child_reset_signals(&awaited, &ignored, e);
}

static void make_page(struct origin_process *p, uint64_t size_bytes)
{
    static const char line[] = "What is measured here is the way, and not what lies at its end.\n";
    for (size_t i = 0; i < PIECE_BYTES; i++)
        p->piece[i] = line[i % (sizeof line - 1)];
    p->page = (struct http_answer){.status = 200,
                                   .type = "text/plain",
                                   .piece = p->piece,
                                   .piece_bytes = PIECE_BYTES,
                                   .body_bytes = size_bytes};
}

static int prepare(struct origin_process *p, const struct origin_plan *plan, struct err *e)
{
    struct http_server_options options = http_server_defaults;
    int signals, rc;
    shed(plan);
    /* As far as it may: clients beyond that wait until others have gone. */
    host_raise_file_limit(plan->connections + CHILD_FILES_BESIDES);
    make_page(p, plan->options.size_bytes);
    p->delay_ns = plan->options.delay_ns;
    signals = watch_signals(e);
    if (signals < 0)
        return -1;
    rc = uv_loop_init(&p->loop);
    if (rc < 0)
        return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
    if (watch(&p->loop, &p->control, plan->control, e) < 0 ||
        watch(&p->loop, &p->signals, signals, e) < 0 ||
        delay_queue_init(&p->delayed, &p->loop, due_cb, p, e) < 0)
        return -1;
    options.tls = plan->tls;
    options.idle_ns = options.handshake_ns = options.header_ns = options.drain_ns = patience_ns;
    options.handler = (struct http_handler){.request = request_cb, .over = over_cb, .context = p};
    p->server = http_server_new(&p->loop, &options, e);
    if (p->server == NULL || http_server_listen(p->server, plan->listeners.ipv4, e) < 0)
        return -1;
    if (plan->listeners.ipv6 != LISTENER_NONE)
        return http_server_listen(p->server, plan->listeners.ipv6, e);
    return 0;
}

void origin_process_run(const struct origin_plan *plan)
{
    static const char ready = ORIGIN_READY;
    struct err e;
    struct origin_process *p;
    child_die_with(plan->parent);
#ifdef UVLAB_TORTURE
    mem_fuse_init_child();
#endif
    p = mem_zeroed(1, sizeof *p);
    if (p == NULL)
        err_no_memory(&e, "the server");
    if (p == NULL || prepare(p, plan, &e) < 0) {
        child_say(plan->control, &e, sizeof e);
        _exit(STATUS_FAILED);
    }
    if (!child_say(plan->control, &ready, 1))
        _exit(STATUS_FAILED);
    uv_run(&p->loop, UV_RUN_DEFAULT);
#ifdef UVLAB_TORTURE
    mem_fuse_end_child();
#endif
    _exit(STATUS_OK);
}

/* A worker: one app on one loop, and the channel to the primary. It takes over connections that the
 * primary has accepted, says so for each of them, and gives back those that rest when it is
 * replaced. SIGTERM makes it ask for a successor; it serves on until there is one. One thread, and
 * those of its pool. */
#include "net/worker_process.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/pool.h"
#include "net/app.h"
#include "net/child.h"
#include "net/handover.h"

struct worker_process {
    uv_loop_t loop;
    struct handover channel;
    uv_poll_t signals;
    uv_prepare_t quiet; /* runs once drained */
    int signal_fd;
    struct app *app;
    struct worker_slot *slot;
    bool draining, drained, leaving;
    uint64_t grace_ns;
};

static _Noreturn void end(void)
{
#ifdef UVLAB_TORTURE
    mem_fuse_end_child();
#endif
    _exit(STATUS_OK);
}

/* --- Draining. --- */

/* Nothing is left to do once the primary has everything that was given back. The app is not closed:
 * it has nothing, and the process ends. */
static void quiet_cb(uv_prepare_t *prepare)
{
    const struct worker_process *w = prepare->data;
    if (handover_is_quiet(&w->channel))
        end();
}

static void drained_cb(void *context)
{
    struct worker_process *w = context;
    w->drained = true;
    uv_prepare_start(&w->quiet, quiet_cb);
}

static void give_cb(void *context, int fd)
{
    struct worker_process *w = context;
    if (!handover_send(&w->channel, HANDOVER_GIVEN, fd))
        close(fd);
}

static void drain(struct worker_process *w, bool give)
{
    uint64_t rest_ns = w->grace_ns < WORKER_REST_NS ? w->grace_ns : WORKER_REST_NS;
    if (w->draining)
        return;
    w->draining = true;
    app_drain(w->app, give ? WORKER_REST_NS : rest_ns, give ? give_cb : NULL, drained_cb, w);
}

/* --- What the primary says. --- */

/* A connection that comes after the drain has ended is not acknowledged: the primary still has it,
 * and gives it to another. So it does with one whose descriptor did not come, as we have as many as
 * we may (the kernel drops it then, unix(7)): without a word from us it would take the next
 * acknowledgement for this one's. Acknowledging needs no memory (handover_send()). */
static void take(struct worker_process *w, int fd)
{
    int rc = UV_EMFILE;
    if (w->drained) {
        if (fd >= 0)
            close(fd);
        return;
    }
    if (fd >= 0)
        rc = app_adopt(w->app, fd);
    if (rc == 0) /* the app counts once an iteration, but the primary goes by this figure now */
        board_add(&w->slot->own.connections, 1);
    handover_send(&w->channel, rc == 0 ? HANDOVER_TAKEN : HANDOVER_REFUSED, -1);
}

static void heard_cb(struct handover *h, struct handover_message *m)
{
    struct worker_process *w =
        (struct worker_process *)((char *)h - offsetof(struct worker_process, channel));
    if (m == NULL)
        _exit(STATUS_FAILED); /* the primary has gone, and the kernel is about to kill us */
    if (m->kind == HANDOVER_CONNECTION)
        take(w, m->fd);
    else if (m->fd >= 0)
        close(m->fd);
    if (m->kind == HANDOVER_REPLACED)
        drain(w, true);
    else if (m->kind == HANDOVER_END)
        drain(w, false);
}

/* SIGTERM by somebody: once it is a wish, twice an order. */
static void signal_cb(uv_poll_t *poll, int status, int events)
{
    struct worker_process *w = poll->data;
    struct signalfd_siginfo info;
    (void)status;
    (void)events;
    if (read(w->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (w->leaving)
        _exit(STATUS_INTERRUPTED);
    w->leaving = true;
    handover_send(&w->channel, HANDOVER_LEAVING, -1);
}

/* --- Starting. --- */

static void shed(const struct worker_plan *plan)
{
    int kept[LISTEN_ADDRESSES_MOST + 1] = {plan->channel};
    unsigned count = 1;
    for (unsigned i = 0; plan->listen != NULL && i < plan->listen->count; i++)
        kept[count++] = plan->listen->fds[i];
    child_close_inherited(kept, count);
}

static int watch_signals(struct worker_process *w, struct err *e)
{
    sigset_t awaited, ignored;
    int rc;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGINT); /* a terminal sends it to us, too, but it is the primary's */
    sigaddset(&ignored, SIGHUP);
    w->signal_fd = child_reset_signals(&awaited, &ignored, e);
    if (w->signal_fd < 0)
        return -1;
    w->signals.data = w;
    rc = uv_poll_init(&w->loop, &w->signals, w->signal_fd);
    if (rc == 0)
        rc = uv_poll_start(&w->signals, UV_READABLE, signal_cb);
    return rc == 0 ? 0 : err_set(e, STATUS_FAILED, "cannot watch for signals: %s", uv_strerror(rc));
}

static int make_app(struct worker_process *w, const struct worker_plan *plan, struct err *e)
{
    const struct supervisor_options *o = plan->options;
    const struct app_options options = {.worker = plan->number,
                                        .slot = plan->slot,
                                        .board = plan->board,
                                        .tls = plan->tls,
                                        .hash = o->hash,
                                        .file = o->file,
                                        .connections_most = o->connections_most};
    w->app = app_new(&w->loop, &options, e);
    if (w->app == NULL)
        return -1;
    for (unsigned i = 0; plan->listen != NULL && i < plan->listen->count; i++)
        if (app_listen(w->app, plan->listen->fds[i], e) < 0)
            return -1;
    return 0;
}

/* The size is said by libuv's variable alone, as people know it: pool_start() sets it. */
static int prepare(struct worker_process *w, const struct worker_plan *plan, struct err *e)
{
    struct pool_facts pool;
    int rc;
    shed(plan);
    w->grace_ns = plan->options->grace_ns;
    w->slot = plan->slot;
    rc = uv_loop_init(&w->loop);
    if (rc < 0)
        return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
    if (watch_signals(w, e) < 0 || pool_start((uint32_t)plan->options->threads, &pool, e) < 0 ||
        handover_open(&w->channel, &w->loop, plan->channel, heard_cb, e) < 0)
        return -1;
    w->quiet.data = w;
    uv_prepare_init(&w->loop, &w->quiet);
    return make_app(w, plan, e);
}

void worker_process_run(const struct worker_plan *plan)
{
    struct err e;
    struct worker_process *w;
    child_die_with(plan->parent);
    if (plan->words >= 0)
        dup2(plan->words, STDERR_FILENO);
#ifdef UVLAB_TORTURE
    mem_fuse_init_child();
#endif
    w = mem_zeroed(1, sizeof *w);
    if (w == NULL)
        err_no_memory(&e, "a worker");
    if (w == NULL || prepare(w, plan, &e) < 0) {
        handover_say_failed(plan->channel, &e);
        _exit(STATUS_FAILED);
    }
    handover_send(&w->channel, HANDOVER_SERVING, -1);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    _exit(STATUS_FAILED); /* the channel keeps the loop alive as long as there is a primary */
}

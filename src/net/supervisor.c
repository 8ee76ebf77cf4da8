/* The primary of a server: what it makes before there is a worker, the loop that it looks after
 * them on, and its end.
 *
 * Signals come by a signalfd and everything by one loop; no thread is ever made, so that every
 * fork() copies a process that stands still. The end goes by phases: who is connecting is let in,
 * and nobody else; what had been accepted is handed out; then all workers are told to finish, then,
 * when their time is over, they are killed. One thread. */
#include "net/supervisor_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/child.h"

enum { NS_PER_MS = 1000000 };

/* How long those have to finish connecting who have begun: a few round trips to most places, and
 * less than it takes a client to ask again when it was not answered (a second, RFC 6298). */
#define CLOSING_NS UINT64_C(100000000)

static int64_t wall_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

void supervisor_say(struct supervisor *s, const char *format, ...)
{
    const char *line;
    va_list args;
    va_start(args, format);
    line = server_log_add(&s->log, wall_clock_ms(), format, args);
    va_end(args);
    if (s->hooks->log != NULL)
        s->hooks->log(s->hooks->context, line);
}

void supervisor_hear(struct supervisor *s, const char *format, ...)
{
    const char *line;
    va_list args;
    va_start(args, format);
    line = server_log_add(&s->log, wall_clock_ms(), format, args);
    va_end(args);
    if (s->hooks->said != NULL)
        s->hooks->said(s->hooks->context, line);
}

/* --- The end. --- */

static bool any_left(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->options.workers; i++)
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++)
            if (s->places[i].workers[j].role != ROLE_NONE)
                return true;
    return false;
}

/* Someone who could still take a connection. */
static bool any_serves(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->options.workers; i++)
        if (s->places[i].current != NULL && s->places[i].current->role == ROLE_CURRENT &&
            !s->places[i].current->channel.deaf)
            return true;
    return false;
}

void supervisor_kill(struct supervisor *s)
{
    s->phase = PHASE_KILLED;
    for (unsigned i = 0; i < s->options.workers; i++)
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++)
            if (s->places[i].workers[j].pid > 0)
                kill(s->places[i].workers[j].pid, SIGKILL);
}

void supervisor_fail(struct supervisor *s, const struct err *e)
{
    if (!s->has_error)
        s->error = *e;
    s->has_error = true;
    supervisor_kill(s);
    supervisor_step(s);
}

static void tell_all(struct supervisor *s)
{
    s->phase = PHASE_DRAINING;
    for (unsigned i = 0; i < s->options.workers; i++)
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++)
            if (s->places[i].workers[j].pid > 0)
                worker_tell(&s->places[i].workers[j], HANDOVER_END);
}

void supervisor_step(struct supervisor *s)
{
    if (s->phase == PHASE_EMPTYING && (s->pending_count == 0 || !any_serves(s)))
        tell_all(s);
    if (s->phase == PHASE_KILLED || !any_serves(s))
        pending_drop(s);
    if (!any_left(s))
        uv_stop(&s->loop);
}

/* Those that have not served yet have nothing to finish; but where workers accept by themselves,
 * one that is starting may have begun to without our having heard of it: it is told with the
 * others. */
static void kill_beginners(struct supervisor *s, bool all)
{
    if (!all && s->options.scheduling != SCHEDULING_ROUND_ROBIN)
        return;
    for (unsigned i = 0; i < s->options.workers; i++)
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++)
            if (s->places[i].workers[j].state == SLOT_STARTING && s->places[i].workers[j].pid > 0)
                kill(s->places[i].workers[j].pid, SIGKILL);
}

static void count_broken_off(struct supervisor *s)
{
    for (unsigned i = 0; i < s->options.workers; i++)
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++)
            if (s->places[i].workers[j].pid > 0)
                s->broken_off += board_get(&s->places[i].workers[j].slot->own.in_flight);
}

static void grace_over_cb(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    count_broken_off(s);
    supervisor_kill(s);
    supervisor_step(s);
}

/* From here on clients are told at once that nobody listens, whoever else has the socket still. */
static void stop_listening(struct listen_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        shutdown(set->fds[i], SHUT_RD);
    listen_close(set);
}

static void closing_over_cb(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    if (s->phase != PHASE_ENDING)
        return;
    s->phase = PHASE_EMPTYING;
    accept_rest(s);
    stop_listening(&s->listen);
    for (unsigned i = 0; i < s->options.workers; i++)
        stop_listening(&s->places[i].own);
    pending_pump(s);
}

/* A connection that the kernel completes between the last accept() and the close of the listening
 * socket would be reset, with the request that had come on it. */
static bool drop_new(const struct supervisor *s)
{
    bool all = listen_drop_new(&s->listen);
    for (unsigned i = 0; i < s->options.workers; i++)
        all = listen_drop_new(&s->places[i].own) && all;
    return all;
}

void supervisor_end(struct supervisor *s)
{
    uint64_t closing_ns = s->options.grace_ns < CLOSING_NS ? s->options.grace_ns : CLOSING_NS;
    bool first = s->phase == PHASE_STARTING;
    if (supervisor_is_ending(s))
        return;
    s->phase = PHASE_ENDING;
    sources_update(s);
    if (!drop_new(s)) /* there is no use in waiting while others come */
        closing_ns = 0;
    accept_rest(s);
    kill_beginners(s, first);
    uv_timer_start(&s->grace, grace_over_cb, s->options.grace_ns / NS_PER_MS, 0);
    uv_timer_start(&s->closing, closing_over_cb, closing_ns / NS_PER_MS, 0);
    pending_pump(s);
}

/* --- Signals. --- */

static void told_to_end(struct supervisor *s, uint32_t number)
{
    if (supervisor_is_ending(s)) {
        s->interrupted = true;
        supervisor_kill(s);
        supervisor_step(s);
        return;
    }
    supervisor_say(s, "SIG%s: ending, when what is under way has been answered",
                   sigabbrev_np((int)number));
    supervisor_end(s);
}

static void signal_cb(uv_poll_t *poll, int status, int events)
{
    struct supervisor *s = poll->data;
    struct signalfd_siginfo info;
    (void)status;
    (void)events;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            workers_reap(s);
        } else if (info.ssi_signo == SIGHUP) {
            supervisor_say(s, "SIGHUP: replacing the workers one by one");
            roll_begin(s);
        } else {
            told_to_end(s, info.ssi_signo);
        }
    }
}

static void end_cb(uv_poll_t *poll, int status, int events)
{
    struct supervisor *s = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    supervisor_kill(s);
    supervisor_step(s);
}

static int watch(struct supervisor *s, uv_poll_t *poll, int fd, uv_poll_cb cb, struct err *e)
{
    int rc = uv_poll_init(&s->loop, poll, fd);
    poll->data = s;
    if (rc == 0)
        rc = uv_poll_start(poll, UV_READABLE | UV_DISCONNECT, cb);
    return rc == 0 ? 0 : err_set(e, STATUS_FAILED, "cannot watch a file: %s", uv_strerror(rc));
}

static int watch_signals(struct supervisor *s, struct err *e)
{
    sigset_t awaited, ignored;
    sigemptyset(&ignored);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGHUP);
    sigaddset(&awaited, SIGCHLD);
    s->signal_fd = child_reset_signals(&awaited, &ignored, e);
    if (s->signal_fd < 0)
        return -1;
    return watch(s, &s->signals, s->signal_fd, signal_cb, e);
}

/* --- Running. --- */

static void init_timer(struct supervisor *s, uv_timer_t *timer, void *data)
{
    uv_timer_init(&s->loop, timer);
    timer->data = data;
}

static int open_place(struct place *p, struct err *e)
{
    struct supervisor *s = p->s;
    init_timer(s, &p->timer, p);
    init_timer(s, &p->start_timer, p);
    for (unsigned i = 0; i < p->own.count; i++)
        if (source_open(&p->sources[i], s, p->own.fds[i], e) < 0)
            return -1;
    return worker_start(&p->workers[0], ROLE_CURRENT, e);
}

static int open_all(struct supervisor *s, struct err *e)
{
    init_timer(s, &s->grace, s);
    init_timer(s, &s->closing, s);
    init_timer(s, &s->accept_again, s);
    init_timer(s, &s->roll_timer, s);
    if (watch_signals(s, e) < 0)
        return -1;
    if (s->hooks->end_fd >= 0 && watch(s, &s->end, s->hooks->end_fd, end_cb, e) < 0)
        return -1;
    if (s->options.name != NULL) {
        s->control = control_new(&s->loop, &s->control_place, supervisor_answer, s, e);
        if (s->control == NULL)
            return -1;
    }
    if (s->options.scheduling == SCHEDULING_ROUND_ROBIN)
        for (unsigned i = 0; i < s->listen.count; i++)
            if (source_open(&s->sources[i], s, s->listen.fds[i], e) < 0)
                return -1;
    for (unsigned i = 0; i < s->options.workers; i++)
        if (open_place(&s->places[i], e) < 0)
            return -1;
    return 0;
}

static void close_handle_cb(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_all(struct supervisor *s)
{
    control_close(s->control);
    uv_walk(&s->loop, close_handle_cb, NULL);
    while (uv_run(&s->loop, UV_RUN_DEFAULT) != 0)
        ; /* uv_stop() may have been called before it ran */
    uv_loop_close(&s->loop);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}

static int outcome(const struct supervisor *s, struct err *e)
{
    if (s->has_error) {
        *e = s->error;
        return -1;
    }
    if (s->interrupted)
        return STATUS_INTERRUPTED;
    if (s->broken_off > 0)
        return err_set(e, STATUS_FAILED,
                       "%" PRIu64 " request%s still under way, and broken off (--grace)",
                       s->broken_off, s->broken_off == 1 ? " was" : "s were");
    return STATUS_OK;
}

int supervisor_run(struct supervisor *s, const struct supervisor_hooks *hooks, struct err *e)
{
    int rc = uv_loop_init(&s->loop);
    struct err failed;
    if (rc < 0)
        return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
    s->hooks = hooks;
    s->signal_fd = -1;
    if (open_all(s, &failed) < 0)
        supervisor_fail(s, &failed);
    if (any_left(s))
        uv_run(&s->loop, UV_RUN_DEFAULT);
    pending_drop(s);
    close_all(s);
    return outcome(s, e);
}

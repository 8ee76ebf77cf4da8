/* The life of a worker, as the primary sees it: forked, serving, told to end or dead, reaped. One
 * that dies is followed by another in the same place, which is in supervisor_loss.c. Primary, one
 * thread. */
#include "net/supervisor_inner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/units.h"
#include "measure/clock.h"
#include "net/child.h"
#include "net/worker_process.h"

enum { NS_PER_MS = 1000000 };
#define REFUSED_SAID_NS UINT64_C(1000000000)

void worker_set_state(struct worker *w, enum slot_state state)
{
    w->state = state;
    board_put(&w->slot->primary.state, state);
}

void worker_note(const struct worker *w, enum worker_event_kind kind, uint64_t at_ns)
{
    const struct worker_event event = {
        .at_ns = at_ns, .worker = w->place->number, .pid = w->pid, .kind = kind};
    worker_events_add(w->place->s->events, &event);
}

void worker_tell(struct worker *w, enum handover_kind kind)
{
    w->told = true;
    worker_set_state(w, SLOT_DRAINING);
    if (!handover_send(&w->channel, kind, -1))
        kill(w->pid, SIGKILL); /* no memory for four bytes: it has to end all the same */
}

/* --- Serving. --- */

static void first_serves(struct supervisor *s)
{
    struct err e;
    if (++s->served < s->options.workers || s->phase != PHASE_STARTING)
        return;
    s->phase = PHASE_SERVING;
    sources_update(s);
    if (s->hooks->serving != NULL && s->hooks->serving(s->hooks->context, &e) != 0)
        supervisor_fail(s, &e);
}

/* Whoever lost the place is told of together with who took it. */
static void say_replaced(struct place *p, const struct worker *w, uint64_t now_ns)
{
    char took[UNITS_TEXT_BYTES];
    units_format_duration(took, now_ns - p->died_ns, "u");
    supervisor_say(p->s, "worker %u (pid %d) %s; replaced by pid %d after %s", p->number,
                   (int)p->died_pid, p->died_how, (int)w->pid, took);
    p->died_ns = 0;
}

static void serves(struct worker *w)
{
    struct place *p = w->place;
    uint64_t now_ns = clock_read_monotonic();
    worker_set_state(w, SLOT_SERVING);
    worker_note(w, WORKER_SERVING, now_ns);
    if (w->role == ROLE_SUCCESSOR)
        roll_succeeded(p, w);
    else if (p->died_ns != 0)
        say_replaced(p, w, now_ns);
    else
        first_serves(p->s);
    pending_pump(p->s);
}

/* Which may go on for long, many times a second. */
static void refused(struct worker *w)
{
    uint64_t now_ns = clock_read_monotonic();
    if (w->handed_count > 0 && (w->refused_ns == 0 || now_ns - w->refused_ns >= REFUSED_SAID_NS))
        supervisor_say(w->place->s,
                       "worker %u (pid %d) has no memory or descriptor for another connection, "
                       "which waits",
                       w->place->number, (int)w->pid);
    worker_refused(w);
}

static void heard_cb(struct handover *h, struct handover_message *m)
{
    struct worker *w = (struct worker *)((char *)h - offsetof(struct worker, channel));
    int fd = m != NULL ? m->fd : -1;
    if (m == NULL)
        return; /* it ends, and its SIGCHLD follows */
    if (m->kind == HANDOVER_GIVEN && fd >= 0) {
        worker_gave(w, fd);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (m->kind == HANDOVER_SERVING && w->state == SLOT_STARTING)
        serves(w);
    else if (m->kind == HANDOVER_TAKEN)
        worker_took(w);
    else if (m->kind == HANDOVER_REFUSED)
        refused(w);
    else if (m->kind == HANDOVER_LEAVING && w->role == ROLE_CURRENT)
        roll_one(w->place);
    if (m->kind == HANDOVER_FAILED) {
        w->has_failed = true;
        w->failure = m->e;
    }
}

/* --- Starting. --- */

struct worker *worker_free(struct place *p)
{
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++)
        if (p->workers[i].role == ROLE_NONE)
            return &p->workers[i];
    return NULL;
}

/* RLIMIT_NPROC is for all processes of this user (getrlimit(2)); root is above it. */
static int fail_fork(const struct place *p, int error, struct err *e)
{
    struct rlimit limit;
    char advice[64] = "";
    if (error == EAGAIN && getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        snprintf(advice, sizeof advice, " (this user may have %llu, ulimit -u)",
                 (unsigned long long)limit.rlim_cur);
    return err_set(e, STATUS_FAILED, "cannot start worker %u of %u: no process: %s%s", p->number,
                   (unsigned)p->s->options.workers, uv_strerror(uv_translate_sys_error(error)),
                   advice);
}

static void forked(struct worker *w, enum worker_role role, pid_t pid)
{
    struct place *p = w->place;
    w->role = role;
    w->pid = pid;
    w->told = w->late = w->has_failed = false;
    w->handed_first = w->handed_count = 0;
    w->refused_ns = 0;
    w->forked_ns = clock_read_monotonic();
    if (role == ROLE_CURRENT) {
        p->current = w;
        for (unsigned i = 0; i < BOARD_GENERATIONS; i++)
            if (p->workers[i].pid == 0) /* nobody waits there any longer */
                worker_set_state(&p->workers[i], SLOT_UNUSED);
    }
    board_put(&w->slot->primary.pid, (uint64_t)pid);
    board_put(&w->slot->primary.started_ns, w->forked_ns);
    worker_set_state(w, SLOT_STARTING);
    worker_note(w, WORKER_FORKED, w->forked_ns);
    if (p->s->options.start_ns > 0) /* no other of this place is starting */
        uv_timer_start(&p->start_timer, place_start_over_cb, p->s->options.start_ns / NS_PER_MS, 0);
}

/* To the log of its server, and to whoever prints it. */
static void words_cb(struct worker_words *words, const char *line)
{
    const struct worker *w =
        (const struct worker *)((const char *)words - offsetof(struct worker, words));
    supervisor_hear(w->place->s, "worker %u (pid %d): %s", w->place->number, (int)w->pid, line);
}

/* What the worker is to write to; -1: what the primary does. */
static int open_words(struct worker *w, int *writes, struct err *e)
{
    struct supervisor *s = w->place->s;
    words_init(&w->words, words_cb);
    *writes = -1;
    return s->options.name == NULL || s->hooks->said == NULL
               ? 0
               : words_open(&w->words, &s->loop, writes, e);
}

int worker_start(struct worker *w, enum worker_role role, struct err *e)
{
    struct place *p = w->place;
    struct supervisor *s = p->s;
    struct worker_plan plan = {.options = &s->options,
                               .number = p->number,
                               .slot = w->slot,
                               .board = s->board,
                               .tls = s->tls,
                               .parent = getpid()};
    int ends[2], error;
    pid_t pid;
    if (s->options.scheduling != SCHEDULING_ROUND_ROBIN)
        plan.listen = s->options.scheduling == SCHEDULING_SHARED ? &s->listen : &p->own;
    if (handover_pair(ends, e) < 0)
        return -1;
    if (handover_open(&w->channel, &s->loop, ends[0], heard_cb, e) < 0) {
        close(ends[1]);
        return -1;
    }
    if (open_words(w, &plan.words, e) < 0) {
        close(ends[1]);
        worker_close(w);
        return -1;
    }
    board_clear(w->slot);
    board_put(&w->slot->primary.restarts, p->restarts);
    plan.channel = ends[1];
    pid = child_fork();
    if (pid == 0)
        worker_process_run(&plan);
    error = errno;
    close(ends[1]);
    if (plan.words >= 0)
        close(plan.words);
    if (pid < 0) {
        worker_close(w);
        return fail_fork(p, error, e);
    }
    forked(w, role, pid);
    return 0;
}
